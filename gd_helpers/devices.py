"""Where tensors live: the CPU, or a CUDA device when one is asked for."""

import re

import torch


def find_device(name="auto"):
    """Return the ``torch.device`` called `name`.

    Parameters
    ----------
    name : str or torch.device
        ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; ``"auto"`` is the first CUDA device, or the CPU if there is none.

    Raises
    ------
    ValueError
        If the name is not one of these, or names a CUDA device that this machine does not have.

    Examples
    --------
    >>> find_device("cpu")
    device(type='cpu')
    """
    text = str(name) if isinstance(name, torch.device) else name
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not isinstance(text, str) or not re.fullmatch(r"cpu|cuda(:(0|[1-9][0-9]*))?", text):
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda' or 'cuda:N', got {name!r}")
    _, _, index = text.partition(":")
    count = torch.cuda.device_count()
    if text != "cpu" and int(index or 0) >= count:  # checked here, since torch reads 'cuda:200' as index 65480
        here = ["'auto'", "'cpu'", "'cuda'"][: 3 if count else 2] + [f"'cuda:{number}'" for number in range(count)]
        raise ValueError(f"device must be one of {', '.join(here)} on this machine, got {text!r}")
    return torch.device(text)

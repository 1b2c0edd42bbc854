"""Where tensors live: the CPU, or a CUDA device when one is asked for."""

import re

import torch


def find_device(name="auto"):
    """Return the ``torch.device`` called `name`.

    Parameters
    ----------
    name : str or torch.device
        ``"cpu"``, ``"cuda"`` or ``"cuda:N"``; ``"auto"`` is the first CUDA device, or the CPU where there is none.

    Raises
    ------
    ValueError
        If the name is another one, or names a CUDA device that this machine does not have.

    Examples
    --------
    >>> find_device("cpu")
    device(type='cpu')
    """
    text = str(name)
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", text):
        raise ValueError(f"device must be 'auto', 'cpu', 'cuda' or 'cuda:N', got {text!r}")
    device = torch.device(text)
    count = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= count:
        raise ValueError(f"device must be 'auto' or 'cpu' here, where PyTorch finds {count} CUDA devices, got {text!r}")
    return device

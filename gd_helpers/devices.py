"""Devices, and the state that PyTorch keeps around a call: modes, the default device and random numbers."""

import contextlib
import re
import threading

import torch

CPU = torch.device("cpu")

_GLOBAL_RANDOM_STATE = threading.RLock()


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


@contextlib.contextmanager
def standard_modes(device=CPU):
    """Compute with gradients and without autocast, whatever modes and default device the caller has set.

    New tensors are made on the CPU, unless `device` is the default device.
    """
    with contextlib.ExitStack() as modes:
        if torch.is_inference_mode_enabled():
            modes.enter_context(torch.inference_mode(False))
        if not torch.is_grad_enabled():
            modes.enter_context(torch.enable_grad())
        if torch.is_autocast_enabled(device.type):
            modes.enter_context(torch.autocast(device.type, enabled=False))
        if torch.get_default_device() not in (CPU, device):
            modes.enter_context(CPU)
        yield


@contextlib.contextmanager
def preserved_random_state(device=CPU):
    """Restore PyTorch's global random state on exit; a lock keeps other threads of this package out meanwhile.

    It yields the global generators, on the CPU and on a CUDA `device`.
    """
    generators = [torch.default_generator]
    if device.type == "cuda":
        generators.append(torch.cuda.default_generators[device.index])
    with _GLOBAL_RANDOM_STATE:
        before = [generator.get_state() for generator in generators]
        try:
            yield generators
        finally:
            for generator, state in zip(generators, before, strict=True):
                generator.set_state(state)


class RandomStream:
    """Random numbers for one run, drawn by modules that know PyTorch's global generators only, such as Dropout.

    Parameters
    ----------
    seed : int
    device : torch.device
        The CPU, or a CUDA device with its index.
    """

    def __init__(self, seed, device=CPU):
        self._device = device
        with preserved_random_state(device) as generators:
            self._states = [torch.Generator(each.device).manual_seed(seed).get_state() for each in generators]

    @contextlib.contextmanager
    def installed(self):
        """Let the global generators continue this stream, and restore their state on exit."""
        with preserved_random_state(self._device) as generators:
            for generator, state in zip(generators, self._states, strict=True):
                generator.set_state(state)
            yield
            self._states = [generator.get_state() for generator in generators]

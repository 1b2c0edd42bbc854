"""The state that PyTorch keeps around a call: its modes, its default device and its random numbers."""

import contextlib
import threading

import torch

CPU = torch.device("cpu")

_GLOBAL_RANDOM_STATE = threading.RLock()


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

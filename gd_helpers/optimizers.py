"""The seven optimizers of the course by the names that recipes use, with their settings in ``torch.optim``."""

import torch

# The settings beside the learning rate are torch's defaults, except momentum: torch's default of 0 is plain SGD, and
# 0.9 is the customary value.
OPTIMIZERS = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "adagrad": {"eps": 1e-10},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8},
    "adam": {"betas": (0.9, 0.999), "eps": 1e-8},
    "adamw": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2},
}

TORCH_OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def make_optimizer(name, parameters, learning_rate):
    """Return the ``torch.optim`` optimizer that recipes call `name`, with their settings.

    Parameters
    ----------
    name : str
        A key of `OPTIMIZERS`: "adam" gives ``torch.optim.Adam(parameters, lr=learning_rate)``.
    parameters : iterable of torch.nn.Parameter
    learning_rate : float

    Examples
    --------
    >>> from gd_helpers.models import linear
    >>> type(make_optimizer("momentum", linear().parameters(), 0.1)).__name__
    'SGD'
    """
    return TORCH_OPTIMIZERS[name](parameters, lr=learning_rate, **OPTIMIZERS[name])

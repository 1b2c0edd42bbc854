"""The loss of a model over all the data, in float64 from its weights as they are."""

import torch
from torch.func import functional_call

ROWS = 2**16  # at a time: a float64 copy of many examples takes twice their memory


def mean_squared_error(model, X, y):
    """Return 1/n Σ (ŷⱼ − yⱼ)² as a float, computed in float64 whatever the dtype of the model and the data.

    It is infinite where it exceeds the range of X's dtype, in which the run has then diverged.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode.
    X, y : torch.Tensor, shapes (n, p) and (n, 1)
        On the device of the model.
    """
    state = dict([*model.named_parameters(), *model.named_buffers()])
    state = {name: value.double() if value.is_floating_point() else value for name, value in state.items()}
    squares = 0.0
    with torch.no_grad():
        for rows in zip(X.split(ROWS), y.split(ROWS), strict=True):
            inputs, targets = (values.double() for values in rows)
            predictions = functional_call(model, state, (inputs,))
            squares += (predictions - targets).square().sum(dtype=torch.float64).item()
    loss = squares / len(X)
    return float("inf") if loss > torch.finfo(X.dtype).max else loss

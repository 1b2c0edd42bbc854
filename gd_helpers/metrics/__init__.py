"""How good a fit is, and what theory says about the descent to it.

`scores` compares predictions with targets; `least_squares` finds the best linear fit and its sampling error;
`curvature` tells how fast full-batch gradient descent approaches it; `gradient_noise`, how far the gradient of a
mini-batch is from that of all the data; `noise_floor`, at which loss this noise ends the descent.
"""

from gd_helpers.metrics.curvature import (
    best_rate,
    condition_number,
    convergence_factor,
    curvatures,
    hessian,
    stability_limit,
)
from gd_helpers.metrics.gradient_noise import example_gradients, gradient_covariance, gradient_variance
from gd_helpers.metrics.least_squares import LeastSquares, ols, sampling_covariance
from gd_helpers.metrics.noise_floor import (
    mean_square_stability_limit,
    noise_floor,
    small_rate_noise_floor,
    stationary_covariance,
)
from gd_helpers.metrics.scores import mse, r2

__all__ = [
    "LeastSquares",
    "best_rate",
    "condition_number",
    "convergence_factor",
    "curvatures",
    "example_gradients",
    "gradient_covariance",
    "gradient_variance",
    "hessian",
    "mean_square_stability_limit",
    "mse",
    "noise_floor",
    "ols",
    "r2",
    "sampling_covariance",
    "small_rate_noise_floor",
    "stability_limit",
    "stationary_covariance",
]

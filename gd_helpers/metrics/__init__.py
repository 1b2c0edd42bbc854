"""How good a fit is, and what theory says of the way there.

`scores` compares predictions with targets; `least_squares` is the best linear fit and how far chance moves it;
`curvature` says how fast full-batch gradient descent goes there; `gradient_noise` how far the gradient of a mini-batch
is off; `noise_floor` where that noise ends the descent.
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

"""How good a fit is, and what theory says of the way there.

`scores` compares predictions with targets; `least_squares` is the best linear fit and how far chance moves it;
`curvature` says how fast full-batch gradient descent goes there.
"""

from gd_helpers.metrics.curvature import (
    best_rate,
    condition_number,
    convergence_factor,
    curvatures,
    hessian,
    stability_limit,
)
from gd_helpers.metrics.least_squares import LeastSquares, ols, sampling_covariance
from gd_helpers.metrics.scores import mse, r2

__all__ = [
    "LeastSquares",
    "best_rate",
    "condition_number",
    "convergence_factor",
    "curvatures",
    "hessian",
    "mse",
    "ols",
    "r2",
    "sampling_covariance",
    "stability_limit",
]

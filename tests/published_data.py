"""The data of the published chapter, drawn by NumPy alone, with what NumPy says of them."""

import numpy as np

N = 1000


def draw():
    stream = np.random.RandomState(37)
    x = stream.normal(2, 1, N)
    return np.column_stack([np.ones(N), x]), stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, N)


X, Y = draw()
BEST = np.linalg.lstsq(X, Y, rcond=None)[0]  # the weights of least squares
LEAST = np.mean((X @ BEST - Y) ** 2)  # their loss
HESSIAN = 2 / N * X.T @ X

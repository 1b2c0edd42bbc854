"""Data to train on: points simulated around a known line, and tables of several columns."""

import numbers
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import torch

from gd_helpers.checks import LARGEST_SEED, check_float, check_int

REAL = (numbers.Real, Decimal, np.bool_)

MEAN_OF_X = 2.0
VARIANCE_OF_X = 1.0


@dataclass(frozen=True, eq=False)
class Line:
    """Points around a straight line, together with the line.

    Attributes
    ----------
    X : torch.Tensor, shape (n, 2)
        A column of ones, whose weight is the intercept, and the column x.
    y : torch.Tensor, shape (n, 1)
        The targets.
    truth : numpy.ndarray, shape (2,)
        The intercept and the slope of the line that the targets were drawn around.
    noise_variance : float
        Variance of y around the line, in (L/s)².
    """

    X: torch.Tensor
    y: torch.Tensor
    truth: np.ndarray
    noise_variance: float

    def __len__(self):
        return len(self.X)

    @property
    def x(self):
        """The inputs without the ones column, shape (n,)."""
        return self.X[:, 1]

    @property
    def r2_ceiling(self):
        """The share of Var(y) that the true line explains, slope² Var(x) / (slope² Var(x) + noise variance).

        No model of x has a higher R² on unlimited new data. It is NaN if y does not vary.
        """
        explained = self.truth[1] ** 2 * VARIANCE_OF_X
        total = explained + self.noise_variance
        return float(explained / total) if total > 0 else float("nan")

    def to(self, *args, **kwargs):
        """Return the same data with X and y on another device or in another dtype, as ``torch.Tensor.to``."""
        return replace(self, X=self.X.to(*args, **kwargs), y=self.y.to(*args, **kwargs))

    def numpy(self):
        """Return X and y as NumPy arrays in float64: X with the shape of the tensor, and y with shape (n,)."""
        return self.X.detach().cpu().double().numpy(), self.y[:, 0].detach().cpu().double().numpy()


@dataclass(frozen=True, eq=False)
class Table:
    """Data of several columns, as `table` makes them.

    Attributes
    ----------
    X : torch.Tensor, shape (n, p + 1)
        A column of ones, whose weight is the intercept, and the p columns.
    y : torch.Tensor, shape (n, 1)
        The targets.
    names : tuple of str
        The names of the p columns.
    """

    X: torch.Tensor
    y: torch.Tensor
    names: tuple

    def __len__(self):
        return len(self.X)

    def to(self, *args, **kwargs):
        """Return the same data with X and y on another device or in another dtype, as ``torch.Tensor.to``."""
        return replace(self, X=self.X.to(*args, **kwargs), y=self.y.to(*args, **kwargs))

    def numpy(self):
        """Return X and y as NumPy arrays in float64: X with the shape of the tensor, and y with shape (n,)."""
        return self.X.detach().cpu().double().numpy(), self.y[:, 0].detach().cpu().double().numpy()


def table(columns, y):
    """Return data of several columns for `train` and the metrics, with a column of ones before them.

    Parameters
    ----------
    columns : DataFrame, array or tensor, shape (n, p)
        Dense and of real numbers or booleans. The names are those of the frame, else x1, x2, ….
    y : Series, array or tensor, shape (n,)

    Returns
    -------
    Table
        With float64 tensors on the CPU: copies.

    Raises
    ------
    ValueError
        If the shapes do not fit, or the entries are not all finite numbers.

    Examples
    --------
    >>> data = table([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [1.0, 2.0, 3.0])
    >>> data.X.shape, data.y.shape, data.names
    (torch.Size([3, 3]), torch.Size([3, 1]), ('x1', 'x2'))
    """
    names = getattr(columns, "columns", None)
    columns, y = _as_float64("columns", columns), _as_float64("y", y)
    if columns.ndim != 2 or columns.size == 0:
        raise ValueError(f"columns must have shape (n, p) with n and p of at least 1, got {columns.shape}")
    if y.shape != (len(columns),):
        raise ValueError(f"y must have shape ({len(columns)},), one target per row of columns, got {y.shape}")
    names = [f"x{place}" for place in range(1, columns.shape[1] + 1)] if names is None else names
    X = np.column_stack([np.ones(len(columns)), columns])
    data = Table(torch.from_numpy(X), torch.from_numpy(y[:, None]), tuple(map(str, names)))
    check_data(data)
    return data


def _as_float64(name, values):
    """Return `values`, which must be real numbers or booleans, as a float64 array of their own."""
    allowed = f"{name} must be a dense array, tensor or DataFrame of real numbers"
    if hasattr(values, "toarray") or getattr(values, "layout", torch.strided) is not torch.strided:
        raise ValueError(f"{allowed}, got a sparse {type(values).__name__}; make it dense first")
    if isinstance(values, torch.Tensor):
        values = (values if values.is_complex() else values.to(torch.float64)).detach().resolve_conj().cpu().numpy()
    try:
        array = np.asarray(values)
        real = array.dtype.kind in "biuf" or all(isinstance(each, REAL) for each in array.ravel())
        if array.dtype.kind in "biufO" and real:
            return np.array(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{allowed}, got {type(values).__name__}: {error}") from error
    odd = next((each for each in array.ravel().tolist() if not isinstance(each, REAL)), array.dtype)
    raise ValueError(f"{allowed}, got {odd!r}")


def check_data(data):
    """Check that `data` can be trained on.

    Parameters
    ----------
    data : Line, or anything with ``X`` and ``y``

    Raises
    ------
    ValueError
        Unless X and y are tensors of finite numbers of shapes (n, p) and (n, 1), with n and p at least 1, both float32
        or both float64, on the same device.
    """
    X, y = data.X, data.y
    for name, values in (("X", X), ("y", y)):
        if not isinstance(values, torch.Tensor) or values.dtype not in (torch.float32, torch.float64):
            got = getattr(values, "dtype", type(values).__name__)
            raise ValueError(f"data.{name} must be a float32 or float64 tensor, got {got}")
    if X.dim() != 2 or X.numel() == 0:
        raise ValueError(f"data.X must have shape (n, p) with n and p of at least 1, got {tuple(X.shape)}")
    if y.shape != (len(X), 1):
        raise ValueError(f"data.y must have shape ({len(X)}, 1), one row per row of X, got {tuple(y.shape)}")
    if (y.dtype, y.device) != (X.dtype, X.device):
        raise ValueError(f"data.y must have X's {X.dtype} on {X.device}, got {y.dtype} on {y.device}")
    for name, values in (("X", X), ("y", y)):
        if not torch.stack(torch.aminmax(values.detach())).isfinite().all():  # without a temporary array of that size
            bad = int((~torch.isfinite(values)).sum())
            raise ValueError(f"data.{name} must hold finite numbers only, got {bad} that are infinite or NaN")


def simulate_line(n=1000, intercept=5.0, slope=2.0, noise=(1.0, 1.0), seed=37):
    """Draw x ~ N(2, 1) and y = intercept + slope · x + noise: the flow of a stream of melt water on n mornings.

    The course's story: y is the flow (L/s) and x the temperature of the air (°C). At 0 °C the stream carries 5 L/s,
    each degree brings 2 L/s more, and two disturbances, weather and gauge, are added independently.

    Parameters
    ----------
    n : int
        Number of points, at least 2.
    intercept, slope : float
        The true line, in L/s and in L/s per °C.
    noise : sequence of float
        Standard deviations of independent normal draws, added to y in this order. Their variances add up: the default,
        two unit draws, gives a noise variance of 2. ``()`` gives points on the line.
    seed : int
        Seed, 0 to 2³² − 1, of a private generator: NumPy's global random state is neither read nor changed.

    Returns
    -------
    Line
        With float32 tensors on the CPU.

    Raises
    ------
    ValueError
        If an argument is outside its range, or a number that is drawn is outside the range of float32.

    Examples
    --------
    >>> data = simulate_line(n=1000, seed=37)
    >>> data.X.shape, data.y.shape, round(data.r2_ceiling, 4)
    (torch.Size([1000, 2]), torch.Size([1000, 1]), 0.6667)

    Notes
    -----
    Source: section 5.1 of the chapter that Part I mirrors. The legacy NumPy generator and the order of the draws (all
    of x, then each noise term) reproduce its published data from seed 37.
    """
    n = check_int("n", n, 2)
    intercept, slope = check_float("intercept", intercept), check_float("slope", slope)
    if isinstance(noise, str) or not isinstance(noise, Iterable):
        raise ValueError(f"noise must be a sequence of standard deviations, got {noise!r}")
    deviations = [check_float("each of noise", deviation, at_least=0) for deviation in noise]
    generator = np.random.RandomState(check_int("seed", seed, 0, LARGEST_SEED))

    X, y = np.ones((n, 2), np.float32), generator.normal(MEAN_OF_X, np.sqrt(VARIANCE_OF_X), n)
    with np.errstate(over="ignore"):  # check_data refuses infinite numbers
        X[:, 1] = y
        y *= slope  # in place, since for large n the float64 draws take most of the memory
        y += intercept
        for deviation in deviations:
            y += generator.normal(0.0, deviation, n)
        y = y.astype(np.float32)
    data = Line(
        X=torch.from_numpy(X),
        y=torch.from_numpy(y).reshape(n, 1),
        truth=np.array([intercept, slope]),
        noise_variance=float(sum(deviation * deviation for deviation in deviations)),
    )
    check_data(data)
    return data


def redraw_noise(data, seed):
    """Return `data` with new noise at the same x: y = intercept + slope · x + ε, ε ~ N(0, noise variance).

    The theory of how estimates scatter (`metrics.sampling_covariance`) is about such data: it takes X as given.

    Parameters
    ----------
    data : Line
    seed : int
        Seed, 0 to 2³² − 1, of a private generator.

    Returns
    -------
    Line
        With the same X and truth, and y in the dtype and on the device of `data`.

    Raises
    ------
    ValueError
        If `data` is not a Line, or the seed is outside its range.

    Examples
    --------
    >>> data = simulate_line(n=1000, seed=37)
    >>> again = redraw_noise(data, 0)
    >>> bool((again.X == data.X).all()), bool((again.y == data.y).any())
    (True, False)
    """
    if not isinstance(data, Line):
        raise ValueError(f"data must be a Line, such as simulate_line() gives, got {type(data).__name__}")
    generator = np.random.default_rng(check_int("seed", seed, 0, LARGEST_SEED))
    noise = np.sqrt(data.noise_variance) * generator.normal(size=len(data))
    # as sums, not as a matrix product, whose rounding differs between processors
    y = data.truth[0] + data.truth[1] * data.x.cpu().numpy().astype(np.float64) + noise
    return replace(data, y=torch.from_numpy(y).reshape(-1, 1).to(data.y))

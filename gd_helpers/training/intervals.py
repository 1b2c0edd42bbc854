"""Paired differences, means and shares of many runs, with their confidence intervals."""

import numpy as np
import pandas as pd

from gd_helpers.checks import check_choice, check_float


def paired_differences(table, column, first, second):
    """Return the differences `first` − `second` of a column, seed by seed.

    Parameters
    ----------
    table : pandas.DataFrame
        As `replicate` returns it.
    column : str
        A column of numbers.
    first, second : str
        Two recipes of the table.

    Returns
    -------
    pandas.Series
        Indexed by seed.

    Raises
    ------
    ValueError
        If the column or a recipe is unknown, or the two recipes do not have one row each for the same seeds.

    Examples
    --------
    >>> table = pd.DataFrame({"seed": [0, 0, 1, 1], "recipe": ["a", "b"] * 2, "mse": [3.0, 2.0, 5.0, 1.0]})
    >>> paired_differences(table, "mse", "a", "b").tolist()
    [1.0, 4.0]
    """
    check_choice("column", column, [name for name in table.select_dtypes("number") if name != "seed"])
    sides = []
    for argument, recipe in (("first", first), ("second", second)):
        rows = table[table["recipe"] == check_choice(argument, recipe, list(table["recipe"].unique()))]
        side = rows.set_index("seed")[column]
        if again := sorted(set(side.index[side.index.duplicated()])):
            raise ValueError(f"recipe {recipe!r} must have one row per seed, got more for seeds {again}")
        sides.append(side)
    if unpaired := sorted(set(sides[0].index) ^ set(sides[1].index)):
        raise ValueError(f"{first!r} and {second!r} must have the same seeds, got only one of them for {unpaired}")
    return (sides[0] - sides[1].loc[sides[0].index]).rename(f"{column}: {first} − {second}")


def mean_interval(values, level=0.95, test_to_train=0.0):
    """Return the confidence interval of a mean, x̄ ± t · s · √(1/n + ρ), with Student's t of n − 1 degrees of freedom.

    It is exact for independent normal values (ρ = 0); for others, its coverage improves with their number.

    Parameters
    ----------
    values : sequence of float
        At least 2. An infinite value or NaN, as from a run that diverged, makes both ends NaN.
    level : float
        Between 0 and 1.
    test_to_train : float
        ρ, at least 0. For scores of random splits of the same rows, which overlap, the number of test rows of a split
        over that of its training rows.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are too few values, the level is not between 0 and 1, or ρ is negative.

    Examples
    --------
    >>> low, high = mean_interval([1.0, 2.0, 3.0])
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)

    Notes
    -----
    Source: Nadeau and Bengio, Inference for the Generalization Error, Machine Learning 52 (2003), the corrected
    resampled t-test: it takes the correlation between two splits to be the share of test rows.
    """
    values, level = np.asarray(values, dtype=np.float64), _checked_level(level)
    check_float("test_to_train", test_to_train, at_least=0)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values must be a sequence of at least 2 numbers, got shape {values.shape}")
    if not np.isfinite(values).all():
        return float("nan"), float("nan")
    from scipy import stats  # slow to load, and most runs are never summarised

    error = values.std(ddof=1) * np.sqrt(1 / len(values) + test_to_train)
    reach = stats.t.ppf((1 + level) / 2, len(values) - 1) * error
    return float(values.mean() - reach), float(values.mean() + reach)


def share_interval(holds, level=0.95):
    """Return Wilson's confidence interval of the share of runs for which something holds.

    Unlike share ± z · standard error, it stays between 0 and 1 and does not shrink to a point at shares of 0 and 1.

    Parameters
    ----------
    holds : sequence of bool
        One value per run, at least one.
    level : float
        Between 0 and 1.

    Returns
    -------
    low, high : float

    Raises
    ------
    ValueError
        If there are no values, they are not all True or False, or the level is not between 0 and 1.

    Examples
    --------
    >>> low, high = share_interval([True] * 60)
    >>> round(low, 3), round(high, 3)
    (0.94, 1.0)

    Notes
    -----
    Source: Wilson, Probable Inference, the Law of Succession, and Statistical Inference, JASA 22 (1927).
    """
    holds, level = np.asarray(holds), _checked_level(level)
    if holds.ndim != 1 or not len(holds) or holds.dtype != bool:
        raise ValueError(f"holds must be a sequence of True and False, got {holds.dtype} of shape {holds.shape}")
    from scipy import stats

    interval = stats.binomtest(int(holds.sum()), len(holds)).proportion_ci(level, method="wilson")
    return float(interval.low), float(interval.high)


def summarise(table, *columns, level=0.95, test_to_train=0.0):
    """Return mean, spread and interval of the given columns, one row per recipe and column.

    Parameters
    ----------
    table : pandas.DataFrame
        As `replicate` returns it, possibly with more columns.
    *columns : str
        Columns of numbers, or of True and False, whose mean is a share.
    level : float
        Of the intervals, between 0 and 1.
    test_to_train : float
        As in `mean_interval`, for the columns of numbers.

    Returns
    -------
    pandas.DataFrame
        With ``recipe``, ``column``, ``count``, ``mean``, ``std`` (the standard deviation between runs, with n − 1), and
        ``low`` and ``high``, from `share_interval` for True and False, else from `mean_interval`.

    Raises
    ------
    ValueError
        If there are no columns, one is unknown or holds neither numbers nor booleans, or there are too few rows.

    Examples
    --------
    >>> table = pd.DataFrame({"seed": [0, 1, 2], "recipe": "a", "mse": [1.0, 2.0, 3.0]})
    >>> summarise(table, "mse").round(3)
      recipe column  count  mean  std    low   high
    0      a    mse      3   2.0  1.0 -0.484  4.484
    """
    known = [name for name in table.select_dtypes(["number", "bool"]) if name != "seed"]
    if not columns:
        raise ValueError(f"columns must name at least one of {', '.join(map(repr, known))}, got none")
    rows = []
    for recipe, runs in table.groupby("recipe", sort=False):
        for column in columns:
            values = runs[check_choice("columns", column, known)].to_numpy()
            shares = values.dtype == bool
            low, high = share_interval(values, level) if shares else mean_interval(values, level, test_to_train)
            with np.errstate(invalid="ignore"):  # of runs that diverged
                mean, std = values.mean(), values.std(ddof=1)
            rows.append([recipe, column, len(values), mean, std, low, high])
    return pd.DataFrame(rows, columns=["recipe", "column", "count", "mean", "std", "low", "high"])


def _checked_level(level):
    if check_float("level", level, above=0) >= 1:
        raise ValueError(f"level must be a number between 0 and 1, got {level!r}")
    return float(level)

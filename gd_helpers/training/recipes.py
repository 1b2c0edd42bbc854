"""What a training run is made of, said once: both engines take start, order, batches, rates and step rule from here."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gd_helpers.checks import LARGEST_SEED, check_bool, check_choice, check_float, check_int
from gd_helpers.optimizers import OPTIMIZERS

# The source's three methods. A batch size of None is all of the data.
METHODS = {
    "batch": {"epochs": 4500, "batch_size": None, "shuffle": False},
    "stochastic": {"epochs": 500, "batch_size": 1, "shuffle": True},
    "mini-batch": {"epochs": 300, "batch_size": 32, "shuffle": True},
}

# The factors f(t) of the learning rate α in update t, counted from 0, of a run of T updates with τ updates an epoch.
# Rates that fall as 1/t meet the conditions Σ α = ∞ and Σ α² < ∞ of Robbins & Monro (1951, A stochastic approximation
# method), and are those of Theorem 4.7 in Bottou, Curtis & Nocedal (2018, Optimization methods for large-scale machine
# learning). Those that fall as 1/√t are Zinkevich's (2003, Online convex programming). The cosine, Loshchilov &
# Hutter's (2017, SGDR), is torch's CosineAnnealingLR with T_max = T; the line is its LinearLR from 1 to 0.
SCHEDULES = {
    "constant": lambda t, T, tau: np.ones_like(t),
    "linear": lambda t, T, tau: 1 - t / T,
    "cosine": lambda t, T, tau: (1 + np.cos(np.pi * t / T)) / 2,
    "inverse-time": lambda t, T, tau: 1 / (1 + t / tau),
    "inverse-sqrt": lambda t, T, tau: 1 / np.sqrt(1 + t / tau),
}

EXAMPLES_PER_CHUNK = 2**18


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A complete, validated training recipe for n examples; `complete` makes one from a method's name.

    Attributes
    ----------
    method : str
        "batch", "stochastic" or "mini-batch".
    n, epochs, batch_size : int
        Examples in the data, passes over them, and examples that feed one update.
    shuffle : bool
        Whether each epoch draws a new order; if not, every epoch takes the examples as they stand.
    replacement : bool
        Whether an epoch draws its n examples with replacement, each from all, in place of a permutation of them.
    learning_rate : float
        α.
    schedule : str or function
        Update t, counted from 0, steps by α f(t): a key of `SCHEDULES`, or the function f of an array of t.
    optimizer : str
        A key of `OPTIMIZERS`.
    average_after : int or None
        After so many epochs, the mean of all iterates since then is reported in place of the last one.
    init_seed, shuffle_seed : int
        What the first weights and the orders are drawn from.
    """

    method: str
    n: int
    epochs: int
    batch_size: int
    shuffle: bool
    learning_rate: float
    optimizer: str
    init_seed: int
    shuffle_seed: int
    replacement: bool = False
    schedule: str | Callable = "constant"
    average_after: int | None = None

    @classmethod
    def complete(cls, method, n, *, epochs=None, batch_size=None, shuffle=None, replacement=False, **rest):
        """Return the recipe of `method` for `n` examples, with what is not None in place of the method's own settings.

        To draw with replacement is to shuffle, whatever the method.

        Raises
        ------
        ValueError
            Naming the argument, its value and what is allowed. Mini-batch needs n ≥ 32 where no batch size is given.

        Examples
        --------
        >>> rest = {"learning_rate": 1e-3, "optimizer": "adam", "init_seed": 37, "shuffle_seed": 37}
        >>> recipe = Recipe.complete("mini-batch", 1000, **rest)
        >>> recipe.epochs, recipe.batch_size, recipe.updates_per_epoch
        (300, 32, 32)
        """
        usual = METHODS[check_choice("method", method, METHODS)]
        replacement = check_bool("replacement", replacement)
        return cls(
            method=method,
            n=n,
            epochs=usual["epochs"] if epochs is None else epochs,
            batch_size=(usual["batch_size"] or n) if batch_size is None else batch_size,
            shuffle=(usual["shuffle"] or replacement) if shuffle is None else shuffle,
            replacement=replacement,
            **rest,
        )

    def __post_init__(self):
        checked = {
            "method": check_choice("method", self.method, METHODS),
            "n": check_int("n", self.n, 1),
            "epochs": check_int("epochs", self.epochs, 1),
            "batch_size": check_int("batch_size", self.batch_size, 1, self.n),
            "shuffle": check_bool("shuffle", self.shuffle),
            "replacement": check_bool("replacement", self.replacement),
            "learning_rate": check_float("learning_rate", self.learning_rate, above=0),
            "optimizer": check_choice("optimizer", self.optimizer, OPTIMIZERS),
            "init_seed": check_int("init_seed", self.init_seed, 0, LARGEST_SEED),
            "shuffle_seed": check_int("shuffle_seed", self.shuffle_seed, 0, LARGEST_SEED),
        }
        if self.average_after is not None:
            checked["average_after"] = check_int("average_after", self.average_after, 0, self.epochs - 1)
        if self.replacement and not self.shuffle:
            raise ValueError("shuffle must be True, or not given, where replacement is True, got False")
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # plain numbers: torch takes no NumPy integer for a size or a seed
        self._check_schedule()

    @property
    def updates_per_epoch(self):
        """⌈n / B⌉: the last batch of an epoch is short where B does not divide n."""
        return math.ceil(self.n / self.batch_size)

    @property
    def settings(self):
        """The optimizer's settings beside the learning rate."""
        return OPTIMIZERS[self.optimizer]

    @property
    def plain_epochs(self):
        """How many epochs report their last iterate, before the mean of the iterates takes its place."""
        return self.epochs if self.average_after is None else self.average_after

    def learning_rates(self, first, epochs=1):
        """Return α f(t), float64, of each update t of so many epochs from epoch `first` (counted from 0) on, in a row.

        A constant rate comes once for all of them, shape (1,).

        Examples
        --------
        >>> rest = {"learning_rate": 0.1, "optimizer": "sgd", "init_seed": 37, "shuffle_seed": 37}
        >>> recipe = Recipe.complete("batch", 1000, epochs=4, schedule="linear", **rest)
        >>> recipe.learning_rates(0, 4)
        array([0.1  , 0.075, 0.05 , 0.025])
        """
        if self.schedule == "constant":
            return np.array([self.learning_rate])
        updates = self.updates_per_epoch
        t = np.arange(first * updates, (first + epochs) * updates, dtype=np.float64)
        if callable(self.schedule):
            return self.learning_rate * np.asarray(self.schedule(t), dtype=np.float64)
        return self.learning_rate * SCHEDULES[self.schedule](t, self.epochs * updates, updates)

    def _check_schedule(self):
        """Call a schedule that is a function for all updates, since a run is not to stop at a rate that makes none."""
        if not callable(self.schedule):
            if not isinstance(self.schedule, str) or self.schedule not in SCHEDULES:
                allowed = f"one of {', '.join(map(repr, SCHEDULES))}, or a function of an array of update numbers"
                raise ValueError(f"schedule must be {allowed}, got {self.schedule!r}")
            return
        updates = self.epochs * self.updates_per_epoch
        for first in range(0, updates, EXAMPLES_PER_CHUNK):
            t = np.arange(first, min(first + EXAMPLES_PER_CHUNK, updates), dtype=np.float64)
            factors = _factors(self.schedule, t)
            middle = slice(t.size // 3, 2 * t.size // 3 + 1)
            if not np.allclose(_factors(self.schedule, t[middle]), factors[middle]):
                raise ValueError(
                    "schedule must give an update the same factor whichever others are asked for with it, "
                    f"got {self.schedule!r}"
                )

    def order_chunks(self):
        """Yield ``(epochs, orders)`` until all epochs are covered: in what order the next epochs take the examples.

        Epoch i of a chunk takes the examples ``orders[i % len(orders)]``, int64 indices: one row an epoch if shuffled,
        one row for all of them if not. How the epochs fall into chunks does not change the orders.
        """
        generator = np.random.default_rng(self.shuffle_seed)
        longest = max(1, EXAMPLES_PER_CHUNK // self.n)
        as_they_stand = None if self.shuffle else np.arange(self.n)[None, :]
        for first in range(0, self.epochs, longest):
            count = min(longest, self.epochs - first)
            if not self.shuffle:
                yield count, as_they_stand
                continue
            if self.replacement:
                yield count, generator.integers(self.n, size=(count, self.n))
                continue
            orders = np.arange(count * self.n).reshape(count, self.n)
            orders -= np.arange(0, count * self.n, self.n)[:, None]  # in place: those of many examples are large
            yield count, generator.permuted(orders, axis=1, out=orders)  # row by row what permutation(n) gives
            del orders  # before the next are drawn

    def epoch_orders(self):
        """Yield the order of each epoch in turn, int64 indices of shape (n,)."""
        for count, orders in self.order_chunks():
            for epoch in range(count):
                yield orders[epoch % len(orders)]


def _factors(schedule, t):
    """Return what the function `schedule` makes of the update numbers `t`, or refuse it."""
    allowed = "schedule must return a finite factor of at least 0 for each entry of an array of update numbers"
    try:
        factors = np.asarray(schedule(t.copy()), dtype=np.float64)
    except Exception as error:  # it is anybody's function
        raise ValueError(f"{allowed}, got {type(error).__name__}: {error}") from error
    if factors.shape != t.shape:
        raise ValueError(f"{allowed}, got shape {factors.shape} for shape {t.shape}")
    refused = ~(np.isfinite(factors) & (factors >= 0))
    if refused.any():
        raise ValueError(f"{allowed}, got {factors[refused][0]} for update {t[refused][0]:.0f}")
    return factors

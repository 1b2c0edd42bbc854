"""Recipes of training runs, which give every engine the same order, batches, learning rates and optimizer."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gd_helpers.checks import LARGEST_SEED, check_bool, check_choice, check_float, check_int
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.engines import shuffling

# The three methods of the source. A batch size of None means all examples; of fewer than 32, "mini-batch" takes all.
METHODS = {
    "batch": {"epochs": 4500, "batch_size": None, "shuffle": False},
    "stochastic": {"epochs": 500, "batch_size": 1, "shuffle": True},
    "mini-batch": {"epochs": 300, "batch_size": 32, "shuffle": True},
}

# The factors f(t) of the learning rate α in update t, counted from 0, of a run of T updates with τ updates an epoch.
# Rates that fall as 1/t meet the conditions Σ α = ∞ and Σ α² < ∞ of Robbins & Monro (1951, A stochastic approximation
# method), and are those of Theorem 4.7 in Bottou, Curtis & Nocedal (2018, Optimization methods for large-scale machine
# learning). Rates that fall as 1/√t are Zinkevich's (2003, Online convex programming). The cosine of Loshchilov &
# Hutter (2017, SGDR) is torch's CosineAnnealingLR with T_max = T; "linear" is its LinearLR from 1 to 0.
SCHEDULES = {
    "constant": lambda t, T, tau: np.ones_like(t),
    "linear": lambda t, T, tau: 1 - t / T,
    "cosine": lambda t, T, tau: (1 + np.cos(np.pi * t / T)) / 2,
    "inverse-time": lambda t, T, tau: 1 / (1 + t / tau),
    "inverse-sqrt": lambda t, T, tau: 1 / np.sqrt(1 + t / tau),
}

EXAMPLES_PER_CHUNK = 2**18

# Adam's first step, α / (1 − β₁) = 10 α, has to be a float32 number, of at most 3.4e38.
LARGEST_RATE = 1e37


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A complete, validated recipe for training on n examples; `complete` makes one from the name of a method.

    Attributes
    ----------
    method : str
        "batch", "stochastic" or "mini-batch".
    n, epochs, batch_size : int
        Examples in the data, passes over them, and examples per update.
    shuffle : bool
        Whether each epoch draws a new order; if not, every epoch takes the examples in the order of the data.
    replacement : bool
        Whether an epoch draws its n examples with replacement, each from all of them, instead of a permutation.
    learning_rate : float
        α, greater than 0 and at most 1e37.
    schedule : str or function
        Update t, counted from 0, has the rate α f(t): a key of `SCHEDULES`, or the function f of an array of t.
    optimizer : str
        A key of `OPTIMIZERS`.
    average_after : int or None
        The number of epochs after which the mean of all iterates since then is reported instead of the last iterate.
    init_seed, shuffle_seed : int
        The seeds of the initial weights and of the orders.
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
        """Return the recipe of `method` for `n` examples; settings that are not None replace those of the method.

        Drawing with replacement implies shuffling, whatever the method.

        Raises
        ------
        ValueError
            Naming the argument, its value and what is allowed.

        Examples
        --------
        >>> rest = {"learning_rate": 1e-3, "optimizer": "adam", "init_seed": 37, "shuffle_seed": 37}
        >>> recipe = Recipe.complete("mini-batch", 1000, **rest)
        >>> recipe.epochs, recipe.batch_size, recipe.updates_per_epoch
        (300, 32, 32)
        """
        usual = METHODS[check_choice("method", method, METHODS)]
        n, replacement = check_int("n", n, 1), check_bool("replacement", replacement)
        return cls(
            method=method,
            n=n,
            epochs=usual["epochs"] if epochs is None else epochs,
            batch_size=min(usual["batch_size"] or n, n) if batch_size is None else batch_size,
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
            "learning_rate": check_float("learning_rate", self.learning_rate, above=0, at_most=LARGEST_RATE),
            "optimizer": check_choice("optimizer", self.optimizer, OPTIMIZERS),
            "init_seed": check_int("init_seed", self.init_seed, 0, LARGEST_SEED),
            "shuffle_seed": check_int("shuffle_seed", self.shuffle_seed, 0, LARGEST_SEED),
        }
        if self.average_after is not None:
            checked["average_after"] = check_int("average_after", self.average_after, 0, self.epochs - 1)
        if self.replacement and not self.shuffle:
            raise ValueError("shuffle must be True, or not given, if replacement is True, got False")
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # plain numbers: torch takes no NumPy integers as sizes or seeds
        self._check_schedule()

    @property
    def updates_per_epoch(self):
        """⌈n / B⌉: the last batch of an epoch is shorter if B does not divide n."""
        return math.ceil(self.n / self.batch_size)

    @property
    def settings(self):
        """The optimizer's settings beside the learning rate."""
        return OPTIMIZERS[self.optimizer]

    @property
    def plain_epochs(self):
        """The number of epochs that report their last iterate, before the mean of the iterates takes its place."""
        return self.epochs if self.average_after is None else self.average_after

    def learning_rates(self, first, epochs=1):
        """Return the rate α f(t), float64, of each update t of `epochs` epochs from epoch `first`, counted from 0.

        A constant rate comes only once, shape (1,).

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
        """Check a function as a schedule by calling it for all updates, so that no run fails halfway."""
        if not callable(self.schedule):
            if not isinstance(self.schedule, str) or self.schedule not in SCHEDULES:
                allowed = f"one of {', '.join(map(repr, SCHEDULES))}, or a function of an array of update numbers"
                raise ValueError(f"schedule must be {allowed}, got {self.schedule!r}")
            return
        updates = self.epochs * self.updates_per_epoch
        for first in range(0, updates, EXAMPLES_PER_CHUNK):
            t = np.arange(first, min(first + EXAMPLES_PER_CHUNK, updates), dtype=np.float64)
            factors = _factors(self.schedule, t, LARGEST_RATE / self.learning_rate)
            middle = slice(t.size // 3, 2 * t.size // 3 + 1)
            if not np.allclose(_factors(self.schedule, t[middle], np.inf), factors[middle]):
                raise ValueError(
                    "schedule must give an update the same factor whichever other updates are in the array, "
                    f"got {self.schedule!r}"
                )

    def order_chunks(self, shuffle_seeds=None):
        """Yield ``(epochs, orders)``, the size of each chunk of epochs and the orders in which they take the examples.

        Epoch i of a chunk takes the examples ``orders[i % len(orders)]``, int64 indices of shape (runs, n). Shuffled
        orders have a row per epoch, and a run for each of `shuffle_seeds`, or one for the recipe's own seed; else there
        is one row and one run for all of them. The division of the epochs into chunks does not change the orders.
        """
        if not self.shuffle:
            longest = max(1, EXAMPLES_PER_CHUNK // self.n)
            order_of_data = np.arange(self.n)[None, None, :]
            for first in range(0, self.epochs, longest):
                yield min(longest, self.epochs - first), order_of_data
            return
        seeds = [self.shuffle_seed] if shuffle_seeds is None else shuffle_seeds
        generators = shuffling.seed_generators(np.array(seeds, dtype=np.uint64))
        runs = len(generators)
        longest = max(1, EXAMPLES_PER_CHUNK // (self.n * runs))
        draw = shuffling.draw_integers if self.replacement else shuffling.draw_permutations
        for first in range(0, self.epochs, longest):
            orders = np.empty((min(longest, self.epochs - first), runs, self.n), dtype=np.int64)
            draw(generators, orders)
            yield len(orders), orders
            del orders  # frees them before the next are drawn

    def epoch_orders(self):
        """Yield the order of each epoch in turn, int64 indices of shape (n,)."""
        for count, orders in self.order_chunks():
            for epoch in range(count):
                yield orders[epoch % len(orders), 0]


def _factors(schedule, t, largest):
    """Return the factors that the function `schedule` gives for the update numbers `t`, all from 0 to `largest`."""
    allowed = "schedule must return a finite factor of at least 0 for each entry of an array of update numbers"
    try:
        factors = np.asarray(schedule(t.copy()), dtype=np.float64)
    except Exception as error:  # the function is the caller's and can raise anything
        raise ValueError(f"{allowed}, got {type(error).__name__}: {error}") from error
    if factors.shape != t.shape:
        raise ValueError(f"{allowed}, got shape {factors.shape} for shape {t.shape}")
    refused = ~(np.isfinite(factors) & (factors >= 0) & (factors <= largest))
    if refused.any():
        factor, update = factors[refused][0], t[refused][0]
        if factor > largest and np.isfinite(factor):
            allowed = f"schedule must keep the learning rate at or below {LARGEST_RATE:g}"
        raise ValueError(f"{allowed}, got {factor} for update {update:.0f}")
    return factors

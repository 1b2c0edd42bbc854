"""What a training run is made of, said once: both engines take start, order, batches and step rule from here."""

import math
from dataclasses import dataclass

import numpy as np

from gd_helpers.validation import LARGEST_SEED, finite_number, one_of, whole_number, yes_or_no

# The source's three methods. A batch size of None is all of the data.
METHODS = {
    "batch": {"epochs": 4500, "batch_size": None, "shuffle": False},
    "stochastic": {"epochs": 500, "batch_size": 1, "shuffle": True},
    "mini-batch": {"epochs": 300, "batch_size": 32, "shuffle": True},
}

# The step rules by the field's names. The settings beside the learning rate are torch's defaults, but for the customary
# 0.9 of momentum, where torch's default, 0, is plain SGD.
OPTIMIZERS = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "adagrad": {"eps": 1e-10},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8},
    "adam": {"betas": (0.9, 0.999), "eps": 1e-8},
    "adamw": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2},
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
    learning_rate : float
    optimizer : str
        A key of `OPTIMIZERS`.
    start_seed, order_seed : int
        What the first weights and the orders are drawn from.
    """

    method: str
    n: int
    epochs: int
    batch_size: int
    shuffle: bool
    learning_rate: float
    optimizer: str
    start_seed: int
    order_seed: int

    @classmethod
    def complete(cls, method, n, *, epochs=None, batch_size=None, shuffle=None, **rest):
        """Return the recipe of `method` for `n` examples, with what is not None in place of the method's own settings.

        Raises
        ------
        ValueError
            Naming the argument, its value and what is allowed. Mini-batch needs n ≥ 32 where no batch size is given.

        Examples
        --------
        >>> rest = {"learning_rate": 1e-3, "optimizer": "adam", "start_seed": 37, "order_seed": 37}
        >>> recipe = Recipe.complete("mini-batch", 1000, **rest)
        >>> recipe.epochs, recipe.batch_size, recipe.updates_per_epoch
        (300, 32, 32)
        """
        usual = METHODS[one_of("method", method, METHODS)]
        return cls(
            method=method,
            n=n,
            epochs=usual["epochs"] if epochs is None else epochs,
            batch_size=(usual["batch_size"] or n) if batch_size is None else batch_size,
            shuffle=usual["shuffle"] if shuffle is None else shuffle,
            **rest,
        )

    def __post_init__(self):
        checked = {
            "method": one_of("method", self.method, METHODS),
            "n": whole_number("n", self.n, 1),
            "epochs": whole_number("epochs", self.epochs, 1),
            "batch_size": whole_number("batch_size", self.batch_size, 1, self.n),
            "shuffle": yes_or_no("shuffle", self.shuffle),
            "learning_rate": finite_number("learning_rate", self.learning_rate, above=0),
            "optimizer": one_of("optimizer", self.optimizer, OPTIMIZERS),
            "start_seed": whole_number("start_seed", self.start_seed, 0, LARGEST_SEED),
            "order_seed": whole_number("order_seed", self.order_seed, 0, LARGEST_SEED),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)  # plain numbers: torch takes no NumPy integer for a size or a seed

    @property
    def updates_per_epoch(self):
        """⌈n / B⌉: the last batch of an epoch is short where B does not divide n."""
        return math.ceil(self.n / self.batch_size)

    @property
    def settings(self):
        """The optimizer's settings beside the learning rate."""
        return OPTIMIZERS[self.optimizer]

    def order_chunks(self):
        """Yield ``(epochs, orders)`` until all epochs are covered: in what order the next epochs take the examples.

        Epoch i of a chunk takes the examples ``orders[i % len(orders)]``, int64 indices: one row an epoch if shuffled,
        one row for all of them if not. How the epochs fall into chunks does not change the orders.
        """
        generator = np.random.default_rng(self.order_seed)
        longest = max(1, EXAMPLES_PER_CHUNK // self.n)
        as_they_stand = None if self.shuffle else np.arange(self.n)[None, :]
        for first in range(0, self.epochs, longest):
            count = min(longest, self.epochs - first)
            if not self.shuffle:
                yield count, as_they_stand
                continue
            orders = np.arange(count * self.n).reshape(count, self.n)
            orders %= self.n
            yield count, generator.permuted(orders, axis=1, out=orders)  # row by row what permutation(n) gives
            del orders  # of many examples, before the next are drawn

    def epoch_orders(self):
        """Yield the order of each epoch in turn, int64 indices of shape (n,)."""
        for count, orders in self.order_chunks():
            for epoch in range(count):
                yield orders[epoch % len(orders)]

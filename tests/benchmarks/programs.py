"""The same updates by other programs: scikit-learn's, and JAX, skorch and Lightning where they are installed.

Each function takes the data, the weights to start from and a number of epochs, and returns the last weights.
"""

import functools
import logging
import warnings

import numpy as np
import torch
from benchmarks.recipes import LEARNING_RATE, LOADER, SEED, STOCHASTIC
from sklearn.linear_model import SGDRegressor
from torch import nn, optim

from gd_helpers.models import linear, set_weights
from gd_helpers.training.recipes import Recipe


def make_recipe(published, n, epochs):
    """Return the course's recipe of a published run, whose orders the programs take."""
    settings = {**published.settings, "epochs": epochs}
    method = settings.pop("method")
    seeds = {"init_seed": SEED, "shuffle_seed": SEED}
    return Recipe.complete(method, n, learning_rate=LEARNING_RATE, optimizer="adam", **seeds, **settings)


class CourseOrders:
    """A sampler for a loader: the orders that the course draws for a published run, an order an epoch."""

    def __init__(self, published, n, epochs):
        self._n = n
        self._orders = make_recipe(published, n, epochs).epoch_orders()

    def __len__(self):
        return self._n

    def __iter__(self):
        return iter(next(self._orders).tolist())


def run_scikit_learn(data, start, epochs, shuffle=True):
    """Train by plain stochastic gradient descent with ``SGDRegressor``, without its stopping rule.

    Its loss is half the squared error, so that it takes the same steps at twice the rate.
    """
    regressor = SGDRegressor(
        penalty=None,
        fit_intercept=False,
        learning_rate="constant",
        eta0=2 * LEARNING_RATE,
        max_iter=epochs,
        tol=None,
        shuffle=shuffle,
        random_state=SEED,
    )
    regressor.fit(data.X.numpy(), data.y.numpy()[:, 0], coef_init=np.asarray(start, np.float32))
    return regressor.coef_


def run_jax(data, start, epochs):
    """Train the stochastic recipe with Adam by ``lax.scan``; the record is that of the course: two losses and weights.

    The orders are drawn within, as `train` draws them.
    """
    import jax.numpy as jnp

    orders = np.stack(list(make_recipe(STOCHASTIC, len(data), epochs).epoch_orders()))
    X, y, w = (jnp.asarray(array, jnp.float32) for array in (data.X.numpy(), data.y.numpy(), start))
    _, _, path = map(np.asarray, _jax_scan()(X, y, w[:, None], jnp.asarray(orders)))
    return path[-1]


def _step_by_adam(state, gradient):
    """Return the weights, both moments and the count after a step of Adam."""
    import jax.numpy as jnp

    w, m, v, t = state
    t = t + 1
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    return w - LEARNING_RATE * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v, t


@functools.cache
def _jax_scan():
    """Return the jitted run: a scan over epochs of a scan over examples."""
    import jax
    import jax.numpy as jnp

    def loss_fn(w, X, y):
        return jnp.mean((X @ w - y) ** 2)

    @jax.jit
    def run(X, y, w, orders):
        def update(state, j):
            loss, gradient = jax.value_and_grad(loss_fn)(state[0], X[j][None], y[j][None])
            return _step_by_adam(state, gradient), loss

        def epoch(state, order):
            state, losses = jax.lax.scan(update, state, order)
            return state, (loss_fn(state[0], X, y), losses[-1], state[0][:, 0])

        _, records = jax.lax.scan(epoch, (w, jnp.zeros_like(w), jnp.zeros_like(w), 0), orders)
        return records

    return run


def run_jax_seeds(data, published, starts, epochs):
    """Train a published run from many seeds at once by ``vmap``, and return the last weights, shape (seeds, p).

    Seed k has the weights ``starts[k]`` at first and takes the orders of the course's seed k. The record is that of the
    course: the loss over all the data, that of the last batch, and the weights, after each epoch.
    """
    import jax.numpy as jnp

    recipe = make_recipe(published, len(data), epochs)
    seeds, n = len(starts), len(data)
    chunks = [np.broadcast_to(orders, (count, seeds, n)) for count, orders in recipe.order_chunks(range(seeds))]
    orders = np.concatenate(chunks).swapaxes(0, 1).astype(np.int32)
    shapes = tuple(tuple(parameter.shape) for parameter in published.make_model().parameters())
    arrays = (jnp.asarray(array, jnp.float32) for array in (data.X.numpy(), data.y.numpy(), starts))
    run = _jax_vmap(shapes, recipe.batch_size)
    _, _, paths = map(np.asarray, run(*arrays, jnp.asarray(orders)))
    return paths[:, -1].copy()  # JAX's own arrays cannot be written to, of which PyTorch warns


@functools.cache
def _jax_vmap(shapes, batch_size):
    """Return the jitted runs: per seed a scan over epochs of a scan over batches, and the short last batch after it."""
    import jax
    import jax.numpy as jnp

    def predict(w, X):
        first = 0
        for k, (outputs, inputs) in enumerate(shapes):
            X = X @ w[first : first + outputs * inputs].reshape(outputs, inputs).T
            X = jax.nn.sigmoid(X) if k < len(shapes) - 1 else X
            first += outputs * inputs
        return X

    def loss_fn(w, X, y):
        return jnp.mean((predict(w, X) - y) ** 2)

    def run(X, y, w, orders):
        def update(state, batch):
            loss, gradient = jax.value_and_grad(loss_fn)(state[0], X[batch], y[batch])
            return _step_by_adam(state, gradient), loss

        def epoch(state, order):
            whole = len(order) // batch_size * batch_size
            state, losses = jax.lax.scan(update, state, order[:whole].reshape(-1, batch_size))
            last = losses[-1]
            if whole < len(order):
                state, last = update(state, order[whole:])
            return state, (loss_fn(state[0], X, y), last, state[0])

        _, records = jax.lax.scan(epoch, (w, jnp.zeros_like(w), jnp.zeros_like(w), 0), orders)
        return records

    return jax.jit(jax.vmap(run, in_axes=(None, None, 0, 0)))


def run_skorch(data, start, epochs):
    """Train the recipe of the ``DataLoader`` with skorch, silent and without a validation set."""
    from skorch import NeuralNetRegressor

    net = NeuralNetRegressor(
        set_weights(linear(), start),
        criterion=nn.MSELoss,
        optimizer=optim.Adam,
        lr=LEARNING_RATE,
        batch_size=LOADER.settings["batch_size"],
        iterator_train__shuffle=True,
        max_epochs=epochs,
        train_split=None,
        verbose=0,
    )
    net.fit(data.X, data.y)
    return net.module_[0].weight.detach().numpy().ravel()


def run_lightning(data, start, epochs):
    """Train the recipe of the ``DataLoader`` with Lightning, without its log, bar and checkpoints."""
    import lightning

    class Line(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.model = set_weights(linear(), start)
            self.loss_fn = nn.MSELoss()

        def training_step(self, batch, _):
            X, y = batch
            return self.loss_fn(self.model(X), y)

        def configure_optimizers(self):
            return optim.Adam(self.parameters(), lr=LEARNING_RATE)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice about workers and logging, which this run has no use for
        trainer = lightning.Trainer(accelerator="cpu", max_epochs=epochs, **quiet)
        model = Line()
        trainer.fit(model, LOADER.loader(data))
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()

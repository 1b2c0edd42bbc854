"""Limit and speed of gradient descent, predicted by `metrics` and observed: what chapter 12 claims, on more data.

Nothing here is observed with the help of what was predicted: limits are found by trying rates, speeds from how the
steps of a run shrink. The loops are NumPy's and PyTorch's beside `train`'s.
"""

import numpy as np
import pytest
import torch
from linear_data import diabetes

from gd_helpers.data import simulate_line, table
from gd_helpers.metrics import best_rate, condition_number, convergence_factor, stability_limit
from gd_helpers.training.trainer import train

SEEDS = range(20)


def draw(seed):
    """Return one to five columns whose sizes and means differ, with a column of ones."""
    generator = np.random.default_rng(1000 + seed)
    p = generator.integers(1, 6)
    columns = generator.normal(size=(60, p)) * 10 ** generator.uniform(-1, 1, p) + generator.normal(size=p)
    return table(columns, columns @ generator.normal(size=p) + generator.normal(size=60))


def diabetes_data(standardised):
    data = diabetes(standardised)
    return table(data.X[:, 1:], data.y[:, 0])


DATA = {
    "the course's": lambda: simulate_line().to(torch.float64),
    "diabetes, raw": lambda: diabetes_data(standardised=False),
    "diabetes, standardised": lambda: diabetes_data(standardised=True),
    **{f"random {seed}": lambda seed=seed: draw(seed) for seed in SEEDS},
}
every = pytest.mark.parametrize("name", DATA)


def run(data, rate, epochs, start=None):
    start = np.zeros(data.X.shape[1]) if start is None else start
    return train(data, "batch", epochs=epochs, learning_rate=rate, optimizer="sgd", init=start)


def bisect(diverges):
    low, high = 1e-7, 1e3
    while high / low > 1.0001:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if diverges(middle) else (middle, high)
    return high


def rises(data, rate):
    """Return whether the loss of a run ends higher than after its first update."""
    ended = run(data, rate, epochs=6000)
    return ended.diverged or ended.trace.loss.iloc[-1] > ended.trace.loss.iloc[0]


def rises_in_numpy(data, rates, updates=6000):
    """Return for each of the `rates` whether the loss rises: loops over all examples, side by side, in NumPy."""
    X, y = data.X.numpy(), data.y.numpy()[:, 0]
    w, losses = np.zeros((len(rates), X.shape[1])), []
    with np.errstate(all="ignore"):
        for _ in range(updates):
            residuals = w @ X.T - y
            losses.append(np.mean(residuals**2, axis=1))
            w = w - 2 * rates[:, None] * residuals @ X / len(y)
    return ~(losses[-1] <= losses[1])


def shrinking(path):
    """Return the factor by which steps shrink over the later half of those that are clear of rounding."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    clear = np.flatnonzero(steps > 1e-11 * np.abs(path).max())
    later = steps[clear[len(clear) // 2] : clear[-1] + 1]
    return (later[-1] / later[0]) ** (1 / (len(later) - 1))


@every
def test_the_limit_found_by_bisection_is_the_predicted_one_to_a_thousandth(name):
    data = DATA[name]()
    assert bisect(lambda rate: rises(data, rate)) == pytest.approx(stability_limit(data), rel=1e-3)


@every
def test_a_loop_in_numpy_fails_just_above_the_predicted_limit_and_not_just_below(name):
    data = DATA[name]()
    assert rises_in_numpy(data, stability_limit(data) * np.array([0.999, 1.001])).tolist() == [False, True]


RATES = {
    "half the best rate": lambda data: best_rate(data) / 2,
    "the best rate": best_rate,
    "between it and the limit": lambda data: stability_limit(data) * (1 - 0.3 / condition_number(data)),
}


@pytest.mark.parametrize("name", [name for name in DATA if name != "diabetes, raw"])  # it takes millions of updates
@pytest.mark.parametrize("rate", RATES)
def test_the_observed_speed_is_the_predicted_one_to_a_hundredth(name, rate):
    data = DATA[name]()
    rate = RATES[rate](data)
    predicted = np.log(convergence_factor(data, rate))
    observed = np.log(shrinking(run(data, rate, epochs=int(12 / -predicted) + 20).path))
    assert observed == pytest.approx(predicted, rel=0.01)


def test_after_millions_of_updates_raw_diabetes_data_shrink_at_the_predicted_speed():
    data = diabetes_data(standardised=False)
    rate = 0.5 * best_rate(data)  # so that the steepest component dies at once
    best = np.linalg.lstsq(data.X.numpy(), data.y.numpy()[:, 0], rcond=None)[0]
    weights = best + np.linalg.eigh(data.X.numpy().T @ data.X.numpy())[1][:, :3].sum(axis=1)  # the three flattest axes
    distances = []
    for _ in range(40):
        weights = run(data, rate, epochs=150_000, start=weights).weights
        distances.append(np.linalg.norm(weights - best))
    observed = np.log(distances[-1] / distances[-5]) / (4 * 150_000)
    assert observed == pytest.approx(np.log(convergence_factor(data, rate)), rel=0.01)


@pytest.mark.parametrize("name", ["the course's", "diabetes, standardised", "random 1"])
def test_pytorch_descends_at_the_predicted_speed(name):
    data = DATA[name]()
    rate = best_rate(data)
    predicted = np.log(convergence_factor(data, rate))
    weights = torch.nn.Parameter(torch.zeros(data.X.shape[1], 1, dtype=torch.float64))
    optimizer, path = torch.optim.SGD([weights], lr=rate), []
    for _ in range(min(int(12 / -predicted), 4000)):
        path.append(weights.detach().numpy()[:, 0].copy())
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(data.X @ weights, data.y).backward()
        optimizer.step()
    assert np.log(shrinking(np.array(path))) == pytest.approx(predicted, rel=0.01)


def test_the_random_data_differ_in_shape():
    kappas = [condition_number(draw(seed)) for seed in SEEDS]
    assert min(kappas) < 50
    assert max(kappas) > 2000


def test_standardising_one_column_makes_one_update_arrive():
    line = simulate_line().to(torch.float64)
    x = line.x.numpy()
    data = table(((x - x.mean()) / x.std())[:, None], line.y[:, 0].numpy())
    best = np.linalg.lstsq(data.X.numpy(), data.y.numpy()[:, 0], rcond=None)[0]
    np.testing.assert_allclose(run(data, 0.5, epochs=1).weights, best, rtol=1e-9)

"""What chapter 11 says of the published results, computed again by scikit-learn and NumPy alone.

The chapter's numbers are read out of its stored outputs. Nothing of the package computes here: the data come from
NumPy's legacy generator, and so do PyTorch's first weights, since both draw from the same Mersenne twister.
"""

import re

import nbformat
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score

from gd_helpers.lesson.fold import read_claims
from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.chapters import NOTEBOOKS

NUMBER = r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)"  # not the digits of w1 or 2p
SEED, N, RATE = 37, 1000, 1e-3
PUBLISHED_COEFFICIENTS, PUBLISHED_SCORE = [5.0051513, 1.9844328], 0.5143197026642107


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOKS / "11_published_results.ipynb", as_version=4)


@pytest.fixture(scope="module")
def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


@pytest.fixture(scope="module")
def numbers_of(notebook):
    """Return a function that gives the numbers in the one stored claim that holds certain words, in their order."""
    claims = read_claims(notebook)

    def find(words):
        (found,) = [claim for claim in claims if words in claim["statement"]]
        assert found["holds"]
        return [float(number.replace(",", "")) for number in re.findall(NUMBER, found["statement"])]

    return find


@pytest.fixture(scope="module")
def table(outputs):
    """Return the stored table of the runs as published, a list of its numbers by run."""
    columns = ["updates", "b0", "w1", "mse", "score", "true", "R²"]
    texts = [output.get("data", {}).get("text/plain", "") for output in outputs]
    (text,) = [text for text in texts if text.partition("\n")[0].split() == columns]
    rows = [re.match(r"(\w.*?)\s{2,}([-\d].*)$", line).groups() for line in text.splitlines()[1:]]
    return {name: [float(number) for number in numbers.split()] for name, numbers in rows}


def draw(seed=SEED, n=N):
    """Draw the published data: x, then the noise twice; rounded to 32 bits as they were, then computed with in 64."""
    stream = np.random.RandomState(seed)
    x = stream.normal(2, 1, n)
    y = stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, n)
    X = np.column_stack([np.ones(n), x])
    return X.astype(np.float32).astype(float), y.astype(np.float32).astype(float), stream


def torch_starts(seed, count):
    """Draw what PyTorch, seeded with `seed`, gives to `count` layers of two weights: uniform on ±1/√2 from 24 bits."""
    bits = np.random.RandomState(seed).randint(0, 2**32, size=(count, 2), dtype=np.uint32)
    return ((bits & 0xFFFFFF) / 2**24 * 2 - 1) / np.sqrt(2)


def adam(gradient, start, updates):
    """Run Adam as in Kingma and Ba, algorithm 1, and return the weights after each update, the start first."""
    w = np.array(start, dtype=float)
    path, m, v = [w.copy()], np.zeros_like(w), np.zeros_like(w)
    for t in range(1, updates + 1):
        g = gradient(w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        path.append(w)
    return np.array(path)


@pytest.fixture(scope="module")
def points():
    X, y, _ = draw()
    return X, y


@pytest.fixture(scope="module")
def batch_gradient(points):
    """Return the gradient of the loss over all the data, of weights of shape (…, 2)."""
    X, y = points
    hessian, pull = 2 * X.T @ X / N, 2 * X.T @ y / N
    return lambda w: w @ hessian - pull


@pytest.fixture(scope="module")
def ols(points):
    return LinearRegression(fit_intercept=False).fit(*points).coef_


@pytest.fixture(scope="module")
def reverse(points):
    """Return intercept and slope of the regression of x on y, turned round to y from x."""
    X, y = points
    line = LinearRegression().fit(y[:, None], X[:, 1])
    return np.array([-line.intercept_ / line.coef_[0], 1 / line.coef_[0]])


@pytest.fixture(scope="module")
def starts():
    return torch_starts(SEED, 4)


@pytest.fixture(scope="module")
def batch_path(batch_gradient, starts):
    return adam(batch_gradient, starts[0], 12_000)


def row(weights, points):
    """Return what the chapter's table says of a line after its updates: b0, w1, MSE, the published score, R²."""
    X, y = points
    prediction = X @ weights
    return [*weights, mean_squared_error(y, prediction), r2_score(prediction, y), r2_score(y, prediction)]


def excess(weights, points):
    """Return how far the loss of `weights`, shape (runs, 2), is above the least, as shares of it."""
    X, y = points
    residuals = y - LinearRegression(fit_intercept=False).fit(X, y).predict(X)
    return np.mean((y - weights @ X.T) ** 2, axis=1) / np.mean(residuals**2) - 1


def test_scikit_learn_gives_the_published_coefficients_as_far_as_the_chapter_says(numbers_of, ols):
    published, claimed = np.split(np.array(numbers_of("1.9844328 come out as")[:4]), 2)
    assert published.tolist() == PUBLISHED_COEFFICIENTS
    np.testing.assert_allclose(ols, claimed, rtol=0, atol=5e-6)
    np.testing.assert_allclose(ols, published, rtol=0, atol=5e-6)


def test_scikit_learn_gives_the_published_score_with_the_prediction_first(numbers_of, points, ols):
    published, claimed = numbers_of("The published score")
    score = r2_score(points[0] @ ols, points[1])
    assert published == PUBLISHED_SCORE
    assert score == pytest.approx(published, abs=1e-6)
    assert round(score, 6) == claimed


def test_the_scores_of_ols_and_of_the_reverse_regression_are_the_claimed_ones(numbers_of, points, ols, reverse):
    (swapped_of_ols, r2_of_ols), (swapped_of_reverse, r2_of_reverse) = (row(w, points)[-2:] for w in (ols, reverse))
    scores = [r2_of_ols, swapped_of_ols, swapped_of_reverse, r2_of_reverse]
    assert np.round(scores, 4).tolist() == numbers_of("OLS has an R² of")
    assert round(2 - 1 / r2_of_ols, 4) == numbers_of("is what the formula gives")[0]


def test_the_reverse_regression_has_the_claimed_slope_and_intercept(numbers_of, reverse):
    assert reverse[::-1].round(2).tolist() == numbers_of("with slope")


def test_no_line_near_the_reverse_regression_has_a_higher_swapped_score(points, reverse):
    X, y = points
    highest = r2_score(X @ reverse, y)
    others = reverse + np.random.default_rng(0).normal(0, 0.3, (300, 2))
    assert max(r2_score(X @ other, y) for other in others) < highest


def test_the_published_batch_run_ends_as_the_table_says(table, points, batch_path):
    assert table["batch"] == pytest.approx([4500, *row(batch_path[4500], points)], abs=2e-4)


def test_the_published_mini_batch_run_is_9600_updates_with_all_the_data(table, points, batch_gradient, starts):
    path = adam(batch_gradient, starts[2], 9600)
    assert table["mini-batch"] == pytest.approx([9600, *row(path[-1], points)], abs=2e-4)


def test_the_published_stochastic_run_ends_as_the_table_says(table, points, starts):
    X, y, stream = draw()
    x, y = X[:, 1].tolist(), y.tolist()
    b0, w1 = starts[1].tolist()
    m0 = m1 = v0 = v1 = 0.0
    decay1 = decay2 = 1.0
    for _ in range(500):
        order = list(range(N))
        stream.shuffle(order)
        for i in order:
            error = 2 * (b0 + w1 * x[i] - y[i])
            g0, g1 = error, error * x[i]
            decay1, decay2 = decay1 * 0.9, decay2 * 0.999
            m0, m1 = 0.9 * m0 + 0.1 * g0, 0.9 * m1 + 0.1 * g1
            v0, v1 = 0.999 * v0 + 0.001 * g0 * g0, 0.999 * v1 + 0.001 * g1 * g1
            rate = RATE / (1 - decay1)
            b0 -= rate * m0 / ((v0 / (1 - decay2)) ** 0.5 + 1e-8)
            w1 -= rate * m1 / ((v1 / (1 - decay2)) ** 0.5 + 1e-8)
    assert table["stochastic"] == pytest.approx([500_000, *row(np.array([b0, w1]), points)], abs=2e-4)


def test_the_table_says_of_ols_what_scikit_learn_says(table, points, ols):
    assert table["OLS"] == pytest.approx([0, *row(ols, points)], abs=6e-5)


def test_the_swapped_score_puts_batch_first_and_r2_puts_it_last(numbers_of, table):
    best_first = ["batch", "mini-batch", "stochastic", "OLS"]
    swapped, true = (np.array([table[name][column] for name in best_first]) for column in (-2, -1))
    assert swapped.round(3).tolist() == numbers_of("By the source's score batch leads")
    batch, mini_batch, stochastic, ols = true.round(3)
    assert ols == stochastic
    assert [ols, mini_batch, batch] == numbers_of("By R² OLS and stochastic tie")
    assert all(np.diff(swapped) < 0)
    assert all(np.diff(true) >= 0)


def test_the_published_starts_have_the_claimed_losses(numbers_of, points, starts):
    losses = [row(start, points)[2] for start in starts[:3]]
    assert np.round(losses).tolist() == numbers_of("start from losses of")


@pytest.mark.parametrize("shuffle", [False, True])
def test_a_fixed_order_settles_off_ols_and_the_mean_of_a_shuffled_one_does_not(numbers_of, points, ols, shuffle):
    X, y = points
    generator, w, ends = np.random.default_rng(0), ols.copy(), []
    m, v = np.zeros(2), np.zeros(2)
    for epoch in range(600):
        order = generator.permutation(N) if shuffle else np.arange(N)
        for t, first in enumerate(range(0, N, 32), start=1 + 32 * epoch):
            batch = order[first : first + 32]
            g = 2 * (X[batch] @ w - y[batch]) @ X[batch] / len(batch)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        ends.append(w)
    variance = np.sum((y - X @ ols) ** 2) / (N - 2)
    away = (np.mean(ends[200:], axis=0) - ols) / np.sqrt(variance * np.diag(np.linalg.inv(X.T @ X)))
    *settled, count, near = numbers_of("settle 0.19 and 0.07 standard errors")
    if shuffle:
        assert count == 10
        assert np.all(np.abs(away) < near)
    else:
        assert np.abs(away).round(2).tolist() == settled


@pytest.mark.parametrize(("size", "shuffle"), [(32, False), (N, True), (32, True)])
def test_it_takes_slices_and_a_shuffle_to_make_the_curve_bounce(numbers_of, points, starts, size, shuffle):
    X, y = points
    generator, losses = np.random.default_rng(0), []
    w, m, v = starts[2].copy(), np.zeros(2), np.zeros(2)
    for epoch in range(300):
        order = generator.permutation(N) if shuffle else np.arange(N)
        for t, first in enumerate(range(0, N, 32), start=1 + 32 * epoch):
            batch = order[first : first + size] if size < N else order
            errors = X[batch] @ w - y[batch]
            g = 2 * errors @ X[batch] / len(batch)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - RATE * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        losses.append(np.mean(errors**2))
    rises = np.diff(losses)
    times, _, sliced, shuffled, both = numbers_of("times the curve rises")
    assert len(rises) == times
    if shuffle and size < N:
        assert np.sum(rises > 0) == pytest.approx(both, abs=30)  # another order
    else:
        assert np.sum(rises > 1e-6) == (shuffled if shuffle else sliced)


def test_the_batch_run_arrives_after_12000_updates_and_not_after_4500(numbers_of, points, ols, batch_path):
    enough, published, per_cent = numbers_of("in place of 4,500 it is within")
    after = excess(batch_path[[int(published), int(enough)]], points)
    assert after[1] < per_cent / 100 < after[0]
    X_new, y_new, _ = draw(SEED + 1, 100_000)
    arrived, least = (np.mean((y_new - X_new @ weights) ** 2) for weights in (batch_path[int(enough)], ols))
    assert abs(arrived / least - 1) < per_cent / 100


def test_the_batch_run_is_as_far_above_ols_as_claimed_on_old_and_new_points(numbers_of, points, ols, batch_path):
    X_new, y_new, _ = draw(SEED + 1, 100_000)
    new = [np.mean((y_new - X_new @ weights) ** 2) for weights in (batch_path[4500], ols)]
    above = [excess(batch_path[[4500]], points)[0], new[0] / new[1] - 1]
    assert np.round(100 * np.array(above)).tolist() == numbers_of("on its own points, and")


def test_the_plain_rule_takes_the_claimed_first_step_and_ends_at_the_claimed_loss(
    numbers_of, points, ols, batch_gradient, starts, batch_path
):
    w = starts[0]
    assert (-batch_gradient(w)).round(1).tolist() == numbers_of("By the rule in the text")
    assert ((batch_path[1] - batch_path[0]) / RATE).round(3).tolist() == [1, 1]
    for _ in range(4500):
        w = w - RATE * batch_gradient(w)
    losses = [row(weights, points)[2] for weights in (w, batch_path[4500], ols)]
    assert [4500, *np.round(losses, 3)] == numbers_of("By that rule, the same")


def test_the_residual_variance_is_that_of_noise_drawn_twice(numbers_of, points, ols):
    X, y = points
    variance = np.sum((y - X @ ols) ** 2) / (N - 2)
    claimed, far, once, near, twice = numbers_of("The residual variance of")
    assert round(variance, 3) == claimed
    away = [abs(variance - true) / (true * np.sqrt(2 / N)) for true in (once, twice)]
    assert np.round(away, 1).tolist() == [far, near]


def test_the_batch_run_has_the_claimed_r2_on_its_way(numbers_of, points, ols, batch_path):
    at_budgets, at_equal = numbers_of("stochastic ties with OLS"), numbers_of("After 8,000 updates batch has")
    r2 = {updates: round(row(batch_path[updates], points)[-1], 3) for updates in (4500, 8000)}
    assert at_budgets[0] == round(row(ols, points)[-1], 3)
    assert at_budgets[-1] == r2[4500]
    assert at_equal[:2] == [8000, r2[8000]]
    assert numbers_of("After 12,000 updates batch, too") == [12_000]
    assert round(row(batch_path[12_000], points)[-1], 4) == round(row(ols, points)[-1], 4)

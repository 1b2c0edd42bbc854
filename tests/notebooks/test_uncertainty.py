"""Chapter 15 more widely: the covariance of trained weights, the errors and the coverage on other data."""

import numpy as np
import pytest
from scipy import stats

from gd_helpers.data import redraw_noise, simulate_line
from gd_helpers.metrics import ols, sampling_covariance, stability_limit
from gd_helpers.training.redrawn import train_all
from gd_helpers.training.trainer import train

LINES = [
    {"n": 1000, "seed": 37},
    {"n": 1000, "seed": 1},
    {"n": 100, "seed": 2},
    {"n": 50, "intercept": -1.0, "slope": 0.5, "noise": (3.0,), "seed": 3},
]
RUNS, CHANCE = 1000, 1e-3  # of a single interval to miss


def name_of(line):
    return f"n={line['n']}, seed {line['seed']}"


@pytest.fixture(scope="module", params=LINES, ids=name_of)
def found(request):
    """Return 1,000 finished runs on new noise at the same x."""
    data = simulate_line(**request.param)
    return descend(data, rate=0.9 * stability_limit(data), epochs=400)


def descend(data, rate, epochs):
    sets = [redraw_noise(data, seed) for seed in range(RUNS)]
    run = train(sets[0], "batch", epochs=epochs, learning_rate=rate, optimizer="sgd", init=[0, 0])
    return train_all(data, np.array([each.y[:, 0].numpy() for each in sets]), run)


def test_the_covariance_of_trained_weights_is_that_of_theory_in_every_direction(found):
    # in the axes of theory the weights are independent with variance 1: two χ² variances and a correlation of 0
    root = np.linalg.cholesky(sampling_covariance(found.data, found.data.noise_variance))
    white = np.linalg.solve(root, (found.paths[:, -1] - found.data.truth).T)
    low, high = stats.chi2.ppf([CHANCE / 2, 1 - CHANCE / 2], RUNS - 1) / (RUNS - 1)
    assert ((low < white.var(axis=1, ddof=1)) & (white.var(axis=1, ddof=1) < high)).all()
    reach = stats.norm.ppf(1 - CHANCE / 2) / np.sqrt(RUNS - 3)
    assert abs(np.arctanh(np.corrcoef(white)[0, 1])) < reach
    assert np.abs(white.mean(axis=1)).max() < stats.norm.ppf(1 - CHANCE / 2) / np.sqrt(RUNS)


def test_the_share_inside_the_95_per_cent_ellipse_is_95_per_cent(found):
    off = found.paths[:, -1] - found.data.truth
    inverse = np.linalg.inv(sampling_covariance(found.data, found.data.noise_variance))
    inside = np.sum(off @ inverse * off, axis=1) < stats.chi2.ppf(0.95, 2)
    assert stats.binomtest(int(inside.sum()), RUNS, 0.95).pvalue > CHANCE


def test_95_per_cent_intervals_around_finished_runs_cover_93_to_97_per_cent(found):
    assert 0.93 <= found.covered(400) <= 0.97


def test_the_optimisation_error_falls_as_theory_says_and_the_sampling_error_is_p_sigma2_over_n():
    data = simulate_line(n=200, seed=5)
    found = descend(data, rate=0.08, epochs=120)
    X = data.X.double().numpy()
    curvatures, axes = np.linalg.eigh(2 / 200 * X.T @ X)
    heights = curvatures * (axes.T @ data.truth) ** 2 / 2
    left = (1 - 0.08 * curvatures) ** np.arange(121)[:, None]
    np.testing.assert_allclose(found.optimisation, left**2 @ (heights + 2 / 200), rtol=0.05)
    # n / σ² times the sampling error is χ² with two degrees of freedom, variance 4
    assert abs(found.sampling * 200 / 2 - 2) < stats.norm.ppf(1 - CHANCE / 2) * np.sqrt(4 / RUNS)


def test_an_interval_around_an_unfinished_run_covers_what_bias_and_noise_by_then_allow():
    data = simulate_line(n=400, seed=6)
    found = descend(data, rate=0.1, epochs=100)
    X = data.X.double().numpy()
    covariance = sampling_covariance(data, 2)
    for epoch in (50, 70, 80, 90, 100):
        left = np.linalg.matrix_power(np.eye(2) - 0.1 * 2 / 400 * X.T @ X, epoch)
        bias = (left @ data.truth)[1]
        spread = np.sqrt(((np.eye(2) - left) @ covariance @ (np.eye(2) - left).T)[1, 1])
        reach = 1.96 * np.sqrt(covariance[1, 1])
        share = np.diff(stats.norm.cdf((np.array([-reach, reach]) + bias) / spread))[0]
        # s² is larger than σ² by the optimisation error, and Student's t than the normal quantile: some thousandths
        assert found.covered(epoch) == pytest.approx(share, abs=0.01 + 3.3 * np.sqrt(share * (1 - share) / RUNS))


def test_with_new_x_as_well_the_covariance_is_the_mean_of_theory():
    lines = [simulate_line(n=100, seed=seed) for seed in range(6000)]
    weights = np.array([ols(line).weights for line in lines])
    theory = np.mean([sampling_covariance(line, 2) for line in lines], axis=0)
    ratio = np.diag(np.cov(weights.T)) / np.diag(theory)
    assert np.abs(ratio - 1).max() < 3.3 * np.sqrt(2 / 6000) * 1.05  # a mixture of normals, with slightly longer tails


# What the chapter says in between, in closed form: d(w_t, truth) of gradient descent from 0 has the mean of its axes


def errors_by_epoch(X, truth, variance, rate, epochs):
    """Return the mean optimisation error, sampling error and distance to the truth after each epoch."""
    curvatures, axes = np.linalg.eigh(2 / len(X) * X.T @ X)
    left = (1 - rate * curvatures) ** np.arange(epochs + 1)[:, None]
    heights, of_noise = curvatures * (axes.T @ truth) ** 2 / 2, variance / len(X)
    return (
        left**2 @ (heights + of_noise),
        len(curvatures) * of_noise,
        left**2 @ heights + (1 - left) ** 2 @ np.full(len(curvatures), of_noise),
    )


def test_where_the_two_errors_cross_there_is_still_half_of_the_distance_to_gain():
    x = simulate_line(seed=37).x.numpy().astype(float)
    optimisation, sampling, total = errors_by_epoch(np.column_stack([np.ones(1000), x]), [5, 2], 2, 0.1, 400)
    crossing = int(np.argmax(optimisation < sampling))
    assert crossing == 96
    assert total[crossing] / sampling == pytest.approx(2, abs=0.1)
    assert 1 - total[140] / total[97] == pytest.approx(0.45, abs=0.02)
    assert 1 - sampling / total[140] < 0.05


def test_the_extra_epochs_for_more_mornings_depend_on_the_temperatures_and_not_on_their_number():
    def extra_epochs(temperatures, mornings):
        X = np.column_stack([np.ones(temperatures), simulate_line(n=temperatures, seed=37).x.numpy().astype(float)])
        crossings = []
        for n in (mornings, 100 * mornings):
            optimisation, sampling, _ = errors_by_epoch(X, [5, 2], 2 * temperatures / n, 0.1, 400)
            crossings.append(int(np.argmax(optimisation < sampling)))
        return crossings[1] - crossings[0]

    for temperatures, extra in ((36, 76), (1000, 69)):
        for repeats in (1, 10, 100):
            assert abs(extra_epochs(temperatures, repeats * temperatures) - extra) <= 1


@pytest.mark.parametrize(
    ("n", "truth", "gain"), [(1000, [5, 2], 0.0), (20, [5, 2], 0.04), (1000, [1, 0.5], 0.01), (20, [1, 0.5], 0.34)]
)
def test_stopping_early_gains_much_with_few_points_and_a_weak_line_together_and_not_with_either(n, truth, gain):
    x = simulate_line(n=n, seed=37).x.numpy().astype(float)
    _, sampling, total = errors_by_epoch(np.column_stack([np.ones(n), x]), truth, 2, 0.05, 1000)
    assert 1 - total.min() / sampling == pytest.approx(gain, abs=0.005)


def test_stopping_early_gains_much_where_the_truth_is_near_the_start_along_the_flat_axis_and_not_along_the_steep_one():
    x = simulate_line(n=20, seed=37).x.numpy().astype(float)
    X = np.column_stack([np.ones(20), x])
    curvatures, axes = np.linalg.eigh(2 / 20 * X.T @ X)
    carried = np.sqrt(2 * 2 / (20 * curvatures))  # by the noise, along each axis
    for near_flat, near_steep, least, most in ((0.9, 9, 0.25, 1), (9, 0.1, 0, 0.01)):
        truth = axes @ (carried * [near_flat, near_steep])
        _, sampling, total = errors_by_epoch(X, truth, 2, 0.05, 3000)
        assert least < 1 - total.min() / sampling < most


def test_a_run_that_stops_early_lies_between_start_and_truth_along_each_axis_but_with_too_steep_a_slope():
    x = simulate_line(seed=37).x.numpy().astype(float)
    X = np.column_stack([np.ones(1000), x])
    curvatures, axes = np.linalg.eigh(2 / 1000 * X.T @ X)
    for rate, epochs in ((0.05, (5, 70)), (0.1, (70,))):  # at 0.1 the steep axis overshoots, and is done by then
        for epoch in epochs:
            mean = axes @ ((1 - (1 - rate * curvatures) ** epoch) * (axes.T @ [5, 2]))
            reached = (axes.T @ mean) / (axes.T @ [5, 2])
            assert ((reached > 0) & (reached < 1 + 1e-12)).all()
            assert mean[0] < 5
            assert mean[1] > 2
    np.testing.assert_allclose(mean, [4.66, 2.14], atol=0.005)


def test_noise_in_proportion_to_x_makes_usual_intervals_wrong_in_both_directions_and_the_sandwich_mends_them():
    x = simulate_line(seed=37).x.numpy().astype(float)
    X, deviation = np.column_stack([np.ones(1000), x]), np.sqrt(2 * x**2 / np.mean(x**2))
    inverse = np.linalg.inv(X.T @ X)
    exact = np.sqrt(np.diag(inverse @ X.T @ np.diag(deviation**2) @ X @ inverse))
    assumed = np.sqrt(2 * np.diag(inverse))
    by_theory = 2 * stats.norm.cdf(1.96 * assumed / exact) - 1
    rng, runs, held = np.random.default_rng(15), 4000, np.zeros((2, 2))
    for _ in range(runs):
        noise = deviation * rng.normal(size=1000)
        off = inverse @ X.T @ noise
        e = noise - X @ off
        usual = np.sqrt(e @ e / 998 * np.diag(inverse))
        sandwich = np.sqrt(1000 / 998 * np.diag(inverse @ (X.T * e**2) @ X @ inverse))
        held += np.abs(off) < 1.96 * np.array([usual, sandwich])
    lever, cold = (X @ inverse) ** 2, x < x.mean()
    np.testing.assert_allclose(lever[cold].sum(axis=0) / lever.sum(axis=0), [0.81, 0.5], atol=0.005)
    assert by_theory[0] > 0.97
    assert by_theory[1] < 0.93
    np.testing.assert_allclose(held[0] / runs, by_theory, atol=0.015)
    np.testing.assert_allclose(held[1] / runs, 0.95, atol=0.015)


def test_an_interval_for_the_line_says_little_about_a_new_morning_and_the_prediction_interval_holds_95_per_cent():
    x = simulate_line(seed=37).x.numpy().astype(float)
    of_line = 1 / 1000 + (3 - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)  # variance of the height, in units of σ²
    reach = stats.t.ppf(0.975, 998) * np.sqrt([of_line, 1 + of_line])
    rng = np.random.default_rng(16)
    s = np.sqrt(rng.chisquare(998, size=100_000) / 998)
    off = np.sqrt(1 + of_line) * rng.normal(size=s.size)
    share = [np.mean(np.abs(off) < s * each) for each in reach]
    np.testing.assert_allclose(share, [0.068, 0.95], atol=0.005)


def test_adam_at_0_1_has_not_arrived_after_200_epochs_and_at_0_5_it_has():
    # the rule of Kingma and Ba on all mornings, for 50 data sets side by side
    x, rng = simulate_line(seed=37).x.numpy().astype(float), np.random.default_rng(17)
    X = np.column_stack([np.ones(1000), x])
    Y = (X @ [5, 2])[:, None] + np.sqrt(2) * rng.normal(size=(1000, 50))
    least, covariance = np.linalg.lstsq(X, Y, rcond=None)[0], 2 * np.linalg.inv(X.T @ X)
    off = {}
    for rate in (0.1, 0.5):
        w, first, second = np.zeros((3, 2, 50))
        for t in range(1, 201):
            gradient = 2 / 1000 * X.T @ (X @ w - Y)
            first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
            w = w - rate * first / (1 - 0.9**t) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        off[rate] = np.abs(w - least).max(axis=1) / np.sqrt(np.diag(covariance))
        middle = w.mean(axis=1) - [5, 2]
        inside = middle @ np.linalg.inv(covariance) @ middle < stats.chi2.ppf(0.95, 2)
        assert inside == (rate == 0.5)
    assert off[0.1].min() > 5
    assert off[0.5].max() < 0.01

"""The exercises of chapter 16, gradient descent on real data."""

import numpy as np
from sklearn import datasets, model_selection
from sklearn.linear_model import LinearRegression

from gd_helpers import metrics
from gd_helpers.exercises import Misconception, choice, code, prediction


def rows_of(seed, n):
    """Return columns and targets of the training and of the test rows, as arrays."""
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return model_selection.train_test_split(X[:n], y[:n], random_state=seed)


# Exercise 1


def coefficients(seed, n):
    X, _, y, _ = rows_of(seed, n)
    return LinearRegression().fit(X, y).coef_, X, y


def from_fit(change):
    """Return what `change` makes of the coefficients, X and y, as a wrong answer."""
    return lambda seed, n: change(*coefficients(seed, n))


@prediction(
    asks=("points",),
    relative=0.02,
    misconceptions=(
        Misconception(from_fit(lambda w, X, y: w[2]), "That is for one kg/m². The patients differ by four."),
        Misconception(
            from_fit(lambda w, X, y: 4 * w[2] * X[:, 2].std()),
            "You took four times the coefficient per standard deviation. The patients differ by 4 kg/m², which is "
            "about one standard deviation.",
        ),
        Misconception(
            from_fit(lambda w, X, y: w[2] * X[:, 2].std()),
            "That is for one standard deviation of bmi, which is not exactly 4 kg/m².",
        ),
        Misconception(
            from_fit(lambda w, X, y: 4 * np.polyfit(X[:, 2], y, 1)[0]),
            "That uses the slope of a fit to bmi alone, where bmi also accounts for everything that goes along with "
            "it. These two patients differ in bmi alone.",
        ),
        Misconception(
            from_fit(lambda w, X, y: -4 * w[2]), "More points or fewer? Look at the sign of the coefficient."
        ),
    ),
    hints=(
        "A linear model predicts b + Σ wₖ xₖ. What is left of the difference between two predictions if all columns "
        "but one are the same?",
        "It is 4 times the coefficient in points per kg/m²: `best.coef_` has all ten in the order of `X.columns`.",
    ),
    because="All terms but that of bmi cancel in the difference, and so does the intercept. What remains is "
    "$4 \\cdot w_{bmi}$, with the coefficient per kg/m².",
    then="That compares two patients; it does not say what happens to one who gains weight.",
)
def four_units_of_bmi(seed, n):
    X, y = datasets.load_diabetes(as_frame=True, return_X_y=True, scaled=False)
    X_train, _, y_train, _ = model_selection.train_test_split(X.head(n), y.head(n), random_state=seed)
    fit = LinearRegression().fit(X_train, y_train)
    return 4 * fit.coef_[list(X.columns).index("bmi")]


# Exercise 2


@prediction(
    asks=("fits",),
    misconceptions=(
        Misconception(60, "Those are the fits in the folds. Which model predicts afterwards?"),
        Misconception(12, "That is the number of pairs of settings. Each is fitted in five folds."),
        Misconception(13, "Each pair of settings is fitted in five folds, not once."),
        Misconception(35, "Every rate is tried with every batch size: the numbers multiply."),
    ),
    hints=(
        "How many pairs of a rate and a batch size are there, and how often is each of them trained and scored?",
        "What is fitted once more, at the end?",
    ),
    because="Each of the 4 · 3 pairs is trained in 5 folds, on the rows outside the fold. Then the best pair is fitted "
    "once more, to all training rows: that is the model that predicts.",
    then="`search.refit_time_` is the time that this last fit took.",
)
def fits_of_a_search(seed, n):
    return 4 * 3 * 5 + 1


# Exercise 3


@choice(
    options=("higher", "lower", "the same", "it depends on the split"),
    misconceptions=(
        Misconception(
            "higher",
            "True, the errors become smaller numbers. What does R² divide them by, and what becomes of that?",
        ),
        Misconception(
            "lower",
            "What would be lost? Every line in points is also a line in standard deviations. What does R² divide by?",
        ),
        Misconception(
            "it depends on the split",
            "R² itself does. But does its change? Write down R² for a target in another unit, and see what cancels.",
        ),
    ),
    hints=(
        "R² is 1 minus a ratio of two sums of squares. What does another unit of y do to each of them?",
        "Least squares in the new unit gives the old line in the new unit. So predictions and targets are scaled "
        "alike.",
    ),
    because="R² contains a ratio of two sums of squares. Both are divided by the same variance, and shifted targets "
    "have equally shifted predictions. The scores are equal.",
    then="The loss does change, though, and so does the meaning of a `tol` of 0.001.",
)
def r2_with_a_standardised_target(seed, n):
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    X_train, X_test, y_train, y_test = model_selection.train_test_split(X[:n], y[:n], random_state=seed)
    z_train, z_test = ((part - y_train.mean()) / y_train.std() for part in (y_train, y_test))
    plain = metrics.r2(y_test, LinearRegression().fit(X_train, y_train).predict(X_test))
    scaled = metrics.r2(z_test, LinearRegression().fit(X_train, z_train).predict(X_test))
    if abs(scaled - plain) < 1e-9:
        return "the same"
    return "higher" if scaled > plain else "lower"


# Exercise 4


def make_scores():
    cases = [(np.array([0.1, 0.3, 0.2, 0.3, 0.25, 0.2, 0.1, 0.6]), 3)]
    cases.append((np.array([0.1, 0.4, 0.3, 0.35, 0.38, 0.39, 0.5, 0.45, 0.44, 0.43, 0.42, 0.1, 0.2]), 4))
    cases.append((np.array([0.1, 0.2, 0.3, 0.25, 0.35]), 2))
    generator = np.random.default_rng(7)
    for length, patience in ((40, 3), (60, 5)):
        rise = 1 - np.exp(-np.arange(length) / 8)
        cases.append((np.round(rise + generator.normal(0, 0.05, length), 3), patience))
    return cases


def from_right(change):
    """Return what `change` makes of the right stop and best epoch, and of the case."""
    return lambda scores, patience: change(*stop_and_best(scores, patience), scores, patience)


def stop_against_the_last(scores, patience):
    waited = 0
    for epoch in range(2, len(scores) + 1):
        waited = waited + 1 if scores[epoch - 1] < scores[epoch - 2] else 0
        if waited == patience:
            return epoch, int(np.argmax(scores[:epoch])) + 1
    return len(scores), int(np.argmax(scores)) + 1


def stop_at_patience_in_all(scores, patience):
    waited, best = 0, -np.inf
    for epoch, score in enumerate(scores, start=1):
        waited += score < best
        best = max(best, score)
        if waited == patience:
            return epoch, int(np.argmax(scores[:epoch])) + 1
    return len(scores), int(np.argmax(scores)) + 1


def stop_also_at_equals(scores, patience):
    waited, best = 0, -np.inf
    for epoch, score in enumerate(scores, start=1):
        waited = waited + 1 if score <= best else 0
        best = max(best, score)
        if waited == patience:
            return epoch, int(np.argmax(scores[:epoch])) + 1
    return len(scores), int(np.argmax(scores)) + 1


@code(
    cases=make_scores,
    misconceptions=(
        Misconception(
            from_right(lambda stop, best, scores, patience: (stop - 1, best - 1)), "You counted epochs from 0."
        ),
        Misconception(
            from_right(lambda stop, best, scores, patience: (best, stop)),
            "These two are the wrong way round: where it stops comes first.",
        ),
        Misconception(
            from_right(lambda stop, best, scores, patience: (stop, int(np.argmax(scores)) + 1)),
            "Your best epoch comes after the one at which the rule stops. Training never got that far.",
        ),
        Misconception(
            from_right(lambda stop, best, scores, patience: (len(scores), int(np.argmax(scores)) + 1)),
            "You looked at all scores. The rule sometimes stops before their end.",
        ),
        Misconception(
            from_right(lambda stop, best, scores, patience: (stop, stop - int(np.argmax(scores[:stop][::-1])))),
            "Of several epochs with the highest score, you took the last. The first is asked for.",
        ),
        Misconception(
            stop_against_the_last,
            "You compared each score with the one before it. The rule compares it with the best so far.",
        ),
        Misconception(
            stop_at_patience_in_all,
            "You counted all epochs that were worse. The rule requires `patience` of them in a row.",
        ),
        Misconception(
            stop_also_at_equals,
            "A score equal to the best counts as worse in your function. In the rule asked for it does not.",
        ),
        Misconception(lambda scores, patience: stop_and_best(scores, patience)[0], "And which epoch was best?"),
    ),
    hints=(
        "Go through the scores once. Remember the best so far, its epoch, and for how many epochs in a row you waited.",
        "A new best needs `score > best`, strictly, so that the first of equal scores stays. Waiting means "
        "`score < best`.",
    ),
    because="With the best score, the loop also keeps its epoch.",
    then="`GradientDescentRegressor` goes back to the weights of the best epoch.",
)
def stop_and_best(scores, patience):
    best, best_epoch, waited = -np.inf, 0, 0
    for epoch, score in enumerate(scores, start=1):
        waited = waited + 1 if score < best else 0
        if score > best:
            best, best_epoch = score, epoch
        if waited == patience:
            return epoch, best_epoch
    return len(scores), best_epoch


# Exercise 5


def make_fits():
    cases = [(0.5, np.array([2.0, -1.0]), np.array([10.0, 4.0]), np.array([2.0, 0.5]), 100.0, 20.0)]
    generator = np.random.default_rng(11)
    for p in (1, 4, 10):
        cases.append(
            (
                float(generator.normal()),
                generator.normal(size=p),
                generator.normal(20, 30, p),
                generator.uniform(0.5, 9, p),
                float(generator.normal(150, 20)),
                float(generator.uniform(3, 80)),
            )
        )
    return cases


@code(
    cases=make_fits,
    misconceptions=(
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b - (y_deviation * w * deviations) @ means,
                y_deviation * w * deviations,
            ),
            "You multiplied by the columns' deviations. A coefficient is per unit of the scaled column, and that unit "
            "is a whole deviation.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (b - (w / deviations) @ means, w / deviations),
            "Your function undoes the scaling of the columns, but leaves the target standardised.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. Yours is the prediction at the means of the columns. The intercept is the one "
            "where all columns are 0.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b + (y_deviation * w / deviations) @ means,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. In the intercept a sign is wrong: going from the means to 0 is a step of "
            "minus the means.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + b - (y_deviation * w / deviations) @ means,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. In the intercept, b is still in deviations of the target.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_deviation * b - (y_deviation * w / deviations) @ means,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. The intercept lacks the mean of the target.",
        ),
        Misconception(
            lambda *fit: in_original_units(*fit)[::-1],
            "These two are the wrong way round: the intercept comes first.",
        ),
        Misconception(lambda *fit: in_original_units(*fit)[1], "And the intercept?"),
    ),
    hints=(
        "Solve (y − y_mean) / y_deviation = b + Σ wₖ (xₖ − meansₖ) / deviationsₖ for y.",
        "What multiplies xₖ is its coefficient. What is left when every xₖ is 0 is the intercept.",
        "For $w_k = 2$, $s_k = 4$ and $s_y = 10$ the coefficient is $10 \\cdot 2 / 4 = 5$.",
    ),
    because="$y = y_{mean} + s_y b - \\sum s_y w_k m_k / s_k + \\sum (s_y w_k / s_k)\\, x_k$.",
    then="scikit-learn's `TransformedTargetRegressor` scales the target inside the model in the same way.",
)
def in_original_units(b, w, means, deviations, y_mean, y_deviation):
    per_unit = y_deviation * w / deviations
    return y_mean + y_deviation * b - per_unit @ means, per_unit


QUESTIONS = (
    four_units_of_bmi,
    fits_of_a_search,
    r2_with_a_standardised_target,
    stop_and_best,
    in_original_units,
)

"""The exercises of chapter 16, gradient descent on real data."""

import numpy as np
from sklearn import datasets, model_selection
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid

from gd_helpers import metrics
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction


def rows_of(seed, n):
    """Return columns and targets of the training and of the test rows, as arrays."""
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return model_selection.train_test_split(X[:n], y[:n], random_state=seed)


# Exercise 1


def four_units_of_bmi(seed, n):
    X, y = datasets.load_diabetes(as_frame=True, return_X_y=True, scaled=False)
    X_train, _, y_train, _ = model_selection.train_test_split(X.head(n), y.head(n), random_state=seed)
    fit = LinearRegression().fit(X_train, y_train)
    return 4 * fit.coef_[list(X.columns).index("bmi")]


def predict_two_patients(seed, n):
    """Solve least squares with NumPy, and predict for two rows."""
    X, _, y, _ = rows_of(seed, n)
    w = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y, rcond=None)[0]
    one = np.append(1, X.mean(axis=0))
    other = one.copy()
    other[3] += 4
    return (other - one) @ w


def coefficients(seed, n):
    X, _, y, _ = rows_of(seed, n)
    return LinearRegression().fit(X, y).coef_, X, y


def times_four(change):
    """Return what `change` makes of the coefficients, X and y, as a wrong answer."""
    return lambda seed, n: change(*coefficients(seed, n))


FOUR_UNITS_OF_BMI = Prediction(
    solution=four_units_of_bmi,
    expected=predict_two_patients,
    asks=("points",),
    relative=0.02,
    misconceptions=(
        Misconception(times_four(lambda w, X, y: w[2]), "That is for one kg/m². They differ by four."),
        Misconception(
            times_four(lambda w, X, y: 4 * w[2] * X[:, 2].std()),
            "You took the coefficient per standard deviation four times. They differ by 4 kg/m², which is about one "
            "standard deviation.",
        ),
        Misconception(
            times_four(lambda w, X, y: w[2] * X[:, 2].std()),
            "That is for one standard deviation of bmi, which is not quite 4 kg/m².",
        ),
        Misconception(
            times_four(lambda w, X, y: 4 * np.polyfit(X[:, 2], y, 1)[0]),
            "That is the slope of a fit to bmi alone, where bmi answers also for all that goes along with it. These "
            "two differ in bmi alone.",
        ),
        Misconception(
            times_four(lambda w, X, y: -4 * w[2]), "More points or fewer? Look at the sign of the coefficient."
        ),
    ),
    hints=(
        "A linear model predicts b + Σ wₖ xₖ. What is left of the difference of two predictions if all columns but one "
        "are the same?",
        "It is 4 times the coefficient in points per kg/m²: `best.coef_` has the ten in the order of `X.columns`.",
    ),
    because="All terms but that of bmi cancel in the difference, the intercept too: $4 \\cdot w_{bmi}$, with the "
    "coefficient per kg/m².",
    then="That is a comparison of two patients, and not what happens to one who gains weight.",
)


# Exercise 2


def fits_of_a_search(seed, n):
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    rows = len(model_selection.train_test_split(X[:n], y[:n], random_state=seed)[0])
    return 4 * 3 * 5 + 1, rows - rows // 5


def count_fits(seed, n):
    """Let scikit-learn list the settings and the folds, and add the fit to all training rows."""
    X, *_ = rows_of(seed, n)
    settings = ParameterGrid({"learning_rate": range(4), "batch_size": range(3)})
    folds = [training for training, _ in KFold(5).split(X)]
    refits = int(GridSearchCV(LinearRegression(), {}).refit)
    return len(settings) * len(folds) + refits, max(map(len, folds))


FITS_OF_A_SEARCH = Prediction(
    solution=fits_of_a_search,
    expected=count_fits,
    asks=("fits", "rows"),
    misconceptions=(
        Misconception((60, None), "Those are the fits in the folds. What predicts afterwards, and from how many rows?"),
        Misconception((12, None), "That is how many pairs of settings there are. Each is fitted in five folds."),
        Misconception((13, None), "Each pair of settings is fitted in five folds, not once."),
        Misconception((35, None), "Every rate is tried with every batch size: the numbers multiply."),
        Misconception(
            lambda seed, n: (None, len(rows_of(seed, n)[0])),
            "So many are all training rows. In a fold, a part of them is kept for the score.",
        ),
        Misconception(
            lambda seed, n: (None, len(rows_of(seed, n)[0]) // 5),
            "So many are kept for the score. The others train.",
        ),
        Misconception(
            lambda seed, n: (None, min(n, 442) * 4 // 5),
            "That is four fifths of all patients. The search is given the training rows alone.",
        ),
    ),
    hints=(
        "How many pairs of a rate and a batch size are there, and how often is each trained and scored? What is fitted "
        "once more, at the end?",
        "A fifth of the training rows is kept for the score in each fold; 331 do not divide by five, so look at the "
        "smaller of these fifths.",
    ),
    because="Each of the 4 · 3 pairs is trained in 5 folds, on the rows outside of the fold. Then the best pair is "
    "fitted once more, to all training rows: that is the model that predicts.",
    then="`search.refit_time_` is the time of that last fit.",
)


# Exercise 3


def r2_with_a_standardised_target(seed, n):
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    X_train, X_test, y_train, y_test = model_selection.train_test_split(X[:n], y[:n], random_state=seed)
    z_train, z_test = ((part - y_train.mean()) / y_train.std() for part in (y_train, y_test))
    plain = metrics.r2(y_test, LinearRegression().fit(X_train, y_train).predict(X_test))
    scaled = metrics.r2(z_test, LinearRegression().fit(X_train, z_train).predict(X_test))
    if abs(scaled - plain) < 1e-9:
        return "the same"
    return "higher" if scaled > plain else "lower"


def compare_in_points(seed, n):
    """Compare in the units of the target, with NumPy's least squares and scikit-learn's score."""
    X, X_test, y, y_test = rows_of(seed, n)
    ones, ones_test = (np.column_stack([np.ones(len(part)), part]) for part in (X, X_test))
    scores = []
    for middle, unit in ((0, 1), (y.mean(), y.std())):
        w = np.linalg.lstsq(ones, (y - middle) / unit, rcond=None)[0]
        scores.append(r2_score(y_test, middle + unit * (ones_test @ w)))
    return "the same" if np.isclose(*scores) else ("higher" if scores[1] > scores[0] else "lower")


R2_WITH_A_STANDARDISED_TARGET = Choice(
    solution=r2_with_a_standardised_target,
    expected=compare_in_points,
    options=("higher", "lower", "the same", "it depends on the split"),
    misconceptions=(
        Misconception(
            "higher",
            "The errors become smaller numbers, true. What does R² divide them by, and what does that become?",
        ),
        Misconception(
            "lower",
            "What would be lost? Every line in points is a line in standard deviations. And what does R² divide by?",
        ),
        Misconception(
            "it depends on the split",
            "R² itself does. But its change? Write R² down for a target in another unit, and see what cancels.",
        ),
    ),
    hints=(
        "R² is 1 minus a ratio of two sums of squares. What does another unit of y do to each of them?",
        "Least squares in the new unit is the old line, in the new unit. So predictions and targets are scaled alike.",
    ),
    because="R² is a ratio: both of its sums of squares are divided by the same variance, and shifted targets have "
    "shifted predictions. The scores are equal.",
    then="The loss is another, though, and with it what a `tol` of 0.001 means.",
)


# Exercise 4


def stop_and_best(scores, patience):
    best, best_epoch, waited = -np.inf, 0, 0
    for epoch, score in enumerate(scores, start=1):
        waited = waited + 1 if score < best else 0
        if score > best:
            best, best_epoch = score, epoch
        if waited == patience:
            return epoch, best_epoch
    return len(scores), best_epoch


def look_at_all_windows(scores, patience):
    """Find the first run of `patience` epochs below the best before each, by NumPy."""
    scores = np.asarray(scores)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(scores)[:-1]])
    worse = scores < before
    ends = [end for end in range(patience, len(scores) + 1) if worse[end - patience : end].all()]
    stop = ends[0] if ends else len(scores)
    return stop, int(np.argmax(scores[:stop])) + 1


def make_scores():
    cases = [(np.array([0.1, 0.3, 0.2, 0.3, 0.25, 0.2, 0.1, 0.6]), 3)]
    cases.append((np.array([0.1, 0.4, 0.3, 0.35, 0.38, 0.39, 0.5, 0.45, 0.44, 0.43, 0.42, 0.1, 0.2]), 4))
    cases.append((np.array([0.1, 0.2, 0.3, 0.25, 0.35]), 2))
    generator = np.random.default_rng(7)
    for length, patience in ((40, 3), (60, 5)):
        rise = 1 - np.exp(-np.arange(length) / 8)
        cases.append((np.round(rise + generator.normal(0, 0.05, length), 3), patience))
    return cases


def from_windows(change):
    """Return what `change` makes of the right stop and best epoch, and of the case."""
    return lambda scores, patience: change(*look_at_all_windows(scores, patience), scores, patience)


def stop_against_the_last(scores, patience):
    waited = 0
    for epoch in range(2, len(scores) + 1):
        waited = waited + 1 if scores[epoch - 1] < scores[epoch - 2] else 0
        if waited == patience:
            return epoch, int(np.argmax(scores[:epoch])) + 1
    return len(scores), int(np.argmax(scores)) + 1


def stop_at_so_many_in_all(scores, patience):
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


STOP_AND_BEST = Code(
    solution=stop_and_best,
    expected=look_at_all_windows,
    cases=make_scores,
    misconceptions=(
        Misconception(
            from_windows(lambda stop, best, scores, patience: (stop - 1, best - 1)), "You counted epochs from 0."
        ),
        Misconception(
            from_windows(lambda stop, best, scores, patience: (best, stop)),
            "These two are the wrong way round: where it stops comes first.",
        ),
        Misconception(
            from_windows(lambda stop, best, scores, patience: (stop, int(np.argmax(scores)) + 1)),
            "Your best epoch comes after the one at which the rule has stopped. Nobody has trained that far.",
        ),
        Misconception(
            from_windows(lambda stop, best, scores, patience: (len(scores), int(np.argmax(scores)) + 1)),
            "You looked at all scores. The rule stops before the end of some.",
        ),
        Misconception(
            from_windows(lambda stop, best, scores, patience: (stop, stop - int(np.argmax(scores[:stop][::-1])))),
            "Of several epochs with the highest score you took the last. The first is asked for.",
        ),
        Misconception(
            stop_against_the_last,
            "You compared each score with the one before it. The rule compares it with the best so far.",
        ),
        Misconception(
            stop_at_so_many_in_all,
            "You counted all epochs that were worse. The rule wants `patience` of them in a row.",
        ),
        Misconception(
            stop_also_at_equals,
            "A score equal to the best counts as worse in your function. In the rule of the chapter it does not.",
        ),
        Misconception(lambda scores, patience: look_at_all_windows(scores, patience)[0], "And which epoch was best?"),
    ),
    hints=(
        "Begin with `stops_after` of the chapter, and remember one number more: in which epoch the best score came.",
        "A new best is `score > best`, strictly, so that the first of equals stays. A wait is `score < best`.",
    ),
    because="The rule is that of the chapter. Beside the best score the loop keeps the epoch in which it came.",
    then="`GradientDescentRegressor` keeps the weights of where it stops, as `SGDRegressor` does. With the second "
    "number you could go back to the best ones.",
)


# Exercise 5


def in_original_units(b, w, means, deviations, y_mean, y_deviation):
    per_unit = y_deviation * w / deviations
    return y_mean + y_deviation * b - per_unit @ means, per_unit


def read_off_predictions(b, w, means, deviations, y_mean, y_deviation):
    """Predict at the origin, and one unit away from it in each column."""

    def predict(x):
        return y_mean + y_deviation * (b + np.dot(w, (x - means) / deviations))

    at_zero = predict(np.zeros(len(w)))
    return at_zero, np.array([predict(step) - at_zero for step in np.eye(len(w))])


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


IN_ORIGINAL_UNITS = Code(
    solution=in_original_units,
    expected=read_off_predictions,
    cases=make_fits,
    misconceptions=(
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b - (y_deviation * w * deviations) @ means,
                y_deviation * w * deviations,
            ),
            "You multiplied by the deviations of the columns. A coefficient is per unit of the scaled column, and that "
            "unit is a whole deviation.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (b - (w / deviations) @ means, w / deviations),
            "Your function takes the columns back and leaves the target standardised.",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. The intercept is that at the means of the columns: where are all columns 0?",
        ),
        Misconception(
            lambda b, w, means, deviations, y_mean, y_deviation: (
                y_mean + y_deviation * b + (y_deviation * w / deviations) @ means,
                y_deviation * w / deviations,
            ),
            "The coefficients are right. In the intercept a sign is wrong: from the means to 0 is a step down.",
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
            lambda *fit: read_off_predictions(*fit)[::-1],
            "These two are the wrong way round: the intercept comes first.",
        ),
        Misconception(lambda *fit: read_off_predictions(*fit)[1], "And the intercept?"),
    ),
    hints=(
        "Solve (y − y_mean) / y_deviation = b + Σ wₖ (xₖ − meansₖ) / deviationsₖ for y.",
        "What stands before xₖ is its coefficient. All that is left when every xₖ is 0 is the intercept.",
        "For $w_k = 2$, $s_k = 4$ and $s_y = 10$ the coefficient is $10 \\cdot 2 / 4 = 5$.",
    ),
    because="$y = y_{mean} + s_y b - \\sum s_y w_k m_k / s_k + \\sum (s_y w_k / s_k)\\, x_k$.",
    then="With `TransformedTargetRegressor` scikit-learn scales the target inside the model in the same way.",
)

QUESTIONS = (
    FOUR_UNITS_OF_BMI,
    FITS_OF_A_SEARCH,
    R2_WITH_A_STANDARDISED_TARGET,
    STOP_AND_BEST,
    IN_ORIGINAL_UNITS,
)

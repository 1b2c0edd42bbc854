"""Another way to the answers of chapter 16."""

import numpy as np
from sklearn import datasets, model_selection
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, KFold, ParameterGrid


def rows_of(seed, n):
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return model_selection.train_test_split(X[:n], y[:n], random_state=seed)


def four_units_of_bmi(seed, n):
    """Solve least squares with NumPy, and predict for two rows."""
    X, _, y, _ = rows_of(seed, n)
    w = np.linalg.lstsq(np.column_stack([np.ones(len(X)), X]), y, rcond=None)[0]
    one = np.append(1, X.mean(axis=0))
    other = one.copy()
    other[3] += 4
    return (other - one) @ w


def fits_of_a_search(seed, n):
    """Let scikit-learn list the settings and the folds, and add the fit to all training rows."""
    X, *_ = rows_of(seed, n)
    settings = ParameterGrid({"learning_rate": range(4), "batch_size": range(3)})
    folds = [training for training, _ in KFold(5).split(X)]
    refits = int(GridSearchCV(LinearRegression(), {}).refit)
    return len(settings) * len(folds) + refits


def r2_with_a_standardised_target(seed, n):
    """Compare in the units of the target, with NumPy's least squares and scikit-learn's score."""
    X, X_test, y, y_test = rows_of(seed, n)
    ones, ones_test = (np.column_stack([np.ones(len(part)), part]) for part in (X, X_test))
    scores = []
    for middle, unit in ((0, 1), (y.mean(), y.std())):
        w = np.linalg.lstsq(ones, (y - middle) / unit, rcond=None)[0]
        scores.append(r2_score(y_test, middle + unit * (ones_test @ w)))
    return "the same" if np.isclose(*scores) else ("higher" if scores[1] > scores[0] else "lower")


def stop_and_best(scores, patience):
    """Find the first run of `patience` epochs below the best before each, by NumPy."""
    scores = np.asarray(scores)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(scores)[:-1]])
    worse = scores < before
    ends = [end for end in range(patience, len(scores) + 1) if worse[end - patience : end].all()]
    stop = ends[0] if ends else len(scores)
    return stop, int(np.argmax(scores[:stop])) + 1


def in_original_units(b, w, means, deviations, y_mean, y_deviation):
    """Predict at the origin, and one unit away from it in each column."""

    def predict(x):
        return y_mean + y_deviation * (b + np.dot(w, (x - means) / deviations))

    at_zero = predict(np.zeros(len(w)))
    return at_zero, np.array([predict(step) - at_zero for step in np.eye(len(w))])

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import mean_squared_error, r2_score

from gd_helpers.data import simulate_line
from gd_helpers.models import get_weights, linear, mlp, set_weights
from gd_helpers.training import losses
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.runs import Run, make_trace, score

RECIPE = Recipe.complete(
    "mini-batch", 100, epochs=3, learning_rate=0.5, optimizer="sgd", init_seed=1, shuffle_seed=2
)  # 4 updates an epoch
LOSSES, BATCH_LOSSES = np.array([9.0, 4.0, 1.0]), np.array([8.0, 5.0, 2.0])


def run_of(model=None, **changes):
    model = set_weights(linear(), [5, 2]) if model is None else model
    size = sum(weight.numel() for weight in model.parameters())
    path = np.arange(4 * size, dtype=float).reshape(4, size)
    record = {"mse": 1.5, "r2": 0.5, "seconds": 0.25, "diverged": False, "interrupted": False}
    trace = make_trace(RECIPE, LOSSES, BATCH_LOSSES)
    return Run(
        **{**record, "recipe": RECIPE, "engine": "eager", "model": model, "trace": trace, "path": path, **changes}
    )


def test_the_trace_counts_epochs_updates_and_examples():
    expected = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "updates": [4, 8, 12],
            "examples": [100, 200, 300],
            "loss": [9.0, 4.0, 1.0],
            "batch_loss": [8.0, 5.0, 2.0],
        }
    )
    pd.testing.assert_frame_equal(make_trace(RECIPE, LOSSES, BATCH_LOSSES), expected)


def test_the_trace_of_a_run_that_stopped_early_ends_there():
    assert make_trace(RECIPE, LOSSES[:2], BATCH_LOSSES[:2]).updates.tolist() == [4, 8]


def test_the_trace_of_no_epoch_keeps_its_columns_and_their_types():
    trace = make_trace(RECIPE, [], [])
    assert trace.empty
    assert trace.dtypes.to_dict() == make_trace(RECIPE, LOSSES, BATCH_LOSSES).dtypes.to_dict()


def test_the_weights_are_the_last_row_of_the_path():
    assert run_of().weights.tolist() == [6, 7]


@pytest.mark.parametrize("epochs", [0, 2, 3])
def test_the_updates_are_those_of_the_finished_epochs(epochs):
    assert run_of(trace=make_trace(RECIPE, LOSSES[:epochs], BATCH_LOSSES[:epochs])).updates == 4 * epochs


@pytest.mark.parametrize(
    ("diverged", "interrupted", "status"),
    [(False, False, "finished"), (True, False, "diverged"), (False, True, "interrupted"), (True, True, "diverged")],
)
def test_the_status_says_how_the_run_ended(diverged, interrupted, status):
    run = run_of(diverged=diverged, interrupted=interrupted)
    assert run.status == run.summary()["status"] == status


def test_the_summary_of_a_linear_model_is_one_row_with_its_weights():
    expected = {
        "method": "mini-batch",
        "optimizer": "sgd",
        "learning_rate": 0.5,
        "batch_size": 32,
        "epochs": 3,
        "updates": 12,
        "examples": 300,
        "seconds": 0.25,
        "b0": 6.0,
        "w1": 7.0,
        "mse": 1.5,
        "r2": 0.5,
        "status": "finished",
    }
    assert run_of().summary().to_dict() == expected


def test_the_summary_of_a_network_claims_no_intercept_and_no_slope():
    assert not {"b0", "w1"} & set(run_of(mlp((2, 2, 1))).summary().index)


def test_the_summary_of_a_diverged_run_is_complete():
    run = run_of(diverged=True, mse=float("inf"), r2=float("-inf"), path=np.full((4, 2), np.nan))
    assert run.summary().index.tolist() == run_of().summary().index.tolist()


@pytest.mark.parametrize("as_given", [lambda X: X, torch.tensor, lambda X: torch.tensor(X).double().numpy()])
def test_predictions_are_those_of_the_line(as_given):
    predictions = run_of().predict(as_given([[1.0, 0.0], [1.0, 3.0]]))
    assert predictions.tolist() == [[5], [11]]
    assert not predictions.requires_grad


def test_predictions_of_a_float64_model_round_nothing():
    model = set_weights(linear().double(), [0.1, 0.2])
    assert run_of(model).predict([[1.0, 0.3]]).item() == 0.1 + 0.2 * 0.3


def test_a_run_cannot_be_changed_by_assignment():
    with pytest.raises(FrozenInstanceError):
        run_of().mse = 0.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_score_is_that_of_scikit_learn_in_float64_with_the_truth_first(dtype):
    data = simulate_line(n=100).to(dtype)
    model = set_weights(linear().to(dtype), [4.1, 3.3])
    y, predictions = data.y.double().numpy(), data.X.double().numpy() @ get_weights(model).double().numpy()[:, None]
    expected = mean_squared_error(y, predictions), r2_score(y, predictions)
    assert score(model, data) == pytest.approx(expected, rel=1e-12)


def test_the_score_of_many_rows_is_that_of_all_of_them_at_once(monkeypatch):
    data, model = simulate_line(n=100), mlp((2, 3, 1))
    expected = score(model, data)
    monkeypatch.setattr(losses, "ROWS", 7)
    assert score(model, data) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("weight", "expected"), [(float("inf"), float("inf")), (float("nan"), float("nan"))])
@pytest.mark.filterwarnings("error")
def test_the_score_of_weights_that_left_the_finite_numbers_is_not_finite(weight, expected):
    data = simulate_line(n=100)
    ours, r2 = score(set_weights(linear(), [weight, 0]), data)
    assert ours == pytest.approx(expected, nan_ok=True)
    assert not np.isfinite(r2)

import numpy as np
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gd_helpers.data import Line, simulate_line
from gd_helpers.models import mlp
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training import replicate, train
from gd_helpers.training.engines import compiled
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.recipes import SCHEDULES

VARIED = st.sets(st.sampled_from(["data", "init", "shuffle"]), min_size=1).map(sorted)


@st.composite
def recipes(draw):
    """Draw settings of `train` for up to 40 examples; of the rates, the larger ones let some or all seeds diverge."""
    epochs = draw(st.integers(1, 30))
    return {
        "method": draw(st.sampled_from(["batch", "stochastic", "mini-batch"])),
        "epochs": epochs,
        "batch_size": draw(st.none() | st.integers(1, 6)),
        "replacement": draw(st.booleans()),
        "learning_rate": draw(st.sampled_from([1e-3, 0.1, 0.3, 1.0, 100.0])),
        "schedule": draw(st.sampled_from(list(SCHEDULES))),
        "optimizer": draw(st.sampled_from(list(OPTIMIZERS))),
        "average_after": draw(st.none() | st.integers(0, epochs - 1)),
    }


@st.composite
def makers(draw):
    """Draw a function that makes data of n examples in p columns from a seed."""
    n, p = draw(st.integers(6, 40)), draw(st.integers(1, 4))
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))

    def make(seed):
        generator = np.random.default_rng(seed)
        X, y = (torch.from_numpy(generator.normal(1, 1, (n, columns))).to(dtype) for columns in (p, 1))
        return Line(X=X, y=5 * y, truth=np.zeros(p), noise_variance=1.0)

    return make


def drawn(seed, vary):
    return {f"{what}_seed": seed for what in ("init", "shuffle") if what in vary}


def models(make):
    """Return a linear model, one with a bias, and a network, for data such as `make` gives."""
    columns = make(seed=0).X.shape[1]
    return [None, mlp((columns, 1), bias=True), mlp((columns, 3, 1), "tanh")]


@settings(max_examples=40)
@given(make=makers(), recipe=recipes(), kind=st.integers(0, 2), vary=VARIED, runs=st.integers(1, 2 * LANES + 3))
def test_replicates_are_seed_by_seed_to_the_bit_what_train_gives(make, recipe, kind, vary, runs):
    recipe = {**recipe, "model": models(make)[kind]}
    seeds = list(range(100, 100 + runs))
    data = make if "data" in vary else make(seed=7)
    table = replicate({"": recipe}, seeds, data=data, vary=vary, jobs=1, show_progress=False)
    for seed, row in zip(seeds, table.to_dict("records"), strict=True):
        run = train(make(seed=seed) if "data" in vary else data, **recipe, **drawn(seed, vary))
        for name, value in run.summary().drop("seconds").items():
            np.testing.assert_array_equal(row[name], value, strict=True)


@settings(max_examples=25)
@given(make=makers(), recipe=recipes(), biased=st.booleans(), varies=st.booleans())
@example(make=simulate_line, recipe={"method": "stochastic", "epochs": 3}, biased=False, varies=True)
def test_every_lane_walks_to_the_bit_the_path_of_train(make, recipe, biased, varies):
    seeds, model = range(LANES), models(make)[biased]
    data = [make(seed=seed if varies else 0) for seed in seeds]
    runs = [train(data[seed], **recipe, model=model, seed=seed) for seed in seeds]
    X, y = (np.stack([getattr(each, name).numpy() for each in data], axis=-1) for name in "Xy")
    w = np.stack([run.path[0] for run in runs], axis=-1).astype(X.dtype)
    layers = compiled.read_layers(runs[0].model)
    chunks = list(compiled.run_side_by_side(layers, X, np.ascontiguousarray(y[:, 0]), w, runs[0].recipe, seeds))
    for lane, run in enumerate(runs):
        rows = [slice(0, chunk.epochs[lane]) for chunk in chunks]
        path = np.concatenate([chunk.path[part, :, lane] for chunk, part in zip(chunks, rows, strict=True)])
        assert path.tobytes() == run.path[1:].tobytes()
        for ours, theirs in (("losses", "loss"), ("batch_losses", "batch_loss")):
            losses = [getattr(chunk, ours)[part, lane] for chunk, part in zip(chunks, rows, strict=True)]
            np.testing.assert_array_equal(np.concatenate(losses), run.trace[theirs])
        assert chunks[-1].finite[lane] == (not run.diverged)

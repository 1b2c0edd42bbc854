import pytest

from gd_helpers import plotting
from gd_helpers.data import simulate_line
from gd_helpers.training import train


@pytest.fixture
def ax():
    return plotting.subplots()[1]


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def run(data):
    return train(data, "mini-batch", epochs=5, batch_size=20, learning_rate=0.1, optimizer="sgd")


@pytest.fixture(scope="module")
def diverged(data):
    run = train(data, "batch", epochs=500, learning_rate=1.0, optimizer="sgd")
    assert run.diverged
    return run

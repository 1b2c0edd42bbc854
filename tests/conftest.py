"""What tests of several modules share."""

import random

import numpy as np
import pytest
import torch

from gd_helpers.lesson import claims

torch.set_num_threads(1)  # tensors this small gain nothing from a second thread, and lose to whatever else runs


@pytest.fixture(autouse=True)
def _claims_raise_again():
    """Leave the mode of the claims as it is on import, whatever a test sets."""
    yield
    claims.report_failures(False)


@pytest.fixture
def global_random_state(seed_globally):
    """Return a function that gives the state of the three global generators as one comparable value.

    They are seeded with a number that nothing here uses: seeding them with 37 again must not look like no change.
    """
    seed_globally(424_242)

    def state():
        numpy_state = np.random.get_state(legacy=False)  # noqa: NPY002 the global stream is what is looked at
        return (
            random.getstate(),
            repr(numpy_state),
            numpy_state["state"]["key"].tobytes(),
            torch.get_rng_state().tolist(),
        )

    return state


@pytest.fixture
def seed_globally():
    """Return a function that seeds the three global generators, and put their states back afterwards."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002

    def seed(value):
        random.seed(value)
        np.random.seed(value)  # noqa: NPY002
        torch.manual_seed(value)

    yield seed
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002
    torch.set_rng_state(before[2])

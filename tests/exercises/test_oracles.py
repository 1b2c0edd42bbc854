"""What the oracles share."""

import itertools

import numpy as np
import torch
from exercises.oracles import adam


def test_adam_in_numpy_takes_the_steps_of_torch():
    hessian, start = np.array([[3.0, 1.0], [1.0, 0.5]]), np.array([2.0, -1.0])
    walk = list(itertools.islice(adam.descend(lambda w: hessian @ w, start, 0.1), 30))
    weights = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = torch.optim.Adam([weights], lr=0.1)
    for w in walk:
        assert np.allclose(w, weights.detach(), rtol=1e-12)
        weights.grad = torch.from_numpy(hessian @ w)
        optimizer.step()


def test_the_updates_of_adam_are_counted_to_a_height():
    hessian, off = np.eye(1), np.array([1.0])
    walk = (off @ off / 2 for off in adam.descend(lambda off: off, off, 0.1))
    heights = list(itertools.islice(walk, 9))
    assert [adam.count_updates(hessian, off, height, 0.1) for height in heights] == list(range(9))

"""Another way to the answers of chapter 08."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from gd_helpers.data import simulate_line


def ten_epochs_of_300(n):
    """Have a loader deliver its batches, and count."""
    with torch.random.fork_rng(devices=[]):  # each epoch of a loader takes a number from the global generator
        loader = DataLoader(range(n), batch_size=300, drop_last=True)
        return sum(len(list(loader)) for _ in range(10))


def line_that_draws():
    """Compare the state of the loader's generator before and after each of the lines."""
    generator = torch.Generator().manual_seed(1)
    loader, other = (DataLoader(range(100), batch_size=10, shuffle=True, generator=generator) for _ in range(2))
    lines = {
        "print(len(loader))": lambda: len(loader),
        "extra = torch.nn.Linear(2, 1)": lambda: torch.rand(3),
        "torch.manual_seed(2)": lambda: torch.manual_seed(2),
        "print(next(iter(other)))": lambda: next(iter(other)),
    }
    moving = []
    with torch.random.fork_rng(devices=[]):
        for line, run in lines.items():
            before = generator.get_state()
            run()
            if not torch.equal(before, generator.get_state()):
                moving.append(line)
    (found,) = moving
    return found


def bug_of_the_wave(n, seed):
    """See in which order a batch has a mean flow far from that of all, the cause of a wave."""
    _, y = simulate_line(n=n, seed=seed).numpy()
    mixed = np.random.default_rng(2024).permutation(n)
    orders = {
        "sorted by flow, not shuffled": np.argsort(y),
        "generator seeded anew each epoch": mixed,
        "last batch dropped": mixed[: n - n % 32],
    }
    (found,) = [bug for bug, order in orders.items() if abs(y[order[:32]].mean() - y.mean()) > y.std() / 2]
    return found


def rows_of_epoch(n, batch_size, seed, drop_last):
    """Have a loader cut the order."""
    order = np.random.default_rng(seed).permutation(n).tolist()
    with torch.random.fork_rng(devices=[]):
        return tuple(batch.numpy() for batch in DataLoader(order, batch_size=batch_size, drop_last=drop_last))


def stack_examples(examples):
    """Make the arrays first, and fill them in row by row."""
    X, y = np.zeros((len(examples), len(examples[0][0])), np.float32), np.zeros((len(examples), 1), np.float32)
    for row, (x, value) in enumerate(examples):
        X[row], y[row, 0] = x.numpy(), value
    return torch.from_numpy(X), torch.from_numpy(y)

"""The exercises of chapter 03: Adam's memory, a bug by its curve, when to stop, and a good rate of plain descent."""

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import ols
from gd_helpers.models import linear
from gd_helpers.training.trainer import train

# Exercise 1


def count_with_adam_by_hand(n, seed, learning_rate):
    """Write Adam out in NumPy, on the loss as a bowl, and count its updates to within 0.1 %."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    hessian, best = 2 / n * X.T @ X, np.linalg.lstsq(X, y, rcond=None)[0]
    near = 0.001 * np.mean((X @ best - y) ** 2)
    off = linear(seed=seed)[0].weight.detach().double().numpy().ravel() - best
    m, v, k = np.zeros(2), np.zeros(2), 0
    while off @ hessian @ off / 2 >= near:
        k, g = k + 1, hessian @ off
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        off = off - learning_rate * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
    return k


@choice(
    options=("a hundredth", "a tenth", "a third", "as many"),
    misconceptions=(
        Misconception("a hundredth", "A hundredth? Even if all steps were ten times as long, a tenth would be needed."),
        Misconception(
            "a tenth",
            "A tenth would be right if a step were always α. But Adam shortens its steps on the way, by a memory that "
            "does not depend on α.",
        ),
        Misconception("as many", "Steps ten times as long do help: if all were α long, a tenth would do."),
    ),
    hints=(
        "At full stride, about distance / α updates would do. How many is that at α = 0.01, and how many updates does "
        "Adam remember?",
        "At α = 0.01 some 500 steps of α would do. But after 500, Adam still measures the gradient against its "
        "steep beginning. So is it more than a tenth, or less?",
        "Or count: run `train` with `learning_rate=0.01`, and look in `run.trace` for the first loss below "
        "`1.001 * best.mse`.",
    ),
    because="Far fewer, but more than a tenth. At full stride, 500 steps of 0.01 would do. But Adam divides by its "
    "running measure of the gradient, which remembers the steep beginning for some thousand updates, and keeps the "
    "steps short for as long. With a memory of ten updates, `betas=(0.9, 0.9)` in `torch.optim.Adam`, the intercept "
    "keeps its full stride nearly to the end.",
)
def updates_at_ten_times_the_rate(n, seed):
    data = simulate_line(n=n, seed=seed)
    needed = []
    for rate in (0.001, 0.01):
        run = train(data, "batch", epochs=20_000, learning_rate=rate, seed=seed)
        needed.append(run.trace.updates[run.trace.loss < 1.001 * ols(data).mse].min())
    ratios = {"a hundredth": 1 / 100, "a tenth": 1 / 10, "a third": 1 / 3, "as many": 1}
    return min(ratios, key=lambda name: abs(np.log(needed[1] / needed[0] / ratios[name])))


# Exercise 2


def scale_up(share):
    """Return where the run ends if it goes as far on the way to 50 as `share` makes of this chapter's way to 5."""

    def end(n, seed):
        start = linear(seed=seed)[0].weight[0, 0].item()
        final = train(simulate_line(n=n, seed=seed), "batch", epochs=4500, seed=seed).weights[0]
        return share(start, final)

    return end


@prediction(
    asks=("b0 at the end",),
    relative=0.04,
    misconceptions=(
        Misconception(4.5, "That is how far steps of α would go. Where did it start?"),
        Misconception(50, "It does not arrive: how far do 4,500 steps of about 0.001 go?"),
        Misconception(45.5, "That is how far it still has to go. Where is it?"),
        Misconception(
            lambda n, seed: train(simulate_line(n=n, seed=seed), "batch", epochs=4500, seed=seed).weights[0],
            "That is where this chapter's run ends. There the slope of the loss shrinks on the way; here it stays "
            "steep throughout.",
        ),
        Misconception(
            scale_up(lambda start, final: 50 * final / 5),
            "You scaled the result with the goal. But Adam's steps here are about α at most, however far the goal.",
        ),
        Misconception(
            scale_up(lambda start, final: start + (50 - start) * (final - start) / (5 - start)),
            "You let it go the same share of the way as before. But a step of Adam is no share of the way.",
        ),
        Misconception(
            scale_up(lambda start, final: (50 - start) * final / (5 - start)),
            "You scaled the result with the distance. But Adam's steps here are about α at most, however far it is.",
        ),
        Misconception(0.0045, "One step is 0.001 long, and there are 4,500 of them: check the power of ten."),
    ),
    hints=(
        "How far do 4,500 steps of α = 0.001 go?",
        "The gradient stays large all the time, so nearly every step is taken at full stride, from a start near 0.",
    ),
    because="The goal is so far away that the gradient shrinks by only a quarter, and Adam makes nearly every step α "
    "long: the run ends nearly $4{,}500 \\cdot 0.001 = 4.5$ above its start, at about 4.7. Had the goal been 5, the "
    "gradient would have shrunk to a twentieth, and the steps to about a quarter of α.",
)
def intercept_of_fifty(n, seed):
    data = simulate_line(n=n, intercept=50.0, seed=seed)
    return train(data, "batch", epochs=4500, learning_rate=0.001, seed=seed).weights[0]


# Exercise 3


@choice(
    options=(
        "zero_grad is missing",
        "opt was made for another model",
        "the step goes along the gradient",
        "the rate is ten times too large",
    ),
    misconceptions=(
        Misconception(
            "zero_grad is missing",
            "Adam would still move the weights by about α an update, and the loss with them. Here nothing moves.",
        ),
        Misconception(
            "the step goes along the gradient", "Then the loss would rise from the first update on. Here it stays."
        ),
        Misconception(
            "the rate is ten times too large", "Then the weights would move ten times as far. Here they stay."
        ),
    ),
    hints=(
        "The loss is the same after every update. What does that say about the weights?",
        "`opt.step()` runs, and moves weights. Are they those of the model whose loss is recorded?",
    ),
    because="The weights never change, so the steps go elsewhere: `opt` holds the weights that it was given at first. "
    "If the model is made anew after that, `opt` still steps with the old one.",
    then="Make the model first, then the optimizer, and both again before each new run.",
)
def bug_of_the_flat_curve():
    seen = [71.9, 71.9, 71.9, 71.9]  # after 0, 100, 200 and 300 updates
    data, loss_fn = simulate_line(), torch.nn.MSELoss()

    def losses_with(learning_rate=0.001, clear=True, maximize=False, other=False):
        model = linear(seed=37)
        stepped = linear(seed=37) if other else model
        opt = torch.optim.Adam(stepped.parameters(), lr=learning_rate, maximize=maximize)
        losses = []
        for _ in range(301):
            loss = loss_fn(model(data.X), data.y)
            losses.append(loss.item())
            if clear:
                opt.zero_grad()
            loss.backward()
            opt.step()
        return losses[::100]

    curves = {
        "zero_grad is missing": losses_with(clear=False),
        "opt was made for another model": losses_with(other=True),
        "the step goes along the gradient": losses_with(maximize=True),
        "the rate is ten times too large": losses_with(learning_rate=0.01),
    }
    return min(curves, key=lambda bug: np.abs(np.subtract(curves[bug], seen)).max())


# Exercise 4


def draw_curves():
    k = np.arange(3000)
    swinging = 5 + 40 * np.exp(-k / 500) + 3 * np.exp(-k / 900) * np.cos(k / 15)
    return [
        (np.array([20.0, 12.0, 7.0, 4.0, 2.5, 2.2, 2.1, 2.05, 2.03, 2.02]), 0.5, 3),
        (1.84 + 80 * np.exp(-k / 300), 0.01, 100),
        (1 + 50 / (1 + k), 0.02, 50),
        (swinging, 0.3, 20),
    ]


@code(
    cases=draw_curves,
    misconceptions=(
        Misconception(
            lambda losses, fall, window: stopping_update(losses, fall, 1),
            "You compared neighbours. The fall is counted over the last `window` updates.",
        ),
        Misconception(
            lambda *case: stopping_update(*case) - case[2],
            "That is where the flat stretch begins. The loop cannot know that before the stretch ends.",
        ),
        Misconception(
            lambda *case: stopping_update(*case) + 1,
            "One too many: `losses[0]` is the loss before the first update, so `losses[k]` is the one after update k.",
        ),
        Misconception(
            lambda losses, fall, window: next(
                k for k in range(window, len(losses)) if 1 - losses[k] / losses[k - window] < fall
            ),
            "You took the fall as a share of the loss. `fall` is in the units of the loss.",
        ),
        Misconception(
            lambda losses, fall, window: next(
                k for k in range(window, len(losses), window) if losses[k - window] - losses[k] < fall
            ),
            "You looked only every `window` updates. The loop is to stop as soon as it can.",
        ),
        Misconception(
            lambda losses, fall, window: next(k for k in range(len(losses)) if losses[k - window] - losses[k] < fall),
            "You begin before there are `window` updates to look back on: there `k - window` is negative, and a "
            "negative index counts from the end of the array.",
        ),
    ),
    hints=(
        "For update k, compare the loss after it with the loss `window` updates earlier. For which k is there one?",
        "Go through k from `window` on, and return the first for which `losses[k - window] - losses[k] < fall`.",
    ),
    because="Move two fingers along the curve, `window` updates apart.",
    then="With `stopping_update(np.array(losses), 0.03, 100)` this chapter's loop stops more than a third above "
    "least squares: a flat curve says slow, not converged.",
)
def stopping_update(losses, fall, window):
    for k in range(window, len(losses)):
        if losses[k - window] - losses[k] < fall:
            return k


# Exercise 5


def draw_inputs():
    generator = np.random.default_rng(2024)
    cases = [(np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]),)]
    for n, p in ((60, 3), (200, 2), (40, 5)):
        cases.append((np.column_stack([np.ones(n), generator.normal(1, 2, (n, p - 1))]),))
    return cases


@code(
    cases=draw_inputs,
    misconceptions=(
        Misconception(
            lambda X: 2 / np.linalg.eigvalsh(2 / len(X) * X.T @ X).max(),
            "That is the limit, where the steps stop shrinking. The rate asked for is below it.",
        ),
        Misconception(
            lambda X: 1 / np.linalg.eigvalsh(2 / len(X) * X.T @ X).max(),
            "At that rate the steep direction arrives at once, and the flat one is slow. Which rate is fair to both?",
        ),
        Misconception(
            lambda X: 2 * best_worst_case_rate(X),
            "Twice what is right: the Hessian of the mean squared error is 2 XᵀX / n, with the factor 2.",
        ),
        Misconception(
            lambda X: best_worst_case_rate(X) / len(X) * 2,
            "You took the curvatures of XᵀX. The loss is a mean, so divide by n, and mind the factor 2.",
        ),
        Misconception(
            lambda X: best_worst_case_rate(X) / len(X),
            "That is the rate for the sum of the squared errors. The loss is their mean: divide the Hessian by n.",
        ),
        Misconception(
            lambda X: 1 / best_worst_case_rate(X),
            "Upside down: the larger the curvatures, the smaller the rate.",
        ),
        Misconception(
            lambda X: 2 / np.trace(2 / len(X) * X.T @ X),
            "You added all curvatures, which is the same only for two weights. The smallest and the largest decide.",
        ),
    ),
    hints=(
        "You need the eigenvalues of the Hessian, 2 XᵀX / n: `np.linalg.eigvalsh` gives them.",
        "The smallest curvature λ₁ and the largest λ₂ shrink alike where 1 − αλ₁ = αλ₂ − 1.",
    ),
    because="With the smallest and the largest curvature, $1 - αλ_1$ and $αλ_2 - 1$ are equal at $α = 2/(λ_1 + λ_2)$; "
    "curvatures in between shrink faster than both.",
)
def best_worst_case_rate(X):
    curvatures = np.linalg.eigvalsh(2 / len(X) * X.T @ X)
    return 2 / (curvatures.min() + curvatures.max())


QUESTIONS = (
    updates_at_ten_times_the_rate,
    intercept_of_fifty,
    bug_of_the_flat_curve,
    stopping_update,
    best_worst_case_rate,
)

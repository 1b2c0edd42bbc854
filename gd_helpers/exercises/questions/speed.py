"""The exercises of chapter 17: what an hour buys, the batch size that costs, a timer, Amdahl's law, and rounding."""

import numpy as np
import torch

from gd_helpers.exercises import Misconception, code, prediction

# Exercise 1


@prediction(
    asks=("epochs of batch", "epochs of mini-batch", "epochs of stochastic"),
    relative=0.01,
    misconceptions=(
        Misconception(
            lambda n: (18_000_000, 18_000_000, 18_000_000),
            "Those are the updates in an hour, for all three. How many updates does an epoch of each have?",
        ),
        Misconception(
            lambda n: (18_000_000 / n, None, 18_000_000),
            "Batch and stochastic are the wrong way round: which of the two makes one update per epoch?",
        ),
        Misconception(
            lambda n: (300_000, None, None),
            "That is what a minute buys. An hour has 3,600 seconds.",
        ),
        Misconception(
            lambda n: (18_000, None, None),
            "200 µs is 0.0002 seconds. You took 0.2, which is in milliseconds.",
        ),
        Misconception(
            lambda n: (None, 18_000_000 / (n / 32), None),
            "You divided by n/32. The examples left over make a short batch, which is a whole update.",
        ),
    ),
    hints=(
        "How many updates fit into an hour? And how many does an epoch of each method have?",
        "An hour has room for $3600 / 0.0002$ updates. Divide by 1, by $\\lceil n/32 \\rceil$, and by n.",
    ),
    because="If each update costs the same, an hour buys the same number of updates for all three, 18 million. An "
    "epoch takes one of them for batch, $\\lceil n/32 \\rceil$ for mini-batch, and n for stochastic.",
    then="The published 500 epochs of stochastic are 500,000 updates, or 100 seconds of such a loop.",
)
def an_hour_buys(n):
    updates = 3600 / 200e-6  # in an hour
    return updates / 1, updates / np.ceil(n / 32), updates / n


# Exercise 2


@prediction(
    asks=("batch size", "updates a second", "examples a second"),
    relative=0.01,
    misconceptions=(
        Misconception((20, None, None), "A nanosecond is a thousandth of a microsecond: 100 µs is 100,000 of them."),
        Misconception((500_000, None, None), "You multiplied. How many times do 5 nanoseconds go into 100 µs?"),
        Misconception(
            (None, 10_000, None),
            "That counts the calls alone. At this batch size the examples take just as long again.",
        ),
        Misconception((None, None, 200_000_000), "That counts the examples alone, as if the calls took no time."),
        Misconception(
            (None, None, 5_000),
            "That is the number of updates. Each of them reads a whole batch of examples.",
        ),
    ),
    hints=(
        "An update takes $a + bB$. At which B are the two terms equal?",
        "At $B = a/b$ an update takes $2a$, so there are $1/(2a)$ of them in a second, with B examples each.",
    ),
    because="The terms of $a + bB$ are equal at $B = a/b$. An update then takes $2a$, and the number of examples a "
    "second is half of the $1/b$ that there would be without calls.",
    then="At this batch size you pay at most twice the least possible, whether you count per update or per example.",
)
def where_examples_cost():
    calls, example = 100e-6, 5e-9  # seconds
    B = calls / example
    updates = 1 / (calls + example * B)
    return B, updates, updates * B


# Exercise 3


class Machine:
    """A computer that runs two programs, on which others come and go: time passes as a list says.

    Parameters
    ----------
    seconds : pair of float
        What each program takes where nothing else runs.
    slowdown : sequence of float
        How many times as long each run takes, one after the other; from the end on it begins anew.
    """

    def __init__(self, seconds, slowdown):
        self.seconds, self.slowdown = tuple(seconds), tuple(slowdown)
        self.now, self.runs = 100.0, 0

    def run(self, program):
        """Run the program number `program`, 0 or 1."""
        self.now += self.seconds[program] * self.slowdown[self.runs % len(self.slowdown)]
        self.runs += 1

    def clock(self):
        """Return the time in seconds."""
        return self.now

    def __repr__(self):
        return f"Machine({self.seconds}, {self.slowdown})"


def seconds_in_turns(machine, rounds):
    """Return what the clock gives for each run: a row a round, the first round included."""
    seconds = np.empty((rounds + 1, 2))
    for place in range(seconds.size):
        begin = machine.clock()
        machine.run(place % 2)
        seconds[place // 2, place % 2] = machine.clock() - begin
    return seconds


def one_after_the_other(machine, rounds):
    medians = []
    for program in (0, 1):
        seconds = []
        for _ in range(rounds + 1):
            begin = machine.clock()
            machine.run(program)
            seconds.append(machine.clock() - begin)
        medians.append(np.median(seconds[1:]))
    return medians[1] / medians[0]


def ratios_in_turns(machine, rounds):
    seconds = seconds_in_turns(machine, rounds)
    return seconds[:, 1] / seconds[:, 0]


def make_machines():
    rng = np.random.default_rng(2024)
    cases = [(Machine((2.0, 3.0), (9.0, 1.0, 1.0, 3.0, 4.0, 1.0, 4.0, 3.0, 1.5, 2.0, 1.0, 1.0)), 5)]
    for seconds, rounds in (((1.0, 1.2), 9), ((0.004, 0.003), 8), ((5.0, 5.0), 1)):
        cases.append((Machine(seconds, rng.uniform(1.0, 3.0, 2 * rounds + 2).tolist()), rounds))
    return cases


@code(
    cases=make_machines,
    changes=("machine",),
    misconceptions=(
        Misconception(
            lambda machine, rounds: np.median(ratios_in_turns(machine, rounds)),
            "The first round is still included. Run it, but leave it out of the median.",
        ),
        Misconception(
            lambda machine, rounds: np.median(ratios_in_turns(machine, rounds - 1)),
            "You ran `rounds` rounds and used them all. Run one more, and leave out the first.",
        ),
        Misconception(
            lambda machine, rounds: np.median(ratios_in_turns(machine, rounds - 1)[1:]) if rounds > 1 else np.nan,
            "You left out the first round, but ran one too few: it takes `rounds` + 1 for `rounds` to remain.",
        ),
        Misconception(
            one_after_the_other,
            "You ran one program in all rounds, and then the other. Let them take turns in each round.",
        ),
        Misconception(
            lambda machine, rounds: np.mean(ratios_in_turns(machine, rounds)[1:]),
            "That is the mean of the ratios. One unlucky round moves it; the median is asked for.",
        ),
        Misconception(
            lambda machine, rounds: np.min(ratios_in_turns(machine, rounds)[1:]),
            "That is the smallest ratio, from the round in which the first program was unluckiest.",
        ),
        Misconception(
            lambda machine, rounds: np.divide(*np.median(seconds_in_turns(machine, rounds)[1:], axis=0)[::-1]),
            "That is the ratio of the medians. Take the ratio in each round first, where both met the same load.",
        ),
        Misconception(
            lambda machine, rounds: np.median(1 / ratios_in_turns(machine, rounds)[1:]),
            "The ratio is upside down: the second program's time over the first one's.",
        ),
        Misconception(
            lambda machine, rounds: np.median(np.diff(seconds_in_turns(machine, rounds)[1:])),
            "That is a difference in seconds. How many times as long?",
        ),
    ),
    hints=(
        "In each round look at the clock three times: before the first program, between the two, and at the end.",
        "Collect (end − middle) / (middle − start), and return `np.median` of all but the first.",
    ),
    because="The two programs in a round meet the same load, so it cancels in their ratio; the median ignores the "
    "rounds in which it did not; and the first round is a warm-up.",
    then="With `time.perf_counter` as the clock, this is how the chapter compares programs.",
)
def times_as_long(machine, rounds):
    ratios = []
    for _ in range(rounds + 1):
        start = machine.clock()
        machine.run(0)
        middle = machine.clock()
        machine.run(1)
        end = machine.clock()
        ratios.append((end - middle) / (middle - start))
    return np.median(ratios[1:])


# Exercise 4


@prediction(
    asks=("times as fast with 4 threads", "times as fast with any number of threads"),
    relative=0.01,
    misconceptions=(
        Misconception((4, None), "That would be so if all of it were shared. One tenth takes as long as before."),
        Misconception((3.6, None), "Add up times, not speeds: one tenth as before, and a quarter of nine tenths."),
        Misconception(
            (3.7, None),
            "Add up times, not speeds: one tenth is left as it was, and a quarter of nine tenths.",
        ),
        Misconception((0.325, None), "That is the share of the time that is left. How many times as fast is that?"),
        Misconception(
            (None, 9),
            "Nine tenths of the time can vanish. What is left, and how many times does it fit into the whole?",
        ),
        Misconception((None, 0.1), "That is what is left of the time. How many times does it fit into the whole?"),
        Misconception((None, 0), "Something is left, however many share the rest."),
    ),
    hints=(
        "Take an update of 1,000 µs. How long does the part that cannot be shared take, and how long the other part?",
        "$1 / ((1 - p) + p/k)$ with $p$ = 0.9; for large k the second term vanishes.",
    ),
    because="Of 1,000 µs, 100 stay, and 900 become 225: 1,000 / 325. With ever more threads, the 225 shrink to "
    "nothing, and the 100 stay.",
    then="Half of that limit is reached with nine threads. What cannot be shared decides.",
)
def shared_nine_tenths():
    p = 0.9
    with_four = 1 / ((1 - p) + p / 4)
    with_any_number = 1 / (1 - p)
    return with_four, with_any_number


# Exercise 5


@prediction(
    asks=("added by updates of 0.0000009", "added by updates of 0.000001"),
    relative=0.01,
    misconceptions=(
        Misconception(
            (9, 10),
            "That would be right without rounding. After each update the weight is rounded to a number that exists.",
        ),
        Misconception((0, 10), "The first is right. Is there a float32 number exactly where the second step leads?"),
        Misconception(
            (0, 0),
            "The first is right. But 0.000001 is more than half the distance to the next number. Where does it lead?",
        ),
        Misconception((9, None), "That would be right without rounding. Which number is nearest to 16.0000009?"),
        Misconception(
            (19.0735, None),
            "0.0000009 is less than half the distance to the next number. Which way is the sum rounded?",
        ),
    ),
    hints=(
        "The numbers on either side of the first sum are 16 and 16.0000019. To which of the two is it rounded?",
        "Half of the distance is 0.00000095. A smaller step is rounded away, a larger one becomes a whole distance.",
    ),
    because="0.0000009 is less than half of the distance, so each sum is rounded back to 16. 0.000001 is more than "
    "half, so each sum is rounded up by a whole $2^{-19}$, and 1,000 of them add 0.0019, nearly twice what was meant.",
    then="A tenth of the step makes the difference between standing still and going twice as far.",
)
def rounded_updates():
    added = []
    for step in (9e-7, 1e-6):
        weight = torch.tensor(16.0)
        for _ in range(1000):
            weight += step
        added.append((weight.item() - 16) / 1e-4)
    return tuple(added)


QUESTIONS = (
    an_hour_buys,
    where_examples_cost,
    times_as_long,
    shared_nine_tenths,
    rounded_updates,
)

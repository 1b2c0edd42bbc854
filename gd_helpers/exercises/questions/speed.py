"""The exercises of chapter 17: what an hour buys, the batch size that costs, a timer, and Amdahl's law."""

import numpy as np

from gd_helpers.exercises import Misconception, code, prediction

# Exercise 1


@prediction(
    asks=("epochs",),
    relative=0.01,
    misconceptions=(
        Misconception(18_000_000, "Those are the updates in an hour. How many updates does an epoch have?"),
        Misconception(
            lambda n: 18_000_000 / (n / 32),
            "You divided by n/32. The examples left over make a short batch, which is a whole update.",
        ),
        Misconception(lambda n: 18_000_000 / n, "That is for single examples. Here each update takes 32 of them."),
        Misconception(lambda n: 300_000 / np.ceil(n / 32), "That is what a minute buys. An hour has 3,600 seconds."),
        Misconception(
            lambda n: 18_000 / np.ceil(n / 32), "200 µs is 0.0002 seconds. You took 0.2, which is in milliseconds."
        ),
    ),
    hints=(
        "How many updates fit into an hour? And how many does an epoch have?",
        "An hour has room for $3600 / 0.0002$ updates. Divide by $\\lceil n/32 \\rceil$.",
    ),
    because="An hour buys 18 million updates, and an epoch takes $\\lceil n/32 \\rceil$ of them.",
    then="The published 500 epochs of stochastic are 500,000 updates, or 100 seconds of such a loop.",
)
def an_hour_buys(n):
    updates = 3600 / 200e-6  # in an hour
    return updates / np.ceil(n / 32)


# Exercise 2


@prediction(
    asks=("examples in a batch",),
    relative=0.01,
    misconceptions=(
        Misconception(20, "A nanosecond is a thousandth of a microsecond: 100 µs is 100,000 of them."),
        Misconception(500_000, "You multiplied. How many times do 5 nanoseconds go into 100 µs?"),
        Misconception(100_000, "That is 100 µs in nanoseconds. Each example takes five of them."),
    ),
    hints=(
        "An update takes $a + bB$. At which B are the two terms equal?",
        "At $B = a/b$. Write both in the same unit.",
    ),
    because="The terms of $a + bB$ are equal at $B = a/b$.",
    then="At this batch size you pay at most twice the least possible, whether you count per update or per example.",
)
def where_examples_cost():
    calls, example = 100e-6, 5e-9  # seconds
    return calls / example


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
    then="With `time.process_time` as the clock, this is how the chapter compares programs.",
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
    asks=("times as fast",),
    relative=0.01,
    misconceptions=(
        Misconception(4, "That would be so if all of it were shared. One tenth takes as long as before."),
        Misconception(3.6, "Add up times, not speeds: one tenth as before, and a quarter of nine tenths."),
        Misconception(3.7, "Add up times, not speeds: one tenth is left as it was, and a quarter of nine tenths."),
        Misconception(0.325, "That is the share of the time that is left. How many times as fast is that?"),
        Misconception(10, "That is the limit for any number of threads. Here there are four."),
    ),
    hints=(
        "Take an update of 1,000 µs. How long does the part that cannot be shared take, and how long the other part?",
        "$1 / ((1 - p) + p/k)$ with $p$ = 0.9 and $k$ = 4.",
    ),
    because="Of 1,000 µs, 100 stay, and 900 become 225: 1,000 / 325.",
    then="With ever more threads it nears ten times as fast. What cannot be shared decides.",
)
def shared_nine_tenths():
    p, k = 0.9, 4
    return 1 / ((1 - p) + p / k)


QUESTIONS = (
    an_hour_buys,
    where_examples_cost,
    times_as_long,
    shared_nine_tenths,
)

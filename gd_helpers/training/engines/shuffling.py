"""The orders of shuffled epochs, the numbers of ``numpy.random.default_rng``, drawn without the interpreter's lock.

NumPy's ``Generator`` shuffles and draws integers by 32-bit halves of the words of PCG64, the low half of a word first.

Source: O'Neill (2014), PCG: a family of simple fast space-efficient statistically good algorithms for random number
generation, XSL-RR 128/64; Lemire (2019), Fast random integer generation in an interval, for draws with replacement.
"""

import numpy as np
from numba import uint64

from gd_helpers.training.engines.intrinsics import high_product, prefetch
from gd_helpers.training.engines.jit import inlined, kernel

WORD = np.uint64(0xFFFFFFFF)

# Of ``numpy.random.SeedSequence``, which makes the state of a generator from a seed.
INIT_A, MULT_A = np.uint64(0x43B0D7E5), np.uint64(0x931E8875)
INIT_B, MULT_B = np.uint64(0x8B51F9DD), np.uint64(0x58F38DED)
MIX_MULT_L, MIX_MULT_R = np.uint64(0xCA01F9DD), np.uint64(0x4973F715)

# Of PCG64.
MULTIPLIER_HIGH, MULTIPLIER_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)

# The columns of an array of generators: the state and its increment, 128 bits each, then whether half a word is left of
# the last draw, and that half.
HIGH, LOW, INCREMENT_HIGH, INCREMENT_LOW, HAS_HALF, HALF = range(6)

AHEAD = 24  # exchanges of a shuffle, after which the memory that is asked for now has come


@inlined
def hash_word(word, constant):
    """Return the hash of a 32-bit word by an odd constant, as ``SeedSequence`` does; both are held in uint64."""
    word = word * constant & WORD
    return word ^ word >> uint64(16)


@inlined
def spread_seed(seed, words):
    """Fill `words`, uint64 of shape (4,), as ``SeedSequence(seed).generate_state(4, np.uint64)`` does for 32 bits."""
    constant, pool = INIT_A, words
    for i in range(4):
        word = (seed if i == 0 else uint64(0)) ^ constant
        constant = constant * MULT_A & WORD
        pool[i] = hash_word(word, constant)
    for source in range(4):
        for target in range(4):
            if source != target:
                word = pool[source] ^ constant
                constant = constant * MULT_A & WORD
                mixed = MIX_MULT_L * pool[target] - MIX_MULT_R * hash_word(word, constant) & WORD
                pool[target] = mixed ^ mixed >> uint64(16)
    constant = INIT_B
    pool_0, pool_1, pool_2, pool_3 = pool[0], pool[1], pool[2], pool[3]
    for i, (low, high) in enumerate(((pool_0, pool_1), (pool_2, pool_3), (pool_0, pool_1), (pool_2, pool_3))):
        words[i] = 0
        for word, shift in ((low, 0), (high, 32)):
            word ^= constant
            constant = constant * MULT_B & WORD
            words[i] |= hash_word(word, constant) << uint64(shift)


@inlined
def advance(generator):
    """Step by state ← state · multiplier + increment, modulo 2¹²⁸."""
    low = generator[LOW] * MULTIPLIER_LOW
    high = (
        high_product(generator[LOW], MULTIPLIER_LOW)
        + generator[HIGH] * MULTIPLIER_LOW
        + generator[LOW] * MULTIPLIER_HIGH
        + generator[INCREMENT_HIGH]
    )
    generator[LOW] = low + generator[INCREMENT_LOW]
    generator[HIGH] = high + uint64(generator[LOW] < low)  # the carry


@kernel
def seed_generators(seeds):
    """Return the state of ``numpy.random.default_rng(seed)`` for each seed of a uint64 array, shape (seeds, 6)."""
    generators = np.zeros((len(seeds), 6), np.uint64)
    words = np.empty(4, np.uint64)
    for run in range(len(seeds)):
        generator = generators[run]
        spread_seed(seeds[run], words)
        generator[INCREMENT_HIGH] = words[2] << uint64(1) | words[3] >> uint64(63)
        generator[INCREMENT_LOW] = words[3] << uint64(1) | uint64(1)
        generator[LOW] = words[1] + generator[INCREMENT_LOW]
        generator[HIGH] = words[0] + generator[INCREMENT_HIGH] + uint64(generator[LOW] < words[1])
        advance(generator)
    return generators


@inlined
def next_half(generator):
    """Return the next 32 random bits of a generator, as uint64."""
    if generator[HAS_HALF]:
        generator[HAS_HALF] = 0
        return generator[HALF]
    advance(generator)
    rotation = generator[HIGH] >> uint64(58)
    word = generator[HIGH] ^ generator[LOW]
    word = word >> rotation | word << (uint64(64) - rotation & uint64(63))
    generator[HAS_HALF] = 1
    generator[HALF] = word >> uint64(32)
    return word & WORD


@inlined
def draw_places(generator, places):
    """Draw into ``places[i]`` a place from 0 to i, uniformly, for i from the last down to 1.

    A draw has as many bits as i and is taken again while it is larger. What was drawn is stored either way, and the
    next draw overwrites it, since a processor cannot foresee which draws are taken.
    """
    last = uint64(places.size - 1)
    while last > uint64(0):
        mask = last
        for shift in (1, 2, 4, 8, 16):
            mask |= mask >> uint64(shift)
        while last > mask >> uint64(1):
            place = next_half(generator) & mask
            places[last] = place
            last -= uint64(place <= last)


@kernel
def draw_permutations(generators, orders):
    """Fill `orders`, int64 of shape (epochs, runs, n), as each run's ``Generator.permutation(n)`` does in turn."""
    epochs, runs, n = orders.shape
    places = np.empty(n, np.uint32)
    for run in range(runs):
        for epoch in range(epochs):
            order = orders[epoch, run]
            for i in range(n):
                order[i] = i
            draw_places(generators[run], places)
            for i in range(n - 1, 0, -1):
                prefetch(order, places[max(i - AHEAD, 0)])
                j = places[i]
                order[i], order[j] = order[j], order[i]


@kernel
def draw_integers(generators, orders):
    """Fill `orders`, int64 of shape (epochs, runs, n), as each run's ``Generator.integers(n, size=n)`` does in turn."""
    epochs, runs, n = orders.shape
    size = uint64(n)
    least = uint64(2**32) % size  # of the lower half of a product, so that all numbers are equally likely
    for run in range(runs):
        generator = generators[run]
        for epoch in range(epochs):
            for i in range(n):
                if n == 1:  # NumPy draws nothing
                    orders[epoch, run, i] = 0
                    continue
                product = next_half(generator) * size
                while product & WORD < least:
                    product = next_half(generator) * size
                orders[epoch, run, i] = product >> uint64(32)

"""Lanes: runs of one recipe that a kernel trains side by side, so that the processor computes several at once.

Weights, moments and records have the lane as their last axis, and the innermost loop of each formula runs over the
lanes. Each lane is computed as if it were alone, to the bit; a single run is a lane by itself. Kernels know the number
of lanes when they are compiled: it is the length of a tuple.
"""

from gd_helpers.training.engines.jit import inlined

LANES = 16  # enough that the processor need not wait for the root and the quotient of one update before the next


@inlined
def own(parts, lane):
    """Return which of `parts` belongs to a lane: there is one for all lanes, or one for each."""
    return lane if parts > 1 else 0

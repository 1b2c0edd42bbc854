"""Compare the stored outputs of a cell with those of a new execution, perhaps on another processor.

Whatever is printed, some number lies on the edge between two roundings, where the last bits of a computation, which
differ between processors, decide. So two numbers agree if they differ by one unit of the last place shown, and

- one of them has a decimal point or an exponent. Whole numbers must be the same: most of them count something, and
  those that are rounded have few digits, so that an edge is rarely near.
- that unit is at most a tenth of the number, for the same reason: 0.1 is not 0.2, as learning rates show.
- they are of the same form: as many decimals, except for zeros at the end, which the format "g" drops (2.5 and 2.49),
  and for a number that gains a digit in front (0.0999 and 0.100). The sign of zero says nothing.

All else must be equal, to the character. Of two pictures, all but a few pixels must be within the range of grey levels
that the other has there and one pixel around: rounding moves the edges of lines, and the dashes along them. The few may
not lie together, as those of a changed label or dot do.
"""

import base64
import binascii
import io
import re
from decimal import Decimal
from itertools import takewhile

import numpy as np
from PIL import Image

from gd_helpers.lesson.results import DIGITS

# A whole token: no part of a name, a colour, a version or a unit ("b0", "#2a7f3f", "2.13.0", "2x").
NUMBER = re.compile(
    r"( *(?<![\w.#])[-−+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:[eE][-−+]?[0-9]+)?(?!\w|\.[0-9]))"
)
GREY_LEVELS = 32  # of 255; pixels that are farther out differ
PIXELS = 1e-3  # the share of pixels that may; seen between processors: 4e-4, between two figures of a chapter: 3e-2
MEAN_LEVELS = 0.1  # how far out all may be on average; seen between processors: 0.03
BLOCK, OF_BLOCK = 12, 0.2  # pixels along a side, and the share of them that may differ
CONTEXT = 30  # characters on both sides of a difference


def find_differences(stored, fresh):
    """Return what a reader would see changed if the outputs `fresh` of a cell replaced the `stored` ones.

    Execution counts are left out: they say in which order cells ran, not what came out.

    Parameters
    ----------
    stored, fresh : list of dict
        Outputs as a notebook of format 4 has them, streams joined.

    Returns
    -------
    list of str
        A sentence a difference; empty where they agree.

    Examples
    --------
    >>> text = {"output_type": "stream", "name": "stdout", "text": "loss 2.498"}
    >>> find_differences([text], [{**text, "text": "loss 2.499"}])
    []
    >>> find_differences([text], [{**text, "text": "loss 2.598"}])
    ["output 1, text: stored is 'loss 2.498', new is 'loss 2.598'"]
    """
    kinds, new_kinds = ([_kind(output) for output in outputs] for outputs in (stored, fresh))
    if kinds != new_kinds:
        return [f"stored outputs are [{'; '.join(kinds)}], new ones are [{'; '.join(new_kinds)}]"]
    return [
        f"output {number}, {place}: {difference}"
        for number, (old, new) in enumerate(zip(stored, fresh, strict=True), start=1)
        for place, difference in _compare_outputs(old, new)
    ]


def _kind(output):
    """Return what kind of output it is, with its MIME types."""
    mimes = sorted(output.get("data", {}))
    return " ".join([output["output_type"], *([output["name"]] if "name" in output else []), *mimes])


def _compare_outputs(stored, fresh):
    """Yield place and description of each difference between two outputs of the same kind."""
    for mime, value in stored.get("data", {}).items():
        new = fresh["data"][mime]
        if mime.startswith("image/") and mime != "image/svg+xml":
            if difference := _compare_pictures(value, new):
                yield mime, difference
        elif not values_agree(value, new):
            yield mime, _describe(value, new)
    for key in ("metadata", "text", "ename", "evalue"):
        if not values_agree(stored.get(key), fresh.get(key)):
            yield key, _describe(stored.get(key), fresh.get(key))


def values_agree(stored, fresh):
    """Return whether two values of JSON agree: texts as `texts_agree` says, floats by the digits of a result."""
    if isinstance(stored, dict) and isinstance(fresh, dict):
        return stored.keys() == fresh.keys() and all(values_agree(stored[key], fresh[key]) for key in stored)
    if isinstance(stored, list) and isinstance(fresh, list):
        return len(stored) == len(fresh) and all(map(values_agree, stored, fresh))
    if isinstance(stored, str) and isinstance(fresh, str):
        return texts_agree(stored, fresh)
    if isinstance(stored, float) and isinstance(fresh, float):
        return numbers_agree(f"{stored:#.{DIGITS}g}", f"{fresh:#.{DIGITS}g}")
    return type(stored) is type(fresh) and stored == fresh


def texts_agree(stored, fresh):
    """Return whether two texts are the same but for the rounding of numbers, and the spaces that align those."""
    return stored == fresh or _find_place(stored, fresh) is None


def _find_place(stored, fresh):
    """Return where two texts begin to differ, a position in each, or None where they agree."""
    old, new = NUMBER.split(stored), NUMBER.split(fresh)
    at = new_at = 0
    for place, (piece, new_piece) in enumerate(zip(old, new, strict=False)):
        if piece != new_piece and not (place % 2 and _aligned(piece, new_piece)):
            pairs = zip(piece, new_piece, strict=False)
            same = 0 if place % 2 else sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            return at + same, new_at + same
        at, new_at = at + len(piece), new_at + len(new_piece)
    return None if len(old) == len(new) else (at, new_at)


def _aligned(stored, fresh):
    """Return whether two numbers agree that stand behind as many spaces, or end in the same column."""
    number, new_number = stored.lstrip(" "), fresh.lstrip(" ")
    spaces, new_spaces = len(stored) - len(number), len(fresh) - len(new_number)
    return (spaces == new_spaces or len(stored) == len(fresh)) and numbers_agree(number, new_number)


def numbers_agree(stored, fresh):
    """Return whether two numbers, as they are shown, differ by their rounding alone; the module says how.

    Examples
    --------
    >>> numbers_agree("2.869e-05", "2.868e-05"), numbers_agree("0.0999", "0.100"), numbers_agree("-0.00", "0.00")
    (True, True, True)
    >>> numbers_agree("45", "46"), numbers_agree("35.7", "35.9"), numbers_agree("2.50", "2.5")
    (False, False, False)
    """
    if stored == fresh:
        return True
    old, new = (Decimal(text.replace("−", "-").replace(",", "")) for text in (stored, fresh))
    last, new_last = old.as_tuple().exponent, new.as_tuple().exponent
    if old == new:
        return old == 0 and stored.lstrip("-−") == fresh.lstrip("-−")
    if not re.search("[.eE]", stored + fresh):
        return False
    short = stored if last > new_last else fresh
    fixed = last != new_last and re.search(r"\.[0-9]*0(?![0-9])", short)
    if fixed and len(old.as_tuple().digits) != len(new.as_tuple().digits):
        return False
    unit = Decimal(1).scaleb(min(last, new_last))
    return abs(old - new) <= unit <= max(abs(old), abs(new)) / 10


def _compare_pictures(stored, fresh):
    """Return in words how two pictures differ, base64 texts; "" where their pixels are nearly equal."""
    if stored == fresh:
        return ""
    try:
        old, new = _pixels(stored), _pixels(fresh)
    except (OSError, binascii.Error, SyntaxError) as error:
        return f"no picture: {error}"
    if old.shape != new.shape:
        return f"stored are {old.shape[1]} by {old.shape[0]} pixels, new are {new.shape[1]} by {new.shape[0]}"
    out = np.maximum(_distance(old, new), _distance(new, old))
    share, mean, most = (out > GREY_LEVELS).mean(), out.mean(), _most_in_a_block(out > GREY_LEVELS)
    if share <= PIXELS and mean <= MEAN_LEVELS and most <= OF_BLOCK:
        return ""
    return (
        f"{share:.2%} of the pixels differ by more than {GREY_LEVELS} grey levels, in a block {most:.0%}, "
        f"all by {mean:.2g} on average"
    )


def _most_in_a_block(differs):
    """Return the largest share of pixels that differ in a square of `BLOCK` by `BLOCK`; the squares overlap by half."""
    sums = np.pad(differs, ((1, BLOCK), (1, BLOCK))).cumsum(axis=0).cumsum(axis=1)
    step = BLOCK // 2
    low, high = slice(0, -BLOCK, step), slice(BLOCK, None, step)
    return (sums[high, high] - sums[low, high] - sums[high, low] + sums[low, low]).max() / BLOCK**2


def _pixels(text):
    """Return the pixels of a picture, red, green, blue and opacity from 0 to 255: (height, width, 4) uint8."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGBA"))


def _distance(pixels, other):
    """Return how far each pixel is outside the range that `other` has there and one pixel around.

    In grey levels, of the colour that is farthest out: (height, width) int16.
    """
    low, high = (_extreme_around(other, extreme).astype(np.int16) for extreme in (np.minimum, np.maximum))
    return np.maximum(low - pixels, pixels - high).max(axis=2).clip(0)


def _extreme_around(pixels, extreme):
    """Return the least or greatest of each pixel and its eight neighbours, ten times as fast as SciPy's filters."""
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = extreme(extreme(padded[:-2], padded[1:-1]), padded[2:])
    return extreme(extreme(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _describe(stored, fresh):
    """Return a sentence that shows two different values, of long texts the part around the first difference."""
    if not (isinstance(stored, str) and isinstance(fresh, str)):
        return f"stored is {stored!r}, new is {fresh!r}"
    at, new_at = _find_place(stored, fresh)
    shown, new_shown = (text[max(0, i - CONTEXT) : i + CONTEXT] for text, i in ((stored, at), (fresh, new_at)))
    return f"stored is {shown!r}, new is {new_shown!r}"

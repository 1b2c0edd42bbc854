"""Numbers as text, in the one format of recorded results, verdicts and descriptions; and text with code as HTML."""

import html
import numbers
import re


def format_number(value, digits=6, *, thousands=","):
    """Return one number as text: an integer in full, any other number to `digits` significant digits.

    Parameters
    ----------
    value : number
        Of Python, NumPy or a tensor with one element.
    digits : int
        The largest number of significant digits; integers of 15 digits or fewer are never rounded.
    thousands : {",", ""}
        What separates groups of three digits.

    Returns
    -------
    str

    Examples
    --------
    >>> format_number(12000), format_number(2 / 3), format_number(5.00515, 4), format_number(500_000, thousands="")
    ('12,000', '0.666667', '5.005', '500000')
    """
    if isinstance(value, numbers.Integral) and abs(value) < 10**15:
        return f"{int(value):{thousands}}"
    try:
        return f"{float(value):{thousands}.{digits}g}"
    except OverflowError:
        return "too large for a float"
    except TypeError:  # a complex number
        return str(value)


def mark_code(text):
    """Return `text` as HTML, with what stands between backticks as code.

    Examples
    --------
    >>> mark_code("is `a < b`?")
    'is <code>a &lt; b</code>?'
    """
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text))

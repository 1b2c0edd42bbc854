"""Numbers of a text, changed by one in their last place."""

import re

from gd_helpers.lesson.numbers import SUPERSCRIPTS, read_numbers

RAISED = {chr(plain): chr(raised) for raised, plain in SUPERSCRIPTS.items()}


def wrong_texts(text):
    """Yield each number of `text` with `text` in which it is one more, and one less, in its last place."""
    for number in read_numbers(text):
        end = number.start + len(number.text)
        for change in (1, -1):
            yield number, text[: number.start] + changed(number.text, change) + text[end:]


def changed(text, change):
    """Return the number `text` with `change` added to its last digit, to the numerator, or to a bare exponent."""
    sign, digits, rest = re.fullmatch(r"([-−+]?)(\d[\d,]*(?:\.\d+)?|\d+)(.*)", text, re.DOTALL).groups()
    if digits == "10" and rest[:1] in RAISED.values():
        exponent, rest = re.match(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)(.*)", rest, re.DOTALL).groups()
        power = str(int(exponent.translate(SUPERSCRIPTS)) + change)
        return f"{sign}10{''.join(RAISED[character] for character in power)}{rest}"
    decimals = len(digits.partition(".")[2])
    units = int(re.sub(r"[.,]", "", digits)) + change
    sign = "" if units < 0 and sign in ("-", "−") else "−" if units < 0 else sign
    comma = "," if "," in digits else ""
    return f"{sign}{abs(units) / 10**decimals:{comma}.{decimals}f}{rest}"

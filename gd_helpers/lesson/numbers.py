"""Read the numbers of a sentence: what each says, and to how many digits.

A number is written in digits, as the chapters write it: 9,600; −16.4; 2/3; 10¹⁵; 5.2 × 10⁷; 2·10⁵; 1e-12; 3 %;
7 million. In "22 to 28 %" the sign holds for both, and so does "million" in "2 to 3 million". Number words ("two",
"half") are none.

Not read as numbers are labels, by these rules:

- What is part of a name or a formula: it touches a letter, a digit's dot, or a letter behind a slash or a hyphen
  (b0, R², float32, 2pσ²/n, σ²/2, 25th, 2.13.0, 32-bit).
- What stands between backticks, which is code.
- The places in the course: "chapter 04", "chapters 03 to 05 and 07", and so with section, exercise, finding, equation.
- The level of an interval: "95 % interval", "99 % binomial intervals".
"""

import math
import re
from dataclasses import dataclass, replace

SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SCALES = {"%": 0.01, "million": 1e6, "billion": 1e9}
_NUMBER = re.compile(
    r"""(?<![\w.\#/,])(?<!\w[-−^])
    (?P<sign>(?<![\w)])[-−+])?
    (?>(?P<power>10(?P<exponent>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))
      |(?P<numerator>\d+)/(?P<denominator>\d+)
      |(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)
       (?:[eE](?P<e>[-−+]?\d+)|\s?[·×]\s?10(?P<times>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?
    )(?![\w^]|[.,]\d|/\w|-[^\W\d])
    (?:\s?(?P<scale>%|million\b|billion\b))?""",
    re.VERBOSE,
)
_PLACE = r"(?:chapters?|sections?|exercises?|findings?|equations?)"
_LIST = r"\d[\d.]*(?:(?:, | and |, and | or | to |–)\d[\d.]*)*"
_LABEL = re.compile(rf"`[^`]*`|(?i:\b{_PLACE}\s{_LIST})|\d[\d.]*\s?%(?:\s(?!of\b|in\b|to\b)\w+){{0,2}}\sintervals?\b")


@dataclass(frozen=True)
class Number:
    """A number of a sentence.

    Attributes
    ----------
    text : str
        As it is written, with sign and scale.
    start : int
        Where in the sentence it begins.
    value : float
        What it says; that of "3 %" is 0.03.
    unit : float
        What one more in its last place adds; 0 for a fraction, which is exact. A power of ten without a factor has no
        last place but its exponent, and `unit` is NaN.
    scale : str
        "%", "million", "billion" or "".
    """

    text: str
    start: int
    value: float
    unit: float
    scale: str = ""

    def shows(self, value):
        """Return whether `value` is written like this: it differs by half a unit of the last place at most.

        Examples
        --------
        >>> (number,) = read_numbers("it is 36 % above")
        >>> number.shows(0.357), number.shows(0.366), number.shows(36)
        (True, False, False)
        """
        if math.isnan(self.unit):
            return 0 < value / self.value < math.inf and abs(math.log10(value / self.value)) <= 0.5
        slack = max(1e-12 * self.unit, math.ulp(self.value) / 2) if self.unit else 1e-9 * abs(self.value)  # of floats
        return abs(value - self.value) <= self.unit / 2 + slack

    def below(self, sign=1):
        """Return the value with one unit less in the last place, or with ``sign=-1`` one more."""
        return self.value * 10.0**-sign if math.isnan(self.unit) else self.value - sign * self.unit

    def round(self, value):
        """Return `value` rounded to the digits written."""
        if math.isnan(self.unit) or not math.isfinite(value):
            return value if not value > 0 else 10.0 ** round(math.log10(value))
        return round(value, -round(math.log10(self.unit))) if self.unit else float(f"{value:.9g}")


def read_numbers(text):
    """Return the numbers of `text` in their order, without labels; the module says what these are.

    Parameters
    ----------
    text : str
        A sentence or more.

    Returns
    -------
    list of Number

    Examples
    --------
    >>> [number.value for number in read_numbers("With α = 0.1, b0 is within 2 % of that of chapter 02")]
    [0.1, 0.02]
    """
    labels = [match.span() for match in _LABEL.finditer(text)]
    found = [match for match in _NUMBER.finditer(text) if not any(a <= match.start() < b for a, b in labels)]
    scales = [match["scale"] or "" for match in found]
    for place in range(len(found) - 1, 0, -1):  # "22 to 28 %": the scale holds for both
        between = text[found[place - 1].end() : found[place].start()]
        if not scales[place - 1] and re.fullmatch(r" to |–", between):
            scales[place - 1] = scales[place]
    return [_number(match, scale) for match, scale in zip(found, scales, strict=True)]


def neighbours(number):
    """Return the two numbers that are one more and one less in the last place of a `Number`.

    The numerator of a fraction is its last place, and the exponent that of a bare power of ten.

    Examples
    --------
    >>> (number,) = read_numbers("it is 9.9 % above")
    >>> [each.text for each in neighbours(number)]
    ['10.0 %', '9.8 %']
    """
    found = [read_numbers(_changed(number.text, change))[0] for change in (1, -1)]
    factor = SCALES.get(number.scale, 1) if number.scale not in number.text else 1  # as of the 22 in "22 to 28 %"
    return [
        replace(each, start=number.start, value=factor * each.value, unit=factor * each.unit, scale=number.scale)
        for each in found
    ]


def _changed(text, change):
    sign, digits, rest = re.fullmatch(r"([-−+]?)(\d[\d,]*(?:\.\d+)?)(.*)", text, re.DOTALL).groups()
    if digits == "10" and (exponent := re.match("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", rest)):
        power = str(int(exponent[0].translate(SUPERSCRIPTS)) + change)
        return f"{sign}10{power.translate(_RAISED)}{rest[exponent.end() :]}"
    decimals = len(digits.partition(".")[2])
    units = int(re.sub(r"[.,]", "", digits)) + change
    sign = "" if units < 0 and sign in ("-", "−") else "−" if units < 0 else sign
    comma = "," if "," in digits else ""
    return f"{sign}{abs(units) / 10**decimals:{comma}.{decimals}f}{rest}"


def _number(match, scale):
    """Return the `Number` that `match` has found."""
    sign = -1 if match["sign"] in ("-", "−") else 1
    factor = sign * SCALES.get(scale, 1)
    if match["power"]:
        value, unit = 10.0 ** int(match["exponent"].translate(SUPERSCRIPTS)), math.nan
    elif match["numerator"]:
        value, unit = int(match["numerator"]) / int(match["denominator"] or 1), 0.0
    else:
        digits = match["digits"].replace(",", "")
        exponent = int((match["e"] or match["times"] or "0").replace("−", "-").translate(SUPERSCRIPTS))
        value = float(f"{digits}e{exponent}")
        unit = float(f"1e{exponent - len(digits.partition('.')[2])}")
    return Number(match.group().strip(), match.start(), value * factor, unit * abs(factor), scale)

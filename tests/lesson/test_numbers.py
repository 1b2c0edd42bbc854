"""The numbers of a sentence are read as a reader reads them, to the digits written."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.lesson.numbers import neighbours, read_numbers

READ = {
    "from −16.4 to -0.84, by +3": [-16.4, -0.84, 3],
    "9,600 of 1,234,567.5 and (0, 1)": [9600, 1234567.5, 0, 1],
    "ends with 8. And 9, or 10: 11; 12!": [8, 9, 10, 11, 12],
    "the ceiling is 2/3, not −4/5": [2 / 3, -4 / 5],
    "10⁻⁷, 10¹⁵, 5.2 × 10⁷, 2·10⁵, 1e-12 and 3E8": [1e-7, 1e15, 5.2e7, 2e5, 1e-12, 3e8],
    "3 %, 2.5%, 10\u202f% and 7 million or 2 billion": [0.03, 0.025, 0.1, 7e6, 2e9],
    "22 to 28 %, 0.4–0.6 % and 2 to 3 million": [0.22, 0.28, 0.004, 0.006, 2e6, 3e6],
    "α = 0.1, β₂=0.9, 16.4 α and 7 κ": [0.1, 0.9, 16.4, 7],
    "5 − 3 is 2, 2·2 is 4, 3 × 4": [5, 3, 2, 2, 2, 4, 3, 4],
    "98 %, with intervals, and 2 % of the intervals": [0.98, 0.02],
    "1 to 5 of a chapter": [1, 5],
}
LABELS = [
    "R², b0, w1, float32, x₂ and H100",
    "2pσ²/n, σ²/2, 1/n, 2x, the 25th and the 10,000th",
    "32-bit, torch 2.13.0 and #2a7f3f",
    "`simulate(2, 3)` and `n = 5`",
    "chapter 04, chapters 03 to 05 and 07, Section 5.2.1, exercises 1 and 2, finding 3, equation 4",
    "a 95 % interval, both 99.9 % intervals and the 95 % binomial interval",
]


@pytest.mark.parametrize(("sentence", "values"), READ.items())
def test_what_is_written_in_digits_is_read(sentence, values):
    assert [number.value for number in read_numbers(sentence)] == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize("sentence", LABELS)
def test_labels_are_no_numbers(sentence):
    assert read_numbers(sentence) == []


@given(st.integers(-(10**9), 10**9), st.integers(0, 6), st.sampled_from(["", " %", " million"]))
def test_any_number_is_read_as_it_was_written_with_its_unit(units, decimals, scale):
    text = f"{units / 10**decimals:,.{decimals}f}".replace("-", "−")
    (number,) = read_numbers(f"it is {text}{scale} or so")
    factor = {"": 1, " %": 0.01, " million": 1e6}[scale]
    assert number.text == f"{text}{scale}"
    assert number.value == pytest.approx(units / 10**decimals * factor, rel=1e-12)
    assert number.unit == pytest.approx(10.0**-decimals * factor, rel=1e-12)


@given(st.floats(-1e6, 1e6), st.integers(0, 5))
def test_a_number_shows_the_value_it_was_rounded_from_and_none_a_unit_away(value, decimals):
    (number,) = read_numbers(f"{value:.{decimals}f}")
    assert number.shows(value)
    assert not number.shows(value + 1.001 * number.unit)
    assert not number.shows(value - 1.001 * number.unit)
    assert number.shows(number.round(value))


def test_half_a_unit_of_the_last_place_is_the_limit():
    (number,) = read_numbers("36 %")
    assert [number.shows(value) for value in (0.3549, 0.3551, 0.3649, 0.3651, 36)] == [False, True, True, False, False]


def test_zeros_at_the_end_are_digits_written():
    assert not read_numbers("0.30")[0].shows(0.304 + 0.002)
    assert not read_numbers("9,600")[0].shows(9601)


def test_all_digits_of_a_float_are_told_apart():
    number, other = read_numbers("0.5143197026642107 and 0.5143197026642108")
    assert number.shows(0.5143197026642107)
    assert number.round(0.5143197026642107) == 0.5143197026642107
    assert not other.shows(0.5143197026642107)


def test_a_fraction_is_exact():
    (number,) = read_numbers("2/3")
    assert number.shows(2 / 3)
    assert not number.shows(0.667)


@pytest.mark.parametrize(("value", "shown"), [(2e15, True), (4e15, False), (3e14, False), (-1e15, False), (0.0, False)])
def test_a_bare_power_of_ten_says_how_many_places(value, shown):
    assert read_numbers("10¹⁵")[0].shows(value) is shown


@pytest.mark.parametrize("text", ["52", "0.5", "3 %", "10⁵", "2/3", "1e-9"])
def test_what_is_not_finite_is_not_shown_by_any_number(text):
    (number,) = read_numbers(text)
    assert not any(number.shows(value) for value in (math.nan, math.inf, -math.inf))


@pytest.mark.parametrize(
    ("number", "more", "less"),
    [
        ("9", "10", "8"),
        ("9,999", "10,000", "9,998"),
        ("−0.84", "−0.85", "−0.83"),
        ("0.16", "0.17", "0.15"),
        ("0", "1", "−1"),
        ("2/3", "3/3", "1/3"),
        ("10¹⁵", "10¹⁶", "10¹⁴"),
        ("10⁻⁷", "10⁻⁶", "10⁻⁸"),
        ("5.2 × 10⁷", "5.3 × 10⁷", "5.1 × 10⁷"),
        ("3 %", "4 %", "2 %"),
    ],
)
def test_neighbours_are_one_more_and_one_less_in_the_last_place(number, more, less):
    (read,) = read_numbers(number)
    assert [each.text for each in neighbours(read)] == [more, less]


def test_neighbours_have_the_scale_of_their_number():
    first, _ = read_numbers("22 to 28 %")
    assert [each.value for each in neighbours(first)] == pytest.approx([0.23, 0.21])


def test_a_bare_power_of_ten_has_its_neighbours_in_the_exponent():
    (number,) = read_numbers("10⁻⁷")
    assert [each.value for each in neighbours(number)] == pytest.approx([1e-6, 1e-8])

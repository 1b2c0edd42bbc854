"""Texts in which a number is wrong by one in its last place."""

from gd_helpers.lesson.numbers import neighbours, read_numbers


def wrong_texts(text):
    """Yield each number of `text` with `text` in which it is one more, and one less, in its last place."""
    for number in read_numbers(text):
        end = number.start + len(number.text)
        for other in neighbours(number):
            yield number, text[: number.start] + other.text + text[end:]

"""Find the numbers that a chapter shows: stated by its claims, in its stored outputs and in its code.

A number in prose is compared with these: with what claims state and parameters are anywhere in the chapter, and with
all else in its own section. Each comes with the words it stands with, since 0.16 is common and "α = 0.16" is not: those
of a claim's statement, of a line of output and its header, of a line of code, also in names such as batch_size. The
numbers behind a figure are shown to its own caption and alternative text only.

A wrong number is often shown, too: 31 in place of 32, where both are numbers of batches. So a number is also compared
with its neighbours, one more and one less in its last place: what is shown of it must fit the words around it as well
as what is shown of these.
"""

import ast
import bisect
import functools
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from gd_helpers.exercises import questions
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.numbers import neighbours, read_numbers
from gd_helpers.runner.cells import code_cells, parse, pictures

NEAR = {1: 4, 2: 5, 3: 30}  # by significant digits, how many words on both sides of a number in prose are looked at
AROUND = 12  # words on both sides that say how well a shown number fits; the farther off, the less a word counts
# Words that say the same of a number, in prose and in code.
SAME = {"rate": "α", "learning": "α", "lr": "α", "size": "b", "seed": "start", "init": "start", "least": "ols"}
SAME |= {"relative": "accepted", "absolute": "accepted"}
SAME |= dict.fromkeys(("morning", "point", "row", "n"), "example") | {"step": "update"}


@dataclass(frozen=True)
class Shown:
    """A number that a chapter shows.

    Attributes
    ----------
    value : float
        That of "3 %" is 0.03.
    words : frozenset of str
        What it stands with.
    decimals : int
        How many digits it is written with behind the point: 1 and 1.0 do not show "1.00".
    """

    value: float
    words: frozenset
    decimals: int


class ShownNumbers:
    """The numbers that a chapter shows, to be looked up.

    Parameters
    ----------
    near : iterable of Shown
        What the section shows in which they are looked up.
    far : iterable of Shown
        What other sections do.
    """

    def __init__(self, near, far=()):
        near = list(near)
        self.shown = sorted([*near, *far], key=lambda each: each.value)
        self._near = set(map(id, near))
        self._values = [each.value for each in self.shown]
        self._uses = Counter(word for each in self.shown for word in each.words)

    def show(self, number, text):
        """Return whether one of them is the `number` that stands in `text`.

        It must share a word with what stands near it, `NEAR`. With one significant digit (0.1, 300, 5 %) it must be the
        number itself, with more it may be what rounds to it.
        """
        reach = NEAR[min(3, len(re.sub(r"\D", "", number.text).strip("0")) or 1)]
        before, after = _words_around(number, text)
        words = words_of(" ".join([*before[:reach], *after[:reach]]))
        return any(words & each.words for each in self._matching(number))

    def find_better(self, number, text):
        """Return the neighbour of `number` that what is shown fits better in its place in `text`, or None."""
        weights = {}
        for side in _words_around(number, text):
            for distance, word in enumerate(side[:AROUND], 1):
                weights |= {each: max(weights.get(each, 0), 1 / distance) for each in words_of(word)}
        own, *others = (self._fit(each, weights) for each in (number, *neighbours(number)))
        return next((each for each, fit in zip(neighbours(number), others, strict=True) if fit > own), None)

    def _fit(self, number, weights):
        """Return how much the best of those that show `number` shares with words of these `weights`.

        A word counts the more, the fewer numbers it stands with (by the logarithm of that share, as in search
        engines), and half where another section shows the number.
        """
        worth = {word: near * math.log(1 + len(self.shown) / (1 + self._uses[word])) for word, near in weights.items()}
        fits = (
            sum(worth.get(word, 0) for word in each.words) / (1 if id(each) in self._near else 2)
            for each in self._matching(number)
        )
        return max(fits, default=0)

    def _matching(self, number):
        """Return those that show `number`, whatever they stand with."""
        found = self._rounding_to(number)
        if len(re.sub(r"\D", "", number.text).strip("0")) < 2:
            found = [each for each in found if _is(each.value, number)]
        if number.value.is_integer():
            found = [each for each in found if each.decimals >= _decimals(number.text)]
        return found

    def _rounding_to(self, number):
        """Return those that round to `number`, or to the per cent of it, as a table has them that says so above."""
        reach = 9 * abs(number.value) if number.unit != number.unit else number.unit  # NaN: a power of ten
        found = []
        for factor in (1, 100) if number.scale == "%" else (1,):
            first = bisect.bisect_left(self._values, factor * (number.value - reach))
            last = bisect.bisect_right(self._values, factor * (number.value + reach))
            found += [each for each in self.shown[first:last] if number.shows(each.value / factor)]
        return found


def _words_around(number, text):
    """Return the words of `text` before a number and after it, each from the number on."""
    before, after = text[: number.start], text[number.start + len(number.text) :]
    return re.findall(r"\S*\w\S*", before)[::-1], re.findall(r"\S*\w\S*", after)


def _is(value, number):
    return any(abs(value - expected) <= 1e-9 * abs(expected) for expected in (number.value, 100 * number.value))


def shown_in(cell):
    """Return the numbers that a cell shows by its code and its stored outputs, a list of `Shown`."""
    return [*_in_code(cell), *_in_outputs(cell)] if cell.cell_type == "code" else []


def shown_behind_figures(cell):
    """Return the numbers that describe what the figures of a cell draw."""
    texts = [output.get("data", {}).get("text/plain", "") for output in pictures(cell)]
    texts = [re.sub(r"[\d,]+ points?\b", "", text) for text in texts]  # of a line, of which no reader knows
    return [shown for text in texts for line in text.split("\n") for shown in _in_text(_spaced(line), words_of(text))]


def shown_everywhere(notebook):
    """Return the numbers that hold in all of `notebook`: what claims state, and the parameters."""
    parameters = [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]
    stated = (_in_text(_spaced(claim["statement"]), words_of(claim["statement"])) for claim in read_claims(notebook))
    return [
        *(shown for found in stated for shown in found),
        *(shown for cell in parameters for shown in _in_code(cell)),
    ]


@functools.cache
def shown_in_question(chapter, name):
    """Return the numbers that the question `name` of `chapter` shows in its file, a list of `Shown`.

    With them come those of what its file defines for all of its questions.
    """
    (folder,) = questions.__path__
    path = Path(folder, f"{chapter.partition('_')[2]}.py")
    source = path.read_text(encoding="utf-8") if path.exists() else ""
    tree = ast.parse(source)
    asked = [node for node in tree.body if getattr(node, "decorator_list", []) and node.name != name]
    tree.body = [node for node in tree.body if node not in asked]
    return list(_in_tree(tree, source))


def captions_of(cell):
    """Return the captions and alternative texts that the code of `cell` writes out, each on one line.

    Others are computed, and show what they say.
    """
    stored = {text for output in pictures(cell) for text in _texts(output)}
    strings = (node.value for node in ast.walk(parse(cell)) if isinstance(node, ast.Constant))
    return sorted(stored & {one_line(text) for text in strings if isinstance(text, str)})


def one_line(text):
    """Return `text` with all runs of white space as single spaces."""
    return " ".join(text.split())


def words_of(text):
    """Return the words of `text` that say what a number is of, in the singular."""
    found = (word.lower() for word in re.findall(r"[^\W\d_₀-₉²³]+", text))
    singular = (re.sub(r"(?<=[^s]{3})s$", "", word) for word in found)
    return frozenset(SAME.get(word, word) for word in singular) - ENGLISH_STOP_WORDS


def _in_code(cell):
    """Yield what the code of `cell` shows, but for its captions and the statements of its claims."""
    tree = parse(cell)
    statements = [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("claim", "check") and node.args
    ]
    hidden = {id(node) for statement in statements for node in ast.walk(statement)}
    yield from _in_tree(tree, cell.source, captions_of(cell), hidden)


def _in_tree(tree, source, captions=(), hidden=()):
    """Yield the numbers in a syntax tree, and those in its strings, but for `captions` and the `hidden` nodes."""
    lines = source.splitlines()
    negative = {id(node.operand) for node in ast.walk(tree) if isinstance(getattr(node, "op", None), ast.USub)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in hidden or isinstance(node.value, bool):
            continue
        words = words_of(" ".join(lines[node.lineno - 1 : node.end_lineno]))
        if isinstance(node.value, int | float):
            value = -float(node.value) if id(node) in negative else float(node.value)
            yield Shown(value, words, _decimals(str(node.value)))
        elif isinstance(node.value, str) and one_line(node.value) not in captions:
            yield from _in_text(node.value, words)


def _in_outputs(cell):
    """Yield what the stored outputs of `cell` show, but for the captions and the numbers behind figures."""
    captions, figures = captions_of(cell), pictures(cell)
    for output in (each for each in cell.outputs if each not in figures):
        text = output.get("text", output.get("data", {}).get("text/plain", ""))
        header, *_ = lines = text.split("\n")
        for line in lines:
            if one_line(line) in captions:
                continue
            yield from _in_text(_spaced(line), words_of(f"{header} {line}"))


def _in_text(text, words):
    """Yield the numbers of a text, which stand with `words`."""
    return (Shown(number.value, words, _decimals(number.text)) for number in read_numbers(text))


def _decimals(text):
    """Return how many digits of a number stand behind its point; many for one with an exponent."""
    return 99 if "e" in text else len(re.match(r"\d*", text.partition(".")[2])[0])


def _spaced(line):
    """Return a line of output with nothing that touches its numbers: brackets, thousands' commas, units."""
    line = re.sub(r"(?<=\d),(?=\d{3})", "", line)
    return re.sub(r"[\[\](){},;:=]+(?=\s|[-−\d]|$)|(?<=\d)(?![eE][-+\d])[^\W\d_]+", " ", line)


def _texts(output):
    each = [each for each in output.metadata.values() if isinstance(each, dict)]
    return [one_line(texts[name]) for texts in each for name in ("caption", "alt") if name in texts]

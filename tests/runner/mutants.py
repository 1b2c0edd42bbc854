"""Mutants of stored outputs, by kind: each is one change that a reader of the chapter could see.

As a program, this prints a table over all chapters: how many mutants of each kind there are, and how many of them the
comparison notices.
"""

import base64
import io
import re
from collections import Counter
from itertools import pairwise

import nbformat
from nbformat.v4 import new_output
from PIL import Image

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.lesson.fold import CHECKS_MIME
from gd_helpers.lesson.results import RESULTS_MIME
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.comparison import find_differences

PNG = "image/png"
TEXTS = ("text", "text/plain", "text/html")
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
RECORD = {RESULTS_MIME: {"mse": 0.001, "r2": -5.0}}


def read_chapters():
    """Return the outputs of the code cells of all chapters that have any, cell by cell."""
    notebooks = [nbformat.read(path, as_version=4) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    return [[cell.outputs for cell in notebook.cells if cell.get("outputs")] for notebook in notebooks]


def mutants(outputs, pictures):
    """Yield kind and outputs of each mutant of the `outputs` of a cell; `pictures` are the PNGs of its chapter."""
    for place, output in enumerate(outputs):
        for kind, mutant in _of_output(output, pictures):
            yield kind, [*outputs[:place], mutant, *outputs[place + 1 :]]
        kind = "picture deleted" if PNG in output.get("data", {}) else "output deleted"
        yield kind, outputs[:place] + outputs[place + 1 :]
        yield "output repeated", [*outputs[: place + 1], *outputs[place:]]
        yield (
            "recorded bundle added",
            [*outputs[: place + 1], new_output("display_data", RECORD), *outputs[place + 1 :]],
        )
        yield "error added", [*outputs[: place + 1], ERROR, *outputs[place + 1 :]]
    for place, (one, other) in enumerate(pairwise(outputs)):
        yield "two outputs swapped", [*outputs[:place], other, one, *outputs[place + 2 :]]


def _of_output(output, pictures):
    yield from _of_texts(output)
    if output.output_type == "stream":
        yield "stream of another name", {**output, "name": "stderr"}
        return
    if output.output_type == "display_data":
        yield "output of another type", {**output, "output_type": "execute_result", "execution_count": 1}
    for mime in output.data:
        yield (
            "MIME type dropped",
            _with(output, {other: value for other, value in output.data.items() if other != mime}),
        )
    yield "MIME type added", _with(output, {**output.data, "text/markdown": "**No.**"})
    if RESULTS_MIME not in output.data:
        yield "recorded bundle added", _with(output, {**output.data, **RECORD})
    if PNG in output.data:
        yield from _of_picture(output, pictures)
    for name, value in output.data.get(RESULTS_MIME, {}).items():
        changed = value + 1 if isinstance(value, int) else 1.01 * value
        yield (
            "recorded result changed",
            _with(output, {**output.data, RESULTS_MIME: {**output.data[RESULTS_MIME], name: changed}}),
        )
    if CLAIM_MIME in output.data:
        claim = output.data[CLAIM_MIME]
        yield "claim changed", _with(output, {**output.data, CLAIM_MIME: {**claim, "holds": not claim["holds"]}})
    for place, check in enumerate(output.data.get(CHECKS_MIME, [])):
        checks = [*output.data[CHECKS_MIME]]
        checks[place] = {**check, "holds": not check["holds"]}
        yield "check changed", _with(output, {**output.data, CHECKS_MIME: checks})
        yield "check dropped", _with(output, {**output.data, CHECKS_MIME: checks[:place] + checks[place + 1 :]})


def _of_picture(output, pictures):
    png, metadata = output.data[PNG], output.metadata
    size = Image.open(io.BytesIO(base64.b64decode(png))).size
    yield "picture blank", _with(output, {**output.data, PNG: _blank(size)})
    yield "picture of another size", _with(output, {**output.data, PNG: _blank((9, 9))})
    for other in pictures:
        if other != png:
            yield "picture of another figure", _with(output, {**output.data, PNG: other})
    for garbage in ("aaaa", "no picture", png[: len(png) // 2], base64.b64encode(bytes(999)).decode()):
        yield "picture garbage", _with(output, {**output.data, PNG: garbage})
    yield "alt text changed", {**output, "metadata": {PNG: {**metadata[PNG], "alt": "A line that falls."}}}
    yield "alt text deleted", {**output, "metadata": {PNG: {**metadata[PNG], "alt": ""}}}
    yield "size of a picture changed", {**output, "metadata": {PNG: {**metadata[PNG], "width": 1}}}
    yield "metadata of a picture deleted", {**output, "metadata": {}}


def _of_texts(output):
    """Yield mutants of each number and of a word of the texts of an output."""
    data = output.get("data", output)
    for mime in TEXTS:
        for kind, text in _of_text(data.get(mime, "")):
            yield kind.format(mime.replace("text/plain", "text")), _with(output, {**data, mime: text})


def _of_text(text):
    for found in re.finditer(r"\d+(\.\d+)?", text):
        before, number, after = text[: found.start()], found.group(), text[found.end() :]
        yield "number in {} two units up", before + _add(number, 2) + after
        yield "number in {} with a digit more", before + number + "0" + after
        if "." not in number and not re.match(r"\.?\d|[eE][-+]?\d|,\d{3}", after) and not re.search(r"[\d.,]$", before):
            yield "whole number in {} one up", before + _add(number, 1) + after
    for found in list(re.finditer(r"[^\W\d]{2,}", text))[::5]:
        yield "word in {} changed", text[: found.start()] + "Q" + text[found.start() + 1 :]


def _add(number, units):
    """Return the number, given as a text, with that number of units of its last place added."""
    digits = str(int(number.replace(".", "")) + units).zfill(len(number.replace(".", "")))
    decimals = len(number.partition(".")[2])
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def _with(output, data):
    """Return a copy of an output with other data; a stream is its own."""
    return nbformat.from_dict({**output, "data": data} if "data" in output else data)


def _blank(size):
    png = io.BytesIO()
    Image.new("RGB", size, "white").save(png, "PNG")
    return base64.b64encode(png.getvalue()).decode()


def all_mutants(chapters):
    """Yield kind, outputs and mutant for all mutants of `chapters`, each a list of the outputs of its cells."""
    for chapter in chapters:
        pictures = [output.data[PNG] for outputs in chapter for output in outputs if PNG in output.get("data", {})]
        for outputs in chapter:
            for kind, mutant in mutants(outputs, pictures):
                if mutant != outputs:
                    yield kind, outputs, mutant


if __name__ == "__main__":
    tried, noticed = Counter(), Counter()
    for kind, outputs, mutant in all_mutants(read_chapters()):
        tried[kind] += 1
        noticed[kind] += bool(find_differences(outputs, mutant))
    for kind in sorted(tried):
        print(f"{kind:<40} {tried[kind]:>6,} {noticed[kind]:>6,}")
    print(f"{'all':<40} {tried.total():>6,} {noticed.total():>6,}")

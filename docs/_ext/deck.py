"""What a chapter's slides show: its predictions, figures, formulas and the claims that stand out, in its own order."""

import html
import re

from gd_helpers.formatting import mark_code
from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.lesson.commitments import ANSWER_MIME, PREDICTION_MIME
from gd_helpers.mime import EXPLORER_MIME

CLOSE, EARLIER = "What you can do now", "Three questions on earlier chapters"
HEADING = re.compile(r"^##+ (.*)$", re.MULTILINE)
FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
ASIDE = re.compile(r"<details>.*?</details>", re.DOTALL)


def make_slides(notebook):
    """Return the slides of a stored chapter: a dict each, with its `kind` and what the template shows of it.

    Questions on earlier chapters come first, to warm up. A formula stands for its section, which has one at most. What
    follows `CLOSE` in the chapter, above all the exercises, is not shown.
    """
    walk = _Walk(_find_answers(notebook))
    for cell in notebook.cells:
        walk.read_text(cell.source) if cell.cell_type == "markdown" else walk.read_outputs(cell.outputs)
    return [_title_of(notebook), *walk.earlier, *walk.slides, *walk.close]


class _Walk:
    """Goes through a chapter cell by cell, and collects its slides under the heading of their section."""

    def __init__(self, answers):
        self.answers, self.asked, self.heading = answers, {}, ""
        self.earlier, self.slides, self.close = [], [], []

    def read_text(self, source):
        """Note the last heading of a text, make a slide of the first formula of each section, and of the close."""
        for part in re.split(r"(?m)^(?=##+ )", ASIDE.sub("", source)):
            found, formula = HEADING.match(part), FORMULA.search(part)
            if found:
                self.heading = found[1]
            if self.heading == CLOSE:
                points = re.findall(r"(?m)^- (.*(?:\n  .*)*)$", part)
                self.close = [{"kind": "close", "heading": CLOSE, "points": [_as_html(each) for each in points]}]
            elif formula and not any(_is_of(each, "formula", self.heading) for each in self.slides):
                self._add("formula", tex=" ".join(formula[1].split()).rstrip(" .,"))

    def read_outputs(self, outputs):
        """Make slides of the outputs of a cell."""
        for output in outputs:
            data = output.get("data", {})
            if PREDICTION_MIME in data:
                self._ask(data[PREDICTION_MIME])
            elif self.close:
                continue
            elif ANSWER_MIME in data:
                self._answer(self.asked[data[ANSWER_MIME]["id"]])
            elif CLAIM_MIME in data:
                self._add("claim", **data[CLAIM_MIME])
            elif "image/png" in data:
                self._draw(data, output.metadata["image/png"])

    def _ask(self, prediction):
        answer = self.answers.get(prediction["id"], prediction["answer"])
        asked = {**prediction, "answer": answer, "right": _feedback_on_right(prediction, answer)}
        self.asked[prediction["id"]] = asked
        if self.heading == EARLIER:
            self.earlier.append({**asked, "kind": "earlier", "heading": "From earlier chapters"})
            return
        self._add("question", **asked)
        if prediction["answer"] is not None:
            self._answer(asked)

    def _answer(self, asked):
        self._add("answer", **asked)

    def _draw(self, data, texts):
        explorer = data.get(EXPLORER_MIME)
        self._add(
            "explorer" if explorer else "figure",
            png=data["image/png"],
            alt=texts["alt"],
            caption=texts.get("caption") or "",
            rate=explorer["settings"]["learning_rate"] if explorer else None,
        )

    def _add(self, kind, **content):
        self.slides.append({"kind": kind, "heading": _as_html(self.heading), "source": self.heading, **content})


def _is_of(slide, kind, heading):
    return slide["kind"] == kind and slide["source"] == heading


def _find_answers(notebook):
    datas = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return {data[ANSWER_MIME]["id"]: data[ANSWER_MIME]["answer"] for data in datas if ANSWER_MIME in data}


def _feedback_on_right(prediction, answer):
    right = "right" if prediction.get("margin") else answer
    return next(option["feedback"] for option in prediction["options"] if option["text"] == right)


def read_title(notebook):
    r"""Return number, name and question of a chapter's title, and its minutes.

    Examples
    --------
    >>> from nbformat.v4 import new_markdown_cell, new_notebook
    >>> read_title(new_notebook(cells=[new_markdown_cell("# 03 · Batch: is it done?\n\n40 minutes · more")]))
    ('03', 'Batch', 'is it done?', 40)
    """
    source = notebook.cells[0].source
    number, name, question = re.match(r"# (\d\d) · (.*?): (.*)", source).groups()
    return number, name, question, int(re.search(r"(\d+) minutes", source)[1])


def _title_of(notebook):
    number, name, question, minutes = read_title(notebook)
    question = _as_html(question[0].upper() + question[1:])
    return {"kind": "title", "heading": f"{number} · {html.escape(name)}", "question": question, "minutes": minutes}


def _as_html(text):
    """Return a line of Markdown as HTML: code, formulas and emphasis as such, links as their text."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    text = re.sub(r"\$([^$]+)\$", r"\\(\1\\)", mark_code(text))
    return re.sub(r"\*(\S[^*]*)\*", r"<em>\1</em>", re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text))

"""Render a chapter's outputs: pictures with their description, and the forms that `prepare` leaves."""

import html
import json

import prepare
from backticks import with_code
from docutils import nodes
from myst_nb import sphinx_
from myst_nb.core.render import NbElementRenderer

from gd_helpers.formatting import mark_code


class CourseRenderer(NbElementRenderer):
    """What myst-nb asks for the nodes of each output."""

    def render_mime_type(self, data):
        """Return the nodes of one output."""
        render = {
            prepare.CLAIM: self._render_claims,
            prepare.EXPLORER: self._render_explorer,
            prepare.PREDICTION: self._render_prediction,
            prepare.ANSWER: self._render_answer,
            prepare.EXERCISE: self._render_exercise,
        }.get(data.mime_type)
        return super().render_mime_type(data) if render is None else render(data.content)

    def render_image(self, data):
        """Return a picture with the description that its notebook has for those who cannot see it."""
        (image,) = super().render_image(data)
        texts = data.output_metadata.get(data.mime_type, {})
        image["alt"] = texts.get("alt", "")
        if not texts.get("caption"):
            return [image]
        return [nodes.figure("", image, nodes.caption("", "", *with_code(texts["caption"])))]

    def render_text_html(self, data):
        """Return HTML as it is, a table in a frame that scrolls."""
        found = super().render_text_html(data)
        if "<table" not in data.string:
            return found
        return [_raw('<div class="gd-table" role="group" aria-label="Table" tabindex="0">'), *found, _raw("</div>")]

    def _render_claims(self, content):
        claims, count = content["claims"], len(content["claims"])
        found = [node for claim in claims for node in self._render_claim(claim)]
        if not content["folded"]:
            return found
        failed = sum(not claim["holds"] for claim in claims)
        summary = f"✗ {failed} of {count} more checks fail" if failed else f"✓ {count} more check{'s' * (count > 1)}"
        opening = f'<details class="gd-claims" data-holds="{not failed}"><summary>{summary}</summary>'.lower()
        return [_raw(opening), *found, _raw("</details>")]

    def _render_claim(self, claim):
        holds = "✓ holds" if claim["holds"] else "✗ does not hold"
        statement = f"<strong>{holds}:</strong> {mark_code(claim['statement'])}"
        attributes = f'class="gd-claim" id="{claim["id"]}" data-holds="{str(claim["holds"]).lower()}"'
        return [
            _raw(f"<details {attributes}><summary>{statement}</summary>"),
            nodes.paragraph("", "The code that checked it:"),
            self._code(claim["code"], "python"),
            nodes.paragraph("", f"Found: {claim['found']}.", classes=["gd-found"]),
            nodes.paragraph("", "To check it with parameters of your own, change them in"),
            self._code(claim["command"], "console"),
            _raw("</details>"),
        ]

    def _render_explorer(self, bundle):
        return [_raw(f'<div class="gd-explorer">{_script(prepare.EXPLORER, bundle)}</div>')]

    def _render_prediction(self, prediction):
        texts = [option["text"] for option in prediction["options"]]
        listed = "" if prediction.get("margin") else "".join(f"<li>○ {mark_code(text)}</li>" for text in texts)
        answer = "" if prediction["later"] else f"<p>{_answer_in_words(prediction)}</p>"
        folded = f"<details><summary>The answer</summary>{answer}</details>" if answer else ""
        return [
            _raw(
                f'<div class="gd-predict">{_script(prepare.PREDICTION, prediction)}<div class="gd-box">'
                f"<strong>Predict:</strong> {mark_code(prediction['question'])}<ul>{listed}</ul>{folded}</div></div>"
            )
        ]

    def _render_answer(self, answer):
        opening = f'<details class="gd-answer" data-id="{html.escape(answer["id"])}">'
        return [_raw(f"{opening}<summary>The answer to your prediction</summary>{answer['html']}</details>")]

    def _render_exercise(self, data):
        kind = data["kind"]
        page_data = {key: value for key, value in data.items() if key not in ("hints", "because", "source")}
        opening = f'<div class="gd-exercise gd-box" data-kind="{kind}">{_script(prepare.EXERCISE, page_data)}'
        if kind == "progress":
            words = "Solved in this chapter: the page counts what you answer in it, and keeps it in this browser alone."
            return [_raw(f"{opening}<p>{words}</p></div>")]
        how = {
            "choice": "Options: " + ", ".join(data.get("options", ())) + ".",
            "numbers": "Give " + ", ".join(data.get("asks", ())) + ".",
            "code": "Write it in JupyterLab, where <code>check</code> tries your function on inputs of its own.",
        }[kind]
        found = [_raw(f'{opening}<div class="gd-static"><p>{how}</p></div>')]
        for number, hint in enumerate(data["hints"], 1):
            found += self._folded(f"Hint {number} of {len(data['hints'])}", "gd-hint", self._markdown(hint))
        result = [nodes.paragraph("", f"This gives {data['result']}.")] if "result" in data else []
        solution = [*self._markdown(data["because"]), self._code(data["source"], "python"), *result]
        return [*found, *self._folded("Solution", "gd-solution", solution), _raw("</div>")]

    def _folded(self, summary, name, inside):
        return [_raw(f'<details class="{name}"><summary>{summary}</summary>'), *inside, _raw("</details>")]

    def _code(self, text, lexer):
        return self.renderer.create_highlighted_code_block(text, lexer, source=self.source)

    def _markdown(self, text):
        """Return the nodes of a text in Markdown with formulas."""
        holder = nodes.Element()
        with self.renderer.current_node_context(holder):
            self.renderer.nested_render_text(text, 0)
        return holder.children


def _answer_in_words(prediction):
    right = "right" if prediction.get("margin") else prediction["answer"]
    because = next(option["feedback"] for option in prediction["options"] if option["text"] == right)
    shown = prediction["answer"] if prediction.get("margin") else f"“{prediction['answer']}”"
    return f"{mark_code(f'{shown}.')} {mark_code(because)}"


def _raw(text):
    return nodes.raw("", text, format="html")


def _script(mime, data):
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="{mime}">{text}</script>'


def setup(app):
    """Put the renderer into myst-nb, which looks for others among installed packages only."""
    sphinx_.load_renderer = lambda name: CourseRenderer
    mimes = (prepare.CLAIM, prepare.EXPLORER, prepare.PREDICTION, prepare.ANSWER, prepare.EXERCISE)
    app.config.nb_mime_priority_overrides = [("*", mime, 1) for mime in mimes]
    return {"parallel_read_safe": True}

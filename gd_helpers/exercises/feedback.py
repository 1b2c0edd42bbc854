"""What a learner sees: verdicts, hints, solutions and progress. Colours only repeat what the words say."""

import html
import re
from dataclasses import dataclass

SIGNS = {"right": "✓", "wrong": "✗", "unanswered": "○"}
COLOURS = {"right": "#2a7f3f", "wrong": "#b3261e", "unanswered": "#767676"}


@dataclass(frozen=True)
class Verdict:
    """What a check found.

    Attributes
    ----------
    state : {"right", "wrong", "unanswered"}
    message : str
        What to say, with code between backticks.
    """

    state: str
    message: str = ""


@dataclass(frozen=True)
class Lines:
    """A bold opening with a text after it, and lines below, beside a coloured bar; a notebook shows it as HTML.

    Backticks mark code.
    """

    opening: str
    text: str = ""
    colour: str = COLOURS["unanswered"]
    below: tuple = ()

    def __repr__(self):
        return "\n".join([f"{self.opening} {self.text}".strip(), *(f"  {line}" for line in self.below)])

    def _repr_mimebundle_(self, include=None, exclude=None):
        items = "".join(f"<li>{mark_code(line)}</li>" for line in self.below)
        listed = f'<ul style="list-style: none; margin: 0; padding-left: 0.5em;">{items}</ul>' if items else ""
        return {
            "text/plain": repr(self),
            "text/html": (
                f'<div style="border-left: 4px solid {self.colour}; padding: 2px 10px;">'
                f"<strong>{mark_code(self.opening)}</strong> {mark_code(self.text)}{listed}</div>"
            ),
        }


@dataclass(frozen=True)
class Prose:
    """A bold opening, a text and code; a notebook shows it as Markdown, with formulas and coloured code."""

    opening: str
    text: str
    code: str = ""
    result: str = ""

    def __repr__(self):
        parts = [f"{self.opening} {self.text}", self.code, self.result]
        return "\n\n".join(part for part in parts if part)

    def _repr_mimebundle_(self, include=None, exclude=None):
        code = f"```python\n{self.code}\n```" if self.code else ""
        parts = [f"**{self.opening}** {self.text}", code, self.result]
        return {"text/plain": repr(self), "text/markdown": "\n\n".join(part for part in parts if part)}


def mark_code(text):
    """Return `text` as HTML, with what is between backticks as code.

    Examples
    --------
    >>> mark_code("is `a < b`?")
    'is <code>a &lt; b</code>?'
    """
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))

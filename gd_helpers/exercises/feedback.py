"""What a learner is told: verdicts, hints and solutions. Colours only repeat what the words say."""

from dataclasses import dataclass

from gd_helpers.lesson.box import GREEN, GREY, RED

SIGNS = {"right": "✓", "wrong": "✗", "unanswered": "○"}
COLOURS = {"right": GREEN, "wrong": RED, "unanswered": GREY}


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

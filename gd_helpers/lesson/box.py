"""The box in which a chapter shows claims, recorded results and verdicts: a coloured bar with text beside it."""

from dataclasses import dataclass

from gd_helpers.formatting import mark_code

GREEN, RED, BLUE, GREY = "#2a7f3f", "#b3261e", "#4c72b0", "#767676"


@dataclass(frozen=True)
class Box:
    """A bold heading, text behind it and lines below it, beside a coloured bar; a notebook shows it as HTML.

    Attributes
    ----------
    heading : str
        Says what the colour says, for readers who cannot see it.
    text : str
        Backticks mark code, here and in the other texts.
    colour : str
    lines : tuple of str
    folded : bool
        Whether HTML shows the lines only when the reader opens them.

    Examples
    --------
    >>> Box("✗ Not yet:", "`f(2)` returned 3.", RED, lines=("Hint 1: square it.",))
    ✗ Not yet: `f(2)` returned 3.
      Hint 1: square it.
    """

    heading: str
    text: str = ""
    colour: str = GREY
    lines: tuple = ()
    folded: bool = False

    def __repr__(self):
        return "\n".join([f"{self.heading} {self.text}".strip(), *(f"  {line}" for line in self.lines)])

    def _repr_html_(self):
        items = "".join(f"<li>{mark_code(line)}</li>" for line in self.lines)
        below = f'<ul style="list-style: none; margin: 0; padding-left: 0.5em;">{items}</ul>' if items else ""
        above = f"<strong>{mark_code(self.heading)}</strong> {mark_code(self.text)}"
        inside = f"<details><summary>{above}</summary>{below}</details>" if self.folded else above + below
        return f'<div style="border-left: 4px solid {self.colour}; padding: 2px 10px;">{inside}</div>'

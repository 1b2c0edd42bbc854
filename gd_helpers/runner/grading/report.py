"""A page for the teacher: which misconceptions were met how often, by exercise."""

from html import escape

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.files import atomic_write
from gd_helpers.formatting import mark_code

STATES = ("right", "wrong", "unanswered", "not run")
STYLE = """
body { font-family: system-ui, sans-serif; line-height: 1.45; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.5rem; border-top: 1px solid #8886; }
td:first-child, th:first-child { width: 5rem; text-align: right; font-variant-numeric: tabular-nums; }
td:nth-child(2), th:nth-child(2) { width: 9rem; }
meter { width: 8rem; }
h3 { margin-bottom: 0; }
:root { color-scheme: light dark; }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{heading}</title>
<style>{style}</style>
</head>
<body>
<h1>{heading}</h1>
{body}</body>
</html>
"""


def write_report(path, table):
    """Write the page for a `table` of grades to the file `path`: HTML without scripts, which asks for nothing else."""
    learners = table["learner"].nunique()
    heading = f"What {learners} learner{'s' * (learners != 1)} answered"
    parts = [_write_chapter(stem, rows) for stem, rows in table.groupby("chapter", sort=False)]
    page = PAGE.format(heading=heading, style=STYLE, body="".join(parts))
    atomic_write(path, page.encode())


def _write_chapter(stem, rows):
    exercises = [_write_exercise(question, rows[rows["exercise"] == question.name]) for question in questions_of(stem)]
    return f"<h2>{escape(stem)}</h2>\n{''.join(exercises)}"


def _write_exercise(question, rows):
    """Return the part on one exercise: how many are in which state, and a line for each kind of wrong answer."""
    states = rows["state"].value_counts()
    counts = ", ".join(f"{states[state]} {state}" for state in STATES if state in states)
    heading = f"<h3>Exercise {rows['number'].iloc[0]}, <code>{escape(question.name)}</code></h3>\n<p>{counts}</p>\n"
    wrong = rows[rows["state"] == "wrong"]
    if wrong.empty:
        return heading
    met = wrong["misconception"].value_counts()
    lines = [(met[number], mark_code(question.misconceptions[number - 1].message)) for number in met.index]
    if others := int(wrong["misconception"].isna().sum()):
        lines.append((others, "<em>Wrong in another way.</em>"))
    body = "".join(_write_line(count, words, len(rows)) for count, words in lines)
    return f"{heading}<table>\n<tr><th>times</th><th>of {len(rows)}</th><th>misconception</th></tr>\n{body}</table>\n"


def _write_line(count, words, total):
    meter = f'<meter max="{total}" value="{count}" aria-label="{count} of {total}"></meter>'
    return f"<tr><td>{count}</td><td>{meter}</td><td>{words}</td></tr>\n"

"""For teachers: the directive ``answers``, which lists the usual wrong answers, and links into the built site."""

import nbformat
from backticks import with_code
from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from gd_helpers.exercises.answers import show_value
from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.lesson.commitments import PREDICTION_MIME
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import find_chapters

ANSWERS, IN_SITE = "teach/answers", ("../chapters/", "../slides/")


class Answers(SphinxDirective):
    """A section a chapter, with the usual wrong answers of its predictions and exercises, and what is said to each."""

    def run(self):
        """Return the sections."""
        return [self._section(chapter, path) for chapter, path in find_chapters().items()]

    def _section(self, chapter, path):
        self.env.note_dependency(str(path))
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ").partition(":")[0]
        section = nodes.section(ids=[f"answers-{chapter.replace('_', '-')}"], names=[f"answers {chapter}"])
        section += nodes.title("", title)
        answers = {**find_wrong_options(notebook), **find_misconceptions(chapter)}
        for question, wrong in answers.items():
            section += nodes.paragraph("", "", nodes.strong("", "", *with_code(question)))
            listed = [nodes.list_item("", nodes.paragraph("", "", *_in_words(*each))) for each in wrong]
            section += nodes.bullet_list("", *listed)
        return section


def _in_words(answer, message):
    return [*(with_code(f"{answer}: ") if answer else []), nodes.emphasis("", "", *with_code(message))]


def find_wrong_options(notebook):
    """Return the wrong options of each prediction of a chapter, with what is said to them, by the question."""
    datas = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    asked = [data[PREDICTION_MIME] for data in datas if PREDICTION_MIME in data]
    answers = {each["id"]: each["answer"] for data in datas for each in data.values() if _is_answer(each)}
    found = {}
    for each in asked:
        right = "right" if each.get("margin") else answers.get(each["id"], each["answer"])
        wrong = [(option["text"], option["feedback"]) for option in each["options"] if option["text"] != right]
        found[each["question"]] = wrong
    return found


def _is_answer(each):
    return isinstance(each, dict) and "id" in each and each.get("answer") is not None


def find_misconceptions(chapter):
    """Return the misconceptions of each exercise of a chapter, with the wrong answer if it is a number or an option."""
    found = {}
    for number, question in enumerate(questions_of(chapter), 1):
        wrong = [(_show(question, each.answer, chapter), each.message) for each in question.misconceptions]
        found[f"Exercise {number}, `{question.name}`"] = wrong
    return found


def _show(question, answer, chapter):
    if question.kind == "code":
        return ""
    value = given(answer, PUBLISHED[chapter])
    values = value if isinstance(value, tuple | list) else (value,)
    return "" if None in values else show_value(value)


def link_into_site(app, doctree):
    """Resolve links to what only the built site has: pages, decks, the answers. In a book, keep their text."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        page, anchor = node.get("reftarget", ""), node.get("reftargetid")
        if page == ANSWERS and anchor:
            page = f"answers.html#{anchor}"
        elif not page.startswith(IN_SITE) or ".html" not in page:
            continue
        text = [child.deepcopy() for child in node.children]
        is_site = app.builder.name == "html"
        node.replace_self(nodes.reference("", "", *text, refuri=page, internal=True) if is_site else text)


def setup(app):
    """Add the directive, and have the links resolved."""
    app.add_directive("answers", Answers)
    app.connect("doctree-read", link_into_site)
    return {"parallel_read_safe": True}

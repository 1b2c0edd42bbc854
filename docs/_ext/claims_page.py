"""The directive ``claims``: all claims of all chapters, each a link to where it is made and checked."""

import nbformat
import prepare
from backticks import with_code
from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Claims(SphinxDirective):
    """A list of claims below the title of each chapter."""

    def run(self):
        """Return the sections."""
        sections, every = [], []
        for path in sorted(self.env.srcdir.glob("chapters/*.ipynb")):
            self.env.note_dependency(str(path))
            notebook = nbformat.read(path, as_version=4)
            claims = [claim for each in find_claims(notebook) for claim in each["claims"]]
            sections += self._section(path.stem, notebook, claims)
            every += claims
        hold = sum(claim["holds"] for claim in every)
        count = f"{hold} of {len(every)} hold" if hold < len(every) else f"All {len(every)} hold"
        return [nodes.paragraph("", f"{count} with the published parameters."), *sections]

    def _section(self, chapter, notebook, claims):
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ").partition(":")[0]
        section = nodes.section(ids=[chapter.replace("_", "-")], names=[chapter])
        section += nodes.title("", title)
        listed = nodes.bullet_list(classes=["gd-listed"])
        page = self.env.app.builder.get_relative_uri(self.env.docname, f"chapters/{chapter}")
        for claim in claims:
            uri = page if "#" in page else f"{page}#{claim['id']}"  # all chapters may be in one page
            link = nodes.reference("", "", *with_code(claim["statement"]), refuri=uri, internal=True)
            listed += nodes.list_item("", nodes.paragraph("", "", nodes.Text("✓ " if claim["holds"] else "✗ "), link))
        section += listed
        return [section] if claims else []


def find_claims(notebook):
    """Return the claims of a prepared chapter, output by output."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[prepare.CLAIM] for output in outputs if prepare.CLAIM in output.get("data", {})]


def setup(app):
    """Add the directive."""
    app.add_directive("claims", Claims)
    return {"parallel_read_safe": True}

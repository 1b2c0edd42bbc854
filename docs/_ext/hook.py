"""The directive ``hook``: the first explorer of a chapter, which is alive where there is JavaScript."""

import json

import nbformat
import prepare
from docutils import nodes
from sphinx.util.docutils import SphinxDirective


class Hook(SphinxDirective):
    """Shows the picture of the explorer, and its bundle."""

    required_arguments = 1

    def run(self):
        """Return the nodes."""
        path = self.env.srcdir / "chapters" / f"{self.arguments[0]}.ipynb"
        self.env.note_dependency(str(path))
        notebook = nbformat.read(path, as_version=4)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        place = next(k for k, output in enumerate(outputs) if prepare.EXPLORER in output.get("data", {}))
        picture, bundle = outputs[place - 1], outputs[place].data[prepare.EXPLORER]
        uri = f"data:image/png;base64,{picture.data['image/png'].replace(chr(10), '')}"
        text = json.dumps(bundle, ensure_ascii=False).replace("<", "\\u003c")
        script = f'<div class="gd-explorer"><script type="{prepare.EXPLORER}">{text}</script></div>'
        image = nodes.image(uri=uri, alt=picture.metadata["image/png"]["alt"])
        return [nodes.container("", image, nodes.raw("", script, format="html"), classes=["cell_output"])]


def setup(app):
    """Add the directive."""
    app.add_directive("hook", Hook)
    return {"parallel_read_safe": True}

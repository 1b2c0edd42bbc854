"""A chapter and a papermill that take no time, for tests of what happens around them.

The stand-in for papermill stands on ``PYTHONPATH`` before the real one, so that all else is as it is: the process, what
looks after it, the notebook that it leaves. It writes down every run that it begins and every one that it ends.
"""

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

PARAMETERS = """\
seed: int = 37  # seed
n: int = 1000  # points
learning_rate: float = 0.001  # α
pause: float = 0.0  # seconds
"""

PAPERMILL = """
import json, os, sys, time

source, output, *options = sys.argv[1:]
given = {options[i + 1]: options[i + 2] for i, word in enumerate(options) if word == "-p"}
name = ",".join(given.values())

def note(what):
    with open(LOG, "a") as log:
        log.write(f"{what} {name}\\n")

note("begin")
time.sleep(float(given.get("pause", 0)))
notebook = json.load(open(source.replace("{{", "{").replace("}}", "}")))
product = float(given["learning_rate"]) * int(given["seed"])
bundle = {"application/papermill.record+json": {"product": product, "seconds": 3, "seed": int(given["seed"])}}
for number, cell in enumerate(notebook["cells"], start=1):
    cell["execution_count"] = number
notebook["cells"][-1]["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": bundle}]
if given["seed"] == "13":
    sys.exit("ValueError: an unlucky number")
json.dump(notebook, open(output, "w"))
note("end")
"""


def write_chapter(folder, stem="03_batch", code="print(seed)"):
    """Write a chapter into `folder`, and return its path."""
    notebook = new_notebook(
        cells=[new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(code)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{stem}.ipynb")
    return folder / f"{stem}.ipynb"


def write_papermill(folder, log):
    """Write the stand-in for papermill into `folder`, to go on ``PYTHONPATH``; it notes in the file `log`."""
    (folder / "papermill").mkdir(parents=True)
    (folder / "papermill" / "__init__.py").write_text("")
    (folder / "papermill" / "__main__.py").write_text(f"LOG = {str(log)!r}\n{PAPERMILL}")
    log.touch()

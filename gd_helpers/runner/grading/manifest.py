"""The manifest: what was handed out to whom, as a JSON file that grading reads again."""

import copy
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from gd_helpers.runner.grading.cells import write_parameters

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Chapter:
    """What grading has to know of a chapter: where its cells are, whatever a learner does to a copy."""

    parameters_id: str  # of the cell with the parameters
    parameters_place: int  # among all cells
    parameters_source: str  # as the chapter has it
    answers: dict  # the id of the cell that checks it, by exercise, in order

    def set_parameters(self, notebook, values):
        """Return a copy of `notebook`, the chapter as it was handed out, with the parameters `values` by name."""
        notebook = copy.deepcopy(notebook)
        notebook.cells[self.parameters_place].source = self.write_parameters(values)
        return notebook

    def write_parameters(self, values):
        """Return the source of the cell with the parameters, with `values` by name in it."""
        return write_parameters(self.parameters_source, values)


@dataclass(frozen=True)
class Handout:
    """Who got what."""

    name: str  # the learner's, as in the roster
    folder: str
    parameters: dict  # all values by name, by chapter


@dataclass(frozen=True)
class Manifest:
    """All that was handed out: chapters by name, and a `Handout` for each learner."""

    chapters: dict
    handouts: list

    def dump(self):
        """Return the manifest as the bytes of a JSON file."""
        content = {"format": FORMAT, **asdict(self)}
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(path):
    """Return the `Manifest` in the file `path`.

    Raises
    ------
    ValueError
        If there is none.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_bytes())
        if content.pop("format") != FORMAT:
            raise ValueError("of another version of the course")
        chapters = {stem: Chapter(**chapter) for stem, chapter in content["chapters"].items()}
        return Manifest(chapters, [Handout(**handout) for handout in content["handouts"]])
    except OSError as error:
        raise ValueError(f"grading needs the {FILE} of the handout, got {str(path)!r}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"grading needs the {FILE} of the handout, got {str(path)!r}: {error}") from None

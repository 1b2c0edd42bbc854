"""The tables that the benchmarks write: what was measured, scaled to whole runs and set side by side."""

import math
import os
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

PLAIN, EAGER, COMPILED = "plain loop", "eager", "compiled"
SIDE_BY_SIDE = (PLAIN, EAGER, COMPILED)
PACKAGES = ("torch", "numba", "numpy", "scikit-learn", "jax", "skorch", "lightning")

HOW = """\
Every time is that of a whole call, from the data to the trained model with its record, in one process with one PyTorch
thread: the median of 15 calls, of 1 to 3 for slow programs. Each program has run before it is timed, so that no
compilation counts except where a line says so. Slow programs are timed on the first epochs of a recipe and the time is
scaled by the number of updates: "timed" is the share of them. The benchmarks also check that what stands side by side
computes the same."""

GROWTH = """\
Each size in a process of its own, which has loaded the kernels. Times are of whole calls, so that the few data pay most
for the millisecond or two that a call takes whatever it trains on. A shuffled epoch takes the examples in random order:
once they no longer fit the cache, drawing the order and reading each example wait for memory. Memory is the peak beyond
the imports: the kernels, which take the same for any data, and the data with what training on them needs; the last
column says nothing of data smaller than 10 MB."""
LEAST_BYTES = 10**7

# The lists of the book that are tables as they stand, with their titles.
LISTS = {
    "replicates": "Many runs at once",
    "vmaps": "Many runs at once, and by JAX's vmap",
    "seeds": "One seed to 10,000: the stochastic recipe over 20 epochs",
    "chapters": "All chapters, and the six loops of the source",
    "firsts": "The first run in a new process, its kernels on disk",
}


@dataclass(frozen=True)
class Timing:
    """What repeated runs of one recipe by one program took.

    Attributes
    ----------
    recipe, program : str
    updates, timed_updates : int
        Of the whole recipe, and of the part that was timed.
    repeats : int
    median, best, worst : float
        Seconds of the timed part.
    """

    recipe: str
    program: str
    updates: int
    timed_updates: int
    repeats: int
    median: float
    best: float
    worst: float

    @property
    def seconds(self):
        """The median, scaled by updates to the whole recipe."""
        return self.median * self.updates / self.timed_updates


@dataclass
class Book:
    """Everything that one run of the benchmarks measured, as it comes in."""

    recipes: list = field(default_factory=list)
    others: list = field(default_factory=list)
    replicates: list = field(default_factory=list)
    vmaps: list = field(default_factory=list)
    seeds: list = field(default_factory=list)
    chapters: list = field(default_factory=list)
    firsts: list = field(default_factory=list)
    growths: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def short(value):
    """Return a number with three digits that count, "–" for none."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def to_markdown(frame):
    """Return `frame` as a Markdown table, with its numbers shortened and to the right."""
    numeric = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame]
    rows = [list(frame.columns), ["--:" if number else "---" for number in numeric]]
    for values in frame.itertuples(index=False):
        rows.append([short(value) if number else value for value, number in zip(values, numeric, strict=True)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def timing_frame(timings):
    """Return the timings as a table, a row each, with the scaled seconds."""
    return pd.DataFrame([{**asdict(timing), "seconds": timing.seconds} for timing in timings])


def compare_recipes(timings):
    """Return seconds side by side and their ratios: a row a recipe, then one for those that have all programs."""
    found = {(timing.recipe, timing.program): timing for timing in timings}
    rows = []
    for recipe in dict.fromkeys(timing.recipe for timing in timings):
        here = {program: found.get((recipe, program)) for program in SIDE_BY_SIDE}
        part = min(timing.timed_updates / timing.updates for timing in here.values() if timing)
        seconds = {f"{program}, s": timing.seconds if timing else math.nan for program, timing in here.items()}
        updates = next(timing.updates for timing in here.values() if timing)
        rows.append({"recipe": recipe, "updates": updates, "timed": f"{part:.0%}", **seconds})
    table = pd.DataFrame(rows)
    whole = table.dropna()
    if len(whole) > 1:
        total = {"recipe": f"these {len(whole)}", "timed": "", **whole.drop(columns=["recipe", "timed"]).sum()}
        table = pd.concat([table, pd.DataFrame([total])], ignore_index=True).astype({"updates": "int64"})
    for program in (PLAIN, EAGER):
        table[f"{program} ÷ compiled"] = table[f"{program}, s"] / table[f"{COMPILED}, s"]
    return table


def compare_others(others, recipes):
    """Return a row for each of the `others`, with what the compiled engine takes for the same updates."""
    compiled = {timing.recipe: timing.seconds for timing in (*recipes, *others) if timing.program == COMPILED}
    table = pd.DataFrame(
        [
            {
                "recipe": timing.recipe,
                "program": timing.program,
                "updates": timing.updates,
                "timed": f"{timing.timed_updates / timing.updates:.0%}",
                "program, s": timing.seconds,
                "compiled, s": compiled.get(timing.recipe, math.nan),
            }
            for timing in others
            if timing.program != COMPILED
        ]
    )
    table["program ÷ compiled"] = table["program, s"] / table["compiled, s"]
    return table


def compare_growths(growths):
    """Return time per example, relative to the method's best, and memory relative to the data, a row a size."""
    table = pd.DataFrame(growths)
    per_example = 1e9 * table["median"] / (table["n"] * table["epochs"])
    best = per_example.groupby(table["method"]).transform("min")
    training = table["peak_bytes"] - table["kernel_bytes"]
    return pd.DataFrame(
        {
            "method": table["method"],
            "n": table["n"].map("{:,}".format),
            "epochs": table["epochs"],
            "seconds": table["median"],
            "ns per example": per_example,
            "÷ best": per_example / best,
            "data, MB": table["data_bytes"] / 1e6,
            "peak, MB": table["peak_bytes"] / 1e6,
            "of it kernels, MB": table["kernel_bytes"] / 1e6,
            "the rest ÷ data": (training / table["data_bytes"]).where(table["data_bytes"] >= LEAST_BYTES),
        }
    )


def describe_machine(load):
    """Return the lines that name processor, cores, system and versions; `load` is the load average before the start."""
    versions = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"no {package}")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    busy = f", load average before the start {load:.1f}" if load is not None else ""
    return f"{_processor()}, {cores} cores{_cache()}, {platform.system()}{busy}.\n{', '.join(versions)}."


def _cache():
    """Return the size of the largest cache as a part of a sentence, or nothing where it is not known."""
    sizes = [path.read_text().strip() for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    sizes = [int(size.removesuffix("K")) for size in sizes if size.endswith("K")]
    return f", {max(sizes) / 1024:.3g} MB of cache" if sizes else ""


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def write_tables(book, folder, load=None):
    """Write what was measured into `folder`: all tables in ``bench.md``, and a CSV file each; return the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = {"recipes": timing_frame(book.recipes), "others": timing_frame(book.others)}
    raw.update({name: pd.DataFrame(getattr(book, name)) for name in (*LISTS, "growths")})
    for name, frame in raw.items():
        if len(frame):
            frame.to_csv(folder / f"{name}.csv", index=False)

    sections = ["# Benchmarks", describe_machine(load), HOW]
    if book.recipes:
        sections += ["## The six recipes of the source", to_markdown(compare_recipes(book.recipes))]
    if book.others or book.notes:
        sections += ["## Other programs, the same updates", *book.notes]
    if book.others:
        sections.append(to_markdown(compare_others(book.others, book.recipes)))
    for name, title in LISTS.items():
        if len(raw[name]):
            sections += [f"## {title}", to_markdown(raw[name])]
    if book.growths:
        sections += ["## Time and memory against the size of the data", GROWTH]
        sections.append(to_markdown(compare_growths(book.growths)))
    text = "\n\n".join(sections) + "\n"
    (folder / "bench.md").write_text(text, encoding="utf-8")
    return text

"""The command line: ``python -m gd_helpers run``, ``sweep`` and ``refresh``."""

import argparse
import sys


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def error(self, message):
        """Leave it to `main` to print `message`."""
        raise ValueError(message)


def make_parser():
    """Return the parser of the command line."""
    parser = OneLineParser(prog="python -m gd_helpers", description="Run, sweep or refresh the course's chapters.")
    commands = parser.add_subparsers(dest="command", metavar="{run,sweep,refresh}", required=True)
    chapter = {"nargs": "*", "metavar": "CHAPTER", "help": "a chapter such as 03_batch, or its number; none means all"}

    run = commands.add_parser("run", help="run chapters headless, into a folder", allow_abbrev=False)
    run.add_argument("chapters", **chapter)
    parameter = {"nargs": 2, "action": "append", "default": [], "dest": "parameters", "metavar": ("NAME", "VALUE")}
    run.add_argument("-p", **parameter, help="set a parameter")
    run.add_argument("--out", default="build/run", metavar="DIR", help="where to (default: %(default)s)")
    run.add_argument("--jobs", metavar="N", help="how many at a time (default: as many as there are cores)")

    sweep = commands.add_parser("sweep", help="run a chapter over a grid of parameters", allow_abbrev=False)
    sweep.add_argument("chapter", metavar="CHAPTER", help="a chapter such as 03_batch, or its number")
    sweep.add_argument(
        "-g",
        nargs="+",
        action="append",
        required=True,
        dest="grid",
        metavar=("NAME", "VALUE"),
        help="values to go through",
    )
    sweep.add_argument("-p", **parameter, help="set a parameter of all runs")
    sweep.add_argument("--out", required=True, metavar="DIR", help="where to; there the same command carries on")
    sweep.add_argument("--jobs", metavar="N", help="how many at a time (default: as many as there are cores)")
    sweep.add_argument("--dask", metavar="ADDRESS", help="have the workers of this Dask scheduler do it")

    refresh = commands.add_parser("refresh", help="run chapters and store their outputs in place", allow_abbrev=False)
    refresh.add_argument("chapters", **chapter)
    return parser


def protect_values(words):
    """Return `words` with a space before each value of ``-p`` and ``-g``: -1e-3 would look like an option."""
    protected, option, place = [], None, 0
    for word in words:
        place += 1
        if option == "-p" and place == 2:
            protected.append(" " + word)
            option = None
            continue
        if option == "-g" and place > 1 and (not word.startswith("-") or _is_number(word)):
            protected.append(" " + word)
            continue
        if not (option and place == 1):
            option, place = (word if word in ("-p", "-g") else None), 0
        protected.append(word)
    return protected


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_sweep(arguments):
    """Return the grid and the other parameters that the command line has, as texts by name.

    Raises
    ------
    ValueError
        If a parameter has no value, or two grids.
    """
    grid = {}
    for name, *values in arguments.grid:
        if not values:
            raise ValueError(f"-g {name} must have at least one value, got none")
        if name in grid:
            raise ValueError(f"-g {name} must be given once, with all its values, got it twice")
        grid[name] = [value[1:] for value in values]
    return grid, {name: value[1:] for name, value in arguments.parameters}


def main(words=None, **options):
    """Do what the command line's `words` say; return the exit status.

    0: all chapters ran; 1: some failed, or a cluster did; 2: nothing was run, since something asked for is not allowed;
    130: stopped. `options` go to `run_chapters`, `sweep` or `refresh_chapters`.
    """
    kept = "chapters that had not finished left nothing"
    try:
        arguments = make_parser().parse_args(protect_values(sys.argv[1:] if words is None else words))
        from gd_helpers.runner import chapters  # takes seconds, and a slip on the command line should not

        jobs = getattr(arguments, "jobs", None)
        jobs = None if jobs is None else chapters.parse_value(jobs)
        if arguments.command == "sweep":
            kept = f"the runs that had finished are kept in {arguments.out}, and the same command carries on"
            return _sweep(arguments, jobs, options)
        if arguments.command == "run":
            given = {name: value[1:] for name, value in arguments.parameters}
            results = chapters.run_chapters(arguments.chapters, given, out=arguments.out, jobs=jobs, **options)
        else:
            results = chapters.refresh_chapters(arguments.chapters, **options)
    except ValueError as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"stopped; {kept}", file=sys.stderr)
        return 130
    print(chapters.make_table(results))
    return int(any(result.status == "failed" for result in results))


def _sweep(arguments, jobs, options):
    """Sweep as `arguments` say, and return the exit status."""
    grid, given = read_sweep(arguments)
    from gd_helpers.runner import sweeps

    try:
        swept = sweeps.sweep(
            arguments.chapter, grid, given, out=arguments.out, jobs=jobs, dask=arguments.dask, **options
        )
    except sweeps.ClusterError as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 1
    print(swept)
    return int(len(swept.failed) > 0)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console without ✓ shows ? in place of failing
    sys.exit(main())

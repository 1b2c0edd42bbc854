"""The command line: ``python -m gd_helpers run`` and ``python -m gd_helpers refresh``."""

import argparse
import sys


class OneLineParser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def error(self, message):
        """Leave it to `main` to print `message`."""
        raise ValueError(message)


def make_parser():
    """Return the parser of the command line."""
    parser = OneLineParser(prog="python -m gd_helpers", description="Run the course's chapters, or refresh them.")
    commands = parser.add_subparsers(dest="command", metavar="{run,refresh}", required=True)
    chapter = {"nargs": "*", "metavar": "CHAPTER", "help": "a chapter such as 03_batch, or its number; none means all"}

    run = commands.add_parser("run", help="run chapters headless, into a folder", allow_abbrev=False)
    run.add_argument("chapters", **chapter)
    run.add_argument(
        "-p", nargs=2, action="append", default=[], dest="parameters", metavar=("NAME", "VALUE"), help="set a parameter"
    )
    run.add_argument("--out", default="build/run", metavar="DIR", help="where to (default: %(default)s)")
    run.add_argument("--jobs", metavar="N", help="how many at a time (default: as many as there are cores)")

    refresh = commands.add_parser("refresh", help="run chapters and store their outputs in place", allow_abbrev=False)
    refresh.add_argument("chapters", **chapter)
    return parser


def protect_values(words):
    """Return `words` with a space before the value of each ``-p``, without which -1e-3 would look like an option."""
    words, index = list(words), 0
    while index < len(words) - 2:
        if words[index] == "-p":
            words[index + 2] = " " + words[index + 2]
            index += 2
        index += 1
    return words


def main(words=None, **options):
    """Do what the command line's `words` say; return the exit status.

    0: all chapters ran; 1: some failed; 2: nothing was run, since something asked for is not allowed; 130: stopped.
    `options` go to `run_chapters` or `refresh_chapters`.
    """
    try:
        arguments = make_parser().parse_args(protect_values(sys.argv[1:] if words is None else words))
        from gd_helpers import chapters  # takes seconds, and a slip on the command line should not

        if arguments.command == "run":
            given = {name: value[1:] for name, value in arguments.parameters}
            jobs = None if arguments.jobs is None else chapters.parse_value(arguments.jobs)
            results = chapters.run_chapters(arguments.chapters, given, out=arguments.out, jobs=jobs, **options)
        else:
            results = chapters.refresh_chapters(arguments.chapters, **options)
    except ValueError as error:
        print("error:", " ".join(str(error).split()), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; chapters that had not finished left nothing", file=sys.stderr)
        return 130
    print(chapters.make_table(results))
    return int(any(result.status == "failed" for result in results))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console without ✓ shows ? in place of failing
    sys.exit(main())

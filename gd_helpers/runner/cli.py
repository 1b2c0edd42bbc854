"""The command line: ``python -m gd_helpers run``, ``refresh``, ``check``, ``sweep``, ``handout`` and ``grade``."""

import itertools
import signal
import sys

import click

from gd_helpers.runner.scheduler import SweepError

# Each command imports what it runs: that takes seconds, and a slip on the command line should not.


class ParameterCommand(click.Command):
    """A command with ``-p NAME VALUE`` and ``-g NAME V1 V2 …``; click has no option of any number of values."""

    def parse_args(self, ctx, args):
        """Parse `args` after writing each ``-g NAME V1 V2`` in them as ``-g NAME V1 -g NAME V2``."""
        words, spread, names = list(args), [], []
        while words:
            option = words.pop(0)
            if option not in ("-p", "-g") or not words:
                spread.append(option)
                continue
            name = words.pop(0)
            values = words[:1] if option == "-p" else list(itertools.takewhile(_is_value, words))
            if "=" in name:
                ctx.fail(f"write {option} {name.replace('=', ' ', 1)} in place of {option} {name}")
            if name in names or not values:
                what = "its value" if option == "-p" else "all its values"
                ctx.fail(f"{option} {name} must be given once, with {what}")
            names.append(name)
            spread += [word for value in values for word in (option, name, value)]
            del words[: len(values)]
        return super().parse_args(ctx, spread)


def _is_value(word):
    try:
        return not word.startswith("-") or bool(repr(float(word)))
    except ValueError:
        return False


names_argument = click.argument("names", nargs=-1, metavar="[CHAPTER]...")
jobs_option = click.option("--jobs", type=click.IntRange(1), metavar="N", help="How many at a time; as many as cores.")
parameter = {"type": (str, str), "multiple": True}
parameters_option = click.option("-p", "given", **parameter, metavar="NAME VALUE", help="Set a parameter.")


@click.group(no_args_is_help=False)
def cli():
    """Run, refresh, check, sweep, hand out or grade chapters.

    A chapter is called by its name, such as 03_batch, its number or its path.
    """


@cli.command(cls=ParameterCommand)
@names_argument
@parameters_option
@click.option("--out", default="build/run", show_default=True, metavar="DIR", help="Where to.")
@jobs_option
@click.pass_obj
def run(options, names, given, out, jobs):
    """Run chapters headless, into a folder; all of them if none is named."""
    from gd_helpers.runner.chapters import run_chapters

    return _report(run_chapters(names, dict(given), out=out, jobs=jobs, **options))


@cli.command()
@names_argument
@click.pass_obj
def refresh(options, names):
    """Run chapters and store their outputs in place; all of them if none is named."""
    from gd_helpers.runner.chapters import refresh_chapters

    return _report(refresh_chapters(names, **options))


def _report(results):
    from gd_helpers.runner.chapters import make_table

    click.echo(make_table(results))
    return int(any(result.status == "failed" for result in results))


@cli.command()
@names_argument
def check(names):
    """Say what makes a notebook no chapter, a line a problem; it reads, and runs nothing."""
    from gd_helpers.runner.chapters import find_chapters
    from gd_helpers.runner.check import find_problems_of

    problems = find_problems_of(list(names))
    count = len(names) or len(find_chapters())
    click.echo("\n".join(problems) or ("1 chapter is fine" if count == 1 else f"{count} chapters are fine"))
    return int(bool(problems))


@cli.command(cls=ParameterCommand)
@click.argument("chapter")
@click.option("-g", "grid", **parameter, required=True, metavar="NAME V1 V2 ...", help="Values to go through.")
@parameters_option
@click.option("--out", required=True, metavar="DIR", help="Where to; there the same command carries on.")
@jobs_option
@click.option("--dask", metavar="ADDRESS", help="Have the workers of this Dask scheduler do it.")
@click.pass_obj
def sweep(options, chapter, grid, given, out, jobs, dask):
    """Run a chapter over a grid of parameters, and write a table of what it recorded."""
    from gd_helpers.runner import sweeps

    values = {name: [value for other, value in grid if other == name] for name, _ in grid}
    result = sweeps.sweep(chapter, values, dict(given), out=out, jobs=jobs, dask=dask, **options)
    click.echo(str(result))
    return int(bool(result.failed or result.problem))


@cli.command()
@click.argument("roster", metavar="ROSTER.csv")
@click.argument("names", nargs=-1, required=True, metavar="CHAPTER...")
@click.option("--out", required=True, metavar="DIR", help="Where to: a new folder.")
@click.option("--nbgrader", is_flag=True, help="Write a course folder of nbgrader, too.")
@click.option("--otter", is_flag=True, help="Write assignments for Otter, too.")
@click.pass_obj
def handout(options, roster, names, out, **chosen):
    """Write a folder for each learner, with the chapters on the learner's own data.

    The first column of ROSTER.csv has the learners' names; each other column sets the parameter that it is called
    after. Without a column seed, each name gives a seed of its own.
    """
    from gd_helpers.runner.grading import nbgrader, otter
    from gd_helpers.runner.grading.handout import hand_out

    autograders = [module for module in (nbgrader, otter) if chosen[module.FOLDER]]
    made = hand_out(roster, names, out=out, autograders=autograders, **options)
    chapters, learners = len(made.chapters), len(made.handouts)
    count = f"{chapters} chapter{'s' * (chapters > 1)} to {learners} learner{'s' * (learners > 1)}"
    click.echo(f"handed out {count} in {out}; grade needs its manifest.json")
    return 0


@cli.command()
@click.argument("folder", metavar="DIR")
@click.option("--out", required=True, metavar="DIR2", help="Where to; there the same command carries on.")
@jobs_option
@click.option("--report", is_flag=True, help="Write a page on the misconceptions that were met, too.")
@click.option("--manifest", metavar="FILE", help="What was handed out; DIR/manifest.json by default.")
@click.option("--user", "users", multiple=True, metavar="NAME", help="Run notebooks as this user; one at a time each.")
@click.option("--seconds", type=click.IntRange(1), metavar="S", help="Time for each notebook; 600 by default.")
@click.option("--memory", type=click.FloatRange(0.1), metavar="GIB", help="Memory for each notebook; 4 by default.")
@click.option("--processes", type=click.IntRange(1), metavar="N", help="Processes of each notebook; 50 by default.")
@click.option("--output", type=click.FloatRange(0.1), metavar="MB", help="Output of each notebook; 20 by default.")
def grade(folder, out, jobs, report, manifest, users, **limits):
    """Run what came back of a handout, judge its exercises, and write a table and feedback.

    Notebooks are programs, and may do whatever the user may as whom they run. Run those of other people in a container,
    or as root with --user NAME, a user who has no rights: docs/grading.md says how.
    """
    from gd_helpers.runner.grading.grade import grade as grade_all
    from gd_helpers.runner.grading.report import write_report
    from gd_helpers.runner.limits import Limits

    given = Limits(**{name: value for name, value in limits.items() if value is not None})
    grades = grade_all(folder, out=out, jobs=jobs, limits=given, users=users, manifest=manifest)
    if report:
        write_report(grades.out / "report.html", grades.table)
    click.echo(str(grades))
    return 0


def main(words=None, **options):
    """Do what the command line's `words` say; return the exit status.

    0: all went well; 1: something failed; 2: nothing was run, since something asked for is not allowed; 130: stopped.
    `options` go to `run_chapters`, `sweep` or `refresh_chapters`.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console without ✓ shows ? in place of failing
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # each is as good as Ctrl-C
        number = getattr(signal, name, None)
        # shells have jobs in the background ignore SIGINT, but whoever sends it means it; nohup is meant, too
        if number and (name == "SIGINT" or signal.getsignal(number) != signal.SIG_IGN):
            signal.signal(number, signal.default_int_handler)
    try:
        return cli.main(words, "python -m gd_helpers", standalone_mode=False, obj=options)
    except click.Abort:
        message, status = "stopped; what had finished is kept, and the same sweep or grade carries on", 130
    except click.ClickException as error:
        message, status = f"error: {error.format_message()}", 2
    except (ValueError, SweepError) as error:
        message, status = f"error: {error}", 1 if isinstance(error, SweepError) else 2
    print(" ".join(message.split()), file=sys.stderr)
    return status

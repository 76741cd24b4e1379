"""The command line: ``terrace run``, ``validate``, ``samples``, ``licences`` and ``help``."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from terrace.data.apart import served

if TYPE_CHECKING:
    from terrace.progress import Progress
    from terrace.session.contract import Outcome
    from terrace.session.session import Session

OK, FAILED, USAGE = 0, 1, 2
_PATIENCE, _BETWEEN = 1.0, 0.2
"""Seconds until work counts as long, and between two looks at it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program with these arguments; the exit status is 0, 1 (a command failed) or 2 (bad usage)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that lacks a letter shows ? and goes on
            stream.reconfigure(errors="replace")
    if served(sys.argv[1:] if argv is None else argv):
        return OK
    parser = _parser()
    options = parser.parse_args(argv)
    if options.action is None:
        parser.print_help()
        return USAGE
    try:
        with warnings.catch_warnings():
            # NumPy tells of overflows with its own line of source; what came of them stands in the results.
            warnings.simplefilter("ignore", RuntimeWarning, append=True)
            status: int = options.action(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as in ``terrace samples | head -1``
        sys.stderr.close()
        return OK
    except OSError as error:  # of a command it is an outcome: this is the file to which the output goes
        from terrace.disk.reasons import reason

        with contextlib.suppress(OSError):  # what is left of the output goes nowhere, and the end of Python is quiet
            sys.stdout.close()
        print(f"terrace: the output cannot be written: {reason(error)[0]}.", file=sys.stderr)
        return FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    from terrace.data import formats
    from terrace.version import __version__

    parser = argparse.ArgumentParser(
        prog="terrace", description="Multilevel (linear mixed-effects) models on the command line."
    )
    parser.add_argument("--version", action="version", version=f"terrace {__version__}")
    parser.set_defaults(action=None)
    verbs = parser.add_subparsers(metavar="ACTION")
    run = verbs.add_parser("run", help="run a do-file or commands", description=_run.__doc__)
    run.add_argument("file", nargs="?", metavar="FILE.do", help="a do-file")
    run.add_argument("--data", metavar="FILE",
                     help=f"data to open first ({formats.programs()}), or a project (.terrace)")  # fmt: skip
    how = run.add_mutually_exclusive_group()
    how.add_argument("--stream", action="store_const", const="stream", dest="how", default="",
                     help="read the data in parts (automatic if they are larger than memory)")  # fmt: skip
    how.add_argument("--in-memory", action="store_const", const="nostream", dest="how",
                     help="read all the data at once, whatever their size")  # fmt: skip
    run.add_argument(
        "-c", dest="commands", metavar="COMMAND", action="append", default=[], help="a command; repeatable"
    )
    run.add_argument(
        "--trust", action="store_true",
        help="run a do-file even if it writes outside its folder and the working folder",
    )  # fmt: skip
    run.add_argument("--json", metavar="OUT", help="write the results to this file as JSON")
    run.set_defaults(action=_run)
    validate = verbs.add_parser(
        "validate", help="check this installation against published numbers and R", description=_validate.__doc__
    )
    validate.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="folder for the report (default: "
                                                                                   "this folder)")
    validate.add_argument("--no-report", action="store_true", help="only check, and write nothing")
    validate.set_defaults(action=_validate)
    samples = verbs.add_parser("samples", help="list the sample datasets")
    samples.set_defaults(action=_samples)
    licences = verbs.add_parser(
        "licences", help="list the libraries that come with Terrace, or show licences", description=_licences.__doc__
    )
    licences.add_argument("library", nargs="?", metavar="LIBRARY", help="show the licence of this one")
    licences.add_argument("--all", action="store_true", help="show all licences in full")
    licences.set_defaults(action=_licences)
    helper = verbs.add_parser("help", help="list the commands, or explain one")
    helper.add_argument("topic", nargs="*", metavar="COMMAND")
    helper.set_defaults(action=_help)
    return parser


def _run(options: argparse.Namespace) -> int:
    """Open the data, run the do-file, then each command, in one session; the first error ends it."""
    problem = _usage_problem(options)
    if problem:
        print(f"terrace run: {problem}", file=sys.stderr)
        return USAGE
    if options.file is not None and not options.trust and _tell_what_is_shown(Path(options.file)):
        return USAGE
    import numpy as np

    from terrace.session.session import Session

    session = Session()
    outcomes: list[Outcome] = []
    status = FAILED
    try:
        # What has no value, such as the mean of infinite ones, is shown as missing: no line of NumPy about it besides.
        with np.errstate(all="ignore"):
            status = _run_all(session, options, outcomes)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        if options.json and not _write_json(options.json, outcomes):
            status = FAILED
    return status


def _tell_what_is_shown(file: Path) -> bool:
    """Print what a do-file would do where it should not without being asked; False where there is nothing of it."""
    from terrace.session import trust

    planned = trust.to_be_shown(file, begins=Path.cwd(), working=Path.cwd())
    if planned:
        lines = "".join(f"  {line}\n" for line in trust.as_lines(planned))
        print(
            f"terrace run: nothing has been run. {file} would write outside its folder, or may do so:\n"
            f"{lines}Check these lines. To run the do-file anyway, add --trust.",
            file=sys.stderr,
        )
    return bool(planned)


def _usage_problem(options: argparse.Namespace) -> str:
    """What is wrong with the arguments of ``terrace run``; empty where nothing is."""
    from terrace.disk.writing import destination
    from terrace.errors import TerraceError

    if options.file is None and options.data is None and not options.commands:
        return "give a do-file, data or a command (terrace run --help)"
    if options.file is not None and not Path(options.file).is_file():
        return f"the do-file {options.file} does not exist"
    if options.json:  # told before the work, not after it
        try:
            destination(options.json, replace=True)
        except TerraceError as error:
            return error.pointed()
    return ""


def _run_all(session: Session, options: argparse.Namespace, outcomes: list[Outcome]) -> int:
    from terrace.session.paths import in_command

    line = ProgressLine(sys.stderr) if sys.stderr.isatty() else None
    if options.data is not None:
        # Opening is not one of the user's commands, so it is no result of its own in --json. What was left out of the
        # file, chosen in it or doubtful is told all the same: it says what the numbers below are about.
        use = f'use `"{in_command(options.data)}"\'' + (f", {options.how}" if options.how else "")
        opened = session.run_expanded(use, progress=line)
        if line is not None:
            line.clear()
        if not opened.ok:
            outcomes.append(opened)
            _tell_error(opened, "")
            return FAILED
        print(opened.text, end="\n\n")
    if options.file is not None:
        for outcome in session.run_do(Path(options.file), progress=line, before=lambda text, number: _echo(text)):
            if line is not None:
                line.clear()
            outcomes.append(outcome)
            if not _tell(outcome, f"{options.file}, line {outcome.line}: "):
                return FAILED
            if outcome.type == "exit":
                return OK
    for command in options.commands:
        _echo(command)
        outcome = session.run(command, progress=line)
        if line is not None:
            line.clear()
        outcomes.append(outcome)
        if not _tell(outcome, ""):
            return FAILED
        if outcome.type == "exit":
            return OK
    return OK


class ProgressLine:
    """One line on a terminal that says how far long work is, and goes away when the work is done."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._next = clock() + _PATIENCE
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        """Show it, unless the last was shown a moment ago."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _BETWEEN
        text = progress.stage
        if progress.fraction is not None:
            text += f" {progress.fraction:.0%}"
        elif progress.iteration is not None:
            text += f", iteration {progress.iteration}"
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = max(self._width, len(text))

    def clear(self) -> None:
        """Take the line away; the next piece of work is long anew before it is shown."""
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()
        self._width, self._next = 0, self._clock() + _PATIENCE


def _echo(command: str) -> None:
    print(f". {command}", flush=True)


def _tell(outcome: Outcome, place: str) -> bool:
    """Print what a command did; False where it failed."""
    if not outcome.ok:
        _tell_error(outcome, place)
        return False
    notes = [] if outcome.quiet or outcome.fit is not None else outcome.warnings  # the page of a fit has them
    told = "".join(f"Note: {note}\n" for note in notes)
    if outcome.text:
        print(outcome.text, end="\n" if outcome.type == "display" else f"\n{told}\n")
    elif told:
        print(told)
    return True


def _tell_error(outcome: Outcome, place: str) -> None:
    from terrace.session.outcome import pointed

    sys.stdout.flush()
    print(place + pointed(outcome), file=sys.stderr)


def _write_json(path: str, outcomes: Sequence[Outcome]) -> bool:
    from terrace.disk.writing import write_text
    from terrace.errors import TerraceError
    from terrace.session.as_json import outcome_json

    text = json.dumps([outcome_json(o) for o in outcomes], indent=1, allow_nan=False, ensure_ascii=False)
    try:
        write_text(path, text + "\n")
    except TerraceError as error:
        print(f"terrace run: {error.pointed()}", file=sys.stderr)
        return False
    return True


def _validate(options: argparse.Namespace) -> int:
    """Fit models with published results and results of R on this machine, compare every number, look at the files of
    the libraries, and write the report as PDF (to sign) and JSON (all numbers). The exit status is 0 where all agrees.
    """
    from terrace.errors import TerraceError
    from terrace.validation.carry_out import validate, write

    line = ProgressLine(sys.stderr) if sys.stderr.isatty() else None
    try:
        found = validate(progress=line)
        if line is not None:
            line.clear()
        for wrong in (v for v in found.verdicts if not v.passed):
            print(f"{wrong.case.id}: {wrong.error or f'{len(wrong.failed)} of {len(wrong.checks)} numbers differ'}")
        for file in found.installed.altered:
            print(f"altered: {file}")
        print(("Passed: " if found.passed else "FAILED: ") + found.summary)
        if not options.no_report:
            for path in write(found, options.folder):
                print(path)
    except TerraceError as error:
        print(f"terrace validate: {error.pointed()}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return FAILED
    return OK if found.passed else FAILED


def _samples(options: argparse.Namespace) -> int:
    from terrace.data.samples import samples

    for s in samples():
        print(f"{s.name:12} {s.rows:>7,}  {s.title}")
    print("\nOpen one with the command: sample NAME")
    return OK


def _licences(options: argparse.Namespace) -> int:
    """List the libraries that come with Terrace and the licence of each, or show the text of one or of all."""
    from terrace import libraries

    text = libraries.third_party()
    if options.all:
        print(text, end="")
    elif options.library:
        found = libraries.part(text, options.library)
        if not found:
            print(f"terrace licences: {options.library} does not come with Terrace (terrace licences lists what does).",
                  file=sys.stderr)  # fmt: skip
            return FAILED
        print(found)
    else:
        print("\n".join(heading for heading, _ in libraries.parts(text)[1:]))
        print("\nTerrace itself: BSD-3-Clause. To read one licence, add the name of its library; to read all, --all.")
    return OK


def _help(options: argparse.Namespace) -> int:
    from terrace.errors import TerraceError
    from terrace.session import registry
    from terrace.session.commands.system.help import help_text

    registry.load()
    try:
        print(help_text(" ".join(options.topic)))
    except TerraceError as error:
        print(error.pointed(), file=sys.stderr)
        return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(main())

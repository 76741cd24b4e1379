"""``datasignature``: whether the data are still those that were signed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from terrace.data.dataset import Dataset, Signed
from terrace.data.signature import Signature, signature
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import rules
from terrace.language.grammar.tokens import unquoted
from terrace.session.commands.helpers.files import read_saving, with_ending
from terrace.session.commands.helpers.working import plural
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned

EXTENSION = ".dtasig"


@command(
    "datasignature",
    minimum="datasig",
    syntax="datasignature [variables]",
    help="Show the signature of the data: rows, variables, and a SHA-256 of names and values in their order. "
    "It is the same for the same data in any file format. Labels do not count.",
    effects=Effect.RETURNS | Effect.WHOLE,
)
def datasignature(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    data = session.data
    found = signature(data, parse_names(parsed.clauses.body, data.names) or None)
    return CommandResult(text=found.text, state=replace(session.state, returned=_returned(found)))


@command(
    "datasignature set",
    minimum="datasig set",
    syntax="datasignature set [, reset saving(FILE [, replace])]",
    help="Sign the data: store their signature with them to confirm later. saving() also writes it to a file.",
    effects=Effect.DATA | Effect.FILES | Effect.RETURNS,
)
def sign(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("reset", "saving"))
    data = session.data
    if data.signed is not None and "reset" not in options:
        raise parsed.word.error(
            "The data were signed on "
            f"{data.signed.when}.", code="signed", advice="To sign them again, use the option reset."
        )
    found = signature(data)
    signed = Signed(found.columns, found.rows, datetime.now().astimezone().isoformat(timespec="seconds"))
    said = f"{found.text}\nThe data are signed."
    if "saving" in options:
        name, may_replace = read_saving(session, options["saving"])
        path = _write(Path(name), signed, replace_=may_replace)
        said += f" The signature is in {path}."
    state = replace(session.state, dataset=replace(data, signed=signed), returned=_returned(found))
    return CommandResult(text=said, state=state)


@command(
    "datasignature confirm",
    minimum="datasig conf",
    syntax="datasignature confirm [using FILE] [, strict]",
    help="Stop with an error if values, the number of rows or their order have changed since the data were signed, or "
    "if a variable is gone. With strict, also if variables were added or reordered.",
    effects=Effect.RETURNS | Effect.WHOLE,
)
def confirm(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("strict"))
    data, signed = session.data, _signed(session, parsed)
    now = signature(data)
    differences = _differences(signed, now, data, strict="strict" in options)
    if differences:
        raise DataError(
            f"The data have changed since they were signed on {signed.when}: {'; '.join(differences)}.",
            code="signature",
            advice="Open the file that was signed, or sign the data again: datasignature set, reset.",
        )
    added = [name for name in now.names if name not in dict(signed.columns)]
    said = f"The data have not changed since they were signed on {signed.when}"
    said += f"; {plural(len(added), 'variable')} since added: {', '.join(added)}." if added else "."
    return CommandResult(text=said, state=replace(session.state, returned=_returned(now)))


@command(
    "datasignature report",
    minimum="datasig rep",
    syntax="datasignature report [using FILE]",
    help="Show what has changed since the data were signed.",
    effects=Effect.RETURNS | Effect.WHOLE,
)
def report(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    data, signed = session.data, _signed(session, parsed)
    now = signature(data)
    then = Signature(signed.rows, signed.columns)
    differences = _differences(signed, now, data, strict=True) or ["nothing has changed"]
    told = [f"{d[0].upper()}{d[1:]}." for d in differences]
    lines = [f"Signed on {signed.when}: {then.text}", f"Now: {now.text}", *told]
    return CommandResult(text="\n".join(lines), state=replace(session.state, returned=_returned(now)))


@command(
    "datasignature clear",
    minimum="datasig clear",
    syntax="datasignature clear",
    help="Remove the signature from the data.",
    effects=Effect.DATA | Effect.BRIEF,
)
def unsign(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    state = replace(session.state, dataset=replace(session.data, signed=None))
    return CommandResult(text="The data are no longer signed.", state=state)


def _returned(found: Signature) -> Returned:
    return Returned({"N": float(found.rows), "k": float(len(found.columns))}, {"datasignature": found.text})


def _signed(session: Session, parsed: ParsedCommand) -> Signed:
    """The signature in the file, else the one that the data carry. `DataError` where there is none."""
    if parsed.clauses.using is not None:
        return _read(session.state.path(unquoted(parsed.clauses.using)))
    if session.data.signed is None:
        raise parsed.word.error("The data are not signed.", code="not-signed", advice="Write datasignature set first.")
    return session.data.signed


def _differences(signed: Signed, now: Signature, data: Dataset, *, strict: bool) -> list[str]:
    """What is not as it was signed, each in a phrase."""
    then, today = dict(signed.columns), dict(now.columns)
    found = []
    if signed.rows != now.rows:
        were = "was" if signed.rows == 1 else "were"
        found.append(f"{plural(signed.rows, 'row')} {were} signed, and there are now {now.rows:,}")
    gone = [name for name in then if name not in today]
    if gone:
        found.append(f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} gone")
    if signed.rows == now.rows:
        changed = [name for name in then if name in today and then[name] != today[name]]
        if changed:
            found.append(f"values of {', '.join(changed)} differ or are in a different order")
    if strict:
        added = [name for name in today if name not in then]
        if added:
            found.append(f"{', '.join(added)} {'was' if len(added) == 1 else 'were'} added")
        if not added and not gone and list(then) != list(today):
            found.append("the variables are in a different order")
    return found


def _write(path: Path, signed: Signed, *, replace_: bool) -> Path:
    from terrace.disk.writing import write_bytes

    path = with_ending(path, EXTENSION)
    whole = {"format": 1, "signed": signed.when, "rows": signed.rows, "variables": dict(signed.columns)}
    return write_bytes(path, (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode(), replace=replace_)


def _read(path: Path) -> Signed:
    path = with_ending(path, EXTENSION)
    if not path.is_file():
        raise DataError(f"The file {path} does not exist.", code="no-such-file", subject=str(path))
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        columns = tuple((str(name), str(sha)) for name, sha in whole["variables"].items())
        return Signed(columns, int(whole["rows"]), str(whole["signed"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise DataError(
            f"{path} does not contain a signature.", code="unknown-format", subject=str(path),
            advice="Files of datasignature set, saving() do; those of other programs are computed otherwise.",
        ) from None  # fmt: skip

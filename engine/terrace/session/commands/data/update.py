"""``update``: the data brought up to date with their file as it is now."""

from __future__ import annotations

from terrace.data.dataset import Dataset
from terrace.data.transforms.update import Differences, differences, updated
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import rules
from terrace.language.mixed_options import argument
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.files import read_using
from terrace.session.commands.helpers.working import changed
from terrace.session.document.placing import data_title
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import enumerated


@command("update", syntax="update [using FILE] [, by(variables) preview]", effects=Effect.DATA,
         help="Update the data from their file, or another file, as it is now. Rows are matched by by(), without "
         "it by their number in the file; labels, measures and missing codes stay, and so do variables that the file "
         "does not have. preview only shows what is different.")  # fmt: skip
def update(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("preview", "by"))
    data = session.data
    if parsed.clauses.body:
        raise parsed.clauses.body.error("Give the file after using.", code="syntax", advice="update using FILE")
    file = _file(session, parsed, data)
    keys = parse_names(argument(options["by"]), data.names) if "by" in options else ()
    found = differences(data, file, keys)
    table = _table(found, data_title(file))
    if not found:
        return CommandResult(text="The data are up to date with their file.")
    if "preview" in options:
        return CommandResult(tables=(table,))
    warnings = []
    if found.own:
        more = "; they are missing in rows that are new" if found.added else ""
        warnings.append(
            f"The file does not have {enumerated(found.own)}: their values are unchanged{more}. Create them "
            "again if they depend on values that have changed."
        )
    return changed(session, updated(data, file, found), tables=(table,), warnings=warnings)


def _file(session: Session, parsed: ParsedCommand, data: Dataset) -> Dataset:
    """The file that is named, else that of the data, opened as it was opened: with the same sheet, encoding, ..."""
    from terrace.data.read import read

    if parsed.clauses.using is not None:
        return read_using(session, parsed.clauses.using, "update")
    for item in reversed(session.state.document.items):
        if item.kind == "data" and item.outcome is not None and Effect.OPENS in item.outcome.effects:
            child = session.fork(session.state)
            outcome = child.run(item.outcome.command, progress=session.progress, cancel=session.cancel)
            if outcome.ok and child.state.dataset is not None and child.state.dataset.source == data.source:
                return child.data
    if session.state.path(data.source or ".").is_file():
        return read(data.source, progress=session.report, cancel=session.cancelled)
    raise parsed.word.error(
        "The file of these data is unknown, or cannot be opened as before.",
        code="no-file",
        subject=data.source,
        advice="Give its name: update using FILE.",
    )


def _table(found: Differences, name: str) -> Table:
    rows = [
        Row("Rows added", (found.added,)),
        Row("Rows removed", (found.removed,)),
        *(Row(f"Values of {n}", (k,)) for n, k in found.changed),
        *(Row(f"New variable {n}", (None,)) for n in found.new),
        *(Row(f"{n} has a different type", (None,)) for n in found.retyped),
        *(Row(f"{n} is not in the file", (None,)) for n in found.own),
    ]
    return Table(f"Changes in {name}", (Column("count", "Count", "count"),), tuple(rows), "What", (), "update")

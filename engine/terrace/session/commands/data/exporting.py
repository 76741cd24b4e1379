"""``export delimited`` and ``export excel``; ``preserve`` and ``restore``."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from terrace.data import formats
from terrace.data.dataset import Dataset
from terrace.data.digits import whole_text
from terrace.data.plain import plain_values
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import rules
from terrace.session.commands.helpers.files import file_name
from terrace.session.commands.helpers.textfile import DELIMITERS
from terrace.session.commands.helpers.working import chosen, plural, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult


@command(
    "export delimited",
    minimum="export delim",
    syntax='export delimited [variables] using FILE [if] [in] [, delimiter(";") novarnames nolabel replace]',
    help="Save the data as text, with labels for labelled values unless nolabel is given.",
    effects=Effect.FILES | Effect.WHOLE,
)
@command(
    "export excel",
    minimum="export exc",
    syntax="export excel [variables] using FILE [if] [in] [, nolabel replace]",
    help="Save the data as an Excel file, with names in the first row.",
    effects=Effect.FILES | Effect.WHOLE,
)
def export(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.write import write

    options = parsed.options(
        rules("replace nol:abel novar:names", "delim:iter")
        if parsed.name == "export delimited"
        else rules("replace nol:abel", "", "first:row")
    )
    if "firstrow" in options and not "variables".startswith(options["firstrow"].value):
        raise options["firstrow"].piece.error(
            "The first row holds the names of the variables.", code="bad-option-value", subject="firstrow",
            advice="Use firstrow(variables), or leave it out.",
        )  # fmt: skip
    clauses = parsed.clauses
    data = session.data
    using = clauses.using
    names = parse_names(clauses.body, data.names) if using is not None else ()
    path = file_name(session, clauses.body if using is None else using, parsed.name)
    data = data.select(names) if names else data
    keep = chosen(session, clauses)
    data = data if keep.all() else data.rows(keep)
    if "nolabel" not in options:
        data = _labelled(data)
    delimiter = None
    header = "novarnames" not in options
    if parsed.name == "export delimited":
        given = text_of(options.get("delimiter"), "\t" if Path(path).suffix.lower() == ".tsv" else ",")
        delimiter = DELIMITERS.get(given.lower(), given)
        if len(delimiter) != 1:
            raise options["delimiter"].piece.error("A delimiter must be one character.", code="delimiter")
    elif not Path(path).suffix:
        path += formats.BY_KEY["excel"].usual
    written = write(
        data, path, replace="replace" in options, delimiter=delimiter, header=header,
        progress=session.report, cancel=session.cancelled,
    )  # fmt: skip
    return CommandResult(text=f"Written to {written.path} ({plural(len(data), 'row')}).", warnings=written.notes)


def _labelled(data: Dataset) -> Dataset:
    """The data with the labels of values in their place; values without one stay, as text."""
    for v in data.variables:
        if not v.value_labels or data.is_text(v.name):
            continue
        numbers = data.numeric(v.name).tolist()
        texts = np.array(
            ["" if math.isnan(x) else v.value_labels.get(x, whole_text(x)) for x in numbers], dtype=object
        )
        data = data.with_column(v.name, plain_values(texts)[0].array, v.of_new_values())
    return data


# --- keeping a copy ---------------------------------------------------------------------------------------
@command(
    "preserve",
    minimum="pres",
    syntax="preserve",
    help="Keep a copy of the data for restore.",
    effects=Effect.NONE,
)
def preserve(session: Session, parsed: ParsedCommand) -> CommandResult:
    parsed.options(())
    if session.state.preserved is not None:
        raise parsed.word.error("The data are already "
                                "preserved.", code="preserved", advice="Use restore to bring them back.")
    return CommandResult(state=replace(session.state, preserved=session.data))


@command(
    "restore",
    syntax="restore [, not preserve]",
    help="Bring back the data that preserve kept. not discards them.",
    effects=Effect.DATA,
)
def restore(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("not preserve"))
    kept = session.state.preserved
    if kept is None:
        raise parsed.word.error("There is nothing to restore.", code="not-preserved", advice="Use preserve first.")
    after = kept if "preserve" in options else None
    if "not" in options:
        return CommandResult(state=replace(session.state, preserved=None))
    return CommandResult(state=replace(session.state, dataset=kept, preserved=after))

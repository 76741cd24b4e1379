"""Opening and saving data: ``use``, ``sample``, ``import``, ``save``, ``clear``, ``xtset``."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from terrace.data import formats
from terrace.data.dataset import Dataset, Panel
from terrace.data.digits import whole_text
from terrace.data.importing.reading import Reading
from terrace.data.read import larger_than_memory
from terrace.data.streams.batches import StreamedData
from terrace.errors import DataError
from terrace.language.grammar.clauses import Clauses
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import unquoted
from terrace.language.mixed_options import argument, excluding
from terrace.results.table import Column, Row, Table
from terrace.session.commands.helpers.escapes import unescaped
from terrace.session.commands.helpers.files import file_name, without_labels
from terrace.session.commands.helpers.importing import COLUMN_OPTIONS, column_rules, reading_of
from terrace.session.commands.helpers.projects import EXTENSION, opened_project
from terrace.session.commands.helpers.rows import selected
from terrace.session.commands.helpers.streamed import chosen_rows
from terrace.session.commands.helpers.textfile import text_or_none, textfile_rules
from terrace.session.commands.helpers.working import plural
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned, State
from terrace.wording import enumerated

_PARTS = ("encoding", "sheet", "table", "object", "member")
"""What of a file that holds several tables can be chosen."""
_OF_COLUMNS = (
    "Names or labels in several rows, such as varnames(1:2), are put together. rename() gives columns other names, by "
    "which all other options know them; drop() leaves columns out. text(), number() and date() set their type, "
    "nominal() and its like their measure. missing() has the codes of missing values of all columns, codes() those of "
    "single ones, codebook() is a file with labels, measures and missing codes of the variables."
)
_AMOUNT = re.compile(r"-?\d+(\.\d*)?|\.\d+")


def opened(session: Session, data: Dataset) -> CommandResult:
    """The result of a command that opens data."""
    lines = [data.label] if data.label else []
    if isinstance(data, StreamedData):
        lines.append(f"{data.rows_text()}, {plural(len(data.names), 'variable')}, streamed")
        lines.append(f"The file is read in parts whenever a model is fitted; its first {len(data):,} rows are shown.")
    else:
        lines.append(f"{plural(len(data), 'row')}, {plural(len(data.names), 'variable')}")
    if session.state.log and data.sha256:
        lines.append(f"Source: {data.source}, SHA-256 {data.sha256}")
    lines += [f"Note: {note}" for note in data.notes]
    state = replace(session.state, dataset=data)
    return CommandResult(text="\n".join(lines), state=state)


@command(
    "use",
    minimum="u",
    syntax="use [variables using] FILE [if] [in] [, clear encoding(cp1252) nolabel sheet(name) table(name) "
    "object(name) member(name) stream nostream]",
    help=f"Open a dataset of {formats.programs()} ({' '.join(formats.endings_of(formats.FORMATS))}); a "
    f"{formats.programs(formats.STREAMED, 'or')} file that is larger than memory is streamed. sheet() chooses a sheet "
    "of a workbook, table() a table of a database, object() a data frame of an R file, member() a file of a zip "
    "archive. A project file (.terrace) is opened as by project use.",
    effects=Effect.OPENS | Effect.BRIEF,
)
def use(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("nol:abel stream nostream", "enc:oding sheet table object member",
                                   already="clear replace"))  # fmt: skip
    excluding(options, ("stream", "nostream"))
    clauses = parsed.clauses
    name = file_name(session, clauses.file, "use")
    if name.lower().endswith(EXTENSION):
        return opened_project(session, Path(name), returned=False)  # `use` leaves r() as it is
    parts = {part: text_or_none(options[part]) for part in _PARTS if part in options}
    if "nostream" not in options and not parts and ("stream" in options or larger_than_memory(name)):
        if "nolabel" in options:
            raise options["nolabel"].piece.error(
                "Value labels of a streamed file cannot be left out.", code="misplaced-option", subject="nolabel"
            )
        return opened(session, _streamed(session, name, clauses))
    data = _read(session, name, **parts)
    if "nolabel" in options:
        data = without_labels(data)
    state = replace(session.state, dataset=data)
    if clauses.condition is not None or clauses.range_ is not None:
        data = data.rows(selected(session.fork(state), clauses))
    if clauses.using is not None and clauses.body:
        data = data.select(parse_names(clauses.body, data.names))
    return opened(session, data)


def _streamed(session: Session, name: str, clauses: Clauses) -> Dataset:
    """A file that is streamed; of the variables and rows that a command wants, what it names is read into memory."""
    from terrace.data.read import stream

    data = stream(name, progress=session.report, cancel=session.cancelled)
    names = list(parse_names(clauses.body, data.names)) if clauses.using is not None and clauses.body else []
    if not names and clauses.condition is None and clauses.range_ is None:
        return data
    found = chosen_rows(session, data, clauses, names or data.names)
    if not len(found):
        raise DataError("if and in leave no rows.", code="no-observations")
    return found


def _read(session: Session, name: str, **options: Any) -> Dataset:
    from terrace.data.read import read

    return read(name, **options, progress=session.report, cancel=session.cancelled)


@command(
    "sample",
    syntax="sample [NAME] | sample # [if] [in] [, count by(variables)]",
    help="Open a sample dataset that comes with Terrace (without a name, list them); with a number, keep a random "
    "part of the rows: that many percent, or with count that many rows.",
    effects=Effect.OPENS | Effect.DATA | Effect.BRIEF,
)
def sample(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data import samples

    name = unquoted(parsed.clauses.body)
    if _AMOUNT.fullmatch(name):
        from terrace.session.commands.data.sampling import draw_sample

        return draw_sample(session, parsed)
    parsed.options(rules(already="clear"))
    if name:
        return opened(session, samples.sample(name))
    table = Table(
        title="Sample data",
        columns=(Column("rows", "Rows", "count"), Column("title", "Title", "text")),
        rows=tuple(Row(s.name, (s.rows, s.title)) for s in samples.samples()),
        stub="Name",
        key="samples",
    )
    return CommandResult(tables=(table,))


@command(
    "import delimited",
    minimum="import delim",
    syntax='import delimited [using] FILE [, delimiters(";") decimal(",") thousands(".") encoding(utf-8) '
    'rowrange(4:20) colrange(1:3) varnames(#|#:#|nonames) labelrow(#|#:#|none) skip(#) comment("#") '
    f"stringcols(1 3|_all) {COLUMN_OPTIONS} case() clear]",
    help="Open a text file; what is not given is detected. Rows, columns, the row of names and that of labels are "
    f"counted in the file. {_OF_COLUMNS}",
    effects=Effect.OPENS | Effect.BRIEF,
)
def import_delimited(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options((*textfile_rules(), *column_rules(), *rules("", "case")))
    name = file_name(session, parsed.clauses.file, "import delimited")
    data = _read_as(session, name, reading_of(session, options))
    return opened(session, _in_case(data, options.get("case")))


def _read_as(session: Session, name: str, reading: Reading) -> Dataset:
    from terrace.data.importing.made import read_as

    return read_as(name, reading, progress=session.report, cancel=session.cancelled).data


def _in_case(data: Dataset, option: Option | None) -> Dataset:
    """The data with names in ``case(lower|upper|preserve)``."""
    kind = "preserve" if option is None else choice(argument(option), option.value, "l:ower u:pper p:reserve", "a case")
    for name in data.names if kind != "preserve" else ():
        data = data.renamed(name, name.lower() if kind == "lower" else name.upper())
    return data


@command(
    "import excel",
    minimum="import exc",
    syntax='import excel [using] FILE [, sheet("name") cellrange(A1:D20) firstrow varnames(#|#:#|nonames) '
    f"labelrow(#|#:#|none) {COLUMN_OPTIONS} case(lower|upper) clear] | import excel FILE, describe",
    help="Open a sheet of a workbook, "
    + enumerated(formats.endings_of(formats.opened_by("import excel")), "or")
    + f". The first row holds the names; varnames() is the row of the sheet where another does. {_OF_COLUMNS}",
    effects=Effect.OPENS | Effect.BRIEF,
)
def import_excel(session: Session, parsed: ParsedCommand) -> CommandResult:
    own = rules("desc:ribe", "sh:eet cellra:nge varn:ames case", already="clear first:row")
    options = parsed.options((*own, *column_rules()))
    name = file_name(session, parsed.clauses.file, "import excel")
    if "describe" in options:
        from terrace.data.read import sheets

        path = name if Path(name).suffix else name + formats.opened_by(parsed.name)[0].usual
        found = sheets(path, progress=session.report, cancel=session.cancelled)
        rows = tuple(Row(title, (cells,)) for title, cells in found)
        table = Table("Sheets", (Column("range", "Range", "text"),), rows, "Sheet", key="sheets")
        return CommandResult(tables=(table,))
    data = _read_as(session, name, reading_of(session, options))
    return opened(session, _in_case(data, options.get("case")))


@command(
    "paste",
    minimum="paste",
    syntax='paste "TEXT" [, options of import delimited]',
    help=r"Open a table that was copied, such as spreadsheet cells. In the text \t stands for a tab, \n or \r for "
    r"the end of a line and \\ for a backslash. It is read as by import delimited, and takes the same options.",
    effects=Effect.OPENS | Effect.BRIEF,
)
def paste(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.progress import Report
    from terrace.data.readers.pasted import read_pasted, set_down_pasted

    options = parsed.options((*textfile_rules(), *column_rules()))
    text = unescaped(unquoted(parsed.clauses.body))
    report = Report("Reading what was copied", session.report, session.cancelled)
    if set(options) <= {"clear"}:
        return opened(session, read_pasted(text, report))
    with tempfile.TemporaryDirectory(prefix="terrace-") as folder:
        file = set_down_pasted(text, Path(folder), report)
        data = _read_as(session, str(file), reading_of(session, options))
    return opened(session, replace(data, source="clipboard", sha256=""))


def _opens(command_name: str, article: str) -> str:
    endings = formats.endings_of(formats.opened_by(command_name))
    return f"Open {article} file, {enumerated(endings, 'or')}."


@command("import spss", minimum="import spss", syntax="import spss [using] FILE [, case(lower|upper) encoding(cp1252) "
         "clear]", help=_opens("import spss", "an SPSS"), effects=Effect.OPENS | Effect.BRIEF)  # fmt: skip
@command("import sas", minimum="import sas", syntax="import sas [using] FILE [, case(lower|upper) catalog(FILE) "
         "encoding(cp1252) member(NAME) clear]", help=_opens("import sas", "a SAS") + " Value labels are those of "
         "catalog(), a .sas7bcat file, or of one of the same name; member() chooses from a transport file with several "
         "datasets.", effects=Effect.OPENS | Effect.BRIEF)  # fmt: skip
@command("import sasxport5", minimum="import sasx", syntax="import sasxport5 FILE [, case(lower|upper) "
         "encoding(cp1252) member(NAME) clear]", help="Same as import sas.",
         effects=Effect.OPENS | Effect.BRIEF)  # fmt: skip
def import_other(session: Session, parsed: ParsedCommand) -> CommandResult:
    more = {"import sas": " cat:alog mem:ber", "import sasxport5": " mem:ber"}.get(parsed.name, "")
    options = parsed.options(rules("", "case enc:oding" + more, already="clear"))
    name = file_name(session, parsed.clauses.file, parsed.name)
    if not Path(name).suffix:
        endings = formats.endings_of(formats.opened_by(parsed.name))
        name += next((e for e in endings if Path(name + e).is_file()), endings[0])
    catalog = options.get("catalog")
    data = _read(
        session,
        name,
        encoding=text_or_none(options.get("encoding")),
        catalog=None if catalog is None else file_name(session, argument(catalog), "catalog"),
        member=text_or_none(options.get("member")),
    )
    return opened(session, _in_case(data, options.get("case")))


@command(
    "save",
    minimum="sa",
    syntax="save [FILE] [, replace]",
    help=f"Save the data. The extension sets the format: {' '.join(formats.WRITTEN)} ({formats.USUAL} where it "
    "has none).",
    effects=Effect.SAVES | Effect.BRIEF,
)
def save(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.data.write import write

    options = parsed.options(rules("replace"))
    data = session.data
    body = parsed.clauses.body
    source = data.source if Path(data.source or ".").is_file() else ""
    if not body and not source:
        raise parsed.word.error("These data have no file yet.", code="no-file", advice='Write save "file.dta".')
    name = file_name(session, body, "save") if body else source
    written = write(data, name, replace="replace" in options, progress=session.report, cancel=session.cancelled)
    return CommandResult(text=f"Saved as {written.path}.", warnings=written.notes)


@command(
    "clear",
    syntax="clear [all]",
    help="Close the data. With all, also drop estimates and settings.",
    effects=Effect.DATA | Effect.BRIEF,
)
def clear(session: Session, parsed: ParsedCommand) -> CommandResult:
    what = str(parsed.clauses.body)
    if what not in ("", "all"):
        raise parsed.clauses.body.error("clear takes only all.", code="syntax", advice="clear all")
    if what == "all":
        now = session.state  # the results are the user's: a do-file that begins with this does not wipe them out
        fresh = State(folder=now.folder, log=now.log, document=now.document, origins=now.origins)
        return CommandResult(state=fresh)
    return CommandResult(state=replace(session.state, dataset=None))


def _declare(session: Session, panel: str | None, time: str | None, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(rules("clear", "delta"))
    data = session.data
    if "clear" in options:
        return CommandResult(text="No panel or time variable.", state=_with_panel(session, None))
    if panel is None and time is None:
        state = replace(session.state, returned=_panel_returned(data, data.panel))
        return CommandResult(text=_panel_text(data.panel), state=state)
    step = 1.0
    if "delta" in options:
        from terrace.language.mixed_options import number

        step = number(options["delta"], least=1e-300)
    if time is not None:
        _check_times(data, panel, time, parsed)
    declared = Panel(panel, time, step)
    state = replace(_with_panel(session, declared), returned=_panel_returned(data, declared))
    return CommandResult(text=_panel_text(declared), state=state)


def _with_panel(session: Session, panel: Panel | None) -> State:
    return replace(session.state, dataset=replace(session.data, panel=panel))


def _panel_returned(data: Dataset, panel: Panel | None) -> Returned:
    """r(panelvar), r(timevar), r(tdelta), and the ends of both where they are numbers: r(imin), r(imax), r(tmin), ...
    """
    if panel is None:
        return Returned()
    names = {"panelvar": (panel.panel, "i"), "timevar": (panel.time, "t")}
    scalars: dict[str, float] = {}
    for name, letter in names.values():
        if name is not None and not data.is_text(name):
            values = data.numeric(name)
            known = values[~np.isnan(values)]
            scalars |= {f"{letter}min": float(known.min()), f"{letter}max": float(known.max())} if len(known) else {}
    if panel.time is not None:
        scalars["tdelta"] = panel.delta
    return Returned(scalars, {k: name for k, (name, _) in names.items() if name is not None})


def _panel_text(panel: Panel | None) -> str:
    if panel is None:
        return "Neither a panel nor a time variable is set."
    step = f", step {panel.delta:g}" if panel.delta != 1 else ""
    return "\n".join(
        [f"Panel variable: {panel.panel}"] * (panel.panel is not None)
        + [f"Time variable: {panel.time}{step}"] * (panel.time is not None)
    )


def _check_times(data: Dataset, panel: str | None, time: str, parsed: ParsedCommand) -> None:
    """A time stands once in each panel; `DataError` naming the first that does not."""
    import pandas as pd

    times = data.numeric(time)
    codes, values = data.codes(panel) if panel is not None else ([0] * len(data), ("the data",))
    frame = pd.DataFrame({"panel": codes, "time": times}).dropna()
    frame = frame[frame["panel"] >= 0]
    repeated = frame.duplicated()
    if repeated.any():
        row = frame[repeated].iloc[0]
        where = f"{panel} {values[int(row['panel'])]}" if panel is not None else "the data"
        shown = whole_text(float(row["time"]))
        raise DataError(f"{time} {shown} occurs more than once in {where}.", code="repeated-time", subject=time)


@command(
    "xtset",
    syntax="xtset [panel [time]] [, delta(#) clear]",
    help="Set the panel and time variables for L. F. D. and S.",
    effects=Effect.DATA | Effect.RETURNS,
)
def xtset(session: Session, parsed: ParsedCommand) -> CommandResult:
    names = parsed.variables(session.data.names)
    if len(names) > 2:
        raise parsed.clauses.body.error("xtset takes a panel and a time variable.", code="syntax")
    panel = names[0] if names else None
    return _declare(session, panel, names[1] if len(names) > 1 else None, parsed)


@command(
    "tsset",
    minimum="tsset",
    syntax="tsset [[panel] time] [, delta(#) clear]",
    help="Set the time variable, with or without panels, for L. F. D. and S.",
    effects=Effect.DATA | Effect.RETURNS,
)
def tsset(session: Session, parsed: ParsedCommand) -> CommandResult:
    names = parsed.variables(session.data.names)
    if len(names) > 2:
        raise parsed.clauses.body.error("tsset takes a panel and a time variable.", code="syntax")
    time = names[-1] if names else None
    return _declare(session, names[0] if len(names) > 1 else None, time, parsed)

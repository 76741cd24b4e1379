"""The text of the commands that the window runs for a click. What is clicked is what would be typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from terrace.data.missing import range_of
from terrace.language.grammar.macros import escaped, quoted
from terrace.session.paths import in_command

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from terrace.data.dataset import Variable
    from terrace.results.figure_look import FigureLook


_END_OF_LINE = "\\n"  # as `paste` reads it
LONGEST = 2_000_000  # characters of a command that the window makes, which stands in the history


def file_name(path: str | Path) -> str:
    """The name of a file in a command, with its quotation marks; any name that a file can have."""
    return quoted(in_command(path))


def use_file(path: str | Path) -> str:
    """Open a data file."""
    return f"use {file_name(path)}, clear"


def use_project(path: str | Path) -> str:
    """Open a project."""
    return f"project use {file_name(path)}, clear"


def save_project(path: str | Path, *, bare: bool = False) -> str:
    """Save the project; `bare` leaves the data out."""
    return f"project save {file_name(path)}, replace{' nodata' if bare else ''}"


def recover(folder: str | Path) -> str:
    """Bring back what a window left behind."""
    return f"project recover {file_name(folder)}"


def use_sample(name: str) -> str:
    """Open a bundled sample."""
    return f"sample {name}"


def paste_table(text: str) -> str:
    """Open a table that was copied."""
    lines = text.replace("\\", "\\\\").replace("\t", "\\t").splitlines()
    return f"paste {quoted(_END_OF_LINE.join(lines))}, clear"


def filter_rows(expression: str, *, in_use: bool) -> str:
    """Make this the filter, for analyses or for viewing only."""
    return f"filter {escaped(expression)}{'' if in_use else ', view'}"


MOST_PARTS = 2000  # stretches of rows that a condition names; each is looked for in all rows


def rows_condition(rows: npt.NDArray[np.int64]) -> str | None:
    """The condition that is true in these rows of the data, sorted and counted from 0; None where it is too long."""
    import numpy as np

    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    parts = [(int(p[0]) + 1, int(p[-1]) + 1) for p in np.split(rows, breaks) if len(p)]
    if not parts or len(parts) > MOST_PARTS:
        return None
    single = [str(a) for a, b in parts if a == b]
    out = [f"inrange(_n, {a}, {b})" for a, b in parts if a != b]
    return " | ".join(([f"inlist(_n, {', '.join(single)})"] if single else []) + out)


def free_name(names: Sequence[str], wanted: str) -> str:
    """A name for a new variable: the one that is wanted, with a number where it is taken."""
    taken = set(names)
    out, number = wanted, 1
    while out in taken:
        number += 1
        out = f"{wanted}{number}"
    return out


def save_file(path: str | Path) -> str:
    """Save the data; the ending of the name decides on the format."""
    return f"save {file_name(path)}, replace"


def save_code(path: str | Path, model: str, language: str) -> str:
    """Save code of a model in a language; an empty name means the model that is active."""
    return f"code {model}, in({language}) saving({file_name(path)}, replace)".replace("code ,", "code,")


def report(path: str | Path, models: list[tuple[str, str]], results: list[int]) -> str:
    """Write a report of these models, given as (name in the session, title), and of results by their numbers."""
    options = []
    if models:
        options.append(f"models({' '.join(name for name, _ in models)})")
        options.append(f"titles({' '.join(quoted(title) for _, title in models)})")
    options.append(f"results({' '.join(map(str, sorted(results)))})" if results else "noresults")
    return f"report {file_name(path)}, {' '.join(options)} replace"


def planned_report(path: str | Path) -> str:
    """Write the report as its plan has it."""
    return f"report {file_name(path)}, replace"


PLOT_NAMES = {"residual-fitted": "residuals", "qq": "qq", "caterpillar": "caterpillar"}


def plot_of_model(kind: str) -> str:
    """Draw a diagnostic plot of the active model as a figure of the results."""
    return f"plot {PLOT_NAMES[kind]}"


def save_plot(kind: str, path: str | Path, look: FigureLook | None = None) -> str:
    """Write a diagnostic plot of the active model, in a look of its own: ranges of its axes."""
    return f"plot {PLOT_NAMES[kind]}, saving({file_name(path)}) replace{_options(look)}"


def save_figure(number: int, path: str | Path, look: FigureLook | None = None) -> str:
    """Write a figure of the results as it looks, but for what `look` says for this file."""
    return f"figure save {number} {file_name(path)}, replace{_options(look)}"


def _options(look: FigureLook | None) -> str:
    from terrace.results.figure_look import PLAIN
    from terrace.session.document.figure_text import look_text

    text = "" if look is None else look_text(look, PLAIN)
    return f" {text}" if text else ""


def edit_variable(name: str, field: str, value: str) -> str:
    """Change one property of a variable, as the Variables tab gives it.

    ``field`` is name, label, measure, value_labels or missing_codes. Raises ValueError, in words for the
    user, where the text cannot be read.
    """
    value = value.strip()
    if field == "name":
        return f"rename {name} {value}"
    if field == "label":
        return f"label variable {name} {quoted(value)}" if value else f"label variable {name}"
    if field == "measure":
        return f"measure {name} {value}"
    if field == "value_labels":
        pairs = [f"{_code(code)} {quoted(text)}" for code, text in parse_labels(value).items()]
        return " ".join(["label values", name, *pairs])
    parts = [part for part in re.split(r"[,;\s]+", value) if part]
    codes = [part if range_of(part) else _code(part) for part in parts]
    return " ".join(["missing", name, *codes])


def edit_cell(variable: Variable, is_text: bool, row: int, text: str) -> str:
    """Change one value of a variable in a row of the data, counted from 0.

    A label stands for its code; nothing, or a dot, for missing. Raises ValueError, in words for the user, where
    the text is no value of the variable.
    """
    text = text.strip()
    name = variable.name
    if is_text:
        value = quoted(text)
    elif text in ("", "."):
        value = "."
    else:
        labels = {words.lower(): code for code, words in variable.value_labels.items()}
        code = labels.get(text.lower())
        value = _number(variable, text) if code is None else f"{float(code):.17g}"
    return f"replace {name} = {value} in {row + 1}"


def names_text(names: Sequence[str], all_names: Sequence[str]) -> str:
    """Variables in a command, where three or more side by side are a range; new ones stand by themselves."""
    place = {name: k for k, name in enumerate(all_names)}
    out: list[str] = []
    run: list[str] = []
    for name in (*names, ""):
        if run and name in place and place[name] == place.get(run[-1], -2) + 1:
            run.append(name)
            continue
        out += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else run
        run = [name]
    return " ".join(out)


def rows_clause(rows: npt.NDArray[np.int64]) -> tuple[str, str]:
    """``in`` or the option ``rows()`` for rows of the data, from 0; one of the two is empty."""
    from terrace.session.commands.helpers.row_lists import row_text

    text = row_text(rows)
    return ("", f"rows({text})") if " " in text else (f" in {text}", "")


def enter(
    names: str, rows: npt.NDArray[np.int64], block: Sequence[Sequence[str]], *, decimal: str = ".",
    exact: bool = False, before: str = "",
) -> str:  # fmt: skip
    """Put a block of texts into variables and rows."""
    import csv
    import io

    from terrace.session.commands.helpers.escapes import as_escaped

    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(block)
    range_, listed = rows_clause(rows)
    options = [f'cells("{escaped(as_escaped(out.getvalue()[:-1]))}")']
    options += [listed] if listed else []
    options += ['decimal(",")'] if decimal == "," else []
    options += ["exact"] if exact else []
    options += [f"before({before})"] if before else []
    return f"enter {names}{range_}, {' '.join(options)}"


def drop_rows(rows: npt.NDArray[np.int64]) -> str:
    """Remove rows of the data."""
    range_, listed = rows_clause(rows)
    return f"drop{range_}" if range_ else f"drop, {listed}"


def substitute(
    names: str, rows: npt.NDArray[np.int64] | None, find: str, new: str, *, whole: bool = False,
    match_case: bool = False, codes: bool = False, decimal: str = ".",
) -> str:  # fmt: skip
    """Find and replace in variables; in all rows where `rows` is None."""
    from terrace.session.commands.helpers.escapes import as_escaped

    range_, listed = ("", "") if rows is None else rows_clause(rows)
    texts = [f'{name}("{escaped(as_escaped(text))}")' for name, text in (("find", find), ("with", new))]
    chosen = [("whole", whole), ("matchcase", match_case), ("codes", codes), ('decimal(",")', decimal == ",")]
    options = [*texts, *([listed] if listed else []), *(word for word, on in chosen if on)]
    return f"substitute {names}{range_}, {' '.join(options)}"


def _number(variable: Variable, text: str) -> str:
    from terrace.data.dates import is_date_format

    plain = text.replace("−", "-")
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", plain):
        return plain
    if is_date_format(variable.format) and variable.format.startswith("%td"):
        if re.fullmatch(r"\d{1,2}[A-Za-z]{3}\d{4}", plain):
            return f"td({plain.lower()})"
        iso = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain)
        if iso:
            return f"mdy({int(iso[2])}, {int(iso[3])}, {int(iso[1])})"
    from terrace.data.transforms.typed import Refused, read_number

    try:
        return f"{read_number(text, variable):.17g}"  # thousands apart by blanks, a day as 1 Mar 2024
    except Refused:
        pass
    told = QCoreApplication.translate("commands", "{0} holds numbers, and {1} is not a number.")
    raise ValueError(told.format(variable.name, text))


def parse_labels(text: str) -> dict[str, str]:
    """``0 = Public, 1 = Catholic`` as pairs. ValueError tells what is no pair."""
    out: dict[str, str] = {}
    for part in re.split(r",(?=[^,=]+=)", text):
        if not part.strip():
            continue
        code, sign, words = part.partition("=")
        if not sign or not code.strip() or not words.strip():
            told = QCoreApplication.translate("commands", "{0} is not a value and its label, such as 0 = No.")
            raise ValueError(told.format(part.strip()))
        out[code.strip()] = words.strip()
    return out


def _code(text: str) -> str:
    return text if re.fullmatch(r"-?\d+(\.\d+)?", text) else quoted(text)

"""A codebook: a table of what variables and values mean, as people write them beside their data.

Two forms are known. One row a variable has the labels of its values in one cell, ``1=Public; 2=Catholic``; one row a
value has a column for the value and one for its label, and names the variable in each row or in the first only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.digits import whole_text
from terrace.data.progress import Cancel, Progress
from terrace.errors import DataError

_TITLES = {  # what columns are called, without what is no letter
    "name": "variable variablename var varname name item column field spalte variablenname",
    "label": "label variablelabel varlabel description question wording meaning text title beschreibung frage",
    "measure": "measure measurement level levelofmeasurement measurementlevel scale skala skalenniveau type",
    "value": "value code valuecode wert kode",
    "value label": "valuelabel labelofvalue category categorylabel codelabel valuedescription wertelabel wertelabels",
    "values": "values valuelabels codes categories coding responses responseoptions answers werte kodierung",
    "missing": "missing missings missingvalues missingcodes missingcode na fehlend fehlendewerte fehlwerte",
}
_KNOWN = {title: kind for kind, titles in _TITLES.items() for title in titles.split()}
_MEASURES = {
    Measure.NOMINAL: "nominal categorical category factor binary dichotomous boolean",
    Measure.ORDINAL: "ordinal ordered likert rank ordinal-scaled",
    Measure.CONTINUOUS: "continuous scale interval ratio metric numeric number metrisch intervall",
    Measure.IDENTIFIER: "identifier id key",
}
_LEVELS = {word: measure for measure, words in _MEASURES.items() for word in words.split()}
_PAIR = re.compile(r"""\s*["']?(-?\d+(?:[.,]\d+)?|[^\s=:;,]+)["']?\s*(?:=|:|\s[-–—]\s|\t)\s*["']?(.*?)["']?\s*""")
_BARE_PAIR = re.compile(r"\s*(-?\d+)\s+(\D.*?)\s*")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_NEXT = re.compile(r"[,/]\s*(?=-?\d+(?:\.\d+)?\s*(?:=|:))")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a codebook says of a variable; labels of values and missing codes as they are written."""

    label: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    measure: Measure | None = None


@dataclass(frozen=True, slots=True)
class Codebook:
    """The entries by the name of the variable, and what of the file could not be made use of, as notes."""

    source: str
    entries: Mapping[str, Entry]
    notes: tuple[str, ...] = ()

    def of(self, names: Sequence[str]) -> dict[str, Entry]:
        """The entries of these variables; where a name is not there, one that differs only in capitals is taken."""
        lower: dict[str, list[str]] = {}
        for known in self.entries:
            lower.setdefault(known.lower(), []).append(known)
        out = {}
        for name in names:
            close = lower.get(name.lower(), [])
            key = name if name in self.entries else close[0] if len(close) == 1 else None
            if key is not None:
                out[name] = self.entries[key]
        return out


def read_codebook(path: str | Path, *, progress: Progress | None = None, cancel: Cancel | None = None) -> Codebook:
    """Read a codebook from a text file or a workbook, of which a sheet called Variables is taken where there is one.

    Raises `DataError` for a file that is none, besides what `read` raises.
    """
    from terrace.data.read import read

    sheet, file = _sheet(Path(path)), Path(path)
    data = read(path, sheet=sheet, names=1 if sheet else None, text=(0,), progress=progress, cancel=cancel)
    places = _places(data)
    if "name" not in places or len(places) < 2:
        raise DataError(
            f"{file.name} is not a codebook: it needs a column with the names of variables and one with labels.",
            code="not-a-codebook",
            subject=str(path),
            advice="Name its columns Variable, Label, Values, Measure, Missing.",
        )
    cells = {kind: [_text(v) for v in data.frame[column]] for kind, column in places.items()}
    return _codebook(str(path), cells)


def _sheet(path: Path) -> str | None:
    from terrace.data import formats
    from terrace.data.read import sheets

    known = formats.BY_ENDING.get(formats.ending_of(path))
    if known not in formats.opened_by("import excel") or not path.is_file():
        return None
    return next((name for name, _ in sheets(path) if name.lower() in ("variables", "codebook", "variable view")), None)


def _places(data: Dataset) -> dict[str, str]:
    """Which column holds what. Of a column called label beside values it is told by the values what it labels."""
    out: dict[str, str] = {}
    for v in data.variables:
        title = re.sub(r"[\W_]", "", (v.label or v.name).lower())
        kind = _KNOWN.get(title) or _KNOWN.get(re.sub(r"[\W_]", "", v.name.lower()))
        if kind is not None and kind not in out:
            out[kind] = v.name
    if "value" in out and "value label" not in out:
        one_each = not any(_pairs(_text(v)) for v in data.frame[out["value"]])
        if not one_each:
            out["values"] = out.pop("value")
        elif "label" in out and "values" not in out:
            out["value label"] = out.pop("label")
    if "values" in out and "value" not in out and "value label" in out:
        out["value"] = out.pop("values")
    return out


def _codebook(source: str, cells: Mapping[str, list[str]]) -> Codebook:
    entries: dict[str, Entry] = {}
    notes = []
    name = ""
    for k in range(len(cells["name"])):
        row = {kind: column[k] for kind, column in cells.items()}
        name = row["name"] or name
        if not name:
            continue
        entry = entries.get(name, Entry())
        values, odd = _labels(row)
        measure = _LEVELS.get(row.get("measure", "").lower())
        if odd:
            notes.append(f"{name}: {odd!r} in row {k + 1} of the codebook has no value with a label.")
        missing, named = _missing(row)
        entries[name] = replace(
            entry,
            label=entry.label or row.get("label", ""),
            values={**entry.values, **values, **named},
            missing=(*entry.missing, *(code for code in missing if code not in entry.missing)),
            measure=entry.measure or measure,
        )
    return Codebook(source, entries, tuple(notes))


def _labels(row: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The labels of values in a row, and a text that holds none although it should."""
    out = {}
    if row.get("value") and row.get("value label"):
        out[_code(row["value"])] = row["value label"]
    text = row.get("values", "")
    pairs = _pairs(text)
    odd = text if text and not pairs and "=" in text else ""
    return {**out, **pairs}, odd


def _missing(row: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The codes of missing values in a row, and their labels; a row of one value says yes where it is such a code."""
    text = row.get("missing", "")
    if row.get("value") and text.lower() in ("yes", "true", "1", "x", "ja", "missing"):
        return [_code(row["value"])], {}
    pairs = _pairs(text)
    if pairs:
        return list(pairs), pairs
    codes = [_code(part) for part in re.split(r"[;,\s]+", text) if part]
    return (codes, {}) if row.get("value", "") == "" else ([], {})


def _pairs(text: str) -> dict[str, str]:
    """``1=Public; 2=Catholic``, ``1: Public, 2: Catholic``, ``1 Public`` on lines, ``1 - Public | ...``."""
    for mark in ("\n", ";", "|"):
        if mark in text:
            parts = [p for p in text.split(mark) if p.strip()]
            break
    else:
        parts = _NEXT.split(text)
    out = {}
    for part in parts:
        found = _PAIR.fullmatch(part) or _BARE_PAIR.fullmatch(part)
        if found is None or not found[2]:
            return {}
        out[_code(found[1])] = found[2]
    return out


def _code(text: str) -> str:
    text = text.strip().replace("−", "-")
    if _NUMBER.fullmatch(text):
        return whole_text(float(text.replace(",", ".")))
    return text


def _text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else ""


def labelled(variable: Variable, entry: Entry, text: bool) -> Variable:
    """A variable with what a codebook says of it. Values of numbers get labels where the codebook's are numbers."""
    labels: dict[int | float | str, str] = {}
    for code, words in entry.values.items():
        if text:
            labels[code] = words
        elif _NUMBER.fullmatch(code):
            number = float(code)
            labels[int(number) if number.is_integer() else number] = words
    return replace(variable, label=entry.label or variable.label, value_labels=labels or variable.value_labels)

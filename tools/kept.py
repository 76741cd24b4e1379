"""Writes resources/help/formats.md: what each format keeps, as found by writing data, reading them and comparing.

Each specimen is a small dataset with one thing that a file may lose. What does not come back has to be told when the
file is written; `tests/engine/test_round_trips.py` fails where it is not, and where the page is not what this gives.
Run it after a format, a reader or a writer has changed.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.data.extended import CODES
from terrace.data.read import read
from terrace.data.write import write

PAGE = Path(__file__).resolve().parents[1] / "resources" / "help" / "formats.md"
KEPT, TOLD, LOST = "yes", "told", "LOST"
A, B = CODES["a"], CODES["b"]


@dataclass(frozen=True)
class Specimen:
    """`data` with something of its own, mostly in the variable x, beside a plain y; `same` judges what comes back.

    A note is about it where it has the `word`.
    """

    title: str
    data: Dataset
    same: Callable[[Dataset, Dataset], bool]
    word: str = "x"


def made(x: Any, *, rows: int = 4, **described: Any) -> Dataset:
    """x with its description, and y of plain numbers."""
    frame = pd.DataFrame({"x": x, "y": np.arange(rows) + 0.5})
    kind = Measure.NOMINAL if frame["x"].dtype.kind not in "fiu" else Measure.CONTINUOUS
    return Dataset(frame, (Variable("x", **{"measure": kind, **described}), Variable("y")))


def values(before: Dataset, after: Dataset) -> bool:
    """The same values, text as text; missing where it was."""
    if before.names != after.names or len(before) != len(after):
        return False
    for name in before.names:
        if before.is_text(name) != after.is_text(name):
            return False
        if before.is_text(name):
            one, two = (d.frame[name].fillna("").tolist() for d in (before, after))
            if one != two:
                return False
        elif not np.array_equal(before.numeric(name), after.numeric(name), equal_nan=True):
            return False
    return True


def _x(what: Callable[[Variable], Any]) -> Callable[[Dataset, Dataset], bool]:
    return lambda before, after: "x" in after and what(before.variable("x")) == what(after.variable("x"))


def _of_data(what: Callable[[Dataset], Any]) -> Callable[[Dataset, Dataset], bool]:
    return lambda before, after: bool(what(before) == what(after))


def _apart(before: Dataset, after: Dataset) -> bool:
    """The kinds of missing values stay apart, each where it was."""
    raw = after.frame["x"].to_numpy(dtype=np.float64, na_value=np.nan)
    return values(before, after) and np.array_equal(raw, before.frame["x"], equal_nan=True)


def _labels(v: Variable) -> dict[Any, str]:
    return dict(v.value_labels)


def _missing(v: Variable) -> Any:
    return set(v.missing_codes), v.missing_ranges


ONE, COUNTS = [1.0, 2.0, 3.0, 4.0], {1: "one", 2: "two"}
SHARED = Dataset(
    pd.DataFrame({"x": ONE, "z": ONE}),
    tuple(Variable(n, value_labels=COUNTS, label_set="counts", measure=Measure.NOMINAL) for n in ("x", "z")),
)
SPECIMENS = (
    Specimen("All digits of numbers", made([0.1, 1 / 3, 12345.678901234567, -1e-70]), values),
    Specimen("Whole numbers up to 2^53", made([2.0**53, 1.0 - 2**53, 0.0, 16777217.0]), values),
    Specimen("Names of 32 letters of any language",
             Dataset(pd.DataFrame({"größe_" * 5: ONE}), (Variable("größe_" * 5),)), values, "größe_"),
    Specimen("Names that differ in capitals only",
             Dataset(pd.DataFrame({"x": ONE, "X": ONE[::-1]}), (Variable("x"), Variable("X"))), values, "X"),
    Specimen("Names such as byte and all",
             Dataset(pd.DataFrame({"byte": ONE, "all": ONE}), (Variable("byte"), Variable("all"))), values,
             "(byte|all)"),
    Specimen("Text of 3,000 characters", made(["a" * 3000, "b", "ü", "c"]), values),
    Specimen("Blanks at the end of text", made(["a ", "a", " b", "c"]), values),
    Specimen("Text that looks like numbers", made(["007", "1", "1.10", "2"]), values),
    Specimen("Text that looks like missing values", made(["NA", ".", "n/a", "b"]), values),
    Specimen("Text that looks like dates", made(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"]), values),
    Specimen("Text that looks like formulas", made(["=1+1", "@x", "+a", "b"]), values),
    Specimen("Text with line ends and quotation marks", made(['a"b', "a\nb", "a,b;c", "\tb"]), values),
    Specimen("Rows without values between others",
             Dataset(pd.DataFrame({"x": [1.0, math.nan, 3.0, math.nan, 5.0]}), (Variable("x"),)), values),
    Specimen("Rows without values at the end",
             Dataset(pd.DataFrame({"x": [1.0, 2.0, math.nan]}), (Variable("x"),)), values, "row"),
    Specimen("Dates", made([21915.0, math.nan, -1.0, 0.0], format="%td"),
             lambda a, b: values(a, b) and _x(lambda v: v.format)(a, b)),
    Specimen("Dates with times", made([1.893492e12 + 1500, math.nan, 5000.0, 0.0], format="%tc"),
             lambda a, b: values(a, b) and _x(lambda v: v.format)(a, b)),
    Specimen("Looks of dates (%tdD_m_Y)", made([21915.0, 1.0, -1.0, 0.0], format="%tdD_m_Y"), _x(lambda v: v.format)),
    Specimen("Display formats of numbers (%9.2f)", made([0.125, 1.0, 2.0, 3.0], format="%9.2f"),
             _x(lambda v: v.format or v.native_format.replace("F9.2", "%9.2f"))),
    Specimen("Formats of other programs (DOLLAR8.2, TIME8)", made(ONE, native_format="DOLLAR8.2"),
             _x(lambda v: v.native_format)),
    Specimen("Widths of columns", made(ONE, width=12), _x(lambda v: v.width)),
    Specimen("The label of the data", replace(made(ONE), label="A study"), _of_data(lambda d: d.label), "label"),
    Specimen("Labels of variables", made(ONE, label="The first"), _x(lambda v: v.label)),
    Specimen("Value labels", made(ONE, value_labels=COUNTS, measure=Measure.NOMINAL), _x(_labels)),
    Specimen("Labels of values that do not occur",
             made(ONE, value_labels={1: "one", 99: "none"}, measure=Measure.NOMINAL), _x(_labels)),
    Specimen("Value labels of text", made(["m", "f", "m", "f"], value_labels={"m": "male"}), _x(_labels)),
    Specimen("Sets of value labels that variables share", SHARED, _x(lambda v: v.label_set)),
    Specimen("Levels of measurement", made(ONE, measure=Measure.ORDINAL), _x(lambda v: v.measure)),
    Specimen("Notes of the data", replace(made(ONE), documents=("First looked at in May.",)),
             _of_data(lambda d: d.documents), "notes"),
    Specimen("Codes that stand for missing", made([1.0, -9.0, 3.0, 99.0], missing_codes=(-9, 99)), _x(_missing)),
    Specimen("Such codes that do not occur", made(ONE, missing_codes=(-9,)), _x(_missing)),
    Specimen("Ranges that stand for missing", made([1.0, -9.0, 3.0, -1.0], missing_ranges=((-9.0, -1.0),)),
             _x(lambda v: v.missing_ranges)),
    Specimen("Codes of text that stand for missing", made(["a", "?", "b", "a"], missing_codes=("?",)), _x(_missing)),
    Specimen("Kinds of missing values kept apart", made([1.0, A, B, math.nan], missing_codes=(A, B)), _apart),
    Specimen("Labels of .a to .z",
             made([1.0, A, 3.0, 2.0], missing_codes=(A,), value_labels={A: "refused"}, measure=Measure.NOMINAL),
             _x(_labels)),
    Specimen("What xtset declared", replace(made(ONE), panel=Panel("x", "y")), _of_data(lambda d: d.panel), "xtset"),
)  # fmt: skip


def endings() -> list[str]:
    """One ending of each format that is written."""
    return [known.written[0] for known in formats.FORMATS if known.written]


def outcome(specimen: Specimen, ending: str, folder: Path) -> str:
    """Whether the format keeps it, or the writer tells that it does not, or neither."""
    target = folder / f"specimen{ending}"
    written = write(specimen.data, target, replace=True)
    if specimen.same(specimen.data, read(target)):
        return KEPT
    end = "" if specimen.word.endswith("_") else r"\b"
    pattern = re.compile(rf"\b{specimen.word}{end}")
    return TOLD if any(pattern.search(note) for note in written.notes) else LOST


def matrix(folder: Path) -> dict[str, list[str]]:
    """Of each specimen what becomes of it, format by format."""
    return {s.title: [outcome(s, ending, folder) for ending in endings()] for s in SPECIMENS}


def page(found: dict[str, list[str]]) -> str:
    """The help page."""
    heads = endings()
    lines = [
        "# What a file keeps",
        "",
        "*yes*: it is there when the file is read again. *told*: the format has no place for it, or changes it, and a",
        "note says so when the file is written. `save` and File > Save data as write the format that the ending names;",
        f"`{formats.WHOLE.usual}` keeps everything.",
        "",
        "| | " + " | ".join(f"`{e}`" for e in heads) + " |",
        "| --- |" + " --- |" * len(heads),
    ]
    lines += [f"| {title} | " + " | ".join(cells) + " |" for title, cells in found.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        found = matrix(Path(folder))
    PAGE.write_text(page(found), encoding="utf-8")
    lost = [f"{t}: {e}" for t, cells in found.items() for e, c in zip(endings(), cells) if c == LOST]
    print(*lost, sep="\n", end="\n" if lost else "")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())

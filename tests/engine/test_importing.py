"""How a file is read, as one description: what the preview shows is what the command then reads, and it loses nothing
without a word. What is right is known from how each file was made.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure
from terrace.data.importing import preview as preview_module
from terrace.data.importing.changes import Change
from terrace.data.importing.made import type_of
from terrace.data.importing.preview import Looking, Preview, kind_of
from terrace.data.importing.reading import Reading
from terrace.data.readers.delimited import SIGNS
from terrace.errors import DataError
from terrace.session.commands.helpers.importing import import_command
from terrace.session.session import Session


def write(
    folder: Path, rows: list[list[Any]], delimiter: str = ",", name: str = "f.csv", encoding: str = "utf-8"
) -> Path:
    file = folder / name
    with open(file, "w", newline="", encoding=encoding) as out:
        csv.writer(out, delimiter=delimiter).writerows(rows)
    return file


def sheet(folder: Path, **tables: list[list[Any]]) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    file = folder / "f.xlsx"
    book.save(file)
    return file


def run(command: str) -> Dataset:
    session = Session()
    outcome = session.run(command)
    assert outcome.error is None, (command, outcome.error)
    return session.data


def same(a: Dataset, b: Dataset) -> bool:
    return a.names == b.names and a.variables == b.variables and a.frame.equals(b.frame)


def changes(found: Preview, kind: str) -> list[Change]:
    return [c for c in found.changes if c.kind == kind]


def values(data: Dataset, name: str) -> list[Any]:
    return [None if pd.isna(v) else v for v in data.frame[name].tolist()]


# --- the preview is the import ----------------------------------------------------------------------------------------
CELLS = {
    "whole": st.integers(-50, 5000).map(str),
    "code": st.sampled_from(["1", "2", "3", "-99", "99"]),
    "real": st.floats(-1e4, 1e4).map(lambda v: f"{v:.3f}"),
    "gaps": st.sampled_from(["", "NA", "1.5", "2", "k.A.", "-99"]),
    "zeros": st.integers(0, 99).map(lambda v: f"{v:05d}"),
    "long": st.integers(10**16, 10**18).map(str),
    "day": st.dates(dt.date(1950, 1, 1), dt.date(2030, 12, 31)).map(lambda d: d.strftime("%d/%m/%Y")),
    "early": st.dates(dt.date(2000, 1, 1), dt.date(2000, 1, 12)).map(lambda d: d.strftime("%d/%m/%Y")),
    "time": st.times().map(lambda t: t.strftime("%H:%M")),
    "truth": st.sampled_from(["TRUE", "FALSE"]),
    "signs": st.sampled_from(["1.5", "20", "-", "missing"]),
    "grouped": st.integers(0, 10**7).map(lambda v: f"{v:,}"),
    "word": st.sampled_from(["red", "green, blue", 'say "a"', "k.A.", "Ünder; scored", " x "]),
    "mixed": st.sampled_from(["1", "2", "3", "x", "5.5", "12/01/2001"]),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, str, str]:
    """Rows with their names above them, perhaps in two rows, or none, labels and a title; marks and an encoding."""
    kinds = draw(st.lists(st.sampled_from([*CELLS]), min_size=2, max_size=6))
    names = [draw(st.sampled_from([k, f"{k}_{i}", f"my {k}", f"V{i}"])) for i, k in enumerate(kinds)]
    n = draw(st.integers(2, 40))
    rows = [[draw(CELLS[k]) for k in kinds] for _ in range(n)]
    decimal = draw(st.sampled_from([".", ","]))
    if decimal == ",":
        rows = [[c.replace(".", ",") if c[:1] in "-0123456789" else c for c in row] for row in rows]
    above = draw(st.sampled_from([[], [["A title"], []]]))
    heads = draw(st.sampled_from([[names], [[names[0], *[""] * (len(names) - 1)], names], []]))
    labels = draw(st.lists(st.sampled_from([[f"Label of {k}" for k in kinds], ["kg"] * len(kinds)]), max_size=2))
    delimiter = draw(st.sampled_from([";", "\t"] if decimal == "," else [",", ";", "\t"]))
    return [*above, *heads, *labels, *rows], delimiter, decimal, draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))


@st.composite
def readings(draw: st.DrawFn, names: list[str], found: Reading) -> Reading:
    """Something said of some columns, as a user would say it with the preview of the file in front of them."""
    some = st.lists(st.sampled_from(names), max_size=3, unique=True)
    out = Reading(
        missing=tuple(draw(st.lists(st.sampled_from(["-99", "k.A.", "99", "x"]), max_size=2, unique=True))),
        dates=draw(st.sampled_from(["", "dmy", "mdy"])),
    )
    for name in draw(some):
        out = out.with_type(name, draw(st.sampled_from(["text", "number", "date"])))
    for name in draw(some):
        out = out.with_codes(name, tuple(draw(st.lists(st.sampled_from(["-99", "k.A.", "a b"]), max_size=2))))
    for name in draw(some)[: len(names) - 1]:
        out = out.with_left_out(name, True)
    for name in draw(some):
        out = out.with_measure(name, draw(st.sampled_from([*Measure])))
    for name in draw(some):
        out = out.with_label(name, draw(st.sampled_from(["", "A label", 'with "marks"', "$x, and `y'"])))
    if draw(st.booleans()):
        out = replace(out, delimiter=found.delimiter, decimal=found.decimal, names=found.names, labels=found.labels)
    if draw(st.booleans()):
        out = replace(out, rows=(draw(st.integers(1, 6)), None))
    for k, name in enumerate(draw(some)):
        out = out.with_name(name, draw(st.sampled_from([f"new_{k}", name])))
    return out


def taken_over(found: Preview) -> Reading:
    """All that was found by itself, said in so many words: how the file is laid out, and of what type variables are."""
    types = {name: found.reading.types.get(name, type_of(found.data, name)) for name in found.data.names}
    return replace(found.found, types=types)


@given(data=st.data())
def test_the_preview_shows_what_the_command_reads(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows, delimiter, _, encoding = data.draw(tables())
    file = write(tmp_path_factory.mktemp("f"), rows, delimiter, encoding=encoding)
    looking = Looking(file)
    try:
        plain = looking.whole(Reading())
    except DataError:
        return  # some of these are no table, which both say in the same words
    reading = data.draw(readings([*plain.data.names], plain.found))
    try:
        found = looking.whole(reading)
    except DataError as error:
        outcome = Session().run(import_command(file, looking.kind, reading))
        assert outcome.error is not None and outcome.error[0] == error.code
        return
    imported = run(import_command(file, found.kind, found.reading))
    kept = found.data.without(found.reading.left_out)
    assert same(kept, imported) and found.data.notes == imported.notes
    # and what was found by itself says the same when it is written out
    explicit = taken_over(found)
    assert same(Looking(file).whole(explicit).data, found.data)
    assert same(run(import_command(file, found.kind, explicit)), kept)


def test_notes_of_columns_of_one_name_go_by_the_names_that_they_are_given(tmp_path: Path) -> None:
    looking = Looking(write(tmp_path, [["kg", "kg"], ["00000", "1.5"], ["00000", "-"]], ","))
    note = "kg_2: '-' read as missing (one value, the first in row 3)."
    assert note in looking.whole(Reading()).data.notes
    assert note in looking.whole(Reading().with_type("kg", "number")).data.notes


@given(data=st.data())
def test_nothing_is_lost_without_a_word(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    rows, delimiter, _, _ = data.draw(tables())
    file = write(tmp_path_factory.mktemp("f"), rows, delimiter)
    looking = Looking(file)
    try:
        plain = looking.whole(Reading()).data
    except DataError:
        return
    reading = Reading()
    for name in plain.names:
        reading = reading.with_type(name, data.draw(st.sampled_from(["text", "number", "date"])))
    as_text = Reading(types=dict.fromkeys(plain.names, "text"))
    written, found = looking.whole(as_text).data, looking.whole(reading)
    lost = {c: set(rows.tolist()) for change in changes(found, "lost") for c, rows in change.cells.items()}
    for name in plain.names:
        gone = set(np.flatnonzero(written.frame[name].notna() & found.data.frame[name].isna()))
        said = lost.get(name, set())
        assert said <= gone
        signs = [written.frame[name].iloc[row] for row in gone - said]  # which a note tells, as without the type
        assert not signs or (set(signs) <= SIGNS and any("' read as missing (" in note for note in found.data.notes))


# --- what is found, and what is said ----------------------------------------------------------------------------------
def test_codes_are_counted_over_the_whole_file_and_stay_in_the_data(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ses, score = rng.normal(size=3000), rng.integers(0, 60, 3000).astype(object)
    rows = [["id", "ses", "score"], *([k, f"{a:.3f}", b] for k, (a, b) in enumerate(zip(ses, score, strict=True)))]
    for k in (5, 2000, 2999):
        rows[k][1] = "-99"
    rows[1500][2], rows[1501][2] = "-99", "refused"
    looking = Looking(write(tmp_path, rows))
    plain = looking.whole(Reading())
    assert [c.code for c in changes(plain, "suspect")] == ["-99"]
    assert changes(plain, "suspect")[0].cells["ses"].tolist() == [4, 1999, 2998]
    assert plain.data.is_text("score") and changes(plain, "misfit")[0].cells["score"].tolist() == [1500]
    found = looking.whole(Reading(missing=("-99", "refused")))
    assert [c.text for c in changes(found, "missing")] == [
        "-99 is in 3 cells of ses and 1 of score. They count as missing.",
        "refused is in 1 cell of score. It counts as missing.",
    ]
    assert not changes(found, "suspect") and not changes(found, "misfit")
    assert found.data.variable("ses").missing_codes == (-99,) == found.data.variable("score").missing_codes
    assert np.isnan(found.data.numeric("ses")).sum() == 3 and found.data.frame["ses"].iloc[4] == -99


def test_cells_that_do_not_fit_a_type_are_named(tmp_path: Path) -> None:
    rows = [["x", "d"], ["1,5", "3.4.99"], ["about 3", "31.12.1968"], ["2", "31.2.2000"]]
    looking = Looking(write(tmp_path, rows, ";"))
    found = looking.whole(Reading(types={"x": "number", "d": "date"}))
    assert values(found.data, "x") == [1.5, None, 2.0]
    day = dt.date(1960, 1, 1)
    assert values(found.data, "d") == [(dt.date(1999, 4, 3) - day).days, (dt.date(1968, 12, 31) - day).days, None]
    assert [c.text for c in changes(found, "lost")] == [
        "1 cell of x does not fit the type and is missing: 'about 3' in row 2.",
        "1 cell of d does not fit the type and is missing: '31.2.2000' in row 3.",
    ]


def test_digits_that_a_number_does_not_hold_are_told(tmp_path: Path) -> None:
    looking = Looking(write(tmp_path, [["key", "y"], ["12345678901234567", 1], ["12345678901234568", 2]]))
    assert looking.whole(Reading()).data.is_text("key")
    found = looking.whole(Reading(types={"key": "number"}))
    assert changes(found, "rounded")[0].cells["key"].tolist() == [0, 1]


@pytest.mark.parametrize(("order", "first"), [("dmy", dt.date(2001, 4, 3)), ("mdy", dt.date(2001, 3, 4))])
def test_dates_of_which_no_value_tells(tmp_path: Path, order: str, first: dt.date) -> None:
    looking = Looking(write(tmp_path, [["when", "y"], ["03/04/2001", 1], ["05/05/2001", 2], ["11/12/2002", 3]]))
    plain = looking.whole(Reading())
    assert plain.data.is_text("when") and changes(plain, "doubtful")[0].cells["when"].tolist() == [0, 2]
    found = looking.whole(Reading(dates=order))
    assert not changes(found, "doubtful") and not any("stay text" in note for note in found.data.notes)
    assert values(found.data, "when")[0] == (first - dt.date(1960, 1, 1)).days
    assert found.data.variable("when").format == "%td"


def test_labels_in_the_second_row(tmp_path: Path) -> None:
    rows = [["id", "ses"], ["The school", "Status"], [1, 0.5], [2, 0.7]]
    looking = Looking(write(tmp_path, rows))
    found = looking.whole(Reading())
    assert (found.found.names, found.found.labels) == (1, 2) and found.data.variable("ses").label == "Status"
    none = looking.whole(Reading(labels=0))
    assert len(none.data) == 3 and none.data.variable("ses").label == "" and none.data.is_text("ses")
    text = [["a", "b"], ["What a is", "What b is"], ["x", "y"]]
    told = Looking(write(tmp_path, text, name="g.csv")).whole(Reading(labels=2))
    assert len(told.data) == 1 and [v.label for v in told.data.variables] == ["What a is", "What b is"]


def test_a_workbook_tells_its_sheets_and_where_its_names_stand(tmp_path: Path) -> None:
    table = [["Study one"], [], ["id", "ses", "w"], ["School", "Status", "W"], [1, 0.5, 1], [2, 0.6, "?"], [3, 0.7, 5]]
    looking = Looking(sheet(tmp_path, Notes=[["nothing"]], Main=table, Other=[["id", "z"], [1, 2], [2, 3]]))
    assert looking.whole(Reading()).found.sheet == "Main"
    found = looking.whole(Reading(names=3, labels=4))
    assert found.sheets == ("Notes", "Main", "Other") and found.found.sheet == "Main"
    assert (found.found.names, found.found.labels) == (3, 4) and found.data.variable("id").label == "School"
    other = looking.whole(Reading(sheet="Other", missing=("3",)))
    assert other.data.names == ("id", "z") and other.data.variable("z").missing_codes == (3,)
    typed = looking.whole(Reading(sheet="Main", names=3, labels=4, types={"w": "number", "id": "text"}))
    assert values(typed.data, "w") == [1, None, 5] and values(typed.data, "id") == ["1", "2", "3"]
    for preview in (found, other, typed):
        assert same(run(import_command(looking.path, preview.kind, preview.reading)), preview.data)
        assert same(run(import_command(looking.path, preview.kind, preview.found)), preview.data)


def test_what_is_said_of_columns_that_are_gone_is_dropped(tmp_path: Path) -> None:
    looking = Looking(write(tmp_path, [["a", "b"], ["c", "d"], [1, 2], [3, 4]]))
    reading = Reading(names=1).with_type("a", "text").with_measure("b", Measure.NOMINAL).with_label("b", "B")
    assert looking.whole(reading).reading == reading
    assert looking.whole(replace(reading, names=2)).reading == Reading(names=2)


def test_first_rows_of_a_large_file_are_those_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_module, "_HEAD", 4096)
    rng = np.random.default_rng(2)
    words = 'two\nlines, "quoted"'
    rows = [["id", "x", "words"], *([k, f"{v:.4f}", words] for k, v in enumerate(rng.normal(size=4000)))]
    file = write(tmp_path, rows)
    looking = Looking(file)
    first, whole = looking.first(Reading()), looking.whole(Reading())
    n = len(first.data)
    assert 500 < n <= preview_module.FIRST and not first.whole and len(whole.data) == 4000
    assert first.data.frame.equals(whole.data.frame.head(n).astype(first.data.frame.dtypes))
    assert file.stat().st_size < preview_module.LARGE and not looking.large()


def test_a_change_of_labels_or_codes_reads_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looking = Looking(write(tmp_path, [["a", "b"], [1, 2], [3, -99]]))
    looking.whole(Reading())
    monkeypatch.setattr(preview_module, "base", None)
    found = looking.whole(Reading(missing=("-99",)).with_label("a", "A").with_measure("b", Measure.ORDINAL))
    assert found.data.variable("a").label == "A" and found.data.variable("b").measure is Measure.ORDINAL
    looking.path.write_text("a,b\n5,6\n")
    with pytest.raises(TypeError):  # the file is another: it has to be read, which the test has taken away
        looking.whole(Reading())


def test_separators_are_marked_outside_quotation_marks(tmp_path: Path) -> None:
    looking = Looking(write(tmp_path, [["a", "b"], ["x, y", 1]]))
    lines = looking.whole(Reading()).lines
    assert [line.text for line in lines] == ["a,b", '"x, y",1']
    assert [line.marks for line in lines] == [((1, 2),), ((6, 7),)]


def test_which_files_have_a_preview(tmp_path: Path) -> None:
    assert kind_of("a.csv") == "import delimited" == kind_of("b.TSV") and kind_of("c.xlsx") == "import excel"
    assert kind_of("d.dta") == "" == kind_of("e.terrace")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_names_and_labels_in_several_rows_can_be_said(tmp_path: Path, kind: str) -> None:
    groups = ["id", "before", "", "after", ""]
    rows = [groups, ["", "m", "sd", "m", "sd"], ["none", "kg", "kg", "cm", "cm"], ["", "A", "B", "C", "D"],
            [1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]  # fmt: skip
    file = write(tmp_path, rows) if kind == "csv" else sheet(tmp_path, S=[[c or None for c in row] for row in rows])
    command = "import delimited" if kind == "csv" else "import excel"
    data = run(f'{command} "{file}", varnames(1:2) labelrow(3:4) clear')
    assert data.names == ("id", "before_m", "before_sd", "after_m", "after_sd") and len(data) == 2
    assert [v.label for v in data.variables] == ["none", "kg; A", "kg; B", "cm; C", "cm; D"]
    assert [v.label for v in run(f'{command} "{file}", varnames(2) labelrow(4) clear').variables[1:]] == [*"ABCD"]
    found = Looking(file).whole(Reading(names=(1, 2), labels=(3, 4))).found
    assert (found.names, found.labels) == ((1, 2), (3, 4))


def test_two_rows_of_labels_that_are_found_can_be_said(tmp_path: Path) -> None:
    looking = Looking(write(tmp_path, [["id", "w", "h"], ["", "kg", "cm"], ["", "Weight", "Height"], *[[1, 2, 3]] * 3]))
    plain = looking.whole(Reading())
    assert plain.found.labels == (2, 3) and plain.data.variable("w").label == "kg; Weight"
    assert same(looking.whole(plain.found).data, plain.data)


def test_a_table_without_names_begins_below_its_title_or_where_it_is_said(tmp_path: Path) -> None:
    table = [[1, 2.5, 3], [2, 3.5, 4], [3, 4.5, 4]]
    looking = Looking(write(tmp_path, [["A survey"], [], *table]))
    plain = looking.whole(Reading())
    assert plain.found.names == 0 and len(plain.data) == 3 and same(looking.whole(plain.found).data, plain.data)
    rows = [["A survey"], ["Of 2020"], ["x", "y", "z"], *table]
    for file, more in ((write(tmp_path, rows), "rowrange(1:)"), (sheet(tmp_path, S=rows), "cellrange(A1)")):
        looking = Looking(file)
        assert looking.whole(Reading()).found.names == 3
        assert values(looking.whole(Reading(names=0)).data, "v1") == ["x", "1", "2", "3"]
        every = run(f'{looking.kind} "{file}", varnames(nonames) {more} clear')
        assert every.frame["v1"].iloc[0] == "A survey", "nothing is left out of rows that were asked for"


def test_marks_between_thousands_can_be_denied(tmp_path: Path) -> None:
    file = write(tmp_path, [["code", "x"], ["1,234", 1], ["12,500", 2], ["1,234,567", 3]], ";")
    assert values(run(f'import delimited "{file}"'), "code") == [1234, 12500, 1234567]
    assert values(run(f'import delimited "{file}", thousands(none)'), "code") == ["1,234", "12,500", "1,234,567"]


def test_a_type_that_is_found_and_then_chosen_changes_nothing(tmp_path: Path) -> None:
    rows = [["truth", "hour", "sign"], ["TRUE", "07:30", "-"], ["FALSE", "08:15", "2"], ["TRUE", "", "3.5"]]
    looking = Looking(write(tmp_path, rows))
    plain = looking.whole(Reading())
    assert values(plain.data, "truth") == [1, 0, 1] and values(plain.data, "sign") == [None, 2, 3.5]
    chosen = Reading(types={name: type_of(plain.data, name) for name in plain.data.names})
    again = looking.whole(chosen)
    assert same(again.data, plain.data) and not changes(again, "lost")


def test_columns_are_left_out_renamed_and_have_codes_of_their_own(tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    book.write_text("variable,label\na,The first\ny,The second\n")
    file = write(tmp_path, [["a", "b", "c"], [1, -99, "x"], [-99, 2, "n.k."], [3, -99, "y"]])
    data = run(f'import delimited "{file}", rename(a x b y) drop(c) codes(x "-99") codebook("{book}") clear')
    assert data.names == ("x", "y") and data.variable("x").missing_codes == (-99,)
    assert data.variable("y").missing_codes == () and [v.label for v in data.variables] == ["The first", "The second"]
    found = Looking(file).whole(Reading().with_codes("c", ("n.k.", "none of these")).with_codes("a", ("7",)))
    assert values(found.data, "c") == ["x", None, "y"] and found.columns == ("a", "b", "c")
    assert [c.text for c in changes(found, "missing")] == [
        "n.k. is in 1 cell of c. It counts as missing.", "none of these is in no cell of c.", "7 is in no cell of a.",
    ]  # fmt: skip
    said = import_command(file, found.kind, found.reading)
    assert same(run(said), found.data) and "codes(c `\"n.k. \"none of these\"\"' a \"7\")" in said
    swapped = run(f'import delimited "{file}", rename(a b b a) number(a) clear')
    assert swapped.names == ("b", "a", "c") and values(swapped, "a") == [-99, 2, -99]


def test_what_is_said_of_a_column_goes_with_its_name() -> None:
    said = Reading().with_type("a", "text").with_codes("a", ("9",)).with_label("b", "B").with_left_out("a", True)
    renamed = said.with_name("a", "x")
    assert renamed.renamed == {"a": "x"} and renamed.types == {"x": "text"} and renamed.codes == {"x": ("9",)}
    assert renamed.left_out == ("x",) and renamed.described == {"b": "B"} and renamed.written("x") == "a"
    assert renamed.with_name("x", "y").renamed == {"a": "y"} and renamed.with_name("x", "a") == said


def test_pasted_cells_take_the_same_options() -> None:
    data = run(r'paste "a\tb\r1,5\t03/04/2001\r-9\t05/06/2001", decimal(",") missing(-9) dateorder(dmy) nominal(a)')
    assert data.variable("a").measure is Measure.NOMINAL and data.variable("a").missing_codes == (-9,)
    assert data.variable("b").format == "%td" and data.source == "clipboard"


@pytest.mark.parametrize(
    ("option", "code"),
    [
        ("text(nothing)", "no-such-column"), ("nominal(nothing)", "no-such-column"),
        ("dateorder(ydm)", "bad-option-value"), ("drop(nothing)", "no-such-column"), ("drop(a b)", "no-variables"),
        ("rename(nothing x)", "no-such-column"), ("rename(a b)", "name-taken"), ("rename(a if)", "bad-name"),
        ("rename(a)", "bad-option-value"), ('codes(nothing "1")', "no-such-column"), ("codes(a)", "bad-option-value"),
        ("varnames(2:1)", "bad-option-value"), ("varnames(1:)", "bad-option-value"),
        ("labels(a)", "bad-option-value"), ('labels("a" "b")', "bad-option-value"), ("number(1)", "not-a-name"),
        ("labelrow(x)", "bad-option-value"), ("codebook(nowhere.csv)", "no-such-file"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(tmp_path: Path, option: str, code: str) -> None:
    file = write(tmp_path, [["a", "b"], [1, 2], [3, 4]])
    error = Session().run(f'import delimited "{file}", {option}').error
    assert error is not None and error[0] == code


def test_names_that_change_and_what_is_left_out_are_told(tmp_path: Path) -> None:
    rows = [["A survey"], [], ["x", "x", "my score", "", "y"], [1, 2, 3, "", 4], [5, 6, 7, "", 8], [], ["Source: us"]]
    found = Looking(write(tmp_path, rows)).whole(Reading())
    assert found.data.names[:3] == ("x", "x_2", "my_score")
    told = " ".join(c.text for c in changes(found, "told"))
    for words in ("Several columns are named x", "'my score' is now called my_score", "A survey", "Source: us"):
        assert words in told


@given(data=st.data())
def test_a_sheet_is_previewed_as_it_is_read(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    cell = st.one_of(
        st.integers(-99, 50), st.floats(-5, 5).map(lambda v: round(v, 2)), st.sampled_from(["a", "12", None, "-99"]),
        st.dates(dt.date(1990, 1, 1), dt.date(2020, 1, 1)), st.booleans(),
    )  # fmt: skip
    columns = data.draw(st.lists(st.lists(cell, min_size=4, max_size=4), min_size=2, max_size=4))
    names = [f"v{k}" for k in range(len(columns))]
    groups = [["before", *[None] * (len(names) - 2), "after"]]
    above = data.draw(st.sampled_from([[], [["A title"], []], groups]))
    heads = data.draw(st.sampled_from([[], [names], [names, ["kg"] * len(names), [f"Label {k}" for k in names]]]))
    file = sheet(tmp_path_factory.mktemp("f"), S=[*above, *heads, *zip(*columns, strict=True)])
    try:
        plain = Looking(file).whole(Reading())
    except DataError:
        return
    reading = data.draw(readings([*plain.data.names], plain.found))
    reading = replace(reading, delimiter=None, decimal=None, rows=(None, None))
    looking = Looking(file)
    found = looking.whole(reading)
    imported = run(import_command(file, found.kind, found.reading))
    kept = found.data.without(found.reading.left_out)
    assert same(kept, imported) and found.data.notes == imported.notes
    assert same(run(import_command(file, found.kind, taken_over(found))), kept)

"""The data typed into as a table: blocks of cells, rows in between, find and replace, against pandas."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from data_support import dataset, ok, refused, session_on
from hypothesis import given
from hypothesis import strategies as st

import terrace
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.transforms.typed import Refused, decimal_of, plain_number, read_number
from terrace.language.grammar.tokens import Piece
from terrace.session.commands.helpers.escapes import as_escaped, unescaped
from terrace.session.commands.helpers.row_lists import row_list, row_text
from terrace.session.session import Session


def table() -> Dataset:
    data = dataset(
        x=[1.0, 2.0, np.nan, 4.0],
        k=np.array([1, 2, 3, 4], dtype=np.int8),
        s=pd.Series(["b", "a", None, "c"], dtype="str"),
        g=[0.0, 1.0, 1.0, 0.0],
        e=[np.nan] * 4,
    )
    return data.with_variable(Variable("g", "", Measure.NOMINAL, {0.0: "Public", 1.0: "Catholic"}))


@pytest.fixture
def session() -> Session:
    return session_on(table())


def column(session: Session, name: str) -> list[object]:
    return [None if pd.isna(v) else v for v in session.data.frame[name]]


# --- enter ----------------------------------------------------------------------------------------------
def test_a_block_is_what_pandas_puts_there_and_one_step(session: Session) -> None:
    wanted = session.data.frame.copy()
    wanted.loc[1:2, "x"] = [6.5, np.nan]
    wanted.loc[1:2, "s"] = ["new", None]
    wanted.loc[1:2, "g"] = [0, 0]
    before = session.data
    outcome = ok(session, r'enter x s g in 2/3, cells("6.5\tnew\tpublic\n.\t\t0")')
    pd.testing.assert_frame_equal(session.data.frame, wanted)
    assert outcome.payload["changes"] == 4 and outcome.changed == {"data"}
    assert session.undo_text == "edit of 6 cells of 3 variables"
    ok(session, "undo")
    pd.testing.assert_frame_equal(session.data.frame, before.frame)
    ok(session, "redo")
    pd.testing.assert_frame_equal(session.data.frame, wanted)


def test_a_block_is_repeated_over_a_larger_place(session: Session) -> None:
    ok(session, 'enter x k in 2/4, cells("7")')
    assert column(session, "x") == [1, 7, 7, 7] and column(session, "k") == [1, 7, 7, 7]
    assert session.data.frame["k"].dtype == np.int8
    ok(session, r'enter x in 1/4, cells("1\n2")')
    assert column(session, "x") == [1, 2, 1, 2]
    ok(session, 'enter _all, cells(".")')
    assert session.data.frame.isna().all().all()
    assert session.undo_text == "clearing of 20 cells of 5 variables"


def test_rows_are_taken_in_the_order_of_the_list(session: Session) -> None:
    ok(session, r'enter x, rows(4 1/2) cells("10\n20\n30")')
    assert column(session, "x") == [20, 30, None, 10]


def test_data_grow_past_their_edge(session: Session) -> None:
    ok(session, r'enter s y in 4/6, cells("p\t1\nq\t2\nr\t3") before(k)')
    assert len(session.data) == 6 and session.data.names == ("x", "y", "k", "s", "g", "e")
    assert column(session, "s") == ["b", "a", None, "p", "q", "r"]
    assert column(session, "y") == [None, None, None, 1, 2, 3]
    assert column(session, "k") == [1, 2, 3, 4, None, None]
    assert session.undo_text == "2 new rows with 6 values of s and y"
    ok(session, "undo")
    assert len(session.data) == 4 and "y" not in session.data


def test_new_variables_are_numbers_or_text_by_their_cells(session: Session) -> None:
    ok(session, r'enter a b c in 1/2, cells("1.5\tx\t007\n2\t3\t8")')
    assert column(session, "a")[:2] == [1.5, 2.0] and session.data.variable("a").measure is Measure.CONTINUOUS
    assert column(session, "b")[:2] == ["x", "3"] and column(session, "c")[:2] == ["007", "8"]
    ok(session, 'enter e in 1, cells("word")')
    assert column(session, "e") == ["word", None, None, None], "an empty variable becomes what is typed first"
    assert refused(session, 'enter a2 in 1, cells("1,5")') == "refused-cell", "a number is no reason for text"


def test_data_begin_by_typing() -> None:
    session = Session()
    ok(session, r'enter id y in 1/2, cells("1\t2.5\n2\t3.5")')
    assert column(session, "id") == [1, 2] and column(session, "y") == [2.5, 3.5]


def test_what_cannot_be_is_told_cell_by_cell_and_the_rest_is_entered(session: Session) -> None:
    outcome = ok(session, r'enter x g in 1/2, cells("abc\tPublik\n9\tCatholic")')
    assert column(session, "x") == [1, 9, None, 4] and column(session, "g") == [0, 1, 1, 0]
    told = {(c["row"], c["variable"]): c["why"] for c in outcome.payload["refused"]}
    assert told == {
        (1, "x"): "x holds numbers, and abc is not a number.",
        (1, "g"): "Publik is neither a value label of g nor a number. Did you mean Public?",
    }
    assert outcome.text == "(1 change made, 2 cells refused)"
    rows = outcome.tables[0].rows
    assert [(r.label, *r.values[:2]) for r in rows] == [("1", "x", "abc"), ("1", "g", "Publik")]
    before = session.data
    for command, code in {
        'enter x in 1, cells("abc")': "refused-cell",
        'enter x in 1, cells("61,7")': "refused-cell",
        'enter x in 1, cells("1,234")': "refused-cell",
        'enter x s in 1, cells("1")': "",
        r'enter x in 1, cells("1\t2")': "cells",
        r'enter x in 1/3, cells("1\n2")': "cells",
        r'enter x s in 1/2, cells("1\t2\n3")': "cells",
        'enter x in 0, cells("1")': "range",
        'enter x if k > 1, cells("1")': "syntax",
        "enter x in 1": "syntax",
        'enter x x in 1, cells("1")': "repeated-name",
        'enter 2x in 1, cells("1")': "not-a-name",
        'enter x, rows(1 1) cells("1")': "rows",
        'enter x, rows(a) cells("1")': "rows",
        'enter x in 1, cells("1") decimal(;)': "bad-option-value",
    }.items():
        if code:
            assert refused(session, command) == code, command
            assert session.data is before
    outcome = ok(session, 'enter x in 2, cells("9")')
    assert not outcome.changed and session.data is before


def test_decimal_comma_and_exact_values(session: Session) -> None:
    ok(session, r'enter x in 1/3, cells("61,7\n1.234,5\n-0,5") decimal(",")')
    assert column(session, "x")[:3] == [61.7, 1234.5, -0.5]
    assert refused(session, 'enter x in 1, cells("1.234") decimal(",")') == "refused-cell"
    ok(session, r'enter s g in 1/2, cells(".\t1\n \t0") exact')
    assert column(session, "s")[:2] == [".", " "] and column(session, "g")[:2] == [1, 0]
    assert refused(session, 'enter g in 1, cells("Public") exact') == "refused-cell"


def test_dates_and_letters_of_missing_values() -> None:
    data = dataset(d=[0.0, 1.0], x=[1.0, 2.0]).with_variable(Variable("d", format="%td"))
    session = session_on(data)
    ok(session, r'enter d in 1/2, cells("2024-03-01\n1mar1960")')
    assert column(session, "d") == [(pd.Timestamp("2024-03-01") - pd.Timestamp("1960-01-01")).days, 60]
    ok(session, 'enter x in 1, cells(".a")')
    assert math.isnan(session.data.numeric("x")[0]) and session.data.variable("x").declares_missing
    assert refused(session, 'enter d in 1, cells("2024-02-30")') == "refused-cell"


signs = st.text(st.sampled_from("ab \t\n\"'`$\\/*{}éø.,1"), max_size=8)


@given(st.lists(signs, min_size=1, max_size=4))
def test_any_text_can_be_entered(texts: list[str]) -> None:
    from terrace.language.grammar.macros import escaped

    session = session_on(dataset(s=pd.Series(["x"] * len(texts), dtype="str")))
    quoted = "\n".join('"' + t.replace('"', '""') + '"' for t in texts)
    ok(session, f'enter s in 1, cells("{escaped(as_escaped(quoted))}") exact')
    assert column(session, "s") == [t or None for t in texts]


@given(signs)
def test_escapes_come_back(text: str) -> None:
    assert unescaped(as_escaped(text)) == text and not set('"\n\t') & set(as_escaped(text))


@given(st.lists(st.integers(0, 40), unique=True, min_size=1))
def test_lists_of_rows_come_back(rows: list[int]) -> None:
    np.testing.assert_array_equal(row_list(Piece.of(row_text(np.array(rows))), 41), rows)


def test_numbers_as_people_write_them() -> None:
    for text, point, comma in (
        ("61.7", 61.7, 61.7), ("61,7", None, 61.7), ("1,234", None, 1.234), ("1.234", 1.234, None),
        ("1,234.5", 1234.5, None), ("1.234,5", None, 1234.5), ("1,234,567", 1234567, None), ("12 345", 12345, 12345),
        ("1e3", 1000, 1000), ("-.5", -0.5, -0.5), ("5%", None, None), ("1,2,3", None, None), ("", None, None),
    ):  # fmt: skip
        assert plain_number(text) == point, text
        assert plain_number(text, ",") == comma, text
    with pytest.raises(Refused, match=r"could be 1234 or 1\.234"):
        read_number("1,234", Variable("x"))
    assert decimal_of(["61,7", "1"], ".") == "," and decimal_of(["61.7"], ",") == "."
    assert decimal_of(["1,234"], ".") == "." and decimal_of(["1.5", "1,5"], ",") == ","


# --- rows in between ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("options", "at"), [("", 4), (", before(1)", 0), (", before(3)", 2), (", after(3)", 3)])
def test_rows_are_inserted(session: Session, options: str, at: int) -> None:
    old = session.data.frame
    ok(session, f"insobs 2{options}")
    wanted = pd.concat([old.iloc[:at], old.iloc[:0].reindex(range(2)), old.iloc[at:]], ignore_index=True)
    pd.testing.assert_frame_equal(session.data.frame, wanted, check_dtype=False)
    assert session.undo_text == "2 new rows"
    ok(session, "undo")
    pd.testing.assert_frame_equal(session.data.frame, old)
    for bad in ("insobs", "insobs 0", "insobs 2, before(9)", "insobs 1, before(1) after(1)"):
        refused(session, bad)


def test_rows_of_a_list_are_dropped_or_kept(session: Session) -> None:
    old = session.data.frame
    ok(session, "drop, rows(1 3/4)")
    pd.testing.assert_frame_equal(session.data.frame, old.iloc[[1]].reset_index(drop=True))
    ok(session, "undo")
    ok(session, "keep, rows(1 3/4)")
    pd.testing.assert_frame_equal(session.data.frame, old.iloc[[0, 2, 3]].reset_index(drop=True))
    assert refused(session, "drop, rows(9)") == "range" and refused(session, "drop x, rows(1)") == "syntax"


# --- find and replace -----------------------------------------------------------------------------------
def test_replacing_is_that_of_pandas(session: Session) -> None:
    frame = session.data.frame.copy()
    outcome = ok(session, 'substitute x k s, find("2") with("7")')
    frame["x"], frame["k"] = frame["x"].replace(2, 7), frame["k"].replace(2, 7)
    pd.testing.assert_frame_equal(session.data.frame, frame)
    assert outcome.text == "(2 changes made)" and session.undo_text == "edit of x and k"


def test_parts_whole_cells_and_case() -> None:
    session = session_on(dataset(s=pd.Series(["North", "north east", None, "x"], dtype="str"), x=[12.0, 2.5, 1.0, 2.0]))
    ok(session, 'substitute s, find("NORTH") with("South")')
    assert column(session, "s") == ["South", "South east", None, "x"]
    ok(session, 'substitute s, find("south") with("N") whole')
    assert column(session, "s") == ["N", "South east", None, "x"]
    assert not ok(session, 'substitute s, find("south") with("N") matchcase').changed
    ok(session, 'substitute x, find("2") with("3") whole')
    assert column(session, "x") == [12, 2.5, 1, 3]
    ok(session, 'substitute x in 2/4, find("2") with("3")')
    assert column(session, "x") == [12, 3.5, 1, 3]
    ok(session, 'substitute s, find(".") with("none") whole')
    assert column(session, "s")[2] == "none"
    assert refused(session, 'substitute x, find("1") with("a")') == "refused-cell"
    outcome = ok(session, 'substitute x s, find("x") with("a")')
    assert column(session, "s")[3] == "a" and column(session, "x") == [12, 3.5, 1, 3] and not outcome.payload["refused"]
    assert refused(session, 'substitute s, find("") with("a")') == "syntax"


def test_labels_are_found_and_replaced_or_their_codes(session: Session) -> None:
    ok(session, 'substitute g, find("public") with("Catholic")')
    assert column(session, "g") == [1, 1, 1, 1]
    assert refused(session, 'substitute g, find("Cath") with("X")') == "refused-cell"
    ok(session, 'substitute g, find("1") with("0") codes')
    assert column(session, "g") == [0, 0, 0, 0]


# --- files that are streamed, projects ------------------------------------------------------------------
def test_streamed_data_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pd.DataFrame({"x": [1.0, 2.0]}).to_parquet(path)
    session = session_on(terrace.stream(path))
    for command in ('enter x in 1, cells("1")', "insobs 1", 'substitute x, find("1") with("2")', "drop, rows(1)"):
        outcome = session.run(command)
        assert outcome.error is not None and "memory" in outcome.error[1] + outcome.error_advice, outcome.error


def test_edits_come_back_from_a_project(tmp_path: Path, session: Session) -> None:
    ok(session, r'enter s y in 4/5, cells("p\t1\nq\t2")')
    ok(session, "insobs 1, before(1)")
    wanted = session.data.frame
    ok(session, f'project save "{tmp_path / "work"}"')
    later = Session()
    ok(later, f'project use "{tmp_path / "work"}.terrace", clear')
    pd.testing.assert_frame_equal(later.data.frame, wanted)
    assert later.undo_text == "1 new row"
    ok(later, "undo")
    assert later.undo_text == "1 new row with 4 values of s and y" and len(later.data) == 5

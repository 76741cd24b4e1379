"""The names of a grid of cells: titles above, several rows of names, units, footers, names that are numbers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from terrace.data.readers.header import find_header


def _grid(text: str) -> list[list[str]]:
    return [line.split(",") for line in text.split("\n")]


FIXED = "\n".join(["1.250,0.500,2.125", "3.000,0.250,-1.000", "0.125,1.000,0.500", "2.500,0.250,1.125"] * 2)
"""Numbers as a program writes them, always with three decimals."""


@pytest.mark.parametrize(
    ("text", "above", "names"),
    [
        ("id,x,y\n1,2,3\n2,3,4", 0, "id x y"),
        ("Survey 2019,,\n,,\nid,x,y\n1,2,3\n2,3,4", 2, "id x y"),
        ("Survey 2019\n\nid,x,y\n1,2,3\n2,3,4", 2, "id x y"),
        ("Survey 2019\nby A. Author\nid,g\na,b\nc,d", 2, "id g"),
        ("Date:,2019-01-01,,\nid,x,y,z\n1,2,3,4\n2,2,2,2", 1, "id x y z"),
        ("Export,2019\n\nid,x,y\n1,2,3\n2,3,4", 2, "id x y"),
        ("Export,by us\n\nid,x,y,z\na,b,c,d\ne,f,g,h", 2, "id x y z"),
        (",Title:,Visits,,\n,Period:,May,,\n,id,x,y,z\n,a,2,3,4\n,b,3,4,5", 2, " id x y z"),
        ("Title:,Visits,,\nPeriod:,May,,\nid,g,h,k\na,b,c,d\ne,f,g,h", 2, "id g h k"),
        ("A survey, part 1\nMade in May\n\nid,x\n1,2\n2,3", 3, "id x"),
        ("A survey, part 1,\nby, us, all\n,,\nid,x,y\n1,2,3\n2,3,4", 3, "id x y"),
        ("Study,1\nSite,2\n\nid,x\n1,2\n2,3", 3, "id x"),
        ("name,value\na,1\nb,2\n\nid,x\n1,2\n2,3", 0, "name value"),  # a table of its own
        ("id,pre,post\n,,\n,m,s\n1,2,3\n2,3,4", 0, "id pre post"),
        ("% made, by me\nid,x\n1,2\n2,3", 1, "id x"),
        ("// made, by me\n// in, May\nid,x\n1,2\n2,3", 2, "id x"),
        ("%change,x\n1,2\n2,3", 0, "%change x"),
        ("*,x\n1,2\n2,3", 0, "* x"),
        (",x,y\n1,2,3\n2,3,4", 0, " x y"),
        ("id,1,2,3\na,5,6,7\nb,8,9,10\nc,1,2,3", 0, "id 1 2 3"),
        ("country,1990,2000,2005\nA,5,6,7\nB,8,9,10", 0, "country 1990 2000 2005"),
        ("1,2,3\n0.5,0.25,1\n0.5,1.5,2", 0, "1 2 3"),
        ("-1,0,1\n0.5,0.25,1\n0.5,1.5,2", 0, "-1 0 1"),
        ("-1,0,1.5\n" + FIXED, 0, "-1 0 1.5"),
        ("id,-1,0.5\n" + FIXED, 0, "id -1 0.5"),
        ("-1,0,1.5\n" + FIXED.replace("0.250", "NA"), 0, "-1 0 1.5"),
    ],
)
def test_names_are_found_below_titles(text: str, above: int, names: str) -> None:
    found = find_header(_grid(text))
    assert (found.above, found.rows) == (above, 1)
    assert found.names == tuple(names.split(" "))


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3\n2,3,4\n3,4,5",
        "a,5,6\nb,7,8\nc,9,10",
        "a,1,2\nb,2,3\nc,3,4\nd,5,6",  # the rows count up as the first does
        "a,1,7\nb,2,3\na,3,4",
        "2019-01-01,5\n2019-01-02,6",
        "-1,0,1\n2,-1,0\n0,1,2",
        "-1,0.5,1.5\n0.25,3,1\n0.5,1.5,2\n1,2,3.5\n2,0.1,1\n1.5,2,3",  # decimals as they come
        "-1.000,0.000,1.500\n" + FIXED,
        "1.5,0,-1\n" + FIXED,  # they do not rise
        "-1,0,1.5\n" + "\n".join(FIXED.split("\n")[:4]),  # four rows show little
    ],
)
def test_rows_of_data_are_no_names(text: str) -> None:
    found = find_header(_grid(text))
    assert (found.above, found.rows) == (0, 0)


def test_two_rows_of_names_are_joined() -> None:
    found = find_header(_grid("id,pre,,post,\n,m,sd,m,sd\n1,2,3,4,5\n2,3,4,5,6"))
    assert found.first == 2
    assert found.joined
    assert found.names == ("id", "pre m", "pre sd", "post m", "post sd")


@pytest.mark.parametrize(
    "second", [",kg,(cm)", "number,body weight,body height", ",kg,cm\n,first wave,second wave"]
)
def test_units_and_long_names_become_labels(second: str) -> None:
    found = find_header(_grid(f"id,weight,height\n{second}\n1,70,180\n2,80,190"))
    assert found.names == ("id", "weight", "height")
    assert found.labels[1].startswith(("kg", "body weight"))
    assert found.first == 2 + second.count("\n")


@pytest.mark.parametrize("second", ["a,NA,5", "a,.,.", "a,unknown,5", "a,,"])
def test_a_row_of_data_with_missing_values_is_no_header(second: str) -> None:
    found = find_header(_grid(f"id,x,y\n{second}\nb,2,3\nc,4,5"))
    assert found.first == 1


@pytest.mark.parametrize(
    ("foot", "below"),
    [
        ("\n\nSource: the register", 2),
        ("\nNote: made up,,", 1),
        ("\nx and y of one survey", 1),
        ("\n(2 rows affected)", 1),
        ("\n\nNote: weighted, as agreed\nwith thanks, to us", 3),
        ("\n\nSource: the register, 2019", 2),
        ("\nnot known,not known,not known", 0),
        ("\nunknown,none,lost", 0),
        ("", 0),
        ("\n3,,", 0),
        ("\n3,4,5", 0),
    ],
)
def test_footers(foot: str, below: int) -> None:
    assert find_header(_grid("id,x,y\n1,2,3\n2,3,4" + foot)).below == below


def test_a_last_row_with_an_identifier_only_is_data() -> None:
    assert find_header(_grid("id,x,y\na,2,3\nb,3,4\nc,,")).below == 0


def test_cells_of_a_spreadsheet() -> None:
    day = dt.datetime(2020, 1, 1)
    rows: list[list[Any]] = [
        ["Wave", None, None], [None] * 3, ["id", 1.0, 2.0], ["a", 5.5, day], ["b", 2, None], [None] * 3,
        ["Source: us", None, None],
    ]  # fmt: skip
    found = find_header(rows)
    assert (found.above, found.rows, found.below) == (2, 1, 2)
    assert found.names == ("id", "1", "2")


def test_said_by_the_caller() -> None:
    rows = _grid("1,2\n3,4\n5,6")
    assert find_header(rows, names_row=1).names == ("3", "4")
    assert find_header(rows, named=True).names == ("1", "2")
    assert find_header(_grid("a,b\n1,2"), names_row=-1).first == 0

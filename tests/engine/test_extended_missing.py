"""Extended missing values: read from Stata's files, missing to every analysis, shown by letter, and written again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from data_support import ok, refused, session_on

from terrace.data.extended import CODES, LEAST, extended_code, extended_name
from terrace.data.read import read
from terrace.session.session import Session


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "extended.dta"
    frame = pd.DataFrame({"id": [1.0, 2, 3, 4, 5], "q": [1.0, "a", 2.0, "z", np.nan], "s": list("abcde")})
    pyreadstat.write_dta(
        frame,
        str(path),
        missing_user_values={"q": ["a", "z"]},
        variable_value_labels={"q": {1: "yes", 2: "no", "a": "refused"}},
    )
    return path


@pytest.fixture
def session(file: Path) -> Session:
    return session_on(read(file))


def test_codes_are_those_of_a_stata_double() -> None:
    # 0x7fe0010000000000 is .a in a .dta file, 0x7fe01a0000000000 is .z.
    assert np.array([CODES["a"], CODES["z"]]).view(np.uint64).tolist() == [0x7FE0010000000000, 0x7FE01A0000000000]
    assert extended_name(CODES["c"]) == ".c" and extended_code(".c") == CODES["c"]
    assert extended_name(5.0) == extended_name("a") == "" and extended_code(".") is None and extended_code("a") is None
    assert np.isfinite(LEAST)


def test_they_are_missing_to_every_analysis(session: Session) -> None:
    data = session.data
    assert data.variable("q").missing_codes == (CODES["a"], CODES["z"])
    np.testing.assert_array_equal(data.numeric("q"), [1, np.nan, 2, np.nan, np.nan])
    assert data.codes("q")[1] == (1.0, 2.0)
    ok(session, "summarize q")
    assert session.state.returned.scalars["N"] == 2 and session.state.returned.scalars["max"] == 2
    assert ok(session, "count if missing(q)").text == "3"
    ok(session, "generate z = q + 1")
    assert np.isnan(session.data.numeric("z")).sum() == 3 and session.data.variable("z").missing_codes == ()
    ok(session, "egen m = mean(q)")
    assert session.data.numeric("m")[0] == 1.5
    ok(session, "sort q")
    assert session.data.numeric("id").tolist()[:2] == [1, 3]


def test_they_are_shown_by_letter_or_label(session: Session) -> None:
    shown = [r.values[1] for r in ok(session, "list id q").tables[0].rows]
    assert shown == ["yes", "refused", "no", ".z", "."]
    rows = ok(session, "tabulate q, missing").tables[0].rows
    assert [(r.label, r.values[0]) for r in rows] == [
        *(("yes", 1), ("no", 1), ("refused", 1), (".z", 1), (".", 1), ("Total", 5)),
    ]
    assert ok(session, "tabulate q").tables[0].rows[-1].values[0] == 2
    ok(session, 'label define why 1 "yes" 2 "no" .z "not asked"')
    ok(session, "label values q why")
    assert "not asked" in ok(session, "tabulate q, missing").text
    assert ".z" in ok(session, "label list why").text


def test_the_codes_of_other_formats_are_told_apart_as_well() -> None:
    s = session_on(None)
    ok(s, "set obs 4")
    ok(s, "generate q = cond(_n == 1, -9, cond(_n == 2, -8, _n))")
    ok(s, "missing q -9 -8")
    rows = ok(s, "tabulate q, missing").tables[0].rows
    assert [r.label for r in rows] == ["3", "4", "-9", "-8", "Total"]


@pytest.mark.parametrize("extension", ["dta", "parquet"])
def test_they_survive_a_file(session: Session, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"again.{extension}"
    outcome = ok(session, f'save "{path}"')
    assert not outcome.warnings
    again = read(path)
    assert again.variable("q").missing_codes == session.data.variable("q").missing_codes
    assert dict(again.variable("q").value_labels) == dict(session.data.variable("q").value_labels)
    np.testing.assert_array_equal(again.frame["q"].to_numpy(), session.data.frame["q"].to_numpy())


@pytest.mark.parametrize("extension", ["csv", "xlsx", "sav"])
def test_other_files_hold_them_as_missing(session: Session, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"again.{extension}"
    ok(session, f'save "{path}"')
    np.testing.assert_array_equal(read(path).numeric("q"), session.data.numeric("q"))


def test_they_stay_missing_beside_other_codes(session: Session, file: Path) -> None:
    other = session_on(read(file))
    ok(other, "replace q = -9 if id == 1")
    ok(other, "missing q -9")
    assert other.data.variable("q").missing_codes == (-9, CODES["a"], CODES["z"])
    ok(other, f'append using "{file}"')
    assert (
        np.isnan(other.data.numeric("q")).sum() == 7
        and other.data.numeric("q").max(where=~np.isnan(other.data.numeric("q")), initial=0) == 2
    )
    ok(session, "generate id2 = id")
    ok(session, f'merge 1:1 id using "{file}", update nogenerate')
    assert np.isnan(session.data.numeric("q")).sum() == 3
    assert refused(session, "missing q .ab") == "not-a-number"

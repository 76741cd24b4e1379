"""Estimates in files: what is used is what was saved, down to the last digit; broken files are refused in words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from test_session_running import make_data, ok

from terrace.session.session import Session
from terrace.session.state import State


@pytest.fixture
def session() -> Session:
    return Session(State(dataset=make_data()))


def error(session: Session, command: str) -> str:
    outcome = session.run(command)
    assert outcome.error is not None, command
    return outcome.error[0]


@pytest.mark.parametrize(
    "command",
    [
        "mixed y x || g:",
        "mixed y x i.sex if t > 1 in 1/40 || g: x, reml dfmethod(kroger) level(90)",
        "mixed y L.x || g:, residuals(ar 1, t(t))",
        "mixed y x [pw=t+1] || g:, pweight(g)",
        "mixed y x i.t || g:, constraints(1 2) stddeviations nolog",
    ],
)
def test_what_is_used_is_what_was_saved(session: Session, command: str, tmp_path: Path) -> None:
    ok(session, "encode sex, generate(s)")
    ok(session, "drop sex")
    ok(session, "rename s sex")
    ok(session, "xtset g t")
    ok(session, "constraint 1 1.t = 2.t")
    ok(session, "constraint 2 x = 2")
    fit = ok(session, command).fit
    assert fit is not None
    path = tmp_path / "a fit"
    assert str(path) in ok(session, f'estimates save "{path}"').text
    other = Session()
    outcome = ok(other, f'estimates use "{path}"')
    again = other.fit
    assert again is not None and outcome.fit is again and not outcome.warnings
    assert again.ll == fit.ll and again.command == fit.command
    for name in fit.matrices:
        np.testing.assert_array_equal(again.matrices[name], fit.matrices[name])
    assert [(e.term, e.coef, e.se) for e in again.fixed] == [(e.term, e.coef, e.se) for e in fit.fixed]
    assert str(again) == str(fit)
    assert ok(other, "estat recovariance").text == ok(session, "estat recovariance").text
    assert other.dataset is None


def test_rows_of_other_data_are_not_those_of_the_fit(session: Session, tmp_path: Path) -> None:
    ok(session, "mixed y x || g:")
    ok(session, f'estimates save "{tmp_path}/m"')
    other = Session(State(dataset=make_data()))  # as many rows, and yet not those
    ok(other, f'estimates use "{tmp_path}/m"')
    assert error(other, "count if e(sample)") in ("no-stored-results", "stale-sample", "no-sample")
    assert error(other, f'estimates save "{tmp_path}/n"') == "stale-sample"


def test_saving_refuses_what_is_no_longer_the_fit(session: Session, tmp_path: Path) -> None:
    assert error(session, f'estimates save "{tmp_path}/m"') == "no-fit"
    ok(session, "mixed y x || g:")
    assert error(session, "estimates save") == "no-file"
    ok(session, f'estimates save "{tmp_path}/m"')
    assert error(session, f'estimates save "{tmp_path}/m"') == "file-exists"
    ok(session, f'estimates save "{tmp_path}/m", replace')
    ok(session, "replace y = y + 1 in 3")
    assert error(session, f'estimates save "{tmp_path}/m", replace') == "stale-sample"
    ok(session, "undo")
    ok(session, f'estimates save "{tmp_path}/m", replace')
    ok(session, "regress y x")
    assert error(session, f'estimates save "{tmp_path}/r"') == "not-mixed"


def test_files_that_are_none_are_refused(session: Session, tmp_path: Path) -> None:
    assert error(session, f'estimates use "{tmp_path}/nothing"') == "no-such-file"
    (tmp_path / "text.fit").write_text("hello")
    with zipfile.ZipFile(tmp_path / "zip.fit", "w") as archive:
        archive.writestr("fit.json", "[1]")
        archive.writestr("data.parquet", "")
    assert error(session, f'estimates use "{tmp_path}/text.fit"') == "unknown-format"
    assert error(session, f'estimates use "{tmp_path}/zip.fit"') == "damaged-file"

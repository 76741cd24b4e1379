"""Which file the data came from stands in the data, the results, the log and the reports."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset
from test_session_running import ok

import terrace
from terrace.data.source_file import hashed
from terrace.session.session import Session


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"g": np.repeat(np.arange(10), 4), "x": rng.normal(size=40)})
    frame["y"] = frame["x"] + np.repeat(rng.normal(size=10), 4) + rng.normal(size=40)
    path = tmp_path / "trial.csv"
    frame.to_csv(path, index=False)
    return path


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_data_know_their_file_through_all_that_is_done_to_them(file: Path) -> None:
    assert terrace.read(file).sha256 == sha(file)
    session = Session()
    ok(session, f'use "{file}"')
    for command in ("generate z = x^2", "drop in 1", "sort y", "rename y v", "expand 2", "collapse (mean) v x, by(g)"):
        ok(session, command)
        assert session.data.sha256 == sha(file), command
    assert sha(file) in ok(session, "describe, short").text


def test_results_and_reports_name_the_file(file: Path, tmp_path: Path) -> None:
    session = Session()
    ok(session, f'use "{file}"')
    fit = ok(session, "mixed y x || g:").fit
    assert fit is not None
    assert fit.macros["datafile_sha256"] == sha(file) and fit.macros["datafile"] == str(file)
    ok(session, "regress y x")
    assert session.fit is not None and session.fit.macros["datafile_sha256"] == sha(file)
    ok(session, "mixed y x || g:")
    for ending in ("html", "md", "tex"):
        ok(session, f'report "{tmp_path / "out"}.{ending}"')
        text = (tmp_path / f"out.{ending}").read_text(encoding="utf-8")
        assert sha(file) in text and "trial.csv" in text and str(tmp_path) not in text, ending


def test_the_log_names_the_file(file: Path, tmp_path: Path) -> None:
    session = Session()
    assert sha(file) not in ok(session, f'use "{file}"').text
    ok(session, f'log using "{tmp_path / "l.log"}"')
    ok(session, f'use "{file}", clear')
    ok(session, "log close")
    assert sha(file) in (tmp_path / "l.log").read_text(encoding="utf-8")


def test_data_without_a_file_have_no_hash() -> None:
    frame = pd.DataFrame({"g": [1, 1, 2, 2, 3, 3], "x": range(6), "y": [1.0, 2, 4, 3, 5, 7]})
    fit = terrace.fit("mixed y x || g:", dataset(frame))
    assert "datafile_sha256" not in fit.macros


def test_hashing_stops_where_the_reading_fails(file: Path) -> None:
    with pytest.raises(ValueError, match="broken"), hashed(file) as hashing:
        raise ValueError("broken")
    assert not hashing._thread.is_alive()
    with hashed(file.with_name("none.csv")) as nothing:
        pass
    assert nothing.sha256 == ""

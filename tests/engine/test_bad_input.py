"""What a user can get wrong: each a `TerraceError` that names the cause, and status 1 from the command line.

The session goes on after it, and nothing is shown that looks like a traceback.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, session_on

import terrace
from terrace.errors import TerraceError


def frame() -> pd.DataFrame:
    """Sixty sound rows in ten groups, with one column for every kind of damage."""
    rng = np.random.default_rng(11)
    out = pd.DataFrame({"id": np.repeat(np.arange(1, 11), 6)})
    out["t"] = np.tile(np.arange(1, 7), 10)
    for k in range(1, 9):
        out[f"x{k}"] = rng.normal(size=60)
    out["y"] = 1 + out["x1"] + rng.normal(size=10)[out["id"] - 1] + rng.normal(size=60)
    out["one"] = 1
    out["five"] = 5.0
    out["word"] = np.where(out["id"] % 2 == 1, "north", "south")
    out["upper"] = (out["id"] % 3).astype(float)  # constant within groups
    out["empty"] = np.nan
    out["huge"] = out["x1"].where(out.index != 22, np.inf)
    out["repeated"] = out["t"].where(out.index != 13, 1)
    return out


@dataclass(frozen=True)
class Bad:
    """A command that cannot be carried out, and the words its message must have."""

    id: str
    command: str
    names: tuple[str, ...]


BAD = (
    Bad("one-group", "mixed y x1 || one:", ("one", "group")),
    Bad("one-group-upper", "mixed y x1 || one: || id:", ("one", "group")),
    Bad("constant-outcome", "mixed five x1 || id:", ("five",)),
    Bad("text-outcome", "mixed word x1 || id:", ("word", "text")),
    Bad("text-covariate", "mixed y word || id:", ("word", "text")),
    Bad("text-slope", "mixed y x1 || id: word", ("word", "text")),
    Bad("all-missing", "mixed y empty || id:", ("empty", "missing")),
    Bad("all-missing-outcome", "mixed empty x1 || id:", ("empty", "missing")),
    Bad("all-missing-group", "mixed y x1 || empty:", ("empty", "missing")),
    Bad("no-rows-selected", "mixed y x1 if t > 99 || id:", ("row",)),
    Bad("infinite", "mixed y huge || id:", ("huge", "infinite")),
    Bad("infinite-slope", "mixed y x1 || id: huge", ("huge", "infinite")),
    Bad("infinite-outcome", "mixed huge x1 || id:", ("huge", "infinite")),
    Bad("unknown-outcome", "mixed yy x1 || id:", ("yy",)),
    Bad("unknown-covariate", "mixed y x11 || id:", ("x11",)),
    Bad("unknown-group", "mixed y x1 || school:", ("school",)),
    Bad("unknown-slope", "mixed y x1 || id: ses", ("ses",)),
    Bad("unknown-time", "mixed y x1 || id:, residuals(ar 1, t(when))", ("when",)),
    Bad("repeated-time", "mixed y x1 || id:, residuals(ar 1, t(repeated))", ("repeated",)),
    Bad("by-not-constant", "mixed y x1 || id:, residuals(ar 1, t(t) by(t))", ("by", "t")),
    Bad("ar-without-time", "mixed y x1 || id:, residuals(ar 1)", ("t(",)),
    Bad("unknown-option", "mixed y x1 || id:, remll", ("remll",)),
    Bad("robust-with-kroger", "mixed y x1 || id:, reml dfmethod(kroger) vce(robust)", ("robust", "df")),
    Bad("small-sample-with-ml", "mixed y x1 || id:, dfmethod(kroger)", ("kenward", "reml")),
)


def check(error: TerraceError, names: tuple[str, ...]) -> None:
    said = f"{error.message} {error.advice}".lower()
    for name in names:
        assert name.lower() in said, f"{name!r} is not named in: {said}"
    assert error.code
    assert error.message.strip().endswith((".", "?", "!"))
    assert "nan" not in said.split()
    assert "array" not in said


@pytest.mark.parametrize("bad", [pytest.param(b, id=b.id) for b in BAD])
def test_fit_names_the_cause(bad: Bad) -> None:
    with pytest.raises(TerraceError) as caught:
        terrace.fit(bad.command, dataset(frame()))
    check(caught.value, bad.names)


def test_more_parameters_than_data() -> None:
    data = dataset(frame().head(8))
    with pytest.raises(TerraceError) as caught:
        terrace.fit("mixed y x1 x2 x3 x4 x5 x6 x7 x8 || id:", data)
    check(caught.value, ("8", "row", "fixed effects"))


def test_more_random_effects_than_data() -> None:
    """Three slopes and a constant, freely correlated, on two rows a group."""
    data = dataset(frame().query("t <= 2"))
    try:
        result = terrace.fit("mixed y x1 || id: x1 x2 x3, cov(unstructured)", data)
    except TerraceError as error:
        check(error, ("random effects", "id"))
    else:
        assert result.state != "converged"
        assert result.warnings


def test_no_rows() -> None:
    with pytest.raises(TerraceError) as caught:
        terrace.fit("mixed y x1 || id:", dataset(frame().head(0)))
    check(caught.value, ("row",))


def test_row_of_an_infinite_value_is_named() -> None:
    with pytest.raises(TerraceError) as caught:
        terrace.fit("mixed y huge || id:", dataset(frame()))
    assert "23" in f"{caught.value.message} {caught.value.advice}"


def test_place_of_an_unknown_variable_is_pointed_at() -> None:
    command = "mixed y x1 x99 || id:"
    with pytest.raises(TerraceError) as caught:
        terrace.fit(command, dataset(frame()))
    error = caught.value
    assert error.subject == "x99"
    if error.start is not None:
        assert error.text[error.start : error.end] == "x99"


def test_group_and_time_of_a_repeated_time_are_named() -> None:
    with pytest.raises(TerraceError) as caught:
        terrace.fit("mixed y x1 || id:, residuals(ar 1, t(repeated))", dataset(frame()))
    said = f"{caught.value.message} {caught.value.advice}"
    assert "3" in said
    assert "1" in said


# --- files -----------------------------------------------------------------------------------------------
def spoiled_files(folder: Path) -> dict[str, Path]:
    """Files that cannot be read: missing, a folder, empty, half-written, of another kind than their name says."""
    sound = frame()[["id", "t", "x1", "y"]]
    files = {
        name: folder / name
        for name in (
            "gone.dta",
            "empty.dta",
            "half.dta",
            "noise.dta",
            "noise.sav",
            "noise.xlsx",
            "noise.parquet",
            "empty.csv",
            "odd.ending",
        )
    }
    sound.to_stata(folder / "whole.dta", write_index=False)
    whole = (folder / "whole.dta").read_bytes()
    for name in ("empty.dta", "empty.csv"):
        files[name].write_bytes(b"")
    files["half.dta"].write_bytes(whole[: len(whole) // 2])
    for name in ("noise.dta", "noise.sav", "noise.xlsx", "noise.parquet"):
        files[name].write_bytes(bytes(range(256)) * 8)
    files["odd.ending"].write_bytes(b"\x00\x01\x02")
    files["folder"] = folder / "folder.csv"
    files["folder"].mkdir()
    return files


NAMES = (
    "gone.dta",
    "empty.dta",
    "half.dta",
    "noise.dta",
    "noise.sav",
    "noise.xlsx",
    "noise.parquet",
    "empty.csv",
    "odd.ending",
    "folder",
)


@pytest.mark.parametrize("name", NAMES)
def test_unreadable_file(name: str, tmp_path: Path) -> None:
    path = spoiled_files(tmp_path)[name]
    with pytest.raises(TerraceError) as caught:
        terrace.read(path)
    check(caught.value, (path.name,))


# --- the command line ------------------------------------------------------------------------------------
def run(*arguments: str) -> tuple[int, str, str]:
    """(status, output, errors) of ``terrace run`` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "terrace.cli", "run", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def inside(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The same without a new process."""
    from terrace.cli import main

    try:
        status = main(["run", *arguments])
    except SystemExit as end:
        status = end.code
    out = capsys.readouterr()
    return int(status or 0), out.out, out.err


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "bad.csv"
    frame().to_csv(path, index=False)
    return path


@pytest.mark.parametrize("bad", [pytest.param(b, id=b.id) for b in BAD])
def test_command_line_ends_with_status_1(
    bad: Bad, csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    arguments = ("--data", str(csv), "-c", bad.command, "-c", "mixed y x1 || id:", "--json", str(out))
    status, _, errors = inside(capsys, *arguments)
    assert status == 1
    assert "Traceback" not in errors
    said = errors.lower()
    for name in bad.names:
        assert name.lower() in said
    results = json.loads(out.read_text())
    assert [r["status"] for r in results] == ["error"], "the commands after an error are not run"
    assert results[0]["error"]["code"]
    assert results[0]["error"]["message"]


@pytest.mark.parametrize("name", ["gone.dta", "half.dta", "noise.dta"])
def test_command_line_with_an_unreadable_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = spoiled_files(tmp_path)[name]
    status, _, errors = inside(capsys, "--data", str(path), "-c", "mixed y x1 || id:")
    assert status == 1
    assert path.name in errors
    assert "Traceback" not in errors


def test_command_line_in_a_process_of_its_own(csv: Path) -> None:
    status, _, errors = run("--data", str(csv), "-c", "mixed five x1 || id:")
    assert status == 1
    assert "five" in errors
    assert "Traceback" not in errors
    status, output, errors = run("--data", str(csv), "-c", "mixed y x1 || id:")
    assert status == 0, errors
    assert "x1" in output


def test_session_goes_on_after_errors() -> None:
    session = session_on(dataset(frame()))
    for bad in BAD:
        outcome = session.run(bad.command)
        assert not outcome.ok, bad.id
        assert outcome.error is not None
    assert session.run("mixed y x1 || id:").ok

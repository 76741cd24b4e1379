"""The command line: what it prints and writes, and its exit status."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from terrace import __version__
from terrace.cli import OK, USAGE, ProgressLine, main
from terrace.progress import Progress
from terrace.session.as_json import outcome_json
from terrace.session.contract import Outcome


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a small data file."""
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(10), 5)
    frame = pd.DataFrame({"g": g, "x": rng.normal(size=50)})
    frame["y"] = frame["x"] + rng.normal(size=10)[g] + rng.normal(size=50)
    frame.to_csv(tmp_path / "small.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def results(path: str = "out.json") -> list[dict[str, Any]]:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is not valid JSON")

    found = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=refuse)
    assert isinstance(found, list)
    return found


def test_commands_run_in_order_and_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["run", "--data", "small.csv", "-c", "mixed y x || g:", "-c", "summarize x", "--json", "out.json"])
    shown = capsys.readouterr()
    assert (status, shown.err) == (0, "")
    assert ". mixed y x || g:\n" in shown.out and "var(_cons)" in shown.out and "Mean" in shown.out
    fit, summary = results()
    for result in (fit, summary):
        assert {"command", "type", "status", "error", "elapsed", "warnings", "text", "tables"} <= set(result)
        assert result["status"] == "ok" and result["error"] is None and result["elapsed"] > 0
        assert result["text"] in shown.out
    assert fit["command"] == "mixed y x || g:" and fit["type"] == "mixed"
    assert fit["scalars"]["N"] == 50 and fit["scalars"]["converged"] == 1
    assert fit["groups"] == [{"level": "g", "n_groups": 10, "min": 5, "avg": 5.0, "max": 5}]
    assert [r["term"] for r in fit["fixed"]] == ["x", "_cons"]
    assert set(fit["fixed"][0]) == {"term", "coef", "se", "stat", "df", "p", "lb", "ub"}
    assert [(r["level"], r["name"]) for r in fit["random"]] == [("g", "var(_cons)"), ("Residual", "var(Residual)")]
    assert set(fit["random"][0]) == {"level", "structure", "name", "estimate", "se", "lb", "ub"}
    assert fit["comparison"]["label"] == "chibar2(01)"
    table = summary["tables"][0]
    assert set(table) == {"title", "columns", "rows"} and table["rows"][0][:2] == ["x", 50]
    assert all(len(row) == len(table["columns"]) for row in table["rows"])


def test_data_that_are_opened_first_tell_what_use_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "n.csv").write_text("# made by hand\nid,x\n1,2\n2,NA\n")
    assert main(["run", "-c", "use n.csv"]) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Note:")]
    assert len(told) == 3 and "begins with #" in told[1] + told[2]
    assert main(["run", "--data", "n.csv", "-c", "count", "--json", "out.json"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("Note:")] == told
    assert [result["command"] for result in results()] == ["count"]


def test_infinite_values_of_a_file_bring_no_warning_of_numpy_to_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "i.csv").write_text("g,x\n1,1\n2,inf\n1,-inf\n2,2.5\n")
    commands = ["summarize x, detail", "correlate x g", "ttest x == 0", "egen s = sd(x), by(g)"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        assert main(["run", "--data", "i.csv", *(part for c in commands for part in ("-c", c))]) == 0
    assert capsys.readouterr().err == ""


def test_the_first_error_ends_the_run_and_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    commands = ["summarize x", "mixed y z || g:", "summarize y"]
    arguments = [part for c in commands for part in ("-c", c)]
    assert main(["run", "--data", "small.csv", "--json", "out.json", *arguments]) == 1
    shown = capsys.readouterr()
    assert "summarize y" not in shown.out
    assert shown.err.splitlines()[:3] == [
        "There is no variable 'z' in the data.",
        "  mixed y z || g:",
        "          ^",
    ]
    good, bad = results()
    assert good["status"] == "ok"
    assert bad["status"] == "error" and bad["command"] == "mixed y z || g:" and bad["tables"] == []
    assert bad["error"] == {"code": "no-such-variable", "message": "There is no variable 'z' in the data."}


def test_do_files_run_before_commands(capsys: pytest.CaptureFixture[str], in_a_folder: Path) -> None:
    folder = in_a_folder / "do"
    folder.mkdir()
    (folder / "a.do").write_text("* open\nuse small.csv, clear\nmixed y x ///\n  || g:\n", encoding="utf-8")
    assert main(["run", "do/a.do", "-c", "display e(N)", "--json", "out.json"]) == 0
    assert [r["type"] for r in results()] == ["use", "mixed", "display"]
    assert results()[-1]["text"] == "50"
    (folder / "b.do").write_text("use small\n\nsummarize q\nsummarize x\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["run", "do/b.do", "-c", "display 1", "--json", "out.json"]) == 1
    assert capsys.readouterr().err.startswith("do/b.do, line 3: There is no variable 'q'")
    assert [r["status"] for r in results()] == ["ok", "error"]
    (folder / "c.do").write_text("display 1\nexit\nfoo\n", encoding="utf-8")
    assert main(["run", "do/c.do", "-c", "foo"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run"], "give a do-file"),
        (["run", "nowhere.do"], "the do-file nowhere.do does not exist"),
        (["run", "-c", "display 1", "--json", "no/such/folder/out.json"], "does not exist"),
    ],
)
def test_bad_usage_is_status_2(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not Path("out.json").exists()


@pytest.mark.parametrize("arguments", [["run", "--nope"], ["nope"], ["run", "-c"]])
def test_unknown_arguments_are_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2 and "usage" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01 not a dataset \xff" * 20])
def test_data_that_cannot_be_read_are_status_1(content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        Path("bad.dta").write_bytes(content)
    assert main(["run", "--data", "bad.dta", "-c", "describe", "--json", "out.json"]) == 1
    shown = capsys.readouterr()
    assert "bad" in shown.err and "Traceback" not in shown.err and shown.out == ""
    (failed,) = results()
    assert failed["status"] == "error" and failed["type"] == "use"


def test_a_file_with_quotes_in_its_name() -> None:
    Path("small.csv").rename('a "b" c.csv')
    assert main(["run", "--data", 'a "b" c.csv', "-c", "describe"]) == 0


def test_json_has_no_numbers_that_json_lacks() -> None:
    outcome = Outcome(
        "x",
        "x",
        "ok",
        0.0,
        payload={"a": np.float64("nan"), "b": [np.int64(3), float("inf"), True, None], "c": np.bool_(True)},
    )
    written = json.loads(json.dumps(outcome_json(outcome), allow_nan=False))
    assert (written["a"], written["b"], written["c"]) == (None, [3, None, True, None], True)


def test_version_samples_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"terrace {__version__}\n"
    assert main(["samples"]) == 0 and "hsb" in capsys.readouterr().out
    assert main(["help"]) == 0 and "summarize" in capsys.readouterr().out
    assert main(["help", "estat", "icc"]) == 0 and "Intraclass" in capsys.readouterr().out
    assert main(["help", "nope"]) == 1
    assert main([]) == 2


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "terrace", "run", "-c", "display 6*7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, [".", "display", "6*7", "42"])


def test_long_work_shows_how_far_it_is_and_leaves_no_trace() -> None:
    times = iter([0.0, 0.5, 1.1, 1.2, 1.5, 1.6, 2.0])
    stream = io.StringIO()
    line = ProgressLine(stream, lambda: next(times))
    line(Progress("Reading", fraction=0.1))  # not yet long
    assert stream.getvalue() == ""
    line(Progress("Reading", fraction=0.25))
    assert stream.getvalue() == "\rReading 25%"
    line(Progress("Reading", fraction=0.26))  # a moment later
    line(Progress("Fitting", iteration=3))
    assert stream.getvalue().endswith("\rFitting, iteration 3")
    line.clear()
    assert stream.getvalue().split("\r")[-1] == "" and stream.getvalue().split("\r")[-2].strip() == ""
    line(Progress("Reading", fraction=0.1))
    assert stream.getvalue().count("Reading") == 1


def test_how_a_file_is_opened_can_be_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("g,y\n" + "".join(f"{k % 9},{(k * 7) % 11}\n" for k in range(200)), encoding="utf-8")
    assert main(["run", "--data", str(path), "--stream", "-c", "mixed y || g:"]) == OK
    assert "streamed" in capsys.readouterr().out
    assert main(["run", "--data", str(path), "--in-memory", "-c", "summarize, detail"]) == OK
    assert "streamed" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["run", "--data", str(path), "--in-memory", "--stream"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_output_that_cannot_be_written_is_told_without_a_traceback() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        seen = subprocess.run(
            [sys.executable, "-m", "terrace", "run", "-c", "display 1"], stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert seen.returncode == 1 and seen.stderr == "terrace: the output cannot be written: the disk is full.\n"


def test_a_place_for_the_results_is_refused_before_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = tmp_path / "ran.txt"
    assert main(["run", "-c", f'log using "{ran}"', "--json", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err and not ran.exists()


def test_a_do_file_from_elsewhere_is_shown_before_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("downloads", "work"):
        (tmp_path / name).mkdir()
    do = tmp_path / "downloads" / "a.do"
    do.write_text("sample sleepstudy\nsave mine, replace\n")
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "work" / "mine.dta").write_text("good data")
    assert main(["run", str(do)]) == USAGE
    said = capsys.readouterr()
    assert "line 2 writes mine: save mine, replace" in said.err and "--trust" in said.err and said.out == ""
    assert (tmp_path / "work" / "mine.dta").read_text() == "good data"
    assert main(["run", str(do), "--trust"]) == OK
    assert (tmp_path / "work" / "mine.dta").read_bytes() != b"good data"

"""Set-up decides rightly what to do, and says what a person has to do where it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402 - found by the line above
import published_cases  # noqa: E402

import long  # noqa: E402
import run  # noqa: E402


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, with a space in its path, that set-up takes for the checkout."""
    root = tmp_path / "my terrace"
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\nname = 'terrace'\n")
    monkeypatch.setattr(environment, "ROOT", root)
    monkeypatch.setattr(environment, "VENV", root / ".venv")
    monkeypatch.setattr(environment, "STAMP", root / ".venv" / "terrace-setup.json")
    monkeypatch.setattr(environment, "LOG", root / ".venv" / "setup.log")
    return root


@pytest.fixture
def steps(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records what `prepare` would have done; the environment's Python counts as there and working."""
    done: list[str] = []
    (checkout / ".venv" / "bin" / "python").touch()
    monkeypatch.setattr(environment, "venv_works", lambda: True)
    monkeypatch.setattr(environment, "system_packages", lambda **needs: done.append("system"))
    monkeypatch.setattr(environment, "pip_install", lambda extras: done.append("pip " + " ".join(extras)))
    return done


def test_a_second_start_does_nothing(steps: list[str]) -> None:
    environment.prepare(["desktop"])
    assert steps == ["system", "pip desktop"]
    environment.prepare(["desktop"])
    assert steps == ["system", "pip desktop"]


def test_tests_after_a_start_add_their_packages_and_keep_the_window_s(steps: list[str]) -> None:
    environment.prepare(["desktop"])
    environment.prepare(["desktop", "dev"])
    environment.prepare(["desktop"])
    assert steps == ["system", "pip desktop", "system", "pip desktop dev"]


def test_changed_dependencies_are_installed(steps: list[str], checkout: Path) -> None:
    environment.prepare(["desktop"])
    (checkout / "pyproject.toml").write_text("[project]\nname = 'terrace'\ndependencies = ['numpy']\n")
    environment.prepare(["desktop"])
    assert steps.count("pip desktop") == 2


def test_a_moved_checkout_is_set_up_again(
    steps: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment.prepare(["desktop"])
    moved = checkout.parent / "elsewhere"
    checkout.rename(moved)
    for name in ("ROOT", "VENV", "STAMP"):
        old = getattr(environment, name)
        monkeypatch.setattr(environment, name, moved / old.relative_to(checkout))
    environment.prepare(["desktop"])
    assert steps.count("pip desktop") == 2


@pytest.mark.parametrize("stamp", ["", "{", "[]", "{}", json.dumps({"fingerprint": "other", "extras": []})])
def test_a_damaged_stamp_means_set_up(steps: list[str], stamp: str) -> None:
    environment.STAMP.write_text(stamp)
    environment.prepare(["desktop"])
    assert "pip desktop" in steps


def pip_that(*statuses: int, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Replace the run of pip by one that ends with each of `statuses` in turn; the calls made."""
    calls: list[list[str]] = []
    left = list(statuses)

    def run(command: list[str]) -> int:
        calls.append(command)
        environment.LOG.write_text("ERROR: No matching distribution found for numpy")
        return left.pop(0)

    monkeypatch.setattr(environment, "follow_pip", run)
    return calls


def test_a_failing_pip_is_tried_once_more(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip_that(1, 0, monkeypatch=monkeypatch)
    environment.pip_install(["desktop"])
    assert len(calls) == 2 and calls[0][-1] == ".[desktop]"


def test_a_pip_that_fails_twice_shows_why(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pip_that(1, 1, monkeypatch=monkeypatch)
    with pytest.raises(environment.SetupError, match="No matching distribution found for numpy"):
        environment.pip_install(["desktop"])
    assert len(calls) == 2


def test_without_root_the_message_is_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "on_debian", lambda: True)
    monkeypatch.setattr(environment, "as_root", lambda: None)
    monkeypatch.setattr(environment, "missing_packages", list)
    with pytest.raises(environment.SetupError) as caught:
        environment.system_packages(need_venv=True, need_qt=False)
    package = f"python3.{sys.version_info[1]}-venv"
    assert f"\n    sudo apt-get install -y {package}\n" in str(caught.value)


def test_missing_window_libraries_alone_do_not_stop_set_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment, "on_debian", lambda: True)
    monkeypatch.setattr(environment, "as_root", lambda: None)
    monkeypatch.setattr(environment, "missing_packages", lambda wanted: [w for w in wanted if "xcb-c" in w])
    environment.system_packages(need_venv=False, need_qt=True)
    assert "sudo apt-get install -y libxcb-cursor0" in capsys.readouterr().out


def test_one_of_two_alternatives_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "installed", lambda names: {"new", "plain"} & set(names))
    assert environment.missing_packages(["old|new", "plain", "gone|lost"]) == ["gone|lost"]


def test_a_folder_in_the_way_is_not_deleted(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (checkout / ".venv" / "notes.txt").write_text("mine")
    with pytest.raises(environment.SetupError, match="not a virtual environment"):
        environment.make_venv()
    assert (checkout / ".venv" / "notes.txt").exists()


def test_children_get_no_python_path_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PYTHONHOME", "/else")
    assert not {"PYTHONPATH", "PYTHONHOME"} & set(environment.clean_environ())


def test_a_data_file_that_is_not_there_is_said_before_any_set_up() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "start.py"), "--data", "no such file.csv"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such file.csv" in done.stderr


def test_a_claim_that_is_no_case_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.py").touch()
    (tmp_path / "cases.json").write_text(json.dumps([{"id": "pig"}]))
    (tmp_path / "claimed.txt").write_text("# published\npig  # the first\npigs\n")
    monkeypatch.setattr(published_cases, "CONFORMANCE", tmp_path)
    monkeypatch.setattr(published_cases, "CLAIMED", tmp_path / "claimed.txt")
    assert published_cases.claimed() == ["pig", "pigs"]
    assert published_cases.main() == 1
    assert "pigs" in capsys.readouterr().out


def test_the_long_run_goes_on_after_a_failure_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(options: Any) -> Any:
        """A step that fails."""
        return long.Result(long.FAILED, "1 of 2")

    def whole(options: Any) -> Any:
        """A step that passes."""
        return long.Result(long.PASSED, f"{options.minutes:g} minutes")

    monkeypatch.setattr(long, "STEPS", {"broken": broken, "whole": whole})
    monkeypatch.setattr(long.environment, "prepare", lambda extras: None)
    assert long.main(["--minutes", "2"]) == 1
    summary = capsys.readouterr().out.partition("== Summary")[2].split()
    assert summary[:2] == ["broken", "FAILED"] and summary[summary.index("whole") :][1] == "passed"
    assert summary[-2:] == ["2", "minutes"]
    assert long.main(["--only", "whole"]) == 0
    assert long.closing("2 failing\n1 failed, 12 passed in 3.0s\n") == "1 failed, 12 passed"


def test_a_process_of_the_tests_that_a_signal_ends_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = iter([0, -11, 0, 0])
    monkeypatch.setattr(run.environment, "prepare", lambda extras: Path("python"))
    monkeypatch.setattr(run.subprocess, "call", lambda command, **options: next(ended))
    assert run.main([]) == -11
    assert list(ended) == []  # all were run

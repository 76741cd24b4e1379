"""Do-files from elsewhere: what they would do outside of their folder is shown before they run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from terrace.session import script_file
from terrace.session.session import Session
from terrace.session.trust import as_lines, shown_of_typed, to_be_shown


def shown(file: Path, text: str, working: Path | None = None, begins: Path | None = None) -> list[str]:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return as_lines(to_be_shown(file, begins=begins or file.parent, working=working))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("sample hsb\nsave x, replace\nerase \"a b.dta\"\nmkdir sub\nlog using sub/l.log\ncd sub\nsave y", []),
        ("save ../x", ["line 1 writes ../x: save ../x"]),
        ("cd sub\ncd ..\nsave x", []),
        ("cd ..\nsave x", ["line 1 moves to a folder ..: cd ..", "line 2 writes x: save x"]),
        ("erase ~/x.dta", ["line 1 erases ~/x.dta: erase ~/x.dta"]),
        ("if 1 {\n log using /var/l.log\n}", ["line 2 logs /var/l.log: log using /var/l.log"]),
        ("save `f'", ["line 1 writes a file whose name comes from macros: save `f'"]),
        ("cd `f'\nsave x", [
            "line 1 moves to a folder whose name comes from macros: cd `f'",
            "line 2 writes a file whose name comes from macros: save x",
        ]),
        ("`c' x", ["line 1 runs commands that come from macros: `c' x"]),
        ("save, replace", ["line 1 writes the file of the data: save, replace"]),
        ("if 1 {", []),  # it does not run
    ],
)  # fmt: skip
def test_what_leaves_the_folder_of_a_do_file_is_shown(text: str, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "own" / "sub").mkdir(parents=True)
    assert shown(tmp_path / "own" / "a.do", text) == lines


def test_a_link_out_of_the_folder_leads_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    try:
        (tmp_path / "own" / "link").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links here")
    assert shown(tmp_path / "own" / "a.do", "save link/x") == ["line 1 writes link/x: save link/x"]


def test_do_files_that_are_run_are_looked_through(tmp_path: Path) -> None:
    (tmp_path / "b.do").write_text("do a\nsave ../x\n")
    assert shown(tmp_path / "own" / "a.do", "\ndo ../b 1") == ["line 2 writes ../x: do ../b 1: save ../x"]
    loop = shown(tmp_path / "own" / "a.do", "do a.do")
    assert loop == []


def test_a_do_file_of_the_working_folder_may_write_there(tmp_path: Path) -> None:
    text = "save ../x\nsave `f'\nsave, replace\nsave ../../y"
    at_home = shown(tmp_path / "own" / "a.do", text, working=tmp_path)
    assert at_home == ["line 4 writes ../../y: save ../../y"]
    other = tmp_path / "other"
    other.mkdir()
    from_elsewhere = shown(tmp_path / "own" / "a.do", "save x", working=other, begins=other)
    assert from_elsewhere == ["line 1 writes x: save x"]


def test_a_do_file_whose_name_has_blanks_is_looked_through_without_quotation_marks(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "my file.do").write_text("save ../x", encoding="utf-8")
    expected = ["line 1 writes ../x: do my file.do: save ../x"]
    assert shown(own / "a.do", "do my file.do") == expected
    assert shown(own / "a.do", 'do "my file.do"') == ['line 1 writes ../x: do "my file.do": save ../x']
    assert shown(own / "a.do", "quietly do my file.do, nostop") == [
        "line 1 writes ../x: quietly do my file.do, nostop: save ../x"
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_what_runs_is_what_was_looked_through_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.do").write_bytes('display "é"\nmkdir ../ö\n'.encode(encoding))
    planned = to_be_shown(own / "a.do", begins=own)
    assert as_lines(planned) == ["line 2 makes a folder ../ö: mkdir ../ö"]
    session = Session()
    assert session.run(f'cd "{own}"').ok
    outcomes = session.run_do(own / "a.do")
    assert [o.error for o in outcomes] == [None, None] and (tmp_path / "ö").is_dir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of POSIX")
def test_a_do_file_that_is_none_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "p.do")
    (tmp_path / "long.do").write_text("display 1\n" * 100)
    monkeypatch.setattr(script_file, "LONGEST", 900)
    for name, code in (("p.do", "not-a-file"), ("/dev/zero", "not-a-file"), ("none.do", "no-such-file"),
                       ("long.do", "too-large")):  # fmt: skip
        outcome = Session().run(f'do "{tmp_path / name}"')
        assert outcome.error is not None and outcome.error[0] == code, outcome.error
        assert to_be_shown(tmp_path / name, begins=tmp_path) == ()


@pytest.mark.parametrize(
    ("typed", "chosen", "lines"),
    [
        ("do own/a.do", True, ["line 3 writes ../y: save ../y"]),
        ("do own/a.do", False, [
            "line 1 writes x: save x", "line 2 writes a file whose name comes from macros: save `f'",
            "line 3 writes ../y: save ../y",
        ]),
        ("cd own\nquietly run a 1 2", False, ["line 3 writes ../y: save ../y"]),
        ("do own/inner", True, []),
        ("do own/inner", False, []),
        ("save ../y\nerase ../y\ndisplay 1", False, []),  # typed, and not hidden in a file
        ("do own/none.do", False, []),
        ("do `f'", True, ["line 1 runs a do-file whose name comes from macros: do `f'"]),
        ("if 1 {", False, []),
    ],
)  # fmt: skip
def test_do_files_that_are_typed_are_looked_through(
    typed: str, chosen: bool, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names begin where the user is; a folder that was chosen by cd is the user's own, that of the start is not."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "a.do").write_text("save x\nsave `f'\nsave ../y\n", encoding="utf-8")
    (tmp_path / "own" / "inner.do").write_text("save own/x\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert as_lines(shown_of_typed(typed, str(tmp_path) if chosen else "")) == lines

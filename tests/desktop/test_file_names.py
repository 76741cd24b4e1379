"""Names of files with any character, through the commands that the window writes, the parser, and the history."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from terrace.language.grammar.command import parse_command
from terrace.language.grammar.macros import expand
from terrace.language.grammar.tokens import unquoted
from terrace.session.paths import path_of
from terrace.session.program.macros import SessionMacros
from terrace.session.session import Session, one_node
from terrace.session.trust import to_be_shown
from terrace_desktop.work import commands

ODD = (
    "a b", "it's", 'say "hi"', "`x'", "$HOME", "a$", "`", "``", '"', "\"'", "`\"x\"'", "\"'\"'", "a\nb", "a\rb",
    "-lead", "trail.", "//x".replace("/", "\\"), "*", "a, replace", "?", "[x]", "~no-such-user", "a;b", "\\",
    "\\`b", "a\\$b",
    "{b}", "\t", "\udcff", "=1+1", " lead", "trail ", "file:x", "%41", "#", "\x85", "\u2028", "é" * 100,
)  # fmt: skip
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=12) | st.text(
    "\"'`$\\ \n\r*{};,/-~.%\udcff\udc80".replace("/", ""), min_size=1, max_size=8
)


def understood(command: str) -> str:
    """The path that a session takes from a command."""
    session = Session()
    node = one_node(command)
    assert node is not None
    text = expand(node.text, SessionMacros(session))
    return str(path_of(unquoted(parse_command(text).clauses.body)))


@settings(deadline=None)
@given(names)
@example("\"'")
@example("a\nb")
@example("\udcff`\"'$x")
@example("`")
@example("``")
def test_every_name_comes_through_the_command_that_the_window_writes(name: str) -> None:
    path = os.path.join("/data", name)
    for command in (commands.use_file(path), commands.save_file(path)):
        assert understood(command) == str(Path(path))


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_files_of_any_name_are_saved_opened_and_opened_again_by_the_history(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.dta"
    try:
        path.write_bytes(b"")
    except OSError:
        pytest.skip("the file system has no such names")
    session = Session()
    for command in ("sample sleepstudy", commands.save_file(path), commands.use_file(path)):
        outcome = session.run(command)
        assert outcome.ok, outcome.error
    assert os.listdir(tmp_path) == [path.name]
    assert session.dataset is not None and len(session.dataset) == 180
    again = Session()
    outcomes = list(again.run_do("".join(f"{o.command}\n" for o in session.history)))
    assert len(outcomes) == 3 and all(o.ok for o in outcomes)
    do = tmp_path / "history.do"
    do.write_text("".join(f"{o.command}\n" for o in session.history), encoding="utf-8", errors="surrogateescape")
    assert to_be_shown(do, begins=tmp_path) == ()  # in its own folder, and told as such


def test_names_that_no_file_has_are_refused_in_words(tmp_path: Path) -> None:
    session = Session()
    for command in ('use "a\0b.dta"', 'do "a\0b.do"', 'mkdir "a\0b"', f'use "{"x" * 300}.dta"', f'cd "{"x" * 300}"'):
        outcome = session.run(command)
        assert outcome.error is not None and outcome.error[0] == "bad-file-name", outcome.error

"""The documentation: pages that are made from the program, what pages say of the window, and the check of links."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest
from manual import commands, docstrings, links, python_api, validation

import terrace
from terrace.language.grammar.command import parse_command
from terrace.session import registry
from terrace.session.effects import Effect
from terrace.validation import published
from terrace.validation.run import run

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDE = [DOCS / "five-minutes.md", *sorted((DOCS / "guide").glob("*.md"))]
WINDOW = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "desktop").rglob("*.py"))
TEXTS = {
    t.partition("\\t")[0].replace("&", "").rstrip("…. ") for t in re.findall(r'"((?:[^"\\\n]|\\.)+)"', WINDOW)
}  # what comes after a tab is an explanation
FIELD = {"ICC", "df", "t", "p", "R²", "Var(intercept)", "Var(x)"}  # of tables, which the engine makes


@pytest.mark.parametrize("page", GUIDE, ids=lambda p: p.stem)
def test_what_the_guide_names_is_in_the_window(page: Path) -> None:
    text = re.sub(r"^ {4}.*$|\*\*.+?\*\*", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = [part.strip() for phrase in re.findall(r"\*([^*]+)\*", text) for part in phrase.split(">")]
    assert {" ".join(n.split()) for n in named} - TEXTS - FIELD == set()


@pytest.mark.parametrize("page", GUIDE, ids=lambda p: p.stem)
def test_commands_that_the_guide_names_are_there(page: Path) -> None:
    registry.load()
    cells = re.findall(r"\| (`[^|]+`) \|$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for typed in re.findall("`([^`]+)`", " ".join(cells)):
        assert registry.find(parse_command(typed))


def test_files_that_pages_name_are_there() -> None:
    top = ("engine", "desktop", "docs", "tests", "tools", "installer", "resources")
    paths = [p for name in top for p in (ROOT / name).rglob("*") if "__pycache__" not in p.parts]
    there = {f"/{p.relative_to(ROOT).as_posix()}" + "/" * p.is_dir() for p in paths}
    ends = {path[at:] for path in there for at in range(len(path)) if path[at - 1] == "/"}
    ends |= {p.name + "/" * p.is_dir() for p in ROOT.iterdir()} | {"build/"}
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"`([\w./-]+(?:/|\.py|\.md|\.toml|\.json|\.svg|\.do|\.cff))`", text)
        real = {n for n in named if not re.search(r"NAME|FAMILY|SUBJECT|FOLDER|VERSION|terrace_de\.|^\.\./", n)}
        assert real - ends == set(), page.name


def test_every_command_has_its_section_with_its_options() -> None:
    pages = commands.pages()
    whole = "\n".join(pages.values())
    for name, command in registry.COMMANDS.items():
        assert whole.count(f"({commands.anchor(name)})=\n## {name}\n") == 1, name
        assert f"#{commands.anchor(name)})" in pages["index.md"], name
        assert command.help, name
    assert len({commands.anchor(name) for name in registry.COMMANDS}) == len(registry.COMMANDS)
    confirm = commands.section(registry.COMMANDS["confirm"])
    assert "\nconfirm [numeric|string|new] variable names\nconfirm number x\n" in confirm
    merge = commands.section(registry.COMMANDS["merge"])
    assert "Options: `keepusing(variables)`, `keep(results)`" in merge and "Shortest form: `mer`." in merge


@pytest.mark.parametrize(
    ("syntax", "forms", "options"),
    [
        ("count [if] [in]", 1, []),
        ("xtset [panel [time]] [, delta(#) clear]", 1, ["delta(#)", "clear"]),
        ('enter variables [in #[/#]], cells("TEXT") [rows(numbers) exact]', 1,
         ['cells("TEXT")', "rows(numbers)", "exact"]),
        ("mi import a, m(v) [id(v)] | mi import wide, imputed(x = x1 y = y1) [drop]", 2,
         ["m(v)", "id(v)", "imputed(x = x1 y = y1)", "drop"]),
        ("code [NAME] [, in(r|stata) saving(FILE, replace)]", 1, ["in(r|stata)", "saving(FILE, replace)"]),
        ('spss "MIXED y /RANDOM=INTERCEPT | SUBJECT(g)"', 1, []),
        ("tostring variables, generate(names)|replace [format(%fmt)]", 1,
         ["generate(names)", "replace", "format(%fmt)"]),
    ],
)  # fmt: skip
def test_forms_and_options_of_a_syntax(syntax: str, forms: int, options: list[str]) -> None:
    assert len(commands.forms(syntax)) == forms
    assert commands.options_of(syntax) == options


def test_every_effect_is_told_or_is_of_no_concern_to_readers() -> None:
    assert set(Effect) - set(commands.SAID) == {Effect.BRIEF, Effect.ANALYSES, Effect.WHOLE}


def test_every_family_of_commands_has_a_title() -> None:
    assert set(commands.FAMILIES) == set(registry.FAMILIES)


def test_the_python_page_has_every_public_name(monkeypatch: pytest.MonkeyPatch) -> None:
    page = python_api.page()
    assert all(f":: terrace.{name}\n" in page for name in terrace.__all__ if name != "__version__")
    monkeypatch.setattr(terrace, "__all__", [*terrace.__all__, "new_name"])
    with pytest.raises(SystemExit, match="new_name"):
        python_api.page()


def test_defaults_that_are_no_expressions_are_put_as_python_has_them() -> None:
    told = docstrings.readable("(a: ~t.A = <factory>, b: ~t.B = <B.NONE: 0>, *, c: str = '<x>')")
    assert told == "(a: ~t.A = ..., b: ~t.B = B.NONE, *, c: str = '<x>')"
    ast.parse(f"def f{told.replace('~', '')}: pass")


def test_the_validation_page_tells_what_was_compared_and_what_differs() -> None:
    found = list(run(published.cases()[:2]))
    page = " ".join(validation.page(found).split())
    numbers = sum(len(v.checks) for v in found)
    assert f"**{numbers} numbers of 2 models, all agree**" in page and page.count("| agrees |") == 2
    wrong = replace(found[0], checks=(replace(found[0].checks[0], passed=False), *found[0].checks[1:]))
    page = " ".join(validation.page([wrong, found[1]]).split())
    assert f"1 model does not agree: {wrong.case.id}**" in page and page.count("| **differs** |") == 1


GOOD = '<h1 id="top">A</h1><a href="b.html#there">b</a><a href="https://example.org">out</a><img src="a.png">'
WRONG = {
    '<a href="c.html">c</a>': "c.html is not there",
    '<a href="b.html#nowhere">b</a>': "has no such anchor",
    '<a href="#nowhere">here</a>': "has no such anchor",
    '<img src="gone.png">': "gone.png is not there",
    '<script src="https://example.org/x.js"></script>': "would be loaded from the network",
    '<link rel="stylesheet" href="//example.org/x.css">': "would be loaded from the network",
}


@pytest.mark.parametrize(("more", "said"), [("", ""), *WRONG.items()])
def test_links_that_lead_nowhere_are_found(tmp_path: Path, more: str, said: str) -> None:
    (tmp_path / "a.html").write_text(GOOD + more)
    (tmp_path / "b.html").write_text('<p id="there"></p>')
    (tmp_path / "a.png").touch()
    found = links.wrong(tmp_path)
    assert len(found) == bool(said) and all(said in line for line in found)


def test_a_style_sheet_that_loads_from_the_network_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.css").write_text("@font-face { src: url('https://example.org/f.woff2') }")
    assert len(links.wrong(tmp_path)) == 1

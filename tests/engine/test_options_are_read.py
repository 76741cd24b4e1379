"""No option is accepted and then passed over: what a command declares is read by it, or is so in any case.

The sources are searched: an option that stands in `rules` must be named again by the function that declares it, by
what that hands its options to, or by a table of its module. Options under ``already`` ask for what is so anyway.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from data_support import ok, refused

import terrace
from terrace.data.readers.build import from_frame
from terrace.session.clauses_taken import taken
from terrace.session.registry import COMMANDS
from terrace.session.session import Session
from terrace.session.state import State
from terrace.spec.model import Display, Maximisation

SOURCES = Path(terrace.__file__).parent
HANDED_ON = {"options", "inner", "own", "more", "option", "parsed", "paired", "outer"}
# The functions of egen and tabulate share one table of options, and those of files and of looks of figures declare
# theirs apart. Looks of graphs are told in the limitations.
BY_MODULE = ("egen.py", "figure_looks.py", "importing.py", "tabulate.py", "textfile.py")
MODULES = {
    p: ast.parse(p.read_text("utf-8"))
    for folder in ("session", "language")
    for p in sorted((SOURCES / folder).rglob("*.py"))
    if p.parent.name != "graphs"
}


def called(node: ast.AST) -> str:
    return getattr(getattr(node, "func", None), "id", "")


def assigned(tree: ast.Module) -> dict[str, ast.expr]:
    """Names of a module and what stands behind them."""
    out = {}
    for n in tree.body:
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
            out[n.targets[0].id] = n.value
        elif isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name) and n.value is not None:
            out[n.target.id] = n.value
    return out


TABLES = {p: assigned(t) for p, t in MODULES.items()}
FUNCTIONS: dict[str, list[tuple[Path, ast.FunctionDef]]] = defaultdict(list)
for _path, _tree in MODULES.items():
    for _n in ast.walk(_tree):
        if isinstance(_n, ast.FunctionDef):
            FUNCTIONS[_n.name].append((_path, _n))


def strings(node: ast.AST) -> set[str]:
    """Strings under a node, and their words, without those of `rules`."""
    out: set[str] = set()
    if called(node) == "rules":
        return out
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value, *node.value.split()}
    for child in ast.iter_child_nodes(node):
        out |= strings(child)
    return out


def declared(path: Path, node: ast.AST) -> list[str]:
    """The options of every `rules(...)` under a node, and of the tables of rules that it names."""
    out: list[str] = []
    for n in ast.walk(node):
        if called(n) == "rules":
            for a in n.args:  # type: ignore[attr-defined]
                value = TABLES[path].get(a.id) if isinstance(a, ast.Name) else a
                if isinstance(value, ast.Constant):
                    out += str(value.value).replace(":", "").split()
        if isinstance(n, ast.Name) and n.id in TABLES[path]:
            value = TABLES[path][n.id]
            if not isinstance(value, ast.Name) and any(called(x) == "rules" for x in ast.walk(value)):
                out += declared(path, value)
    return out


def read(path: Path, function: ast.FunctionDef, seen: set[int]) -> set[str]:
    """The strings that a function can compare options with."""
    seen.add(id(function))
    out = strings(function)
    for n in ast.walk(function):
        if isinstance(n, ast.Name) and n.id in TABLES[path]:
            out |= strings(TABLES[path][n.id])
        if isinstance(n, ast.Call):
            given = {x.id for a in [*n.args, *n.keywords] for x in ast.walk(a) if isinstance(x, ast.Name)}
            name = called(n) or getattr(n.func, "attr", "")
            for where, other in FUNCTIONS.get(name, ()) if given & HANDED_ON else ():
                if id(other) not in seen:
                    out |= read(where, other, seen)
    return out


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.name)
def test_every_declared_option_is_read(path: Path) -> None:
    for function in ast.walk(MODULES[path]):
        if not isinstance(function, ast.FunctionDef) or path.name == "mixed_options.py":
            continue
        options = declared(path, function)
        found = strings(MODULES[path]) if path.name in BY_MODULE else read(path, function, set())
        passed_over = [o for o in dict.fromkeys(options) if o not in found]
        assert not passed_over, f"{function.name} accepts {passed_over} and does not look at them"


def test_the_search_finds_an_option_that_nobody_reads() -> None:
    tree = ast.parse('def f(parsed):\n    options = parsed.options(rules("good bad"))\n    return "good" in options\n')
    path = Path("made.py")
    TABLES[path] = assigned(tree)
    (function,) = tree.body
    assert isinstance(function, ast.FunctionDef)
    assert set(declared(path, function)) - read(path, function, set()) == {"bad"}


@pytest.mark.parametrize("kind", [Display, Maximisation])
def test_every_setting_of_a_model_is_looked_at(kind: type) -> None:
    """Options of display and of the search become fields; a field that no other module asks for has no effect."""
    known = {p: p.read_text("utf-8") for p in SOURCES.rglob("*.py") if not {"spec", "language"} & {*p.parts}}
    for name in kind.__dataclass_fields__:
        assert any(f".{name}" in text for text in known.values()), name


# --- if, in and weights --------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def state() -> State:
    import pandas as pd

    frame = pd.DataFrame(
        {"g": [1, 1, 2, 2, 2, 3], "h": [0, 1, 0, 1, 1, 0], "x": [1.0, 2, 4, 3, 5, 9], "w": [1, 2, 1, 3, 1, 2],
         "s": ["b", "a", "b", "c", "a", "b"]}
    )  # fmt: skip
    return State(dataset=from_frame(frame))


@pytest.mark.parametrize(
    "command",
    ["sort g in 1/3", "describe if x > 2", "order x if g == 1",
     "xtsum x [fw=w]", "centile x [fw=w]", "codebook x [aw=w]",
     "ttest x == 1 [fw=w]", "estimates dir if x", "isid g in 1/2", "levelsof g [fw=w]", "oneway x g [aw=w]"],
)  # fmt: skip
def test_what_a_command_would_pass_over_is_refused(state: State, command: str) -> None:
    session = Session(state)
    if command.startswith("xtsum"):
        ok(session, "xtset g")
    assert refused(session, command) in ("misplaced-clause", "syntax")


def test_syntaxes_say_what_is_taken() -> None:
    assert taken("summarize [variables] [if] [in] [weight] [, detail]") == {"if", "in", "weights"}
    assert taken(COMMANDS["merge"].syntax) == {"using"} and not taken(COMMANDS["estimates dir"].syntax)
    assert {"if", "in"} <= taken(COMMANDS["ttest"].syntax)

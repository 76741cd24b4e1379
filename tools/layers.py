"""The layers of both packages, as docs/architecture.md lists them, held against every import in the sources.

An import counts wherever it stands: at the top, in a function, under ``TYPE_CHECKING``, or by name in
``import_module("…")``. Prints what is wrong; the exit status is 1 where anything is.
"""

from __future__ import annotations

import ast
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "architecture.md"
SOURCES = {"terrace": ROOT / "engine" / "terrace", "terrace_desktop": ROOT / "desktop" / "terrace_desktop"}
QT = ("PySide6", "shiboken6", "pyqtgraph")
NEVER = {"terrace": (*QT, "terrace_desktop")}  # what no module of a package may import


def layers(package: str) -> list[str]:
    """The folders and modules of a package, lowest first: the list under the heading that names it."""
    text = PAGE.read_text(encoding="utf-8")
    under = re.search(rf"^#+ [^\n]*`{package}`\n(.*?)(?=^#|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if under is None:
        raise SystemExit(f"{PAGE.name} has no heading with `{package}`.")
    return re.findall(r"^    (\w+)(?:/|\.py)(?=\s|$)", under[1], flags=re.MULTILINE)


def graph_of(sources: dict[str, Path]) -> grimp.ImportGraph:
    """Who imports whom in these packages, and which libraries; their folders stand in the order of ``sys.path``."""
    for folder in sources.values():
        if str(folder.parent) not in sys.path:
            sys.path.insert(0, str(folder.parent))
    graph = grimp.build_graph(*sources, include_external_packages=True, cache_dir=None)
    for folder in sources.values():
        for file in folder.rglob("*.py"):
            importer = module_name(file, folder)
            for imported in named_in_text(file):
                if imported in graph.modules:
                    graph.add_import(importer=importer, imported=imported)
    return graph


def module_name(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def named_in_text(file: Path) -> list[str]:
    """The modules that a source names as text to `import_module`."""
    return [
        call.args[0].value
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func).endswith(("import_module", "__import__"))
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def cycles(graph: grimp.ImportGraph) -> list[list[str]]:
    """Ways round in a circle, each as modules of which one imports the next; without these there would be none."""
    imports = {m: graph.find_modules_directly_imported_by(m) for m in graph.modules}
    found = []
    while True:
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]
            found.append(circle)
            imports[circle[0]] = imports[circle[0]] - {circle[1]}
        else:
            return found


def offences(graph: grimp.ImportGraph, package: str, order: list[str]) -> list[str]:
    """Imports of one package that go against the order of its layers, or to what it may never import.

    The package itself and its ``__main__`` may import every layer, so no module of a layer imports the package.
    """
    found = []
    inside = {m for m in graph.modules if m.startswith(f"{package}.")}
    there = {layer_of(m) for m in inside} - {"__main__"}
    found += [f"{package}: {layer} is not in {PAGE.name}" for layer in sorted(there - {*order})]
    found += [f"{package}: {PAGE.name} has {layer}, which is not there" for layer in order if layer not in there]
    for importer in sorted(inside):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            own, other = layer_of(importer), layer_of(imported)
            if imported.split(".")[0] in NEVER.get(package, ()):
                why = f"{package} does without it"
            elif imported == package:
                why = "which has names of every layer: import the module that has it"
            elif imported not in inside or not {own, other} <= {*order}:
                continue
            elif order.index(other) > order.index(own):
                why = f"but {other} comes after {own} in {PAGE.name}"
            else:
                continue
            found.append(f"{place(graph, importer, imported)} imports {imported}, {why}")
    return found


def layer_of(module: str) -> str:
    """``terrace.data.dataset`` -> ``data``."""
    return module.split(".")[1] if "." in module else ""


def place(graph: grimp.ImportGraph, importer: str, imported: str) -> str:
    details = graph.get_import_details(importer=importer, imported=imported)
    return f"{importer}:{details[0]['line_number']}" if details else importer


def main() -> int:
    graph = graph_of(SOURCES)
    wrong = [f"A circle: {' -> '.join(circle)}" for circle in cycles(graph)]
    for package in SOURCES:
        wrong += offences(graph, package, layers(package))
    ours = sum(m.split(".")[0] in SOURCES for m in graph.modules)
    print("\n".join(wrong) if wrong else f"{ours} modules, no circles, every import in the order of {PAGE.name}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

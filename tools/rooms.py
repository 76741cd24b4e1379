"""Draws docs/rooms.svg from the imports: which room of a package uses which, in the order of docs/architecture.md.

A row is a room, a column one that it imports from; the darker a cell, the more imports. All cells lie below the
diagonal, since a room imports only from those above it. Run it after rooms have changed.
"""

from __future__ import annotations

import sys
from collections import Counter

import grimp
from layers import ROOT, SOURCES, graph_of, layer_of, layers

PICTURE = ROOT / "docs" / "rooms.svg"
CELL, LEFT, TOP = 26, 150, 130


def imports(graph: grimp.ImportGraph, package: str) -> Counter[tuple[str, str]]:
    """How many imports there are from one room of a package to another."""
    out: Counter[tuple[str, str]] = Counter()
    inside = [m for m in graph.modules if m.startswith(f"{package}.")]
    for importer in inside:
        for imported in graph.find_modules_directly_imported_by(importer):
            if imported.startswith(f"{package}.") and layer_of(imported) != layer_of(importer):
                out[layer_of(importer), layer_of(imported)] += 1
    return out


def drawn(package: str, order: list[str], counts: Counter[tuple[str, str]], top: int) -> list[str]:
    """The matrix of one package, its upper edge at ``top``."""
    out = [f'<text x="10" y="{top + 20}" class="title">{package}</text>']
    begin = top + TOP
    for i, room in enumerate(order):
        y, x = begin + i * CELL, LEFT + i * CELL
        out.append(f'<text x="{LEFT - 8}" y="{y + 17}" text-anchor="end">{room}</text>')
        out.append(f'<text transform="translate({x + 17},{begin - 8}) rotate(-60)">{room}</text>')
        out.append(f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" class="own"/>')
        for j, other in enumerate(order):
            count = counts[room, other]
            if count:
                shade = min(0.2 + 0.2 * len(f"{count:b}"), 1.0)
                across = LEFT + j * CELL
                out.append(
                    f'<rect x="{across}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" class="use" '
                    f'fill-opacity="{shade:.1f}"><title>{room} imports {other} {count} times</title></rect>'
                )
    return out


def picture() -> str:
    """Both packages, one below the other."""
    graph = graph_of(SOURCES)
    parts: list[str] = []
    top = 0
    width = 0
    for package in SOURCES:
        order = layers(package)
        parts += drawn(package, order, imports(graph, package), top)
        width = max(width, LEFT + len(order) * CELL + 90)
        top += TOP + len(order) * CELL + 30
    style = (
        "text{font:13px sans-serif;fill:#24292f}.title{font-weight:bold}.own{fill:#d0d7de}.use{fill:#0a5a9c}"
    )
    size = f'width="{width}" height="{top}" viewBox="0 0 {width} {top}"'
    ground = f'<rect width="{width}" height="{top}" fill="#ffffff"/>'
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', f"<style>{style}</style>", ground, *parts,
                      "</svg>", ""])  # fmt: skip


def main() -> int:
    PICTURE.write_text(picture(), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)} is drawn.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which cells of the preview stand on the ground of warnings."""

from __future__ import annotations

from terrace.data.importing.preview import Preview

MARKED = ("missing", "lost", "rounded", "doubtful", "misfit", "suspect")


def changed_cells(preview: Preview, rows: int) -> dict[str, frozenset[int]]:
    """Of the first rows those in which something is lost or changed, by variable."""
    out: dict[str, set[int]] = {}
    for change in preview.changes:
        if change.kind in MARKED:
            for name, cells in change.cells.items():
                out.setdefault(name, set()).update(cells[cells < rows].tolist())
    return {name: frozenset(found) for name, found in out.items() if found}

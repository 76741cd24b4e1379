"""What is raised where a report cannot be written as asked."""

from __future__ import annotations

from terrace.errors import TerraceError


class ExportError(TerraceError):
    """The report cannot be written as asked: its format does not hold what it should. Files raise `DataError`."""

"""Text files that only an accident can have made: a line without end, or a hole where the text should be."""

from __future__ import annotations

from pathlib import Path

from terrace.errors import DataError

LONGEST = 1 << 28
"""Bytes of a line. Whatever splits lines takes several times that in memory."""
_HOLE = 1 << 16


class LineLimit:
    """Call it with each block of bytes of a file, in order; it raises `DataError` before a reader takes memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line = self._done = 0

    def __call__(self, block: bytes | bytearray, start: int = 0, stop: int | None = None) -> None:
        """Look at the next block, or at the part of it that comes next."""
        stop = len(block) if stop is None else stop
        size = stop - start
        if size >= _HOLE and not block[start] and block.count(0, start, stop) == size:
            raise self._refused(
                f"{self._path.name} is damaged: from byte {self._done + 1:,} on it contains only zeros.",
                "Copy or download it again.",
            )
        last = max(block.rfind(b"\n", start, stop), block.rfind(b"\r", start, stop))
        self._line = self._line + size if last < 0 else stop - last
        self._done += size
        if self._line > LONGEST:
            raise self._refused(
                f"{self._path.name} is not a table of text: it has a line of more than {LONGEST:,} characters.",
                "Check it in a text editor. It has no line ends, or it is damaged.",
            )

    def _refused(self, message: str, advice: str) -> DataError:
        return DataError(message, code="not-text", subject=str(self._path), advice=advice)

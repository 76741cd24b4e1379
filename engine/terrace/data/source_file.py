"""The SHA-256 of a file that is read: it tells afterwards which file that was, whatever its name is then."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BLOCK = 1 << 18  # bytes


class Hashing:
    """A hash that is computed beside the reading; `sha256` is empty where the file could not be read to its end."""

    def __init__(self, path: Path) -> None:
        self.sha256 = ""
        self._stop = False
        self._path = path
        self._thread = threading.Thread(target=self._work, name="sha256", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        digest = hashlib.sha256()
        try:
            # one small block again and again: it stays in the cache of the processor
            with self._path.open("rb", buffering=0) as stream, memoryview(bytearray(_BLOCK)) as block:
                while count := stream.readinto(block):
                    if self._stop:
                        return
                    digest.update(block[:count])
        except OSError:
            return
        self.sha256 = digest.hexdigest()

    def finish(self, *, stop: bool) -> None:
        """Wait for the end; with `stop` it comes at once."""
        self._stop = stop
        self._thread.join()


@contextmanager
def hashed(path: Path) -> Iterator[Hashing]:
    """Compute the SHA-256 of a file while the block reads it; it is known after the block, unless that raised."""
    hashing = Hashing(path)
    try:
        yield hashing
    except BaseException:
        hashing.finish(stop=True)
        raise
    hashing.finish(stop=False)

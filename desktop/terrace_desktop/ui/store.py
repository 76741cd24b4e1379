"""The file in which settings are kept: JSON, written whole or not at all."""

from __future__ import annotations

import base64
import json
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray

from terrace.disk.writing import move, write_text
from terrace.errors import TerraceError

log = logging.getLogger(__name__)
_BYTES = "base64"


class Store:
    """Values by their names. What other windows have written since is kept where it was not changed here.

    A file that cannot be read is set aside as ``NAME.unreadable-DATE``, and the program begins without settings.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes: dict[str, Any] = {}  # None: forget it
        self._values = self._read() or {}

    def file(self) -> Path:
        """The file."""
        return self._path

    def value(self, name: str, default: Any = None) -> Any:
        """What is kept under a name."""
        found = self._values.get(name)
        if isinstance(found, dict):
            return QByteArray.fromBase64(str(found.get(_BYTES, "")).encode("ascii", "replace"))
        return default if found is None else found

    def set_value(self, name: str, value: Any) -> None:
        """Keep a text, a number, a yes or no, a list of texts, or bytes. `save` writes it."""
        if isinstance(value, QByteArray):
            value = {_BYTES: base64.b64encode(value.data()).decode("ascii")}
        if self._values.get(name) != value:
            self._changes[name] = self._values[name] = value

    def remove(self, room: str) -> None:
        """Forget all names that begin with ``room/``."""
        for name in [n for n in self._values if n.startswith(f"{room}/")]:
            del self._values[name]
            self._changes[name] = None

    def save(self) -> None:
        """Write what has changed. Where that fails, the log says why and the program goes on."""
        if not self._changes:
            return
        kept = self._read()
        if kept is None:
            return  # what is written now would take the place of all that cannot be read
        self._values = {k: v for k, v in {**kept, **self._changes}.items() if v is not None}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._path, json.dumps(self._values, indent=1, ensure_ascii=False) + "\n", private=True)
        except (OSError, TerraceError) as error:
            log.warning("the settings are not kept: %s", error)
            return
        self._changes = {}

    def _read(self) -> dict[str, Any] | None:
        """What the file holds; None where it is there and the system does not give it."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if not isinstance(found, dict):
                raise ValueError("no names in it")
            return found
        except FileNotFoundError:
            return {}
        except OSError as error:  # it may be readable again tomorrow
            log.warning("the settings cannot be read: %s", error)
            return None
        except (ValueError, RecursionError) as error:
            self._set_aside(error)
            return {}

    def _set_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.unreadable-{datetime.now():%Y-%m-%d-%H%M%S}")
        log.warning("the settings cannot be read (%s); they are now in %s", error, aside)
        try:
            move(self._path, aside)
        except OSError as problem:
            log.warning("%s cannot be set aside: %s", os.fspath(self._path), problem)

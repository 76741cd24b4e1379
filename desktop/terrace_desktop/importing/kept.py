"""What was chosen for a file, from one start to the next: by its path, as long as its columns are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, get_args

from terrace.data.dataset import Measure
from terrace.data.importing.reading import Reading, Type
from terrace_desktop.ui.settings import Settings

KEY, MOST = "imports", 60


def signature(names: Sequence[str]) -> str:
    """What tells whether a file still has the columns that it had."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


def kept(settings: Settings, path: str) -> tuple[Reading, str] | None:
    """The reading that was kept for a file, and the signature of its columns then."""
    for known, entry in _all(settings):
        if known == path:
            try:
                return _reading(entry["reading"]), str(entry["columns"])
            except (KeyError, TypeError, ValueError):
                return None  # of another version, or written by another hand
    return None


def keep(settings: Settings, path: str, reading: Reading, names: Sequence[str]) -> None:
    """Keep a reading; one that says nothing is forgotten."""
    others = [(known, entry) for known, entry in _all(settings) if known != path]
    if reading != Reading():
        others.insert(0, (path, {"reading": asdict(reading), "columns": signature(names)}))
    settings.store.set_value(KEY, json.dumps(others[:MOST]))
    settings.save()


def forget(settings: Settings, path: str) -> None:
    """Keep nothing of a file any more."""
    keep(settings, path, Reading(), ())


def _all(settings: Settings) -> list[tuple[str, dict[str, Any]]]:
    try:
        found = json.loads(str(settings.store.value(KEY, "[]")))
        return [(str(path), dict(entry)) for path, entry in found]
    except (TypeError, ValueError):
        return []


def _reading(entry: dict[str, Any]) -> Reading:
    known = {f.name for f in fields(Reading)}
    plain = {name: _frozen(v) for name, v in entry.items() if name in known}
    types = {str(k): v for k, v in dict(plain.get("types") or {}).items() if v in get_args(Type)}
    measures = {str(k): Measure(v) for k, v in dict(plain.get("measures") or {}).items()}
    return Reading(**(plain | {"types": types, "measures": measures}))


def _frozen(value: Any) -> Any:
    """What JSON has as lists was tuples, also in what is said by the name of a variable."""
    if isinstance(value, dict):
        return {name: _frozen(v) for name, v in value.items()}
    return tuple(value) if isinstance(value, list) else value

"""An outcome as JSON: what ``terrace run --json`` writes and the validation compares."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terrace.session.contract import Outcome


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The JSON object of one command; missing and infinite numbers are null."""
    error = None
    if outcome.error is not None:
        error = {"code": outcome.error[0], "message": outcome.error[1]}
    return {
        "command": outcome.command,
        "type": outcome.type,
        "status": outcome.status,
        "error": error,
        "elapsed": outcome.elapsed,
        "warnings": list(outcome.warnings),
        **({} if outcome.filter is None else {"filter": _plain(asdict(outcome.filter))}),
        "text": outcome.text,
        "tables": [_plain(t.plain()) for t in outcome.tables],
        **{name: _plain(value) for name, value in outcome.payload.items()},
    }


def _plain(value: Any) -> Any:
    """Only what JSON has: NumPy numbers as numbers, NaN and infinities as None."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, str | bool):
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool | int):
        return value
    number = float(value)
    return number if abs(number) < float("inf") else None

"""What both sides of a reading say: objects of JSON, each after its length; and errors as such objects."""

from __future__ import annotations

import json
import os
import struct
import traceback
from typing import Any, BinaryIO

from terrace import errors
from terrace.errors import Cancelled, DidYouMean, TerraceError

_LENGTH = struct.Struct(">I")


class ReaderFailed(Exception):
    """What a library raised in the other process: its kind and where, without the values that its text may hold."""


def send(stream: BinaryIO, message: dict[str, Any]) -> None:
    """Write one message. The letters of file names that are no text survive as JSON escapes."""
    body = json.dumps(message).encode("ascii")
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """The next message; None where the other side is gone."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        return None
    out: dict[str, Any] = json.loads(body)
    return out


def cause(error: Exception) -> str:
    """What an error was and where, for the log: without its text, which may hold values of the data."""
    if isinstance(error, ReaderFailed):
        return str(error)
    calls = traceback.extract_tb(error.__traceback__)[-3:]
    where = ", ".join(f"{os.path.basename(call.filename)} line {call.lineno}" for call in calls)
    return f"{type(error).__name__} in {where}"


def error_message(error: Exception) -> dict[str, Any]:
    """An error as a message."""
    if isinstance(error, TerraceError):
        meant = error.advice if isinstance(error.advice, DidYouMean) else None
        return {
            "error": "terrace",
            "class": type(error).__name__,
            "message": error.message,
            "code": error.code,
            "advice": str(error.advice) if meant is None else [meant.word, meant.more],
            "text": error.text,
            "start": error.start,
            "end": error.end,
            "subject": error.subject,
        }
    if isinstance(error, MemoryError):
        return {"error": "memory"}
    if isinstance(error, OSError) and error.errno is not None:
        return {"error": "system", "errno": error.errno}
    return {"error": "other", "told": cause(error)}


def error_of(message: dict[str, Any]) -> Exception:
    """The error that a message tells."""
    kind = message["error"]
    if kind == "memory":
        return MemoryError()
    if kind == "system":
        return OSError(message["errno"], os.strerror(message["errno"]))
    if kind == "other":
        return ReaderFailed(message["told"])
    made = getattr(errors, message["class"], TerraceError)
    if made is Cancelled:
        return Cancelled(message["message"])
    advice = message["advice"]
    out: TerraceError = made(
        message["message"],
        code=message["code"],
        advice=advice if isinstance(advice, str) else DidYouMean(*advice),
        text=message["text"],
        start=message["start"],
        end=message["end"],
        subject=message["subject"],
    )
    return out

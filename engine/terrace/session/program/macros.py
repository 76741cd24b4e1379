"""What macros stand for in a session: locals, globals, stored results, ``c()`` and expressions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from math import isfinite

from terrace.errors import CommandError
from terrace.language.grammar.macros import expand, macro_words, number_text
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.tokens import NAME, Piece
from terrace.session.port import SessionPort
from terrace.session.state import State

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FORVALUES = re.compile(
    rf"(?P<a>{_NUMBER})(?:\s*/\s*(?P<slash>{_NUMBER})|\s*\(\s*(?P<step>{_NUMBER})\s*\)\s*(?P<last>{_NUMBER})"
    rf"|\s+(?P<b>{_NUMBER})\s*(?:to|:)\s*(?P<to>{_NUMBER}))"
)
_OF = ("varlist", "newlist", "numlist", "local", "global")


class SessionMacros:
    """The `MacroSource` of a session."""

    def __init__(self, session: SessionPort) -> None:
        self.session = session

    def local(self, name: str) -> str:
        """The contents of a local macro; empty where there is none."""
        return self.session.state.locals.get(name, "")

    def global_(self, name: str) -> str:
        """The contents of a global macro; empty where there is none."""
        return self.session.state.globals.get(name, "")

    def step(self, name: str, by: int) -> str:
        """Add `by` to a local macro that holds a number."""
        held = self.local(name)
        try:
            value = number_text(float(held) + by)
        except ValueError:
            raise CommandError(
                f"The macro {name} holds {held!r}, but only a number can be increased.", code="macro", subject=name
            ) from None
        set_local(self.session, name, value)
        return value

    def value(self, expression: str) -> str:
        """The value of an expression as text."""
        from terrace.language.expressions.entry import evaluate_scalar

        found = evaluate_scalar(Piece.of(expression), self.session.dataset, self.session.context())
        return found if isinstance(found, str) else number_text(found)

    def function(self, text: str) -> str:
        """A macro function."""
        from terrace.session.program.macro_functions import call

        return call(self.session, text)

    def stored(self, kind: str, name: str) -> str:
        """A stored result, or a system value; empty where there is none."""
        if kind == "c":
            found = system_values(self.session.state).get(name, "")
            return found if isinstance(found, str) else number_text(found)
        if kind == "s":
            return ""
        context = self.session.context()
        scalars, macros, matrices = (
            (context.e_scalars, context.e_macros, context.e_matrices)
            if kind == "e"
            else (context.r_scalars, context.r_macros, context.r_matrices)
        )
        if name in scalars:
            value = scalars[name]
            return "." if value is None else number_text(float(value))
        return macros.get(name, "matrix" if name in matrices else "")


def expanded(session: SessionPort, text: str) -> str:
    """The text of a command with its macros replaced. Raises `TerraceError`."""
    return expand(text, SessionMacros(session))


def set_local(session: SessionPort, name: str, value: str) -> None:
    """Give a local macro its contents; empty contents forget it."""
    kept = {**session.state.locals, name: value}
    if not value:
        del kept[name]
    session.state = replace(session.state, locals=kept)


def arguments(text: str) -> dict[str, str]:
    """The local macros that a program or do-file begins with: ``0``, ``1``, ``2``, ... and ``*``."""
    found = macro_words(text)
    out = {"0": text.strip(), "*": " ".join(found), **{str(k): w for k, w in enumerate(found, start=1)}}
    return {name: value for name, value in out.items() if value}


# --- loops --------------------------------------------------------------------------------------------------
def foreach_values(session: SessionPort, header: str) -> tuple[str, list[str]]:
    """The macro and the values of ``x in a b``, ``x of varlist a-c``, ``x of local list``; macros are expanded.

    Raises `CommandError` at what cannot be understood.
    """
    piece = Piece.of(header)
    found = re.match(r"\s*(\S+)\s+(in|of)\b\s*", header)
    if not found or not NAME.fullmatch(found[1]):
        raise piece.error(
            "foreach needs a name and a list.", code="syntax", advice="Write foreach x in a b c { or foreach x of ..."
        )
    rest = piece.after(found.end())
    if found[2] == "in":
        return found[1], macro_words(str(rest))
    kind = NAME.match(header, rest.start)
    word = kind.group() if kind else ""
    matching = [k for k in _OF if len(word) >= 3 and k.startswith(word)]
    if kind is None or len(matching) != 1:
        raise (rest if rest else piece).error(
            f"foreach ... of needs one of {', '.join(_OF)}.", code="syntax", advice="Write foreach x of varlist a b {."
        )
    return found[1], _members(session, matching[0], rest.after(kind.end()).strip())


def _members(session: SessionPort, kind: str, piece: Piece) -> list[str]:
    from terrace.language.grammar.names import parse_names, parse_new_names

    if kind == "varlist":
        return list(parse_names(piece, session.data.names))
    if kind == "newlist":
        return list(parse_new_names(piece))
    if kind == "numlist":
        return [number_text(x) for x in parse_numlist(piece)] if piece else []
    macros = SessionMacros(session)
    return macro_words((macros.local if kind == "local" else macros.global_)(str(piece)))


def forvalues_values(header: str) -> tuple[str, Iterator[str]]:
    """The macro and the numbers of ``i = 1/10``, ``i = 0(5)100``, ``i = 10 8 to 2``; none where the end is passed.

    Raises `CommandError` where the range cannot be read.
    """
    name, equals, text = header.partition("=")
    found = _FORVALUES.fullmatch(text.strip())
    if not equals or not NAME.fullmatch(name.strip()) or not found:
        raise Piece.of(header or " ").error(
            "forvalues needs a name and a range.", code="syntax", advice="Write forvalues i = 1/10 {."
        )
    a = float(found["a"])
    if found["slash"] is not None:
        step, last = 1.0, float(found["slash"])
    elif found["step"] is not None:
        step, last = float(found["step"]), float(found["last"])
    else:
        step, last = float(found["b"]) - a, float(found["to"])
    if step == 0:
        raise Piece.of(header).error("A step of zero would never end.", code="numlist")
    steps = (last - a) / step
    if not isfinite(steps) or not isfinite(step):
        raise Piece.of(header).error(f"{text.strip()!r} is beyond what a number can hold.", code="numlist")
    count = max(0, int(steps + 1e-9) + 1) if steps > -1e-9 else 0
    whole = a == int(a) and step == int(step)
    values = (a + k * step if whole else round(a + k * step, 12) for k in range(count))
    return name.strip(), (number_text(x) for x in values)


# --- c() ----------------------------------------------------------------------------------------------------
def system_values(state: State) -> dict[str, float | str]:
    """The values of ``c()`` by name."""
    import math

    from terrace.version import __version__

    data = state.dataset
    now = datetime.now().astimezone()
    return {
        "N": float(data.n_rows) if data is not None else 0.0,
        "k": float(len(data.names)) if data is not None else 0.0,
        "level": state.settings.level,
        "pi": math.pi,
        "pwd": str(state.path(".").absolute()),
        "filename": data.source if data is not None else "",
        "current_date": now.strftime("%d %b %Y").lstrip("0"),
        "current_time": now.strftime("%H:%M:%S"),
        "os": {"nt": "Windows"}.get(os.name, "Unix"),
        "dirsep": "/",
        "version": __version__,
        "stata_version": 17.0,
        "rc": float(state.rc),
        "epsdouble": 2.0**-52,
        "maxvar": 32767.0,
        "alpha": "a b c d e f g h i j k l m n o p q r s t u v w x y z",
        "ALPHA": "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z",
        "tmpdir": _temporary_folder(),
    }


def _temporary_folder() -> str:
    import tempfile

    return tempfile.gettempdir().replace("\\", "/")

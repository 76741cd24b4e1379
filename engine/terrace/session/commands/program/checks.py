"""What a do-file checks before it goes on: ``confirm``, ``error``."""

from __future__ import annotations

from collections.abc import Callable

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.tokens import NAME, Piece, unquoted, words
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult

Check = Callable[[Session, Piece, list[str]], None]


@command("error", minimum="err", syntax="error #", help="End with an error of this number.", effects=Effect.NONE)
def error(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.language.expressions.entry import evaluate_scalar
    from terrace.session.outcome import CodedError

    found = evaluate_scalar(parsed.arguments, session.dataset, session.context())
    if isinstance(found, str) or found != found or abs(found) > 1e6:  # noqa: PLR0124 (NaN is no number)
        raise parsed.arguments.strip().error("error needs a number.", code="syntax", advice="Write error 198.")
    rc = int(found)
    if rc:
        raise CodedError(rc)
    return CommandResult()


@command(
    "confirm",
    minimum="conf",
    syntax="confirm [numeric|string|new] variable names | number x | integer number x | file name | matrix name",
    help="Stop with an error unless this is true. For use with capture.",
    effects=Effect.NONE,
)
def confirm(session: Session, parsed: ParsedCommand) -> CommandResult:
    items = words(parsed.clauses.body)
    kinds: list[str] = []
    while items and str(items[0]) in ("numeric", "string", "str", "new", "integer", "exact", "existing"):
        kinds.append(str(items.pop(0)))
    kind = str(items.pop(0)) if items else ""
    if not items and not (kind and "variable".startswith(kind)):
        raise parsed.word.error("Say what to confirm.", code="syntax", advice="Write confirm variable x.")
    what = next((w for w, m in _CONFIRMED.items() if w.startswith(kind) and len(kind) >= m), "")
    if not what:
        raise parsed.clauses.body.error(
            f"confirm cannot check {kind}.", code="syntax", advice=f"Use one of: {', '.join(_CONFIRMED)}."
        )
    for item in items:
        _CHECKS[what](session, item, kinds)
    return CommandResult()


def _confirm_variable(session: Session, item: Piece, kinds: list[str]) -> None:
    from terrace.language.grammar.names import parse_names

    if "new" in kinds:
        name = str(item)
        if not NAME.fullmatch(name):
            raise item.error(f"{name!r} cannot be the name of a variable.", code="not-a-name", subject=name)
        if session.dataset is not None and name in session.dataset:
            raise item.error(f"A variable named {name} already exists.", code="variable-exists", subject=name)
        return
    for name in parse_names(item, session.data.names if session.dataset is not None else ()):
        if "exact" in kinds and name != str(item):
            raise item.error(f"There is no variable {item}.", code="no-such-variable", subject=str(item))
        is_text = session.data.is_text(name)
        if ("numeric" in kinds and is_text) or (("string" in kinds or "str" in kinds) and not is_text):
            raise item.error(f"{name} is {'text' if is_text else 'numeric'}.", code="not-a-name", subject=name)


def _confirm_number(session: Session, item: Piece, kinds: list[str]) -> None:
    try:
        value = float(str(item))
    except ValueError:
        raise item.error(f"{item} is not a number.", code="not-a-name", subject=str(item)) from None
    if "integer" in kinds and value != int(value):
        raise item.error(f"{item} is not an integer.", code="not-a-name", subject=str(item))


def _confirm_file(session: Session, item: Piece, kinds: list[str]) -> None:
    path = session.state.path(unquoted(item))
    if "new" in kinds and path.exists():
        raise item.error(f"The file {path} already exists.", code="file-exists", subject=str(path))
    if "new" not in kinds and not path.is_file():
        raise item.error(f"The file {path} does not exist.", code="no-such-file", subject=str(path))


def _confirm_stored(kind: str) -> Check:
    def check(session: Session, item: Piece, kinds: list[str]) -> None:
        from terrace.session.program.matrices import find_matrix

        if kind == "matrix":
            find_matrix(session, item)
        elif str(item) not in session.state.scalars:
            raise item.error(f"There is no scalar {item}.", code="no-such-scalar", subject=str(item))

    return check


_CONFIRMED = {"variable": 1, "number": 1, "file": 1, "matrix": 3, "scalar": 3}
_CHECKS: dict[str, Check] = {
    "variable": _confirm_variable,
    "number": _confirm_number,
    "file": _confirm_file,
    "matrix": _confirm_stored("matrix"),
    "scalar": _confirm_stored("scalar"),
}

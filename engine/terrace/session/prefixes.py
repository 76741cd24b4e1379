"""Commands under a prefix: ``by`` and ``bysort`` here, the others by the handlers that register for them."""

from __future__ import annotations

from dataclasses import replace

from terrace.errors import CommandError, TerraceError
from terrace.language.grammar.command import ParsedCommand, Prefix, by_variables
from terrace.session.clauses_taken import refuse_what_has_no_use
from terrace.session.filtering import restriction
from terrace.session.groups import group_rows, sort_rows
from terrace.session.outcome import result_text
from terrace.session.port import SessionPort
from terrace.session.registry import PREFIX_HANDLERS, Command
from terrace.session.returned.classes import only_its_own
from terrace.session.state import CommandResult

# ``xi`` is what i. needed in older programs, ``version`` says for which one a command was written.
_SILENT = ("quietly", "noisily", "capture", "version", "xi")


def dispatch(session: SessionPort, found: Command, parsed: ParsedCommand) -> CommandResult:
    """Run a command with what its outermost prefix asks for, on the rows of the filter where it sees that."""
    before = session.filtering
    session.filtering = restriction(session.state, found.effects, before)
    try:
        return _prefixed(session, found, parsed)
    finally:
        session.filtering = before


def _prefixed(session: SessionPort, found: Command, parsed: ParsedCommand) -> CommandResult:
    outer = next((p for p in parsed.prefixes if p.name not in _SILENT), None)
    if outer is None:
        return _run(session, found, parsed)
    if outer.name in ("by", "bysort"):
        return _by(session, found, parsed, outer)
    handler = PREFIX_HANDLERS.get(outer.name)
    if handler is None:
        raise outer.piece.error(f"The prefix {outer.name} is not available.", code="prefix")
    return handler(session, parsed)


def _run(session: SessionPort, found: Command, parsed: ParsedCommand) -> CommandResult:
    refuse_what_has_no_use(found, parsed)
    return only_its_own(found, found.handler(session, parsed), session.state)


def without(parsed: ParsedCommand, prefix: Prefix) -> ParsedCommand:
    """The command without this prefix."""
    return replace(parsed, prefixes=tuple(p for p in parsed.prefixes if p is not prefix))


def _by(session: SessionPort, found: Command, parsed: ParsedCommand, prefix: Prefix) -> CommandResult:
    if found.by == "no":
        raise prefix.piece.error(f"{found.name} cannot be used with {prefix.name}.", code="prefix")
    groups, order = by_variables(prefix, session.data.names)
    state = session.state
    if prefix.name == "bysort":
        state = replace(state, dataset=sort_rows(session.data, (*groups, *order)))
    if found.by == "native":
        result = _run(session.fork(state), found, parsed)
        return replace(result, state=result.state or state)
    return _each_group(session.fork(state), without(parsed, prefix), groups)


def _left_out(groups: list[str]) -> str:
    """One line for the groups without rows, which would fill a page each by itself."""
    shown = "; ".join(groups[:5]) + ("; ..." if len(groups) > 5 else "")
    return f"({len(groups):,} group{'s have' if len(groups) > 1 else ' has'} no rows after if and in: {shown})"


def _each_group(session: SessionPort, parsed: ParsedCommand, names: tuple[str, ...]) -> CommandResult:
    """Run a command once a group, on the rows of that group; the data themselves stay."""
    from terrace.errors import Cancelled

    data = session.data
    chosen = parsed.clauses.condition is not None or bool(session.filtering.expression)
    out = CommandResult(state=session.state)
    texts: list[str] = []
    empty: list[str] = []
    last: TerraceError | None = None
    failed = 0
    for values, rows in group_rows(data, names):
        if session.cancelled():
            raise Cancelled
        labels = ", ".join(f"{n} = {'.' if v is None else data.level_label(n, v)}" for n, v in zip(names, values))
        assert out.state is not None
        child = session.fork(replace(out.state, dataset=data.rows(rows)))
        try:
            result = child.execute(parsed)
        except CommandError:
            raise
        except TerraceError as error:  # one group without data must not end the others
            if error.code == "no-observations" and chosen:
                empty.append(labels)
                last = error
                continue
            failed += 1
            texts.append(f"-> {labels}\n{error}")
            continue
        text = result_text(result)
        if not text and chosen and not result.plots:
            empty.append(labels)
            continue
        texts.append(f"-> {labels}\n{text}")
        after = replace(result.state or child.state, dataset=data)
        out = replace(
            out,
            tables=(*out.tables, *(replace(t, title=f"{t.title} ({labels})".strip()) for t in result.tables)),
            plots=(*out.plots, *result.plots),
            warnings=(*out.warnings, *(f"{labels}: {w}" for w in result.warnings)),
            fit=result.fit or out.fit,
            payload=result.payload,
            state=after,
        )
    if empty and not texts and last is not None:
        raise last
    if empty:
        texts.append(_left_out(empty))
    if failed and failed == len(texts) - bool(empty):
        raise TerraceError(texts[0].partition("\n")[2], code="by-all-failed")
    return replace(out, text="\n\n".join(texts))

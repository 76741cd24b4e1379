"""Runs the tree of a do-file: commands one by one, loops, branches, blocks and programs."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from terrace.errors import Cancelled, TerraceError
from terrace.language.dofile.lines import DoCommand
from terrace.language.dofile.tree import Block, Branch, Loop, Node, ProgramText, split_if
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.tokens import Piece
from terrace.progress import CancelCheck, ProgressCallback
from terrace.session.contract import Outcome
from terrace.session.outcome import captured, failure, return_code
from terrace.session.port import SessionPort
from terrace.session.program.macros import arguments, expanded, foreach_values, forvalues_values, set_local
from terrace.session.state import CommandResult, Returned, State
from terrace.session.steps import STEPPED

Signal = Literal["", "continue", "break", "exit", "error"]
Steps = Generator[Outcome, None, Signal]

_CONTINUE = re.compile(r"continue(?:\s*,\s*(br(?:e|ea|eak)?))?")
_TEMPORARY = re.compile(r"__\d{6}")
# In a loop these are not shown as they run: what they do is seen, or is seen in the commands that use it.
_SILENT = re.compile(
    r"(?:(?:noi\w*\s+)?di(?:s|sp|spl|spla|splay)?|loc(?:al?)?|gl(?:o|ob|oba|obal)?|temp(?:var|name|file)|tokenize|args"
    r"|qui(?:e|et|etl|etly)?)\b"
)
_DEEPEST = 60


class Runner:
    """One pass over the commands of a do-file, a block or a program.

    Generators give the outcome of each command as it ends, and return what the commands around must do.
    """

    def __init__(
        self,
        session: SessionPort,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        before: Callable[[str, int], None] | None = None,
    ) -> None:
        self.session = session
        self.progress = progress
        self.cancel = cancel
        self.before = before
        self.inside = False  # a loop, branch or block

    def nodes(self, nodes: Sequence[Node], prefix: str = "") -> Steps:
        """Run commands in order, each under the prefix of the blocks around it."""
        for node in nodes:
            if self.cancel is not None and self.cancel():
                yield self._failed(node, Cancelled())
                return "error"
            signal = yield from self._node(node, prefix)
            if signal:
                return signal
        return ""

    def _node(self, node: Node, prefix: str) -> Steps:
        if isinstance(node, DoCommand):
            return (yield from self._command(node, prefix))
        if isinstance(node, ProgramText):
            return (yield from self._define(node))
        if self.inside:
            return (yield from self._block(node, prefix))
        before, list_ = self.session.state, self.session.undo_steps
        steps = tuple(list_)
        self.inside = True
        try:
            return (yield from self._block(node, prefix))
        finally:
            self.inside = False
            self.session.one_step(node.text.split()[0], before, list_, steps)

    def _block(self, node: Loop | Branch | Block, prefix: str) -> Steps:
        under = _joined(prefix, node.prefix)
        if "cap" in under and not isinstance(node, Block):
            return (yield from self._captured(Block(under, (replace(node, prefix=""),), node.line, node.text), ""))
        if isinstance(node, Block):
            if "cap" in node.prefix:
                return (yield from self._captured(node, prefix))
            return (yield from self.nodes(node.body, under))
        if isinstance(node, Loop):
            return (yield from self._loop(node, under))
        return (yield from self._branch(node, under))

    # --- one command ------------------------------------------------------------------------------------
    def _command(self, node: DoCommand, prefix: str) -> Steps:
        session, begun = self.session, self.session.state
        try:
            text = expanded(session, node.text).strip()
        except TerraceError as error:
            session.state = begun
            if re.match(r"cap(?:t|tu|tur|ture)?\b", node.text):
                yield self._caught(node, error)
                return ""
            yield self._failed(node, error)
            return "error"
        if not text or text.startswith("*"):  # macros may leave nothing, or a comment
            return ""
        if found := _CONTINUE.fullmatch(text):
            return "break" if found[1] else "continue"
        quiet = "qui" in prefix or (self.inside and _SILENT.match(text))
        if self.before is not None and not quiet:
            self.before(text, node.line)
        outcome = session.run_expanded(_joined(prefix, text), progress=self.progress, cancel=self.cancel)
        outcome = replace(outcome, line=node.line)
        session.amend_history(outcome)
        yield outcome
        if not outcome.ok:
            return "error"
        return "exit" if outcome.type == "exit" else ""

    def _failed(self, node: Node, error: TerraceError) -> Outcome:
        outcome = replace(failure(node.text, node.text.split()[0], error), line=node.line)
        self.session.amend_history(outcome, new=True)
        return outcome

    def _caught(self, node: Node, error: TerraceError) -> Outcome:
        self.session.state = replace(self.session.state, rc=return_code(error))
        outcome = replace(captured(node.text, node.text.split()[0], error), line=node.line)
        self.session.amend_history(outcome, new=True)
        return outcome

    # --- blocks -----------------------------------------------------------------------------------------
    def _captured(self, node: Block, prefix: str) -> Steps:
        """``capture { ... }``: the first error ends the block, and ``_rc`` tells of it."""
        session = self.session
        loud = "noi" in node.prefix.partition("cap")[2] and "qui" not in prefix
        steps = _Following(self.nodes(node.body, "" if loud else _joined(prefix, "quietly")))
        for outcome in steps:
            if outcome.ok:
                yield outcome
                continue
            assert outcome.error is not None
            if outcome.error[0] == "cancelled":
                yield outcome
                return "error"
            error = TerraceError(outcome.error[1], code=outcome.error[0])
            session.state = replace(session.state, rc=return_code(error))
            caught = replace(captured(f"capture {outcome.command}", outcome.type, error), line=outcome.line)
            session.amend_history(caught)
            yield caught
            return ""
        session.state = replace(session.state, rc=0)
        return steps.signal

    def _define(self, node: ProgramText) -> Steps:
        session = self.session
        if node.name in session.state.programs and "cap" not in node.prefix:
            error = TerraceError(
                f"A program named {node.name} already exists.",
                code="name-taken",
                subject=node.name,
                advice=f"Add capture program drop {node.name} before it.",
            )
            yield self._failed(node, error)
            return "error"
        session.state = replace(session.state, programs={**session.state.programs, node.name: node})
        outcome = Outcome(node.source or node.text, "program define", "ok", 0.0, line=node.line)
        session.amend_history(outcome, new=True)
        yield outcome
        return ""

    # --- loops and branches -----------------------------------------------------------------------------
    def _loop(self, node: Loop, prefix: str) -> Steps:
        session, begun = self.session, self.session.state
        try:
            name, values = self._values(node)
        except TerraceError as error:
            session.state = begun
            yield self._failed(node, error)
            return "error"
        held = session.state.locals.get(name, "")
        while True:
            try:
                value = next(values, None)
            except TerraceError as error:
                yield self._failed(node, error)
                return "error"
            if value is None:
                break
            if self.cancel is not None and self.cancel():  # also where nothing is in the loop
                yield self._failed(node, Cancelled())
                return "error"
            if name:
                set_local(session, name, value)
            signal = yield from self.nodes(node.body, prefix)
            if signal in ("exit", "error"):
                return signal
            if signal == "break":
                break
        if name:
            set_local(session, name, held)
        return ""

    def _values(self, node: Loop) -> tuple[str, Iterator[str]]:
        """The macro of a loop and its values; of ``while`` no macro, and a value each time the condition holds."""
        if node.kind == "while":
            return "", self._while(node)
        header = expanded(self.session, node.header)
        if node.kind == "foreach":
            name, values = foreach_values(self.session, header)
            return name, iter(values)
        return forvalues_values(header)

    def _while(self, node: Loop) -> Iterator[str]:
        while self._true(expanded(self.session, node.header)):
            yield ""

    def _true(self, text: str) -> bool:
        from terrace.language.expressions.entry import evaluate_scalar

        if not text.strip():
            raise TerraceError("A condition is missing.", code="no-condition", advice="Write if x == 1 {.")
        found = evaluate_scalar(Piece.of(text), self.session.dataset, self.session.context())
        if isinstance(found, str):
            raise Piece.of(text).error(
                f"{text.strip()} is text, but a condition is needed here.", code="type-mismatch"
            )
        return found != 0

    def _branch(self, node: Branch, prefix: str) -> Steps:
        session, begun = self.session, self.session.state
        for condition, body in node.arms:
            try:
                text, alone = expanded(session, condition), ""
                if condition and not body and "{" not in node.text:
                    text, alone = split_if(text)
                    if not alone:
                        raise Piece.of(node.text).error(
                            "if needs a command or a block after its condition.",
                            code="no-block",
                            advice="Write if x == 1 {.",
                        )
                chosen = not condition or self._true(text)
            except TerraceError as error:
                session.state = begun
                yield self._failed(node, error)
                return "error"
            if chosen:
                if alone:
                    body = (DoCommand(alone, node.line, node.line),)
                return (yield from self.nodes(body, prefix))
        return ""


class _Following:
    """Iterates over steps and keeps their signal, which a for loop would lose."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self.signal: Signal = ""

    def __iter__(self) -> Iterator[Outcome]:
        self.signal = yield from self._steps


def _joined(prefix: str, text: str) -> str:
    return f"{prefix} {text}".strip()


# --- as one command -----------------------------------------------------------------------------------------
def run_block(session: SessionPort, node: Node) -> CommandResult:
    """Run a loop or another block as one command: where a command in it fails, none has happened.

    Raises `TerraceError` that names the line.
    """
    child = session.fork(session.state)
    child.places, child.outer = session.places, session
    result = _together(child, (node,), "")
    session.take_from(child, child.state)
    return result


def call_program(session: SessionPort, parsed: ParsedCommand) -> CommandResult:
    """Run a program with its arguments, on macros of its own. Raises `TerraceError` that names program and line."""
    name = str(parsed.word)
    program = session.state.programs[name]
    text = str(parsed.arguments)
    child = scope(session, text, name)
    result = _together(child, program.body, f"{name}, ")
    returning = child.state.returning
    state = left(session, child)
    if program.rclass or returning != Returned():
        state = replace(state, returned=returning)
    return replace(result, state=replace(state, returning=session.state.returning))


def scope(session: SessionPort, text: str, name: str) -> SessionPort:
    """A session for a program or do-file: the arguments are its local macros. Raises `TerraceError` where too deep."""
    child = session.fork(replace(session.state, locals=arguments(text), returning=Returned()))
    child.depth = session.depth + 1
    child.places, child.outer = session.places, session
    if child.depth > _DEEPEST:
        raise TerraceError(f"{name} calls itself without end.", code="too-deep", subject=name)
    return child


def left(session: SessionPort, child: SessionPort) -> State:
    """The state after a program or do-file: the macros from before, and without its temporary variables."""
    state = child.state
    data = state.dataset
    made = set() if session.dataset is None else set(session.dataset.names)
    if data is not None:
        gone = [n for n in state.locals.values() if _TEMPORARY.fullmatch(n) and n in data and n not in made]
        if gone:
            state = replace(state, dataset=data.without(gone))
    state = replace(state, locals=session.state.locals)
    session.take_from(child, state)
    return state


def _together(child: SessionPort, nodes: Sequence[Node], where: str) -> CommandResult:
    texts: list[str] = []
    out = CommandResult()
    for outcome in Runner(child, child.progress, child.cancel).nodes(nodes):
        if outcome.error is not None:
            raise placed(outcome, where)
        if outcome.text:
            texts.append(outcome.text)
        out = replace(
            out,
            tables=(*out.tables, *outcome.tables),
            plots=(*out.plots, *outcome.plots),
            warnings=(*out.warnings, *outcome.warnings),
            fit=outcome.fit or out.fit,
            payload=_of_block(outcome) or out.payload,
        )
    text = "\n".join(texts)
    return replace(out, text=text, tables=out.tables if text else (), state=child.state)


def _of_block(outcome: Outcome) -> Mapping[str, Any]:
    """What a command in a block hands on beside its result; not what it did to steps, which were those of the block,
    nor to project files, of which the session tells."""
    return {k: v for k, v in outcome.payload.items() if k not in (*STEPPED, "project", "lost", "copy", "aside")}


def placed(outcome: Outcome, where: str) -> TerraceError:
    """The error of a command in a block, program or do-file, with its line."""
    assert outcome.error is not None
    code, message = outcome.error
    if code == "cancelled":
        return Cancelled()
    line = f"line {outcome.line}: " if outcome.line is not None else ""
    place = f"{where}{line}"
    return TerraceError(
        f"{place[:1].upper() + place[1:] if not where else place}{message}",
        code=code,
        advice=f"{outcome.command}\n{outcome.error_advice}".strip(),
    )

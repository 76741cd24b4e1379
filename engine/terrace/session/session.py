"""`Session`: runs commands one after the other and keeps what they leave behind."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrace.data.dataset import Dataset
from terrace.data.streams.batches import StreamedData
from terrace.errors import Cancelled, CommandError, DataError, TerraceError
from terrace.language.dofile.lines import DoCommand
from terrace.language.dofile.tree import Node, read_flow
from terrace.language.expressions.context import EvalContext
from terrace.language.grammar.command import ParsedCommand, parse_command
from terrace.language.grammar.macros import escaped
from terrace.progress import CancelCheck, Progress, ProgressCallback
from terrace.results import later
from terrace.results.fit import FitResult
from terrace.session import prefixes, registry
from terrace.session.context import eval_context, with_origin
from terrace.session.contract import Outcome
from terrace.session.document.placing import placed, with_free_names
from terrace.session.effects import Effect
from terrace.session.filter import Restriction
from terrace.session.filtering import filtered, kept_on, with_ignored, with_note
from terrace.session.happened import happened
from terrace.session.labelling import titles_now
from terrace.session.log import record_defect
from terrace.session.opened import ProjectFile
from terrace.session.outcome import captured, failure, return_code, success
from terrace.session.port import SessionPort
from terrace.session.program.macros import expanded
from terrace.session.program.running import Runner, call_program, run_block
from terrace.session.program.transcript import write_log
from terrace.session.script_file import read_script
from terrace.session.state import CommandResult, State
from terrace.session.step_names import step_name
from terrace.session.steps import MAX_UNDO, Step, joined, work_of
from terrace.session.stopping import stopped_when
from terrace.threads import on_one_thread

if TYPE_CHECKING:
    from terrace.session.document.figures import Figure


@dataclass(frozen=True, slots=True)
class Work:
    """What a project file brings into a session in place of all that it has."""

    state: State
    history: tuple[Outcome, ...]
    undo: tuple[Step, ...]
    redo: tuple[Step, ...]
    drafts: Mapping[str, Any]
    layout: Mapping[str, Any]
    file: ProjectFile | None


class Session:
    """Runs commands given as text; `terrace.session.registry` lists them.

    A session is used from one thread at a time. Everything it hands out is frozen.
    """

    def __init__(self, state: State | None = None) -> None:
        registry.load()
        self.state = state or State()
        self.progress: ProgressCallback | None = None
        self.cancel: CancelCheck | None = None
        self.undo_steps: list[Step] = []
        self.redo_steps: list[Step] = []
        self.drafts: Mapping[str, Any] = {}  # JSON of the window's own, which a project keeps for it
        self.layout: Mapping[str, Any] = {}
        self.file: ProjectFile | None = None  # the project file that it came from or was saved to
        self.holds = False  # True for a window, which keeps its project file from being opened twice
        self._work: Work | None = None
        self._took_over = False  # it holds a project that was opened in it
        self.outer: Session | None = None  # that which runs this one for a block, a program or a do-file
        self.writes = True  # False while a history is run that must not touch files
        self._logs = True  # a fork leaves that to the session that it comes from
        self.places = True  # what it does goes into the results document; a fork on trial has no part in that
        self.filtering = Restriction()  # the filter as the command that runs sees it
        self.depth = 0  # of programs and do-files that call each other
        self._history: list[Outcome] = []
        self._numbered = 0  # the last number of a result in what commands ran inside
        self._is_block = False  # what runs is a loop or another block, whose commands are results by themselves

    # --- what there is ----------------------------------------------------------------------------------
    @property
    def dataset(self) -> Dataset | None:
        """The data, or None where nothing is open; of a streamed file (a `StreamedData`) its first rows."""
        return self.state.dataset

    @property
    def data(self) -> Dataset:
        """The data, for commands that need all their rows.

        Raises `DataError` where nothing is open, or a file that is streamed.
        """
        data = self.source
        if isinstance(data, StreamedData):
            raise data.needs_rows()
        return data

    @property
    def data_or_none(self) -> Dataset | None:
        """The data, or None where nothing is open. Raises `DataError` for a file that is streamed."""
        return None if self.state.dataset is None else self.data

    @property
    def source(self) -> Dataset:
        """The data or the file that is streamed. Raises `DataError` where nothing is open."""
        if self.state.dataset is None:
            raise DataError(
                "No data are open.",
                code="no-data",
                advice="Open a file (use FILE) or a sample (sample hsb) first.",
            )
        return self.state.dataset

    @property
    def fit(self) -> FitResult | None:
        """The result that post-estimation commands look at."""
        return self.state.fit

    @property
    def fits(self) -> tuple[FitResult, ...]:
        """Every fit of this session, in order."""
        found = [o.fit for o in self._history if o.fit is not None]
        return tuple({f.identity: f for f in found}.values())

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The figures of the results as they look, in order: notebooks show them, `figure` counts them."""
        from terrace.session.document.figures import figures

        return figures(self.state.document)

    @property
    def stored(self) -> Mapping[str, FitResult]:
        """Estimates kept by name."""
        return self.state.stored

    @property
    def history(self) -> tuple[Outcome, ...]:
        """Every command that ran or failed, in order."""
        return tuple(self._history)

    def context(self) -> EvalContext:
        """What expressions may refer to besides the data."""
        return eval_context(self.state)

    # --- running ----------------------------------------------------------------------------------------
    def run(
        self,
        command_text: str,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
    ) -> Outcome:
        """Run one command, or one loop or other block; macros in it are replaced first.

        Never raises for what a user can do wrong: the outcome then has status ``error`` and the session is
        as it was. A defect of the program becomes an outcome with the code ``internal`` and a log entry.
        """
        return self.run_expanded(command_text, progress=progress, cancel=cancel, macros=True)

    @on_one_thread
    def run_expanded(
        self,
        command_text: str,
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        macros: bool = False,
    ) -> Outcome:
        """`run` for a text in which macros have been replaced already."""
        begun = time.perf_counter()
        before = self.state
        watch = stopped_when(cancel)
        try:
            with self._watched(progress, cancel), watch:
                outcome, after = self._held_back(command_text) or self._attempt(command_text, macros)
        except Cancelled as error:  # it came in the last moment
            watch.over()
            self.progress = self.cancel = None
            outcome, after = failure(command_text, "", error), before
        self.state = with_origin(after)
        outcome = replace(
            outcome, elapsed=time.perf_counter() - begun, number=self._number(outcome, before),
            effects=happened(outcome.effects, before, self.state),
        )  # fmt: skip
        opened = Effect.OPENS in outcome.effects
        self.state, told_of_filter = kept_on(before, self.state, opened=opened)
        if told_of_filter and not outcome.quiet:
            outcome = replace(outcome, text=f"{outcome.text} {told_of_filter}".strip())
        if told := later.taken():
            outcome = replace(outcome, warnings=(*outcome.warnings, *told))
        if self.places and not self._is_block:  # its commands stand there already, as where it is in a do-file
            self._place(outcome, before)
        outcome = replace(outcome, changed=self.state.changed_since(before))
        self._keep_step(outcome, before)
        if self._work is not None:
            if outcome.ok and "project" not in outcome.payload:  # a block or a do-file tells of it as the command does
                file = self._work.file
                told_of = {"project": "", "lost": []} if file is None else {
                    "project": str(file.path), "lost": [found.what for found in file.lost]}  # fmt: skip
                outcome = replace(outcome, payload={**outcome.payload, **told_of})
            self._taken_over(self._work if outcome.ok else None)
        self._history.append(outcome)
        if self._logs and before.log and self.state.log:
            outcome = self._logged(before.log, outcome)
        return outcome

    def _logged(self, log: str, outcome: Outcome) -> Outcome:
        """The outcome after it went to the log; an error where that failed, so that what runs stops."""
        try:
            if outcome.error is None or outcome.error[0] != "log-not-written":
                write_log(log, outcome)
                return outcome
        except TerraceError as error:
            code, before = outcome.error or (error.code, "The command ran.")
            told = code, f"{before} {error.message}"
            outcome = replace(outcome, status="error", error=told, error_advice=error.advice)
        self.state = replace(self.state, log="")
        return outcome

    def run_do(
        self,
        path_or_text: str | os.PathLike[str],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        before: Callable[[str, int], None] | None = None,
        folder: str | os.PathLike[str] | None = None,
        writes: bool = True,
    ) -> Iterator[Outcome]:
        """Run a do-file, or the text of one, and give the outcome of each command as it ends.

        A command in a loop has an outcome each time it runs, with its macros replaced. Ends after the first
        error and after ``exit``. A text of one line is a path where it ends in ``.do`` or is a file. ``before``
        is called with each command and its line before it runs. Names of files begin from ``folder`` until the last
        command has ended, where it is given. Without `writes`, commands that would write, erase or log are not run:
        their outcome has a warning that names what was left as it is.
        """
        try:
            with stopped_when(cancel):
                nodes = read_flow(read_do_file(path_or_text, self.state))
        except RecursionError:
            yield failure(f"do {path_or_text}", "do", _too_deep())
            return
        except TerraceError as error:
            yield failure(f"do {path_or_text}", "do", error)
            return
        steps = self.run_nodes(nodes, progress=progress, cancel=cancel, before=before)
        if not writes:
            steps = self._without_writes(steps)
        if folder is None:
            yield from steps
            return
        usual = self.state.folder
        self.state = replace(self.state, folder=os.path.abspath(folder))
        try:
            yield from steps
        finally:
            self.state = replace(self.state, folder=usual)

    def _without_writes(self, steps: Iterator[Outcome]) -> Iterator[Outcome]:
        before, self.writes = self.writes, False
        try:
            yield from steps
        finally:
            self.writes = before

    def _held_back(self, command_text: str) -> tuple[Outcome, State] | None:
        """The outcome of a command that would touch files, where that is not wanted; None for any other."""
        if self.writes:
            return None
        from terrace.session.writes import TOUCHES, written_by

        try:
            planned = [p for p in written_by(command_text) if p.deed in TOUCHES]
        except TerraceError:
            return None  # which it will say itself
        if not planned:
            return None
        target = planned[0].target or (self.state.dataset.source if self.state.dataset is not None else "")
        told = f"Not run because it {planned[0].deed}{f' {target}' if target else ' a file'}: {command_text.strip()}"
        return Outcome(command_text.strip(), "held back", "ok", 0.0, text=told, warnings=(told,)), self.state

    def run_nodes(
        self,
        nodes: Sequence[Node],
        *,
        progress: ProgressCallback | None = None,
        cancel: CancelCheck | None = None,
        before: Callable[[str, int], None] | None = None,
    ) -> Iterator[Outcome]:
        """`run_do` for commands that have been read."""
        yield from Runner(self, progress, cancel, before).nodes(nodes)

    def amend_history(self, outcome: Outcome, *, new: bool = False) -> None:
        """Put an outcome with more known of it in the place of the last one, or after it where it is `new`."""
        if not new:
            self._history.pop()
        self._history.append(outcome)

    def _number(self, outcome: Outcome, before: State) -> int:
        """The number of a result: failed commands have none, so that a do-file without them counts the same."""
        now = self.state.document
        inside = now.since(before.document) if now is not before.document else ()  # of a do-file or a block
        self._numbered = max([self._numbered, *(i.outcome.number for i in inside if i.outcome is not None)])
        if not outcome.ok or not (outcome.tables or outcome.plots or outcome.fit is not None):
            return 0
        if inside and self._is_block:
            return 0
        return 1 + max(self._numbered, next((o.number for o in reversed(self._history) if o.number), 0))

    def execute(self, parsed: ParsedCommand) -> CommandResult:
        """Run a parsed command on the present state without taking over what it changes.

        Raises `TerraceError`. For handlers of prefixes and for `run`.
        """
        name = str(parsed.word)
        if name in self.state.programs:
            found = registry.Command(name, name, call_program, by="loop")
        else:
            found, parsed = registry.find(parsed)
        return prefixes.dispatch(self, found, parsed)

    def fork(self, state: State) -> Session:
        """A session on another state, for running a command without a trace in this one."""
        child = Session.__new__(Session)
        child.__dict__.update(
            self.__dict__, state=state, undo_steps=[], redo_steps=[], _history=[], _logs=False, places=False,
            outer=None, _took_over=False, _work=None,
            _numbered=next((o.number for o in reversed(self._history) if o.number), self._numbered),
        )
        return child

    def take_over(self, work: Work) -> None:
        """Hold this, and nothing of what was there before, when the command that runs has ended well."""
        self._work = work

    def take_from(self, inner: SessionPort, state: State) -> None:
        """Hold the project that was opened in a block, a program or a do-file, where one was; it leaves this state."""
        assert isinstance(inner, Session)
        if inner._took_over:
            self.take_over(Work(state, inner.history, tuple(inner.undo_steps), tuple(inner.redo_steps), inner.drafts,
                                inner.layout, inner.file))  # fmt: skip

    def whole(self) -> tuple[tuple[Outcome, ...], tuple[Step, ...], tuple[Step, ...]]:
        """The history and the steps to undo and redo; of a block, a program or a do-file with all before it."""
        if self.outer is None or self._took_over:
            return self.history, tuple(self.undo_steps), tuple(self.redo_steps)
        history, undo, redo = self.outer.whole()
        return (*history, *self._history), undo, redo

    def belongs_to(self, file: ProjectFile) -> None:
        """The project file of this session, and of those that run it, is this one."""
        self.file = file
        if self.outer is not None and not self._took_over:
            self.outer.belongs_to(file)

    def _taken_over(self, work: Work | None) -> None:
        """Opening a project is a boundary like opening data: what can be undone is what its file says."""
        if work is not None:
            own = self.outer is None or self._took_over  # that of the session around is its own to let go
            if own and self.file is not None and self.file is not work.file:
                self.file.release()
            self._took_over = True
            self.state, self._history = work.state, list(work.history)
            self.undo_steps, self.redo_steps = list(work.undo), list(work.redo)
            self.drafts, self.layout, self.file = work.drafts, work.layout, work.file
        self._work = None

    # --- progress ---------------------------------------------------------------------------------------
    def report(self, stage: str, fraction: float | None = None) -> None:
        """Pass progress on; for work that knows no more than a stage and a fraction."""
        if self.progress is not None:
            self.progress(Progress(stage, fraction=fraction))

    def cancelled(self) -> bool:
        """True where the user wants the running command to stop."""
        return self.cancel is not None and self.cancel()

    @contextmanager
    def _watched(self, progress: ProgressCallback | None, cancel: CancelCheck | None) -> Iterator[None]:
        self.progress, self.cancel = progress, cancel
        try:
            yield
        finally:
            self.progress = self.cancel = None

    def _place(self, outcome: Outcome, before: State) -> None:
        """Put what a command showed into the results document."""
        now = self.state
        document = now.document
        if document is not before.document and Effect.OUTLINE not in outcome.effects:
            if not document.only_outputs_since(before.document):
                return  # the commands of a do-file or a program stand there already, each by itself
            document = before.document  # which is one result otherwise
        when = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        document = placed(document, outcome, before, now, when)
        if now.stored is not before.stored:
            document = with_free_names(document, now.stored)
        document = titles_now(document, before.dataset, now.dataset)
        if document is not now.document:
            self.state = replace(now, document=document)

    # --- undo -------------------------------------------------------------------------------------------
    @property
    def can_undo(self) -> bool:
        """True where the last step can be undone."""
        return bool(self.undo_steps)

    @property
    def can_redo(self) -> bool:
        """True where a step that was undone can be done again."""
        return bool(self.redo_steps)

    @property
    def undo_text(self) -> str:
        """What `undo` takes back, such as ``edit of wave``; empty where there is nothing."""
        return self.undo_steps[-1].name if self.undo_steps else ""

    @property
    def redo_text(self) -> str:
        """What `redo` does again; empty where there is nothing."""
        return self.redo_steps[-1].name if self.redo_steps else ""

    def undo(self) -> Outcome:
        """Take the last step back, as the command ``undo`` does."""
        return self.run("undo")

    def redo(self) -> Outcome:
        """Do the last step that was undone again, as the command ``redo`` does."""
        return self.run("redo")

    def _keep_step(self, outcome: Outcome, before: State) -> None:
        """Keep what a command changed in the data, the bases of factors or the document, so that it can be undone.

        Opening data is no step: nobody wants the grid emptied by an undo too many. It is where undoing ends.
        """
        now = self.state
        if "joins" in outcome.payload:
            self.undo_steps[:] = joined(self.undo_steps, *outcome.payload["joins"])
        if "undone" in outcome.payload:  # whether or not it changed anything: the next undo takes the step before
            self.redo_steps.append(Step(self.undo_steps.pop().name, work_of(before)))
        elif "redone" in outcome.payload:
            self.undo_steps.append(Step(self.redo_steps.pop().name, work_of(before)))
        elif now.bases == before.bases and all(
            getattr(now, part) is getattr(before, part) for part in ("dataset", "document", "filter")
        ):
            return
        elif now.dataset is not None and (before.dataset is None or Effect.OPENS in outcome.effects):
            self.undo_steps.clear()
            self.redo_steps.clear()
        else:
            self.undo_steps.append(Step(step_name(outcome, before, now), work_of(before)))
            self.redo_steps.clear()
            del self.undo_steps[:-MAX_UNDO]

    def one_step(self, kind: str, before: State, list_: list[Step], steps: Sequence[Step]) -> None:
        """Make one step of what a block of a do-file did, as where it is run by itself. `kind` is its first word,
        `before` is the state before it, `list_` were the `undo_steps` and `steps` what they had."""
        if self.undo_steps is not list_:
            return  # a project was opened, whose steps these are
        if len(self.undo_steps) == len(steps) and all(a is b for a, b in zip(self.undo_steps, steps)):
            return
        self.undo_steps[:] = steps
        self._keep_step(Outcome("", kind, "ok", 0.0, effects=happened(Effect.NONE, before, self.state)), before)

    # --- one attempt ------------------------------------------------------------------------------------
    def _attempt(self, command_text: str, macros: bool) -> tuple[Outcome, State]:
        """Run one command or block: its outcome, and the state that follows."""
        name, effects = "", Effect.NONE
        parsed: ParsedCommand | None = None
        begun, outer = self.state, self.filtering
        self.filtering, self._is_block = Restriction(), False
        try:
            found = one_node(command_text)
            if found is None:
                return Outcome(command_text, "comment", "ok", 0.0), self.state
            if not isinstance(found, DoCommand):
                name, self._is_block = found.text.split()[0], True
                result = run_block(self, found)
                return success(command_text, name, result, False), result.state or self.state
            text = found.text if command_text.strip() != found.text else command_text
            typed, text = text, expanded(self, text) if macros else text
            if text != typed or not (macros or escaped(text) == text):
                # the history is run again as a do-file, where what is left must not be taken for macros
                command_text = escaped(text)
            parsed = parse_command(text)
            name = str(parsed.word)
            if name not in self.state.programs:
                known = registry.find(parsed)[0]
                name, effects = known.type, known.effects
            result = with_ignored(self.execute(parsed), name, effects, begun)
            told = None
            if self.filtering.used and begun.filter is not None and begun.dataset is not None:
                told = filtered(begun.filter.expression, begun.dataset)
                result = with_note(result, told)
            after = result.state or self.state
            if parsed.prefix("capture"):
                after = replace(after, rc=0)
            return success(command_text, name, result, parsed.quiet, effects, told), after
        except TerraceError as error:
            if self.state is not begun:  # what macros counted up on the way
                self.state = begun
            if parsed is not None and parsed.prefix("capture") and error.code != "cancelled":
                caught = captured(command_text, name, error)
                if not parsed.quiet:  # capture noisily tells what it caught
                    caught = replace(caught, text=error.message, quiet=False)
                return caught, replace(self.state, rc=return_code(error))
            return failure(command_text, name, error), self.state
        except RecursionError:
            return failure(command_text, name, _too_deep()), self.state
        except MemoryError:
            short = DataError(
                "There is not enough memory for this.",
                code="out-of-memory",
                advice="Close other programs, or use fewer rows or variables.",
            )
            return failure(command_text, name, short), self.state
        except Exception as defect:  # whatever it is, the user keeps the session, and the log the cause
            where = record_defect(defect, command_text)
            return failure(command_text, name, _internal(defect, where)), self.state
        finally:
            self.filtering = outer


def one_node(text: str) -> Node | None:
    """The one command or block of a text, without comments; None where there is none.

    Raises `CommandError` where it holds several: `Session.run_do` runs those.
    """
    nodes = read_flow(text)
    if len(nodes) > 1:
        raise CommandError(
            f"This is {len(nodes)} commands, but only one can run at a time.",
            code="several-commands",
            advice="Run them as a do-file.",
        )
    return nodes[0] if nodes else None


def read_do_file(path_or_text: str | os.PathLike[str], state: State) -> str:
    """The text of a do-file, or the text given. Raises `DataError` where the file cannot be read."""
    if isinstance(path_or_text, str):
        text = path_or_text
        if "\n" in text or not (text.strip().endswith(".do") or state.path(text).is_file()):
            return text
    return read_script(state.path(os.fspath(path_or_text)))


def _too_deep() -> TerraceError:
    return CommandError(
        "This is nested too deeply in brackets, blocks, prefixes or programs.",
        code="too-deep",
        advice="Split it into several steps.",
    )


def _internal(defect: Exception, where: Path | None) -> TerraceError:
    written = f"Details are in {where}." if where else "The details could not be written to the log."
    return TerraceError(
        f"Terrace failed at this command: {type(defect).__name__}. The session is not affected.",
        code="internal",
        advice=written,
    )

"""A session that needs no engine: it answers the commands that the tests of the window give it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from terrace.data.dataset import Dataset, Measure, Variable
from terrace.errors import Cancelled
from terrace.language.grammar.command import parse_command
from terrace.results.fit import FitResult, Iteration
from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace.results.table import Column, Row, Table
from terrace.session import registry
from terrace.session.contract import Outcome, Progress
from terrace.session.document.fits import fit_named
from terrace.session.document.placing import placed
from terrace.session.effects import Effect
from terrace.session.state import State


def small_data(rows: int = 60) -> Dataset:
    """Schools, with every kind of variable: labelled, text, missing values, missing codes."""
    rng = np.random.default_rng(1)
    school = np.repeat(np.arange(1, rows // 10 + 1), 10)[:rows]
    hours = np.round(rng.normal(0, 1, rows), 2)
    score = np.round(12 + rng.normal(0, 4, rows)[school] + 2 * hours + rng.normal(0, 3, rows), 3)
    score[3] = np.nan
    frame = pd.DataFrame(
        {
            "school": school,
            "sector": (school % 2).astype(float),
            "score": score,
            "hours": hours,
            "place": np.where(school % 3 == 0, "North", "South"),
            "grade": np.where(np.arange(rows) % 7 == 0, -9, rng.integers(1, 5, rows)),
        }
    )
    frame.loc[5, "place"] = None
    return Dataset(
        frame,
        (
            Variable("school", "School", Measure.IDENTIFIER),
            Variable("sector", "Sector of the school", Measure.NOMINAL, {0.0: "Public", 1.0: "Catholic"}),
            Variable("score", "Mathematics score"),
            Variable("hours", "Hours of study a week"),
            Variable("place", "", Measure.NOMINAL),
            Variable("grade", "Grade", Measure.ORDINAL, {}, (-9,)),
        ),
        label="Schools",
        source="small",
    )


@cache
def _fitted() -> FitResult:
    from terrace.estimate import fit as engine_fit

    return engine_fit("mixed score hours || school:, reml", small_data())


def fit(**options: Any) -> FitResult:
    """A small fit by the engine, with an iteration log of four steps; `options` replace its fields."""
    log = tuple(Iteration("Newton", i, -200 + i / 10, 1.0, 1.0, 0.001) for i in range(5))
    return replace(_fitted(), **{"log": log, "elapsed": 0.01, **options})


def effects_of(name: str) -> Effect:
    """Those of the engine's command of this name; none for a command that only tests have."""
    registry.load()
    found = registry.COMMANDS.get(name)
    return Effect.NONE if found is None else found.effects


class FakeSession:
    """Knows a handful of commands; `gate` holds the command ``wait`` until it is set."""

    def __init__(self, gate: threading.Event | None = None) -> None:
        self.dataset: Dataset | None = None
        self.state = State()
        self.stored: dict[str, FitResult] = {}
        self.fit: FitResult | None = None
        self.gate = gate or threading.Event()
        self.can_undo = self.can_redo = False
        self.undo_text = self.redo_text = ""
        self.threads: set[str] = set()
        self.ran: list[str] = []
        self.history: list[Outcome] = []
        self.drafts: dict[str, Any] = {}
        self.layout: dict[str, Any] = {}
        self.file = None

    def whole(self) -> tuple[tuple[Outcome, ...], tuple[Any, ...], tuple[Any, ...]]:
        return tuple(self.history), (), ()

    def run(self, text: str, *, progress: Callable[..., Any], cancel: Callable[[], bool]) -> Outcome:
        self.threads.add(threading.current_thread().name)
        self.ran.append(text)
        word = text.split(",", maxsplit=1)[0].split()
        if word[0] == "quietly":
            word = word[1:]
        name = {"estimates": " ".join(word[:2]), "estat": " ".join(word[:2])}.get(word[0], word[0])
        handler = getattr(self, "do_" + name.replace(" ", "_"), None)
        if handler is None:
            return Outcome(
                text, name, "error", 0.001, error=("no-such-command", f"There is no command {name!r}."),
                error_at=(0, len(word[0])), error_advice="For a list of commands, use help.",
            )  # fmt: skip
        outcome = handler(text, progress, cancel)
        if outcome.ok:
            outcome = self._placed(replace(outcome, effects=effects_of(outcome.type)))
        self.history.append(outcome)
        return outcome

    def _placed(self, outcome: Outcome) -> Outcome:
        """The outcome, in the results document too, as the session of the engine puts it there."""
        now = replace(self.state, dataset=self.dataset, fit=self.fit)
        document = placed(self.state.document, outcome, self.state, now, "2026-01-05T09:00:00+00:00")
        changed = outcome.changed | ({"document"} if document is not self.state.document else frozenset())
        self.state = replace(now, document=document)
        return replace(outcome, changed=changed)

    def run_do(
        self, text: str, *, progress: Any, cancel: Any, before: Any, folder: Any, writes: bool
    ) -> Iterator[Outcome]:
        for line in str(text).split("\n"):
            if line.strip():
                before(line, 1)
                outcome = self.run(line, progress=progress, cancel=cancel)
                yield outcome
                if not outcome.ok:
                    return

    def do_sample(self, text: str, *_: Any) -> Outcome:
        self.dataset = small_data()
        return Outcome(text, "sample", "ok", 0.002, text="60 rows.", changed=frozenset({"data"}))

    def do_use(self, text: str, *_: Any) -> Outcome:
        return Outcome(
            text, "use", "error", 0.001, error=("unreadable-file", "bad.dta ends before its data do."),
            error_advice="Copy the file again from where it came.",
        )  # fmt: skip

    def do_shift(self, text: str, *_: Any) -> Outcome:
        assert self.dataset is not None
        self.dataset = self.dataset.with_column("score", self.dataset.frame["score"] + 1)
        return Outcome(text, "shift", "ok", 0.001, changed=frozenset({"data"}))

    def do_mixed(self, text: str, *_: Any) -> Outcome:
        made = self.fit = replace(fit(), command=text, elapsed=0.01 + len(self.ran) / 1e6)  # no two take as long
        return Outcome(
            text, "mixed", "ok", 0.014, text=str(made), fit=made, tables=made.tables(),
            changed=frozenset({"results"}), quiet=text.startswith("quietly"),
        )  # fmt: skip

    def do_estimates_store(self, text: str, *_: Any) -> Outcome:
        self.stored[text.rsplit(maxsplit=1)[-1]] = fit()
        return Outcome(text, "estimates store", "ok", 0.001, quiet=True, changed=frozenset({"estimates"}))

    def do_estimates_restore(self, text: str, *_: Any) -> Outcome:
        self.fit = fit_named(self.state, text.rsplit(maxsplit=1)[-1]) or self.fit
        return Outcome(text, "estimates restore", "ok", 0.001, text="Restored.")

    def do_estat_icc(self, text: str, *_: Any) -> Outcome:
        table = Table(
            "Residual intraclass correlation",
            (Column("icc", "ICC", "fixed", 3), Column("se", "SE", "fixed", 3)),
            (Row("school", (0.1159, 0.0144)),),
            stub="Level",
        )
        return Outcome(text, "estat icc", "ok", 0.003, text="ICC .1159", tables=(table,))

    def do_outline(self, text: str, *_: Any) -> Outcome:
        """The engine's own command: it needs no more than the state."""
        parsed = parse_command(text)
        found = registry.find(parsed)
        result = found[0].handler(self, found[1])
        assert result.state is not None
        changed = frozenset({"document"}) if result.state.document is not self.state.document else frozenset()
        self.state = result.state
        return Outcome(text, "outline", "ok", 0.001, text=result.text, changed=changed)

    def do_refit(self, text: str, *_: Any) -> Outcome:
        """The models are of the data that are open now."""
        items = (replace(i, data=self.dataset) if i.kind == "model" else i for i in self.state.document)
        self.state = replace(self.state, document=replace(self.state.document, items=tuple(items)))
        return Outcome(text, "refit", "ok", 0.001, text="Fitted again.", changed=frozenset({"document"}))

    def do_wait(self, text: str, progress: Callable[..., Any], cancel: Callable[[], bool]) -> Outcome:
        number = 0
        while not self.gate.wait(0.002):
            number += 1
            progress(Progress("Fitting", number, -23320.5 - 1 / number, elapsed=0.1))
            if cancel():
                raise Cancelled
        return Outcome(text, "wait", "ok", 0.1, text="Waited.")

    def do_break(self, *_: Any) -> Outcome:
        raise ZeroDivisionError("nobody foresaw this")


def plot(kind: str = "residual-fitted", n: int = 60) -> Plot:
    """Points over a line, each with its row."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=n), rng.normal(size=n)
    marks = (
        Marks("hline", np.empty(0), np.array([0.0]), role="reference"),
        Marks("points", x, y, rows=np.arange(n)),
    )
    return Plot("A plot", (PlotPanel(Axis("Fitted"), Axis("Residual"), marks),), kind, note="A note.")

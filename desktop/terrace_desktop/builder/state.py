"""The model being built: one frozen spec, its history, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from terrace.data.dataset import Dataset
from terrace.data.value import Value
from terrace.spec import edit
from terrace.spec.check import Report
from terrace.spec.conventions import Convention, convention
from terrace.spec.counts import base_code
from terrace.spec.facts import Sample, facts_of
from terrace.spec.model import Factor, ModelSpec
from terrace.spec.problem import Problem
from terrace.spec.roles import Role, factor_for, refusal
from terrace.spec.templates import Started, start
from terrace.spec.text import number_text
from terrace_desktop.builder.checking import DIRECT_ROWS, Checker, RowsOf
from terrace_desktop.builder.rows import rows_of
from terrace_desktop.ui.undo import Steps
from terrace_desktop.work.worker import Worker

HISTORY = 200
KEPT = 50  # steps of a draft that a project keeps
RunCommands = Callable[[tuple[str, ...], Callable[[], object]], object]
"""Runs commands on the data, one after the other; where all went well calls what follows, the new data in place."""


class BuilderState(QObject):
    """Holds the model. Every change goes through `apply`; `changed` follows, and `checked` with a report."""

    changed = Signal()
    checked = Signal()
    failed = Signal(object)  # an exception: something that was asked for did not come about

    def __init__(
        self, dataset: Dataset, spec: ModelSpec | None = None, rows: RowsOf = rows_of,
        direct_rows: int = DIRECT_ROWS, constraints: Mapping[int, str] | None = None,
        run_commands: RunCommands | None = None, start_values: str = "", worker: Worker | None = None,
        habits: Convention | None = None, declined: set[str] | None = None, used: str = "",
    ) -> None:  # fmt: skip
        super().__init__()
        self.declined = set[str]() if declined is None else declined  # covariates that the user does not want split
        self.habits = habits or convention("stata")  # what nobody chose is as the manual has it
        self.constraints = None if constraints is None else dict(constraints)
        self._defined: set[int] = set()
        self.dataset = dataset
        self.used = used  # the filter that analyses use: the model is judged by its rows, and has none itself
        self.spec = replace(spec, filter=None) if spec is not None else self.habits.empty()
        self.first = self.spec
        self.report = Report((), None)
        self.is_current = False
        self.hints: tuple[str, ...] = ()
        self.template = ""
        self.run_commands = run_commands
        self.start_values = start_values
        self._steps = Steps[ModelSpec](HISTORY)
        self.checker = Checker(rows, direct_rows, worker)
        self._df_by_habit = spec is None or spec.df_method == self.habits.df(spec, self._groups)
        self.checker.done.connect(self._judged)
        self.checker.failed.connect(self.failed)

    # --- changing ----------------------------------------------------------------------------------------
    def apply(self, spec: ModelSpec, *, as_given: bool = False) -> None:
        """Make `spec` the model, with what the convention says of the change; it can be undone.

        A model that was typed or made elsewhere is taken `as_given`.
        """
        spec = replace(spec, filter=None)
        if spec == self.spec:
            return
        if as_given:
            self._df_by_habit = spec.df_method == self.habits.df(spec, self._groups)
        else:
            self._df_by_habit &= spec.df_method == self.spec.df_method
            spec = self.habits.with_covariances(self.spec, spec)
            spec = self.habits.with_df(spec, self._groups) if self._df_by_habit else spec
        self._steps.add(self.spec)
        self._set(spec)

    def mend(self, problem: Problem) -> None:
        """Take the model that a problem offers."""
        if problem.fix is not None:
            self.apply(problem.fix)

    def constrain(self, text: str) -> None:
        """Put a linear equation of coefficients into the model, under its number or the next free one."""
        known = self.constraints = self.constraints or {}
        number = next((n for n, t in known.items() if t == text), 0)
        if not number:
            number = next(n for n in range(1, 2000) if n not in known and n not in self.spec.constraints)
            known[number] = text
            self._defined.add(number)
        self.apply(edit.set_constraints(self.spec, (*self.spec.constraints, number)))

    def know(self, constraints: Mapping[int, str]) -> None:
        """Take definitions of constraints that came with a command."""
        known = self.constraints = self.constraints or {}
        for number, text in constraints.items():
            if known.get(number) != text:
                known[number] = text
                self._defined.add(number)
        if constraints:
            self.refresh()

    def definitions(self) -> tuple[str, ...]:
        """The commands that define the constraints of the model that were made here."""
        known = self.constraints or {}
        return tuple(f"constraint {n} {known[n]}" for n in self.spec.constraints if n in self._defined)

    def reset(self) -> None:
        """The model as it was when the form was opened; it can be undone."""
        self.apply(self.first, as_given=True)

    def clear(self) -> None:
        """Begin again, nothing chosen; it can be undone."""
        self.apply(self.habits.empty(), as_given=True)

    def undo(self) -> None:
        """Back to the model before the last change."""
        if self.can_undo:
            self._go_to(self._steps.undo(self.spec))

    def redo(self) -> None:
        """Forward again."""
        if self.can_redo:
            self._go_to(self._steps.redo(self.spec))

    @property
    def can_undo(self) -> bool:
        """True where something can be undone."""
        return bool(self._steps.back)

    @property
    def can_redo(self) -> bool:
        """True where something can be redone."""
        return bool(self._steps.forward)

    def set_dataset(self, dataset: Dataset) -> None:
        """The data are others; the model stays and is judged again."""
        self.dataset = dataset
        self.refresh()

    def set_filter(self, used: str) -> None:
        """Analyses use other rows; the model stays and is judged again."""
        self.used = used
        self.refresh()

    def start_from(self, key: str) -> None:
        """The model of a template."""
        spec, dataset = self.spec, self.dataset

        def then(found: Started) -> None:
            self.template = key
            self.apply(found.spec)
            self.hints = found.hints
            self.changed.emit()

        self.checker.run(f"template {key}", lambda: start(key, spec, dataset), dataset, then)

    def refresh(self) -> None:
        """Show and judge the model as it is."""
        self.is_current = False
        self.changed.emit()
        self.checker.check(replace(self.spec, filter=self.used or None), self.dataset)

    def _go_to(self, spec: ModelSpec) -> None:
        self._df_by_habit = spec.df_method == self.habits.df(spec, self._groups)
        self._set(spec)

    def _set(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.hints = ()
        self.refresh()

    def _groups(self, name: str) -> int | None:
        """How many groups a variable makes, as far as that is known or cheap to find."""
        if name not in self.dataset:
            return None
        if self.is_large and facts_of(self.dataset).known("levels", name) is None:
            return None
        return len(self.levels_of(name))

    def _judged(self, spec: ModelSpec, report: Report) -> None:
        if (spec.filter or "") != self.used:
            return  # of other rows
        spec = replace(spec, filter=None)
        if spec == self.spec and self._df_by_habit and (settled := self.habits.with_df(spec, self._groups)) != spec:
            self.spec = settled  # the groups have been counted by now
            self.refresh()
        elif spec == self.spec:
            more = tuple(self._undefined())
            self.report = replace(report, problems=(*more, *report.problems)) if more else report
            self.is_current = True
            self.checked.emit()

    def _undefined(self) -> Iterator[Problem]:
        """Constraints that the session does not know, in the words of the command."""
        for n in self.spec.constraints:
            if self.constraints is not None and n not in self.constraints:
                kept = edit.set_constraints(self.spec, [k for k in self.spec.constraints if k != n])
                message = self.tr("Constraint {0} is not defined.").format(n)
                yield Problem("constraints", "no-such-constraint", message, kept, self.tr("Remove it"))

    def kept(self) -> dict[str, object]:
        """The draft with its steps, for a project to keep."""
        return {
            "spec": self.spec, "first": self.first,
            "undo": tuple(self._steps.back[-KEPT:]), "redo": tuple(self._steps.forward[-KEPT:]),
            "defined": {str(n): (self.constraints or {})[n] for n in sorted(self._defined)},
        }  # fmt: skip

    def bring_back(self, kept: Mapping[str, object]) -> bool:
        """A draft that was kept, in place of this one; False for what is none."""
        spec, first = kept.get("spec"), kept.get("first")
        if not isinstance(spec, ModelSpec) or not isinstance(first, ModelSpec):
            return False
        both = []
        for name in ("undo", "redo"):
            steps = kept.get(name)
            both.append([s for s in steps if isinstance(s, ModelSpec)] if isinstance(steps, tuple | list) else [])
        defined = kept.get("defined")
        if isinstance(defined, Mapping):
            self.know({int(n): str(text) for n, text in defined.items() if str(n).isdigit()})
        self._steps.back, self._steps.forward = both
        self.first = first
        self._go_to(spec)
        return True

    def close(self) -> None:
        """No judgement will come any more."""
        self.checker.close()

    # --- asking ------------------------------------------------------------------------------------------
    @property
    def is_large(self) -> bool:
        """True where looking at all data would be felt."""
        return len(self.dataset) > self.checker.direct_rows

    @property
    def ready(self) -> bool:
        """True where the model as it stands was judged and can be fitted."""
        return self.is_current and self.report.ready

    def problems(self, field: str) -> tuple[Problem, ...]:
        """What is wrong with a field of the model, as far as it is known."""
        return self.report.at(field) if self.is_current else ()

    def refuse(self, role: Role, level: int = 0) -> Callable[[str], str]:
        """For a role, the function that says why a variable cannot take it."""
        return lambda name: refusal(role, name, self.spec, self.dataset, level=level, quick=self.is_large)

    def factor(self, name: str) -> Factor:
        """How a variable enters; another term of it in the model decides, else its measure."""
        for term in edit.terms(self.spec):
            for f in term.factors:
                if f.name == name and not f.operators:
                    return f
        return factor_for(self.dataset, name)

    def levels_of(self, name: str) -> tuple[Value, ...]:
        """The values of a variable where they are known or cheap to find."""
        if name not in self.dataset:
            return ()
        facts = facts_of(self.dataset)
        known = facts.known("levels", name)
        if known is None and not self.is_large:
            known = facts.levels(name)
        return tuple(known or ())

    def kept_levels(self, f: Factor) -> tuple[str, ...]:
        """How the levels of a factor that have a coefficient are called, as far as they are known."""
        levels = self.levels_of(f.name)
        base = (0 if f.base == "freq" else self.base_code(f)) if levels else -1
        kept = [v for k, v in enumerate(levels) if k != base and v not in f.omitted]
        return tuple(self.label_of(f.name, v) for v in (f.levels or kept))

    def base_code(self, f: Factor) -> int:
        """The position of a factor's reference level among `levels_of`, -1 for none."""
        facts = facts_of(self.dataset)
        return base_code(f, self.levels_of(f.name), facts, Sample(None, facts.rows, ()))

    def label_of(self, name: str, value: Value) -> str:
        """How a value of a variable is called."""
        if name not in self.dataset:
            return number_text(value) if isinstance(value, float) else str(value)
        return self.dataset.level_label(name, value)

    @property
    def has_time(self) -> bool:
        """True where the data say which variable is the time, as lags and differences need."""
        return self.dataset.panel is not None and self.dataset.panel.time is not None

    def measure(self, name: str) -> str:
        """The level of measurement of a variable, for its badge."""
        return self.dataset.variable(name).measure.value if name in self.dataset else "continuous"

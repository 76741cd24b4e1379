"""Weights, constraints and rows: what most models do without."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QWidget

from terrace.errors import TerraceError
from terrace.language.expressions.entry import evaluate_scalar
from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.model import ModelSpec, WeightKind, WeightScale
from terrace_desktop.builder import typed_text
from terrace_desktop.builder.constraints import ConstraintList
from terrace_desktop.builder.explaining import WEIGHTS, Explained
from terrace_desktop.builder.fields import Choice, FieldButton, Fold, Typed
from terrace_desktop.builder.notes import Notes, closed_notes, problem_notes
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import label
from terrace_desktop.ui.words import from_engine, in_words


def numbers(text: str) -> tuple[int, ...]:
    """Constraint numbers as typed: ``1 3/5 8-9``; ValueError for anything else."""
    out: list[int] = []
    for part in text.replace(",", " ").split():
        first, _, last = part.replace("-", "/").partition("/")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= 1999:
            raise ValueError(text)
        out += range(low, high + 1)
    return tuple(dict.fromkeys(out))


def without_word(word: str) -> Callable[[str], str]:
    """A reader that drops the word which a command has before the text, where somebody types it."""
    return lambda text: text.removeprefix(f"{word} ").strip()


class MoreSection(Section):
    """Weights with their scaling, constraints, the rows used; folded away while nothing is in it."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, "more", "")
        inner = QWidget()
        self.fold = Fold(self.tr("Weights, constraints and rows"), "more_fold", inner)
        self.kind: Choice[WeightKind | None] = Choice("more_weight_kind", self.tr("Weights of the rows"), alone=True)
        self.kind.chosen.connect(self._weigh)
        self.weight = FieldButton("more_weight", self.tr("Weight variable"))
        self.weight.clicked.connect(self._pick_weight)
        self.scale: Choice[WeightScale | None] = Choice("more_pwscale", self.tr("Scaling of the sampling weights"))
        self.scale.chosen.connect(lambda v: state.apply(edit.set_pwscale(self.spec, v)))
        self.constraints = Typed(
            "more_constraints", self.tr("Constraint numbers"), numbers,
            show=lambda v: " ".join(map(str, v)), placeholder=self.tr("such as 1 3/5"),
            takes=self.tr("Enter constraint numbers, such as 1 3/5."),
        )  # fmt: skip
        self.constraints.committed.connect(lambda v: state.apply(edit.set_constraints(self.spec, v or ())))
        self.constraint_list = ConstraintList(state)
        self.constraint_notes = Notes("constraint_notes", state.apply)
        self.condition = Typed(
            "more_condition", self.tr("Only rows where"), without_word("if"), placeholder=self.tr("such as female == 1")
        )
        self.condition.committed.connect(lambda v: state.apply(edit.set_rows(self.spec, v, self.spec.range_)))
        self.range = Typed("more_range", self.tr("Only rows in the range"), without_word("in"), placeholder="1/100")
        self.range.committed.connect(lambda v: state.apply(edit.set_rows(self.spec, self.spec.condition, v)))
        grid = QGridLayout(inner)
        grid.setContentsMargins(12, 2, 0, 4)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        weights = QWidget()
        flow = Flow(weights)
        for w in (self.kind, self.weight):
            flow.addWidget(w)
        self.weight_notes = Notes("weight_notes", state.apply)
        why = Explained("weights", self.tr("Rows that count more than others."), self.tr("Which weights?"), WEIGHTS)
        rows: list[tuple[str, QWidget]] = [
            (self.tr("Weights of rows"), weights),
            ("", self.weight_notes),
            ("", why),
            (self.tr("Scaling"), self.scale),
            (self.tr("Constraints"), self.constraints),
            ("", self.constraints.wrong),
            ("", self.constraint_list),
            ("", self.constraint_notes),
            (self.tr("Only rows where"), self.condition),
            (self.tr("Rows in"), self.range),
            ("", self.notes),
        ]
        for k, (text, field) in enumerate(rows):
            if text:
                name = label(text)
                name.setBuddy(field)
                grid.addWidget(name, k, 0)
            grid.addWidget(field, k, 1, 1, 2)
        grid.setColumnStretch(2, 1)
        self.body.setSpacing(2)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.fold)
        self.body.addWidget(inner)
        if _used(state.spec):
            self.fold.setChecked(True)

    def show_spec(self) -> None:
        spec = self.spec
        self.kind.set_options(
            [
                (None, self.tr("None")),
                ("fweight", self.tr("Frequency weights")),
                ("pweight", self.tr("Sampling weights")),
            ],
            {k: c.reason for k, c in closed("weight", spec).items()},
        )
        self.kind.set_value(spec.weight.kind if spec.weight else None)
        self.weight.setVisible(spec.weight is not None)
        name = spec.weight.expression if spec.weight else ""
        self.weight.show_value(name or self.tr("Choose a variable"), hole=not name)
        shut = closed("pwscale", spec)
        self.scale.set_options(
            [
                (None, self.tr("None")),
                ("size", self.tr("To the cluster's size")),
                ("effective", self.tr("To its effective size")),
                ("gk", self.tr("Graubard and Korn")),
            ],
            {k: c.reason for k, c in shut.items()},
        )
        self.scale.set_value(spec.pwscale)
        self.scale.setToolTip(from_engine(next((c.reason for c in shut.values()), "")))
        self.constraints.set_value(spec.constraints or None)
        self.constraint_list.show_spec()
        self.condition.set_value(spec.condition)
        self.range.set_value(spec.range_)
        self.fold.set_summary(self._summary())
        self.show_problems()

    def show_problems(self) -> None:
        found = [p for f in ("weight", "pwscale") for p in self.state.problems(f)]
        quiet = closed_notes(closed("weight", self.spec))
        self.weight_notes.show_notes([*problem_notes(found), *quiet])
        constraints = self.state.problems("constraints")
        self.constraint_notes.show_notes(problem_notes(constraints))
        rows = self.state.problems("rows")
        self.notes.show_notes(problem_notes(rows))
        if any(p.severity == "error" for p in (*found, *constraints, *rows)) and self.spec.outcome.name:
            self.fold.setChecked(True)

    def _summary(self) -> str:
        spec = self.spec
        parts = []
        if spec.weight:
            parts.append(self.tr("weights %1").replace("%1", spec.weight.expression or "?"))
        if spec.constraints:
            n = len(spec.constraints)
            parts.append(self.tr("%1 constraint(s)", "", n).replace("%1", str(n)))
        if spec.condition:
            parts.append(self.tr("if %1").replace("%1", spec.condition))
        if spec.range_:
            parts.append(self.tr("in %1").replace("%1", spec.range_))
        return ", ".join(parts)

    def _weigh(self, kind: WeightKind | None) -> None:
        name = self.spec.weight.expression if self.spec.weight else ""
        self.state.apply(edit.set_weight(self.spec, kind, name))

    def _pick_weight(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.set_weight(self.spec, self.kind.value(), name))

        def take_text(text: str) -> str:
            try:
                expression = typed_text.weight(text, self.state.dataset.names)
                evaluate_scalar(expression, self.state.dataset)
                take(expression)
            except TerraceError as error:
                return in_words(error)
            return ""

        refuse = self.state.refuse("weight")
        title = self.tr("Weight of the rows, or an expression")
        pick(self.weight, title, self.state.dataset.variables, refuse, take, take_text=take_text)


def _used(spec: ModelSpec) -> bool:
    return bool(spec.weight or spec.constraints or spec.condition or spec.range_ or spec.pwscale)

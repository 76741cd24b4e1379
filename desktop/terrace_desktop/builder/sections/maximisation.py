"""The advanced page: EM, Newton, tolerances, logs, starting values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.model import Maximisation
from terrace_desktop.builder.fields import Choice, Fold, Typed
from terrace_desktop.builder.notes import problem_notes
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.residuals import whole
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.typed_text import option
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import from_engine


def positive(text: str) -> float:
    """A number that is not negative; ValueError otherwise."""
    value = float(text.replace(",", "."))
    if not value >= 0:
        raise ValueError(text)
    return value


class MaximisationSection(Section):
    """Every option of the search; empty fields are the program's defaults."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, "maximisation", "")
        inner = QWidget()
        self.fold = Fold(self.tr("Maximisation (advanced)"), "maximisation_fold", inner)
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(12, 2, 0, 4)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._fields: dict[str, Typed[Any]] = {}
        self._boxes: dict[str, QCheckBox] = {}
        count, number = self.tr("Enter a whole number."), self.tr("Enter 0 or a positive number.")
        self._line("emiterate", self.tr("EM iterations"), whole, "20", count)
        self._line("emtolerance", self.tr("EM tolerance"), positive, "1e-10", number)
        self._line("iterate", self.tr("Maximum iterations"), whole, self.tr("default"), count)
        self._line("tolerance", self.tr("Parameter tolerance"), positive, self.tr("default"), number)
        self._line("ltolerance", self.tr("Likelihood tolerance"), positive, self.tr("default"), number)
        self._line("nrtolerance", self.tr("Gradient tolerance"), positive, self.tr("default"), number)
        technique = option("technique", lambda spec: spec.maximisation.technique)
        self._line("technique", self.tr("Technique"), technique, self.tr("nr, bfgs or dfp"), "")
        start = option("from", lambda spec: spec.maximisation.from_)
        self._line("from_", self.tr("Starting values"), start, self.tr("log SDs, atanh correlations, or a matrix"), "")
        self.last = button(
            self.tr("From the last fit"), "maximisation_from_last", self._from_last, variant="flat",
            tip=self.tr("Start from the covariance parameters of the last fit, stored in e(b)"),
        )  # fmt: skip
        self._grid.addWidget(self.last, self._grid.rowCount(), 1, 1, 2)
        self.last.setVisible(bool(state.start_values))
        self.scale_of_parameters = Choice(
            "maximisation_metric",
            self.tr("Parameters of the search"),
            [("matsqrt", self.tr("Matrix square roots")), ("matlog", self.tr("Matrix logarithms"))],
        )
        self.scale_of_parameters.chosen.connect(lambda v: state.apply(edit.set_maximisation(self.spec, metric=v)))
        row = self._grid.rowCount()
        name = label(self.tr("Parameters"))
        name.setBuddy(self.scale_of_parameters)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(self.scale_of_parameters, row, 1)
        self.method = Choice(
            "maximisation_method",
            self.tr("How the likelihood is computed"),
            [
                (None, self.tr("By data size")),
                ("exact", self.tr("Exact")),
                ("iterative", self.tr("Iterative")),
            ],
        )
        self.method.chosen.connect(lambda v: state.apply(edit.set_maximisation(self.spec, method=v)))
        name = label(self.tr("Likelihood"))
        name.setBuddy(self.method)
        self._grid.addWidget(name, row + 1, 0)
        self._grid.addWidget(self.method, row + 1, 1)
        boxes = [
            ("emonly", self.tr("EM only")),
            ("emlog", self.tr("EM log")),
            ("emdots", self.tr("EM dots")),
            ("difficult", self.tr("Difficult")),
            ("nonrtolerance", self.tr("No gradient check")),
            ("log", self.tr("Iteration log")),
            ("trace", self.tr("Trace")),
            ("gradient", self.tr("Gradient")),
            ("hessian", self.tr("Hessian")),
            ("showstep", self.tr("Steps")),
            ("showtolerance", self.tr("Tolerances")),
        ]
        ticks = QGridLayout()
        ticks.setHorizontalSpacing(8)
        ticks.setVerticalSpacing(6)
        ticks.setContentsMargins(0, 4, 0, 4)
        for k, (key, title) in enumerate(boxes):
            box = named(QCheckBox(title), f"maximisation_{key}", title)
            box.toggled.connect(lambda on, key=key: self._set(key, on))
            self._boxes[key] = box
            ticks.addWidget(box, k // 2, k % 2)
        title = self.tr("No random-effects SEs")
        self.nostderr = named(QCheckBox(title), "maximisation_nostderr", title)
        self.nostderr.toggled.connect(lambda on: state.apply(replace(self.spec, nostderr=on)))
        ticks.addWidget(self.nostderr, len(boxes) // 2, len(boxes) % 2)
        row = self._grid.rowCount()
        self._grid.addLayout(ticks, row, 0, 1, 3)
        self._grid.addWidget(self.notes, row + 1, 0, 1, 3)
        self._grid.setColumnStretch(2, 1)
        self.body.setSpacing(2)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.fold)
        self.body.addWidget(inner)
        if state.spec.maximisation != Maximisation() or state.spec.nostderr:
            self.fold.setChecked(True)

    def _line(
        self, key: str, title: str, read: Callable[[str], float | str | None], placeholder: str, takes: str
    ) -> None:
        def show(value: float | str | None) -> str:
            return f"{value:g}" if isinstance(value, float) else str(value)

        field = Typed(
            f"maximisation_{key.rstrip('_')}", title, read, show=show, placeholder=placeholder, takes=takes,
            width=180 if key == "from_" else 140,
        )  # fmt: skip
        field.committed.connect(lambda v: self._set(key, v))
        self._fields[key] = field
        name = label(title)
        name.setBuddy(field)
        row = self._grid.rowCount()
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(field, row, 1)
        self._grid.addWidget(field.wrong, row + 1, 1)

    def _set(self, key: str, value: object) -> None:
        self.state.apply(edit.set_maximisation(self.spec, **{key: value}))

    def _from_last(self) -> None:
        self._set("from_", self.state.start_values)

    def show_spec(self) -> None:
        m = self.spec.maximisation
        for key, field in self._fields.items():
            field.set_value(getattr(m, key))
        for key, box in self._boxes.items():
            box.setChecked(getattr(m, key))
        self.nostderr.setChecked(self.spec.nostderr)
        for box, key in ((self.nostderr, "nostderr"), (self._boxes["emonly"], "emonly")):
            shut = closed(key, self.spec)
            box.setEnabled(not shut or box.isChecked())
            box.setToolTip(from_engine(shut["on"].reason) if shut else "")
        self.scale_of_parameters.set_value(m.metric)
        self.method.set_value(m.method)
        changed = [k for k in Maximisation.__dataclass_fields__ if getattr(m, k) != getattr(Maximisation(), k)]
        n = len(changed) + self.spec.nostderr
        self.fold.set_summary(self.tr("%1 changed").replace("%1", str(n)) if n else "")
        self.show_problems()

    def show_problems(self) -> None:
        found = self.state.problems("maximisation")
        self.notes.show_notes(problem_notes(found))
        if found:
            self.fold.setChecked(True)

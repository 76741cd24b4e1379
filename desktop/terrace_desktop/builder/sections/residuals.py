"""Residuals: structure with its order, time and group variable, and a small picture of the matrix."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from terrace.covariance.registry import RESIDUALS
from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.roles import Role
from terrace_desktop.builder.fields import Choice, FieldButton, Typed
from terrace_desktop.builder.matrix.cells import residual_matrix
from terrace_desktop.builder.matrix.picture import MatrixPicture
from terrace_desktop.builder.notes import closed_notes, problem_notes
from terrace_desktop.builder.parts import labelled
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.widgets import label, named
from terrace_desktop.ui.words import tr

SHOWN = 4  # times that the picture shows

TITLES = {key: cls.adjective for key, cls in RESIDUALS.items()}


def whole(text: str) -> int:
    """A whole number that is not negative; ValueError otherwise."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


class ResidualsSection(Section):
    """The structure of the residuals within the lowest groups."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, "residuals", tr("Residuals"))
        self.structure = Choice(
            "residuals_structure", self.tr("Residual structure"), list(TITLES.items()), alone=True
        )
        self.structure.chosen.connect(lambda v: state.apply(edit.set_residual_structure(self.spec, v)))
        self.order = Typed(
            "residuals_order", self.tr("Order"), whole, width=56, takes=self.tr("The order must be a whole number.")
        )
        self.order.committed.connect(self._set_order)
        self.by = FieldButton("residuals_by", self.tr("Separate parameters by"))
        self.by.clicked.connect(self._pick_by)
        self.time = FieldButton("residuals_time", self.tr("Time"))
        self.time.clicked.connect(self._pick_time)
        self._order = labelled(self.tr("order"), self.order)
        self._by = labelled(self.tr("by group"), self.by)
        self._time = labelled(self.tr("time"), self.time)
        row = QWidget()
        flow = Flow(row, across=10, down=4)
        for w in (self.structure, self._order, self._by, self._time):
            flow.addWidget(w)
        self.picture = MatrixPicture("residuals_picture", self.tr("Residual covariance matrix"))
        self.words = named(label("", "small", wrap=True), "residuals_words", self.tr("Residual structure"))
        self._picture = QWidget()
        beside = QHBoxLayout(self._picture)
        beside.setContentsMargins(0, 2, 0, 2)
        beside.setSpacing(10)
        beside.addWidget(self.picture)
        beside.addWidget(self.words, 1)
        self.body.addWidget(row)
        self.body.addWidget(self.order.wrong)
        self.body.addWidget(self._picture)
        self.body.addWidget(self.notes)

    def show_spec(self) -> None:
        r = self.spec.residuals
        structure = RESIDUALS[r.structure]
        shut = closed("residuals", self.spec)
        self.structure.set_options(list(TITLES.items()), {k: c.reason for k, c in shut.items()})
        self.structure.set_value(r.structure)
        self._order.setVisible(r.structure in edit.ORDERED)
        self.order.setPlaceholderText(self.tr("all") if structure.usual_order is None else str(structure.usual_order))
        self.order.set_value(r.order)
        self.by.show_value(r.by or self.tr("one set for all"), hole=not r.by)
        timed = r.structure in edit.TIMED
        self._time.setVisible(timed or r.time is not None)
        self.time.show_value(r.time or self.tr("Choose a variable"), hole=not r.time)
        self._picture.setVisible(not structure.independent)
        order = r.order if r.order is not None else structure.usual_order
        words = structure.sentence.format(order="the last" if order is None else order)
        if r.by:
            words += " " + self.tr("Separately for each %1.").replace("%1", r.by)
        times = len(self.state.levels_of(r.time)) if r.time else 0
        if times > SHOWN:
            more = self.tr("Only the first %1 of %2 times are shown.")
            words += " " + more.replace("%1", str(SHOWN)).replace("%2", f"{times:,}")
        self.words.setText(words)
        self.words.setAccessibleName(words)
        self.picture.show_matrix(residual_matrix(r, self._times()), words)
        self.show_problems()

    def show_problems(self) -> None:
        quiet = closed_notes(closed("residuals", self.spec)) if self.spec.random else []
        self.notes.show_notes([*problem_notes(self.state.problems("residuals")), *quiet])

    def _times(self) -> list[str]:
        """The first times of the data, or rows of a group where there is no time."""
        time = self.spec.residuals.time
        levels = self.state.levels_of(time) if time else ()
        names = [f"{v:g}" if isinstance(v, float) else str(v) for v in levels[:SHOWN]]
        return names if len(names) > 1 else [""] * SHOWN

    def _set_order(self, order: int | None) -> None:
        if order is None:
            order = RESIDUALS[self.spec.residuals.structure].usual_order
        self.state.apply(edit.set_residuals(self.spec, order=order))

    def _pick_by(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.set_residuals(self.spec, by=name or None))

        pick(
            self.by, self.tr("Separate residual parameters for each value of"),
            self.state.dataset.variables, self.state.refuse("by"), take, clear_text=self.tr("One set for all"),
        )  # fmt: skip

    def _pick_time(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.set_residuals(self.spec, time=name or None))

        role: Role = "time-integer" if RESIDUALS[self.spec.residuals.structure].integer_time else "time"
        pick(
            self.time, self.tr("Time within groups"), self.state.dataset.variables,
            self.state.refuse(role), take,
        )  # fmt: skip

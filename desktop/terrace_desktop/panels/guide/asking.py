"""The open step: what is to be chosen, what a test found of each candidate, and what the step would give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from terrace.spec import guide
from terrace.spec.edit import set_outcome
from terrace.spec.guide import Answers, StepKey
from terrace.spec.model import Factor, ModelSpec
from terrace.spec.roles import Role, refusal
from terrace_desktop.builder.fields import FieldButton
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.panels.guide.rows import CandidateRow, Numbers, SplitRow, StepRow, field_row, warning_row
from terrace_desktop.panels.guide.wording import question, step_title
from terrace_desktop.ui.late import LateStrip
from terrace_desktop.ui.widgets import button, clear_layout, label, named, tell

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace_desktop.panels.guide.previews import StepPreviewer

MOST, MOST_TRAITS = 9, 5  # candidates that are listed without being asked for


class OpenStep(StepRow):
    """Emits `answered` with other answers; `show_answers` and `show_preview` show what has come of it."""

    answered = Signal(object)  # Answers
    update_asked = Signal()
    cancel_asked = Signal()

    def __init__(
        self, number: int, step: StepKey, answers: Answers, dataset: Dataset, *, last: bool,
        fresh: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        super().__init__(number, step_title(step, answers), "open", last=last)
        self.step, self.answers, self.dataset = step, answers, dataset
        self.say(question(step, answers))
        self.fields = QVBoxLayout()
        self.fields.setSpacing(4)
        self.fields.setContentsMargins(0, 6, 0, 0)
        self.column.addLayout(self.fields)
        self.strip = LateStrip("guide_preview", self.tr("This step"))
        self.strip.update_asked.connect(self.update_asked)
        self.strip.cancel_asked.connect(self.cancel_asked)
        self.column.addWidget(self.strip)
        self.found = named(label("", "", wrap=True, selectable=True), "guide_answer", "")
        self.found.setContentsMargins(0, 8, 0, 0)
        self.column.addWidget(self.found)
        self.numbers = Numbers()
        self.column.addWidget(self.numbers)
        self.advice = QVBoxLayout()
        self.advice.setSpacing(0)
        self.column.addLayout(self.advice)
        self._rows: dict[str, CandidateRow] = {}
        self._more: set[str] = set()  # candidates that were taken from the list of all
        self._fresh = fresh
        self._shape: object = None
        self.show_answers(answers, dataset, fresh)

    def begin(self) -> None:
        """The focus on the first thing to choose."""
        for widget in self.findChildren(QWidget):
            if isinstance(widget, FieldButton | QCheckBox) and widget.isEnabled():
                widget.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- what is chosen -----------------------------------------------------------------------------
    def show_answers(self, answers: Answers, dataset: Dataset, fresh: frozenset[str]) -> None:
        """Show what is chosen; the rows stay where only a tick changes. ``fresh`` are variables that the user made."""
        self.answers, self.dataset, self._fresh = answers, dataset, fresh
        self.title.setText(step_title(self.step, answers))
        predictors = answers.predictors if self.step == "predictors" else ()
        shape = (
            self._candidates(), fresh, answers.outcome, answers.groups, answers.time, answers.split, predictors,
        )  # fmt: skip
        if shape == self._shape:
            self._tick()
            return
        focus = self.focusWidget()
        name = focus.objectName() if focus is not None and focus.hasFocus() else ""
        self._shape = shape
        self._rows = {}
        clear_layout(self.fields)
        self._make_fields()
        if name:
            for widget in self.findChildren(QWidget, name):
                if widget is not focus:
                    widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_fields(self) -> None:
        if self.step == "null":
            self._field("outcome", self.tr("Outcome"), self.answers.outcome)
            titles = [self.tr("Groups")]
            if self.answers.path == "crossed":
                titles = [self.tr("First grouping"), self.tr("Second grouping")]
            elif self.answers.path == "repeated":
                titles = [self.tr("Person")]
            for k, title in enumerate(titles):
                self._field(f"group{k}", title, self.answers.groups[k] if k < len(self.answers.groups) else "")
        elif self.step == "growth":
            self._field("time", self.tr("Time"), self.answers.time)
            if self.answers.time:
                self._add_row(self.answers.time, self.tr("The slope differs between persons"))
        elif self.step == "curve":
            self._add_row(self.answers.time, f"{self.answers.time}²")
        elif self.step == "cross":
            for slope in self._slopes():
                inside = self.answers.within.get(slope, slope)
                self.fields.addWidget(label(self.tr("The slope of {0} may depend on").format(inside), "heading"))
                self._add_rows([f"{slope} {t}" for t in self._listed(slope)], slope)
            if not self._slopes():
                self.fields.addWidget(
                    label(self.tr("No slope differs, so there is nothing to explain here."), "muted", wrap=True)
                )
        elif self.step in ("predictors", "slopes"):
            self._add_rows(self._listed(""), "")
            if self.step == "slopes" and not self._candidates():
                self.fields.addWidget(label(self.tr("No predictor varies within the groups."), "muted", wrap=True))

    def _slopes(self) -> tuple[str, ...]:
        if self.answers.path == "repeated":
            return (self.answers.time,) if self.answers.time else ()
        return self.answers.slopes

    def _candidates(self) -> tuple[str, ...]:
        return guide.candidates(self.answers, self.step, self.dataset)

    def _chosen(self, slope: str) -> set[str]:
        if self.step == "predictors":
            return set(self.answers.predictors)
        if self.step == "cross":
            return {t for s, t in self.answers.traits if s == slope}
        return set(self.answers.slopes)

    def _listed(self, slope: str) -> list[str]:
        """The candidates to show: those chosen, asked for or made by the user, and the first of the others."""
        all_ = self._candidates()
        kept = self._chosen(slope) | self._more | self._fresh
        most = MOST_TRAITS if self.step == "cross" else MOST
        return [n for k, n in enumerate(all_) if n in kept or k < most]

    def _add_rows(self, keys: list[str], slope: str) -> None:
        for key in keys:
            name = key.partition(" ")[2] or key
            self._add_row(key, name)
            if self.step == "predictors" and name in self._chosen(""):
                self._add_split(name)
        left = [n for n in self._candidates() if n not in self._listed(slope)]
        if left:
            more = button(self.tr("More variables"), f"guide_more_{slope}" if slope else "guide_more", variant="link")
            more.clicked.connect(lambda _c=False: self._pick_more(more, left, slope))
            self.fields.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_row(self, key: str, text: str) -> None:
        name = key.partition(" ")[2] or key
        tip = self.dataset.variable(name).label if name in self.dataset else ""
        row = CandidateRow(key.replace(" ", "_"), text, self._is_on(key), "", tip)
        row.toggled.connect(lambda on, key=key: self._take(key, on))
        self._rows[key] = row
        self.fields.addWidget(row)

    def _add_split(self, name: str) -> None:
        if guide.splittable(name, self.answers, self.dataset):
            row = SplitRow(name, self.answers.group, name in self.answers.split)
            row.toggled.connect(
                lambda on, n=name: self.answered.emit(guide.with_split(self.answers, n, on, self.dataset))
            )
            self.fields.addWidget(row)

    def _is_on(self, key: str) -> bool:
        a = self.answers
        if self.step == "curve":
            return a.curved
        if self.step == "predictors":
            return key in a.predictors
        if self.step == "cross":
            slope, _, trait = key.partition(" ")
            return (slope, trait) in a.traits
        return key in a.slopes

    def _tick(self) -> None:
        for key, row in self._rows.items():
            blocked = row.box.blockSignals(True)
            row.box.setChecked(self._is_on(key))
            row.box.blockSignals(blocked)

    def _take(self, key: str, on: bool) -> None:
        a = self.answers
        if self.step == "curve":
            a = replace(a, curved=on)
        elif self.step == "predictors":
            a = replace(a, predictors=_with(a.predictors, key, on))
        elif self.step == "cross":
            slope, _, trait = key.partition(" ")
            pairs = tuple(p for p in a.traits if p != (slope, trait))
            a = replace(a, traits=(*pairs, (slope, trait)) if on else pairs)
        else:
            a = replace(a, slopes=_with(a.slopes, key, on))
        self.answered.emit(a)

    # --- variables to pick --------------------------------------------------------------------------
    def _field(self, key: str, title: str, name: str) -> None:
        field = FieldButton(f"guide_{key}", title, widest=300)
        field.show_value(name or self.tr("Choose a variable"), hole=not name)
        field.clicked.connect(lambda _c=False: self._pick(field, key, title))
        field_row(title, field, self.fields)

    def _pick(self, field: FieldButton, key: str, title: str) -> None:
        role: Role = "outcome" if key == "outcome" else "slope" if key == "time" else "level"
        spec = set_outcome(ModelSpec(Factor("")), "" if key == "outcome" else self.answers.outcome)

        def refuse(name: str) -> str:
            if name == self.answers.outcome and key != "outcome":
                return self.tr("is the outcome")
            if key.startswith("group") and name in self.answers.groups and len(self.answers.groups) > 1:
                return self.tr("is already a grouping")
            if key == "time" and self.dataset.is_text(name):
                return self.tr("is text")
            return "" if role == "slope" else refusal(role, name, spec, self.dataset, quick=True)

        pick(field, title, self.dataset.variables, refuse, lambda name: self._picked(key, name))

    def _picked(self, key: str, name: str) -> None:
        a = self.answers
        if key == "outcome":
            kept = tuple(n for n in a.predictors if n != name)
            groups = tuple(g for g in a.groups if g != name)
            a = replace(guide.regrouped(a, groups), outcome=name, predictors=kept)
        elif key == "time":
            a = replace(a, time=name, slopes=(name,), traits=())
        else:
            at = int(key.removeprefix("group"))
            groups = (*a.groups[:at], name, *a.groups[at + 1 :])
            a = guide.regrouped(a, groups)
            a = replace(a, predictors=tuple(n for n in a.predictors if n != name))
        self.answered.emit(a)

    def _pick_more(self, anchor: QWidget, left: list[str], slope: str) -> None:
        def take(name: str) -> None:
            self._more.add(name)
            self._shape = None
            self._take(f"{slope} {name}" if slope else name, True)

        known = [self.dataset.variable(n) for n in left if n in self.dataset]
        pick(anchor, self.tr("More variables"), known, lambda _name: "", take)

    # --- what comes of it ---------------------------------------------------------------------------
    def show_preview(self, previews: StepPreviewer) -> None:
        """Show what the step would give: answer, tests, numbers, advice."""
        found = previews.found
        if previews.state == "late":
            self.strip.show_late()
        elif previews.state == "running":
            self.strip.show_progress(*previews.progress)
        elif found is not None and not found.complete:
            self.strip.show_late()
        else:
            self.strip.clear()
        good = found is not None and not found.error
        tell(self.found, found.answer if found is not None and good else "")
        self.numbers.show_numbers(found.numbers if found is not None and good else ())
        clear_layout(self.advice)
        for k, line in enumerate(found.advice if found is not None and good else ()):
            self.advice.addWidget(warning_row(line, k))
        for key, row in self._rows.items():
            row.tell(self._told(key, previews))

    def _told(self, key: str, previews: StepPreviewer) -> str:
        found = previews.found
        if found is not None and key in found.tested:
            return found.tested[key].text
        if previews.current or previews.state == "late" or (self.step == "predictors" and not self._is_on(key)):
            return "" if self.step == "predictors" else self.tr("not tried")
        return "…"


def _with(names: tuple[str, ...], name: str, on: bool) -> tuple[str, ...]:
    rest = tuple(n for n in names if n != name)
    return (*rest, name) if on else rest

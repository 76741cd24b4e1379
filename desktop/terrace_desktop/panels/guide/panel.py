"""The guide as contents of the work panel: a path to choose, then its steps, of which one is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from terrace.spec import guide
from terrace.spec.conventions import Convention
from terrace.spec.guide import PATHS, Answers
from terrace_desktop.panels.guide.asking import OpenStep
from terrace_desktop.panels.guide.climb import Climb
from terrace_desktop.panels.guide.rows import StepRow
from terrace_desktop.panels.guide.wording import path_words, short_title, step_title
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.undo import Steps
from terrace_desktop.ui.widgets import ClickFrame, button, clear_layout, hairline, label, named, tell
from terrace_desktop.ui.work_panel import FormContent, Head, Keys, done_keys

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace_desktop.panels.guide.previews import StepPreviewer

WIDE = 448  # px


class GuidePanel(FormContent):
    """Asks one thing after the other. `keep_asked` tells that the open step is to be kept; others run its commands
    and call `show_climb` with where that leads. The state, with its own undo, is `climb`; None chooses a path first.
    """

    keep_asked = Signal()
    close_asked = Signal()
    edit_asked = Signal()  # the last model in the builder
    changed = Signal()  # the answers are others, or another step is open
    undoes = True
    folds_data = True
    wide = WIDE

    def __init__(self, dataset: Dataset, habits: Convention, previews: StepPreviewer) -> None:
        super().__init__()
        named(self, "guide_panel", self.tr("Step up"))
        self.dataset, self.habits, self.previews = dataset, habits, previews
        self.climb: Climb | None = None
        self.fresh: frozenset[str] = frozenset()  # variables that the user has made
        self.next_model = 1
        self._steps = Steps[Climb | None]()
        self._running = False
        self._problem = ""
        self.open_step: OpenStep | None = None
        self._column = QVBoxLayout()
        self._make()
        previews.changed.connect(self._show_preview)
        self._rebuild()

    # --- building -----------------------------------------------------------------------------------
    def _make(self) -> None:
        inner = QWidget()
        inner.setProperty("surface", "work")
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._column.setContentsMargins(0, 16, 0, 8)
        self._column.setSpacing(0)
        inner.setLayout(self._column)
        self.scroller = named(QScrollArea(), "guide_scroll", self.tr("Steps"))
        self.scroller.setWidget(inner)
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.scroller, 1)
        self._foot = [hairline(), self._footer()]
        for w in self._foot:
            layout.addWidget(w)

    def _footer(self) -> QWidget:
        self.problem = named(label("", "warning", wrap=True), "guide_problem", "")
        self.back = button(self.tr("Other data"), "guide_back", self.go_back, variant="plain")
        set_icon(self.back, "back")
        self.keys_label = label(self.tr("Ctrl+Enter"), "muted")
        self.keep = button(self.tr("Keep"), "guide_keep", self.ask_keep, variant="primary")
        set_icon(self.keep, "check", "on_accent")
        out = QFrame()
        out.setProperty("surface", "form")
        column = QVBoxLayout(out)
        column.setContentsMargins(12, 8, 16, 12)
        column.setSpacing(6)
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.keys_label)
        row.addWidget(self.keep)
        column.addLayout(row)
        return out

    # --- as contents of the work panel --------------------------------------------------------------
    def head(self) -> Head:
        about = "" if self.climb is None else path_words(guide.path_of(self.climb.answers.path))[0]
        return Head("model", self.tr("Step up"), about)

    def tool(self) -> str:
        return "new_model"

    def keys(self) -> Keys:
        return {**super().keys(), **done_keys(self.ask_keep)}

    def begin(self) -> None:
        for row in self.findChildren(QWidget):
            if self.climb is None and row.objectName() == f"guide_path_{PATHS[0].key}":
                row.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        if self.open_step is not None:
            self.open_step.begin()
        else:
            self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def can_undo(self) -> bool:
        return bool(self._steps.back)

    @property
    def can_redo(self) -> bool:
        return bool(self._steps.forward)

    def undo(self) -> None:
        if self.can_undo and not self._running:
            self._set(self._steps.undo(self.climb))

    def redo(self) -> None:
        if self.can_redo and not self._running:
            self._set(self._steps.redo(self.climb))

    # --- going about --------------------------------------------------------------------------------
    def begin_path(self, key: str) -> None:
        """Begin a path, with the groups and the time that the data let expect."""
        outcome = "" if self.climb is None else self.climb.answers.outcome
        self._apply(Climb(guide.begun(key, self.dataset, outcome)))
        self.begin()

    def answer(self, answers: Answers) -> None:
        """Take other answers for the open step."""
        if self.climb is not None and not self._running:
            self._apply(replace(self.climb, answers=guide.settled(answers)))

    def go_to(self, at: int) -> None:
        """Open a step again, or go back to one."""
        if self.climb is not None and not self._running:
            self._apply(replace(self.climb, at=at))
            self.begin()

    def go_back(self) -> None:
        """To the step before, and from the first to the choice of a path."""
        if self.climb is None or self._running:
            return
        if self.climb.at:
            self.go_to(self.climb.at - 1)
        else:
            self._apply(None)
            self.begin()

    def ask_keep(self) -> None:
        """Ask for the open step to be kept; where all is done, for the panel to close."""
        if self.climb is None or self._running:
            return
        if self.climb.step is None:
            self.close_asked.emit()
        elif self.keep.isEnabled():
            self.keep_asked.emit()

    def show_climb(self, climb: Climb | None) -> None:
        """Where the user stands by now, told by those who ran the commands; there is nothing to undo before it."""
        self._steps.clear()
        self._set(climb)

    def show_data(
        self, dataset: Dataset, items: set[int], next_model: int, fresh: frozenset[str] = frozenset()
    ) -> None:
        """The data and the results are others: a step whose item is gone is open again."""
        self.dataset, self.next_model, self.fresh = dataset, next_model, fresh
        if self._running:
            return
        if self.climb is not None and (left := self.climb.without(items)) != self.climb:
            self.show_climb(left)
        elif self.climb is not None:
            if self.open_step is not None:
                self.open_step.show_answers(self.climb.answers, dataset, fresh)
            self._ask()
            self._show_footer()

    def show_running(self, running: bool, problem: str = "") -> None:
        """Commands of a step run, or have ended; `problem` says why they could not."""
        self._running, self._problem = running, problem
        if self.open_step is not None:
            self.open_step.setEnabled(not running)
        self._show_footer()

    def _apply(self, climb: Climb | None) -> None:
        if climb == self.climb:
            return
        self._steps.add(self.climb)
        self._set(climb)

    def _set(self, climb: Climb | None) -> None:
        same = climb is not None and self.climb is not None and climb.at == self.climb.at
        same = same and climb is not None and self.climb is not None and climb.kept == self.climb.kept
        self.climb, self._problem = climb, ""
        if same and self.open_step is not None and climb is not None:
            self.open_step.show_answers(climb.answers, self.dataset, self.fresh)
            self._ask()
            self._show_footer()
        else:
            self._rebuild()
        self.head_changed.emit()
        self.changed.emit()

    # --- showing ------------------------------------------------------------------------------------
    def _rebuild(self) -> None:
        clear_layout(self._column)
        self.open_step = None
        if self.climb is None:
            self._show_paths()
        else:
            self._show_steps(self.climb)
        self._column.addStretch(1)
        self._ask()
        self._show_footer()
        soon(self, self._show_open_step)  # once it is laid out

    def _show_open_step(self) -> None:
        """Scroll to the open step where it does not fit in below those that are done."""
        step, bar = self.open_step, self.scroller.verticalScrollBar()
        if step is None:
            bar.setValue(0)
        elif step.y() + step.sizeHint().height() > self.scroller.viewport().height():
            bar.setValue(step.y() - 12)

    def _show_paths(self) -> None:
        self._column.addWidget(self._padded(label(self.tr("What do your data look like?"), "title", wrap=True)))
        told = self.tr("The guide builds a model step by step, asks one thing at a time and compares each step.")
        self._column.addWidget(self._padded(label(told, "muted", wrap=True)))
        for path in PATHS:
            title, purpose = path_words(path)
            row = ClickFrame(f"guide_path_{path.key}", f"{title}. {purpose}", surface="item")
            box = QVBoxLayout(row)
            box.setContentsMargins(12, 8, 12, 8)
            box.setSpacing(2)
            box.addWidget(label(title, "heading", wrap=True))
            box.addWidget(label(purpose, "muted", wrap=True))
            row.clicked.connect(lambda _checked=False, key=path.key: self.begin_path(key))
            self._column.addWidget(self._padded(row))

    def _padded(self, widget: QWidget) -> QWidget:
        out = QWidget()
        box = QVBoxLayout(out)
        box.setContentsMargins(16, 4, 16, 4)
        box.addWidget(widget)
        return out

    def _show_steps(self, climb: Climb) -> None:
        for k, step in enumerate(climb.steps):
            title, last = step_title(step, climb.answers), k == len(climb.steps) - 1
            if k == climb.at:
                self.open_step = OpenStep(
                    k + 1, step, climb.answers, self.dataset, last=last, fresh=self.fresh
                )
                self.open_step.answered.connect(self.answer)
                self.open_step.update_asked.connect(self.previews.update)
                self.open_step.cancel_asked.connect(self.previews.cancel)
                self._column.addWidget(self.open_step)
            elif k < len(climb.kept):
                row = StepRow(k + 1, title, "done", last=last)
                row.say(climb.kept[k].answer)
                row.change_asked.connect(lambda at=k: self.go_to(at))
                self._column.addWidget(row)
            else:
                self._column.addWidget(StepRow(k + 1, title, "ahead", last=last))
        if climb.step is None:
            self._column.addWidget(self._padded(self._done(climb)))

    def _done(self, climb: Climb) -> QWidget:
        out = named(QFrame(), "guide_done", self.tr("Done"))
        column = QVBoxLayout(out)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(self.tr("Done"), "title"))
        n = len(climb.models())
        told = self.tr("{0} model(s) in the results, with one table that compares them.", "", n).format(n)
        column.addWidget(label(told, "muted", wrap=True))
        row = QHBoxLayout()
        row.addWidget(button(self.tr("Edit the last model"), "guide_edit", self.edit_asked.emit, variant="link"))
        row.addWidget(button(self.tr("Start over"), "guide_again", lambda: self._apply(None), variant="link"))
        row.addStretch(1)
        column.addLayout(row)
        return out

    def _show_footer(self) -> None:
        climb, found = self.climb, self.previews.found
        for w in self._foot:
            w.setVisible(climb is not None)
        if climb is None:
            tell(self.problem, "")
            return
        self.back.setText(self.tr("Step {0}").format(climb.at) if climb.at else self.tr("Other data"))
        self.back.setAccessibleName(self.tr("Back to step {0}").format(climb.at) if climb.at else self.back.text())
        self.keep.setText(self._keep_words(climb))
        self.keep.setAccessibleName(self.keep.text())
        lacking = "" if climb.step is None else guide.missing(climb.answers, climb.step)
        wrong = "" if found is None or climb.step is None else found.error
        able = climb.step is None or (not lacking and not wrong)
        self.keep.setEnabled(able and not self._running)
        tell(self.problem, self.tr("Fitting …") if self._running else self._problem or wrong or lacking)

    def _keep_words(self, climb: Climb) -> str:
        if climb.step is None:
            return self.tr("Close the guide")
        if climb.step == "icc":
            return self.tr("Add the ICC to the results")
        if not guide.adds(climb.answers, climb.step):
            return self.tr("Continue without")
        if climb.at < len(climb.kept):
            return self.tr("Keep this change")
        return self.tr("Keep Model {0}").format(self.next_model)

    def draft_words(self) -> str:
        """What the outline calls the model that is not kept yet; empty where there is none."""
        climb = self.climb
        if climb is None or climb.step in (None, "icc") or climb.at < len(climb.kept):
            return ""
        assert climb.step is not None
        if guide.missing(climb.answers, climb.step) or not guide.adds(climb.answers, climb.step):
            return ""
        return self.tr("Model {0}: {1}").format(self.next_model, short_title(climb.step, climb.answers))

    # --- previews -----------------------------------------------------------------------------------
    def _ask(self) -> None:
        climb = self.climb
        if climb is None or climb.step is None or guide.missing(climb.answers, climb.step):
            self.previews.drop()
        else:
            self.previews.ask(climb, self.habits)
        self._show_preview()

    def _show_preview(self) -> None:
        if self.open_step is not None:
            self.open_step.show_preview(self.previews)
        self._show_footer()

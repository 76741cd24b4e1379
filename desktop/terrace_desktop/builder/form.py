"""The builder as contents of the work panel: the form, under it the model as it lives, at the foot what keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from terrace.code.read.pasted import is_foreign
from terrace.data.dataset import Dataset
from terrace.data.resources import resource_path
from terrace.spec import edit
from terrace.spec.conventions import Convention
from terrace.spec.model import ModelSpec
from terrace.spec.templates import TEMPLATES
from terrace_desktop.builder.checking import DIRECT_ROWS
from terrace_desktop.builder.explaining import DF, Explained, df_sentence
from terrace_desktop.builder.foot import BuilderFoot
from terrace_desktop.builder.further import Further
from terrace_desktop.builder.live import LivePanel, command_of
from terrace_desktop.builder.pasting import read_paste
from terrace_desktop.builder.scroll import FormScroll
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.estimation import EstimationSection, summary
from terrace_desktop.builder.sections.fixed import FixedSection, OutcomeSection
from terrace_desktop.builder.sections.levels import LevelsSection
from terrace_desktop.builder.sections.maximisation import MaximisationSection
from terrace_desktop.builder.sections.more import MoreSection
from terrace_desktop.builder.sections.reporting import ReportingSection
from terrace_desktop.builder.sections.residuals import ResidualsSection
from terrace_desktop.builder.start_menu import StartMenu
from terrace_desktop.builder.state import BuilderState, RunCommands
from terrace_desktop.builder.terms.chips import RoleBox
from terrace_desktop.builder.terms.variable_menu import fill_variable_menu
from terrace_desktop.builder.uses import uses
from terrace_desktop.builder.variables import VariablePane
from terrace_desktop.ui.dialogs import PageDialog
from terrace_desktop.ui.tab_order import order_tabs
from terrace_desktop.ui.widgets import ElidedLabel, button, hairline, label, named, tell
from terrace_desktop.ui.work_panel import FormContent, Head, Keys, done_keys
from terrace_desktop.work.worker import Worker

LEAST_LIVE = 150  # px of the live panel that stay, however long the form is


class BuilderForm(FormContent):
    """Builds a model of `dataset`, starting from `spec`. Its variables come from the list `variables`.

    ``fit_requested`` carries the command of a model that is to be kept; ``spec_changed`` every new model; ``cancelled``
    that the user wants none. The frozen model is `spec`. With the panel as `parent` from the first it opens a quarter
    faster: a widget that gets another parent has the style of all that is in it worked out again.
    """

    fit_requested = Signal(str)
    cancelled = Signal()
    spec_changed = Signal(object)
    undoes = True

    def __init__(
        self,
        dataset: Dataset,
        spec: ModelSpec | None = None,
        *,
        title: str = "",
        subtitle: str = "",
        variables: VariablePane | None = None,
        direct_rows: int = DIRECT_ROWS,
        constraints: Mapping[int, str] | None = None,
        run_commands: RunCommands | None = None,
        start_values: str = "",
        worker: Worker | None = None,
        habits: Convention | None = None,
        declined: set[str] | None = None,
        used: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, "builder_form", self.tr("Model builder"))
        self.state = BuilderState(
            dataset, spec, direct_rows=direct_rows, constraints=constraints, run_commands=run_commands,
            start_values=start_values, worker=worker, habits=habits, declined=declined, used=used,
        )  # fmt: skip
        self.title = title or (self.tr("Edit model") if spec else self.tr("New model"))
        self.subtitle = subtitle
        self._active: RoleBox | None = None
        self._asked = False
        self.variables = VariablePane() if variables is None else variables
        self.live = LivePanel(self.state, self)
        self.outcome = OutcomeSection(self.state)
        self.fixed = FixedSection(self.state)
        self.levels = LevelsSection(self.state)
        self.foot = BuilderFoot(self.state, self.go_to_problem, self.discard, self.request_fit)
        self.status, self.status_more = self.foot.status, self.foot.status_more
        self.cancel, self.fit = self.foot.cancel, self.foot.fit
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._form())
        layout.addWidget(hairline())
        self.live.setMinimumHeight(LEAST_LIVE)
        layout.addWidget(self.live, 1)
        layout.addWidget(hairline())
        layout.addWidget(self.foot)
        self.variables.taken.connect(self.add_variable)
        self.variables.typed.connect(self.add_typed)
        self.variables.menu_wanted.connect(self._variable_menu)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        self.state.changed.connect(self._changed)
        self.state.checked.connect(self._checked)
        self.state.failed.connect(self._tell_failure)
        self.destroyed.connect(self.state.close)
        if variables is None:
            self.variables.show_variables(dataset.variables)
        self.state.refresh()

    # --- building ----------------------------------------------------------------------------------------
    def sections(self) -> tuple[Section, ...]:
        """The parts of the form in the order of thought."""
        return (self.outcome, self.fixed, self.levels, *self.further.sections())

    @property
    def estimation(self) -> EstimationSection:
        """How the model is estimated."""
        return self.further.get(EstimationSection)

    @property
    def residuals(self) -> ResidualsSection:
        """The structure of the residuals."""
        return self.further.get(ResidualsSection)

    @property
    def more(self) -> MoreSection:
        """Weights, rows and constraints."""
        return self.further.get(MoreSection)

    @property
    def maximisation(self) -> MaximisationSection:
        """How the maximum is searched for."""
        return self.further.get(MaximisationSection)

    @property
    def reporting(self) -> ReportingSection:
        """What the output says."""
        return self.further.get(ReportingSection)

    def _form(self) -> QWidget:
        column = QWidget()
        self.scroller = named(FormScroll(column, self), "builder_scroll", self.tr("Model"))
        column.setObjectName("builder_column")
        column.setProperty("surface", "work")
        column.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hint = named(label("", "small", wrap=True), "builder_hint", self.tr("What to choose next"))
        lines = QVBoxLayout(column)
        lines.setContentsMargins(16, 12, 16, 12)
        lines.setSpacing(14)
        lines.addWidget(self.hint)
        self.start = button(self.tr("Start from"), "builder_start", variant="link")
        self.start.setToolTip(self.tr("Start from a common model, or paste or copy a command"))
        menu = StartMenu(
            self.start, self.state, self.paste_command, self.copy_command, self.show_help, self.live.begin_foreign
        )  # fmt: skip
        self.start_menu, self.reset = menu, menu.reset
        self.start.setMenu(menu)
        self.outcome.add_link(self.start)
        for section in (self.outcome, self.fixed, self.levels):
            lines.addWidget(section)
        self.summary = named(ElidedLabel("", "muted"), "builder_summary", "")
        self.summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.change = button(self.tr("Change"), "builder_change", variant="link")
        self.change.setCheckable(True)
        self.change.setToolTip(self.tr("Estimation, residuals, weights, constraints and output"))
        self.change.toggled.connect(self._unfold)
        self.levels.last.addWidget(self.summary, 1)
        self.levels.last.addWidget(self.change)
        self.explained = Explained("summary", "", self.tr("Which degrees of freedom?"), DF)
        lines.addWidget(self.explained)
        self.further = Further(self.state)
        lines.addWidget(self.further)
        self.further.hide()
        lines.addStretch(1)
        return self.scroller

    def keys(self) -> Keys:
        return {
            **super().keys(), **done_keys(self.request_fit),
            "Ctrl+F": self.variables.begin, "Ctrl+Shift+V": self.paste_command, "F1": self.show_help,
        }  # fmt: skip

    # --- as contents of the work panel -------------------------------------------------------------------
    def head(self) -> Head:
        return Head("model", self.title, self.subtitle)

    def tool(self) -> str:
        return "new_model"

    def begin(self) -> None:
        target = self.fixed.add if self.spec.outcome.name else self.outcome.add
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def can_undo(self) -> bool:
        return self.state.can_undo

    @property
    def can_redo(self) -> bool:
        return self.state.can_redo

    def undo(self) -> None:
        self.state.undo()

    def redo(self) -> None:
        self.state.redo()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.variables.lend(self.keys)
        self.variables.model.set_uses(uses(self.spec))
        self.further.make_soon()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.variables.lend(None)
        self.variables.model.set_uses({})

    def is_draft(self) -> bool:
        """True where something was built that would be lost."""
        return self.spec != self.state.first

    def discard(self) -> None:
        """Give the draft up; where there is something to lose, it takes two."""
        if self.is_draft() and not self._asked:
            self._asked = True
            self.status_more.set_text(self.tr("Press Discard again to delete this draft"))
            return
        self.cancelled.emit()

    def draft(self) -> str:
        """The draft as a JSON text: the command, the definitions that it needs, and what it is called."""
        return json.dumps(
            {"command": self.command, "definitions": list(self.definitions()), "title": self.title,
             "subtitle": self.subtitle}
        )  # fmt: skip

    def show_help(self) -> None:
        """The page that explains the form."""
        text = resource_path("help", "model-builder.md").read_text(encoding="utf-8")
        PageDialog(self, "help_model_builder", self.tr("The model builder"), text).show()

    def _unfold(self, on: bool) -> None:
        if on:
            self.further.make()
        self.further.setVisible(on)
        self.explained.setVisible(not on)  # the choice itself says it then
        for card in self.levels.cards:
            card.show_details(on)
        self.levels.details = on
        self.fixed.show_details(on)
        self.change.setText(self.tr("Close") if on else self.tr("Change"))
        self.change.setAccessibleDescription(self.tr("open") if on else self.tr("closed"))
        order_tabs(self)

    # --- the model ---------------------------------------------------------------------------------------
    @property
    def spec(self) -> ModelSpec:
        """The model as it stands."""
        return self.state.spec

    @property
    def command(self) -> str:
        """The model as a command."""
        return command_of(self.state.spec)

    def set_spec(self, spec: ModelSpec) -> None:
        """Show another model; it can be undone."""
        self.state.apply(spec, as_given=True)

    def set_dataset(self, dataset: Dataset) -> None:
        """The data are others."""
        self.variables.show_variables(dataset.variables)
        self.state.set_dataset(dataset)

    def set_filter(self, used: str) -> None:
        """Analyses use the rows of another filter, or all."""
        self.state.set_filter(used)

    def request_fit(self) -> None:
        """Ask for the fit, if the model is ready; otherwise go to what is wrong."""
        if self.state.ready:
            self.fit_requested.emit(self.command)
        elif self.state.is_current:
            self.go_to_problem()

    def paste_command(self) -> None:
        """Make the command on the clipboard the model, or show it with what is wrong with it."""
        if self.use_text(QGuiApplication.clipboard().text()):
            self.status_more.set_text(self.tr("Command pasted"))

    def use_text(self, text: str) -> bool:
        """Make a command the model, if it is one; lines that define its constraints may stand before it."""
        defined, command = read_paste(text)
        if is_foreign(text):
            command = text.strip()
        if not command:
            self.status_more.set_text(self.tr("The clipboard has no model command"))
            return False
        self.live.command.setPlainText(command)
        if not self.live.use_command():
            self.live.show_page("command")
            return False
        self.state.know(defined)
        return True

    def definitions(self) -> tuple[str, ...]:
        """The commands to run before the model's own: constraints that were made here."""
        return self.state.definitions()

    def copy_command(self) -> None:
        """The command on the clipboard, with what it needs before it."""
        QGuiApplication.clipboard().setText("\n".join((*self.definitions(), self.command)))
        self.status_more.set_text(self.tr("Command copied"))

    def close_down(self) -> None:
        """The form goes away for good: the list of variables and the checking are free of it."""
        self.variables.lend(None)
        self.variables.taken.disconnect(self.add_variable)
        self.variables.typed.disconnect(self.add_typed)
        self.variables.menu_wanted.disconnect(self._variable_menu)
        self.live.close_down()
        self.state.close()

    # --- adding variables --------------------------------------------------------------------------------
    def boxes(self) -> list[RoleBox]:
        """Every box that takes variables."""
        return [b for s in self.sections() for b in s.boxes()]

    def add_variable(self, name: str) -> None:
        """Add a variable to the active box, or to where a variable of its kind goes."""
        if not self.isVisible():  # the list of variables serves others too
            return
        box = self.active_box(name)
        box.offer(name)
        if box is self.outcome.box and self.spec.outcome.name == name:
            self._set_active(None)  # there is one outcome: the next variable goes where its kind goes
        self.scroller.ensureWidgetVisible(box)

    def add_typed(self, text: str) -> None:
        """Add terms as they are typed to the active box, or to the fixed effects; an outcome comes first."""
        if not self.isVisible():
            return
        box = self.active_box()
        if box.take_text is None:
            box = self.fixed.box
        why = box.offer_text(text)
        self.variables.say(why)
        if not why:
            self.variables.search.clear()
            self.scroller.ensureWidgetVisible(box)

    def active_box(self, name: str = "") -> RoleBox:
        """The box that a variable is added to."""
        if self._active is not None and self._active in self.boxes():
            return self._active
        if not self.spec.outcome.name:
            return self.outcome.box
        holes = any(not edit.group_name(e) for e in self.spec.random)
        if name and self.state.measure(name) == "identifier" and (holes or not self.spec.random):
            return self.levels.box
        return self.fixed.box

    def _set_active(self, box: RoleBox | None) -> None:
        self._active = box
        for b in self.boxes():
            b.set_active(b is box)

    def _focus_moved(self, old: QWidget | None, new: QWidget | None) -> None:
        if new is None or not self.isAncestorOf(new):
            return
        box: QWidget | None = new
        while box is not None and not isinstance(box, RoleBox):
            box = box.parentWidget()
        if isinstance(box, RoleBox):
            self._set_active(box)
        if self.scroller.isAncestorOf(new):
            self.scroller.ensureWidgetVisible(new, 20, 40)

    def _variable_menu(self, name: str, where: QPoint) -> None:
        if not self.isVisible():
            return
        menu = QMenu(self)
        menu.setObjectName("builder_variable_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_variable_menu(menu, name, self.state)
        menu.popup(where)

    # --- following the model -----------------------------------------------------------------------------
    def _changed(self) -> None:
        for section in self.sections():
            section.show_spec()
        self._asked = False
        template = next((t.title for t in TEMPLATES if t.key == self.state.template), "")
        self.start.setText(self.tr("From: %1").replace("%1", template) if template else self.tr("Start from"))
        self.reset.setEnabled(self.is_draft())
        self.head_changed.emit()
        hints = " · ".join(self.state.hints)
        tell(self.hint, hints)
        if self._active is not None and self._active not in self.boxes():
            self._set_active(None)
        self.live.show_spec()
        if self.isVisible():
            self.variables.model.set_uses(uses(self.spec))
        self.summary.set_text(summary(self.spec))
        self.explained.say(df_sentence(self.spec.df_method))
        self.explained.setVisible(bool(self.spec.random))  # a linear model leaves no choice
        self._show_status()
        order_tabs(self)
        self.spec_changed.emit(self.spec)

    def _checked(self) -> None:
        for section in self.sections():
            section.show_problems()
        self.live.show_all()
        order_tabs(self)
        self._show_status()

    def _show_status(self) -> None:
        self.foot.show_status(max(220, self.width() - 90), asked=self._asked)

    def _tell_failure(self, error: Exception) -> None:
        self.status_more.set_text(str(error))

    def go_to_problem(self) -> None:
        """Put the focus where the first problem is."""
        found = self.state.report.problems if self.state.is_current else ()
        if found:
            widget = self.widget_of(found[0].field)
            self.scroller.ensureWidgetVisible(widget, 20, 60)
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def widget_of(self, field: str) -> QWidget:
        """The control of a field, as `Problem.field` names it."""
        kind, *rest = field.split(":")
        if kind == "level" and rest and int(rest[0]) < len(self.levels.cards):
            card = self.levels.cards[int(rest[0])]
            part = rest[1] if len(rest) > 1 else ""
            if part in ("weight", "covariance"):
                self.change.setChecked(True)
            return {"slope": card.add, "covariance": card.covariance, "weight": card.weight_kind}.get(part, card.group)
        if kind in ("residuals", "method", "df", "vce", "cluster", "confidence", "weight", "pwscale", "rows",
                    "constraints", "maximisation"):  # fmt: skip
            self.change.setChecked(True)
        if kind == "residuals":
            part = rest[0] if rest else ""
            r = self.residuals
            return {"time": r.time, "by": r.by, "order": r.order}.get(part, r.structure)
        if kind in ("weight", "pwscale", "rows", "constraints"):
            self.more.fold.setChecked(True)
        if kind == "maximisation":
            self.maximisation.fold.setChecked(True)
        e, m = self.estimation, self.more
        places: dict[str, QWidget] = {
            "outcome": self.outcome.add, "method": e.method, "df": e.df, "vce": e.vce, "cluster": e.cluster,
            "confidence": e.level, "weight": m.kind, "pwscale": m.scale, "rows": m.condition,
            "constraints": m.constraints, "maximisation": self.maximisation.fold,
        }  # fmt: skip
        return places.get(kind, self.fixed.add)

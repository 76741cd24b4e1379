"""The builder as a widget: variables on the left, the form in the middle, the model on the right."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMenu,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from terrace.data.dataset import Dataset
from terrace.spec import edit
from terrace.spec.model import ModelSpec
from terrace.spec.templates import TEMPLATES
from terrace_desktop.builder import look
from terrace_desktop.builder.checking import DIRECT_ROWS
from terrace_desktop.builder.live import LivePanel, command_of
from terrace_desktop.builder.pasting import read_paste
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.estimation import EstimationSection
from terrace_desktop.builder.sections.fixed import FixedSection, OutcomeSection
from terrace_desktop.builder.sections.levels import LevelsSection
from terrace_desktop.builder.sections.maximisation import MaximisationSection
from terrace_desktop.builder.sections.more import MoreSection
from terrace_desktop.builder.sections.reporting import ReportingSection
from terrace_desktop.builder.sections.residuals import ResidualsSection
from terrace_desktop.builder.state import BuilderState, RunCommands
from terrace_desktop.builder.tab_order import order_tabs
from terrace_desktop.builder.terms.chips import RoleBox
from terrace_desktop.builder.terms.variable_menu import fill_variable_menu
from terrace_desktop.builder.uses import uses
from terrace_desktop.builder.variables import VariablePane
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.ui.widgets import ElidedLabel, button, hairline, label, named, restyle, tool_button
from terrace_desktop.work.worker import Worker

FOLDS = 3  # sections at the end that are folded away


class BuilderForm(QWidget):
    """Builds a model of `dataset`, starting from `spec`.

    ``fit_requested`` carries the command of a model that is ready; ``spec_changed`` every new model;
    ``cancelled`` that the user wants none, ``help_wanted`` that the form is to be explained.
    The frozen model is `spec`.
    """

    fit_requested = Signal(str)
    cancelled = Signal()
    help_wanted = Signal()
    spec_changed = Signal(object)

    def __init__(
        self,
        dataset: Dataset,
        spec: ModelSpec | None = None,
        parent: QWidget | None = None,
        settings: Settings | None = None,
        *,
        title: str = "",
        direct_rows: int = DIRECT_ROWS,
        constraints: Mapping[int, str] | None = None,
        run_commands: RunCommands | None = None,
        start_values: str = "",
        worker: Worker | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, "builder_form", self.tr("Model builder"))
        self.state = BuilderState(
            dataset, spec, direct_rows=direct_rows, constraints=constraints, run_commands=run_commands,
            start_values=start_values, worker=worker,
        )  # fmt: skip
        self._settings = settings
        self._active: RoleBox | None = None
        self.variables = VariablePane()
        self.live = LivePanel(self.state)
        self.outcome = OutcomeSection(self.state)
        self.fixed = FixedSection(self.state)
        self.levels = LevelsSection(self.state)
        self.residuals = ResidualsSection(self.state)
        self.estimation = EstimationSection(self.state)
        self.more = MoreSection(self.state)
        self.maximisation = MaximisationSection(self.state)
        self.reporting = ReportingSection(self.state)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._header(title or (self.tr("Edit model") if spec else self.tr("New model"))))
        layout.addWidget(hairline())
        layout.addWidget(self._middle(), 1)
        layout.addWidget(hairline())
        layout.addWidget(self._footer())
        self._shortcuts()
        self._dress()
        theme.manager().changed.connect(self._dress)
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
        self.variables.model.set_variables(dataset.variables)
        self.state.refresh()
        self.variables.search.setFocus()

    # --- building ----------------------------------------------------------------------------------------
    def sections(self) -> tuple[Section, ...]:
        """The parts of the form in the order of thought."""
        return (
            self.outcome, self.fixed, self.levels, self.residuals, self.estimation, self.more,
            self.maximisation, self.reporting,
        )  # fmt: skip

    def _header(self, title: str) -> QWidget:
        self.heading = label(title, "title")
        self.start = tool_button(
            self.tr("Start from ▾"), "builder_start", variant="outline", accessible=self.tr("Start from")
        )
        self.start.setMenu(QMenu(self.start))
        for template in TEMPLATES:
            action = self.start.menu().addAction(f"{template.title}\t{template.purpose}")
            action.setToolTip(template.purpose)
            action.setStatusTip(template.purpose)
            action.setObjectName(f"builder_start_{template.key}")
            action.triggered.connect(lambda _c=False, key=template.key: self.state.start_from(key))
        self.start.menu().addSeparator()
        action = self.start.menu().addAction(self.tr("Empty model\tBegin again, nothing chosen"))
        action.setObjectName("builder_start_empty")
        action.triggered.connect(lambda: self.state.apply(edit.empty()))
        self.undo = button(
            self.tr("Undo"), "builder_undo", self.state.undo, variant="flat", tip=self.tr("Undo (Ctrl+Z)")
        )
        self.redo = button(
            self.tr("Redo"), "builder_redo", self.state.redo, variant="flat", tip=self.tr("Redo (Ctrl+Y)")
        )
        self.paste = tool_button(
            self.tr("Paste command"), "builder_paste", variant="outline", accessible=self.tr("Paste command")
        )
        self.paste.setToolTip(self.tr("The command on the clipboard becomes the model (Ctrl+Shift+V)"))
        self.paste.clicked.connect(self.paste_command)
        self.help = button(
            self.tr("Help"), "builder_help", self.help_wanted.emit, variant="flat",
            tip=self.tr("The form explained, and where each option is (F1)"),
        )  # fmt: skip
        self.reset = button(
            self.tr("Reset"), "builder_reset", self.state.reset, variant="flat",
            tip=self.tr("The model as it was when this window was opened"),
        )  # fmt: skip
        out = self._panel()
        row = QHBoxLayout(out)
        row.setContentsMargins(16, 10, 12, 10)
        row.setSpacing(12)
        row.addWidget(self.heading)
        row.addWidget(self.start)
        row.addWidget(self.paste)
        row.addStretch(1)
        row.addWidget(self.help)
        row.addWidget(self.reset)
        row.addWidget(self.undo)
        row.addWidget(self.redo)
        return out

    def _middle(self) -> QWidget:
        column = QWidget()
        column.setObjectName("builder_column")
        column.setProperty("surface", "form")
        column.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hint = named(label("", "small", wrap=True), "builder_hint", self.tr("What to choose next"))
        lines = QVBoxLayout(column)
        lines.setContentsMargins(16, 12, 16, 16)
        lines.addWidget(self.hint)
        lines.setSpacing(14)
        for section in self.sections()[:-FOLDS]:
            lines.addWidget(section)
        folds = QVBoxLayout()
        folds.setSpacing(4)
        for section in self.sections()[-FOLDS:]:
            folds.addWidget(section)
        lines.addLayout(folds)
        lines.addStretch(1)
        self.scroller = named(QScrollArea(), "builder_scroll", self.tr("Model"))
        self.scroller.setWidget(column)
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("builder_splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for widget, least in ((self.variables, 132), (self.scroller, 400), (self.live, 250)):
            widget.setMinimumWidth(least)
            self.splitter.addWidget(widget)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 5)
        self.splitter.setStretchFactor(2, 4)
        self.splitter.setSizes([184, 540, 396])
        state = None if self._settings is None else self._settings.state("builder_splitter")
        if state is not None:
            self.splitter.restoreState(state)
        return self.splitter

    def _footer(self) -> QWidget:
        self.status = button("", "builder_status", self.go_to_problem, variant="flat")
        self.status_more = ElidedLabel("", "small")
        self.status_more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cancel = button(self.tr("Cancel"), "builder_cancel", self.cancelled.emit)
        self.copy = button(self.tr("&Copy command"), "builder_copy", self.copy_command)
        self.fit = button(
            self.tr("&Fit model"), "builder_fit", self.request_fit, variant="primary",
            tip=self.tr("Fit the model (Ctrl+Enter)"),
        )  # fmt: skip
        out = self._panel()
        row = QHBoxLayout(out)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(8)
        row.addWidget(self.status)
        row.addWidget(self.status_more, 1)
        for w in (self.cancel, self.copy, self.fit):
            row.addWidget(w)
        return out

    def _panel(self) -> QFrame:
        out = QFrame()
        out.setProperty("surface", "form")
        return out

    def _shortcuts(self) -> None:
        for keys, do in (
            ("Ctrl+Z", self.state.undo),
            ("Ctrl+Y", self.state.redo),
            ("Ctrl+Shift+Z", self.state.redo),
            ("Ctrl+Return", self.request_fit),
            ("Ctrl+Enter", self.request_fit),
            ("Ctrl+F", self._search),
            ("Ctrl+Shift+V", self.paste_command),
            ("F1", self.help_wanted.emit),
        ):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(do)

    def _search(self) -> None:
        self.variables.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.variables.search.selectAll()

    def _dress(self) -> None:
        self.setStyleSheet(look.sheet())

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
        self.state.apply(spec)

    def set_dataset(self, dataset: Dataset) -> None:
        """The data are others."""
        self.variables.model.set_variables(dataset.variables)
        self.state.set_dataset(dataset)

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
        if not command:
            self.status_more.set_text(self.tr("There is no command of a model on the clipboard"))
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
        """The form goes away: remember its sizes, and let the checking end."""
        if self._settings is not None:
            self._settings.set_state("builder_splitter", self.splitter.saveState())
            self._settings.save()
        self.live.close_down()
        self.state.close()

    # --- adding variables --------------------------------------------------------------------------------
    def boxes(self) -> list[RoleBox]:
        """Every box that takes variables."""
        return [b for s in self.sections() for b in s.boxes()]

    def add_variable(self, name: str) -> None:
        """Add a variable to the active box, or to where a variable of its kind goes."""
        box = self.active_box(name)
        box.offer(name)
        if box is self.outcome.box and self.spec.outcome.name == name:
            self._set_active(None)  # there is one outcome: the next variable goes where its kind goes
        self.scroller.ensureWidgetVisible(box)

    def add_typed(self, text: str) -> None:
        """Add terms as they are typed to the active box, or to the fixed effects; an outcome comes first."""
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

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
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
        menu = QMenu(self)
        menu.setObjectName("builder_variable_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_variable_menu(menu, name, self.state)
        menu.popup(where)

    # --- following the model -----------------------------------------------------------------------------
    def _changed(self) -> None:
        for section in self.sections():
            section.show_spec()
        title = next((t.title for t in TEMPLATES if t.key == self.state.template), "")
        text = self.tr("Start from: %1 ▾").replace("%1", title) if title else self.tr("Start from ▾")
        self.start.setText(text)
        self.undo.setEnabled(self.state.can_undo)
        self.redo.setEnabled(self.state.can_redo)
        self.reset.setEnabled(self.state.spec != self.state.first)
        hints = " · ".join(self.state.hints)
        self.hint.setText(hints)
        self.hint.setAccessibleName(hints)
        self.hint.setVisible(bool(hints))
        if self._active is not None and self._active not in self.boxes():
            self._set_active(None)
        self.live.show_spec()
        self.variables.model.set_uses(uses(self.spec))
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
        errors = self.state.report.errors if self.state.is_current else ()
        if not self.state.is_current:
            text, tone, more = self.tr("Checking …"), "", ""
        elif errors:
            text, tone = "○ " + errors[0].message.rstrip("."), "todo"
            n = len(errors) - 1
            more = self.tr("and %1 more").replace("%1", str(n)) if n else ""
        else:
            warnings = sum(p.severity == "warning" for p in self.state.report.problems)
            text, tone = self.tr("✓ Ready"), "ready"
            more = ""
            if warnings:
                words = self.tr("%1 warning(s)", "", warnings)
                more = words.replace("%1", str(warnings))
            elif not self.spec.random:
                more = self.tr("Without a level this is a linear model: add the groups, if there are any")
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 420)
        self.status.setText(shown.replace("&", "&&"))
        self.status.setToolTip(text if shown != text else "")
        self.status.setAccessibleName(text)
        self.status.setProperty("tone", tone)
        restyle(self.status)
        self.status_more.set_text(more)
        self.fit.setEnabled(self.state.ready)
        self.fit.setAccessibleDescription("" if self.state.ready else text)

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
            return {"slope": card.add, "covariance": card.covariance, "weight": card.weight_kind}.get(part, card.group)
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

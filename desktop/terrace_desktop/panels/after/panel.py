"""Forms in the work panel: a list to search in, the form of what is chosen, and at the foot what runs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from terrace_desktop.forms.entry import Entry, F, Group
from terrace_desktop.forms.facts import short_title
from terrace_desktop.forms.form import EntryForm
from terrace_desktop.forms.listing import EntryList, SearchLine
from terrace_desktop.forms.preview import FormPreview
from terrace_desktop.ui import theme
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, Notice, button, hairline, label, named, tell
from terrace_desktop.ui.work_panel import FormContent, Head, Keys, done_keys
from terrace_desktop.work.previewer import Previewer

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

BESIDE = 600  # px: a wider panel has list and form side by side
SHORT = 80  # characters of a message that fits beside the buttons


class AfterPanel(FormContent, Generic[F]):
    """Offers what can be done with one subject; `run_asked` carries the commands that the user wants run.

    In a narrow panel the list gives way to the form that is chosen, and comes back by its button.
    """

    run_asked = Signal(list)
    cancel_asked = Signal()
    edit_asked = Signal()  # the model itself

    def __init__(
        self,
        facts: F,
        groups: tuple[Group[F], ...],
        *,
        title: str = "",
        done: str = "",
        icon: str = "after",
    ) -> None:
        super().__init__()
        self._title = title or self.tr("After the fit")
        self._done = done or self.tr("Done. The result is below the model.")
        self._icon = icon
        named(self, "after_panel", self._title)
        self.facts = facts
        self.form: EntryForm[F] | None = None
        self.preview: FormPreview | None = None
        self._running = False
        self._problem = ""
        self._at_form = False
        self._at_group: tuple[str, str] | None = None  # icon and title, where a tool of its own leads to a group
        self.list = EntryList(groups)
        self.search = SearchLine(self.list)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._middle(), 1)
        self._foot_line = hairline()
        layout.addWidget(self._foot_line)
        self._footer = self._foot()
        layout.addWidget(self._footer)
        self.list.chosen.connect(self._show_entry)
        self.list.opened.connect(self.go_to_form)
        self.list.clicked.connect(self._clicked)
        self.set_facts(facts)
        self._turn(False)
        self.search.setFocus()

    def follow(self, previewer: Previewer, lead: Callable[[], tuple[str, ...]] = tuple) -> None:
        """Show under the form what its commands would give; ``lead`` are those to run before them, such as the one
        that makes the model the active one."""
        self.preview = FormPreview(self, previewer, lead)
        if self.form is not None:
            self.form.place(self.preview)
        self._follow()

    # --- building -----------------------------------------------------------------------------------
    def _middle(self) -> QWidget:
        side = QFrame()
        side.setProperty("surface", "work")
        column = QVBoxLayout(side)
        column.setContentsMargins(8, 12, 4, 6)
        column.setSpacing(4)
        holder = QHBoxLayout()
        holder.setContentsMargins(8, 0, 12, 4)
        holder.addWidget(self.search)
        column.addLayout(holder)
        self.nothing = label(self.tr("Nothing found."), "small", wrap=True)
        self.nothing.setContentsMargins(12, 8, 8, 0)
        self.nothing.hide()
        column.addWidget(self.nothing)
        column.addWidget(self.list, 1)
        self.scroller = named(QScrollArea(), "after_scroll", self.tr("Form"))
        self.scroller.setWidgetResizable(True)
        self.scroller.setFrameShape(QFrame.Shape.NoFrame)
        self.scroller.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        right = QFrame()
        right.setProperty("surface", "work")
        self.back = button(self.tr("All forms"), "after_back", self._back, variant="add")
        set_icon(self.back, "back", "accent_text")
        self._right = QVBoxLayout(right)
        self._right.setContentsMargins(0, 0, 0, 0)
        self._right.setSpacing(0)
        self._back_row = QWidget()
        row = QHBoxLayout(self._back_row)
        row.setContentsMargins(10, 8, 16, 0)
        row.addWidget(self.back)
        row.addStretch(1)
        self._right.addWidget(self._back_row)
        self._right.addWidget(self.scroller, 1)
        self._outcome: Notice | None = None
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("after_splitter")
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self._sides = (side, right)
        for widget, least in zip(self._sides, (180, 260), strict=True):
            widget.setMinimumWidth(least)
            self.splitter.addWidget(widget)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([264, 496])
        return self.splitter

    def _foot(self) -> QWidget:
        out = QFrame()
        out.setProperty("surface", "form")
        column = QVBoxLayout(out)
        column.setContentsMargins(16, 8, 16, 12)
        column.setSpacing(8)
        box = QFrame()
        box.setProperty("role", "command")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(10, 7, 10, 7)
        self.command = named(label("", "mono", wrap=True, selectable=True), "after_command", self.tr("Command"))
        inside.addWidget(self.command)
        column.addWidget(box)
        self.rows = named(label("", "small", wrap=True), "after_rows", "")
        self.rows.hide()
        column.addWidget(self.rows)
        self.status = ElidedLabel("", "small")
        named(self.status, "after_status", "")
        column.addWidget(self.status)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.copy = button(self.tr("Copy command"), "after_copy", self.copy_command, variant="plain")
        self.cancel = button(self.tr("Cancel"), "after_cancel", self.cancel_asked.emit)
        self.cancel.hide()
        self.run = button(
            self.tr("Run"), "after_run", self.request_run, variant="primary",
            tip=self.tr("Run the command (Ctrl+Enter)"),
        )  # fmt: skip
        row.addWidget(self.copy)
        row.addStretch(1)
        row.addWidget(label(self.tr("Ctrl+Enter"), "muted"))
        for w in (self.cancel, self.run):
            row.addWidget(w)
        column.addLayout(row)
        return out

    def keys(self) -> Keys:
        return {**super().keys(), **done_keys(self.request_run), "Ctrl+F": self._search}

    def _search(self) -> None:
        self._turn(False)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    # --- as contents of the work panel --------------------------------------------------------------
    def head(self) -> Head:
        about = short_title(self.facts.title)
        if self._at_form and self.form is not None:
            entry = self.form.entry
            icon = self.list.icon_of(entry.key) or self._icon
            return Head(icon, entry.title, "" if entry.of_several else about)
        return Head(*(self._at_group or (self._icon, self._title)), about)

    def begin(self) -> None:
        if self._at_form:
            self.go_to_form()
        else:
            self.search.setFocus(Qt.FocusReason.OtherFocusReason)
            self.search.selectAll()

    def tool(self) -> str:
        entry = self.list.current()
        icon = (self.list.icon_of(entry.key) if entry is not None else "") or self._icon
        return "after_all" if icon == "after" else f"tool_{icon}"

    def show_list(self, group: str = "") -> None:
        """Show the list, at the heading of a group where one is named."""
        self.search.clear()
        found = self.list.head_of(group)
        self._at_group = None if found is None or found[0] == self._icon else found
        self._turn(False)
        if group:
            self.list.go_to_group(group)

    def _back(self) -> None:
        self._turn(False)
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn(self, to_form: bool) -> None:
        self._at_form = to_form
        self._arrange()
        self._follow()
        self.head_changed.emit()

    def _arrange(self) -> None:
        """List and form side by side where there is room, else one of them."""
        both = self.width() >= theme.px(BESIDE)
        side, right = self._sides
        side.setVisible(both or not self._at_form)
        right.setVisible(both or self._at_form)
        self._back_row.setVisible(not both)
        for w in (self._foot_line, self._footer):
            w.setVisible(both or self._at_form)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._follow()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    # --- the model ----------------------------------------------------------------------------------
    def set_facts(self, facts: F) -> None:
        """The subject, or what is open beside it, is another; what was typed for the same subject stays."""
        same = facts.subject is self.facts.subject or facts.subject == self.facts.subject
        self.facts = facts
        self.head_changed.emit()
        before = self.form
        self.form = None if not same else self.form
        self.list.set_facts(facts)
        if same and before is not None and self.form is before:
            if before.has_fields_of(facts):
                before.facts = facts
                self._follow()
            else:
                self._show_entry(before.entry, again=True)

    def choose(self, key: str) -> None:
        """Show the form of an entry."""
        self.search.clear()
        self.list.select(key)
        self._turn(True)

    def _show_entry(self, entry: Entry[F] | None, *, again: bool = False) -> None:
        self.nothing.setVisible(entry is None)
        before = self.form
        if entry is not None and before is not None and before.entry is entry and not again:
            return
        if self.preview is not None:
            self.preview.leave()  # it outlives the form that it stood in
        if entry is None:
            self.form = None
            if (gone := self.scroller.takeWidget()) is not None:
                gone.deleteLater()  # nobody else would: it has no parent any more
            self._follow()
            return
        form = EntryForm(entry, self.facts)
        if before is not None and before.entry is entry:
            form.take_over(before)
        elif not self._running:
            self._tell_outcome(None)
        self.form = form
        form.setProperty("surface", "work")
        form.setMinimumWidth(200)  # what does not fit gives way; the area scrolls up and down only
        form.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        form.changed.connect(self._follow)
        form.edit_asked.connect(self.edit_asked)
        if self.preview is not None:
            form.place(self.preview)
        self.scroller.setWidget(form)
        self._follow()
        self.head_changed.emit()

    def go_to_form(self) -> None:
        """Where typing begins, or the button where there is nothing to type."""
        self._turn(True)
        target = None if self.form is None else self.form.first_field()
        (target or self.run).setFocus(Qt.FocusReason.TabFocusReason)

    def _clicked(self) -> None:
        """The form takes the focus from a list that gives way to it; beside it the arrows go on in the list."""
        self._turn(True)
        if self._sides[0].isHidden():
            self.go_to_form()

    # --- the command --------------------------------------------------------------------------------
    def commands(self) -> list[str]:
        """The commands of the form."""
        return [] if self.form is None else self.form.commands()

    def _follow(self) -> None:
        self._problem = "" if self.form is None else self.form.problem()
        text = "\n".join(self.commands())
        self.command.setText(text or " ")
        self.command.setAccessibleName(text or self.tr("No command"))
        form = self.form
        shows = form is not None and self.list.icon_of(form.entry.key) != "prepare"
        tell(self.rows, "" if form is None or form.reason else self.facts.rows_told(self.commands(), shows))
        ready = self.form is not None and not self._problem
        if self.preview is not None:
            seen = self.isVisible() and not self._sides[1].isHidden()
            self.preview.show_commands(self.commands() if ready and seen and not self._running else [])
        self.run.setText(self.tr("Run") if self.form is None else self.form.verb())
        self.run.setAccessibleName(self.run.text())
        self.run.setEnabled(ready and not self._running)
        self.copy.setEnabled(bool(text))
        self.cancel.setVisible(self._running)
        if self._running:
            self._say(self.tr("Running …"))
        elif self.form is not None and self.form.reason:
            self._say("")
        else:
            self._say(self._problem)

    def _say(self, text: str) -> None:
        self.status.set_text(text)
        self.status.setAccessibleName(text)

    def problem(self) -> str:
        """What is missing before the command can run."""
        return self._problem

    def request_run(self) -> None:
        """Ask for the commands to be run, if they can be."""
        if self.form is None or not self.run.isEnabled():
            return
        self._running = True
        self._tell_outcome(None)
        if self.run.hasFocus():
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # a button that is disabled passes it on to anything
        self._follow()
        self.run_asked.emit(self.commands())

    def copy_command(self) -> None:
        """The commands on the clipboard."""
        QGuiApplication.clipboard().setText("\n".join(self.commands()))
        self._say(self.tr("Command copied"))

    # --- what came of it ----------------------------------------------------------------------------
    def show_outcome(self, outcome: Outcome | None) -> None:
        """The commands have ended, with this outcome of the last; None where it was cancelled before it ran."""
        self._running = False
        self._tell_outcome(outcome)
        self._follow()
        if outcome is None or (outcome.error is not None and outcome.error[0] == "cancelled"):
            self._say(self.tr("Cancelled"))
        elif outcome.error is None:
            if self.form is not None:
                self.form.forget_names()
                self._follow()
            told = "" if outcome.tables or outcome.plots else outcome.text.strip().split("\n")[0]
            self._say(told if 0 < len(told) <= SHORT else self._done)
        if self.hasFocus() or self.cancel.hasFocus():
            self._focus_after_run()

    def _focus_after_run(self) -> None:
        """Back to the button, or to where typing begins where it cannot be pressed again."""
        first = None if self.form is None else self.form.first_field()
        target = self.run if self.run.isEnabled() else first
        (target or self.back).setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_outcome(self, outcome: Outcome | None) -> None:
        """The message of a command that failed stands over the form."""
        if self._outcome is not None:
            self._outcome.hide()
            self._outcome.deleteLater()
            self._outcome = None
        if outcome is None or outcome.error is None or outcome.error[0] == "cancelled":
            return
        self._outcome = Notice(outcome.error[1], kind="error", advice=outcome.error_advice)
        self._outcome.setObjectName("after_error")
        self._right.insertWidget(0, self._outcome)

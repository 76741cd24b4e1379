"""The parts of the report with what adds to them: headings, texts, and what the program makes of a model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from terrace.session.document.report_parts import has_text, section_of
from terrace.session.document.report_plan import ReportPart
from terrace_desktop.reporting import texts
from terrace_desktop.reporting.editing import PARTS, ReportEditing
from terrace_desktop.reporting.model import section_words
from terrace_desktop.reporting.models_form import ModelsForm
from terrace_desktop.reporting.tree import PartsTree
from terrace_desktop.results.note_editor import NoteEditor
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.menus import Line, menu_of
from terrace_desktop.ui.widgets import button, icon_button, label, named, tell
from terrace_desktop.variables.fields import heading
from terrace_desktop.work import outline


class HeadingLine(QLineEdit):
    """The words of a new heading; Escape leaves it."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class PartList(QWidget):
    """The list, the line over it, and the editor of a text between them while one is written."""

    chosen = Signal(str)
    rearranged = Signal()  # there are other controls

    def __init__(self, editing: ReportEditing) -> None:
        super().__init__()
        named(self, "report_part_list", self.tr("Parts, in order"))
        self.editing = editing
        self.tree = PartsTree()
        self.problem = named(label("", "reason", wrap=True), "report_parts_problem", "")
        self.problem.hide()
        self.empty = named(label(self.tr(
            "There are no results yet. Models, tables, figures and notes have their place here once they are kept."
        ), "muted", wrap=True), "report_empty", self.tr("No results yet"))  # fmt: skip
        self.writing: QWidget | None = None  # the line or the editor of what is being written
        self._known: set[str] | None = None  # the parts before one was added
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(self._head())
        self._column.addWidget(self.problem)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column.addWidget(self.empty, 1)
        self._column.addWidget(self.tree, 1)
        tree = self.tree
        tree.chosen.connect(self.chosen)
        tree.command_asked.connect(self.run)
        tree.text_asked.connect(self.edit_text)
        tree.models_asked.connect(self.choose_models)
        tree.refused.connect(partial(tell, self.problem))
        tree.menu_asked.connect(self._menu)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(heading(self.tr("Parts, in order"), self.tree), 1)
        self.add_heading = button(self.tr("Heading"), "report_add_heading", self.write_heading, variant="add",
                                  accessible=self.tr("Add a heading"))  # fmt: skip
        self.add_text = button(self.tr("Text"), "report_add_text", self.write_text, variant="add",
                               accessible=self.tr("Add a text"))  # fmt: skip
        for b in (self.add_heading, self.add_text):
            set_icon(b, "plus", "accent_text")
            row.addWidget(b)
        self.more = icon_button("more", "report_parts_more", self.tr("More about the parts"))
        self.menu = named(QMenu(self.more), "report_parts_menu", self.tr("More about the parts"))
        self.menu.aboutToShow.connect(self._fill_menu)
        self.more.setMenu(self.menu)
        row.addWidget(self.more)
        return row

    def show_report(self, numbers: dict[str, str]) -> None:
        """Show the parts as they are now."""
        parts = self.editing.parts()
        self.tree.show_parts(self.editing.document, parts, numbers)
        self.tree.setVisible(bool(parts))
        self.empty.setVisible(not parts)
        new = [p for p in parts if self._known is not None and p.name not in self._known]
        if new:
            self._known = None
            self.tree.setCurrentIndex(self.tree.lines.index_of(new[-1].name))
            self.tree.scrollTo(self.tree.currentIndex())
            if new[-1].made == "models":
                self.choose_models(new[-1].name)
        self._show_models()

    def run(self, command: str) -> None:
        """Change the parts."""
        tell(self.problem, "")
        self.editing.run(PARTS, command)

    # --- headings and texts -----------------------------------------------------------------------
    def write_heading(self) -> None:
        """A line for a new heading behind the part that is chosen."""
        line = named(HeadingLine(), "report_new_heading", self.tr("New heading"))
        line.setPlaceholderText(self.tr("Heading"))
        line.editingFinished.connect(lambda: self._heading(line))
        line.left.connect(self._end_writing)
        self._write(line)
        line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _heading(self, line: HeadingLine) -> None:
        if self.writing is not line:
            return
        words = " ".join(line.text().split())
        self._end_writing()
        if words:
            after, level = self._behind(sections=True)
            self._add(texts.add("heading", words, after, level))

    def write_text(self) -> None:
        """The editor of notes for a new text behind the part that is chosen."""
        after, _level = self._behind()
        self._edit("", lambda words: self._add(texts.add("text", words, after)), of_report=True)

    def edit_text(self, name: str) -> None:
        """The words of a text of the report, or of a note of the page of results."""
        part = self.tree.lines.parts[name]
        item = self.editing.document.item(part.item)
        if part.kind == "text":
            self._edit(part.text, lambda words: self.run(texts.edit(name, words)), of_report=True)
        elif item is not None and item.kind == "note":
            self._edit(item.text, lambda words: self.run(outline.edit(item.id, words)))
        else:
            told = self.tr("These words come from the results. Clear the tick, and add a text of your own.")
            tell(self.problem, told)

    # --- models side by side ------------------------------------------------------------------------
    def choose_models(self, name: str) -> None:
        """The form of a part that shows models side by side."""
        form = ModelsForm(name)
        form.command_asked.connect(self.run)
        form.left.connect(self._end_writing)
        self._write(form)
        self._show_models()
        form.begin()

    def _show_models(self) -> None:
        if isinstance(self.writing, ModelsForm):
            part = self.tree.lines.parts.get(self.writing.name)
            if part is None:  # undone
                self._end_writing()
            else:
                self.writing.show_part(self.editing.document, part)

    def _edit(self, words: str, kept: Callable[[str], object], *, of_report: bool = False) -> None:
        def keep(text: str) -> None:
            self._end_writing()
            kept(text)

        editor = NoteEditor(words, of_report=of_report)
        editor.kept.connect(keep)
        editor.left.connect(self._end_writing)
        self._write(editor)
        editor.begin()

    def _write(self, widget: QWidget) -> None:
        self._end_writing()
        tell(self.problem, "")
        self.writing = widget
        self._column.insertWidget(1, widget)
        widget.show()
        self.rearranged.emit()

    def _end_writing(self) -> None:
        widget, self.writing = self.writing, None
        if widget is not None:
            inside = self.window().focusWidget()
            widget.hide()
            widget.deleteLater()
            if inside is None or widget.isAncestorOf(inside) or inside is widget:
                self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _behind(self, *, sections: bool = False) -> tuple[str, int]:
        """The part that a new one goes behind, empty for the end, and the level of the headings there."""
        part, order = self.tree.current(), list(self.tree.lines.parts.values())
        if part is None:
            return "", 1
        if part.kind == "heading":
            return (section_of(order, part.name)[-1].name if sections else part.name), part.level
        return part.name, max(1, part.level - 1)

    def _add(self, command: str) -> None:
        self._known = set(self.tree.lines.parts)
        self.run(command)

    # --- menus ------------------------------------------------------------------------------------
    def _menu(self, name: str, where: QPoint) -> None:
        part = self.tree.lines.parts[name]
        menu_of(self, "report_part_menu", self.tree.lines.title(part), self.lines(part)).popup(where)

    def lines(self, part: ReportPart) -> list[list[Line]]:
        """What can be done with a part."""
        tree, shown = self.tree, bool(part.shown)
        index = tree.lines.index_of(part.name)
        item = self.editing.document.item(part.item)
        is_note = part.kind == "item" and item is not None and item.kind == "note"
        editable = part.kind == "text" or is_note or tree.lines.renamed_in_line(part)
        words = self.tr("Edit…") if part.kind == "text" or is_note else self.tr("Rename")
        first: list[Line] = [Action("edit", words, partial(tree.give_name, index), "F2", lambda: editable)]
        if part.made == "models":
            models = self.tr("Models and what is shown…")
            first.insert(0, Action("models", models, partial(self.choose_models, part.name), "Enter"))
        if part.text and has_text(self.editing.document, part) and not tree.lines.removable(part):
            back = partial(self.run, texts.edit(part.name, ""))
            first.append(Action("own_words", self.tr("Bring the program's words back"), back))
        tick: list[Line] = [Action("tick", section_words(part, shown), partial(tree.toggle, part), "Space")]
        if part.kind == "heading":
            alone = self.tr("Leave out the heading only") if shown else self.tr("Show the heading only")
            tick.append(Action("tick_alone", alone, partial(self.run, texts.show(part.name, not shown, alone=True))))
        moves: list[Line] = [
            self._step("up", self.tr("Move up"), tree.lines.shifted(part, -1), "Alt+Up"),
            self._step("down", self.tr("Move down"), tree.lines.shifted(part, 1), "Alt+Down"),
        ]
        if part.kind == "heading":
            moves.append(self._step("out", self.tr("Higher level"), tree.lines.nested(part, False), "Alt+Left"))
            moves.append(self._step("in", self.tr("Lower level"), tree.lines.nested(part, True), "Alt+Right"))
        gone = Action("remove", self.tr("Remove"), partial(tree.take_away, part), "Del",
                      lambda: tree.lines.removable(part))  # fmt: skip
        return [first, tick, moves, [gone]]

    def _step(self, name: str, words: str, command: str, keys: str) -> Action:
        return Action(name, words, partial(self.run, command), keys, lambda: bool(command))

    def _fill_menu(self) -> None:
        menu = self.menu
        menu.clear()
        for old in menu.findChildren(QMenu):
            old.deleteLater()
        after, _level = self._behind()
        models = [m for m in self.editing.document.models() if m.fit is not None]
        for kind, words in (("paragraph", self.tr("Add a paragraph on")), ("equations", self.tr("Add equations of")),
                            ("diagnostics", self.tr("Add diagnostics of"))):  # fmt: skip
            inside = named(menu.addMenu(words), f"report_add_{kind}", words)
            inside.setEnabled(bool(models))
            for model in models:
                inside.addAction(model.heading, partial(self._add, texts.add_made(kind, model.id, after)))
        beside = menu.addAction(self.tr("Add models side by side"), partial(self._add, texts.add_models((), after)))
        beside.setEnabled(len(models) > 1)
        menu.addSeparator()
        reset = menu.addAction(self.tr("Bring all parts back as they follow from the results"),
                               partial(self.run, "report reset"))  # fmt: skip
        reset.setEnabled(bool(self.editing.plan.parts))



"""The model while it is built: its estimates and lines, its equations, its command; what will be estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from terrace.code.read.pasted import is_foreign, read_pasted
from terrace.code.read.result import Read
from terrace.data.streams.batches import StreamedData
from terrace.errors import TerraceError
from terrace.language.mixed import parse_mixed
from terrace.results.fit import FitResult
from terrace.spec import edit
from terrace.spec.counts import Counts
from terrace.spec.equations import Equations, equations
from terrace.spec.equations_render import (
    combined_html,
    combined_latex,
    combined_text,
    equations_html,
    equations_latex,
    equations_text,
)
from terrace.spec.model import ModelSpec
from terrace.spec.text import format_mixed
from terrace_desktop.builder.fields import leave_undo
from terrace_desktop.builder.preview import ModelPreview
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.results.segments import Segments
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import ElidedLabel, button, label, named
from terrace_desktop.ui.words import from_engine
from terrace_desktop.work.previewer import Previewer

HOLE = "…"
NUMBERS = ("estimates", "lines")  # the pages of the preview


def command_of(spec: ModelSpec) -> str:
    """The model as a command; what is not chosen yet is an ellipsis."""
    spec = replace(
        spec,
        outcome=replace(spec.outcome, name=spec.outcome.name or HOLE),
        random=tuple(
            replace(e, level=e.level or HOLE, factor=HOLE if e.factor == "" else e.factor) for e in spec.random
        ),
    )
    if spec.weight is not None and not spec.weight.expression:
        spec = replace(spec, weight=replace(spec.weight, expression=HOLE))
    return format_mixed(spec)


class FittingBrowser(QTextBrowser):
    """Rich text as high as it needs; what is around it scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.document().setDocumentMargin(0)
        for off in (self.setVerticalScrollBarPolicy, self.setHorizontalScrollBarPolicy):
            off(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)

    def _fit(self) -> None:
        self.setFixedHeight(max(int(self.document().size().height()) + 4, 20))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


LEAST_LINES, MOST_LINES = 3, 10
"""Lines of the command that are shown; the rest is scrolled."""


class CommandEdit(QPlainTextEdit):
    """The command, to read and to write; Ctrl+Enter uses what is written."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.document().documentLayout().documentSizeChanged.connect(lambda _size: self._fit())
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """As high as what is written, so that the button below it stays in sight in a low window."""
        lines = min(MOST_LINES, max(LEAST_LINES, round(self.document().size().height())))
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + theme.px(18))

    def event(self, event: QEvent) -> bool:
        if leave_undo(event, self.document().isUndoAvailable() or self.document().isRedoAvailable()):
            return False
        # Ctrl+Enter here is about what is written here, not about fitting the model as it was.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.wanted.emit()
        elif event.key() == Qt.Key.Key_Tab:
            self.focusNextPrevChild(True)
        else:
            super().keyPressEvent(event)


class LivePanel(QWidget):
    """Follows the model; the command can be edited too, and becomes the model."""

    def __init__(self, state: BuilderState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        inner = QWidget()
        scroll = named(QScrollArea(self), "builder_live_scroll", self.tr("The model"))
        scroll.setWidget(inner)
        self.preview: ModelPreview | None = None
        self.setProperty("surface", "side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.equations = self._browser("builder_equations", self.tr("Equations by level"))
        self.combined = self._browser("builder_combined", self.tr("Combined equation"))
        words = (self.tr("Estimates"), self.tr("Lines"), self.tr("Equations"), self.tr("Command"))
        keys = ("estimates", "lines", "equations", "command")
        self.views = Segments("builder_views", self.tr("The model as"), list(zip(keys, words, strict=True)))
        self.pages: dict[str, QWidget] = {
            "equations": self._equations_page(),
            "command": self._command_page(),
        }
        for key in NUMBERS:
            self.views.offer(key, False)
        self.views.chosen.connect(self._turn)
        self.estimated = self._browser("builder_estimated", self.tr("What will be estimated"))
        lines = self._column = QVBoxLayout(inner)
        lines.setContentsMargins(16, 4, 12, 8)
        lines.setSpacing(6)
        for page in self.pages.values():
            lines.addWidget(page)
        lines.addSpacing(8)
        self._counted = label(self.tr("What will be estimated"), "heading")
        lines.addWidget(self._counted)
        lines.addWidget(self.estimated)
        lines.addStretch(1)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(16, 8, 8, 4)
        self.title = ElidedLabel("", "heading")
        head.addWidget(self.title, 1)
        head.addWidget(self.views)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)
        self.show_page("equations")
        theme.manager().changed.connect(self.show_all)

    # --- building ----------------------------------------------------------------------------------------
    def follow(
        self, previewer: Previewer, parent: FitResult | None = None, parent_name: str = "",
        simplifier: Previewer | None = None,
    ) -> None:  # fmt: skip
        """Show what the model gives on two pages before the others, beside the fit that it is made from.

        ``simplifier`` finds simpler models, where that is wanted of a model whose variances are at their limit.
        """
        self.preview = ModelPreview(self.state, previewer, parent, parent_name, simplifier)
        self.preview.setParent(self)  # it goes with its pages, which it would otherwise still paint
        for at, page in enumerate((self.preview.estimates, self.preview.lines)):
            self._column.insertWidget(at, page)
            self.views.offer(NUMBERS[at], True)
            self.pages[NUMBERS[at]] = page
        self._column.insertWidget(0, self.preview.head)
        self.title.set_text(self.tr("Live preview"))
        self.show_page("estimates")
        self.preview.ask()

    @property
    def page(self) -> str:
        """The page that is shown."""
        return self.views.value()

    def show_page(self, key: str) -> None:
        """Turn to a page: estimates, lines, equations or command."""
        self.views.choose(key)

    def close_down(self) -> None:
        """No preview will be asked for any more."""
        if self.preview is not None:
            self.preview.close_down()

    def _turn(self, shown: str) -> None:
        for key, page in self.pages.items():
            page.setVisible(key == shown)
        numbers = shown in NUMBERS
        for w in (self._counted, self.estimated):
            w.setVisible(not numbers)
        if self.preview is not None:
            self.preview.head.setVisible(numbers)
            self.preview.set_drawing(shown == "lines")
        self.show_all()

    def _browser(self, name: str, accessible: str) -> QTextBrowser:
        return named(FittingBrowser(), name, accessible)

    def _padded(self, widget: QWidget) -> QWidget:
        out = QWidget()
        box = QVBoxLayout(out)
        box.setContentsMargins(0, 8, 0, 0)
        box.addWidget(widget)
        return out

    def _with_copy(
        self, widget: QWidget, name: str, latex_name: str,
        text: Callable[[Equations], str], latex: Callable[[Equations], str],
    ) -> QWidget:  # fmt: skip
        out = self._padded(widget)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for title, key, write in (
            (self.tr("Copy"), name, text),
            (self.tr("Copy as LaTeX"), latex_name, latex),
        ):
            copy = partial(self._copy, write)
            row.addWidget(button(title, f"builder_copy_{key}", copy, variant="flat"))
        row.addStretch(1)
        inner = out.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.addLayout(row)
        return out

    def _equations_page(self) -> QWidget:
        out = self._with_copy(self.equations, "equations", "latex", equations_text, equations_latex)
        column = out.layout()
        assert isinstance(column, QVBoxLayout)
        column.addSpacing(8)
        column.addWidget(label(self.tr("Combined"), "heading"))
        column.addWidget(
            self._with_copy(self.combined, "combined", "combined_latex", combined_text, combined_latex)
        )
        return out

    def _command_page(self) -> QWidget:
        self.command = named(CommandEdit(), "builder_command", self.tr("Command"))
        self.command.setFont(theme.mono_font(theme.TEXT))
        self.command.setProperty("mono", True)
        self.command.setTabChangesFocus(True)
        self.command.textChanged.connect(self._typed)
        self.command.wanted.connect(self.use_command)
        self.wrong = named(label("", "reason", wrap=True, selectable=True), "builder_command_error", "")
        self.wrong.setVisible(False)
        self.use = button(
            self.tr("Use this command"), "builder_use_command", self.use_command,
            tip=self.tr("Replace the model with this command (Ctrl+Enter)"),
        )  # fmt: skip
        self.use.setEnabled(False)
        out = self._padded(self.command)
        inner = out.layout()
        assert isinstance(inner, QVBoxLayout)
        inner.setSpacing(6)
        inner.addWidget(self.wrong)
        row = QHBoxLayout()
        row.addWidget(self.use)
        row.addWidget(button(self.tr("Copy"), "builder_copy_typed", self.copy_typed, variant="flat"))
        row.addStretch(1)
        inner.addLayout(row)
        return out

    # --- showing -----------------------------------------------------------------------------------------
    def show_all(self) -> None:
        """Show the model and what is known of it."""
        if self.page not in NUMBERS:  # nobody sees them there, and they take as long as a small fit
            muted = theme.manager().theme.muted
            found = self.written()
            self.equations.setHtml(_readable(equations_html(found, muted)))
            self.combined.setHtml(_readable(combined_html(found, muted)))
            self.estimated.setHtml(self._estimated())
        text = command_of(self.state.spec)
        if self.command.toPlainText() != text and not self.use.isEnabled():
            self._show_command(text)

    def show_spec(self) -> None:
        """The model has changed: what was being typed gives way to it."""
        self._show_command(command_of(self.state.spec))
        self.show_all()

    def written(self) -> Equations:
        """The equations of the model, with the levels of its predictors as far as they are known."""
        counts = self.state.report.counts
        labels = {v.name: v.label for v in self.state.dataset.variables if v.label}
        return equations(
            self.state.spec,
            counts.variable_level if counts is not None else {},
            self.state.kept_levels,
            labels,
        )

    def _estimated(self) -> str:
        state = self.state
        counts = state.report.counts
        muted = theme.manager().theme.muted
        if counts is None and state.ready and isinstance(state.dataset, StreamedData):
            lines = [self.tr("The file is streamed. This is known once it has been read.")]
        elif counts is None or not state.spec.outcome.name:
            lines = [self.tr("Nothing yet.")]
        else:
            lines = self._lines(counts)
        if not state.is_current:
            lines.append(self.tr("Checking the data…"))
        return "".join(f'<p style="color:{muted}; margin:0 0 3px 0">{line}</p>' for line in map(_safe, lines))

    def _lines(self, counts: Counts) -> list[str]:
        fixed = self.tr("%1 fixed effect(s)", "", counts.fixed)
        parts = [c.parameters for c in counts.levels] + [counts.residual]
        total = sum(parts)
        words = self.tr("%2 variance parameter(s)", "", total)
        line = f"{fixed}, {words}".replace("%1", f"{counts.fixed:,}")
        lines = [line.replace("%2", " + ".join(f"{p:,}" for p in parts))]
        rows = self.tr("%1 row(s) used", "", counts.rows).replace("%1", f"{counts.rows:,}")
        if not counts.left_out:
            lines.append(rows + ", " + self.tr("none missing"))
        else:
            gone = self.tr("%1 left out").replace("%1", f"{counts.left_out:,}")
            lines.append(f"{rows}, {gone}")
            most = sorted(counts.missing, key=lambda m: -m[1])[:4]
            for name, k in most:
                text = self.tr("%1 is missing in %2 row(s)", "", k)
                lines.append(text.replace("%1", name).replace("%2", f"{k:,}"))
        for level in counts.levels:
            if level.name:
                g = level.groups
                size = f"{g.min:,}" if g.min == g.max else f"{g.min:,}–{g.max:,}"
                text = self.tr("%1: %2 group(s) of %3 rows", "", g.n)
                lines.append(text.replace("%1", level.name).replace("%2", f"{g.n:,}").replace("%3", size))
        for name, group in counts.between[:8]:
            level_number = counts.variable_level[name]
            text = self.tr("%1 varies between groups of %2 only: tested at level %3")
            lines.append(text.replace("%1", name).replace("%2", group).replace("%3", str(level_number)))
        return lines

    # --- the command -------------------------------------------------------------------------------------
    def _show_command(self, text: str) -> None:
        if self.command.toPlainText() != text:
            blocked = self.command.blockSignals(True)
            self.command.setPlainText(text)
            self.command.blockSignals(blocked)
        self.use.setEnabled(False)
        self.wrong.setVisible(False)

    def _typed(self) -> None:
        text = self.command.toPlainText()
        self.use.setEnabled(text.strip() != command_of(self.state.spec))
        if is_foreign(text) and not self.state.is_large:
            self._judge(text)

    def _judge(self, text: str) -> None:
        """Say of a formula, while it is typed, what is wrong with it."""
        try:
            found = read_pasted(text, self.state.dataset)
        except TerraceError as error:
            self._say_wrong(from_engine(error.message), from_engine(error.message))
        else:
            self.wrong.setVisible(False)
            if found.made:
                self._tell_made(found)

    def use_command(self) -> bool:
        """Make the typed command the model, or say what is wrong with it; True where it became the model."""
        written = self.command.toPlainText()
        if is_foreign(written):
            self._use_foreign(written)
            return self.wrong.isHidden()
        try:
            spec = parse_mixed(" ".join(written.split()), self.state.dataset.names)
        except TerraceError as error:
            self._show_wrong(error)
            return False
        self._take(spec)
        return True

    def _use_foreign(self, text: str) -> None:
        """Make what another program calls a model the model; which groups lie in which is found in the data."""
        data = self.state.dataset

        def reading() -> Read | TerraceError:
            try:
                return read_pasted(text, data)
            except TerraceError as error:
                return error

        self.wrong.setVisible(False)
        self.state.checker.run("reading a formula", reading, data, self._read)

    def _read(self, found: Read | TerraceError) -> None:
        if isinstance(found, TerraceError):
            self._show_wrong(found)
        elif found.made and self.state.run_commands is not None:
            commands = tuple(c for m in found.made for c in m.commands)
            self.state.run_commands(commands, partial(self._take, found.spec))
        elif found.made:
            self._tell_made(found)
        else:
            self._take(found.spec)

    def _tell_made(self, found: Read) -> None:
        commands = "; ".join(c for m in found.made for c in m.commands)
        words = self.tr("Make these variables first, then use the formula: {0}")
        if self.state.run_commands is not None:
            words = self.tr("These variables will be made first: {0}")
        words = words.format(commands)
        self._say_wrong(words, words)

    def _take(self, spec: ModelSpec) -> None:
        self.use.setEnabled(False)
        self.wrong.setVisible(False)
        self.state.apply(edit.arrange(spec), as_given=True)
        self._show_command(command_of(self.state.spec))

    def _say_wrong(self, text: str, accessible: str) -> None:
        self.wrong.setText(text)
        self.wrong.setAccessibleName(accessible)
        self.wrong.setVisible(True)

    def _show_wrong(self, error: TerraceError) -> None:
        """What is wrong with the text, which is marked where it is."""
        words = "\n".join(from_engine(text) for text in (error.message, error.advice) if text)
        self._say_wrong(words, from_engine(error.message))
        if error.start is not None:
            cursor = self.command.textCursor()
            cursor.setPosition(min(error.start, len(self.command.toPlainText())))
            end = error.end if error.end is not None else error.start + 1
            cursor.setPosition(min(end, len(self.command.toPlainText())), cursor.MoveMode.KeepAnchor)
            self.command.setTextCursor(cursor)

    def begin_foreign(self) -> None:
        """An empty page for a formula or a command of another program, to be typed or pasted."""
        self.show_page("command")
        self.command.setPlaceholderText(
            self.tr("A formula such as y ~ x + (x | g), a call of lmer, lme or gls, MIXED of SPSS, or mixed of Stata")
        )
        self.command.clear()
        self.command.setFocus()

    def _copy(self, write: Callable[[Equations], str]) -> None:
        QGuiApplication.clipboard().setText(write(self.written()))

    def copy_typed(self) -> None:
        """The command as it is written here on the clipboard."""
        QGuiApplication.clipboard().setText(self.command.toPlainText())


def _readable(html: str) -> str:
    """Qt draws sub- and superscripts at two thirds of their size: ask for more."""
    for tag in ("sub", "sup"):
        html = html.replace(f"<{tag}>", f'<{tag} style="font-size:17px">')
    return html


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")

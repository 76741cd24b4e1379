"""The first hour of somebody new, played on the real window by clicks and keys alone.

    python tests/desktop/first_hour.py FOLDER      plays it, with its pictures in FOLDER
    python tests/desktop/first_hour.py --docs      the same, with the pictures of docs/first-hour.md

Opens a file of SPSS, centres a variable, goes up the steps of the guide, builds the last model in the builder, checks
assumptions, looks at margins, writes a note, renames and moves a result, undoes and redoes, saves, builds a report,
closes, and continues. It ends with an error where anything that it wants to click is not there, cannot be clicked, or
does not do what it is for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QMenu,
    QScrollArea,
    QWidget,
)
from screenshots import IMAGES, shrink, wait

from terrace.session.session import Session
from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

SIZE = (1280, 720)
LEFT, NONE, ALT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


class Person:
    """Somebody at a window: sees what is on the screen, and has a mouse and a keyboard."""

    def __init__(self, scratch: Path, folder: Path) -> None:
        self.scratch, self.folder = scratch, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pictures: list[Path] = []
        self.start()

    def start(self) -> None:
        """Start the program."""
        w = self.window = MainWindow(
            Settings(self.scratch / "settings.ini"), warm_up=session_port.warm_up, journals=self.scratch / "windows"
        )
        w.resize(*SIZE)
        w.show()
        w.activateWindow()
        w.begin()
        self.idle()

    def idle(self) -> None:
        """Wait until the program has answered."""
        c = self.window.controller
        for _ in range(2):  # a preview begins a moment after what it is of
            wait(lambda: c.is_ready and not any(w.busy for w in (c, c.view_worker, c.preview_worker)), settle=150)

    # --- seeing ---------------------------------------------------------------------------------------------
    def seen(self, name: str) -> QWidget:
        """The widget of this name on the screen, the last of several; scrolled to where it can be seen."""
        tops = [w for w in QApplication.topLevelWidgets() if w.isVisible()]
        found = [x for top in tops for x in top.findChildren(QWidget, name) if x.isVisible() and x.width() > 0]
        assert found, f"{name} is not on the screen"
        self._scroll_to(found[-1])
        return found[-1]

    def _scroll_to(self, widget: QWidget) -> None:
        parent = widget.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea) and parent.widget() is not None and parent.isAncestorOf(widget):
                parent.ensureWidgetVisible(widget)
            parent = parent.parentWidget()

    def shoot(self, name: str) -> None:
        """A picture of the window with what is open over it."""
        from terrace_desktop.plots.view import PlotView

        for plot in self.window.findChildren(PlotView):
            plot.finish()
        picture = self.window.grab()
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.render(picture, self.window.mapFromGlobal(popup.mapToGlobal(QPoint(0, 0))))
        path = self.folder / f"{name}.png"
        picture.save(str(path))
        shrink(path)
        self.pictures.append(path)
        print(name, flush=True)

    # --- doing ----------------------------------------------------------------------------------------------
    def click(self, name: str, *, twice: bool = False) -> None:
        """Click what has this name; it has to be there, to be enabled and not to be covered."""
        widget = self.seen(name)
        assert widget.isEnabled(), f"{name} is greyed"
        where = QPoint(min(12, widget.width() // 2), widget.height() // 2)
        top = widget.window()
        on_top = top.childAt(widget.mapTo(top, where))
        hit = on_top is widget or (on_top is not None and widget.isAncestorOf(on_top))
        assert hit, f"{name} is covered by {on_top.objectName() if on_top else 'nothing'}"
        QTest.mouseClick(widget, LEFT, NONE, where)
        if twice:
            QTest.mouseDClick(widget, LEFT, NONE, where)
        self.idle()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        """A key, to whatever has the focus."""
        QTest.keyClick(self._focus(), key, modifier)
        self.idle()

    def write(self, text: str) -> None:
        """Type a text."""
        QTest.keyClicks(self._focus(), text)
        self.idle()

    def _focus(self) -> QWidget:
        popup = QApplication.activePopupWidget()
        if popup is not None:
            return popup.focusWidget() or popup
        return QApplication.focusWidget() or self.window.focusWidget() or self.window

    def choose(self, title: str) -> None:
        """Choose a line of the menu that is open."""
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu), "no menu is open"
        plain = {a.text().replace("&", "").rstrip("…. "): a for a in menu.actions() if a.text()}
        assert title in plain, f"{title} is not among {list(plain)}"
        assert plain[title].isEnabled(), f"{title} is greyed"
        QTest.mouseClick(menu, LEFT, NONE, menu.actionGeometry(plain[title]).center())
        self.idle()

    def menu(self, menu: str, title: str) -> None:
        """Choose a line of a menu of the menu bar."""
        bar = next(b for b in self.window.findChildren(QWidget, "menu_bar"))
        action = next(a for a in bar.actions() if a.text().replace("&", "") == menu)
        QTest.mouseClick(bar, LEFT, NONE, bar.actionGeometry(action).center())  # type: ignore[attr-defined]
        self.idle()
        self.choose(title)

    def pick(self, button: str, variable: str) -> None:
        """Choose a variable from the list that a button opens."""
        self.click(button)
        self.write(variable)
        self.press(Qt.Key.Key_Return)

    def line(self, name: str, text: str, *, tick: bool = False) -> None:
        """Click a line of a list, or its box."""
        view = self.seen(name)
        assert isinstance(view, QAbstractItemView)
        how = Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive
        found = view.model().match(view.model().index(0, 0), Qt.ItemDataRole.DisplayRole, text, 1, how)
        assert found, f"{name} has no line {text}"
        view.scrollTo(found[0])
        line = view.visualRect(found[0])
        where = QPoint(line.left() + 12, line.center().y()) if tick else line.center()
        QTest.mouseClick(view.viewport(), LEFT, NONE, where)
        self.idle()

    def file(self, do: Callable[[], None], path: Path) -> None:
        """Do what asks for a file, and give this one."""
        given: list[bool] = []

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, QFileDialog):
                QTimer.singleShot(20, answer)
                return
            given.append(True)
            # Qt's own dialog: what a desktop shows in its place is not ours to try. It selects no file that is hidden
            named_line = dialog.findChild(QLineEdit)
            assert named_line is not None
            named_line.setText(str(path))
            dialog.accept()

        QTimer.singleShot(20, answer)
        do()
        self.window.activateWindow()  # window managers give the focus back by themselves
        self.idle()
        assert given, "no file was asked for"

    # --- asking what stands -----------------------------------------------------------------------------------
    def commands(self) -> list[str]:
        """What the history holds."""
        return [e.command for e in self.window.controller.history.entries]

    def titles(self) -> list[str]:
        """The models on the page, from top to bottom."""
        return [card.title for card in self.window.results.cards()]

    def none_failed(self) -> None:
        """No command ended in an error."""
        bad = [(e.command, e.message) for e in self.window.controller.history.entries if e.state != "ok"]
        assert not bad, bad


def data(p: Person) -> None:
    """Open the file, look, centre."""
    sample(p.scratch / "schools.sav")
    p.shoot("01-start")
    p.file(lambda: p.click("start_open"), p.scratch / "schools.sav")
    assert len(p.window.controller.snapshot.dataset) == 7185
    p.shoot("02-data")
    p.click("left_tab_1")
    p.shoot("03-variables")
    p.click("tool_tool_prepare")
    p.line("after_list", "Centre")
    by = p.seen("after_by")
    assert isinstance(by, QComboBox) and by.currentText().startswith("id"), "the schools are not proposed"
    p.line("after_names", "ses ·", tick=True)
    p.shoot("04-centre")
    p.click("after_run")
    assert {"ses_c", "m_ses"} <= set(p.window.controller.snapshot.dataset.names)
    p.click("work_close")


def guide(p: Person) -> None:
    """Null model, intraclass correlation, predictors, slope, cross-level interaction."""
    p.menu("Model", "Build step by step")
    p.click("guide_path_classes")
    p.pick("guide_outcome", "mathach")
    p.shoot("05-null-model")
    p.click("guide_keep")
    p.shoot("06-correlation")
    p.click("guide_keep")
    p.click("guide_take_sector")
    for name in ("ses_c", "m_ses"):  # variables that the user has made stand in the list
        p.click(f"guide_take_{name}")
    p.shoot("07-predictors")
    p.click("guide_keep")
    p.click("guide_take_ses_c")
    p.shoot("08-slope")
    p.click("guide_keep")
    p.click("guide_take_ses_c_sector")
    p.shoot("09-cross-level")
    p.click("guide_keep")
    p.click("guide_keep")
    assert len(p.titles()) == 4, p.titles()


def build(p: Person) -> None:
    """The model of the last step once more, in the builder."""
    p.click("tool_new_model")
    p.pick("outcome_add", "mathach")
    for name in ("ses_c", "sector"):
        p.pick("fixed_add", name)
    p.click("fixed_interaction")
    p.pick("levels_add", "id")
    p.shoot("10-builder")
    p.click("builder_fit")
    assert len(p.titles()) == 5, p.titles()


def after(p: Person) -> None:
    """Assumption checks and a plot of estimated marginal means."""
    p.click("model_after")
    p.shoot("11-after-the-fit")
    p.choose("Assumption checks")
    p.click("after_run")
    p.shoot("12-checks")
    p.click("work_close")
    p.click("model_after")
    p.choose("Estimated marginal means")
    p.click("after_run")
    p.shoot("13-marginal-means")
    p.click("work_close")
    p.none_failed()


def write_up(p: Person) -> None:
    """A note, another name, another order; undone and done again."""
    p.click("results_contents")
    p.click("add_note")
    p.write("The slope is flatter in Catholic schools.")
    p.click("note_keep")
    p.click("card_title_text", twice=True)
    p.press(Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    p.write("Catholic schools compensate")
    p.press(Qt.Key.Key_Return)
    assert p.commands()[-1].endswith('"Catholic schools compensate"'), p.commands()[-2:]
    p.shoot("14-note-and-name")
    before = p.titles()
    p.click("results_contents")
    p.press(Qt.Key.Key_Up, ALT)
    moved = p.commands()[-1]
    assert moved.startswith("outline move"), moved
    p.shoot("15-order")
    p.press(Qt.Key.Key_Escape)
    after_move = p.titles()
    p.click("tool_undo")
    assert p.titles() == before
    p.click("tool_redo")
    assert p.titles() == after_move


def keep(p: Person) -> None:
    """Save, report, close, continue."""
    project, report = p.scratch / "schools.terrace", p.scratch / "report.docx"
    p.file(lambda: p.click("tool_save"), project)
    wait(project.exists)
    p.idle()
    p.window.status.tell("", 1)  # no folder of the machine that takes the pictures
    p.idle()
    p.shoot("16-saved")
    p.click("tool_export")
    p.click("report_title")
    p.write("SES and achievement")
    page = p.window.reports.page
    wait(lambda: page is not None and page.settled(), settle=300)
    p.shoot("17-report")
    p.file(lambda: p.click("report_save"), report)
    wait(report.exists)
    check_report(report)
    p.idle()
    p.click("work_close")
    p.click("tool_save")
    titles = p.titles()
    p.window.asks_on_close = True
    assert p.window.close(), "closing asks for work that is saved"
    p.window.deleteLater()
    p.start()
    wait(lambda: bool(p.window.findChildren(QAbstractButton, "start_continue")), settle=300)
    p.shoot("18-continue")
    p.click("start_continue")
    p.idle()
    assert p.titles() == titles, (titles, p.titles())
    p.shoot("19-continued")


def check_report(path: Path) -> None:
    """The report opens as a document of Word and holds the tables of the models."""
    from docx import Document

    assert path.exists(), "no report was written"
    document = Document(str(path))
    words = "\n".join(x.text for x in document.paragraphs)
    assert "SES and achievement" in words and "Results" in words, words[:300]
    assert len(document.tables) > 3, len(document.tables)


STEPS = (data, guide, build, after, write_up, keep)


def sample(path: Path) -> None:
    """High School and Beyond as a file of SPSS."""
    session = Session()
    session.run("sample hsb")
    outcome = session.run(f'save "{path}"')
    assert outcome.error is None, outcome.error


def play(steps: Sequence[Callable[[Person], None]], pictures: str, usage: str | None, arguments: list[str]) -> int:
    """Play steps with a new window, the pictures in the folder asked for or in that of the documentation."""
    if len(arguments) != 1:
        print(usage)
        return 2
    app.make_application()
    theme.dress(QApplication.instance(), "light")
    folder = IMAGES / pictures if arguments[0] == "--docs" else Path(arguments[0])
    with tempfile.TemporaryDirectory() as name:
        p = Person(Path(name), folder)
        for step in steps:
            step(p)
        p.window.asks_on_close = False
        p.window.close()
    print(f"{len(steps)} parts, {len(p.pictures)} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(play(STEPS, "first-hour", __doc__, sys.argv[1:]))

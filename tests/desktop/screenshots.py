"""Pictures of every screen, taken of the real program.

    python tests/desktop/screenshots.py FOLDER             all screens
    python tests/desktop/screenshots.py --readme           the few that the README shows, into docs/images
    python tests/desktop/screenshots.py --guide            those of the user guide, into docs/images/guide

On Qt's offscreen platform unless QT_QPA_PLATFORM says otherwise. Look at them: this script checks nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pandas as pd
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from terrace.session.document.figures import figures
from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.project.questions import UnsavedDialog
from terrace_desktop.ui import dialogs, theme
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import session_port

HSB = "mixed mathach ses || id: ses, covariance(unstructured) reml"
CROSS = "mixed mathach c.ses##i.sector || id: ses, covariance(unstructured)"
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
PATIENCE = 120_000  # ms


def wait(done: Callable[[], bool], settle: int = 150) -> None:
    """Let events happen until `done`, and a little longer so that all is painted."""
    loop = QEventLoop()
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if done() else None)
    look.start(10)
    QTimer.singleShot(PATIENCE, loop.quit)
    loop.exec()
    look.stop()
    QTimer.singleShot(settle, loop.quit)
    loop.exec()


class Camera:
    """A window, and a folder for its pictures."""

    def __init__(self, folder: Path, settings: Settings, journals: Path | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.window = MainWindow(settings, warm_up=session_port.warm_up, journals=journals)
        self.size(1440, 900)
        self.window.show()
        self.window.begin()
        self.idle()

    def idle(self) -> None:
        c = self.window.controller
        wait(lambda: c.is_ready and not c.busy and not c.view_worker.busy)

    def size(self, width: int, height: int) -> None:
        self.window.resize(width, height)

    def run(self, *commands: str) -> None:
        for command in commands:
            self.window.controller.run(command)
        self.idle()

    def shoot(self, name: str, widget: QWidget | None = None, width: int = 0) -> None:
        from terrace_desktop.plots.view import PlotView

        for plot in (widget or self.window).findChildren(PlotView):
            plot.finish()  # a plot draws in steps, and a picture shows all of it
        picture = (widget or self.window).grab()
        if width:
            picture = picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        path = self.folder / f"{name}.png"
        picture.save(str(path))
        if width:
            shrink(path)
        print(path, flush=True)

    def builder(self) -> None:
        """The newest model in the builder."""
        card = self.window.results.newest()
        self.window.models.open_builder(None if card is None else card.fit.spec)
        self.idle()


def shrink(path: Path) -> None:
    """256 colours are enough for a window, and a third of the bytes."""
    from PIL import Image

    with Image.open(path) as image:
        small = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def data_screens(c: Camera, scratch: Path) -> None:
    w = c.window
    c.shoot("start")
    half = scratch / "school_survey_2019.sav"
    half.write_bytes(b"$FL2@(#) SPSS DATA FILE")
    w.data.open_file(str(half))
    c.idle()
    c.shoot("start-error")
    c.run("sample hsb")
    c.shoot("data")
    w.left.labels.choose("codes")
    w.left.grid.selectColumn(3)
    w.data.sort("ses", True)
    c.idle()
    c.shoot("data-codes-sorted")
    w.left.labels.choose("labels")
    w.data.sort("ses", None)
    w.variables.edit("ses")
    c.idle()
    c.shoot("variables")
    w.splitter.close_panel()


def result_screens(c: Camera) -> None:
    w = c.window
    c.run(HSB)
    c.shoot("results-light")
    w.looks.set_theme("dark")
    c.idle()
    c.shoot("results-dark")
    w.looks.set_theme("light")
    card = w.results.newest()
    card.set_metric("sd")
    c.idle()
    c.shoot("results-sd")
    card.set_metric("variance")
    w.results.view_choice.choose("text")
    c.idle()
    c.shoot("results-text")
    w.results.view_choice.choose("tables")
    card.show_part("model_plots")
    c.idle()
    for kind in ("residual-fitted", "qq", "caterpillar"):
        w.results.newest().plots.open(kind)
        c.idle()
        w.results.view.verticalScrollBar().setValue(10_000)
        c.idle()
        c.shoot(f"plot-{kind}")
    w.results.newest().plots.open("residual-fitted")
    w.results.newest().plots.large.view.select_inside(4, 8, -6, -1)
    c.idle()
    w.results.view.verticalScrollBar().setValue(10_000)
    c.idle()
    c.shoot("plot-brush")
    w.results.newest().plots.close_large()
    for command in ("estat icc", "estat group"):
        w.models.after(card, command)
    c.idle()
    w.results.view.verticalScrollBar().setValue(10_000)
    c.idle()
    c.shoot("after-the-fit")


def state_screens(c: Camera) -> None:
    w = c.window
    c.run(CROSS)
    w.results.view.verticalScrollBar().setValue(0)
    c.idle()
    c.shoot("boundary")
    w.models.after(w.results.newest(), "estimates compare m1 m2")
    c.idle()
    w.results.go_to(w.results.outputs()[-1].item.id)
    c.idle()
    c.shoot("compare")
    w.left.show_tab(2)
    c.run("mixed mathach ses || school:")
    w.results.view.verticalScrollBar().setValue(0)
    c.idle()
    c.shoot("error-history")
    c.run("missing ses -1.528")
    w.results.dismiss_errors()
    w.results.view.verticalScrollBar().setValue(0)
    c.idle()
    c.shoot("stale")
    w.undo()
    c.idle()


def dialog_screens(c: Camera) -> None:
    w = c.window
    for size in ((1440, 900), (1280, 720), (1000, 700)):
        for choice in ("light", "dark"):
            w.looks.set_theme(choice)
            c.size(*size)
            c.builder()
            c.shoot(f"builder-{size[0]}-{choice}")
    c.size(1440, 900)
    w.looks.set_theme("light")
    w.models.builder.change.setChecked(True)
    c.idle()
    c.shoot("builder-changed")
    w.splitter.tear()
    c.idle()
    c.shoot("builder-torn-off", w.work)
    w.splitter.tear()
    w.models.close_builder()
    w.models.predict_newest()
    c.idle()
    c.shoot("predict")
    w.models._after.close()
    for group in ("describe", "new", "plot"):
        w.prepare.open(group=group)
        c.idle()
        c.shoot(f"forms-{group}")
    w.prepare.open("centre")
    c.idle()
    c.shoot("prepare")
    w.splitter.close_panel()
    w.find_anything()
    c.idle()
    QTest.keyClicks(w.actions_.find, "icc")
    c.idle()
    c.shoot("find", w.actions_.find._completer.popup())
    w.actions_.find.clear()
    dialog = dialogs.FailureDialog(w, "ZeroDivisionError: division by zero", "Traceback", Path("terrace.log"))
    dialog.show()
    c.idle()
    c.shoot("failure", dialog)
    dialog.reject()
    w.help.show_page("first-steps")
    page = w.findChildren(dialogs.PageDialog)[-1]
    c.idle()
    c.shoot("help", page)
    page.close()


def size_screens(c: Camera, scratch: Path) -> None:
    w = c.window
    w.left.show_tab(0)
    c.size(800, 600)
    c.idle()
    w.results.view.verticalScrollBar().setValue(0)
    c.idle()
    c.shoot("small")
    c.size(1440, 900)
    long = {f"a_rather_long_name_of_variable_{i}": np.arange(40.0) / 7 for i in range(4)}
    frame = pd.DataFrame({**long, "a_group_variable_with_a_long_name": np.repeat(np.arange(8), 5)})
    frame["text"] = "An answer that somebody gave in an open question and that goes on for quite a while"
    frame.iloc[:, 0] += np.random.default_rng(1).normal(size=40)
    path = scratch / "a_file_with_a_name_that_is_longer_than_anybody_would_want_it_to_be_in_a_title.csv"
    frame.to_csv(path, index=False)
    w.data.open_file(str(path))
    c.idle()
    names = w.left.grid.grid.dataset.names  # what is longer than 32 letters has been shortened
    c.run(f"mixed {names[0]} c.{names[1]}##c.{names[2]} {names[3]} || {names[4]}: {names[1]}, reml")
    w.results.view.verticalScrollBar().setValue(0)
    c.idle()
    c.shoot("long-names")


def progress_screen(c: Camera) -> None:
    w = c.window
    c.run("sample insteval")
    w.controller.run("mixed y i.service || _all: R.s || _all: R.d || dept:")
    wait(lambda: "iteration" in w.results.progress.text() or not w.controller.busy, settle=100)
    w.results.view.verticalScrollBar().setValue(0)
    c.shoot("progress")
    w.controller.cancel()
    c.idle()


def readme(c: Camera) -> None:
    """Small, and few."""
    w = c.window
    c.run("sample hsb", HSB)
    c.shoot("window-light", width=1080)
    w.looks.set_theme("dark")
    c.idle()
    c.shoot("window-dark", width=1080)
    w.looks.set_theme("light")
    c.builder()
    c.shoot("builder", width=1080)
    w.models.close_builder()


def guide(c: Camera, scratch: Path) -> None:
    """What the user guide shows and the first hour does not."""
    w = c.window
    c.size(1280, 720)
    survey = scratch / "survey.csv"
    rng = np.random.default_rng(4)
    school, stress = np.repeat(np.arange(101, 131), 8), rng.normal(50, 10, 240).round(1)
    sleep = (9 - stress / 30 + rng.normal(0, 0.8, 240)).round(1)
    answers = pd.DataFrame({"school": school, "stress": stress, "sleep": sleep, "sex": rng.choice(["f", "m"], 240)})
    answers.loc[::17, "sleep"] = -99
    answers.to_csv(survey, index=False, sep=";", decimal=",")
    w.data.choose(str(survey))
    c.idle()
    wait(lambda: not w.controller.preview_worker.busy, settle=800)
    c.shoot("import", width=1080)
    w.imports.one.cancel()
    c.idle()
    c.run("sample hsb", "filter sector == 1")
    c.shoot("filter", width=1080)
    c.run("filter off")
    w.prepare.open(group="describe")
    c.idle()
    c.shoot("describe", width=1080)
    w.splitter.close_panel()
    c.run("center ses, by(id) generate(c_ses) mgenerate(m_ses)")
    c.run("mixed mathach c.c_ses##i.sector m_ses || id: c_ses, covariance(unstructured) reml dfmethod(satterthwaite)")
    c.run("margins sector, at(c_ses = (-1 0 1))", "marginsplot")
    figure = figures(w.controller.snapshot.document)[-1]
    w.figures.edit(figure.item, figure.place)
    c.idle()
    wait(lambda: w.figures.page is not None and w.figures.page.isVisible() and w.figures.page.settled(), settle=300)
    c.shoot("figure", width=1080)
    w.splitter.close_panel()
    w.models.after(w.results.newest(), "code, in(r)")
    c.idle()
    w.results.go_to(w.results.outputs()[-1].item.id)
    c.idle()
    c.shoot("code", width=1080)


def project_screens(folder: Path, scratch: Path) -> None:
    """The start page (first start, projects, work that was rescued), how saving is told, questions; in both themes."""
    settings, journals = Settings(scratch / "projects.json"), scratch / "windows"
    c = Camera(folder, settings, journals)
    both_themes(c, "start-first")
    c.window.start.convention.change.click()
    c.idle()
    c.shoot("start-convention")
    work = (
        ("jaw-growth", "sample orthodont", "mixed distance age || subject: age, cov(un) reml", "estat icc"),
        ("eth-ratings", "sample insteval", "mixed y i.service || _all: R.d, reml", "histogram y"),
        ("sleep-study", "sample sleepstudy", "mixed reaction days || subject: days, reml", "line reaction days"),
        ("grades", "sample winer43", "mixed score i.drug || person:, reml", "estat icc"),
        ("hsb-mathematics", "sample hsb", HSB, 'outline note "Sector and school SES: keep both in the model"'),
    )  # fmt: skip
    for k, (name, *lines) in enumerate(work):
        c.run(*lines, f'project save "{scratch / name}.terrace", replace')
        c.window.projects._write(scratch / f"{name}.terrace")
        c.idle()
        if k == len(work) - 1:
            c.window.models.edit_newest()
            c.window.models.builder.state.clear()
            c.idle()
            c.shoot("save-edited")
            c.window.projects.save()
            c.idle()
            c.shoot("save-saved")
            c.window.looks.set_theme("dark")
            c.shoot("save-saved-dark")
            c.window.looks.set_theme("light")
            c.run("generate late = ses > 0")
            c.window.asks_on_close = True
            c.window.close()
            c.idle()
            question = c.window.findChild(UnsavedDialog)
            c.shoot("question-unsaved", question)
            question.reject()
            c.idle()
        else:
            c.run("outline delete _all")
    c.window.asks_on_close = False
    crashed(c, journals)
    c = Camera(folder, settings, journals)
    both_themes(c, "start-recovery")
    c.size(1280, 720)
    both_themes(c, "start-recovery-1280")
    c.size(820, 720)
    c.idle()
    c.shoot("start-narrow")
    c.window.close()


def both_themes(c: Camera, name: str) -> None:
    for choice in ("light", "dark"):
        c.window.looks.set_theme(choice)
        c.idle()
        c.shoot(f"{name}-{choice}")
    c.window.looks.set_theme("light")


def crashed(c: Camera, journals: Path) -> None:
    """End a window as a crash does."""
    autosave = c.window.projects.autosave
    wait(lambda: not autosave.busy)
    journal, autosave._journal, autosave._work = autosave._journal, None, lambda: None
    journal.end()
    c.window.close()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__)
        return 2
    application = app.make_application()
    theme.dress(application, "light")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = {"--readme": IMAGES, "--guide": IMAGES / "guide"}.get(arguments[0], Path(arguments[0]))
        c = Camera(folder, Settings(scratch / "settings.ini"))
        if arguments[0] == "--readme":
            readme(c)
        elif arguments[0] == "--guide":
            guide(c, scratch)
        else:
            data_screens(c, scratch)
            result_screens(c)
            state_screens(c)
            dialog_screens(c)
            size_screens(c, scratch)
            progress_screen(c)
            project_screens(folder, scratch)
        c.window.close()
    QApplication.processEvents()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

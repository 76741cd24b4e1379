"""The real program over the real engine: start, the way through it, its errors, and a clean end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton
from waiting import wait_idle, wait_until
from watched_program import WATCH

from terrace.data import formats
from terrace.session.document.fits import fits_of
from terrace.session.session import Session
from terrace_desktop.app import app
from terrace_desktop.app.window import MainWindow
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import logs

HSB = "mixed mathach ses || id: ses, covariance(unstructured) reml"


class Program:
    """A window over the engine."""

    def __init__(self, settings: Settings) -> None:
        self.window = MainWindow(settings)
        self.window.resize(1440, 900)
        self.window.show()
        self.window.begin()
        self.idle()

    def idle(self) -> None:
        wait_idle(self.window.controller)

    def run(self, *commands: str) -> None:
        for command in commands:
            self.window.controller.run(command)
        self.idle()

    def states(self) -> list[tuple[str, str]]:
        return [(e.command, e.state) for e in self.window.controller.history.entries]


@pytest.fixture
def program(settings: Settings) -> Iterator[Program]:
    p = Program(settings)
    yield p
    p.window.close()
    p.window.deleteLater()


def test_the_first_start_opens_the_sample_with_a_model_that_one_click_fits(program: Program) -> None:
    w = program.window
    options = app.parse_arguments(["--sample", "hsb", "--model", HSB])
    w.when_ready(lambda: app.open_first(w, options))
    program.idle()
    wait_until(lambda: w.models.builder is not None, "the builder")
    fit = w.models.builder.findChild(QPushButton, "builder_fit")
    wait_until(fit.isEnabled, "a model that can be fitted")
    fit.click()
    wait_until(lambda: bool(w.results.cards()), "the model")
    program.idle()
    card = w.results.newest()
    assert card.fit.ll == pytest.approx(-23320.199, abs=1e-3)
    text = card.browser.toPlainText()
    assert "12.67" in text and "School (id), unstructured" in text
    assert w.models.builder is None
    assert w.status.facts() == "7,185 rows · 11 variables · Analyses use all rows · 1 model"
    w.results.newest().show_part("model_plots")
    program.idle()
    row = w.results.newest().plots
    assert all(p.plot is not None for p in row.small.values())
    assert row.small["residual-fitted"].plot.panels[0].marks[0].rows is not None


def test_what_follows_a_fit_stands_under_it_and_predictions_reach_the_grid(program: Program, tmp_path: Path) -> None:
    w = program.window
    program.run("sample sleepstudy", "mixed reaction days || subject: days, cov(un) reml")
    card = w.results.newest()
    for command in ("estat icc", "estat sd", "estat group", "estat ic", "estat recovariance"):
        w.models.after(card, command)
    w.models.after(card, "predict fit, fitted")
    program.idle()
    assert {s for _c, s in program.states()} == {"ok"}, program.states()
    assert len(w.results.under(w.results.newest())) == 5
    assert "fit" in w.left.grid.grid.dataset and not card.stale
    assert w.left.list.count.text() == str(len(w.left.grid.grid.dataset.variables))
    w.results.newest().show_part("model_plots")
    program.idle()
    row = w.results.newest().plots
    row.open("residual-fitted")
    rows = row.large.view.select_inside(200, 260, -1e3, 0)
    program.idle()
    assert len(rows) and w.left.grid.grid.marked.sum() == len(rows)
    for suffix in ("html", "csv"):  # all formats: test_the_program_tests_itself
        w.exports.write_report([card], str(tmp_path / f"r.{suffix}"))
    program.idle()
    assert {p.suffix for p in tmp_path.iterdir()} >= {".html", ".csv"}
    assert f"{card.fit.fixed[0].coef:.1f}" in (tmp_path / "r.html").read_text()
    card.copy_tables()
    assert "<table" in QGuiApplication.clipboard().mimeData().html()


def test_the_menu_of_a_model_exports_what_it_says(program: Program) -> None:
    from terrace.report.formats import REPORTS

    program.run("sample sleepstudy", "mixed reaction days || subject:")
    card = program.window.results.newest()
    card.export_asked.disconnect()
    asked: list[str] = []
    card.export_asked.connect(asked.append)
    menu = next(a.menu() for a in card.menu.actions() if a.menu() and a.menu().objectName() == "model_export_menu")
    words = [a.text().rstrip("…") for a in menu.actions()]
    for action in menu.actions():
        action.trigger()
    assert list(zip(asked, words)) == [(f.suffix, f.name) for f in REPORTS]


def test_the_report_of_the_page_has_every_card_that_is_left(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = program.window
    path = tmp_path / "r.html"
    asked: list[object] = []
    monkeypatch.setattr(dialogs, "ask_save", lambda *args: asked.extend(args) or str(path))
    program.run(
        "sample sleepstudy", "nonsense", "scatter reaction days", "mixed reaction days || subject:", "estat icc",
        "plot lines days", "tabulate days", 'outline note "Slow at **first**"',
    )  # fmt: skip
    card = next(c for c in w.results.under(w.results.newest()) if c.outcome.type == "estat icc")
    gone = card.item.heading
    card.remove()
    program.idle()
    w.reports.save("html")
    program.idle()
    text = path.read_text()
    note = "Slow at <strong>first</strong>"
    shown = (
        "ms against Days of sleep deprivation", "Model 1: ", "Fitted Average reaction time, ms by Subject", "Freq.",
        note,
    )  # fmt: skip
    places = [text.index(x) for x in shown]
    assert places == sorted(places)
    assert "Fitted Average reaction time, ms by Subject</i>" in text and f"{gone}</i>" not in text
    assert text.count("<svg") + text.count("<img") == 5
    assert any(Path(str(a)).name == "sleepstudy report.html" for a in asked)


def test_plots_are_exported_by_commands(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    w = program.window
    program.run("sample sleepstudy", "mixed reaction days || subject:", "mixed reaction days || subject: days")
    first = w.results.cards()[0]
    first.show_part("model_plots")
    program.idle()
    row = first.plots
    for kind, suffix in (("residual-fitted", "png"), ("qq", "svg"), ("caterpillar", "pdf")):
        monkeypatch.setattr(dialogs, "ask_save", lambda *_, k=kind, s=suffix: str(tmp_path / f"{k}.{s}"))
        row.export_asked.emit(row.small[kind].plot, suffix)
        program.idle()
        assert (tmp_path / f"{kind}.{suffix}").stat().st_size > 1000
    assert ("estimates restore m1", "ok") in program.states()


def test_the_history_run_again_gives_the_same(program: Program, tmp_path: Path) -> None:
    w = program.window
    program.run("sample sleepstudy")
    table = w.left.variables.table
    table.setData(table.index(1, 2), "Days without sleep")
    table.setData(table.index(2, 1), "nominal")
    program.idle()
    program.run("mixed reaction days || subject: days, cov(un)", "nonsense")
    w.models.after(w.results.newest(), "estat icc")
    w.models.after(w.results.newest(), "predict u*, reffects")
    program.idle()
    do = tmp_path / "history.do"
    do.write_text(w.controller.history.do_file())
    again = Session()
    outcomes = list(again.run_do(do))
    assert all(o.ok for o in outcomes), [o.error for o in outcomes]
    assert again.dataset is not None
    pd.testing.assert_frame_equal(again.dataset.frame, w.controller.snapshot.dataset.frame)
    assert again.dataset.variables == w.controller.snapshot.dataset.variables
    assert [f.ll for n, f in fits_of(again.state.document) if n == "m1"] == [w.results.newest().fit.ll]
    assert not again.stored, "nothing is stored but what the user stores"


def test_a_do_file_that_leaves_its_folder_is_shown_before_it_runs(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    w = program.window
    program.idle()
    do = tmp_path / "own" / "a.do"
    do.parent.mkdir()
    do.write_text("sample sleepstudy\nsave ../out\n")
    monkeypatch.setattr(dialogs, "ask_open", lambda *_: str(do))
    w.actions_["run_do"].trigger()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question")
    dialog = w.findChild(dialogs.TrustDialog)
    assert dialog.findChild(QPlainTextEdit, "trust_dialog_lines").toPlainText() == "line 2 writes ../out: save ../out"
    dialog.cancel_button.click()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is None, "the question to go")
    program.idle()
    assert w.controller.snapshot.dataset is None and not (tmp_path / "out.dta").exists()
    w.actions_["run_do"].trigger()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question for the second time")
    w.findChild(dialogs.TrustDialog).without_button.click()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is None, "the second question to go")
    program.idle()
    assert w.controller.snapshot.dataset is not None and not (tmp_path / "out.dta").exists()
    w.actions_["run_do"].trigger()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question again")
    w.findChild(dialogs.TrustDialog).ok_button.click()
    wait_until((tmp_path / "out.dta").exists, "the file")
    program.idle()
    do.write_text("sample hsb\nsave inside\n")
    w.actions_["run_do"].trigger()
    wait_until((do.parent / "inside.dta").exists, "the file, without a question")
    program.idle()


def typed(program: Program, text: str) -> None:
    bar = program.window.left.history_tab.bar
    bar.setText(text)
    QTest.keyClick(bar, Qt.Key.Key_Return)


@pytest.mark.parametrize("before", ["", "display 1\n"], ids=["one command", "several lines"])
def test_a_do_file_that_is_typed_is_asked_about_as_well(program: Program, tmp_path: Path, before: str) -> None:
    w = program.window
    program.idle()
    do = tmp_path / "own" / "a.do"
    do.parent.mkdir()
    do.write_text(f'sample sleepstudy\nsave "{tmp_path / "out"}"\n')
    command = f'{before}do "{do}"'
    typed(program, command)
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question")
    dialog = w.findChild(dialogs.TrustDialog)
    assert dialog.findChild(QPlainTextEdit, "trust_dialog_lines").toPlainText().startswith("line 2 writes ")
    dialog.cancel_button.click()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is None, "the question to go")
    program.idle()
    assert w.controller.snapshot.dataset is None and not (tmp_path / "out.dta").exists()
    typed(program, command)
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question for the second time")
    w.findChild(dialogs.TrustDialog).without_button.click()
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is None, "the second question to go")
    wait_until(lambda: w.controller.snapshot.dataset is not None, "the data")
    program.idle()
    assert not (tmp_path / "out.dta").exists()
    typed(program, command)
    wait_until(lambda: w.findChild(dialogs.TrustDialog) is not None, "the question again")
    w.findChild(dialogs.TrustDialog).ok_button.click()
    wait_until((tmp_path / "out.dta").exists, "the file")
    program.idle()


def test_a_do_file_that_stays_in_its_folder_runs_at_once_and_in_its_turn(program: Program, tmp_path: Path) -> None:
    do = tmp_path / "a.do"
    do.write_text(f'sample sleepstudy\nsave "{tmp_path / "inside"}"\n')
    program.idle()
    typed(program, f'do "{do}"')
    typed(program, "count")
    program.idle()
    assert (tmp_path / "inside.dta").exists() and program.window.findChild(dialogs.TrustDialog) is None
    last = program.window.controller.history.entries[-1]
    assert (last.command, last.state) == ("count", "ok")


def test_undo_takes_edits_of_the_data_back(program: Program) -> None:
    w = program.window
    program.run("sample hsb", HSB)
    card = w.results.newest()
    table = w.left.variables.table
    names = list(w.left.grid.grid.dataset.names)
    row = names.index("ses")
    table.setData(table.index(row, 4), "-1.528")
    program.idle()
    assert card.stale, "a code for missing changes the estimation sample"
    w.undo()
    program.idle()
    assert not card.stale and w.left.grid.grid.dataset.variable("ses").missing_codes == ()
    assert w.actions_["redo"].isEnabled()
    w.redo()
    program.idle()
    assert card.stale


# --- bad input ------------------------------------------------------------------------------------------------
def write_csv(path: Path, **columns: object) -> str:
    pd.DataFrame(columns).to_csv(path, index=False)
    return str(path)


def test_a_half_written_file_leaves_everything_as_it_was(program: Program, tmp_path: Path) -> None:
    w = program.window
    bad = tmp_path / "half.dta"
    bad.write_bytes(b"<stata_dta><header><release>118</release>")
    w.data.open_file(str(bad))
    program.idle()
    assert w.pages.currentWidget() is w.start
    assert any("half.dta" in x.text() for x in w.start.findChildren(QLabel))
    program.run("sample winer43")
    w.data.open_file(str(bad))
    program.idle()
    assert w.left.grid.grid.shown_rows == 20
    assert "half.dta" in w.results.errors()[0].outcome.error[1]


def test_what_the_reader_decided_stands_in_the_results(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "eu.csv"
    path.write_text("group id;value\n1;2,5\n1;3,5\n2;1,25\n", encoding="latin-1")
    program.window.data.open_file(str(path))
    program.idle()
    card = program.window.results.outputs()[0]
    assert card.title == "eu.csv" and "group_id" in card.browser.toPlainText()
    assert program.window.windowTitle() == "eu.csv – Terrace"


def test_a_model_of_other_data_is_told_and_harms_nothing(program: Program) -> None:
    w = program.window
    program.run("sample hsb", HSB, "sample sleepstudy")
    card = w.results.newest()
    assert not card.stale, "its own data have not changed"
    w.models.open_builder(card.fit.spec)
    builder = w.models.builder
    wait_until(lambda: builder is not None and builder.isVisible())
    fit = builder.findChild(QPushButton, "builder_fit")
    wait_until(lambda: builder.state.is_current, "the judgement")
    assert not fit.isEnabled(), "its variables are not there"
    w.models.close_builder()
    card.refit_asked.emit()
    program.idle()
    told = [x.text() for x in card.findChildren(QLabel)]
    assert "This model was fitted to hsb, which is not open now." in told and w.results.errors() == []
    w.models.after(card, "estat icc")
    w.models.after(card, "predict f, fitted")
    program.idle()
    codes = [o.outcome.error[0] for o in w.results.errors()]
    assert "internal" not in codes


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("mixed y x || one:", "one"),
        ("mixed constant x || g:", "constant"),
        ("mixed text x || g:", "text"),
        ("mixed y || g: level2", "level2"),
        ("mixed y empty || g:", "empty"),
        ("mixed y nothere || g:", "nothere"),
        ("mixed y x || nothere:", "nothere"),
        ("mixed y x || g: x, cov(foo)", "foo"),
        ("mixed", ""),
        ("mixed y x || g", ""),
    ],
)
def test_bad_models_are_told_in_place_and_the_session_goes_on(
    program: Program, tmp_path: Path, command: str, names: str
) -> None:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(12), 5)
    path = write_csv(
        tmp_path / "d.csv", y=rng.normal(size=60) + g % 3, x=rng.normal(size=60), g=g, one=np.ones(60, int),
        constant=np.full(60, 4.5), text=np.where(g % 2, "a b", "c d"), level2=g % 4, empty=np.full(60, np.nan),
    )  # fmt: skip
    program.window.data.open_file(path)
    program.idle()
    program.run(command)
    w = program.window
    entry = w.controller.history.entries[-1 if len(w.controller.history.entries) == 2 else 1]
    if entry.state == "error":
        error = w.results.errors()[-1].outcome.error
        assert error[0] != "internal", error
        assert names in error[1] + w.results.errors()[-1].outcome.error_advice
    else:  # fitted all the same, and the card says what is wrong
        assert any(names in str(a) for a in w.results.newest().fit.warnings)
    program.run("mixed y x || g:")
    assert w.results.newest() is not None and w.results.newest().fit.outcome == "y"


# --- start and end --------------------------------------------------------------------------------------------
def test_arguments() -> None:
    options = app.parse_arguments(["a.dta", "--model", "mixed y || g:", "--theme", "dark"])
    assert (options.file, options.model, options.theme) == ("a.dta", "mixed y || g:", "dark")
    assert app.parse_arguments(["--data", "b.dta"]).data == "b.dta"


def test_a_model_that_cannot_be_read_opens_an_empty_builder(program: Program) -> None:
    w = program.window
    app.open_first(w, app.parse_arguments(["--sample", "hsb", "--model", "mixed nothere || id:"]))
    program.idle()
    wait_until(lambda: w.models.builder is not None)
    form = w.models.builder
    assert "nothere" in form.live.wrong.text() and form.live.command.toPlainText() == "mixed nothere || id:"
    assert form.spec.outcome.name == ""
    w.models.close_builder()


def test_a_copied_table_is_opened_by_a_command(program: Program) -> None:
    w = program.window
    QGuiApplication.clipboard().setText('id\tname\n1\ta "b"\n2\tC:\\new\n')
    w.actions_["paste_data"].trigger()
    program.idle()
    w.imports.one.page.panel.do_it.click()
    program.idle()
    assert w.controller.snapshot.dataset is not None
    assert w.controller.snapshot.dataset.frame["name"].tolist() == ['a "b"', "C:\\new"]
    command = program.states()[-1][0]
    assert command.startswith("paste ")
    program.run(command)  # the history holds what is needed to open it again
    assert program.states()[-1] == (command, "ok")


def test_what_is_built_stays_while_the_data_change(program: Program) -> None:
    w = program.window
    QGuiApplication.clipboard().setText("mixed mathach ses2 || id:")
    program.run("sample hsb", "generate ses2 = ses^2")
    w.actions_["paste_model"].trigger()
    form = w.models.builder
    assert form.command == "mixed mathach ses2 || id:" and form.fit.isEnabled()
    form.state.constrain("ses2 = 0")
    program.run("generate half = ses / 2")
    assert w.models.builder is form and "half" in form.variables.model.names()
    w.models.open_builder(None)
    assert w.models.builder is form, "an unfinished model is not thrown away"
    form.fit.click()
    program.idle()
    entries = [e.command for e in w.controller.history.entries]
    assert entries[-2:] == ["constraint 1 ses2 = 0", "mixed mathach ses2 || id:, constraints(1)"]
    assert w.results.newest().fit.fixed[0].coef == pytest.approx(0, abs=1e-12)
    ll = w.results.newest().fit.ll
    w.models.open_builder(w.results.newest().fit.spec)
    assert w.models.builder.state.constraints == {1: "ses2 = 0"}
    w.models.builder.maximisation.last.click()
    w.models.builder.fit.click()
    program.idle()
    assert "from(" in w.results.newest().fit.command and w.results.newest().fit.ll == pytest.approx(ll, abs=1e-9)
    w.models.open_builder(w.results.newest().fit.spec)
    assert w.models.builder.fit.isEnabled() and w.models.builder.definitions() == ()
    program.run("sample sleepstudy")
    assert w.models.builder is None, "other data have other variables"


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    own = {"TERRACE_SETTINGS": str(tmp_path / "s.ini"), "TERRACE_LOGS": str(tmp_path / "logs"), **more}
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", **own}


def run_program(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    watched = Path(__file__).with_name("watched_program.py")
    return subprocess.run(
        [sys.executable, str(watched), *arguments], env=environment(tmp_path, **more), capture_output=True,
        text=True, timeout=240, check=False,
    )  # fmt: skip


def test_the_program_tests_itself(tmp_path: Path) -> None:
    """On a screen with twice the dots; all other tests have one without."""
    report, temporary = tmp_path / "report.txt", tmp_path / "tmp"
    temporary.mkdir()
    done = run_program(tmp_path, "--self-test", "--report", str(report), QT_SCALE_FACTOR="2", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert done.stderr.replace("This plugin does not support propagateSizeHints()", "").strip() == ""
    assert done.stdout.endswith("Self-test passed: every step worked.\n")
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "logs").exists() and not (tmp_path / "s.ini").exists(), "it has places of its own"
    assert report.read_text(encoding="utf-8") == done.stdout


def test_the_watch_of_the_network_hears_a_process_apart(tmp_path: Path) -> None:
    """As a reader in native code would use it; that the self-test starts such a process is seen there."""
    told = tmp_path / "told.txt"
    code = f"{WATCH.format(file=str(told))}\nimport socket\nsocket.socket().connect(('127.0.0.1', 0))"
    subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=False)
    watched, heard = told.read_text(encoding="utf-8").splitlines()
    assert watched == "" and heard.startswith("socket.connect") and "127.0.0.1" in heard


def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    bare = {k: v for k, v in environment(tmp_path).items() if k not in displays}
    code = "import sys; from terrace_desktop.app.app import main; sys.exit(main([]))"
    done = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "No display" in done.stderr


def test_the_window_module_loads_no_heavy_library() -> None:
    code = (
        "import sys; import terrace_desktop.app.window, terrace_desktop.app.app;"
        "heavy = {'numpy','pandas','scipy','pyqtgraph','matplotlib','pyarrow','importlib.metadata'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_exception_in_any_thread_is_told_on_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    relay = logs.ExceptionRelay()
    told: list[tuple[str, str, str]] = []
    relay.told.connect(lambda summary, text: told.append((summary, text, threading.current_thread().name)))
    hooks = sys.excepthook, threading.excepthook
    relay.install()

    def fail() -> None:
        raise ValueError("in the thread")

    try:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        wait_until(lambda: bool(told))
    finally:
        sys.excepthook, threading.excepthook = hooks
    assert told[0][0] == "ValueError: in the thread" and "def fail" not in told[0][0]
    assert "in fail" in told[0][1] and told[0][2] == "MainThread"


@pytest.mark.skipif(os.name != "posix", reason="the reader that hangs is of POSIX")
def test_cancelling_ends_a_reader_that_hangs_in_native_code(program: Program, tmp_path: Path, monkeypatch) -> None:
    """The window goes on with the data that were open, and the process that read is gone."""
    program.run("sample hsb")
    known = replace(formats.BY_ENDING[".sav"], reader="apart_readers:hang")
    monkeypatch.setitem(formats.BY_ENDING, ".sav", known)
    path = tmp_path / "slow.sav"
    path.write_text("words", encoding="utf-8")
    controller = program.window.controller
    controller.run(f'use "{path}"')
    told = path.with_suffix(".pid")
    wait_until(lambda: told.exists() and bool(told.read_text()), "the reader")
    controller.cancel()
    program.idle()
    assert [state for _, state in program.states()] == ["ok", "cancelled"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(told.read_text()), 0)
    program.run("count")
    assert program.states()[-1][1] == "ok"


def test_the_history_runs_again_without_its_files(program: Program, tmp_path: Path) -> None:
    """It doubled an outcome and saved it over its source; a second time must leave that alone, and the report too."""
    source, report = tmp_path / "trial.csv", tmp_path / "paper.md"
    source.write_text("g,y\n1,1\n1,2\n2,4\n2,3\n3,5\n3,7\n")
    w = program.window
    lines = [f'use "{source}"', "replace y = 2 * y", "save, replace", "mixed y || g:", f'report "{report}", replace']
    program.run(*lines)
    doubled = "g,y\n1,2\n1,4\n2,8\n2,6\n3,10\n3,14\n"
    assert source.read_text() == doubled
    report.write_text("edited by hand")
    program.idle()
    w.scripts.run_history()
    wait_until(lambda: w.findChild(dialogs.ReplayDialog) is not None, "the question")
    dialog = w.findChild(dialogs.ReplayDialog)
    told = dialog.findChild(QPlainTextEdit, "replay_dialog_lines").toPlainText()
    assert told.splitlines() == [
        "line 3 writes the file of the data: save, replace", f'line 5 writes {report}: report "{report}", replace',
    ]  # fmt: skip
    assert dialog.without_button.isDefault()
    dialog.without_button.click()
    wait_until(lambda: w.findChild(dialogs.ReplayDialog) is None, "the question to go")
    program.idle()
    assert source.read_text() == doubled and report.read_text() == "edited by hand"
    assert w.results.newest() is not None  # the model ran
    w.scripts.run_history()
    wait_until(lambda: w.findChild(dialogs.ReplayDialog) is not None, "the question again")
    w.findChild(dialogs.ReplayDialog).ok_button.click()
    wait_until(lambda: report.read_text() != "edited by hand", "the report")
    program.idle()
    assert source.read_text() != doubled

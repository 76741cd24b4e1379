"""`terrace-desktop`: shows the window first and loads what is heavy after."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from terrace.data.apart import served
from terrace.data.resources import resource_path
from terrace_desktop.app.opened_files import Application
from terrace_desktop.builder import look as builder_look
from terrace_desktop.figure import look as figure_look
from terrace_desktop.forms import look as forms_look
from terrace_desktop.importing import look as importing_look
from terrace_desktop.reporting import look as reporting_look
from terrace_desktop.results import look as results_look
from terrace_desktop.ui import theme, words
from terrace_desktop.ui.later import soon
from terrace_desktop.ui.settings import Settings
from terrace_desktop.variables import look as variables_look
from terrace_desktop.work import logs, session_port
from terrace_desktop.work.collector import Collector
from terrace_desktop.work.worker import still_running

if TYPE_CHECKING:
    from terrace_desktop.app.window import MainWindow

log = logging.getLogger(__name__)
LOOKS = {
    "FormContent": builder_look.SHEET + forms_look.SHEET + variables_look.SHEET + figure_look.SHEET
    + reporting_look.SHEET,
    "FigurePage": figure_look.PAGE, "ReportPage": reporting_look.PAGE, "ResultsPane": results_look.SHEET,
    "ImportPage": importing_look.SHEET, "SeveralPage": importing_look.SHEET,
}  # fmt: skip


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="terrace-desktop", description="Multilevel models in a window.")
    parser.add_argument("file", nargs="?", help="a project or a data file to open")
    parser.add_argument("--data", metavar="FILE", help="the same")
    parser.add_argument("--sample", metavar="NAME", help="open a bundled sample, such as hsb")
    parser.add_argument("--first", action="store_true", help="open the sample only if there is no earlier work")
    parser.add_argument("--model", metavar="COMMAND", help="a mixed command to load into the builder")
    parser.add_argument("--theme", choices=theme.CHOICES, help="theme for this run")
    parser.add_argument("--language", metavar="CODE", help="language for this run, such as de")
    parser.add_argument("--self-test", action="store_true", help="open, fit, check, export, and quit")
    parser.add_argument("--unseen", action="store_true", help="with --self-test: show no window")
    parser.add_argument("--validate", action="store_true", help="compare all published numbers, and quit")
    parser.add_argument("--look-for-update", action="store_true", help="tell of newer versions, and quit")
    parser.add_argument("--report", metavar="FILE", help="write each step of a check to the end of this file, too")
    return parser.parse_args(argv)


def has_display() -> bool:
    """False where Qt would end the process for want of a display."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def make_application(language: str = words.ENGLISH) -> QApplication:
    """The Qt application, named, with its icon, and in a language that is there."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = Application(sys.argv[:1])
    if app.findChild(Collector) is None:
        Collector(app)
    app.setApplicationName("Terrace")
    app.setApplicationDisplayName("Terrace")
    app.setOrganizationName("Terrace")
    app.setDesktopFileName("terrace")
    app.setWindowIcon(QIcon(str(resource_path("icons", "terrace.svg"))))
    words.speak(app, language)
    theme.add_looks(LOOKS)
    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the application; the exit status."""
    if served(sys.argv[1:] if argv is None else argv):
        return 0
    options = parse_arguments(argv)
    if options.validate:
        from terrace_desktop.upkeep.published import compare_published

        return compare_published(options.report)
    if options.look_for_update:
        from terrace_desktop.upkeep.installation import installation
        from terrace_desktop.upkeep.update_flow import print_update

        return print_update(installation(), Settings())
    if not has_display():
        print("No display was found. `terrace run` works without one.", file=sys.stderr)
        return 1
    return leave(_tested(options) if options.self_test else _opened(options))


def leave(status: int) -> int:
    """The exit status, for the end of the program; with a worker that was waited for in vain, the end itself.

    Python ends a thread that comes back from C++ while the interpreter goes by unwinding it, and C++ that must not
    throw then aborts the process. The window has written settings, journal and logs by now.
    """
    if left := still_running():
        log.info("ended while threads still ran: %s", ", ".join(left))
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a frozen program without a console has none
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
        os._exit(status)
    return status


def _tested(options: argparse.Namespace) -> int:
    """Run the self-test in a place of its own; the exit status."""
    from terrace_desktop.app.self_test import LIMIT, SelfTest, own_places
    from terrace_desktop.upkeep.step_lines import StepLines

    begun = time.monotonic()
    lines = StepLines(options.report)
    lines.begin(LIMIT / 1000)
    tests: list[SelfTest] = []

    def begin(window: MainWindow) -> None:
        lines.passed("start", time.monotonic() - begun)
        tests.append(SelfTest(window, lines))
        tests[0].begin()

    with tempfile.TemporaryDirectory(prefix="terrace-self-test-", ignore_cleanup_errors=True) as folder:
        own_places(Path(folder))
        status = _run(options, begin, journals=None, asks=False)
    return tests[0].status or status if tests else 1


def _opened(options: argparse.Namespace) -> int:
    """Show the window for somebody to work in; the exit status."""
    return _run(options, lambda window: open_first(window, options), journals=logs.log_path().parent / "windows",
                asks=True)  # fmt: skip


def _run(
    options: argparse.Namespace, begin: Callable[[MainWindow], object], *, journals: Path | None, asks: bool
) -> int:
    settings = Settings()
    app = make_application(words.wanted(options.language, settings.language()))
    theme.manager().zoom = settings.zoom()
    theme.dress(app, options.theme or settings.theme())
    crash = logs.start_logs()
    relay = logs.ExceptionRelay()
    relay.install()
    from terrace_desktop.app.window import MainWindow

    window = MainWindow(settings, warm_up=session_port.warm_up, journals=journals)
    window.asks_on_close = asks
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, options.unseen)
    relay.told.connect(window.failures.show)
    window.show()
    soon(window, window.begin)
    app.commitDataRequest.connect(lambda _manager: window.end_in_order())
    window.failures.crashed(crash, window.notices)
    window.when_ready(lambda: begin(window))
    if isinstance(app, Application):
        window.when_ready(partial(app.open_with, window.open_beside))
    status = app.exec()
    if isinstance(app, Application):
        app.open_with(None)
    relay.uninstall()
    logs.end_logs()
    return status


def open_first(window: MainWindow, options: argparse.Namespace) -> None:
    """Open what the command line names, and have its model ready."""
    path = options.file or options.data
    if options.first and not path and window.projects.had_work():
        return
    if path and options.model:
        window.data.open_file(path)  # the model needs the data at once
    elif path:
        window.data.choose(path)
    elif options.sample:
        window.data.open_sample(options.sample)
    if options.model:
        window.models.open_builder_with(options.model)


if __name__ == "__main__":
    sys.exit(main())

"""`terrace-desktop --self-test`: the program checks itself on this machine, as an installer's test needs it.

It opens a sample, fits a model, compares the answer with that of lme4, draws and saves figures, exports reports and
reads them again, reads files of other programs, and saves a project and opens it again. Each step is a line on standard
output and in the file of ``--report``; the exit status says whether all of it worked.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from terrace.report import formats
from terrace_desktop.upkeep.step_lines import STEPS, StepLines

if TYPE_CHECKING:
    from terrace_desktop.app.window import MainWindow
    from terrace_desktop.results.model_card import ModelCard

SAMPLE = "sleepstudy"
COMMAND = "mixed reaction days || subject: days, covariance(unstructured) reml"
# What lme4 gives for these data and this model: REML criterion, intercept and slope.
LL = -1743.628 / 2
COEFFICIENTS = {"days": 10.467, "_cons": 251.405}
ROWS = 180
SHOWN = "10.47"  # the slope, as reports print it
FOREIGN = (".dta", ".sav", ".xlsx", ".parquet")  # readers in a process apart are among them
LIMIT = 120_000  # ms
SMALLEST = 500  # bytes of a file that holds anything
Step = Generator[str | None, Any, None]
"""Yields a command, and gets its outcome; or None, to go on when all that is queued is done."""


def own_places(folder: Path) -> None:
    """Send settings, logs and caches of this process to a folder that goes with it."""
    os.environ.update(TERRACE_SETTINGS=str(folder / "settings.json"), TERRACE_LOGS=str(folder),
                      XDG_CACHE_HOME=str(folder), MPLCONFIGDIR=str(folder / "matplotlib"))  # fmt: skip


class SelfTest(QObject):
    """Steps one after the other, each waiting for the answer of the one before."""

    def __init__(self, window: MainWindow, lines: StepLines) -> None:
        super().__init__(window)
        self.window, self.lines = window, lines
        self.status = 1
        self._held = tempfile.TemporaryDirectory(prefix="terrace-self-test-")
        self._folder = Path(self._held.name)
        self._work: dict[str, Callable[[], Step]] = {
            "sample": self._sample, "fit": self._fit, "numbers": self._numbers, "figure": self._figure,
            "word": self._word, "pdf": self._pdf, "reports": self._reports, "files": self._files,
            "project": self._project,
        }  # fmt: skip
        self._left = [key for key in STEPS if key in self._work]
        self._step: Step | None = None
        self._begun = 0.0
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(lambda: self._failed("it took too long"))

    def begin(self) -> None:
        """Take the first step."""
        self._limit.start(LIMIT)
        self._next_step()

    # --- the steps --------------------------------------------------------------------------------------
    def _sample(self) -> Step:
        yield f"sample {SAMPLE}"
        dataset = self.window.controller.snapshot.dataset
        assert dataset is not None
        _expect(len(dataset) == ROWS, f"{len(dataset)} rows instead of {ROWS}")

    def _fit(self) -> Step:
        yield COMMAND
        yield None  # behind the further tables of the model, with which its card is made anew
        self._card()

    def _numbers(self) -> Step:
        fit = self._card().fit
        _expect(abs(fit.ll - LL) < 5e-4, f"log likelihood {fit.ll:.4f} instead of {LL:.4f}")
        found = {e.term: e.coef for e in fit.fixed}
        for term, value in COEFFICIENTS.items():
            got = found.get(term, float("nan"))
            _expect(abs(got - value) < 5e-4, f"coefficient of {term} {got:.4f} instead of {value:.3f}")
        yield None

    def _figure(self) -> Step:
        self._card().show_part("model_plots")
        yield None  # behind the plots, which are in the queue
        row = self._card().plots
        _expect(row is not None, "no plots")
        assert row is not None
        plots = [picture.plot for picture in row.small.values()]
        _expect(all(p is not None for p in plots), "a plot is missing")
        self.window.grab()
        assert plots[0] is not None
        for name in ("plot.pdf", "plot.png"):
            self.window.exports.write_plot(plots[0], str(self._folder / name))
            yield None
            self._written(name)

    def _word(self) -> Step:
        import docx

        self.window.exports.write_report(self.window.results.cards(), str(self._folder / "report.docx"))
        yield None
        document = docx.Document(str(self._written("report.docx")))
        cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
        _expect(any(SHOWN in text for text in cells), f"{SHOWN} is not in the Word document")

    def _pdf(self) -> Step:
        import pypdf

        yield f'report "{self._folder / "report.pdf"}"'
        pages = pypdf.PdfReader(self._written("report.pdf")).pages
        _expect(any(SHOWN in page.extract_text() for page in pages), f"{SHOWN} is not in the PDF")

    def _reports(self) -> Step:
        for ending in (known.ending for known in formats.REPORTS if known.ending not in (".docx", ".pdf")):
            name = f"report{ending}"
            yield f'report "{self._folder / name}", noplots'  # the figures have been written by now
            self._written(name)

    def _files(self) -> Step:
        from terrace.data.read import read

        for ending in FOREIGN:
            path = self._folder / f"data{ending}"
            yield f'save "{path}"'
            found = read(path)
            _expect(len(found) == ROWS and "reaction" in found, f"{path.name} is not read as it was written")

    def _project(self) -> Step:
        path = self._folder / "project.terrace"
        yield f'project save "{path}"'
        yield f'project use "{path}"'
        yield None
        fit = self._card().fit
        _expect(abs(fit.ll - LL) < 5e-4, "the model of the project is another")
        yield "predict fitted_again, fitted"  # needs the arrays of the model, which are made again of its data

    def _card(self) -> ModelCard:
        card = self.window.results.newest()
        _expect(card is not None, "the model is not in the results")
        assert card is not None
        return card

    def _written(self, name: str) -> Path:
        path = self._folder / name
        _expect(path.exists() and path.stat().st_size > SMALLEST, f"{name} is not written")
        return path

    # --- from one to the next ---------------------------------------------------------------------------
    def _next_step(self) -> None:
        if not self._left:
            self._end()
            return
        self._step = self._work[self._left[0]]()
        self._begun = time.monotonic()
        self._go_on(None)

    def _go_on(self, value: Any) -> None:
        if self._step is None:  # it has ended meanwhile
            return
        try:
            wanted = self._step.send(value)
        except StopIteration:
            self.lines.passed(self._left.pop(0), time.monotonic() - self._begun)
            self._next_step()
        except Exception as error:
            self._failed(str(error) if isinstance(error, _Wrong) else f"{type(error).__name__}: {error}")
        else:
            self._wait_for(wanted)

    def _wait_for(self, wanted: str | None) -> None:
        controller = self.window.controller
        if wanted is None:
            controller.call("self-test", lambda _session: None, self._go_on, lambda error: self._failed(str(error)))
        else:
            controller.run(wanted, lambda outcome: self._answered(wanted, outcome))

    def _answered(self, command: str, outcome: Any) -> None:
        if outcome is not None and outcome.ok:
            self._go_on(outcome)
        else:
            why = "it was stopped" if outcome is None else outcome.error[1]
            self._failed(f"{command.split(maxsplit=1)[0]}: {why}")

    def _failed(self, why: str) -> None:
        self.lines.failed(self._left[0], why)
        self._end()

    def _end(self) -> None:
        self._step = None
        self._limit.stop()
        self._held.cleanup()
        self.status = 1 if self._left else 0
        self.lines.end(self._left[0] if self._left else "")
        self.window.close()
        QApplication.exit(self.status)


class _Wrong(Exception):
    """What a step found."""


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise _Wrong(what)

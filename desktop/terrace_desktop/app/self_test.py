"""`terrace-desktop --self-test`: the program checks itself on this machine, as an installer's test needs it.

It opens a sample, fits a model, compares the answer with that of lme4, draws the plots, exports a
report and a figure, and quits; the exit status says whether all of it worked.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from terrace.report import formats

if TYPE_CHECKING:
    from terrace.session.contract import Outcome
    from terrace_desktop.app.window import MainWindow
    from terrace_desktop.results.model_card import ModelCard

SAMPLE = "sleepstudy"
COMMAND = "mixed reaction days || subject: days, covariance(unstructured) reml"
# What lme4 gives for these data and this model: REML criterion and slope.
LL = -1743.628 / 2
DAYS = 10.467
LIMIT = 120_000  # ms
T = TypeVar("T")


class SelfTest(QObject):
    """Steps one after the other, each waiting for the answer of the one before."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.status = 0
        self._folder = tempfile.TemporaryDirectory(prefix="terrace-self-test-")
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(lambda: self._end("it took too long"))

    def begin(self) -> None:
        """Open the sample."""
        self._limit.start(LIMIT)
        self.window.controller.run(f"sample {SAMPLE}", self._guard(self._opened))

    def _opened(self, outcome: Outcome | None) -> None:
        self._expect(outcome is not None and outcome.ok, f"the sample does not open: {outcome and outcome.error}")
        self.window.controller.run(COMMAND, self._guard(self._fitted))

    def _fitted(self, outcome: Outcome | None) -> None:
        fitted = outcome is not None and outcome.fit is not None
        self._expect(fitted, f"the model is not fitted: {outcome and outcome.error}")
        assert outcome is not None and outcome.fit is not None
        self._expect(abs(outcome.fit.ll - LL) < 5e-4, f"log likelihood {outcome.fit.ll}")
        days = next(e for e in outcome.fit.fixed if e.term == "days")
        self._expect(abs(days.coef - DAYS) < 5e-4, f"coefficient of days {days.coef}")
        # behind the further tables of the model, with which its card is made anew
        self.window.controller.call("self-test", lambda _session: None, self._guard(self._shown), self._failed)

    def _shown(self, _value: None) -> None:
        self._card().show_part("model_plots")
        # behind the plots, which are in the queue
        self.window.controller.call("self-test", lambda _session: None, self._guard(self._plotted), self._failed)

    def _plotted(self, _value: None) -> None:
        row = self._card().plots
        self._expect(row is not None, "no plots")
        assert row is not None
        plots = [picture.plot for picture in row.small.values()]
        self._expect(all(p is not None for p in plots), "a plot is missing")
        self.window.grab()
        cards = self.window.results.cards()
        folder = Path(self._folder.name)
        files = [folder / f"report{known.ending}" for known in formats.REPORTS]
        self.window.exports.write_report(cards, str(files[0]))
        for file in files[1:]:  # the figures have been written once
            self.window.controller.run(f'report "{file}", noplots')
        assert plots[0] is not None
        files.append(folder / "plot.pdf")
        self.window.exports.write_plot(plots[0], str(files[-1]))
        self.window.controller.call("self-test", lambda _session: files, self._guard(self._exported), self._failed)

    def _card(self) -> ModelCard:
        card = self.window.results.newest()
        self._expect(card is not None, "the model is not in the results")
        assert card is not None
        return card

    def _exported(self, files: list[Path]) -> None:
        for file in files:
            self._expect(file.exists() and file.stat().st_size > 500, f"{file.name} is not written")
        self._end("")

    def _guard(self, step: Callable[[T], None]) -> Callable[[T], None]:
        def run(value: T) -> None:
            try:
                step(value)
            except Exception as error:
                self._failed(error)

        return run

    def _failed(self, error: Exception) -> None:
        self._end(f"{type(error).__name__}: {error}")

    def _expect(self, holds: bool, what: str) -> None:
        if not holds:
            raise RuntimeError(what)

    def _end(self, wrong: str) -> None:
        self._limit.stop()
        self._folder.cleanup()
        if wrong:
            self.status = 1
            print(f"Self-test failed: {wrong}.", file=sys.stderr)
        else:
            print("Self-test passed: data, model, plots and reports are as they should be.")
        self.window.close()
        QApplication.exit(self.status)

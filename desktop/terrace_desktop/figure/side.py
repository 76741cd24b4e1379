"""Beside the figure: how it prints in grey, whether it is ready to print, and its style for all figures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from terrace.wording import enumerated
from terrace_desktop.figure.sheet import Small
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, clear_layout, label, named
from terrace_desktop.ui.words import from_engine
from terrace_desktop.variables.fields import heading

if TYPE_CHECKING:
    from terrace.report.figure.checks import Check
    from terrace.report.figure.proof import Proof

WIDTH = 208  # px
GAP = 20
FEW = 5  # figures that are named


class Side(QWidget):
    """`mend_asked` tells the option of ``figure`` that mends what was found, `all_asked` that all figures follow."""

    mend_asked = Signal(str)
    all_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        named(self, "figure_side", self.tr("Before it is printed"))
        self.checks: tuple[Check, ...] = ()
        self.small = Small()
        self.actual = heading(self.tr("In grey, actual size"))
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.all_words = named(label("", "small", wrap=True), "figure_all_words", "")
        self.all = button("", "figure_all", self.all_asked.emit, variant="link")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.actual)
        self._column.addWidget(self.small)
        self._column.addSpacing(GAP)
        self._column.addWidget(heading(self.tr("Ready to print?")))
        self._column.addLayout(self._list)
        self._column.addSpacing(GAP)
        self._column.addWidget(heading(self.tr("Use for all figures")))
        self._column.addWidget(self.all_words)
        row = QHBoxLayout()
        row.addWidget(self.all)
        row.addStretch(1)
        self._column.addLayout(row)
        self._column.addStretch(1)

    def show_judged(self, grey: Proof, checks: tuple[Check, ...]) -> None:
        """Show the figure in grey, and what was found."""
        self.small.show_proof(grey)
        self._say_size()
        if checks == self.checks:
            return
        self.checks = checks
        clear_layout(self._list)
        for check in checks:
            self._list.addLayout(self._line(check))

    def _say_size(self) -> None:
        actual = self.small.is_actual()
        self.actual.setText(self.tr("In grey, actual size") if actual else self.tr("In grey"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._say_size()

    def _line(self, check: Check) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        mark = QLabel()
        mark.setAlignment(Qt.AlignmentFlag.AlignTop)
        set_icon(mark, "check" if check.ok else "warning", "accent_text" if check.ok else "warning")
        words = from_engine(check.text)
        said = self.tr("Ready: {0}").format(words) if check.ok else self.tr("Not ready: {0}").format(words)
        told = QVBoxLayout()
        told.setSpacing(2)
        told.addWidget(named(label(words, wrap=True), f"figure_check_{check.key}", said))
        if not check.ok and check.advice:
            advice = from_engine(check.advice)
            if check.option:
                mend = button(advice, f"figure_mend_{check.key}", partial(self.mend_asked.emit, check.option),
                              variant="link")  # fmt: skip
                line = QHBoxLayout()
                line.addWidget(mend)
                line.addStretch(1)
                told.addLayout(line)
            else:
                told.addWidget(label(advice, "small", wrap=True))
        row.addWidget(mark)
        row.addLayout(told, 1)
        return row

    def show_others(self, numbers: list[int], same: bool) -> None:
        """Which other figures would follow; `same` where the style of this one is that of all already."""
        count = len(numbers)
        self.all.setVisible(count > 0 and not same)
        if not count:
            self.all_words.setText(self.tr("This is the only figure."))
        elif same:
            self.all_words.setText(self.tr("All figures have this style."))
        else:
            named_ = enumerated([f"{n}" for n in numbers[:FEW]])
            told = self.tr("Make this the style of the project. Figure(s) {0} follow.", "", count)
            if count > FEW:
                told, named_ = self.tr("Make this the style of the project. {0} other figures follow."), f"{count}"
            self.all_words.setText(told.format(named_))
        self.all.setText(self.tr("Apply to all {0}").format(count + 1))
        self.all.setAccessibleName(self.all.text())

"""The foot of the builder: whether the model is ready, what gives it up and what keeps it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout

from terrace_desktop.builder.state import BuilderState
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, button, label, restyle
from terrace_desktop.ui.words import from_engine


class BuilderFoot(QFrame):
    """A line that says how the model stands, over the two buttons; pressing the line goes to the first problem."""

    def __init__(
        self, state: BuilderState, go_to_problem: Callable[[], object], discard: Callable[[], object],
        request_fit: Callable[[], object],
    ) -> None:  # fmt: skip
        super().__init__()
        self.state = state
        self.status = button("", "builder_status", go_to_problem, variant="flat")
        self.status_more = ElidedLabel("", "small")
        self.status_more.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.cancel = button(
            self.tr("Discard"), "builder_cancel", discard, variant="plain",
            tip=self.tr("Discard this draft (Esc closes the panel and keeps the draft)"),
        )  # fmt: skip
        self.fit = button(
            self.tr("Keep this model"), "builder_fit", request_fit, variant="primary",
            tip=self.tr("Fit the model and add it to the results (Ctrl+Enter)"),
        )  # fmt: skip
        set_icon(self.fit, "check", "on_accent")
        self.setProperty("surface", "form")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        said = QHBoxLayout()
        said.setContentsMargins(16, 6, 16, 0)
        said.setSpacing(8)
        said.addWidget(self.status)
        said.addWidget(self.status_more, 1)
        column.addLayout(said)
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 16, 12)
        row.setSpacing(8)
        row.addWidget(self.cancel)
        row.addStretch(1)
        row.addWidget(label(self.tr("Ctrl+Enter"), "muted"))
        row.addWidget(self.fit)
        column.addLayout(row)

    def show_status(self, room: int, *, asked: bool) -> None:
        """How the model stands, in `room` px; after Discard was `asked` for once the question stays beside it."""
        errors = self.state.report.errors if self.state.is_current else ()
        if not self.state.is_current:
            text, tone, more = self.tr("Checking …"), "", ""
        elif errors:
            text, tone = "○ " + from_engine(errors[0].message).rstrip("."), "todo"
            n = len(errors) - 1
            more = self.tr("and %1 more").replace("%1", str(n)) if n else ""
        else:
            warnings = sum(p.severity == "warning" for p in self.state.report.problems)
            text, tone = self.tr("✓ Ready"), "ready"
            more = ""
            if warnings:
                words = self.tr("%1 warning(s)", "", warnings)
                more = words.replace("%1", str(warnings))
            elif not self.state.spec.random:
                more = self.tr("Without a level this is a linear model. If rows come in groups, add a level.")
        shown = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room)
        self.status.setText(shown.replace("&", "&&"))
        self.status.setToolTip(text if shown != text else "")
        self.status.setAccessibleName(text)
        self.status.setProperty("tone", tone)
        restyle(self.status)
        if not asked:
            self.status_more.set_text(more)
        self.fit.setEnabled(self.state.ready)
        self.fit.setAccessibleDescription("" if self.state.ready else text)

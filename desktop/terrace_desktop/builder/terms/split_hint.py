"""A quiet hint under the fixed effects: a covariate that differs within and between groups can be split."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from terrace.data.streams.batches import StreamedData
from terrace.spec.centring import mixed_covariate
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.centring import split
from terrace_desktop.ui.widgets import button, icon_button, label, named

Found = tuple[str, tuple[str, ...]] | None


class SplitHint(QWidget):
    """Shown for one covariate at a time, until it is split or the hint is dismissed, which holds for this variable."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__()
        self.setObjectName("fixed_split_hint")
        self.state = state
        self.found: Found = None
        self._looked: object = None  # what was looked at last
        self.words = named(label("", "small", wrap=True), "fixed_split_words", "")
        self.split = button(self.tr("Split it"), "fixed_split_it", self._split, variant="mend")
        self.dismiss = icon_button("close", "fixed_split_dismiss", self.tr("Dismiss this hint"), self._dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.words, 1)
        row.addWidget(self.split, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.dismiss, 0, Qt.AlignmentFlag.AlignVCenter)
        self.hide()

    def look(self) -> None:
        """Look whether there is something to say of the model as it stands; it is found beside the window."""
        state = self.state
        if state.run_commands is None or isinstance(state.dataset, StreamedData):
            return
        spec, dataset, without = state.spec, state.dataset, frozenset(state.declined)
        looked = (spec.fixed, tuple((e.level, e.factor) for e in spec.random), id(dataset), without)
        if looked == self._looked:
            return
        self._looked = looked
        self._show(None)

        def then(found: Found) -> None:
            if looked == self._looked:
                self._show(found)

        state.checker.run("within and between", lambda: mixed_covariate(spec, dataset, without), dataset, then)

    def _show(self, found: Found) -> None:
        self.found = found
        text = ""
        if found is not None:
            text = self.tr("{0} differs within and between groups of {1}.").format(found[0], ", ".join(found[1]))
        self.words.setText(text)
        self.words.setAccessibleName(text)
        self.split.setAccessibleDescription(text)
        self.setVisible(found is not None)

    def _split(self) -> None:
        if self.found is not None:
            split(self.state, *self.found)

    def _dismiss(self) -> None:
        if self.found is not None:
            self.state.declined.add(self.found[0])
            self.look()

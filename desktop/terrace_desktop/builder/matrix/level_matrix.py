"""The covariance matrix of the random effects of one level: a picture, and the same in words."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from terrace.covariance.registry import STRUCTURES
from terrace.spec import edit
from terrace.spec.counts import default_covariance
from terrace.spec.model import Term
from terrace_desktop.builder.matrix.cells import random_matrix
from terrace_desktop.builder.matrix.picture import MatrixPicture
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.titles import term_title
from terrace_desktop.ui.widgets import label, named

SHOWN = 5  # effects that the picture shows


class EffectsMatrix(QWidget):
    """Shows the matrix of equation `index` of the model; hidden where there is one effect only."""

    def __init__(self, state: BuilderState, index: int) -> None:
        super().__init__()
        self.state, self.index = state, index
        self.wanted = False  # by the user, who has unfolded the details
        self.picture = MatrixPicture(f"level_{index}_picture", self.tr("Covariance matrix of the random effects"))
        self.words = named(label("", "small", wrap=True), f"level_{index}_words", self.tr("Covariance"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(12)
        row.addWidget(self.picture)
        row.addWidget(self.words, 1)

    def names(self) -> list[str]:
        """The random effects as the picture names them, the intercept first."""
        spec, e = self.state.spec, self.state.spec.random[self.index]
        first = [self.tr("intercept")] if edit.has_intercept(spec, self.index) else []
        return [*first, *(name for t in e.terms for name in self._of_term(t))]

    def _of_term(self, term: Term) -> list[str]:
        f = term.factors[0]
        levels = self.state.kept_levels(f) if len(term.factors) == 1 and f.kind == "factor" else ()
        return [f"{f.name} {level}" for level in levels] or [term_title(term)]

    def show_effects(self, counted: int | None) -> None:
        """Show the matrix; `counted` effects are in it as far as the data tell."""
        spec, e = self.state.spec, self.state.spec.random[self.index]
        structure = e.covariance or default_covariance(e)
        crossed = edit.is_crossed(e)
        names = [f"{edit.group_name(e)} {k}" for k in (1, 2, 3)] if crossed else self.names()
        first = 0 if crossed or edit.has_intercept(spec, self.index) else 1
        words = STRUCTURES[structure].sentence
        if len(names) > SHOWN:
            more = self.tr("Only the first %1 of %2 effects are shown.")
            words += " " + more.replace("%1", str(SHOWN)).replace("%2", str(len(names)))
        self.setVisible(self.wanted and len(names) > 1)
        self.picture.setVisible(crossed or counted in (None, len(names)))  # none is better than a wrong one
        self.picture.show_matrix(random_matrix(structure, names[:SHOWN], first), words)
        self.words.setText(words)
        self.words.setAccessibleName(words)

"""What a card shows beside its fit, worked out once it is seen: further tables, and the plots of its row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from terrace_desktop.results.model_card import ModelCard
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.session import Session
    from terrace_desktop.plots.cards import PlotRow
    from terrace_desktop.plots.thin import Prepared
    from terrace_desktop.work.session_port import Snapshot


class CardFlow(QObject):
    """Computes on the worker what the cards of the results pane ask for."""

    def __init__(self, window: QWidget, controller: Controller, results: ResultsPane) -> None:
        super().__init__(window)
        self.controller = controller
        results.further_asked.connect(self.work_out)
        results.plots_asked.connect(self.make_plots)

    def work_out(self, card: ModelCard) -> None:
        """Work out what costs more than the fit, ICC, R² and tests of terms, for a card that is seen."""
        from terrace.session.document.card import complete
        from terrace_desktop.work.session_port import take_snapshot

        id_ = card.item.id

        def work(session: Session) -> Snapshot:
            complete(session, id_)
            return take_snapshot(session)

        self.controller.call(f"the further tables of model {card.item.number}", work, self.controller.take)

    def make_plots(self, card: ModelCard, row: PlotRow) -> None:
        """Compute the diagnostic plots of a model for the row that is open on its card."""
        dataset = card.labelled_data
        for kind in row.small:
            if dataset is None:
                row.small[kind].show_failure(self.tr("The data for this model are not open."))
            else:
                self._make_plot(card, row, kind, partial(compute_plot, kind, card.fit, dataset))

    def _make_plot(self, card: ModelCard, row: PlotRow, kind: str, work: Callable[[], Prepared]) -> None:
        def show(plot: Prepared) -> None:
            if card.plots is row:  # it may have been closed meanwhile
                row.small[kind].show_plot(plot)

        def show_failure(error: Exception) -> None:
            if card.plots is row:
                row.small[kind].show_failure(str(error))

        self.controller.call(f"plot {kind}", lambda _session: work(), show, show_failure)


def compute_plot(kind: str, fit: FitResult, dataset: Dataset) -> Prepared:
    """One of the three plots under a model, ready to be drawn; runs on the worker."""
    from terrace.postestimation.diagnose import plots
    from terrace_desktop.plots.thin import prepare

    if kind == "residual-fitted":
        return prepare(plots.residual_fitted(fit, dataset))
    if kind == "qq":
        return prepare(plots.qq(fit, dataset))
    return prepare(plots.caterpillar(fit, dataset))

"""From the builder to the card: fitting, what follows a fit, and telling which results no longer hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.session.effects import Effect
from terrace_desktop.results.model_card import AFTER, ModelCard
from terrace_desktop.results.pane import PLOTS, ModelGroup, ResultsPane
from terrace_desktop.ui import dialogs
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import marked, tr
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.ml_test import compare_by_ml
from terrace_desktop.work.stale import changed_models

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.spec.model import ModelSpec
    from terrace_desktop.plots.cards import PlotRow
    from terrace_desktop.plots.thin import Prepared
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.work.history import Entry


class ModelFlow(QObject):
    """Runs what the results pane and the builder ask for."""

    told = Signal(str)  # a short message for the status bar

    def __init__(
        self, window: QWidget, controller: Controller, results: ResultsPane, settings: Settings
    ) -> None:
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.results = results
        self.settings = settings
        self.builder: Any = None
        self._after: Any = None  # made when it is first wanted
        self._place: dict[int, ModelGroup] = {}  # entry -> where its output goes
        results.edit_asked.connect(self.edit)
        results.mend_asked.connect(lambda card, _advice: self.edit(card))
        results.predict_asked.connect(self.predict)
        results.after_asked.connect(self.after)
        results.panel_asked.connect(self.open_after)
        results.rename_asked.connect(self.rename)
        results.refit_asked.connect(lambda card: controller.run(card.fit.command))
        results.ml_test_asked.connect(lambda command: compare_by_ml(controller, command))
        results.new_model_asked.connect(lambda: self.open_builder(None))

    def actions(self) -> list[Action]:
        """What the menus offer about models; what is there already means the newest one."""
        results, open_, metric = self.results, self.controller.has_data, self.set_metric

        def fitted() -> bool:
            return results.newest() is not None

        def can_go_on() -> bool:
            return open_() and fitted()

        return [
            Action("new_model", tr("&New model…"), lambda: self.open_builder(None), "Ctrl+M", open_),
            Action("paste_model", tr("New model from a &pasted command…"), self.paste_model, "Ctrl+Shift+V", open_),
            Action("edit_model", tr("&Edit newest model…"), self.edit_newest, "Ctrl+Shift+M", can_go_on),
            Action("refit", tr("&Fit newest model again"), self.refit_newest, "Ctrl+R", can_go_on),
            Action("compare", tr("&Compare models…"), self.compare, enabled=self.can_compare),
            Action("predict", tr("&Predict…"), self.predict_newest, enabled=can_go_on),
            *(
                Action(
                    f"after_{command.split()[-1]}",
                    marked("ModelCard", words),
                    partial(self.after_newest, command),
                    enabled=can_go_on,
                )
                for command, words in AFTER
            ),
            Action("after_all", tr("All that follows a &fit…"), self.open_after_newest, "Ctrl+T", can_go_on),
            Action("copy_tables", tr("&Copy tables of newest model"), self.copy_newest, "Ctrl+Shift+C", fitted),
            Action("sds", tr("Random effects as &SDs"), partial(metric, "sd"), enabled=fitted),
            Action("variances", tr("Random effects as &variances"), partial(metric, "variance"), enabled=fitted),
            Action("collapse", tr("C&ollapse all"), partial(results.set_folded, True), enabled=results.has_cards),
            Action("expand", tr("E&xpand all"), partial(results.set_folded, False), enabled=results.has_cards),
            Action("clear", tr("&Remove all results"), results.clear, enabled=results.has_cards),
        ]

    # --- the builder --------------------------------------------------------------------------------
    def edit(self, card: ModelCard) -> None:
        """The model of a card in the builder, where it is compared with its fit."""
        self.open_builder(card.fit.spec, card)

    def open_builder(self, spec: ModelSpec | None, origin: ModelCard | None = None) -> None:
        """The model builder over the present data, empty or with a model in it, which may come from a card."""
        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return
        from terrace_desktop.builder import BuilderDialog

        if self.builder is not None and self.builder.form.state.can_undo:
            # what is being built is not thrown away: another model can be undone, none is no reason
            if spec is not None:
                self.builder.form.set_spec(spec)
            self.builder.raise_()
            self.builder.activateWindow()
            return
        self.close_builder()
        known = self.controller.snapshot.constraints
        self.builder = BuilderDialog(
            dataset, spec, self.window, self.settings, constraints=known, run_commands=self._run_for_builder,
            start_values=start_values(self.controller.snapshot.fit), worker=self.controller.view_worker,
        )  # fmt: skip
        self.builder.fit_requested.connect(self._fit)
        self.builder.finished.connect(self._builder_gone)
        fit, name = (None, "") if origin is None else (origin.fit, self.tr("Model {0}").format(origin.number))
        self.builder.form.live.follow(self.controller.previewer(), fit, name)
        self.builder.show()

    def open_builder_with(self, command: str) -> None:
        """The builder with the model that a command describes."""

        # behind what is queued, such as the opening of the data
        self.controller.call("opening the builder", lambda _session: command, self._open_with)

    def paste_model(self) -> None:
        """The builder with the command on the clipboard."""
        self.open_builder(None)
        if self.builder is not None:
            self.builder.form.paste_command()

    def show_data(self, dataset: Dataset | None, same: bool) -> None:
        """The data are others: the model that is being built stays where they come from the same place."""
        if self.builder is None:
            return
        if dataset is None or not (same or dataset.source == self.builder.form.state.dataset.source):
            self.close_builder()
        else:
            self.builder.form.set_dataset(dataset)

    def close_builder(self) -> None:
        """Close the builder where it is open."""
        if self.builder is not None:
            builder, self.builder = self.builder, None
            builder.close()
            builder.deleteLater()

    def _open_with(self, command: str) -> None:
        self.open_builder(None)
        if self.builder is not None:
            self.builder.form.use_text(command)

    def _run_for_builder(self, commands: tuple[str, ...], then: Callable[[], object]) -> None:
        """Run commands on the data for the builder; the first that fails is told there, and ends it."""
        builder = self.builder
        left = list(commands)

        def go_on() -> None:
            if left:
                self.controller.run(left.pop(0), answered)
            else:
                then()

        def answered(outcome: Outcome | None) -> None:
            if builder is None or builder is not self.builder:
                return
            if outcome is not None and outcome.ok:
                go_on()
            elif outcome is not None and outcome.error is not None:
                builder.form.status_more.set_text(outcome.error[1])

        go_on()

    def _fit(self, command: str) -> None:
        for definition in self.builder.form.definitions() if self.builder is not None else ():
            self.controller.run(definition)
        self.controller.run(command)  # the builder closes itself

    def _builder_gone(self, _result: int = 0) -> None:
        if self.builder is not None:
            self.builder.deleteLater()
            self.builder = None

    # --- what follows a fit -------------------------------------------------------------------------
    def after(self, card: ModelCard, command: str, then: Callable[[Any], object] | None = None) -> None:
        """Run a command about this model; its output comes under the card, and `then` gets its outcome."""
        group = self.results.group_of(card)
        self.activate(card)
        entry = self.controller.run(command, then)
        if group is not None:
            self._place[entry.id] = group

    def open_after(self, card: ModelCard, key: str = "") -> None:
        """The panel of everything that follows a fit, for this model."""
        if self._after is None:
            from terrace_desktop.panels.after.flow import AfterFlow

            self._after = AfterFlow(self.window, self.controller, self.results, self)
        self._after.open(card, key)

    def predict(self, card: ModelCard) -> None:
        """Ask what to predict, and add it to the data."""
        self.open_after(card, "predict")

    def rename(self, card: ModelCard) -> None:
        """Give a model another name on its card."""
        dialog = dialogs.NameDialog(self.window, self.tr("Rename model"), card.title, self.tr("Rename"))
        dialog.chosen.connect(card.set_title)
        dialog.chosen.connect(lambda _name: self.results.models_changed.emit())
        dialog.open()

    def compare(self) -> None:
        """The panel where models are compared, for the newest one that has a name."""
        card = next((c for c in reversed(self.results.cards()) if c.stored), None)
        if card is not None:
            self.open_after(card, "compare")

    def can_compare(self) -> bool:
        """True where there are two models to compare."""
        return sum(1 for c in self.results.cards() if c.stored) >= 2

    def is_active(self, card: ModelCard) -> bool:
        """True where commands about a fit look at this one."""
        fit = self.controller.snapshot.fit
        return fit is not None and (fit is card.fit or (bool(card.stored) and fit.name == card.stored))

    def activate(self, card: ModelCard) -> None:
        """Make it so; what waits in the queue may change it, so that is no time to trust the present."""
        if card.stored and (self.controller.busy or not self.is_active(card)):
            self.controller.run(f"estimates restore {card.stored}")

    # --- the newest model ---------------------------------------------------------------------------
    def edit_newest(self) -> None:
        """The newest model in the builder."""
        card = self.results.newest()
        self.open_builder(None if card is None else card.fit.spec, card)

    def refit_newest(self) -> None:
        """Fit it again."""
        card = self.results.newest()
        if card is not None:
            self.controller.run(card.fit.command)

    def predict_newest(self) -> None:
        """Predict from it."""
        card = self.results.newest()
        if card is not None:
            self.predict(card)

    def after_newest(self, command: str) -> None:
        """Run a command about it."""
        card = self.results.newest()
        if card is not None:
            self.after(card, command)

    def open_after_newest(self) -> None:
        """The panel of what follows its fit."""
        card = self.results.newest()
        if card is not None:
            self.open_after(card)

    def copy_newest(self) -> None:
        """Copy its tables."""
        card = self.results.newest()
        if card is not None:
            card.copy_tables()
            self.told.emit(self.tr("Tables copied"))

    def set_metric(self, metric: str) -> None:
        """Variances or SDs on every card."""
        for card in self.results.cards():
            card.set_metric(metric)

    # --- outcomes -----------------------------------------------------------------------------------
    def show(self, entry: Entry, outcome: Outcome, kept: str = "") -> None:
        """Put the outcome of a command where it belongs; its fit was kept under the name `kept`."""
        group = self._place.pop(entry.id, None)
        if outcome.error is not None:
            if outcome.error[0] != "cancelled":
                self.results.dismiss_errors()
                self.results.add_output(entry, outcome)
            return
        if outcome.fit is not None and not self._known(outcome.fit):
            self.results.dismiss_errors()
            self._show_fit(entry, outcome, kept)
            return
        if outcome.quiet or not (outcome.text.strip() or outcome.tables or outcome.plots or outcome.warnings):
            if "data" in outcome.changed:  # nothing to say is no reason to say nothing
                self.told.emit(self.tr("Done: {0}").format(" ".join(outcome.command.split())))
            return
        self.results.dismiss_errors()
        dataset = self.controller.snapshot.dataset
        if Effect.OPENS in outcome.effects and dataset is not None and dataset.notes:  # worth more than a passing line
            title = self.tr("Notes on the data")
            self.results.add_output(entry, replace(outcome, text="\n".join(dataset.notes)), None, title)
            return
        line = outcome.text.strip()
        passing = Effect.BRIEF in outcome.effects or ("data" in outcome.changed and "\n" not in line)
        if passing and not (outcome.tables or outcome.plots or outcome.warnings):
            if outcome.type != "estimates restore":  # the window does that on the way to something else
                self.told.emit(line.split("\n")[0])
            return
        if group is None and Effect.ABOUT_FIT in outcome.effects and self.results.groups:
            group = next((g for g in self.results.groups if self.is_active(g.card)), self.results.groups[0])
        self.results.add_output(entry, outcome, group if group in self.results.groups else None)

    def _known(self, fit: FitResult) -> bool:
        return any(card.fit is fit for card in self.results.cards())

    def _show_fit(self, entry: Entry, outcome: Outcome, kept: str) -> None:
        dataset = self.controller.snapshot.dataset
        group = self.results.add_model(entry, outcome, dataset)
        if kept:
            group.card.stored = kept
            self.results.models_changed.emit()
        fit = outcome.fit
        assert fit is not None
        if dataset is None:
            return
        if outcome.quiet:  # asked to be quiet: it shows its head, and draws when it is opened
            group.card.set_folded(True)
            group.card.unfolded_first.connect(lambda: self._make_plots(group, fit, dataset))
        else:
            self._make_plots(group, fit, dataset)

    def _make_plots(self, group: ModelGroup, fit: FitResult, dataset: Dataset) -> None:
        from terrace_desktop.plots.cards import PlotRow

        effects = any(block.names for block in fit.model.design.blocks)
        kinds = PLOTS if effects else tuple(k for k in PLOTS if k != "caterpillar")
        row = PlotRow(kinds)
        row.rows_selected.connect(self.results.rows_selected)
        row.export_asked.connect(
            lambda plot, suffix: self.results.plot_export_asked.emit(plot, suffix, group.card)
        )
        group.add_plots(row)
        for kind in kinds:
            self._make_plot(group, row, kind, partial(compute_plot, kind, fit, dataset))

    def _make_plot(self, group: ModelGroup, row: PlotRow, kind: str, work: Callable[[], Prepared]) -> None:
        def show(plot: Prepared) -> None:
            if group in self.results.groups:
                row.small[kind].show_plot(plot)

        def show_failure(error: Exception) -> None:
            if group in self.results.groups:
                row.small[kind].show_failure(str(error))

        self.controller.call(f"plot {kind}", lambda _session: work(), show, show_failure)

    # --- stale results ------------------------------------------------------------------------------
    def check_stale(self) -> None:
        """Ask the worker which models rest on data that have changed since."""
        now = self.controller.snapshot.dataset
        asked = [(c.number, c.fit.spec, c.dataset) for c in self.results.cards() if c.dataset is not None]
        asked = [a for a in asked if a[2] is not now]
        fresh = [c for c in self.results.cards() if c.dataset is now]
        for card in fresh:
            card.set_stale(False)
        if asked:
            work = partial(changed_models, asked, now)
            self.controller.call("looking for stale models", lambda _session: work(), self._show_stale)

    def _show_stale(self, stale: Mapping[int, bool]) -> None:
        for card in self.results.cards():
            if card.number in stale:
                card.set_stale(stale[card.number])


def start_values(fit: FitResult | None) -> str:
    """The covariance parameters of a fit as from() takes them; ``""`` where there are none."""
    if fit is None or "b" not in fit.matrices:
        return ""
    pairs = zip(fit.matrix_names["b"][1], fit.matrices["b"][0])
    return " ".join(f"{value:.9g}" for name, value in pairs if not name.startswith(f"{fit.outcome}:"))


def compute_plot(kind: str, fit: FitResult, dataset: Dataset) -> Prepared:
    """One of the three plots under a model, ready to be drawn; runs on the worker."""
    from terrace.postestimation.diagnose import plots
    from terrace_desktop.plots.thin import prepare

    if kind == "residual-fitted":
        return prepare(plots.residual_fitted(fit, dataset))
    if kind == "qq":
        return prepare(plots.qq(fit, dataset))
    return prepare(plots.caterpillar(fit, dataset))

"""From the builder to the card: fitting, what follows a fit, and telling which results no longer hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from terrace.session.effects import Effect
from terrace.spec.title import model_title
from terrace_desktop.forms.facts import short_title
from terrace_desktop.results.model_card import AFTER, ModelCard
from terrace_desktop.results.pane import ResultsPane
from terrace_desktop.ui.action import Action
from terrace_desktop.ui.words import from_engine, marked, tr
from terrace_desktop.work.commands import use_file, use_sample
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.ml_test import compare_by_ml
from terrace_desktop.work.session_port import document_name

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset, Variable
    from terrace.results.fit import FitResult
    from terrace.session.contract import Outcome
    from terrace.session.filter import Filter
    from terrace.session.session import Session
    from terrace.spec.model import ModelSpec
    from terrace_desktop.builder.form import BuilderForm
    from terrace_desktop.builder.variables import VariablePane
    from terrace_desktop.panels.guide.flow import GuideFlow
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.ui.work_panel import Zones
    from terrace_desktop.work.history import Entry


class ModelFlow(QObject):
    """Runs what the results pane and the builder ask for."""

    told = Signal(str)  # a short message for the status bar
    draft_changed = Signal()  # the model that is being built is another, or there is none any more

    def __init__(
        self, window: QWidget, controller: Controller, results: ResultsPane, settings: Settings, zones: Zones,
        variables: VariablePane,
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.window = window
        self.controller = controller
        self.results = results
        self._origin: ModelCard | None = None  # what the model that is being built comes from
        self.settings = settings
        self.zones = zones
        self.variables = variables
        self.builder: BuilderForm | None = None  # the draft, also while the panel is closed
        self._after: Any = None  # made when it is first wanted
        self._guide: GuideFlow | None = None
        self._declined: set[str] = set()  # covariates that the user does not want split
        self._used = ""  # the filter that analyses use
        results.edit_asked.connect(self.edit)
        results.mend_asked.connect(lambda card, _advice: self.edit(card))
        results.panel_asked.connect(self.open_after)
        results.after_asked.connect(self.after)
        results.model_asked.connect(self.open_builder_with)
        results.refit_asked.connect(self.refit)
        results.refilter_asked.connect(self.refilter)
        results.refit_all_asked.connect(self.refit_stale)
        results.open_asked.connect(self.open_data_of)
        results.outline_asked.connect(controller.run)
        results.ml_test_asked.connect(lambda command: compare_by_ml(controller, command))
        results.draft_asked.connect(self.show_draft)
        results.new_model_asked.connect(lambda: self.open_builder(None))

    def actions(self) -> list[Action]:
        """What the menus offer about models; what is there already means the newest one."""
        results, open_, metric = self.results, self.controller.has_data, self.set_metric
        write = results.begin_draft

        def fitted() -> bool:
            return results.newest() is not None

        def can_go_on() -> bool:
            return open_() and fitted()

        return [
            Action("new_model", tr("&New model…"), lambda: self.open_builder(None), "Ctrl+M", open_),
            Action("guide", tr("Build &step by step…"), self.open_guide, enabled=open_),
            Action("paste_model", tr("New model from a &pasted command…"), self.paste_model, "Ctrl+Shift+V", open_),
            Action("edit_model", tr("&Edit newest model…"), self.edit_newest, "Ctrl+Shift+M", can_go_on),
            Action("refit", tr("&Fit newest model again"), self.refit_newest, "Ctrl+R", can_go_on),
            Action("refit_stale", tr("Fit all &out-of-date models again"), self.refit_stale, enabled=can_go_on),
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
            Action("after_all", tr("All tools after a &fit…"), self.open_after_newest, "Ctrl+T", can_go_on),
            Action("copy_tables", tr("&Copy tables of newest model"), self.copy_newest, "Ctrl+Shift+C", fitted),
            Action("sds", tr("Random effects as &SDs"), partial(metric, "sd"), enabled=fitted),
            Action("variances", tr("Random effects as &variances"), partial(metric, "variance"), enabled=fitted),
            Action("add_note", tr("Add &note"), partial(write, "note"), enabled=results.has_cards),
            Action("add_heading", tr("Add &heading"), partial(write, "heading"), enabled=results.has_cards),
            Action("collapse", tr("C&ollapse all"), partial(results.set_folded, True), enabled=results.has_cards),
            Action("expand", tr("E&xpand all"), partial(results.set_folded, False), enabled=results.has_cards),
            Action("clear", tr("&Remove all results"), results.clear, enabled=results.has_cards),
        ]

    # --- the builder --------------------------------------------------------------------------------
    def open_builder(self, spec: ModelSpec | None, origin: ModelCard | None = None) -> None:
        """The model builder over the present data, empty or with a model in it, which may come from a card."""
        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return
        from terrace.spec.conventions import convention
        from terrace_desktop.builder.form import BuilderForm

        if self.builder is not None and self.builder.state.can_undo:
            # what is being built is not thrown away: another model can be undone, none is no reason
            if spec is not None:
                self.builder.set_spec(spec)
            self.zones.open(self.builder)
            return
        self.discard_builder()
        known = self.controller.snapshot.constraints
        self.builder = BuilderForm(
            dataset, spec, title=self._next_title(), subtitle=self._parent_words(spec), variables=self.variables,
            constraints=known, run_commands=self._run_for_builder,
            start_values=start_values(self.controller.snapshot.fit), worker=self.controller.view_worker,
            habits=convention(self.settings.convention()), declined=self._declined, used=self._used,
            parent=self.zones.panel,
        )  # fmt: skip
        self.builder.start_menu.kept = self._kept_models
        self.builder.fit_requested.connect(self._fit)
        fit, name = (None, "") if origin is None else (origin.fit, self.tr("Model {0}").format(origin.number))
        self.builder.live.follow(self.controller.previewer(), fit, name, self.controller.previewer())
        self._origin = origin
        self.builder.state.changed.connect(self._draft_changed)
        self.builder.cancelled.connect(self.close_builder)
        self.zones.open(self.builder)
        self._draft_changed()

    def _draft_changed(self) -> None:
        """The outline has the model that is being built, under the one that it comes from: the active one of its
        outcome where no other was said."""
        builder = self.builder
        if builder is None:
            return
        if self._origin is None and builder.live.preview is not None:
            found = self._active_with(builder.spec.outcome.name)
            if found is not None:
                self._stand_beside(builder, found)
        begun = builder.is_draft() or builder.spec.outcome.name
        title = self.tr("{0}: {1}").format(builder.title, model_title(builder.spec)) if begun else ""
        self.results.show_draft(title, 0 if self._origin is None else self._origin.item.id)
        self.draft_changed.emit()

    def _active_with(self, outcome: str) -> ModelCard | None:
        """The card of the active model, where it is of this outcome and of the data that are open."""
        cards = (c for c in self.results.cards() if self.is_active(c) and self.has_data_of(c))
        return next((c for c in cards if outcome and c.fit.outcome == outcome), None)

    def show_draft(self) -> None:
        """The model that is being built, in the panel: in the builder, or step by step."""
        if self.builder is not None:
            self.zones.open(self.builder)
        elif self._guide is not None:
            self._guide.open()

    @property
    def guide(self) -> GuideFlow:
        """The guide step by step, loaded when it is first wanted."""
        if self._guide is None:
            from terrace_desktop.panels.guide.flow import GuideFlow

            self._guide = GuideFlow(
                self.window, self.zones, self.controller, self.results, self.settings, self.open_builder
            )
            self._guide.changed.connect(self.draft_changed)
        return self._guide

    def open_guide(self, path: str = "") -> None:
        """The guide step by step, where it was left or at the beginning of a path."""
        self.guide.open(path)

    def _kept_models(self) -> list[tuple[str, Callable[[], object]]]:
        """The models of the page that the builder can begin from: their titles, and what begins from them."""
        return [(c.title, partial(self._begin_from, c)) for c in self.results.cards() if self.has_data_of(c)]

    def _begin_from(self, card: ModelCard) -> None:
        """The builder goes on from the model of a card, and stands beside that."""
        if self.builder is not None:
            self._stand_beside(self.builder, card)
            self.builder.set_spec(card.fit.spec)

    def _stand_beside(self, builder: BuilderForm, card: ModelCard) -> None:
        self._origin, title = card, self.tr("Model {0}").format(card.number)
        builder.subtitle = self.tr("from {0}").format(title)
        builder.head_changed.emit()
        if builder.live.preview is not None:
            builder.live.preview.compare_with(card.fit, title)

    def _next_title(self) -> str:
        return self.tr("Model {0}").format(len(self.results.cards()) + 1)

    def _parent_words(self, spec: ModelSpec | None) -> str:
        """The model that this one begins from."""
        card = next((c for c in self.results.cards() if spec is not None and c.fit.spec == spec), None)
        return "" if card is None else self.tr("from {0}").format(short_title(card.title))

    def draft(self) -> str:
        """The model that is being built as a JSON text, for the project to keep; empty where there is none."""
        return "" if self.builder is None or not self.builder.is_draft() else self.builder.draft()

    def open_draft(self, text: str) -> None:
        """A draft that was kept, in the builder again. Raises ValueError for what is no draft."""
        found = json.loads(text)
        self.open_builder(None)
        if self.builder is not None:
            self.builder.title = str(found.get("title") or self.builder.title)
            self.builder.subtitle = str(found.get("subtitle") or "")
            self.builder.use_text("\n".join([*found.get("definitions", []), found["command"]]))
            self.builder.head_changed.emit()

    def kept_draft(self) -> dict[str, Any]:
        """The model that is being built with its steps, and where the guide stands, for the project to keep."""
        builder, guide = self.builder, "" if self._guide is None else self._guide.draft()
        out: dict[str, Any] = {"guide": guide} if guide else {}
        if builder is not None and builder.is_draft():
            out["builder"] = {**builder.state.kept(), "title": builder.title, "subtitle": builder.subtitle}
        return out

    def bring_draft(self, drafts: Mapping[str, Any]) -> None:
        """The model that was being built, in the builder again as it was, and the guide where it was left."""
        self.close_builder()
        if self._guide is not None:
            self._guide.close()
        if isinstance(drafts.get("guide"), str):
            with suppress(ValueError):  # one that is damaged is none
                self.guide.open_draft(drafts["guide"])
        kept = drafts.get("builder")
        if not isinstance(kept, Mapping):
            return
        self.open_builder(None)
        if self.builder is not None and self.builder.state.bring_back(kept):
            self.builder.title = str(kept.get("title") or self.builder.title)
            self.builder.subtitle = str(kept.get("subtitle") or "")
            self.builder.head_changed.emit()

    def open_builder_with(self, command: str) -> None:
        """The builder with the model that a command describes."""

        # behind what is queued, such as the opening of the data
        self.controller.call("opening the builder", lambda _session: command, self._open_with)

    def paste_model(self) -> None:
        """The builder with the command on the clipboard."""
        self.open_builder(None)
        if self.builder is not None:
            self.builder.paste_command()

    def show_data(self, dataset: Dataset | None, same: bool) -> None:
        """The data are others: the model that is being built stays where they come from the same place."""
        if self.builder is None:
            return
        if dataset is None or not (same or dataset.source == self.builder.state.dataset.source):
            self.close_builder()
        else:
            self.builder.set_dataset(dataset)

    def show_filter(self, found: Filter | None) -> None:
        """Analyses use other rows: the model that is being built is judged by these, and kept ones say what theirs
        are."""
        used = found.expression if found is not None and found.in_use else ""
        if used == self._used:
            return
        self._used = used
        if self.builder is not None:
            self.builder.set_filter(used)
        self.check_stale()

    def close_builder(self) -> None:
        """Give up what is built, and close the panel where it shows that."""
        if self.builder is not None:
            if self.zones.is_open(self.builder):
                self.zones.close_panel()
            self.discard_builder()

    def discard_builder(self) -> None:
        """The draft goes away; the panel stays as it is."""
        if self.builder is not None:
            builder, self.builder, self._origin = self.builder, None, None
            self.results.show_draft("")
            builder.close_down()
            self.zones.panel.forget(builder)
            builder.deleteLater()
            self.draft_changed.emit()

    def _open_with(self, command: str) -> None:
        self.open_builder(None)
        if self.builder is not None:
            self.builder.use_text(command)

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
                builder.status_more.set_text(from_engine(outcome.error[1]))

        go_on()

    def _fit(self, command: str) -> None:
        for definition in self.builder.definitions() if self.builder is not None else ():
            self.controller.run(definition)
        if self._origin is not None and self.results.card(self._origin.item.id) is self._origin:
            self.activate(self._origin)  # which makes it the one that the new model comes from
        self.controller.run(command)
        self.close_builder()

    # --- what follows a fit -------------------------------------------------------------------------
    def after(self, card: ModelCard, command: str, then: Callable[[Any], object] | None = None) -> None:
        """Run a command about this model, under which its output comes; `then` gets its outcome."""
        self.activate(card)
        self.controller.run(command, then)

    def open_after(self, card: ModelCard, key: str = "") -> None:
        """The panel of everything that follows a fit, for this model."""
        if self._after is None:
            from terrace_desktop.panels.after.flow import AfterFlow

            self._after = AfterFlow(self.window, self.zones, self.controller, self.results, self)
        self._after.open(card, key)

    def predict(self, card: ModelCard) -> None:
        """Ask what to predict, and add it to the data."""
        self.open_after(card, "predict")

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
        if card is None:
            self.open_builder(None)
        else:
            self.edit(card)

    def refit_newest(self) -> None:
        """Fit it again."""
        card = self.results.newest()
        if card is not None:
            self.refit(card)

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
        """Variances or SDs in every table."""
        self.results.set_metric(metric)

    # --- outcomes -----------------------------------------------------------------------------------
    def show(self, outcome: Outcome, entry: Entry) -> None:
        """Tell what is no part of the document: that a command failed, and what is said in passing."""
        if outcome.error is not None:
            if outcome.error[0] != "cancelled":
                self.results.dismiss_errors()
                self.results.show_error(entry, outcome)
            return
        self.results.dismiss_errors()
        told = outcome.text.strip()
        if outcome.quiet or not (told or outcome.tables or outcome.plots or outcome.warnings):
            if "data" in outcome.changed:  # nothing to say is no reason to say nothing
                self.told.emit(self.tr("Done: {0}").format(" ".join(outcome.command.split())))
            return
        if Effect.OUTLINE in outcome.effects and not outcome.warnings:
            return  # the document shows it
        passing = Effect.BRIEF in outcome.effects or ("data" in outcome.changed and "\n" not in told)
        shown = bool(outcome.tables or outcome.plots or outcome.warnings) or Effect.OPENS in outcome.effects
        restored = outcome.type == "estimates restore"  # the window does that on the way to something else
        if passing and not shown and not restored:
            self.told.emit(told.split("\n")[0])

    # --- models and their data ----------------------------------------------------------------------
    def has_data_of(self, card: ModelCard) -> bool:
        """True where the data that are open come from the rows that a model was fitted to."""
        now = self.controller.snapshot.dataset
        then = card.dataset
        if then is None or now is None:
            return then is None
        return now.lineage is then.lineage or (bool(then.source) and then.source == now.source)

    def refit(self, card: ModelCard) -> None:
        """Fit a model again in its place; where other data are open, its card says which are needed."""
        if self.has_data_of(card):
            self.controller.run(f"refit {card.item.id}")
        else:
            self._tell_elsewhere(card)

    def refilter(self, card: ModelCard) -> None:
        """Fit a model again in its place to the rows that analyses use now."""
        if self.has_data_of(card):
            self.controller.run(f"refit {card.item.id}, filter")
        else:
            self._tell_elsewhere(card)

    def edit(self, card: ModelCard) -> None:
        """A model in the builder; where other data are open, its card says which are needed."""
        if self.has_data_of(card):
            self.open_builder(card.fit.spec, card)
        else:
            self._tell_elsewhere(card)

    def open_data_of(self, card: ModelCard) -> None:
        """Open the file that a model was fitted to."""
        source = "" if card.dataset is None else card.dataset.source
        card.tell("")
        if source.startswith("sample "):
            self.controller.run(use_sample(source.removeprefix("sample ")))
        elif source:
            self.controller.run(use_file(source))

    def _tell_elsewhere(self, card: ModelCard) -> None:
        name = document_name(card.dataset) or self.tr("other data")
        card.tell(self.tr("This model was fitted to {0}, which is not open now.").format(name))

    # --- what is out of date ------------------------------------------------------------------------
    def check_stale(self) -> None:
        """Ask the worker which models rest on data that have changed since, or on another filter, what has, and which
        labels are others by now."""
        now, cards, state = self.controller.snapshot.dataset, self.results.cards(), self.controller.snapshot.state
        alike = not (state is not None and state.bases) and all(c.dataset is None or c.dataset is now for c in cards)
        if alike and all((c.fit.spec.filter or "") == self._used for c in cards):
            self.results.show_stale({})
            self.results.show_labels({})
            return
        from terrace.session.labelling import descriptions
        from terrace.session.out_of_date import other_filters, stale

        def look(session: Session) -> tuple[dict[int, str], dict[int, str], dict[int, tuple[Variable, ...]]]:
            state = session.state
            return stale(state, filters=False), other_filters(state), descriptions(state)

        def show(found: tuple[dict[int, str], dict[int, str], dict[int, tuple[Variable, ...]]]) -> None:
            self.results.show_labels(found[2])
            self.results.show_stale(*found[:2])

        self.controller.call("looking for stale models", look, show)

    def refit_stale(self) -> None:
        """Fit all models that are out of date again, in one step."""
        self.controller.run("refit _stale")


def start_values(fit: FitResult | None) -> str:
    """The covariance parameters of a fit as from() takes them; ``""`` where there are none."""
    if fit is None or "b" not in fit.matrices:
        return ""
    pairs = zip(fit.matrix_names["b"][1], fit.matrices["b"][0])
    return " ".join(f"{value:.9g}" for name, value in pairs if not name.startswith(f"{fit.outcome}:"))

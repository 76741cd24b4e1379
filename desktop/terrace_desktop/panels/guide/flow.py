"""From the menu to the guide and back: opens it, runs the commands of a step that is kept, follows the results."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from terrace.session.document.fits import model_of, next_number
from terrace.spec import guide
from terrace.spec.conventions import convention
from terrace_desktop.panels.guide.climb import Climb, Kept, read
from terrace_desktop.panels.guide.panel import GuidePanel
from terrace_desktop.panels.guide.previews import StepPreviewer
from terrace_desktop.panels.guide.wording import short_title
from terrace_desktop.work.controller import Controller

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.session.contract import Outcome
    from terrace.session.document.items import Document
    from terrace.session.steps import Step
    from terrace.spec.guide import StepKey
    from terrace.spec.model import ModelSpec
    from terrace_desktop.results.pane import ResultsPane
    from terrace_desktop.ui.settings import Settings
    from terrace_desktop.ui.work_panel import Zones

Ask = str | Callable[[Any], Any]  # a command, or work on the session
Keeping = Generator[Ask, Any, Climb]


class Stopped(Exception):
    """A command of a step failed; the argument says why."""


class GuideFlow(QObject):
    """One guide at a time; its draft stays while the panel shows something else or nothing."""

    changed = Signal()  # the draft is another

    def __init__(
        self, window: QObject, zones: Zones, controller: Controller, results: ResultsPane, settings: Settings,
        edit: Callable[[ModelSpec], object],
    ) -> None:  # fmt: skip
        super().__init__(window)
        self.zones, self.controller, self.results, self.settings = zones, controller, results, settings
        self._edit = edit
        self.panel: GuidePanel | None = None
        self._previews: StepPreviewer | None = None
        self._source: object = None
        self._work: Keeping | None = None
        self._reached: Climb | None = None  # what of a step and those behind it is kept by now
        controller.changed.connect(self._refresh)

    # --- opening ------------------------------------------------------------------------------------
    def open(self, path: str = "") -> None:
        """The guide in the work panel, where it was left, or at the first step of a path."""
        dataset = self.controller.snapshot.dataset
        if dataset is None:
            return
        if self.panel is None:
            self._previews = StepPreviewer(self.controller.preview_worker, lambda: self.controller.snapshot.state)
            self.panel = GuidePanel(dataset, convention(self.settings.convention()), self._previews)
            self.panel.keep_asked.connect(self.keep)
            self.panel.close_asked.connect(self.zones.close_panel)
            self.panel.edit_asked.connect(self._edit_last)
            self.panel.changed.connect(self._show_draft)
            self.panel.changed.connect(self.changed)
            self._source = dataset.source
            self._refresh()
        if path:
            self.panel.begin_path(path)
        self.zones.open(self.panel)
        self._show_draft()

    def draft(self) -> str:
        """The guide as a JSON text, for the project to keep; empty where there is none."""
        return "" if self.panel is None or self.panel.climb is None else self.panel.climb.text()

    def open_draft(self, text: str) -> None:
        """A guide that was kept, where it was left. Raises ValueError for what is none."""
        climb = read(text)
        self.open()
        if self.panel is not None:
            self.panel.show_climb(climb)
            self._refresh()

    def close(self) -> None:
        """The guide goes away for good."""
        if self.panel is not None:
            panel, self.panel = self.panel, None
            if self._previews is not None:
                self._previews.close_down()
            if self.zones.is_open(panel):
                self.zones.close_panel()
            self.zones.panel.forget(panel)
            panel.deleteLater()
            self.results.show_draft("")

    def _refresh(self) -> None:
        if self.panel is None:
            return
        snapshot = self.controller.snapshot
        if snapshot.dataset is None or snapshot.dataset.source != self._source:
            self.close()
            return
        items = {item.id for item in snapshot.document}
        self.panel.show_data(snapshot.dataset, items, next_number(snapshot.document), self._made(snapshot.dataset))
        self._show_draft()

    def _made(self, dataset: Dataset) -> frozenset[str]:
        """The variables that came since the data were opened, as far as that can be undone."""
        project = self.controller.snapshot.project
        then = None if project is None or not project.undo else project.undo[0].before.get("dataset")
        return frozenset() if then is None else frozenset(dataset.names) - frozenset(then.names)

    def _show_draft(self) -> None:
        """The outline shows the model that is not kept yet, while the panel shows the guide."""
        panel = self.panel
        if panel is None or not self.zones.is_open(panel):
            return
        models = () if panel.climb is None else panel.climb.models()
        self.results.show_draft(panel.draft_words(), models[-1].item if models else 0)

    def _edit_last(self) -> None:
        climb = None if self.panel is None else self.panel.climb
        item = None if climb is None or not climb.models() else self._document().item(climb.models()[-1].item)
        if item is not None and item.outcome is not None and item.outcome.fit is not None:
            self._edit(item.outcome.fit.spec)

    # --- keeping ------------------------------------------------------------------------------------
    def keep(self) -> None:
        """Keep the open step; those that were kept behind it are fitted again."""
        if self.panel is None or self.panel.climb is None or self._work is not None:
            return
        self._work = self._keeping(self.panel.climb, self.panel)
        self.panel.show_running(True)
        self._go_on(None)

    def _go_on(self, answer: object) -> None:
        work, panel = self._work, self.panel
        if work is None:
            return
        try:
            ask = work.send(answer)
        except StopIteration as end:
            self._over(panel, end.value, "")
        except Stopped as stopped:
            self._over(panel, self._reached, str(stopped))
        else:
            if isinstance(ask, str):
                self.controller.run(ask, self._go_on)
            else:
                self.controller.call("the answer of a step", ask, self._go_on, self._failed)

    def _failed(self, error: Exception) -> None:
        self._over(self.panel, None, str(error))

    def _over(self, panel: GuidePanel | None, climb: Climb | None, problem: str) -> None:
        self._work = None
        if panel is None or panel is not self.panel:
            return
        panel.show_running(False)
        if climb is not None:
            panel.show_climb(climb)
            self._refresh()
            steps = [i.id for i in self._document() if i.outcome is not None and i.outcome.type == "estimates steps"]
            if steps and len(climb.models()) > 1:
                self.results.go_to(steps[-1])
            if self.zones.is_open(panel):
                panel.begin()
        if problem:
            panel.show_running(False, problem)

    def _keeping(self, climb: Climb, panel: GuidePanel) -> Keeping:
        """All that keeping a step does: yields commands and work, is sent their answers, gives where that leads."""
        first, last = climb.at, max(climb.at, len(climb.kept) - 1)
        begun = self._last_step()
        kept = climb.kept[:first]
        self._reached = replace(climb, kept=kept)
        yield from self._without(climb.kept[first:])
        for step in climb.steps[first : last + 1]:
            kept = (*kept, (yield from self._kept(climb.answers, step, kept, panel)))
            self._reached = replace(climb, kept=kept, at=len(kept))
        climb = replace(climb, kept=kept, at=last + 1)
        yield from self._compared(climb)
        yield from self._joined(begun, kept[first], climb)
        return climb

    def _last_step(self) -> Step | None:
        project = self.controller.snapshot.project
        return project.undo[-1] if project is not None and project.undo else None

    def _joined(self, begun: Step | None, kept: Kept, climb: Climb) -> Generator[Ask, Any, None]:
        """One step to undo of all that came since: what was kept by one click goes by one undo."""
        project = self.controller.snapshot.project
        steps = () if project is None else project.undo
        at = next((k for k, step in enumerate(steps, 1) if step is begun), 0)
        item = self._document().item(kept.item) if kept.item else None
        name = short_title(kept.step, climb.answers) if item is None else item.heading
        if len(steps) - at > 1:
            yield from self._done(f'undo join {len(steps) - at} "{name}"')

    def _without(self, kept: tuple[Kept, ...]) -> Generator[Ask, Any, None]:
        """Take out what these steps left, but for models under which the user has put something."""
        document, own = self._document(), {k.item for k in kept}
        gone = [
            k.item for k in kept
            if k.item and document.item(k.item) and all(i.id in own for i in document.family(k.item))
        ]  # fmt: skip
        if gone:
            yield from self._done(f"outline delete {' '.join(map(str, gone))}")

    def _kept(
        self, answers: guide.Answers, step: StepKey, kept: tuple[Kept, ...], panel: GuidePanel
    ) -> Generator[Ask, Any, Kept]:
        from terrace.session.guided import sentence

        before = kept[-1].stored if kept else ""
        stored, item = before, 0
        if guide.adds(answers, step):
            snapshot = self.controller.snapshot
            assert snapshot.dataset is not None
            for command in guide.preparations(answers, snapshot.dataset):
                yield from self._done(command)
            if before:  # what follows belongs to it
                yield from self._done(f"estimates restore {before}")
            known = {i.id for i in self._document()}
            assert self.controller.snapshot.dataset is not None
            command = guide.command(answers, step, self.controller.snapshot.dataset, panel.habits)
            outcome = yield from self._done(command)
            new = [i for i in self._document() if i.id not in known]
            model = model_of(self._document(), outcome.fit) if step != "icc" else None
            if model is not None:
                stored, item = model.stored, model.id
                title = self.tr("Model {0}: {1}").format(model.number, short_title(step, answers))
                yield from self._done(f'outline rename {item} "{title}"')
            elif new:
                item = new[-1].id
        said = yield lambda session: sentence(session.state, answers, step, before, stored)
        return Kept(step, stored, item, str(said))

    def _compared(self, climb: Climb) -> Generator[Ask, Any, None]:
        models = climb.models()
        if len(models) > 1:
            titles = " ".join(f'"{short_title(k.step, climb.answers)}"' for k in models)
            names = " ".join(k.stored for k in models)
            yield from self._done(f"estimates steps {names}, titles({titles}) replace")

    def _done(self, command: str) -> Generator[Ask, Any, Outcome]:
        """Run a command. Raises `Stopped` where it does not run."""
        outcome: Outcome | None = yield command
        if outcome is None or not outcome.ok:
            raise Stopped("" if outcome is None or outcome.error is None else outcome.error[1])
        return outcome

    def _document(self) -> Document:
        return self.controller.snapshot.document

"""The figure that is being edited: its look as it is typed, and the commands that give it to the document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from terrace.results.figure_look import FigureLook
from terrace.results.figure_presets import effective
from terrace.session.document.figure_text import OPTIONS
from terrace.session.document.figures import Figure, figures
from terrace.session.document.items import Document, Item
from terrace_desktop.figure import looks
from terrace_desktop.variables.document_editing import DocumentEditing
from terrace_desktop.work.controller import Controller
from terrace_desktop.work.session_port import Snapshot


class Editing(DocumentEditing):
    """One figure. `changed` tells that its look, or what there is around it, is another; `gone` that it is no more."""

    gone = Signal()

    def __init__(self, parent: QObject, controller: Controller) -> None:
        super().__init__(parent, controller)
        self.figure: Figure | None = None
        self.draft = FigureLook()
        self._at = (0, 0)
        self.saver.refused.connect(self._refused)
        self.saver.saved.connect(self._follow)
        controller.changed.connect(self._snapshot)

    # --- which ----------------------------------------------------------------------------------------
    def begin(self, item: int, place: int) -> bool:
        """Edit the figure at a place of an item; False where there is none."""
        self.saver.begin()
        self._at = (item, place)
        self.figure = looks.find(self.document, item, place)
        self.draft = FigureLook() if self.figure is None else self.figure.own
        self.changed.emit()
        return self.figure is not None

    @property
    def item(self) -> Item | None:
        """What the figure belongs to."""
        return self.document.item(self._at[0])

    @property
    def model(self) -> Item | None:
        """The model that it is about; None where it is about none."""
        item = self.item
        return None if item is None or not item.under else self.document.item(item.under)

    @property
    def style(self) -> FigureLook:
        """How all figures look that say nothing else."""
        return self.document.figure_style

    @property
    def look(self) -> FigureLook:
        """All that counts for the figure, with what is being typed."""
        return effective(self.draft, self.style)

    def others(self) -> list[int]:
        """The numbers of the other figures of the page."""
        own = 0 if self.figure is None else self.figure.number
        return [f.number for f in figures(self.document) if f.number != own]

    # --- changes --------------------------------------------------------------------------------------
    def change(self, option: str, *, rests: bool = False, **members: Any) -> None:
        """Give members of the look other values; with `rests` the command runs once the typing rests.

        What follows from the style of all figures anyway is left to that.
        """
        if self.figure is None:
            return
        self.draft = looks.changed(self.draft, self.style, members)
        self.saver.later(option, lambda: self._command(option))
        if not rests:
            self.saver.flush()
        self.changed.emit()

    def change_layer(self, key: str, *, rests: bool = False, **members: Any) -> None:
        """Give a layer other options."""
        new = self.draft.with_layer(replace(self.draft.layer(key), **members))
        self.change("layer", rests=rests, layers=new.layers)

    def reset(self) -> None:
        """Give up all that was asked of this figure."""
        if self.figure is not None and (self.draft != FigureLook() or self.figure.own != FigureLook()):
            self.saver.flush()
            self.draft = FigureLook()
            self.saver.now("reset", f"figure {self.figure.number}, reset")
            self.changed.emit()

    def use_for_all(self) -> None:
        """Give all figures the style of this one."""
        if self.figure is not None:
            self.saver.now("style", f"figure style, like({self.figure.number})")

    def _command(self, option: str) -> str:
        return "" if self.figure is None else looks.command(self.figure, self.draft, option)

    # --- undo -----------------------------------------------------------------------------------------
    def holds(self) -> bool:
        return any(self.saver.holds(option) for option in OPTIONS)

    def is_own(self, before: Document) -> bool:
        return before is not self.document and _plain(before) == _plain(self.document)

    # --- what comes back ------------------------------------------------------------------------------
    def _snapshot(self, _snapshot: Snapshot, _what: object) -> None:
        self._follow()

    def _follow(self) -> None:
        """The document is another one, or a command has run: what is being typed stays."""
        if self.figure is None:
            return
        found = looks.find(self.document, *self._at)
        if found is None:
            self.figure = None
            self.gone.emit()
            return
        held = [option for option in OPTIONS if self.saver.holds(option)]
        self.figure, self.draft = found, looks.kept(found.own, self.draft, held)
        self.changed.emit()

    def _refused(self, option: str, why: str) -> None:
        self._follow()
        self.refused.emit(option, why)


def _plain(document: Document) -> list[tuple[object, ...]]:
    """All that a document says but how its figures look."""
    items = [(i.id, i.kind, i.number, i.title, i.text, i.folded, i.under, id(i.outcome), i.look) for i in document]
    return [(document.title, document.look, document.report), *items]

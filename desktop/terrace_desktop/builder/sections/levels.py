"""The levels, highest first: one card each."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout

from terrace.spec import edit
from terrace_desktop.builder import typed_text
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.level_card import LevelCard
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.chips import RoleBox
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button
from terrace_desktop.ui.words import tr


class LevelsSection(Section):
    """Cards of levels, and a button that adds one. A group variable dropped here makes a new lowest level."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(
            state, "levels", "",
            tr("The groups that rows belong to, such as schools or patients. Each group has its own effects."),
        )  # fmt: skip
        self.cards: list[LevelCard] = []
        self.details = False
        self.body.setSpacing(12)
        self.add = button(self.tr("Level"), "levels_add", self._pick, variant="add", accessible=self.tr("Add a level"))
        set_icon(self.add, "plus", "accent_text")
        self.box = RoleBox("levels_box", self.tr("A new level"), state.refuse("level"), self._take, self._take_text)
        self.box.setProperty("role", "drop")
        self.box.body.setContentsMargins(0, 1, 0, 1)
        self.box.body.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self.last = QHBoxLayout()
        self.last.setContentsMargins(0, 0, 0, 0)
        self.last.setSpacing(8)
        self.last.addWidget(self.box)
        self.body.addLayout(self.last)
        self.body.addWidget(self.box.reason)

    def boxes(self) -> list[RoleBox]:
        return [*(c.box for c in self.cards), self.box]

    def show_spec(self) -> None:
        wanted = len(self.spec.random)
        self.purpose.setVisible(not wanted)
        while len(self.cards) > wanted:
            card = self.cards.pop()
            had_focus = card.isAncestorOf(self.window().focusWidget() or self.window())
            self.body.removeWidget(card)
            card.hide()
            card.setParent(None)
            card.deleteLater()
            if had_focus:
                (self.cards[-1].group if self.cards else self.add).setFocus()
        while len(self.cards) < wanted:
            card = LevelCard(self.state, len(self.cards), self)
            card.moved.connect(self._move)
            card.show_details(self.details)
            self.body.insertWidget(1 + len(self.cards), card)
            self.cards.append(card)
        for card in self.cards:
            card.show_spec()
        self.box.say("")

    def show_problems(self) -> None:
        for card in self.cards[: len(self.spec.random)]:
            card.show_problems()

    def _take(self, name: str) -> None:
        holes = [k for k, e in enumerate(self.spec.random) if not edit.group_name(e)]
        if holes:
            self.state.apply(edit.set_level(self.spec, holes[0], name))
        else:
            self.state.apply(edit.add_level(self.spec, name))

    def _take_text(self, text: str) -> None:
        """``_all``, which is one group of everything, or the name of a variable, perhaps shortened."""
        self._take(edit.ALL if text == edit.ALL else typed_text.factor(text, self.state.dataset.names).name)

    def _pick(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.add_level(self.spec, name))

        # identifiers first: they are what groups are named by
        variables = sorted(self.state.dataset.variables, key=lambda v: v.measure.value != "identifier")
        refuse = self.state.refuse("level")
        title = self.tr("Group variable of the new level")
        pick(self.add, title, variables, refuse, take, take_text=self.box.offer_text)

    def _move(self, index: int, to: int) -> None:
        self.state.apply(edit.move_level(self.spec, index, to))
        if to < len(self.cards):
            self.cards[to].group.setFocus()

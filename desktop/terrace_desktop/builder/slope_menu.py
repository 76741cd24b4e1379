"""What can have a random slope: variables, and the interactions and powers of the fixed part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from terrace.data.dataset import Variable
from terrace.spec import edit
from terrace_desktop.builder.picker import pick
from terrace_desktop.builder.section_fixed import term_title

if TYPE_CHECKING:
    from terrace_desktop.builder.level_card import LevelCard


def slope_choices(card: LevelCard, variables: Sequence[Variable]) -> None:
    """Offer slopes for the level of a card: a list of variables, or a menu where there are products too."""
    spec = card.state.spec
    there = {edit.term_key(t) for t in card.equation.terms}
    products = [t for t in spec.fixed if len(t.factors) > 1 and edit.term_key(t) not in there]

    def variables_list() -> None:
        title = card.tr("Random slope of")
        pick(card.add, title, variables, card._refuse_slope, card.box.offer, take_text=card.box.offer_text)

    if not products:
        variables_list()
        return
    menu = QMenu(card.add)
    menu.setObjectName("slope_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction(card.tr("A variable …")).triggered.connect(variables_list)
    menu.addSeparator()
    for term in products:
        action = menu.addAction(term_title(term))
        action.triggered.connect(
            lambda _c=False, t=term: card.state.apply(edit.add_slope(card.state.spec, card.index, t))
        )
    menu.popup(card.add.mapToGlobal(card.add.rect().bottomLeft()))

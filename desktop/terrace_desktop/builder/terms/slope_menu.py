"""What can have a random slope: variables, and the interactions and powers of the fixed part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton

from terrace.data.dataset import Variable
from terrace.spec import edit
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.chips import RoleBox
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.builder.terms.titles import term_title
from terrace_desktop.ui.words import tr


def slope_choices(
    at: QPushButton,
    state: BuilderState,
    index: int,
    variables: Sequence[Variable],
    refuse: Callable[[str], str],
    box: RoleBox,
) -> None:
    """Offer slopes for equation `index`: a list of variables, or a menu where there are products too.

    The menu begins with the variables of the fixed part that can vary here, since a slope usually varies around a fixed
    effect. It opens at a button; `refuse` says why a variable cannot be taken, `box` takes what is chosen.
    """
    spec = state.spec
    there = {edit.term_key(t) for t in spec.random[index].terms}
    products = [t for t in spec.fixed if len(t.factors) > 1 and edit.term_key(t) not in there]

    def variables_list() -> None:
        pick(at, tr("Random slope of"), variables, refuse, box.offer, take_text=box.offer_text)

    if not products:
        variables_list()
        return
    menu = QMenu(at)
    menu.setObjectName("slope_menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    fixed = dict.fromkeys(f.name for t in spec.fixed for f in t.factors)
    for name in fixed:
        if not refuse(name):
            menu.addAction(name, partial(box.offer, name))
    if not menu.isEmpty():
        menu.addSeparator()
    for term in products:
        action = menu.addAction(term_title(term))
        action.triggered.connect(lambda _c=False, t=term: state.apply(edit.add_slope(state.spec, index, t)))
    menu.addSeparator()
    menu.addAction(tr("Another variable…"), variables_list)
    menu.popup(at.mapToGlobal(at.rect().bottomLeft()))

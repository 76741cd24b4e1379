"""Outcome and fixed effects: chips, interactions, powers, reference levels."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu

from terrace.spec import edit
from terrace.spec.centring import plain
from terrace.spec.model import Factor, Term
from terrace_desktop.builder import typed_text
from terrace_desktop.builder.explaining import CENTRING, Explained
from terrace_desktop.builder.notes import problem_notes
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.centring import add_centring
from terrace_desktop.builder.terms.chips import ChipData, ChipRow, RoleBox
from terrace_desktop.builder.terms.factor_menu import add_levels, fill_term_menu
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.builder.terms.split_hint import SplitHint
from terrace_desktop.builder.terms.term_menu import TermMenu
from terrace_desktop.builder.terms.titles import term_title
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import button, label, named
from terrace_desktop.ui.words import from_engine, tr

ROOM = 330  # px within a box of the panel


def severity(state: BuilderState, field: str) -> str:
    """The loudest of what is wrong with a field."""
    found = {p.severity for p in state.problems(field)}
    return next((s for s in ("error", "warning") if s in found), "")


class OutcomeSection(Section):
    """The outcome: one variable."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(
            state, "outcome", tr("Outcome"),
            tr("What the model explains: one number per row, such as a score or a reaction time."),
        )  # fmt: skip
        self.box = RoleBox("outcome_box", self.tr("Outcome"), state.refuse("outcome"), self._take, self._take_text)
        self.chips = ChipRow("outcome")
        self.add = button(self.tr("Choose"), "outcome_add", self._pick, variant="add")
        set_icon(self.add, "plus", "accent_text")
        self.told = named(label("", "muted"), "outcome_label", "")
        self.chips.add_last(self.told)
        self.chips.add_last(self.add)
        self.drag = label(self.tr("or drag a variable here"), "small")
        self.chips.add_last(self.drag)
        self.chips.removed.connect(lambda _key: state.apply(edit.set_outcome(self.spec, "")))
        self.box.body.addWidget(self.chips)
        self.body.addWidget(self.box)
        self.body.addWidget(self.box.reason)
        self.body.addWidget(self.notes)

    def boxes(self) -> list[RoleBox]:
        return [self.box]

    def show_spec(self) -> None:
        name = self.spec.outcome.name
        shown = []
        if name:
            shown.append(ChipData(name, term_title(Term((self.spec.outcome,))), badge=self.state.measure(name)))
        self.chips.show_chips(shown)
        self.drag.setVisible(not name)
        self.purpose.setVisible(not name)
        said = self.state.dataset.variable(name).label if name in self.state.dataset else ""
        taken = self.chips.chips()[0].sizeHint().width() if name else 0
        room = max(40, ROOM - taken - 40)
        self.told.setText(self.told.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, room))
        self.told.setToolTip(said)
        self.told.setVisible(bool(said))
        self.add.setText("" if name else self.tr("Choose"))
        set_icon(self.add, "down" if name else "plus", "accent_text")
        self.add.setToolTip(self.tr("Change the outcome") if name else "")
        self.add.setAccessibleName(self.tr("Change the outcome") if name else self.tr("Choose the outcome"))
        self.box.say("")

    def show_problems(self) -> None:
        found = [p for p in self.state.problems("outcome") if p.code != "outcome-missing"]
        self.notes.show_notes(problem_notes(found))

    def _take(self, name: str) -> None:
        self.state.apply(edit.set_outcome(self.spec, name))

    def _take_text(self, text: str) -> None:
        found = typed_text.factor(text, self.state.dataset.names)
        self.state.apply(replace(edit.set_outcome(self.spec, found.name), outcome=found))

    def _pick(self) -> None:
        pick(
            self.add, self.tr("Outcome"), self.state.dataset.variables, self.state.refuse("outcome"),
            self.box.offer, take_text=self.box.offer_text,
        )  # fmt: skip


class FixedSection(Section):
    """Fixed effects: main effects, interactions, powers, the intercept."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(
            state, "fixed", tr("Fixed effects"),
            tr("What may explain the outcome, on average across all groups: covariates, factors, interactions."),
        )  # fmt: skip
        self._details = False
        self.box = RoleBox("fixed_box", self.tr("Fixed effects"), state.refuse("fixed"), self._take, self._take_text)
        self.chips = ChipRow("fixed")
        self.chips.removed.connect(self._remove)
        self.chips.selection_changed.connect(self._selection)
        self.add = button(self.tr("Add"), "fixed_add", self._pick, variant="add")
        set_icon(self.add, "plus", "accent_text")
        self.interaction = button(
            self.tr("Interaction"), "fixed_interaction", self._interact, variant="link",
            tip=self.tr("Select two or more effects, or choose them from a list"),
        )  # fmt: skip
        self.power = button(
            self.tr("Power"), "fixed_power", self._power, variant="link",
            tip=self.tr("The square of a continuous effect, then its cube"),
        )  # fmt: skip
        self.reference = button(
            self.tr("Reference"), "fixed_reference", self._reference, variant="link",
            tip=self.tr("The level that the other levels of a factor are compared with"),
        )  # fmt: skip
        self.centre = button(
            self.tr("Centre"), "fixed_centre", self._centre, variant="link",
            tip=self.tr("Centre a covariate at its mean, over all rows or within groups"),
        )  # fmt: skip
        self.intercept = named(QCheckBox(self.tr("Intercept")), "fixed_intercept", self.tr("Fixed intercept"))
        self.intercept.toggled.connect(lambda on: state.apply(edit.set_constant(self.spec, on)))
        for w in (self.centre, self.power, self.interaction):
            self.add_link(w)
        self.chips.add_last(self.add)
        self.box.body.addWidget(self.chips)
        self.body.addWidget(self.box)
        self.body.addWidget(self.box.reason)
        rest = QHBoxLayout()
        rest.addWidget(self.intercept)
        rest.addStretch(1)
        rest.addWidget(self.reference)
        self.body.addLayout(rest)
        self.hint = SplitHint(state)
        self.why_centring = Explained(
            "centring", self.tr("Centring decides what zero and an effect mean."), self.tr("Which centring?"), CENTRING
        )
        self.body.addWidget(self.hint)
        self.body.addWidget(self.why_centring)
        self.body.addWidget(self.notes)

    def boxes(self) -> list[RoleBox]:
        return [self.box]

    def show_details(self, on: bool) -> None:
        """Show what most models leave as it is."""
        self._details = on
        self.intercept.setVisible(on or not self.spec.constant)
        self.why_centring.setVisible(on and any(plain(t.factors[0]) for t in self.spec.fixed))

    # --- showing -----------------------------------------------------------------------------------------
    def show_spec(self) -> None:
        self._show_chips()
        self.show_details(self._details)
        self.purpose.setVisible(not self.spec.fixed)
        self.intercept.setChecked(self.spec.constant)
        self.box.say("")
        self._selection()

    def show_problems(self) -> None:
        self._show_chips()
        if self.state.is_current:
            self.hint.look()
        found = [*self.state.problems("fixed"), *self.state.problems("model")]  # too many terms for the rows
        self.notes.show_notes(problem_notes(found))

    def _show_chips(self) -> None:
        keys: dict[str, int] = {}
        shown = []
        for k, term in enumerate(self.spec.fixed):
            key = "#".join(f"{f.kind[0]}.{f.name}" for f in term.factors)
            keys[key] = keys.get(key, 0) + 1
            unique = key if keys[key] == 1 else f"{key}@{keys[key]}"
            shown.append(
                ChipData(
                    unique,
                    term_title(term),
                    detail=self._detail(term),
                    badge=self.state.measure(term.factors[0].name) if len(term.factors) == 1 else "",
                    selectable=True,
                    menu=partial(fill_term_menu, term=term, state=self.state),
                    state=severity(self.state, f"fixed:{k}"),
                    tip="; ".join(from_engine(p.message) for p in self.state.problems(f"fixed:{k}")),
                )
            )
        self.chips.show_chips(shown)

    def _detail(self, term: Term) -> str:
        if len(term.factors) != 1 or term.factors[0].kind != "factor":
            return ""
        f = term.factors[0]
        if f.levels:
            kept = ", ".join(self.state.label_of(f.name, v) for v in f.levels[:3])
            more = "" if len(f.levels) <= 3 else f" +{len(f.levels) - 3}"
            return self.tr("only %1").replace("%1", kept + more)
        if f.base == "none":
            return self.tr("all levels")
        if f.base == "freq":
            return self.tr("vs most frequent")
        levels = self.state.levels_of(f.name)
        if not levels:
            return self.tr("factor")
        code = self.state.base_code(f)
        if code < 0:
            return self.tr("factor")
        return self.tr("vs %1").replace("%1", self.state.label_of(f.name, levels[code]))

    def _selection(self) -> None:
        chosen = self._chosen(continuous=False)
        name = chosen[0].name if len(chosen) == 1 else ""
        self.reference.setVisible(bool(chosen))
        self.reference.setAccessibleName(
            self.tr("Reference of %1").replace("%1", name) if name else self.tr("Reference level")
        )
        plains = [f.name for f in self._chosen(continuous=True) if plain(f)]
        self.centre.setVisible(bool(plains) and self.state.run_commands is not None)
        self.centre.setAccessibleName(
            self.tr("Centre %1").replace("%1", plains[0]) if len(plains) == 1 else self.tr("Centre")
        )
        fixed = self.spec.fixed
        mains = [t for t in fixed if len(t.factors) == 1]
        self.interaction.setEnabled(len(fixed) > 1)
        able = any(t.factors[0].kind == "continuous" for t in mains)
        self.power.setEnabled(able)
        self.power.setVisible(able)

    # --- doing -------------------------------------------------------------------------------------------
    def _take(self, name: str) -> None:
        self.state.apply(edit.add_fixed(self.spec, self.state.factor(name)))

    def _take_text(self, text: str) -> None:
        spec = self.spec
        for term in typed_text.terms(text, self.state.dataset.names):
            spec = edit.add_term(spec, term)
        self.state.apply(spec)

    def _pick(self) -> None:
        refuse = self.state.refuse("fixed")
        there = {t.factors[0].name for t in self.spec.fixed if len(t.factors) == 1}

        def why(name: str) -> str:
            return self.tr("is already in the model") if name in there else refuse(name)

        pick(
            self.add, self.tr("Add a fixed effect"), self.state.dataset.variables, why,
            self.box.offer, take_text=self.box.offer_text,
        )  # fmt: skip

    def _remove(self, key: str) -> None:
        at = [c.data.key for c in self.chips.chips()].index(key)
        self.state.apply(edit.remove_fixed(self.spec, at))

    def _interact(self) -> None:
        chosen = self.chips.selected()
        if len(chosen) < 2 and len(self.spec.fixed) == 2:
            chosen = [0, 1]
        if len(chosen) >= 2:
            self._add_interaction(chosen)
            return
        menu = TermMenu(
            self.interaction,
            self.tr("Interaction of"),
            [term_title(t) for t in self.spec.fixed],
            chosen,
            self._add_interaction,
        )
        menu.open()

    def _add_interaction(self, chosen: list[int]) -> None:
        self.state.apply(edit.add_interaction(self.spec, chosen))
        self.chips.clear_selection()

    def _power(self) -> None:
        able = [k for k, t in enumerate(self.spec.fixed) if len(t.factors) == 1 and t.factors[0].kind == "continuous"]
        chosen = [k for k in self.chips.selected() if k in able] or (able if len(able) == 1 else [])
        if chosen:
            spec = self.spec
            for k in chosen:
                spec = edit.add_power(spec, k)
            self.state.apply(spec)
            return
        menu = QMenu(self.power)
        menu.setObjectName("fixed_power_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for k in able:
            action = QAction(term_title(self.spec.fixed[k]) + "²", menu)
            action.triggered.connect(lambda _c=False, k=k: self.state.apply(edit.add_power(self.spec, k)))
            menu.addAction(action)
        menu.popup(self.power.mapToGlobal(self.power.rect().bottomLeft()))

    def _chosen(self, *, continuous: bool) -> list[Factor]:
        """The factors of the selected main effects, or of all where none is selected."""
        kind = "continuous" if continuous else "factor"
        mains = [
            (k, t.factors[0])
            for k, t in enumerate(self.spec.fixed)
            if len(t.factors) == 1 and t.factors[0].kind == kind
        ]
        selected = [f for k, f in mains if k in self.chips.selected()]
        return selected or [f for _, f in mains]

    def _centre(self) -> None:
        menu = QMenu(self.centre)
        menu.setObjectName("fixed_centre_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        names = list(dict.fromkeys(f.name for f in self._chosen(continuous=True) if plain(f)))
        for name in names:
            add_centring(menu if len(names) == 1 else menu.addMenu(name), name, self.state)
        menu.popup(self.centre.mapToGlobal(self.centre.rect().bottomLeft()))

    def _reference(self) -> None:
        menu = QMenu(self.reference)
        menu.setObjectName("fixed_reference_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chosen = self._chosen(continuous=False)
        for f in chosen:
            add_levels(menu if len(chosen) == 1 else menu.addMenu(f.name), f, self.state)
        menu.popup(self.reference.mapToGlobal(self.reference.rect().bottomLeft()))

"""One level of the model as a card: its groups, its random effects, their covariance, its weights."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from terrace.covariance.registry import STRUCTURES
from terrace.spec import edit
from terrace.spec.choices import closed
from terrace.spec.counts import LevelCount, covariance_parameters, default_covariance
from terrace.spec.edit import ALL
from terrace.spec.model import RandomEquation, Term, WeightKind
from terrace_desktop.builder import typed_text
from terrace_desktop.builder.explaining import COVARIANCE, SLOPES, Explained
from terrace_desktop.builder.fields import Choice, FieldButton
from terrace_desktop.builder.matrix.level_matrix import EffectsMatrix
from terrace_desktop.builder.notes import Note, Notes, problem_notes
from terrace_desktop.builder.parts import labelled
from terrace_desktop.builder.sections.fixed import severity
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.chips import ChipData, ChipRow, RoleBox
from terrace_desktop.builder.terms.picker import pick
from terrace_desktop.builder.terms.slope_menu import slope_choices
from terrace_desktop.builder.terms.titles import term_title
from terrace_desktop.ui.flow import Flow
from terrace_desktop.ui.icons import set_icon
from terrace_desktop.ui.widgets import ElidedLabel, button, label, named, restyle
from terrace_desktop.ui.words import from_engine


class LevelCard(QFrame):
    """Shows equation `index` of the model and edits it. Ctrl+Up and Ctrl+Down move the level."""

    moved = Signal(int, int)

    def __init__(self, state: BuilderState, index: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state, self.index = state, index
        self.field = f"level:{index}"
        name = f"level_{index}"
        named(self, name, self.tr("Level"))
        self.setProperty("role", "level")
        self._head(name)
        self._effects(name)
        self._options(name)
        self.matrix = EffectsMatrix(state, index)
        self.notes = Notes(f"{name}_notes", state.apply)
        for keys, step in (("Ctrl+Up", -1), ("Ctrl+Down", 1)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self._move_by, step))
        self._details = False
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(8)
        body.addLayout(self._head_row)
        body.addWidget(self.box)
        body.addWidget(self.box.reason)
        body.addWidget(self._row)
        body.addWidget(self.matrix)
        body.addWidget(self.notes)

    # --- building ----------------------------------------------------------------------------------------
    def _head(self, name: str) -> None:
        self.number = label("", "heading")
        self.group = FieldButton(f"{name}_group", self.tr("Group variable"), variant="name", widest=130)
        self.group.clicked.connect(self._pick_group)
        self.count = ElidedLabel("", "muted")
        self.count.setObjectName(f"{name}_count")
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.count.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.relation: Choice[str] = Choice(f"{name}_relation", self.tr("Nested or crossed"))
        self.relation.chosen.connect(self._relate)
        self.up = self._tool("↑", f"{name}_up", self.tr("Move this level up"))
        self.up.clicked.connect(lambda: self.moved.emit(self.index, self.index - 1))
        self.down = self._tool("↓", f"{name}_down", self.tr("Move this level down"))
        self.down.clicked.connect(lambda: self.moved.emit(self.index, self.index + 1))
        self.remove = self._tool("✕", f"{name}_remove", self.tr("Remove this level"))
        self.remove.clicked.connect(lambda: self.state.apply(edit.remove_level(self.state.spec, self.index)))
        self.more = self._tool("⋯", f"{name}_more", self.tr("More about this level"))
        self.more.clicked.connect(self._open_more)
        self._head_row = QHBoxLayout()
        self._head_row.setContentsMargins(0, 0, 0, 0)
        self._head_row.setSpacing(2)
        self._head_row.addWidget(self.number)
        self._head_row.addWidget(self.group)
        self._head_row.addWidget(self.count, 1)
        self._head_row.addSpacing(4)
        for w in (self.up, self.down, self.more, self.remove):
            self._head_row.addWidget(w)

    def _effects(self, name: str) -> None:
        self.box = RoleBox(
            f"{name}_slopes", self.tr("Random effects"), self._refuse_slope, self._take_slope, self._take_text
        )  # fmt: skip
        self.chips = ChipRow(f"{name}_effects")
        self.add = button(self.tr("Slope"), f"{name}_add_slope", self._pick_slope, variant="add",
                          accessible=self.tr("Add a random slope"))  # fmt: skip
        self.add_intercept = button(
            self.tr("Intercept"), f"{name}_add_intercept", self._add_intercept, variant="add",
            accessible=self.tr("Add the random intercept"),
        )  # fmt: skip
        for b in (self.add, self.add_intercept):
            set_icon(b, "plus", "accent_text")
        self.chips.add_last(self.add)
        self.chips.add_last(self.add_intercept)
        self.chips.removed.connect(self._remove_effect)
        self.box.body.addWidget(self.chips)

    def _options(self, name: str) -> None:
        title = self.tr("Covariance of the random effects")
        self.covariance: Choice[str | None] = Choice(f"{name}_covariance", title)
        self.covariance.chosen.connect(lambda v: self.state.apply(edit.set_covariance(self.state.spec, self.index, v)))
        self.weight_kind: Choice[WeightKind | None] = Choice(f"{name}_weight_kind", self.tr("Weights of the groups"))
        self.weight_kind.chosen.connect(self._weigh)
        self.weight = FieldButton(f"{name}_weight", self.tr("Weight variable"))
        self.weight.clicked.connect(self._pick_weight)
        self.covariance.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row = QWidget()
        lines = QVBoxLayout(self._row)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(8)
        self._covariance = labelled(self.tr("Covariance"), self.covariance, tone="muted")
        self._weights = labelled(self.tr("Weights"), self.weight_kind, tone="muted")
        self._relation = labelled(self.tr("Levels are"), self.relation, tone="muted")
        rest = QWidget()
        flow = Flow(rest, across=10, down=4)
        for w in (self._relation, self._weights, self.weight):
            flow.addWidget(w)
        self.why_covariance = Explained(
            f"{name}_covariance", self.tr("Whether the effects of a group go together."), self.tr("Which covariance?"),
            COVARIANCE,
        )  # fmt: skip
        self.why_slopes = Explained(
            f"{name}_slopes", self.tr("A slope lets an effect differ between groups."), self.tr("When a random slope?"),
            SLOPES,
        )  # fmt: skip
        lines.addWidget(self._covariance)
        lines.addWidget(self.why_covariance)
        lines.addWidget(self.why_slopes)
        lines.addWidget(rest)
        self._rest = rest

    def _tool(self, text: str, name: str, accessible: str) -> QToolButton:
        out = named(QToolButton(), name, accessible)
        out.setText(text)
        out.setToolTip(accessible)
        out.setProperty("variant", "cross")
        out.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        out.setCursor(Qt.CursorShape.PointingHandCursor)
        return out

    # --- showing -----------------------------------------------------------------------------------------
    @property
    def equation(self) -> RandomEquation:
        """The equation that the card shows."""
        return self.state.spec.random[self.index]

    def show_spec(self) -> None:
        """Show the model; the counts that need data follow with `show_problems`."""
        spec, e = self.state.spec, self.equation
        name = edit.group_name(e)
        self.group.show_value(name if name else self.tr("Choose a group variable"), hole=not name)
        self._show_number()
        self.setAccessibleName(self.tr("Level %1").replace("%1", name))
        self._show_relation()
        many = len(spec.random) > 1
        self.up.setVisible(many)
        self.down.setVisible(many)
        self.up.setEnabled(self.index > 0)
        self.down.setEnabled(self.index < len(spec.random) - 1)
        crossed = edit.is_crossed(e)
        self._show_effects()
        self.add.setVisible(not crossed)
        self.add_intercept.setVisible(not crossed and not e.constant and edit.is_last_of_level(spec, self.index))
        kind: WeightKind | None = "fweight" if e.fweight is not None else "pweight" if e.pweight is not None else None
        why = {k: c.reason for k, c in closed(f"{self.field}:weight", spec).items()}
        options: tuple[tuple[WeightKind | None, str], ...] = (
            (None, self.tr("none")),
            ("fweight", self.tr("frequency")),
            ("pweight", self.tr("sampling")),
        )
        self.weight_kind.set_options(options, why)
        self.weight_kind.set_value(kind)
        self._weights.setToolTip(next(iter(why.values()), ""))
        weight = e.fweight if kind == "fweight" else e.pweight
        self.weight.setVisible(kind is not None)
        self.weight.show_value(weight or self.tr("Choose a variable"), hole=not weight)
        self.box.say("")
        self.show_problems()

    def show_details(self, on: bool) -> None:
        """Show what most models leave as it is, and the picture of the covariance matrix."""
        self._details = self.matrix.wanted = on
        if self.index < len(self.state.spec.random):
            self.show_spec()

    def _show_details(self) -> None:
        e, on = self.equation, self._details
        weighted = e.fweight is not None or e.pweight is not None
        related = len(self.state.spec.random) > 1 or edit.is_crossed(e)
        self._relation.setVisible(related or on)
        self._weights.setVisible(weighted or on)
        self.why_covariance.setVisible(on and self._covariance.isVisibleTo(self._row))
        self.why_slopes.setVisible(on and not edit.is_crossed(e))
        self._rest.setVisible(related or weighted or on)

    def _show_number(self) -> None:
        """Rows are level 1; nested groups count up from the lowest, crossed ones have no number."""
        spec, e = self.state.spec, self.equation
        if edit.is_crossed(e):
            self.number.setText(self.tr("Crossed:"))
            return
        names = list(dict.fromkeys(edit.group_name(x) for x in spec.random if not edit.is_crossed(x)))
        number = len(names) - names.index(edit.group_name(e)) + 1
        self.number.setText(self.tr("Level %1:").replace("%1", str(number)))

    def show_problems(self) -> None:
        """Show the groups and what is wrong with them."""
        self._show_effects()
        counts = self.state.report.counts
        found: LevelCount | None = None
        if counts is not None and self.index < len(counts.levels):
            found = counts.levels[self.index]
        name = edit.group_name(self.equation)
        if found is None or found.name != name or not name:
            self.count.set_text("" if self.state.is_current else "…")
            self._show_covariance(None)
        else:
            g = found.groups
            size = f"{g.min:,}" if g.min == g.max else self.tr("{0} to {1}").format(f"{g.min:,}", f"{g.max:,}")
            text = self.tr("%1 group(s), %2 rows each", "", g.n).replace("%1", f"{g.n:,}").replace("%2", size)
            blocks = [k for k, e in enumerate(self.state.spec.random) if e.level == name and not edit.is_crossed(e)]
            if len(blocks) > 1 and self.index in blocks:
                block = self.tr("block %1 of %2").replace("%2", str(len(blocks)))
                text = f"{block.replace('%1', str(blocks.index(self.index) + 1))} · {text}"
            self.count.set_text(text)
            self._show_covariance(found)
        self._show_details()
        problems = [p for p in self.state.problems(self.field) if p.code != "group-missing"]
        self.notes.show_notes([*problem_notes(problems), *self._hints()])
        state = severity(self.state, self.field) if problems else ""
        if self.property("state") != state:
            self.setProperty("state", state)
            restyle(self)

    def _show_relation(self) -> None:
        spec, e = self.state.spec, self.equation
        others = [x.level for x in spec.random if x is not e and x.level not in ("", ALL)]
        within = list(dict.fromkeys([*others, *([e.level] if e.factor and e.level != ALL else [])]))
        options: list[tuple[str, str]] = [("", self.tr("Nested")), (ALL, self.tr("Crossed"))]
        options += [(g, self.tr("Crossed within %1").replace("%1", g)) for g in within if g != edit.group_name(e)]
        self.relation.set_options(options)
        self.relation.set_value(e.level if edit.is_crossed(e) else "")

    def _show_effects(self) -> None:
        spec, e = self.state.spec, self.equation
        shown: list[ChipData] = []
        if edit.is_crossed(e):
            shown.append(ChipData("crossed", self.tr("one effect per group"), removable=False))
            self.chips.show_chips(shown)
            return
        if e.constant and edit.has_intercept(spec, self.index):
            shown.append(ChipData("intercept", self.tr("intercept"), badge="intercept"))
        for s, term in enumerate(e.terms):
            where = f"{self.field}:slope:{s}"
            key = "#".join(f"{f.kind[0]}.{f.name}" for f in term.factors)
            shown.append(
                ChipData(
                    key,
                    term_title(term),
                    detail=self.tr("slope"),
                    badge="slope",
                    menu=partial(self._slope_menu, s, term),
                    state=severity(self.state, where),
                    tip="; ".join(from_engine(p.message) for p in self.state.problems(where)),
                )
            )
        self.chips.show_chips(shown)

    def _show_covariance(self, found: LevelCount | None) -> None:
        spec, e = self.state.spec, self.equation
        crossed = edit.is_crossed(e)
        q = found.effects if found is not None else len(e.terms) + edit.has_intercept(spec, self.index)
        default = default_covariance(e)
        options: list[tuple[str | None, str]] = []
        for key, structure in STRUCTURES.items():
            n = structure.over_values(2).n_params if crossed else covariance_parameters(key, q)
            count = self.tr("%1 parameter(s)", "", n).replace("%1", str(n))
            options.append((None if key == default else key, f"{structure.title}, {count}"))
        why = {k: c.reason for k, c in closed(f"{self.field}:covariance", spec).items()}
        shut = {(None if k == default else k): reason for k, reason in why.items()}
        self.covariance.set_options(options, shut)
        self.covariance.set_value(None if e.covariance == default else e.covariance)
        self.covariance.setToolTip(next(iter(shut.values()), ""))
        self._covariance.setVisible(crossed or q > 1 or e.covariance is not None)
        self.matrix.show_effects(None if found is None else found.effects)

    def _hints(self) -> list[Note]:
        """That effects are taken as uncorrelated is what beginners miss most."""
        spec, e = self.state.spec, self.equation
        if edit.is_crossed(e) or e.covariance is not None or len(self.matrix.names()) < 2:
            return []
        mended = edit.set_covariance(spec, self.index, "unstructured")
        text = self.tr("These effects are assumed to be uncorrelated.")
        return [Note(text, "quiet", mended, self.tr("Let them correlate"))]

    # --- doing -------------------------------------------------------------------------------------------
    def _pick_group(self) -> None:
        def take(name: str) -> None:
            self.state.apply(edit.set_level(self.state.spec, self.index, name))

        refuse = self.state.refuse("level")
        pick(self.group, self.tr("Group variable"), self.state.dataset.variables, refuse, take)

    def _relate(self, value: str) -> None:
        spec = self.state.spec
        if value == "":
            self.state.apply(edit.set_nested(spec, self.index))
        else:
            self.state.apply(edit.set_crossed(spec, self.index, value))

    def _refuse_slope(self, name: str) -> str:
        keys = {edit.term_key(t) for t in self.equation.terms}
        if name in self.state.dataset and edit.term_key(Term((self.state.factor(name),))) in keys:
            return self.tr("is already in the model")
        return self.state.refuse("slope", self.index)(name)

    def _take_slope(self, name: str) -> None:
        self.state.apply(edit.add_slope(self.state.spec, self.index, Term((self.state.factor(name),))))

    def _take_text(self, text: str) -> None:
        spec = self.state.spec
        for term in typed_text.terms(text, self.state.dataset.names):
            spec = edit.add_slope(spec, self.index, term)
        self.state.apply(spec)

    def _pick_slope(self) -> None:
        # variables of the fixed part first: a slope usually varies around a fixed effect
        fixed = {f.name for t in self.state.spec.fixed for f in t.factors}
        variables = sorted(self.state.dataset.variables, key=lambda v: v.name not in fixed)
        slope_choices(self.add, self.state, self.index, variables, self._refuse_slope, self.box)

    def _slope_menu(self, s: int, term: Term, menu: QMenu) -> None:
        """A slope that is not among the fixed effects can be put there."""
        spec = self.state.spec
        if any(edit.term_key(t) == edit.term_key(term) for t in spec.fixed):
            action = menu.addAction(self.tr("Fixed effect is in the model"))
            action.setEnabled(False)
        else:
            action = menu.addAction(self.tr("Add its fixed effect"))
            action.triggered.connect(lambda: self.state.apply(edit.add_term(self.state.spec, term)))

    def _add_intercept(self) -> None:
        self.state.apply(edit.set_random_constant(self.state.spec, self.index, True))

    def _remove_effect(self, key: str) -> None:
        spec = self.state.spec
        keys = [c.data.key for c in self.chips.chips()]
        if key == "intercept":
            self.state.apply(edit.set_random_constant(spec, self.index, False))
        elif key in keys:
            at = [k for k in keys if k != "intercept"].index(key)
            self.state.apply(edit.remove_slope(spec, self.index, at))

    def _weigh(self, kind: WeightKind | None) -> None:
        e = self.equation
        name = e.fweight or e.pweight or ""
        self.state.apply(edit.set_level_weight(self.state.spec, self.index, kind, name))

    def _pick_weight(self) -> None:
        def take(name: str) -> None:
            kind = self.weight_kind.value()
            self.state.apply(edit.set_level_weight(self.state.spec, self.index, kind, name))

        refuse = self.state.refuse("level-weight", self.index)
        pick(self.weight, self.tr("Weight of the groups"), self.state.dataset.variables, refuse, take)

    def _open_more(self) -> None:
        e = self.equation
        menu = QMenu(self.more)
        menu.setObjectName("level_more_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        block = menu.addAction(self.tr("Add a block of effects that are uncorrelated with these"))
        block.setEnabled(bool(e.level) and not edit.is_crossed(e))
        block.triggered.connect(lambda: self.state.apply(edit.add_block(self.state.spec, self.index)))
        keep = menu.addAction(self.tr("Keep collinear slopes"))
        keep.setCheckable(True)
        keep.setChecked(e.collinear)
        keep.setEnabled(not edit.is_crossed(e))
        keep.triggered.connect(
            lambda on: self.state.apply(edit.set_level_collinear(self.state.spec, self.index, on))
        )
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _move_by(self, step: int) -> None:
        if 0 <= self.index + step < len(self.state.spec.random):
            self.moved.emit(self.index, self.index + step)

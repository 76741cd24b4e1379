"""Constraints on the fixed effects: those of the model in a list, and a small form that makes one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from terrace.errors import TerraceError
from terrace.spec import edit
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.terms.coefficients import coefficient_names
from terrace_desktop.builder.terms.term_menu import inside
from terrace_desktop.ui.widgets import ElidedLabel, button, clear_layout, described, label, named
from terrace_desktop.ui.words import in_words


class ConstraintList(QWidget):
    """The constraints of the model, each with its equation, and a button that adds one."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__()
        self.state = state
        self.setObjectName("constraint_list")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        self.add = button(
            self.tr("+ Constrain coefficients"), "constraint_add", self._open, variant="flat",
            tip=self.tr("Make two coefficients equal, or one equal to a number"),
        )  # fmt: skip
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(self._lines)
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignLeft)
        self._shown: list[tuple[int, str]] = []

    def show_spec(self) -> None:
        """Show the constraints that the model uses."""
        known = self.state.constraints or {}
        shown = [(n, known.get(n, "")) for n in self.state.spec.constraints]
        self.add.setEnabled(bool(self.state.spec.fixed) or self.state.spec.constant)
        if shown == self._shown:
            return
        self._shown = shown
        clear_layout(self._lines)
        for number, text in shown:
            self._lines.addWidget(self._line(number, text))

    def _line(self, number: int, text: str) -> QWidget:
        out = QWidget()
        words = text or self.tr("defined before the model is fitted")
        named(out, f"constraint_{number}", self.tr("Constraint %1").replace("%1", f"{number}: {words}"))
        row = QHBoxLayout(out)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label(f"{number}", "small"))
        row.addWidget(ElidedLabel(words, "mono" if text else "small"), 1)
        remove = named(
            QToolButton(), f"constraint_{number}_remove",
            self.tr("Remove constraint %1").replace("%1", str(number)),
        )  # fmt: skip
        remove.setText("✕")
        remove.setProperty("variant", "cross")
        remove.setToolTip(remove.accessibleName())
        remove.clicked.connect(lambda: self._remove(number))
        row.addWidget(remove)
        return out

    def _remove(self, number: int) -> None:
        kept = [n for n in self.state.spec.constraints if n != number]
        self.state.apply(edit.set_constraints(self.state.spec, kept))
        self.add.setFocus()

    def _open(self) -> None:
        ConstraintForm(self.add, self.state).open()


class ConstraintForm(QFrame):
    """One linear equation: a coefficient, and what it equals."""

    def __init__(self, anchor: QWidget, state: BuilderState) -> None:
        super().__init__(anchor, Qt.WindowType.Popup)
        named(self, "constraint_form", self.tr("Constrain coefficients"))
        self.setProperty("surface", "popup")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.state, self._anchor = state, anchor
        names = coefficient_names(state)
        self.first = named(QComboBox(), "constraint_first", self.tr("Coefficient"))
        self.second = named(QComboBox(), "constraint_second", self.tr("equals"))
        self.second.setEditable(True)
        self.second.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for box in (self.first, self.second):
            described(box)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(14)
        self.first.addItems(names)
        self.second.addItems([*names[1:2], "0", *names[:1], *names[2:]])
        line = self.second.lineEdit()
        assert line is not None  # it can be edited
        line.setPlaceholderText(self.tr("a coefficient or a number"))
        self.reason = named(label("", "reason", wrap=True), "constraint_reason", self.tr("Why not"))
        self.reason.setVisible(False)
        self.take = button(self.tr("Add constraint"), "constraint_take", self._take, variant="primary")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.first, 1)
        row.addWidget(QLabel("="))
        row.addWidget(self.second, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(8)
        told = self.tr("Set a coefficient to another one, or to a number such as 0 or 2*week")
        layout.addWidget(label(told, "small"))
        layout.addLayout(row)
        layout.addWidget(self.reason)
        layout.addWidget(self.take)
        self.first.currentTextChanged.connect(self._judge)
        self.second.currentTextChanged.connect(self._judge)
        self._judge()

    def open(self) -> None:
        """Show the form under its button."""
        self.adjustSize()
        self.move(inside(self._anchor, self, QPoint(0, self._anchor.height() + 2)))
        self.show()
        self.first.setFocus(Qt.FocusReason.PopupFocusReason)

    def text(self) -> str:
        """The equation."""
        return f"{self.first.currentText()} = {self.second.currentText().strip()}"

    def _judge(self) -> None:
        from terrace.inference.constraints import parse_constraint

        why = ""
        if not self.second.currentText().strip():
            why = self.tr("Enter what it equals.")
        else:
            try:
                row, _ = parse_constraint(
                    self.text(), coefficient_names(self.state), self.state.spec.outcome.name
                )
                if not row.any():
                    why = self.tr("This puts no constraint on the coefficients.")
            except TerraceError as error:
                why = in_words(error)
        self.reason.setText(why)
        self.reason.setAccessibleName(why)
        self.reason.setVisible(bool(why))
        self.take.setEnabled(not why)

    def _take(self) -> None:
        text = self.text()
        self.close()
        self.state.constrain(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.take.isEnabled():
            self._take()
        else:
            super().keyPressEvent(event)

"""The form of one entry: its fields, what is missing, and the commands that they make."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Generic

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from terrace_desktop.forms.controls import Control, control_of
from terrace_desktop.forms.entry import Entry, F, Field, always, need_data
from terrace_desktop.ui import theme
from terrace_desktop.ui.widgets import Notice, label, named

NARROW = 440  # px


class EntryForm(QWidget, Generic[F]):
    """Shows an entry for a model; `changed` tells that its commands or its problem may be others now."""

    changed = Signal()
    edit_asked = Signal()  # the model, where another one would have what this entry needs

    def __init__(self, entry: Entry[F], facts: F) -> None:
        super().__init__()
        named(self, f"after_form_{entry.key}", entry.title)
        self.entry = entry
        self.facts = facts
        self.reason = entry.reason(facts)
        self.controls: dict[str, Control] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 16)
        column.setSpacing(10)
        column.addWidget(label(entry.purpose, "muted", wrap=True))
        if self.reason:
            self.notice: Notice | None = Notice(self.reason, kind="info")
            named(self.notice, "after_reason", self.reason)
            if entry.of_model and self.reason != need_data(facts):
                self.notice.add_button(self.tr("Edit the model"), "after_edit", self.edit_asked.emit)
            column.addWidget(self.notice)
        else:
            self.notice = None
            column.addLayout(self._fields(entry.fields(facts)))
        column.addStretch(1)
        self._show_fields()

    def _fields(self, fields: tuple[Field, ...]) -> QFormLayout:
        self.layout_ = QFormLayout()
        self.layout_.setContentsMargins(0, 4, 0, 0)
        self.layout_.setHorizontalSpacing(14)
        self.layout_.setVerticalSpacing(10)
        self.layout_.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.layout_.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for field in fields:
            control = control_of(field)
            self.controls[field.key] = control
            control.changed.connect(self._changed)
            if field.kind == "check":
                self.layout_.addRow("", control)
            else:
                words = QLabel(field.title)
                words.setBuddy(control.first())
                words.setToolTip(field.tip)
                self.layout_.addRow(words, control)
        return self.layout_

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names stand over their fields where there is no room beside them."""
        super().resizeEvent(event)
        if self.controls:
            policy = QFormLayout.RowWrapPolicy
            narrow = self.width() < theme.px(NARROW)
            self.layout_.setRowWrapPolicy(policy.WrapAllRows if narrow else policy.WrapLongRows)

    def place(self, widget: QWidget) -> None:
        """Put something under the fields."""
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, widget)

    # --- values -------------------------------------------------------------------------------------
    def values(self) -> dict[str, Any]:
        """What the fields hold."""
        return {key: c.value() for key, c in self.controls.items()}

    def set_values(self, values: dict[str, Any]) -> None:
        """Show values; those of fields that are not here are left out."""
        for key, value in values.items():
            if key in self.controls:
                self.controls[key].set_value(value)
        self._changed()

    def take_over(self, other: EntryForm[F]) -> None:
        """What was changed in another form of the same entry holds here too; defaults are those of this one."""
        kept = {}
        for key, control in other.controls.items():
            here = self.controls.get(key)
            if here is None or control.value() == _default(control.field) or here.reason:
                continue
            value = control.value()
            known = {v for v, _ in here.field.options}
            if here.field.kind == "choice" and value not in known:
                continue
            if here.field.kind == "several":
                value = tuple(v for v in value if v in known)
            kept[key] = value
        self.set_values(kept)

    def forget_names(self) -> None:
        """A variable that has been made is not made again: its name goes."""
        for control in self.controls.values():
            if control.field.kind == "name":
                control.set_value(control.field.default)

    def has_fields_of(self, facts: F) -> bool:
        """True where the form for other facts would look the same."""
        reason = self.entry.reason(facts)
        if reason or self.reason:
            return reason == self.reason
        now = [c.field for c in self.controls.values()]
        return [_looks(f) for f in now] == [_looks(f) for f in self.entry.fields(facts)]

    def problem(self) -> str:
        """What is missing; empty where the commands can run."""
        if self.reason:
            return self.reason
        values = self.values()
        if missing := self._missing(values):
            return missing
        for control in self.controls.values():
            if control.field.shown(values) and (found := control.problem()):
                return found
        return self.entry.problem(self.facts, values)

    def commands(self) -> list[str]:
        """The commands as the fields stand; none where the entry does not apply, or while it is not complete."""
        values = self.values()
        if self.reason or self._missing(values):
            return []
        return self.entry.commands(self.facts, values)

    def verb(self) -> str:
        """What the button that runs the commands says."""
        made = 0
        if self.entry.makes is not None and not self.reason and not self._missing(self.values()):
            made = self.entry.makes(self.facts, self.values())
        if made:
            return self.tr("Add {0} variable(s)", "", made).format(made)
        return self.entry.verb or self.tr("Show")

    def _missing(self, values: dict[str, Any]) -> str:
        """What has to be chosen before there is a command at all."""
        for control in self.controls.values():
            field = control.field
            if field.required and field.shown(values) and not values[field.key]:
                return field.required
        return ""

    def first_field(self) -> QWidget | None:
        """Where typing begins."""
        for control in self.controls.values():
            if control.first().isEnabled() and not control.isHidden():
                return control.first()
        return None

    # --- following ----------------------------------------------------------------------------------
    def _changed(self) -> None:
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        if not self.controls:
            return
        values = self.values()
        for control in self.controls.values():
            self.layout_.setRowVisible(control, control.field.shown(values))


def _looks(field: Field) -> Field:
    """The field without its function, which is made anew each time."""
    return replace(field, shown=always)


def _default(field: Field) -> Any:
    """What a control of the field shows at first."""
    if field.kind == "check":
        return bool(field.default) and None not in field.closed
    if field.kind == "several":
        return tuple(v for v, _ in field.options if v in (field.default or ()) and v not in field.closed)
    if field.kind == "rows":
        return {name: (field.default or {}).get(name, "") for name, _ in field.options}
    if field.kind == "choice":
        allowed = [v for v, _ in field.options if v not in field.closed]
        return field.default if field.default in allowed or not allowed else allowed[0]
    if field.kind == "number":
        return field.default
    return "" if field.default is None else field.default

"""The advanced page of what the output shows; nothing here changes an estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QWidget

from terrace.spec import edit
from terrace.spec.model import Display, ModelSpec
from terrace_desktop.builder.fields import Choice, Fold, Typed
from terrace_desktop.builder.section import Section
from terrace_desktop.builder.sections.residuals import whole
from terrace_desktop.builder.state import BuilderState
from terrace_desktop.builder.typed_text import option
from terrace_desktop.ui.widgets import label, named


def _display(key: str) -> Callable[[ModelSpec], str | None]:
    """What the model has under that name of `Display`."""
    return lambda spec: getattr(spec.display, key)


class ReportingSection(Section):
    """Every option of the display; the confidence level and the metric stand with the estimation."""

    def __init__(self, state: BuilderState) -> None:
        super().__init__(state, "reporting", "")
        inner = QWidget()
        self.fold = Fold(self.tr("Output (advanced)"), "reporting_fold", inner)
        flags = [
            ("noheader", self.tr("No header")),
            ("nogroup", self.tr("No table of groups")),
            ("nofetable", self.tr("No fixed effects")),
            ("noretable", self.tr("No random effects")),
            ("nolrtest", self.tr("No LR test")),
            ("nocnsreport", self.tr("No list of constraints")),
            ("noci", self.tr("No intervals")),
            ("nopvalues", self.tr("No tests")),
            ("coeflegend", self.tr("Coefficient names")),
            ("nofvlabel", self.tr("Values, not labels")),
            ("baselevels", self.tr("Base levels")),
            ("allbaselevels", self.tr("All base levels")),
            ("noomitted", self.tr("No omitted terms")),
            ("noemptycells", self.tr("No empty cells")),
            ("vsquish", self.tr("No blank lines")),
            ("nolstretch", self.tr("Narrow names")),
        ]
        ticks = QGridLayout()
        ticks.setHorizontalSpacing(8)
        ticks.setVerticalSpacing(6)
        self._boxes: dict[str, QCheckBox] = {}
        for k, (key, title) in enumerate(flags):
            box = named(QCheckBox(title), f"reporting_{key}", title)
            box.setToolTip(key)
            box.toggled.connect(lambda on, key=key: self._set(key, on))
            self._boxes[key] = box
            ticks.addWidget(box, k // 2, k % 2)
        self._fields: dict[str, Typed[Any]] = {}
        grid = QGridLayout(inner)
        grid.setContentsMargins(12, 2, 0, 4)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        grid.addLayout(ticks, 0, 0, 1, 3)
        for key, title, example in (
            ("cformat", self.tr("Format of estimates"), "%9.3f"),
            ("pformat", self.tr("Format of p-values"), "%5.3f"),
            ("sformat", self.tr("Format of test statistics"), "%8.2f"),
        ):
            read = option(key, _display(key))
            self._add(grid, key, title, Typed(f"reporting_{key}", title, read, placeholder=example, width=120))
        title = self.tr("Lines of a level's label")
        takes = self.tr("Enter a whole number.")
        self._add(
            grid, "fvwrap", title, Typed("reporting_fvwrap", title, whole, placeholder="1", takes=takes, width=120)
        )
        self.wrap = Choice(
            "reporting_fvwrapon",
            self.tr("Where labels are broken"),
            [(None, self.tr("Default")), ("word", self.tr("At words")), ("width", self.tr("At the width"))],
        )
        self.wrap.chosen.connect(lambda v: self._set("fvwrapon", v))
        row = grid.rowCount()
        name = QLabel(self.tr("Labels are broken"))
        name.setBuddy(self.wrap)
        grid.addWidget(name, row, 0)
        grid.addWidget(self.wrap, row, 1)
        grid.setColumnStretch(2, 1)
        self.body.setSpacing(2)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.fold)
        self.body.addWidget(inner)
        if self._changed():
            self.fold.setChecked(True)

    def _add(self, grid: QGridLayout, key: str, title: str, field: Typed[Any]) -> None:
        field.committed.connect(lambda v: self._set(key, v))
        self._fields[key] = field
        name = label(title)
        name.setBuddy(field)
        row = grid.rowCount()
        grid.addWidget(name, row, 0)
        grid.addWidget(field, row, 1)
        grid.addWidget(field.wrong, row + 1, 1, 1, 2)

    def _set(self, key: str, value: object) -> None:
        self.state.apply(edit.set_display(self.spec, **{key: value}))

    def _changed(self) -> list[str]:
        shown, default = self.spec.display, Display()
        keys = [*self._boxes, *self._fields, "fvwrapon"]
        return [k for k in keys if getattr(shown, k) != getattr(default, k)]

    def show_spec(self) -> None:
        shown = self.spec.display
        for key, box in self._boxes.items():
            box.setChecked(getattr(shown, key))
        for key, field in self._fields.items():
            field.set_value(getattr(shown, key))
        self.wrap.set_value(shown.fvwrapon)
        n = len(self._changed())
        self.fold.set_summary(self.tr("%1 changed").replace("%1", str(n)) if n else "")

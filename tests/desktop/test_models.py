"""Every model of a list, a tree or a table keeps to what Qt's views rely on: Qt's own tester looks on as it changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PySide6 import QtTest
from PySide6.QtCore import QAbstractItemModel
from test_app import Program
from waiting import settled, wait_until

from terrace_desktop.filters.popup import FilterPopup
from terrace_desktop.ui.settings import Settings


def our_models(under: type = QAbstractItemModel) -> Iterator[type[QAbstractItemModel]]:
    """The models of the program, as far as they are loaded."""
    for kind in under.__subclasses__():
        if kind.__module__.startswith("terrace_desktop."):
            yield kind
        yield from our_models(kind)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The models that a tester looks on at; what it has to say is a warning of Qt, which fails the test."""
    import terrace_desktop.app.window  # so that all are loaded
    import terrace_desktop.filters.values_page
    import terrace_desktop.reporting.model
    import terrace_desktop.reporting.thumbs
    import terrace_desktop.variables.values  # noqa: F401

    seen: set[str] = set()
    for kind in set(our_models()):
        begin = kind.__init__

        def made(self: Any, *args: Any, begin: Any = begin, kind: type = kind, **more: Any) -> None:
            begin(self, *args, **more)
            if type(self) is kind:
                seen.add(f"{kind.__module__}.{kind.__name__}")
                warns = QtTest.QAbstractItemModelTester.FailureReportingMode.Warning
                QtTest.QAbstractItemModelTester(self, warns, self)

        monkeypatch.setattr(kind, "__init__", made)
    return seen


def test_models_keep_to_the_rules_while_data_results_and_report_change(
    watched: set[str], settings: Settings, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": np.arange(24) // 6, "x": rng.normal(size=24), "y": rng.normal(size=24)})
    frame.to_csv(tmp_path / "made.csv", index=False)
    p = Program(settings)
    w = p.window
    try:
        p.run(f'use "{tmp_path / "made.csv"}", clear', 'label define g 0 "a" 1 "b"', "label values g g",
              "mixed y x || g:", "estat icc", 'outline note "one"', "scatter y x")  # fmt: skip
        w.results.show_contents(True)
        w.models.open_builder(None)
        p.idle()
        w.variables.edit("g")
        p.idle()
        w.filters.add()
        settled()
        popup = w.findChild(FilterPopup)
        popup.take("g")
        p.idle()
        popup.close()
        w.reports.open()
        page = w.reports.page
        assert page is not None
        wait_until(page.settled, "the pages")
        p.run("generate z = x^2", "drop if y > 1", "filter x > 0", "filter off", "undo", "undo", "undo",
              'outline note "two"', "outline move 1, last", "undo", "report part add heading \"Method\"", "undo",
              'label define g 2 "c", add', "estat icc", "clear")  # fmt: skip
        w.data.sort("x", True)
        wait_until(lambda: not page.pages.busy, "the pages")
        assert watched == {f"{kind.__module__}.{kind.__name__}" for kind in our_models()}
    finally:
        w.close()
        w.deleteLater()

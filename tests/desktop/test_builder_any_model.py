"""Any valid model opens in the builder as it is, is judged without a mishap, and is told where its problems are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builder_help import popups
from hypothesis import Phase, given, settings
from PySide6.QtWidgets import QApplication
from strategies_spec import GROUPS, NAMES, specs
from waiting import settled

from terrace.data.dataset import Dataset, Measure, Panel, Variable
from terrace.language.mixed import parse_mixed
from terrace.spec import edit
from terrace.spec.model import ModelSpec
from terrace_desktop.builder.form import BuilderForm

__all__ = ["popups"]


def data() -> Dataset:
    """Every variable that the generated models name, with groups that nest."""
    rng = np.random.default_rng(2)
    n, frame = 120, {}
    for k, name in enumerate(NAMES):
        frame[name] = rng.normal(size=n) if k % 2 else rng.integers(0, 5, n).astype(float)
    for k, name in enumerate(GROUPS):
        frame[name] = np.arange(n) // (30 // (k + 1))
    frame |= {"y": rng.normal(size=n), "f": np.tile([1, 2, 3], 40), "t": np.tile(np.arange(6), 20)}
    frame |= {name: rng.uniform(1, 2, n) for name in ("w", "w1", "w2", "p", "q", "wp")}
    frame |= {"wf": np.full(n, 2), "by": np.arange(n) // 60, "cl": np.arange(n) // 60}
    variables = tuple(
        Variable(c, measure=Measure.IDENTIFIER if c in GROUPS else Measure.CONTINUOUS) for c in frame
    )
    return Dataset(pd.DataFrame(frame), variables, panel=Panel("g", "t"))


@pytest.fixture(scope="module")
def forms(qapp: QApplication) -> Iterator[tuple[BuilderForm, BuilderForm]]:
    whole = data()
    made = (BuilderForm(whole), BuilderForm(whole.without(["ses", "a", "f", "t", "school"])))
    for form in made:
        form.show()
        for fold in (form.more.fold, form.maximisation.fold, form.reporting.fold):
            fold.setChecked(True)
    yield made
    for form in made:
        form.close_down()
        form.close()
        form.deleteLater()


few = settings(
    max_examples=max(8, settings.default.max_examples // 3),  # type: ignore[union-attr]
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make a model smaller would take minutes
)


@few
@given(spec=specs())
def test_any_model_opens_as_it_is(forms: tuple[BuilderForm, BuilderForm], spec: ModelSpec) -> None:
    for form in forms:
        form.set_spec(spec)
        settled()
        assert form.spec == spec, "showing a model does not change it"
        assert parse_mixed(form.command) == spec
        assert form.state.is_current
        for problem in form.state.report.problems:
            assert form.isAncestorOf(form.widget_of(problem.field)), problem.field
            assert problem.message.rstrip(".") in everything(form), problem


def everything(form: BuilderForm) -> str:
    """What stands beside the fields and in the line at the bottom."""
    from terrace_desktop.builder.notes import Notes

    said = [t for notes in form.findChildren(Notes) for t in notes.texts()]
    return "\n".join([*said, form.status.accessibleName(), *(["Choose"] if not form.spec.outcome.name else [])])


@few
@given(spec=specs())
def test_every_mend_is_a_model_again(forms: tuple[BuilderForm, BuilderForm], spec: ModelSpec) -> None:
    """The buttons beside the reasons lead, one after the other, to a model without errors that have one."""
    form = forms[0]
    form.set_spec(edit.arrange(replace(spec, condition=None, range_=None)))
    for _ in range(60):
        found = [p for p in form.state.report.errors if p.fix is not None]
        if not found:
            break
        before = form.spec
        form.state.mend(found[0])
        assert form.spec != before, found[0]
    else:
        raise AssertionError([p.message for p in form.state.report.errors])

"""The guide step by step through the window: each path by clicks, changes of earlier steps, drafts, what is slow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QLineEdit, QPushButton, QWidget
from waiting import settled, show, wait_idle, wait_until

from terrace.session.session import Session
from terrace_desktop.app.window import MainWindow
from terrace_desktop.builder.terms.picker import Picker
from terrace_desktop.panels.guide import previews as previews_module
from terrace_desktop.panels.guide.climb import Climb, Kept, read
from terrace_desktop.panels.guide.panel import GuidePanel
from terrace_desktop.ui.settings import Settings
from terrace_desktop.work import previewer as previewer_module
from terrace_desktop.work import session_port


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is late on a busy machine, unless a test wants it so."""
    monkeypatch.setattr(previewer_module, "PATIENCE", 3600.0)


class Guided:
    """The window with data of a file and the guide open."""

    def __init__(self, settings: Settings, data: Path) -> None:
        self.window = MainWindow(settings, warm_up=session_port.warm_up)
        show(self.window)
        self.window.begin()
        self.data = data
        self.run(f'use "{data}"')
        self.window.models.open_guide()

    @property
    def panel(self) -> GuidePanel:
        panel = self.window.models.guide.panel
        assert panel is not None
        return panel

    def run(self, *commands: str) -> None:
        for command in commands:
            self.window.controller.run(command)
        wait_idle(self.window.controller)

    def find(self, name: str) -> QWidget:
        settled()  # what was made a moment ago is laid out, what it took the place of is gone
        return next(w for w in self.panel.findChildren(QWidget, name) if w.isVisible())

    def click(self, name: str) -> None:
        QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton)

    def tick(self, *names: str) -> None:
        for name in names:
            box = self.find(f"guide_take_{name}")
            assert isinstance(box, QCheckBox)
            box.click()

    def pick(self, field: str, name: str) -> None:
        self.click(f"guide_{field}")
        picker = next(p for p in self.find(f"guide_{field}").findChildren(Picker) if p.isVisible())
        search = picker.findChild(QLineEdit)
        assert search is not None
        QTest.keyClicks(search, name)
        QTest.keyClick(search, Qt.Key.Key_Return)

    def previewed(self) -> previews_module.StepPreviewer:
        p = self.panel.previews
        wait_until(lambda: p.current, "the preview")
        assert p.found is not None and not p.found.error
        return p

    def keep(self, text: str = "") -> None:
        """Keep the open step by its button, which says this."""
        at = 0 if self.panel.climb is None else self.panel.climb.at
        button = self.find("guide_keep")
        assert isinstance(button, QPushButton) and button.isEnabled()
        assert not text or button.text() == text
        button.click()
        wait_until(lambda: self.panel.climb is not None and self.panel.climb.at > at, f"step {at + 2}")
        wait_idle(self.window.controller)

    def commands(self) -> list[str]:
        return [e.command for e in self.window.controller.history.entries if not e.command.startswith("use")]

    def titles(self) -> list[str]:
        return [i.heading for i in self.window.controller.snapshot.document if i.kind != "data"]

    def answers(self) -> list[str]:
        settled()
        rows = self.panel.findChildren(QWidget)
        return [w.text() for w in rows if w.objectName().startswith("guide_said_") and isinstance(w, QLabel)]


@pytest.fixture
def schools(settings: Settings, tmp_path: Path) -> Iterator[Guided]:
    rng = np.random.default_rng(3)
    school = np.repeat(np.arange(30), 10)
    x = rng.normal(size=300) + rng.normal(size=30)[school]
    z = rng.normal(size=30)[school]
    y = 5 + x * (1 + 0.6 * z + 0.5 * rng.normal(size=30)[school]) + rng.normal(size=30)[school] + rng.normal(size=300)
    yield from opened(settings, tmp_path, y=y, x=x, z=z, school_id=school)


@pytest.fixture
def waves(settings: Settings, tmp_path: Path) -> Iterator[Guided]:
    rng = np.random.default_rng(4)
    person, wave = np.repeat(np.arange(40), 5), np.tile(np.arange(5.0), 40)
    y = 10 + (1 + 0.4 * rng.normal(size=40)[person]) * wave + rng.normal(size=40)[person] + rng.normal(size=200) / 2
    yield from opened(settings, tmp_path, y=y, wave=wave, person_id=person)


@pytest.fixture
def ratings(settings: Settings, tmp_path: Path) -> Iterator[Guided]:
    rng = np.random.default_rng(5)
    rater, item = (a.ravel() for a in np.meshgrid(np.arange(20), np.arange(12)))
    y = 3 + rng.normal(size=20)[rater] + 0.7 * rng.normal(size=12)[item] + rng.normal(size=240)
    yield from opened(settings, tmp_path, y=y, x=rng.normal(size=240), rater_id=rater, item_id=item)


def opened(settings: Settings, folder: Path, **columns: np.ndarray) -> Iterator[Guided]:
    path = folder / "data.csv"
    rows = zip(*columns.values(), strict=True)
    path.write_text("\n".join([",".join(columns), *(",".join(map(repr, map(float, r))) for r in rows)]))
    g = Guided(settings, path)
    yield g
    g.window.close()
    g.window.deleteLater()


def begin_schools(g: Guided) -> None:
    g.click("guide_path_classes")
    g.pick("outcome", "y")
    g.pick("group0", "school_id")


def climb_schools(g: Guided) -> None:
    begin_schools(g)
    g.keep("Keep Model 1")
    g.keep("Add the ICC to the results")
    g.tick("x", "z")
    g.click("guide_split_x")
    g.keep("Keep Model 2")
    g.tick("x")
    g.keep("Keep Model 3")
    g.tick("x_z")
    g.previewed()


def test_pupils_in_classes_from_the_null_model_to_cross_level(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    tested = g.find("guide_told_x_z")
    assert isinstance(tested, QLabel) and tested.text().endswith("p < .001")
    numbers = g.find("guide_numbers").accessibleName()
    assert "Slope variance" in numbers and "Against step 4 p < .001 χ²(1) = " in numbers
    g.keep("Keep Model 4")
    assert g.titles() == [
        "Model 1: Null", "Intraclass correlation", "Model 2: Random intercept", "Model 3: Random slope",
        "Model 4: Cross-level", "Steps compared",
    ]  # fmt: skip
    steps = [c for c in g.commands() if c.startswith("estimates steps")]
    assert steps[-1] == (
        'estimates steps m1 m2 m3 m4, titles("Null" "Random intercept" "Random slope" "Cross-level") replace'
    )
    said = g.answers()
    assert said[1].startswith("ICC .") and said[1].endswith("A multilevel model is needed.")
    assert said[4].startswith("z explains ") and said[4].endswith("of the slope of c_x.")
    # the history gives the same again
    session = Session()
    for command in (f'use "{g.data}"', *g.commands()):
        assert session.run(command).ok, command
    assert [i.heading for i in session.state.document if i.kind != "data"] == g.titles()
    origins = [m.origin for m in session.state.document.models()]
    ids = [m.id for m in session.state.document.models()]
    assert origins == [0, *ids[:-1]]


def test_each_step_is_one_step_to_undo(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    g.keep()
    names = []
    while g.window.controller.snapshot.can_undo:
        names.append(g.window.controller.snapshot.undo_text)
        g.run("undo")
    assert names == [
        "Model 4: Cross-level", "Model 3: Random slope", "Model 2: Random intercept", "Intraclass correlation",
        "Model 1: Null",
    ]  # fmt: skip
    assert g.titles() == [] and set(g.window.controller.snapshot.dataset.names) == {"y", "x", "z", "school_id"}
    g.run("redo", "redo", "redo")
    assert g.titles()[-2:] == ["Model 2: Random intercept", "Steps compared"]


def test_new_variables_are_among_the_first(settings: Settings, tmp_path: Path) -> None:
    """Behind many others, also one that is made while the guide is open."""
    rng = np.random.default_rng(6)
    many = {f"v{k}": rng.normal(size=60) for k in range(14)}
    for g in opened(settings, tmp_path, y=rng.normal(size=60), school_id=np.repeat(np.arange(12), 5), **many):
        g.run("generate before = v1 * v2")
        begin_schools(g)
        g.keep()
        g.keep()
        assert g.find("guide_take_before") and not g.panel.findChildren(QCheckBox, "guide_take_v13")
        g.run("generate after = v1 + v2")
        box = g.find("guide_take_after")
        row = box.parentWidget()
        assert isinstance(box, QCheckBox) and row is not None
        QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=row.rect().center())  # anywhere on the row
        assert g.panel.climb is not None and g.panel.climb.answers.predictors == ("after",)


def test_a_changed_step_fits_those_behind_it_again(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    g.keep()
    before = g.window.controller.snapshot.document.models()
    g.click("guide_change_3")
    assert g.panel.climb is not None and g.panel.climb.at == 2 and len(g.panel.climb.kept) == 5
    g.click("guide_split_x")  # whole again: its slope and trait stay
    g.keep("Keep this change")
    assert g.panel.climb.at == 5
    models = g.window.controller.snapshot.document.models()
    assert [m.heading for m in models] == [m.heading for m in before]
    assert models[0] is before[0] and not {m.id for m in models[1:]} & {m.id for m in before}
    assert [m.outcome.command for m in models[1:]] == [  # type: ignore[union-attr]
        "mixed y x z || school_id:, reml dfmethod(kroger)",
        "mixed y x z || school_id: x, covariance(unstructured) reml dfmethod(kroger)",
        "mixed y c.x##c.z || school_id: x, covariance(unstructured) reml dfmethod(kroger)",
    ]
    assert sum(t == "Steps compared" for t in g.titles()) == 1


def test_what_the_user_put_under_a_model_is_never_taken_away(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    (model,) = [m for m in g.window.controller.snapshot.document.models() if m.number == 2]
    g.run(f'outline note "mine", under({model.id})')
    g.click("guide_change_3")
    g.tick("z")
    g.keep("Keep this change")
    assert g.window.controller.snapshot.document.item(model.id) is not None
    assert "mine" in [i.text for i in g.window.controller.snapshot.document]


def test_a_step_whose_result_is_gone_is_open_again(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    model = g.window.controller.snapshot.document.models()[1]
    g.run(f"outline delete {model.id}")
    assert g.panel.climb is not None and (g.panel.climb.at, len(g.panel.climb.kept)) == (2, 2)
    assert g.panel.climb.answers.predictors == ("x", "z")


def test_the_draft_survives_the_panel_and_the_program(schools: Guided) -> None:
    g = schools
    begin_schools(g)
    g.keep()
    QTest.keyClick(g.panel, Qt.Key.Key_Escape)
    assert not g.window.splitter.is_open()
    g.window.models.open_guide()
    assert g.panel.climb is not None and g.panel.climb.at == 1
    text = g.window.models.guide.draft()
    g.window.models.guide.close()
    g.window.models.guide.open_draft(text)
    assert g.panel.climb == read(text)
    for wrong in ("{}", '{"answers": 3}', text.replace('"null"', '"cross"')):
        with pytest.raises(ValueError):
            read(wrong)


def test_the_panel_has_an_undo_of_its_own(schools: Guided) -> None:
    g = schools
    begin_schools(g)
    assert g.panel.climb is not None
    QTest.keyClick(g.panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert (g.panel.climb.answers.outcome, g.panel.climb.answers.groups) == ("", ("school_id",))
    QTest.keyClick(g.panel, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert g.panel.climb.answers.outcome == "y"
    g.click("guide_back")
    assert g.panel.climb is None
    g.panel.undo()
    assert g.panel.climb is not None


def test_nothing_is_kept_before_all_is_chosen(schools: Guided) -> None:
    g = schools
    g.click("guide_path_classes")
    g.pick("group0", "school_id")
    assert not g.find("guide_keep").isEnabled()
    problem = g.find("guide_problem")
    assert isinstance(problem, QLabel) and problem.text() == "Choose the outcome"
    assert g.commands() == []
    g.pick("outcome", "y")
    QTest.keyClick(g.panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait_until(lambda: g.panel.climb is not None and g.panel.climb.at == 1, "the second step")
    wait_idle(g.window.controller)
    assert g.titles() == ["Model 1: Null"]


def test_a_step_that_fails_leaves_those_before_it_and_says_why(schools: Guided) -> None:
    g = schools
    climb_schools(g)
    g.keep()
    g.click("guide_change_3")
    assert g.panel.climb is not None
    broken = replace(g.panel.climb.answers, traits=(("x", "nowhere"),))  # the last step cannot be fitted any more
    g.panel.show_climb(replace(g.panel.climb, answers=broken))
    g.window.models.guide.keep()
    wait_until(lambda: g.panel.climb is not None and g.panel.climb.at == 4, "the step that fails")
    wait_idle(g.window.controller)
    assert [k.step for k in g.panel.climb.kept] == ["null", "icc", "predictors", "slopes"]
    assert [m.heading for m in g.window.controller.snapshot.document.models()] == [
        "Model 1: Null", "Model 2: Random intercept", "Model 3: Random slope",
    ]  # fmt: skip
    problem = g.find("guide_problem")
    assert isinstance(problem, QLabel) and "nowhere" in problem.text()


def test_people_measured_several_times(waves: Guided) -> None:
    g = waves
    g.click("guide_path_repeated")
    g.pick("outcome", "y")
    g.pick("group0", "person_id")
    g.keep()
    g.keep()
    g.previewed()
    assert g.panel.climb is not None and g.panel.climb.answers.time == "wave"
    told = g.find("guide_told_wave")
    assert isinstance(told, QLabel) and told.text().startswith("variance 0.")
    g.keep("Keep Model 2")
    g.previewed()
    g.keep("Continue without")  # a straight line
    g.keep("Continue without")  # nothing that predicts the level
    g.keep("Continue without")
    assert g.panel.climb.step is None
    assert g.titles() == ["Model 1: Null", "Intraclass correlation", "Model 2: Growth", "Steps compared"]
    assert "mixed y wave || person_id: wave, covariance(unstructured) reml dfmethod(kroger)" in g.commands()


def test_everyone_rated_everything(ratings: Guided) -> None:
    g = ratings
    g.click("guide_path_crossed")
    g.pick("outcome", "y")
    g.pick("group0", "item_id")
    g.pick("group1", "rater_id")
    g.keep()
    g.previewed()
    g.keep()
    g.tick("x")
    g.keep("Keep Model 2")
    g.previewed()
    told = g.find("guide_told_x")
    assert isinstance(told, QLabel) and "variance" in told.text()
    g.tick("x")
    g.keep("Keep Model 3")
    assert "mixed y x || _all: R.item_id || rater_id: x, covariance(unstructured) reml" in g.commands()[-4]
    g.click("guide_keep")
    assert not g.window.splitter.is_open()


def test_what_takes_long_waits_for_update(schools: Guided) -> None:
    g = schools
    g.panel.previews.previewer.patience = 0.0
    begin_schools(g)
    wait_until(lambda: g.panel.previews.state == "late", "a preview that is late")
    assert g.find("guide_preview_strip") and g.find("guide_keep").isEnabled()
    g.click("guide_preview_update")
    g.previewed()
    settled()
    assert all(s.isHidden() for s in g.panel.findChildren(QWidget, "guide_preview_strip"))


def test_other_data_end_the_guide(schools: Guided) -> None:
    g = schools
    begin_schools(g)
    g.run("sample orthodont")
    assert g.window.models.guide.panel is None


def test_a_climb_knows_what_it_rests_on() -> None:
    kept = (Kept("null", "m1", 2, "a"), Kept("icc", "m1", 3, "b"), Kept("predictors", "m1", 0, "c"))
    from terrace.spec.guide import Answers

    climb = Climb(Answers("classes", "y", ("g",)), 3, kept)
    assert climb.before == "m1" and climb.model_before() == 1 and [k.item for k in climb.models()] == [2]
    assert climb.without({2, 3}) == climb
    assert climb.without({2}) == Climb(climb.answers, 1, kept[:1])
    assert read(climb.text()) == climb

"""Project files of other versions of the program: earlier ones open whole, later ones as far as they can be read."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from terrace.errors import DataError
from terrace.estimate import fit
from terrace.sealed import seal
from terrace.session.project import versions
from terrace.session.project.codec import as_bytes, blob_name
from terrace.session.project.file import KIND, open_project
from terrace.session.project.migrations import FORM
from terrace.session.project.parts import Project, parts_of
from terrace.session.session import Session
from terrace.version import __version__

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
SAVED = sorted(PROJECTS.glob("*.terrace"))


def making() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_projects", PROJECTS / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same_numbers(found: object, wanted: object) -> None:
    """Equal, and numbers to twelve digits: another processor adds in another order."""
    if isinstance(wanted, list) and isinstance(found, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted):
            same_numbers(one, other)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-12)
    else:
        assert found == wanted


@pytest.mark.parametrize("path", SAVED, ids=lambda p: p.stem)
def test_projects_of_each_version_open_whole(path: Path) -> None:
    project, file = open_project(path)
    assert file.lost == ()
    wanted = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    found = json.loads(json.dumps(making().facts(project)))
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        same_numbers(found[name], value)
    assert len(project.undo) == wanted["undo"] > 0 and project.layout["work"] == 300


@pytest.mark.parametrize("path", SAVED, ids=lambda p: p.stem)
def test_their_models_can_be_gone_on_with(path: Path) -> None:
    session = Session()
    assert session.run(f'project use "{path}"').ok
    for item in session.state.document.models():
        kept = item.fit
        assert kept is not None and item.data is not None
        again = fit(kept.spec, item.data)
        assert again.ll == pytest.approx(kept.ll, abs=1e-6)
        np.testing.assert_allclose([e.coef for e in again.fixed], [e.coef for e in kept.fixed], atol=1e-5)
    assert session.run("predict new, fitted").ok
    assert session.run("undo").ok and session.run("undo").ok
    assert session.run("refit _all").ok


def test_there_is_one_of_this_version() -> None:
    assert f"terrace-{__version__}" in {p.stem for p in SAVED}, "run tests/projects/make.py"


# --- of a later version ----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def parts() -> dict[str, bytes]:
    return parts_of(Project.of(making().made()))


def later(parts: dict[str, bytes], *, poem: bool = False) -> dict[str, bytes]:
    """As a version 99 might save them: a part and members that only it knows; with `poem` a heading is of a class that
    this version lacks."""
    out = dict(parts)
    about = json.loads(out["project.json"])
    out["project.json"] = as_bytes({**about, "program": "99.1", "mood": "sunny"})
    state = json.loads(out["state.json"])
    state["members"]["weather"] = {"~": "d", "c": "Weather", "v": {}}
    out["state.json"] = as_bytes(state)
    history = json.loads(out["history.json"])
    for entry in history:
        stored(out, entry["outcome"], {"colour": {"~": "q", "c": "Colour"}})
    out["history.json"] = as_bytes(history)
    out["weather.json"] = b"{}"
    document = json.loads(out["document.json"])
    for entry in document["items"]:
        more = {"mood": {"~": "d", "c": "Mood", "v": {"high": 3}}}
        if entry["kind"] == "heading" and poem:
            more["text"] = {"~": "d", "c": "Poem", "v": {}}
        stored(out, entry["item"], more)
    out["document.json"] = as_bytes(document)
    return out


def stored(parts: dict[str, bytes], reference: Any, more: dict[str, Any]) -> None:
    """Have a reference lead to the same object with further members."""
    found = json.loads(parts[reference["b"]])
    content = as_bytes({**found, "v": {**found["v"], **more}})
    reference["b"] = blob_name(content, "json")
    parts[reference["b"]] = content


def sealed(path: Path, parts: dict[str, bytes], form: int = FORM) -> Path:
    path.write_bytes(seal(KIND, form, parts))
    return path


def test_a_later_version_loses_only_what_it_alone_knows(parts: dict[str, bytes], tmp_path: Path) -> None:
    project, file = open_project(sealed(tmp_path / "next.terrace", later(parts)))
    assert file.lost == () and project.left_out and file.program == "99.1"
    now, _ = open_project(sealed(tmp_path / "now.terrace", parts))
    facts = making().facts
    assert {**facts(project), "program": ""} == {**facts(now), "program": ""}
    assert not now.left_out
    assert file.notes == (
        "next.terrace was saved by Terrace 99.1, a later version than this one. What only that version knows was left "
        "out. When you save, a copy of the file as it is now is kept.",
    )


def test_a_result_of_a_kind_that_only_it_knows_is_told_by_name(parts: dict[str, bytes], tmp_path: Path) -> None:
    project, file = open_project(sealed(tmp_path / "next.terrace", later(parts, poem=True)))
    assert [(t.what, t.why) for t in file.lost] == [("Further models", "it needs a later version of Terrace.")]
    assert len(project.state.document.models()) == 2


def test_the_same_in_a_file_of_this_version_is_damage(parts: dict[str, bytes], tmp_path: Path) -> None:
    found = later(parts)
    about = json.loads(found["project.json"])
    found["project.json"] = as_bytes({**about, "program": __version__})
    _, file = open_project(sealed(tmp_path / "odd.terrace", found))
    assert any("not what it has to be" in t.why or "no known class" in t.why for t in file.lost)


def test_a_later_form_is_refused_with_its_version(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = sealed(tmp_path / "far.terrace", parts, FORM + 1)
    with pytest.raises(DataError, match=rf"was written by a later version of Terrace \({__version__}\)"):
        open_project(path)


def test_saving_over_it_keeps_a_copy(parts: dict[str, bytes], tmp_path: Path) -> None:
    path = sealed(tmp_path / "next.terrace", later(parts))
    before = path.read_bytes()
    session = Session()
    session.holds = True
    assert session.run(f'project use "{path}"').payload["version"] == 1
    outcome = session.run(f'project save "{path}", replace')
    assert outcome.text.endswith("The original file was kept as next (Terrace 99.1).terrace.")
    assert (tmp_path / "next (Terrace 99.1).terrace").read_bytes() == before
    assert open_project(path)[1].notes == ()
    assert not session.run(f'project save "{path}", replace').payload["aside"], "once is enough"
    assert session.file is not None
    session.file.release()


# --- of an earlier version -------------------------------------------------------------------------------------
def earlier(parts: dict[str, bytes], program: str = "0.0.9") -> dict[str, bytes]:
    about = json.loads(parts["project.json"])
    return {**parts, "project.json": as_bytes({**about, "program": program})}


def test_results_of_an_earlier_version_keep_it(parts: dict[str, bytes], tmp_path: Path, monkeypatch) -> None:
    changes = tmp_path / "number_changes.json"
    changes.write_text(json.dumps([
        {"version": "0.0.8", "changes": ["Not told: that version had it."]},
        {"version": "0.0.10", "changes": ["Intervals of variances were too narrow."]},
    ]))  # fmt: skip
    monkeypatch.setattr(versions, "resource_path", lambda *_: changes)
    _, file = open_project(sealed(tmp_path / "old.terrace", earlier(parts)))
    assert file.lost == () and file.notes == (
        "old.terrace was saved by Terrace 0.0.9. Its results keep the numbers of that version until you fit the models "
        "again.",
        "Changed since: Intervals of variances were too narrow.",
    )


@pytest.mark.parametrize(
    ("program", "now", "order"),
    [("0.2", "0.10", -1), ("0.2.0", "0.2", 0), ("1.0", "0.9", 1), ("1.0rc1", "1.0", -1), ("?", "1.0", 0), ("", "1", 0)],
)
def test_versions_are_compared_by_their_numbers(program: str, now: str, order: int) -> None:
    assert versions.compared(program, now) == order


def test_each_change_of_numbers_is_of_a_version() -> None:
    assert versions.numbers_changed("0.0.0") == versions.numbers_changed("0")  # it can be read
    assert versions.numbers_changed(__version__) == ()


def test_what_a_converted_file_means_is_told() -> None:
    (told,) = versions.notes_on("a.terrace", "0.0.9", converted=True, models=False, left_out=False)
    assert told == "a.terrace was saved by Terrace 0.0.9. Once you save it here, Terrace 0.0.9 cannot open it."
    assert versions.notes_on("a.terrace", "0.0.9", converted=False, models=False, left_out=False) == ()


def test_a_result_knows_the_version_that_gave_it(tmp_path: Path) -> None:
    session = Session()
    for command in ("sample sleepstudy", "mixed reaction days || subject:", "scalar a = 1"):
        assert session.run(command).ok
    made = {o.command.split(maxsplit=1)[0]: o.program for o in session.history}
    assert made == {"sample": "", "mixed": __version__, "scalar": ""}
    path = tmp_path / "p.terrace"
    (model,) = session.state.document.models()
    assert model.outcome is not None
    old = replace(model, outcome=replace(model.outcome, program="0.0.9"))
    items = tuple(old if i is model else i for i in session.state.document.items)
    session.state = replace(session.state, document=replace(session.state.document, items=items))
    assert session.run(f'project save "{path}"').ok
    other = Session()
    assert other.run(f'project use "{path}"').ok
    (found,) = other.state.document.models()
    assert found.outcome is not None and found.outcome.program == "0.0.9"
    assert other.run(f'report "{tmp_path / "r.md"}"').ok
    page = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "Model 1: Random intercept of subject: Terrace 0.0.9" in page
    assert other.run("refit _all").ok
    (again,) = other.state.document.models()
    assert again.outcome is not None and again.outcome.program == __version__

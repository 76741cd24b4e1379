"""Project files: whole or not at all, damage that loses only what it hits, and one window at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pytest
from test_project_codec import same

from terrace.data.samples import sample
from terrace.disk.held import Held, Holder, hold_file, holder_of
from terrace.errors import DataError
from terrace.sealed import MANIFEST
from terrace.session.document.items import Item
from terrace.session.project import migrations
from terrace.session.project.file import open_project, save_project
from terrace.session.project.parts import Project, parts_of, read_parts
from terrace.session.session import Session
from terrace.session.state import State


def ok(session: Session, command: str):
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error, outcome.error_advice)
    return outcome


def worked() -> Session:
    session = Session()
    for command in (
        "sample sleepstudy", "summarize reaction days", "scatter reaction days", "generate d2 = days^2",
        "mixed reaction days || subject:", "estat icc", "mixed reaction days || subject: days", "scalar q = 2",
        "estimates store b", "drop d2",
    ):  # fmt: skip
        ok(session, command)
    note = Item(99, "note", text="What I think", when="2026-01-01")
    document = replace(session.state.document, title="My study", items=(*session.state.document.items, note))
    session.state = replace(session.state, document=replace(document, next_id=100))
    session.drafts, session.layout = {"builder": "mixed reaction"}, {"sizes": [1, 2.5], "dark": True}
    return session


@pytest.fixture(scope="module")
def session() -> Session:
    return worked()


@pytest.fixture
def path(session: Session, tmp_path: Path) -> Path:
    return save_project(Project.of(session), tmp_path / "work.terrace")


def test_all_of_a_session_comes_back(session: Session, path: Path) -> None:
    project, file = open_project(path)
    assert file.lost == () and not file.read_only
    now = session.state
    assert same(project.state.document, now.document)
    assert same(project.state.dataset, now.dataset) and same(project.state.stored, now.stored)
    assert project.state.scalars == {"q": 2.0}
    assert [o.command for o in project.history] == [o.command for o in session.history]
    assert len(project.undo) == len(session.undo_steps) and len(project.undo) >= 2
    assert project.drafts == session.drafts and project.layout == session.layout
    assert [s for s, _ in project.sources] == ["sample sleepstudy"]
    assert parts_of(project) == parts_of(Project.of(session))  # and is written as it was


def test_undo_goes_on_after_opening(session: Session, path: Path) -> None:
    other = Session()
    ok(other, f'project use "{path}"')
    assert "d2" not in other.data and other.can_undo
    ok(other, "undo")
    assert "d2" in other.data
    ok(other, "redo")
    assert "d2" not in other.data


def test_commands_go_on_in_what_was_opened(session: Session, path: Path, tmp_path: Path) -> None:
    other = Session()
    outcome = ok(other, f'use "{path}"')
    assert outcome.text.startswith("work.terrace: 2 models and ")
    for command in ("estat recovariance", "lrtest m1 m2", "predict p, fitted", "count if e(sample)"):
        assert ok(other, command).text == ok(session.fork(session.state), command).text
    number = len(other.state.document.models())
    ok(other, "mixed reaction || subject:")
    assert other.state.document.models()[-1].number == number + 1
    assert other.state.document.models()[-1].id > max(i.id for i in session.state.document)
    ok(other, f'project save "{tmp_path / "more"}"')
    assert len(open_project(tmp_path / "more.terrace")[0].state.document.models()) == number + 1
    assert all("project" not in o.command for o in open_project(tmp_path / "more.terrace")[0].history)


def test_a_copy_without_data_has_none(session: Session, tmp_path: Path) -> None:
    child = session.fork(session.state)
    ok(child, "preserve")
    path = save_project(Project.of(child), tmp_path / "bare.terrace", without_data=True)
    project, file = open_project(path)
    assert file.lost == () and file.notes == ("The data are not in this copy. Open them: sample sleepstudy.",)
    assert project.state.dataset is None and project.state.preserved is None and project.undo == ()
    assert project.state.matrices == {}
    assert all(i.data is None for i in project.state.document)
    plots = [p for i in project.state.document if i.outcome for p in i.outcome.plots]
    assert plots and all(m.rows is None for p in plots for panel in p.panels for m in panel.marks)
    with zipfile.ZipFile(path) as archive:
        assert not [n for n in archive.namelist() if n.endswith(".arrow")]
    fits = [i.outcome.fit for i in project.state.document.models()]
    assert [f.tables() for f in fits] == [i.outcome.fit.tables() for i in session.state.document.models()]
    assert [int(f.sample.sum()) for f in fits] == [180, 180]
    other = Session()
    assert "The data are not in this copy. Open them: sample sleepstudy." in ok(other, f'use "{path}"').text
    failed = other.run("estat vif")
    assert failed.error is not None and failed.error[0] == "no-data"


def test_a_cloud_of_points_stays_what_is_seen_and_is_no_longer_the_data(tmp_path: Path) -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "scatter mathach ses")
    before = session.state.document.items[-1].outcome.plots[0].panels[0].marks[0]
    path = save_project(Project.of(session), tmp_path / "bare.terrace", without_data=True)
    after = open_project(path)[0].state.document.items[-1].outcome.plots[0].panels[0].marks[0]
    assert len(before.x) > len(after.x) > 1000
    widths = np.array([[np.ptp(before.x)], [np.ptp(before.y)]])
    seen, was = np.stack([after.x, after.y]) / widths, np.stack([before.x, before.y]) / widths
    nearest = [np.abs(seen - was[:, [k]]).max(axis=0).min() for k in range(0, len(before.x), 50)]
    assert max(nearest) <= 0.0005 + 1e-9  # half of a thousandth
    assert np.isin(after.y, before.y).mean() < 0.1


# --- damage --------------------------------------------------------------------------------------------------
def regions(path: Path) -> dict[str, tuple[int, int]]:
    """The bytes of the content of each part."""
    found = {}
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            begin = info.header_offset
            name, extra = (int.from_bytes(raw[begin + k : begin + k + 2], "little") for k in (26, 28))
            first = begin + 30 + name + extra
            found[info.filename] = first, first + info.compress_size
    return found


def flipped(path: Path, at: int) -> Path:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 0x5A
    out = path.with_name("flipped.terrace")
    out.write_bytes(raw)
    return out


def test_a_flip_in_any_part_loses_only_what_it_hits(session: Session, path: Path) -> None:
    before = open_project(path)[0].state
    texts = {i.id: (i.kind, i.heading) for i in before.document}
    whole = 0
    for name, (first, last) in regions(path).items():
        damaged = flipped(path, (first + last) // 2)
        if name == MANIFEST:
            with pytest.raises(DataError, match="is damaged or was changed"):
                open_project(damaged)
            continue
        if name == "project.json":  # which says what it is
            with pytest.raises(DataError, match=r"project\.json"):
                open_project(damaged)
            continue
        project, file = open_project(damaged)
        assert file.lost, name
        after = project.state
        now = {i.id: i for i in after.document}
        assert now.keys() == texts.keys(), name
        changed = [k for k, i in now.items() if (i.kind, i.heading) != texts[k]]
        if name == "document.json":
            continue
        assert len(changed) <= 1, (name, file.lost)  # no part belongs to two results
        for k in changed:
            assert now[k].kind == "note" and "in the file could not be read and is lost" in now[k].text
        whole += not changed
        shown = [i for k, i in now.items() if k not in changed]
        assert all(same(i.outcome, before.document.item(i.id).outcome) for i in shown), name
    assert whole >= 10


@pytest.mark.parametrize("gone", ["sources", "program", "source", "without_data"])
def test_a_part_that_says_too_little_is_damage(session: Session, gone: str) -> None:
    parts = parts_of(Project.of(session))
    about = json.loads(parts["project.json"])
    del about[gone]
    parts["project.json"] = json.dumps(about).encode()
    with pytest.raises(DataError, match=r"project\.json.* is damaged"):
        read_parts(parts.__getitem__)


@pytest.mark.parametrize("seed", range(60))
def test_a_flip_anywhere_is_told_or_harmless(session: Session, path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = int(rng.integers(0, path.stat().st_size))
    try:
        project, file = open_project(flipped(path, at))
    except DataError as error:
        assert "damaged" in error.message or "is not" in error.message or "later version of Terrace" in error.message
        return
    if not file.lost:
        assert parts_of(project) == parts_of(Project.of(session))


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_is_refused(path: Path, part: float) -> None:
    path.write_bytes(path.read_bytes()[: int(part * path.stat().st_size)])
    with pytest.raises(DataError):
        open_project(path)


def test_a_lost_list_of_results_is_made_again(session: Session, path: Path) -> None:
    first, last = regions(path)["document.json"]
    project, file = open_project(flipped(path, (first + last) // 2))
    assert any(t.what == "The order of the results" for t in file.lost)
    assert {i.id for i in project.state.document} == {i.id for i in session.state.document}


def test_what_is_lost_is_told_by_the_command(path: Path) -> None:
    first, last = regions(path)["history.json"]
    outcome = ok(Session(), f'project use "{flipped(path, (first + last) // 2)}"')
    assert any(w.startswith("Lost: The history of commands") for w in outcome.warnings)


def part_of(path: Path, heading: str) -> str:
    with zipfile.ZipFile(path) as archive:
        items = json.loads(archive.read("document.json"))["items"]
    return next(i["item"]["b"] for i in items if i["heading"] == heading)


def test_a_damaged_model_is_named_and_its_outputs_stay(session: Session, path: Path) -> None:
    model = session.state.document.models()[0]
    first, last = regions(path)[part_of(path, model.heading)]
    outcome = ok(opened := Session(), f'project use "{flipped(path, (first + last) // 2)}"')
    assert outcome.payload["lost"] in ([model.heading], [model.heading, "Older steps that could be undone"])
    assert model.heading.startswith("Model 1")
    document = opened.state.document
    assert document.item(model.id).heading == f"Lost: {model.heading}"
    assert [i.id for i in document.under(model.id)] == [i.id for i in session.state.document.under(model.id)]
    assert len(document.models()) == len(session.state.document.models()) - 1


def test_a_damaged_variable_loses_itself_alone(tmp_path: Path) -> None:
    session = Session()
    for command in ("sample sleepstudy", "generate late = days > 5", "xtset subject days", "sort subject late"):
        ok(session, command)
    data = session.dataset
    assert data is not None
    encoder = json.loads(parts_of(replace(Project.of(session), undo=(), redo=()))["state.json"])
    blobs = parts_of(replace(Project.of(session), undo=(), redo=()))
    dataset = json.loads(blobs[encoder["members"]["dataset"]["b"]])["v"]
    path = save_project(replace(Project.of(session), undo=(), redo=()), tmp_path / "one.terrace")
    for name, kept in (("late", ("subject",)), ("days", ("subject", "late"))):
        blob = dataset["columns"][data.names.index(name)]["b"]
        first, last = regions(path)[blob]
        project, file = open_project(flipped(path, (first + last) // 2))
        assert [t.what for t in file.lost] == [f"The variable {name}"]
        after = project.state.dataset
        assert after is not None and after.names == tuple(n for n in data.names if n != name)
        np.testing.assert_array_equal(after.numeric("reaction"), data.numeric("reaction"))
        assert after.sorted_by == kept and (after.panel is None) is (name == "days")


def test_saving_over_a_damaged_file_keeps_it(session: Session, path: Path, tmp_path: Path) -> None:
    first, last = regions(path)["history.json"]
    damaged = flipped(path, (first + last) // 2)
    before = damaged.read_bytes()
    own = Session()
    own.holds = True
    ok(own, f'project use "{damaged}"')
    assert not own.run(f'project save "{damaged}"').ok  # without replace nothing happens at all
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix == ".terrace") == ["flipped.terrace", "work.terrace"]
    (tmp_path / "flipped (damaged).terrace").write_text("of somebody else")
    told = ok(own, f'project save "{damaged}", replace').text
    assert "The damaged file was kept as flipped (damaged 2).terrace." in told
    assert (tmp_path / "flipped (damaged 2).terrace").read_bytes() == before
    assert not open_project(damaged)[1].lost
    assert "kept as" not in ok(own, f'project save "{damaged}", replace').text
    assert own.file is not None
    own.file.release()


# --- refusals ------------------------------------------------------------------------------------------------
def test_other_files_are_refused_in_words(tmp_path: Path) -> None:
    other = tmp_path / "data.terrace"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is not a Terrace project"):
        open_project(other)
    with zipfile.ZipFile(other, "w") as archive:  # as a document of another program is one
        archive.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(DataError, match="is not a Terrace project"):
        open_project(other)
    with pytest.raises(DataError, match="is not there"):
        open_project(tmp_path / "none.terrace")
    with pytest.raises(DataError, match="is a folder"):
        open_project(tmp_path)
    session = Session(State(dataset=sample("sleepstudy")))
    ok(session, "mixed reaction days || subject:")
    ok(session, f'estimates save "{tmp_path / "m"}"')
    with pytest.raises(DataError, match="holds estimates, not project"):
        open_project(tmp_path / "m.fit")


def test_a_later_form_is_refused(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terrace.session.project.file.FORM", migrations.FORM + 1)
    path = save_project(Project.of(session), tmp_path / "later.terrace")
    monkeypatch.undo()
    with pytest.raises(DataError, match="was written by a later version of Terrace"):
        open_project(path)


def test_an_earlier_form_is_brought_up(session: Session) -> None:
    """A form 1 as this program writes it, read by one in which scalars have another name and form 2."""
    parts = parts_of(Project.of(session))
    old = {**parts, "state.json": parts["state.json"].replace(b'"scalars"', b'"numbers"')}

    def second(name: str, content: bytes) -> bytes:
        return content.replace(b'"numbers"', b'"scalars"') if name == "state.json" else content

    get = migrations.migrated(old.__getitem__, form=2, steps={1: second})
    assert json.loads(get("state.json")) == json.loads(parts["state.json"])
    assert get("document.json") == parts["document.json"]
    with pytest.raises(DataError, match="later version of Terrace"):
        migrations.migrated(lambda _: b'{"form":2}', form=1)


FIRST_FORM = {
    "project.json": b'{"form":1,"program":"0.1","without_data":false,"source":"","sources":[],"blobs":[]}',
    "state.json": b'{"members":{"scalars":{"~":"m","v":{"a":1.5}},"rc":3},"origins":[]}',
    "document.json": b'{"title":"T","look":{"~":"d","c":"Look","v":{}},"next":3,"items":[]}',
    "history.json": b"[]",
    "window.json": b'{"drafts":{"~":"m","v":{}},"layout":{"~":"m","v":{"wide":true}}}',
    "undo.json": b'{"undo":[],"redo":[]}',
}


def test_the_first_form_stays_readable() -> None:
    project, lost = read_parts(FIRST_FORM.__getitem__)
    assert lost == () and project.program == "0.1"
    assert project.state.scalars == {"a": 1.5} and project.state.rc == 3
    assert project.state.document.title == "T" and project.layout == {"wide": True}


def test_saving_replaces_only_when_asked(session: Session, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(DataError, match="already exists"):
        save_project(Project.of(session), path)
    assert path.read_bytes() == before
    save_project(Project.of(session), path, replace=True)
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name]


# --- who has it ----------------------------------------------------------------------------------------------
HOLDER = """
    import sys
    from pathlib import Path
    from terrace.session.session import Session
    session = Session()
    session.holds = True
    assert session.run('project use "%s"' % sys.argv[1]).ok
    print(session.file.read_only, flush=True)
    sys.stdin.read()
"""


def test_a_project_that_is_open_elsewhere_is_for_reading(session: Session, path: Path) -> None:
    one, two = Session(), Session()
    one.holds = two.holds = True
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(HOLDER), str(path)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:  # fmt: skip
        assert process.stdout is not None and process.stdout.readline() == "False\n"
        outcome = ok(one, f'project use "{path}"')
        assert one.file is not None and one.file.read_only
        assert any(w.startswith("work.terrace is open elsewhere: ") and " since 20" in w for w in outcome.warnings)
        refused = one.run(f'project save "{path}", replace')
        assert refused.error is not None and refused.error[0] == "open-elsewhere"
        ok(one, f'project save "{path.with_name("mine")}"')
        assert one.file.path.name == "mine.terrace" and one.file.held is not None
        process.kill()
        process.wait()
    ok(two, f'project use "{path}"')
    assert two.file is not None and not two.file.read_only
    ok(two, f'project save "{path}", replace')
    one.file.release()
    two.file.release()
    assert sorted(p.name for p in path.parent.iterdir()) == ["mine.terrace", "work.terrace"]


def test_two_windows_of_one_process_do_not_share_a_file(path: Path) -> None:
    first, second = hold_file(path), hold_file(path)
    assert isinstance(first, Held) and isinstance(second, Holder) and second.process == os.getpid()
    assert holder_of(path) == first.holder
    first.release()
    first.release()
    assert holder_of(path) is None
    third = hold_file(path)
    assert isinstance(third, Held)
    third.release()


def test_another_machine_has_it_until_it_lets_go(path: Path) -> None:
    beside = path.with_name(f".{path.name}.lock")
    beside.write_text(json.dumps(
        {"user": "ann", "host": "elsewhere", "process": 1, "since": "2026-03-04T10:11:12+01:00", "key": "k"}
    ))  # fmt: skip
    found = hold_file(path)
    assert isinstance(found, Holder) and str(found) == "ann on elsewhere since 2026-03-04 10:11"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="an administrator may write anywhere")
def test_a_folder_that_cannot_be_written_keeps_nobody_from_opening(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        project, file = open_project(path, hold=True)
        assert not file.lost and file.held is None and project.state.dataset is not None
    finally:
        path.parent.chmod(0o700)


@pytest.mark.parametrize("content", ["", "{", '{"user": 3}', "null", "x" * 9000])
def test_what_is_left_of_a_lock_keeps_nobody_away(path: Path, content: str) -> None:
    beside = path.with_name(f".{path.name}.lock")
    beside.write_text(content)
    os.utime(beside, (1, 1))
    found = hold_file(path)
    assert isinstance(found, Held)
    found.release()


# --- in do-files, programs and blocks ------------------------------------------------------------------------
INSIDE = ("do", "if 1 {{\n{}\n}}", "program")


def inside(session: Session, command: str, how: str, folder: Path):
    """Run a command in a do-file, a block or a program."""
    if how == "do":
        (folder / "inner.do").write_text(f"{command}\n")
        return ok(session, f'do "{folder / "inner.do"}"')
    if how == "program":
        for part in ("capture program drop inner", f"program define inner\n{command}\nend"):
            ok(session, part)
        return ok(session, "inner")
    return ok(session, how.format(command))


@pytest.mark.parametrize("how", INSIDE)
def test_a_project_that_is_saved_inside_has_all_that_was_done(how: str, tmp_path: Path) -> None:
    session = worked()
    session.holds = True
    inside(session, f'generate inner = 1\nproject save "{tmp_path / "new"}"\ngenerate later = 1', how, tmp_path)
    assert session.file is not None and session.file.path == tmp_path / "new.terrace" and session.file.held is not None
    session.file.release()
    project = open_project(session.file.path)[0]
    assert [s.name for s in project.undo][-1] == "removal of d2" and "inner" in project.state.dataset
    commands = [o.command for o in project.history]
    assert commands[: len(worked().history)] == [o.command for o in worked().history]
    assert commands[-1] == "generate inner = 1" and "later" in session.data
    assert any("later" in o.command or "inner" in o.command for o in Project.of(session).history[-1:])


@pytest.mark.parametrize("how", INSIDE)
def test_a_project_that_is_opened_inside_takes_the_place_of_all(path: Path, how: str, tmp_path: Path) -> None:
    alone, session = Session(), Session()
    for one in (alone, session):
        for command in ("sample hsb", "generate z = 1"):
            ok(one, command)
    ok(alone, f'project use "{path}"')
    ok(alone, "generate more = 1")
    outcome = inside(session, f'project use "{path}"\ngenerate more = 1', how, tmp_path)
    assert outcome.payload["project"] == str(path) and outcome.payload["lost"] == []
    assert session.file is not None and session.file.path == path and session.drafts == alone.drafts
    assert [s.name for s in session.undo_steps] == [s.name for s in alone.undo_steps]
    kept = [o.command for o in Project.of(session).history]
    assert kept == [o.command for o in Project.of(alone).history] and kept[-1] == "generate more = 1"
    for one in (session, alone):
        ok(one, "undo")
    assert "more" not in session.data and same(session.state.document, alone.state.document)
    text = f'if 1 {{\nproject use "{path}"\ngenerate more = 1\n}}\n'
    other = Session()
    assert all(o.ok for o in other.run_do(text))
    assert [s.name for s in other.undo_steps] == [*(s.name for s in alone.undo_steps), "new variable more"]


def test_a_block_that_fails_after_it_opened_a_project_leaves_the_one_that_is_open(path: Path, tmp_path: Path) -> None:
    session = worked()
    session.holds = True
    ok(session, f'project save "{tmp_path / "own"}"')
    file, steps = session.file, list(session.undo_steps)
    assert session.run(f'if 1 {{\nproject use "{path}"\nnonsense\n}}').error is not None
    assert session.file is file and session.undo_steps == steps and len(session.history) > 5
    assert isinstance(holder_of(file.path), Holder), "it is still held"
    ok(session, f'project save "{file.path}", replace')
    session.file.release()


def test_a_project_that_cannot_be_opened_inside_changes_nothing(tmp_path: Path) -> None:
    session = worked()
    before, steps = session.state, list(session.undo_steps)
    for command in (f'if 1 {{\nproject use "{tmp_path / "none"}"\n}}', "if 1 {\nproject use\n}"):
        assert session.run(command).error is not None
    assert session.undo_steps == steps and session.state.dataset is before.dataset and session.file is None


# --- clocks, names and links ---------------------------------------------------------------------------------
@pytest.mark.parametrize("when", [1000.0, 0.0, 315532799.0, 5e9])
def test_a_clock_that_is_wrong_keeps_nothing_from_being_saved(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: float
) -> None:
    """An archive names years from 1980 to 2107; a computer without its battery says 1970."""
    child = session.fork(session.state)
    monkeypatch.setattr("time.time", lambda: when)
    made = {"project save": "project", "estimates save": "estimates", "save": "data.ods"}
    for command, name in made.items():
        ok(child, f'{command} "{tmp_path / name}"')
    for name in ("data.xlsx", "report.xlsx", "report.docx"):
        ok(child, f'{"save" if name == "data.xlsx" else "report"} "{tmp_path / name}"')
    assert openpyxl.load_workbook(tmp_path / "data.xlsx")["Data"].max_row == 1 + len(session.dataset)
    assert openpyxl.load_workbook(tmp_path / "report.xlsx").sheetnames
    assert docx.Document(str(tmp_path / "report.docx")).tables
    other = Session()
    ok(other, f'estimates use "{tmp_path / "estimates"}"')
    ok(other, f'project use "{tmp_path / "project"}"')
    assert same(other.state.document, session.state.document)
    with zipfile.ZipFile(tmp_path / "project.terrace") as archive:
        assert {i.date_time[0] for i in archive.infolist()} == {1980 if when < 4e9 else 2107}


def test_the_file_of_the_work_stays_where_the_session_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    session = worked()
    session.holds = True
    for command in ("project save work", "cd sub"):
        ok(session, command)
    assert session.file is not None and session.file.path == tmp_path / "work.terrace" and session.file.path.is_file()
    session.file.release()
    other = Session()
    ok(other, 'project use "sub/../work"')
    assert other.file is not None and other.file.path.is_absolute() and other.file.path.samefile(session.file.path)


@pytest.mark.skipif(not hasattr(os, "symlink") or os.name == "nt", reason="links need rights there")
def test_a_file_that_is_opened_by_a_link_is_the_same_file(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.terrace"
    link.parent.mkdir()
    link.symlink_to(path)
    first, second = Session(), Session()
    first.holds = second.holds = True
    ok(first, f'project use "{link}"')
    ok(second, f'project use "{path}"')
    assert second.file is not None and second.file.read_only
    refused = second.run(f'project save "{path}", replace')
    assert refused.error is not None and refused.error[0] == "open-elsewhere"
    ok(first, f'project save "{path}", replace')
    ok(first, f'project save "{link}", replace')
    assert link.is_symlink() and first.file is not None
    first.file.release()
    assert [p.name for p in tmp_path.rglob("*.lock")] == []

"""The tables of formats: what they claim is so, and whatever lists formats says what they say."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terrace.cli import main
from terrace.data import formats
from terrace.data.dataset import Dataset, Measure, Variable
from terrace.data.read import read, stream
from terrace.data.readers.build import from_frame
from terrace.data.write import write
from terrace.errors import DataError
from terrace.report import formats as output
from terrace.session import registry
from terrace.session.commands.helpers.projects import EXTENSION
from terrace.session.commands.system.help import help_text
from terrace.session.session import Session
from terrace.wording import enumerated

ROOT = Path(__file__).resolve().parents[2]
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
BY_KEY = [pytest.param(f, id=f.key) for f in formats.FORMATS]
WRITTEN = [pytest.param(f, ending, id=ending) for ending, f in formats.WRITTEN.items()]


@pytest.fixture
def data() -> Dataset:
    """A variable with value labels and missing codes, and a text."""
    frame = pd.DataFrame({"x": [1.0, 2.0, -9.0], "s": ["a", "b", "c"]})
    x = Variable("x", "The x", Measure.ORDINAL, {1.0: "low", 2.0: "high"}, missing_codes=(-9.0,), format="%8.2f")
    return Dataset(frame, (x, Variable("s")), label="All of it", notes=("a note",))


def told_by_open(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read(path)
    return f"{caught.value.message} {caught.value.advice}"


@pytest.mark.parametrize("known", BY_KEY)
def test_the_functions_of_a_format_are_there(known: formats.DataFormat) -> None:
    for reference in (known.reader, known.writer, known.again, known.opener, known.memory):
        if reference:
            module, _, name = reference.partition(":")
            assert module.startswith("terrace.data.") and callable(getattr(import_module(module), name))
    assert bool(known.writer) == bool(known.written) and bool(known.opener) == bool(known.memory)
    assert set(known.written) <= set(known.endings)
    assert enumerated(known.endings, "or").islower()


def test_an_ending_is_of_one_format() -> None:
    endings = formats.endings_of(formats.FORMATS)
    assert len(set(endings)) == len(endings)
    assert not set(endings) & set(formats.OTHERS)
    endings = [e for f in output.FORMATS for e in (f.ending, *f.also)]
    assert len(set(endings)) == len(endings)


@pytest.mark.parametrize(("known", "ending"), WRITTEN)
def test_what_is_written_is_known_by_its_content(known, ending, data, tmp_path) -> None:
    path = write(data, tmp_path / f"d{ending}").path
    found = formats.content_of_file(path, path.read_bytes()[:512])
    assert found is (None if known is formats.TEXT else known)
    assert read(path).names == data.names


@pytest.mark.parametrize(("known", "ending"), WRITTEN)
def test_a_file_keeps_what_the_table_says(known, ending, data, tmp_path) -> None:
    back = read(write(data, tmp_path / f"d{ending}").path)
    labels = dict(back.variable("x").value_labels) == dict(data.variable("x").value_labels)
    whole = back.variables == data.variables and (back.label, back.notes) == (data.label, data.notes)
    whole = whole and back.frame.equals(data.frame)
    assert known.keeps == ("everything" if whole else "labels" if labels else "values")


@pytest.mark.parametrize(("known", "ending"), WRITTEN)
def test_texts_come_back_as_the_table_says(known, ending, tmp_path) -> None:
    """What `again` makes of texts is what reading makes of them, for texts that formats are known to change."""
    texts = ["a ", "a", "NA", "b"]
    again = formats.again_of(known)
    expected = pd.Series(texts, dtype=object)
    expected = expected if again is None else again(expected)
    frame = from_frame(pd.DataFrame({"s": texts, "k": np.arange(4.0)}))
    back = read(write(frame, tmp_path / f"d{ending}").path).frame["s"]
    assert [None if pd.isna(x) else x for x in back] == [None if pd.isna(x) else x for x in expected]


@pytest.mark.parametrize("known", BY_KEY)
def test_a_format_is_streamed_where_the_table_says_so(known, data, tmp_path) -> None:
    if not known.written:
        pytest.skip("only read")
    path = write(data, tmp_path / f"d{known.usual}").path
    if known.opener:
        assert stream(path).names == data.names
        assert formats.memory_wanted(known, path) > 0
    else:
        with pytest.raises(DataError) as caught:
            stream(path)
        assert formats.programs(formats.STREAMED, "or") in caught.value.message
        assert formats.memory_wanted(known, path) == 0


def test_errors_list_the_formats(data, tmp_path) -> None:
    (tmp_path / "d.xyz").write_text("hello\n")
    told = told_by_open(tmp_path / "d.xyz")
    assert all(f.usual in told for f in formats.FORMATS)
    with pytest.raises(DataError) as caught:
        write(data, tmp_path / "e.xyz")
    assert set(re.findall(r"\.\w+", caught.value.advice)) == set(formats.WRITTEN)


@pytest.mark.parametrize(("ending", "name"), formats.OTHERS.items())
def test_what_holds_no_data_is_named(ending, name, tmp_path) -> None:
    (tmp_path / f"d{ending}").write_text("hello\n")
    assert name in told_by_open(tmp_path / f"d{ending}")


def test_a_file_is_found_without_its_ending(tmp_path) -> None:
    assert formats.found(tmp_path / "d") is None
    for ending in reversed(formats.endings_of(formats.FORMATS)):
        (tmp_path / f"d{ending}").write_text("x")
        assert formats.found(tmp_path / "d") == tmp_path / f"d{ending}"
    assert formats.found(tmp_path / "d.xpt") == tmp_path / "d.xpt"
    (tmp_path / "d.xpt").unlink()
    assert formats.found(tmp_path / "d.xpt") is None  # not d.xpt.dta


# --- whoever lists formats ---------------------------------------------------------------------------------


def test_commands_of_formats_are_there() -> None:
    registry.load()
    imports = {name for name in registry.COMMANDS if name.startswith("import ")}
    assert {c for f in formats.FORMATS for c in f.commands} == imports


@pytest.mark.parametrize("known", BY_KEY)
def test_a_command_opens_what_the_table_says(known, data, tmp_path, monkeypatch) -> None:
    if not known.written:
        pytest.skip("only read")
    monkeypatch.chdir(tmp_path)
    write(data, tmp_path / f"d{known.usual}")
    for command in ("use", *known.commands):
        session = Session()
        assert session.run(f"{command} d").ok, command
        assert session.data.names == data.names


def test_help_lists_the_formats(capsys) -> None:
    registry.load()
    assert set(re.findall(r"\.\w+", help_text("use"))) == {*formats.BY_ENDING, EXTENSION}  # of projects
    assert set(formats.WRITTEN) == set(re.findall(r"\.\w+", registry.COMMANDS["save"].help))
    assert {f.ending for f in output.REPORTS} <= set(re.findall(r"\.\w+", help_text("report")))
    assert all(f.suffix in registry.COMMANDS["graph export"].syntax for f in output.PLOTS)
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    assert formats.programs() in " ".join(capsys.readouterr().out.split())


def test_pages_list_the_formats() -> None:
    streamed = formats.programs(formats.STREAMED)
    assert f"**Data**: {formats.programs()} files" in README
    assert f"models of {streamed} files larger than memory" in README
    assert f"reports as {enumerated(f.name for f in output.REPORTS)}".lower() in README.lower()
    assert f"plots as {enumerated(f.name for f in output.PLOTS)}." in README
    assert f"except for {streamed} files" in (ROOT / "docs" / "limitations.md").read_text(encoding="utf-8")
    first_steps = (ROOT / "resources" / "help" / "first-steps.md").read_text(encoding="utf-8")
    assert "reads {data formats} files" in first_steps  # filled in where it is shown


def test_libraries_of_formats_are_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.split(r"[<>=~]", line)[0] for line in project["dependencies"]}
    assert {library for f in formats.FORMATS for library in f.libraries} <= needed

"""Several files put together: what is said of them beforehand is what the commands then do."""

from __future__ import annotations

from pathlib import Path

import pytest

from terrace.data.importing.several import Together, look_at
from terrace.session.commands.helpers.importing import together_commands
from terrace.session.session import Session


def written(folder: Path, **files: str) -> list[str]:
    out = []
    for name, text in files.items():
        path = folder / f"{name}.csv"
        path.write_text(text)
        out.append(str(path))
    return out


def run(files: Together, *how: str) -> Session:
    session = Session()
    for command in together_commands(files, *how):  # type: ignore[arg-type] # a way and names
        outcome = session.run(command)
        assert outcome.error is None, (command, outcome.error)
    return session


WAVES = {"w1": "id,y,sex\n1,5,m\n2,6,f\n3,7,f\n", "w2": "id,y,dose\n1,8,2\n2,9,3\n4,1,4\n"}
PUPILS, SCHOOLS = "pupil,school,ses\n1,10,0.5\n2,10,0.7\n3,20,0.1\n4,30,0.2\n", "school,size,ses\n10,900,9\n20,800,9\n"


def test_files_with_the_same_variables_are_appended(tmp_path: Path) -> None:
    files = look_at(written(tmp_path, **WAVES))
    assert [c.name for c in files.columns if c.everywhere] == ["id", "y"] and files.rows == (3, 3)
    assert files.way == "append"
    assert files.problems("append") == [
        "sex is not in w2.csv, and is missing for its rows.", "dose is not in w1.csv, and is missing for its rows.",
    ]  # fmt: skip
    data = run(files, "append", "", "wave").data
    assert len(data) == sum(files.rows) and data.names == ("id", "y", "sex", "dose", "wave")
    assert data.frame["wave"].tolist() == [0, 0, 0, 1, 1, 1]
    for name, file in (("sex", slice(3, 6)), ("dose", slice(0, 3))):
        assert data.frame[name].iloc[file].isna().all()


def test_text_that_meets_numbers_is_told_before_it_is_lost(tmp_path: Path) -> None:
    files = look_at(written(tmp_path, a="x,y\n1,1\n2,2\n", b="x,y\nlow,3\nhigh,4\n"))
    assert [c.name for c in files.columns if c.differs] == ["x"]
    assert files.problems("append") == [
        "x is a number in a.csv and text in b.csv. Its values in b.csv will be missing."
    ]
    assert run(files, "append").data.frame["x"].isna().tolist() == [False, False, True, True]


def test_files_of_other_units_are_merged_by_their_key(tmp_path: Path) -> None:
    files = look_at(written(tmp_path, pupils=PUPILS, schools=SCHOOLS))
    assert files.way == "merge" and [(k.name, k.kinds, k.matched, k.values) for k in files.keys] == [
        ("school", ("m:1",), (2,), 3)
    ]
    assert files.problems("merge", "school") == [
        "2 of 3 values of school are in schools.csv too.",
        "ses is in several files. The first file's values are kept.",
    ]
    data = run(files, "merge", "school").data
    assert data.frame["ses"].tolist() == [0.5, 0.7, 0.1, 0.2]
    assert data.frame["size"].tolist()[:3] == [900, 900, 800] and data.frame["size"].isna().tolist()[3]


def test_three_files_of_one_unit(tmp_path: Path) -> None:
    texts = {"a": "id,x\n1,1\n2,2\n3,3\n", "b": "id,y\n1,5\n2,6\n3,7\n", "c": "id,z\n3,9\n2,8\n1,7\n"}
    files = look_at(written(tmp_path, **texts))
    assert files.way == "merge" and files.keys[0].kinds == ("1:1", "1:1")
    data = run(files, "merge", "id").data
    assert data.frame[["x", "y", "z"]].to_numpy().tolist() == [[1, 5, 7], [2, 6, 8], [3, 7, 9]]


@pytest.mark.parametrize("second", ["id,y\n1,5\n1,6\n", "key,y\n1,5\n2,6\n", "id,y\n8,5\n9,6\n", "id,y\na,5\nb,6\n"])
def test_without_a_key_nothing_is_merged(tmp_path: Path, second: str) -> None:
    files = look_at(written(tmp_path, a="id,x\n1,1\n1,2\n2,3\n", b=second))
    assert files.keys == () and files.way == "append"
    assert files.problems("merge") == ["No variable is in all files and tells the rows of at least one side apart."]

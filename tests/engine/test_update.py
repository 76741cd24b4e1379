"""Data brought up to date with their file: rows, values and variables, with what the user said of them kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from terrace.session.contract import Outcome
from terrace.session.out_of_date import stale
from terrace.session.session import Session

FIRST = pd.DataFrame(
    {"id": [1, 2, 3, 4, 5, 6], "g": [1, 1, 2, 2, 3, 3], "y": [5.0, 7, 6, 9, 8, 4], "s": list("abcdef")}
)


def ok(session: Session, command: str) -> Outcome:
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error)
    return outcome


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    FIRST.to_csv(path, index=False)
    return path


@pytest.fixture
def session(file: Path) -> Session:
    session = Session()
    said = ('label variable y "Score"', "measure g nominal", "generate y2 = 2 * y", "gsort -y")
    for command in (f'use "{file}"', *said):
        ok(session, command)
    return session


def counts(outcome: Outcome) -> dict[str, float | None]:
    return {r.label: r.values[0] for r in outcome.tables[0].rows}  # type: ignore[misc]


def test_nothing_new(session: Session) -> None:
    before = session.dataset
    assert ok(session, "update").text == "The data are up to date with their file." and session.dataset is before


def test_rows_values_and_variables_are_told_and_taken_over(session: Session, file: Path) -> None:
    now = FIRST.drop(index=5).assign(z=1.5)
    now.loc[1, "y"], now.loc[2, "s"] = 70.0, "x"
    now = pd.concat([now, pd.DataFrame({"id": [9], "g": [3], "y": [1.0], "s": ["n"], "z": [2.0]})])
    now.to_csv(file, index=False)
    before = session.dataset
    told = ok(session, "update, by(id) preview")
    wanted = {"Rows added": 1, "Rows removed": 1, "Values of y": 1, "Values of s": 1, "New variable z": None,
              "y2 is not in the file": None}  # fmt: skip
    assert counts(told) == wanted and session.dataset is before
    assert counts(ok(session, "update, by(id)")) == wanted
    data = session.data
    pd.testing.assert_frame_equal(data.frame[["id", "g", "y", "z"]].astype(float),
                                  now[["id", "g", "y", "z"]].reset_index(drop=True).astype(float))  # fmt: skip
    assert data.frame["s"].tolist() == now["s"].tolist()
    np.testing.assert_array_equal(data.numeric("y2"), [10, 14, 12, 18, 16, np.nan])
    assert data.variable("y").label == "Score" and data.variable("g").measure == "nominal"
    assert data.names == ("id", "g", "y", "s", "y2", "z") and session.undo_text == "update from the file"
    ok(session, "undo")
    assert session.dataset is before
    ok(session, "redo")
    assert ok(session, "update, by(id)").text.startswith("The data are up to date")


def test_without_keys_rows_are_those_of_the_same_number(session: Session, file: Path) -> None:
    now = FIRST.assign(y=FIRST["y"].where(FIRST["id"] != 2, 1.0))
    pd.concat([now, FIRST.iloc[:2]]).to_csv(file, index=False)
    ok(session, "drop if id == 6")
    assert counts(ok(session, "update, preview")) == {
        "Rows added": 3, "Rows removed": 0, "Values of y": 1, "y2 is not in the file": None,
    }  # fmt: skip
    refused = session.run("update, by(g)")
    assert refused.error == ("keys-not-unique", "g does not uniquely identify the rows of the data.")
    assert session.run("update, by(nope)").error is not None
    ok(session, "clear")
    assert session.run("update").error is not None


def test_models_find_their_rows_and_say_what_is_new(session: Session, file: Path) -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"id": np.arange(60), "g": np.repeat(np.arange(12), 5), "y": rng.normal(size=60)})
    data["y"] += np.repeat(rng.normal(size=12), 5)
    data.to_csv(file, index=False)
    for command in (f'use "{file}", clear', "gsort -y", "mixed y || g:"):
        ok(session, command)
    data.loc[:2, "y"] += 1
    data.sample(frac=1, random_state=1).drop(index=50).to_csv(file, index=False)
    ok(session, "update, by(id)")
    model = session.state.document.models()[-1]
    assert stale(session.state) == {model.id: "1 row was removed and 3 values of y changed"}
    ok(session, "quietly count if e(sample)")
    assert session.state.returned.scalars["N"] == 59
    ok(session, "refit _stale")
    assert not stale(session.state) and session.fit is not None and session.fit.scalars["N"] == 59


def test_another_file_is_named(session: Session, tmp_path: Path) -> None:
    FIRST.assign(y=0.0).to_csv(tmp_path / "other.csv", index=False)
    told = ok(session, f'update using "{tmp_path / "other.csv"}", by(id)')
    assert counts(told)["Values of y"] == 6 and told.tables[0].title == "Changes in other.csv"
    assert "y2" in told.warnings[0]
    FIRST.assign(y=1.0).to_csv(tmp_path / "other.csv", index=False)
    assert counts(ok(session, "update, by(id)"))["Values of y"] == 6, "the other one is the file now"

"""`datasignature`: every change of values, names or order is another signature; the way of storing is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, session_on
from test_session_running import ok

import terrace
from terrace.data.dataset import Dataset
from terrace.data.signature import signature
from terrace.session.session import Session

CODES = {letter: 2.0**1023 * (1 + (k + 1) / 4096) for k, letter in enumerate("ab")}


def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 1, 2], "y": [0.1, np.nan, -3.0], "name": ["Ana", "Zoë", ""]})


def changed(**columns: object) -> str:
    return signature(dataset(frame().assign(**columns))).text


def test_every_change_is_seen() -> None:
    base = signature(dataset(frame())).text
    texts = [
        base,
        changed(y=[0.1, np.nan, -3.0000000000000004]),
        changed(y=[0.1, 0.0, -3.0]),
        changed(y=[0.1, CODES["a"], -3.0]),
        changed(y=[0.1, CODES["b"], -3.0]),
        changed(name=["Ana", "Zoe", ""]),
        changed(name=["Ana", "", "Zoë"]),
        changed(name=["An", "aZoë", ""]),
        changed(more=1.0),
        signature(dataset(frame().rename(columns={"y": "x"}))).text,
        signature(dataset(frame()[["y", "id", "name"]])).text,
        signature(dataset(frame().iloc[[1, 0, 2]])).text,
        signature(dataset(frame().iloc[:2])).text,
        changed(id=["1", "1", "2"]),
    ]
    assert len(set(texts)) == len(texts)
    assert base.startswith("3:3:") and len(base) == 4 + 64


def test_storing_and_labels_are_none() -> None:
    base = signature(dataset(frame())).text
    assert changed(id=np.array([1, 1, 2], dtype=np.int8)) == base
    assert changed(id=np.array([1, 1, 2], dtype=np.float32)) == base
    assert changed(name=pd.Series(["Ana", "Zoë", None], dtype=object)) == base
    data = dataset(frame())
    labelled = data.with_variable(replace(data.variables[0], label="Person", value_labels={1: "one"}))
    assert signature(labelled).text == base
    assert changed(y=[0.1, np.nan, -3.0 + 0.0]) == base
    assert signature(dataset(pd.DataFrame({"z": [0.0]}))).text == signature(dataset(pd.DataFrame({"z": [-0.0]}))).text


@pytest.mark.parametrize("ending", [".dta", ".sav", ".csv", ".xlsx", ".parquet"])
def test_a_file_of_any_format_has_the_signature_of_its_data(ending: str, tmp_path: Path) -> None:
    data = dataset(frame().assign(name=["Ana", "Zoë", "Li"]))
    session = session_on(data)
    ok(session, f'save "{tmp_path / ("x" + ending)}"')
    assert signature(terrace.read(tmp_path / ("x" + ending))).text == signature(data).text


@pytest.fixture
def session() -> Session:
    return session_on(dataset(frame()))


def said(session: Session, command: str) -> str:
    outcome = session.run(command)
    return outcome.text if outcome.ok else f"{outcome.error[0]}: {outcome.error[1]}"  # type: ignore[index]


def test_signed_data_are_confirmed_until_they_change(session: Session) -> None:
    assert said(session, "datasignature confirm").startswith("not-signed")
    text = ok(session, "datasignature set").text
    assert session.state.returned.macros["datasignature"] in text
    assert said(session, "datasignature set").startswith("signed")
    ok(session, "label variable y \"Outcome\"")
    ok(session, "datasignature confirm, strict")
    ok(session, "generate z = 1")
    assert "1 variable since added: z" in ok(session, "datasignature confirm").text
    assert "z was added" in said(session, "datasignature confirm, strict")
    ok(session, "replace y = 0.2 in 1")
    assert "values of y differ" in said(session, "datasignature confirm")
    assert session.run("datasignature confirm").error[0] == "signature"  # type: ignore[index]
    ok(session, "replace y = 0.1 in 1")
    ok(session, "datasignature confirm")
    ok(session, "sort y")
    assert "different order" in said(session, "datasignature confirm")
    ok(session, "drop name")
    assert "name is gone" in said(session, "datasignature confirm")
    ok(session, "drop in 1")
    assert "3 rows were signed, and there are now 2" in said(session, "datasignature report")
    ok(session, "datasignature set, reset")
    ok(session, "datasignature confirm, strict")
    ok(session, "datasignature clear")
    assert said(session, "datasignature confirm").startswith("not-signed")


def test_the_order_of_variables_counts_where_strict(session: Session) -> None:
    ok(session, "datasignature set")
    ok(session, "order y")
    ok(session, "datasignature confirm")
    assert "different order" in said(session, "datasignature confirm, strict")


def test_a_signature_is_kept_in_a_file_and_with_the_data(session: Session, tmp_path: Path) -> None:
    ok(session, f'datasignature set, saving("{tmp_path / "trial"}")')
    assert said(session, f'datasignature set, reset saving("{tmp_path / "trial"}")').startswith("file-exists")
    ok(session, f'datasignature set, reset saving("{tmp_path / "trial"}", replace)')
    ok(session, f'save "{tmp_path / "data.parquet"}"')
    other = Session()
    ok(other, f'use "{tmp_path / "data.parquet"}"')
    ok(other, "datasignature confirm, strict")
    ok(other, "datasignature clear")
    ok(other, f'datasignature confirm using "{tmp_path / "trial"}", strict')
    ok(other, "replace id = 5 in 2")
    assert "values of id differ" in said(other, f'datasignature confirm using "{tmp_path / "trial.dtasig"}"')
    (tmp_path / "bad.dtasig").write_text("[1, 2]", encoding="utf-8")
    assert said(other, f'datasignature confirm using "{tmp_path / "bad"}"').startswith("unknown-format")
    assert said(other, f'datasignature confirm using "{tmp_path / "none"}"').startswith("no-such-file")


def test_some_variables(session: Session) -> None:
    text = ok(session, "datasignature y id").text
    assert text == signature(session.data, ["y", "id"]).text == signature(session.data).of(["y", "id"]).text
    assert text.startswith("3:2:")


def test_signed_data_stay_signed_through_a_rename_and_say_what_is_gone(session: Session) -> None:
    ok(session, "datasignature set")
    ok(session, "rename y z")
    assert "y is gone" in said(session, "datasignature confirm")


def test_empty_data() -> None:
    nothing: Dataset = dataset(pd.DataFrame({"a": np.zeros(0)}))
    assert signature(nothing).text.startswith("0:1:")


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"[" * 100_000, b'{"signed": 1, "rows": Infinity, "variables": {}}', b'{"variables": 3}',
     b'{"signed": "x", "rows": 1e999, "variables": {"a": "b"}}', b'{"signed": "x", "rows": null, "variables": {}}'],
)  # fmt: skip
def test_a_file_that_holds_no_signature_is_told(content: bytes, session: Session, tmp_path: Path) -> None:
    (tmp_path / "d.dtasig").write_bytes(content)
    outcome = session.run(f'datasignature confirm using "{tmp_path / "d.dtasig"}"')
    assert outcome.error is not None and outcome.error[0] == "unknown-format", outcome.error

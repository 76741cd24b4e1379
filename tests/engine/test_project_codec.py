"""Values as JSON and blobs: what comes back is what went in, in value and type, and nothing else is let in."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command_examples import examples, prepared
from hypothesis import given
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Measure, Panel, Signed, Variable
from terrace.errors import DataError
from terrace.results.later import Later
from terrace.results.plot import Axis, Marks, Plot, PlotPanel, Style
from terrace.results.table import Column, Row, Table
from terrace.session.contract import Outcome
from terrace.session.document.items import Item
from terrace.session.effects import Effect
from terrace.session.project.codec import Decoder, Encoder, Unknown, as_bytes, from_bytes
from terrace.session.project.kinds import kinds, reading, writing
from terrace.session.project.parts import Project, parts_of, read_parts
from terrace.session.session import Session


def back(value: Any, hint: Any = Any) -> Any:
    blobs: dict[str, bytes] = {}
    content = as_bytes(Encoder(kinds(), blobs.__setitem__, writing())(value))
    return Decoder(kinds(), blobs.__getitem__, reading(), "a part").read(from_bytes(content, "a part"), hint)


def same(a: Any, b: Any) -> bool:
    """Equal in type and in bits, inside containers, arrays and dataclasses too; arrays of a fit are left aside."""
    if isinstance(a, Later) or isinstance(b, Later):
        return True
    if type(a) is not type(b) and not (hasattr(a, "items") and hasattr(b, "items")):
        return False
    if isinstance(a, float):
        return struct.pack(">d", a) == struct.pack(">d", b)
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return a.shape == b.shape and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, Dataset):
        return same_data(a, b)
    if isinstance(a, np.random.Generator):
        return a.bit_generator.state == b.bit_generator.state
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a) if f.name not in ("held", "lineage"))
    if hasattr(a, "items"):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a.items(), b.items()))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def same_data(a: Dataset, b: Dataset) -> bool:
    pd.testing.assert_frame_equal(a.frame, b.frame, check_exact=True)
    members = [f.name for f in fields(a) if f.name not in ("frame", "lineage", "file")]
    return all(same(getattr(a, m), getattr(b, m)) for m in members)


texts = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=12)
floats = st.floats() | st.sampled_from([-0.0, math.inf, -math.inf, math.nan, 5e-324]) | st.binary(
    min_size=8, max_size=8
).map(lambda raw: struct.unpack(">d", raw)[0])
numpy_numbers = st.one_of(
    floats.map(np.float64), st.floats(width=32).map(np.float32), st.integers(-128, 127).map(np.int8),
    st.integers(0, 2**64 - 1).map(np.uint64), st.booleans().map(np.bool_),
)  # fmt: skip
effects = st.builds(Effect, st.integers(0, 511))
single = st.one_of(
    st.none(), st.booleans(), st.integers(), floats, texts, numpy_numbers, st.sampled_from(Measure), effects
)
arrays = st.builds(
    lambda dtype, shape, seed: np.random.default_rng(seed).integers(0, 200, shape).astype(dtype),
    st.sampled_from(["f8", "f4", "i8", "i1", "u2", "?", "c16", ">f8", "M8[ns]", "U3"]),
    st.lists(st.integers(0, 40), min_size=0, max_size=3).map(tuple), st.integers(0, 99),
)  # fmt: skip
values = st.recursive(
    single | arrays | st.binary(max_size=9) | st.frozensets(st.integers() | st.text(max_size=3), max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(
        texts | st.integers() | st.floats(allow_nan=False), inner, max_size=4
    ),
    max_leaves=15,
)


@given(values)
def test_any_value_comes_back(value: Any) -> None:
    assert same(value, back(value))


@pytest.mark.parametrize("text", ["\ud83d\ude00", "\ud800", "\udfff\udfffx", "\x00", "", "é\u2028"])
def test_text_with_halves_of_characters_comes_back(text: str) -> None:
    assert back(text) == text and back({text: text}) == {text: text}


styles = st.builds(Style, texts, st.none() | floats, texts, texts)
formats = st.sampled_from(["estimate", "text", "interval"])
columns_ = st.builds(Column, texts, texts, formats, st.none() | st.integers(0, 9))
cells = st.none() | floats | texts | st.integers() | st.tuples(floats, st.none() | floats)
rows = st.builds(Row, texts, st.lists(cells, max_size=4).map(tuple), st.sampled_from(["row", "group", "total"]),
                 st.integers(0, 3), texts, marks=st.lists(texts, max_size=2).map(tuple))  # fmt: skip
tables = st.builds(
    Table, texts, st.lists(columns_, max_size=3).map(tuple), st.lists(rows, max_size=4).map(tuple), texts
)
vectors = st.lists(floats, max_size=300).map(np.array)
marks = st.builds(Marks, st.sampled_from(["points", "line", "bars"]), vectors, vectors, st.none() | vectors,
                  style=styles, rows=st.none() | st.lists(st.integers(0, 99)).map(lambda r: np.array(r, dtype="i8")),
                  labels=st.lists(texts, max_size=3).map(tuple))  # fmt: skip
axes = st.builds(Axis, texts, st.none() | st.lists(st.tuples(floats, texts), max_size=3).map(tuple),
                 st.none() | st.tuples(floats, floats), st.booleans())  # fmt: skip
panels = st.builds(PlotPanel, axes, axes, st.lists(marks, max_size=2).map(tuple), texts)
plots = st.builds(Plot, texts, st.lists(panels, max_size=2).map(tuple), texts,
                  options=st.dictionaries(st.text(max_size=4), texts, max_size=2))  # fmt: skip
outcomes = st.builds(
    Outcome, texts, texts, st.sampled_from(["ok", "error"]), floats, texts, st.none() | st.tuples(texts, texts),
    tables=st.lists(tables, max_size=2).map(tuple), plots=st.lists(plots, max_size=2).map(tuple),
    payload=st.dictionaries(st.text(max_size=5), values, max_size=3), effects=effects,
    changed=st.frozensets(st.sampled_from(["data", "results"])), line=st.none() | st.integers(1, 99),
)  # fmt: skip


@given(outcomes)
def test_any_outcome_comes_back(outcome: Outcome) -> None:
    assert same(outcome, back(outcome, Outcome))


labels = st.dictionaries(st.floats(allow_nan=False) | texts, texts, max_size=3)
variables = st.builds(
    Variable, st.just("v"), texts, st.sampled_from(Measure), labels, st.lists(floats | texts, max_size=2).map(tuple),
    texts, st.lists(st.tuples(floats, floats), max_size=2).map(tuple), texts, st.integers(0, 99), texts,
)  # fmt: skip


def column(kind: str, seed: int, n: int) -> pd.Series:
    rng = np.random.default_rng(seed)
    word = rng.choice(np.array(["", "a", "ü", "x y", None], dtype=object), n)
    if kind == "object":
        return pd.Series([np.nan if w == "" else w for w in word], dtype=object)
    if kind == "half":
        return pd.Series(["\ud800" if w == "a" else w for w in word], dtype=object)
    if kind == "mixed":
        return pd.Series([3 if w == "a" else w for w in word], dtype=object)
    if kind in ("str", "string", "string[python]", "string[pyarrow]"):
        return pd.Series(word, dtype=kind)
    if kind in ("Int64", "boolean", "Float32"):
        return pd.Series([None if w is None else int(w == "a") for w in word], dtype=kind)
    return pd.Series(rng.integers(0, 100, n)).astype(kind) if kind != "nan" else pd.Series(
        np.frombuffer(rng.bytes(8 * n), np.float64).copy()
    )


KINDS = ("f8", "f4", "i8", "i1", "u4", "bool", "nan", "object", "half", "mixed", "str", "string", "string[python]",
         "string[pyarrow]", "Int64", "boolean", "Float32")  # fmt: skip


@given(st.lists(st.sampled_from(KINDS), max_size=5), variables, st.integers(0, 60), st.integers(0, 99), texts)
def test_any_dataset_comes_back(types: list[str], variable: Variable, n: int, seed: int, text: str) -> None:
    from dataclasses import replace

    frame = pd.DataFrame({f"v{k}": column(t, seed + k, n) for k, t in enumerate(types)}, index=pd.RangeIndex(n))
    frame.columns = pd.Index([f"v{k}" for k in range(len(types))], dtype=object if not types else None)
    data = Dataset(
        frame, tuple(replace(variable, name=f"v{k}") for k in range(len(types))), text, text, (text, "b"),
        Panel("v0", None, 2.0) if types else None, ("v0",) if types else (), Signed((("v0", "ab"),), n, "2020"), "ff",
        row_ids=np.arange(n)[::-1].copy() if seed % 2 else None, left_out={"w": text}, documents=(text,),
    )  # fmt: skip
    assert same_data(data, back(data, Dataset))


def test_what_two_datasets_share_is_stored_once() -> None:
    frame = pd.DataFrame({"a": np.arange(5000.0), "b": np.arange(5000.0) * 2, "s": ["x", "y"] * 2500})
    data = Dataset(frame, tuple(Variable(n) for n in "abs"))
    more = data.with_column("c", np.arange(5000.0) * 3)
    blobs: dict[str, bytes] = {}
    encoder = Encoder(kinds(), blobs.__setitem__, writing())
    encoder((data, data.select(["b"]), more))
    assert sum(n.endswith(".arrow") for n in blobs) == 4
    one, two, three = back((data, data.select(["b"]), more))
    assert one.lineage is two.lineage is three.lineage
    other = back(Dataset(frame, data.variables))
    assert other.lineage is not one.lineage


MEMBERS = ("matrices", "scalars", "programs", "graphs", "label_sets", "bases", "reshaped", "returned", "rng",
           "settings", "constraints", "globals", "stored", "margins")  # fmt: skip


def test_every_outcome_of_the_examples_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all commands that there are: tables, plots, fits, payloads."""
    monkeypatch.chdir(tmp_path)
    session = prepared(tmp_path)
    seen = 0
    for *ready, command in examples():
        child = session.fork(session.state)
        found = [child.run(text) for text in (*ready, command)]
        for outcome in found:
            if outcome.tables or outcome.plots or outcome.fit is not None or outcome.payload:
                seen += 1
                assert same(outcome, back(outcome, Outcome)), command
        fresh = [m for m in MEMBERS if getattr(child.state, m) is not getattr(session.state, m)]
        if fresh:
            parts = parts_of(Project(child.state, tuple(found)))
            project, lost = read_parts(parts.__getitem__)
            assert lost == (), command
            for member in fresh:
                assert same(getattr(child.state, member), getattr(project.state, member)), (command, member)
    assert seen > 100


@pytest.mark.parametrize(
    "content",
    [
        {"~": "d", "c": "Popen", "v": {"args": ["true"]}},
        {"~": "d", "c": "Row", "v": {"label": 3}},
        {"~": "d", "c": "Row", "v": {"label": "a", "more": 1}},
        {"~": "d", "c": "Row", "v": {}},
        {"~": "d", "c": "Variable", "v": {"name": "x", "width": "wide"}},
        {"~": "e", "c": "Measure", "v": "other"},
        {"~": "e", "c": "HTTPStatus", "v": 200},
        {"~": "x", "c": "Row", "v": {}},
        {"~": "a", "t": "O", "s": [1], "v": "AAAA"},
        {"~": "a", "t": "<f8", "s": [2], "v": "AAAAAAAAAAA="},
        {"~": "a", "t": "<f8", "s": [-1], "v": ""},
        {"~": "n", "t": "O", "v": "0000000000000000"},
        {"~": "g", "c": "__class__", "v": None},
        {"~": "g", "c": "PCG64", "v": {"~": "m", "v": {"bit_generator": "MT19937"}}},
        {"~": "r", "c": "Plot", "b": "blobs/none.json"},
        {"~": "f", "v": "zz"},
        {"~": "?"},
        {"~": []},
        {},
        {"~": "m", "v": 3},
    ],
)
def test_what_no_encoder_makes_is_refused(content: Any) -> None:
    def none(name: str) -> bytes:
        raise DataError("There is no such part.", code="damaged-file")

    with pytest.raises(DataError):
        Decoder(kinds(), none, reading(), "a part").read(content, Any)


@pytest.mark.parametrize("content", [b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="a part"):
        from_bytes(content, "a part")


def test_a_class_that_is_not_listed_cannot_be_stored() -> None:
    class Kind(Enum):
        A = 1

    for value in (Path("/"), object(), Kind.A, {"a": {1.5: Path("/")}}, pd.Series([1])):
        with pytest.raises(Unknown):
            back(value)


def test_every_member_of_the_listed_classes_has_a_hint_that_is_known() -> None:
    from terrace.session.project.hints import members

    for kind in kinds().classes.values():
        if is_dataclass(kind):
            assert members(kind, kinds().classes).keys() == {f.name for f in fields(kind) if f.init}


def test_the_random_numbers_go_on() -> None:
    session = Session()
    session.run("set seed 3")
    session.run("set obs 5")
    parts = parts_of(Project.of(session))
    other = Session(read_parts(parts.__getitem__)[0].state)
    for s in (session, other):
        assert s.run("generate u = rnormal()").ok
    np.testing.assert_array_equal(session.data.numeric("u"), other.data.numeric("u"))


def test_an_item_is_found_by_how_its_blob_begins() -> None:
    """By which items are found again where the list of them is damaged."""
    blobs: dict[str, bytes] = {}
    Encoder(kinds(), blobs.__setitem__, writing())(Item(1, "note", text="a"))
    (content,) = blobs.values()
    assert content.startswith(b'{"~":"d","c":"Item"') and json.loads(content)["v"]["text"] == "a"


class Odd:
    """What no file can hold."""


class Advice(str):
    """Words of a class of their own."""


def test_words_of_any_class_are_words() -> None:
    assert back(Advice("Did you mean x?")) == "Did you mean x?" and type(back(Advice("x"))) is str
    assert back({"a": (Advice("\ud800"),)}) == {"a": ("\ud800",)}


MISTAKES = (
    "sumarize x", "summarize xx", "summarize X", "mixed y x || g:, remll", "mi estimate, mcerror: mixed y x || g:",
    "sample hsbb", "estat iccc", "lincom xx", "test xx", "estimates restore aa", "graph display GG", "list y in 1/1000",
    "capture noisily summarize xx", "foreach v in xx {\nsummarize `v'\n}", "label values c LL", "outline fold 99",
    "p 1 2 (", "import excel using row.xlsx", "use y xx using rows.csv, clear", "filter xx > 1", "update using rows.cs",
)  # fmt: skip


def test_work_is_saved_after_any_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session, other = prepared(tmp_path), Session()
    made = [session.run(command) for command in MISTAKES]
    assert sum(not o.ok for o in made) >= len(MISTAKES) - 2 and sum(o.error_instead != "" for o in made) >= 5
    assert session.run("project save work").ok and other.run("project use work").ok
    assert same(session.history[:-1], other.history[:-1])
    assert [o.error_advice for o in other.history[-1 - len(made) : -1]] == [o.error_advice for o in made]


def test_one_result_keeps_no_others_from_being_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = prepared(tmp_path)
    items = list(session.state.document)
    for k, member in ((0, "tables"), (1, "payload")):
        odd = replace(items[k].outcome, **{member: (Odd(),) if member == "tables" else {"odd": Odd()}})
        items[k] = replace(items[k], outcome=odd)
        session.amend_history(odd, new=True)
    model = next(k for k, i in enumerate(items) if i.kind == "model")
    items[model] = replace(items[model], more=(Odd(),))
    session.state = replace(
        session.state, document=replace(session.state.document, items=tuple(items)), rc=Odd(),
        scalars={"q": 1.0, "odd": Odd()}, globals={"name": Advice("text")},
    )  # fmt: skip
    session.drafts, session.layout = {"builder": {"a": 1}, "odd": [Odd()]}, {"sizes": (1, 2), "odd": {"x": Odd()}}
    blobs = parts_of(Project.of(session))
    project, lost = read_parts(blobs.__getitem__, names=tuple(blobs))
    assert project.drafts == {"builder": {"a": 1}} and project.layout == {"sizes": (1, 2)}
    assert not lost and project.state.scalars == {"q": 1.0} and project.state.globals == {"name": "text"}
    assert [i.outcome.text for i in project.state.document if i.outcome] == [i.outcome.text for i in items if i.outcome]
    assert same(project.state.document.items[1].outcome.tables, items[1].outcome.tables)
    whole = [k for k in range(len(items)) if k not in (0, 1, model)]
    assert all(same(project.state.document.items[k], items[k]) for k in whole) and len(whole) > 1
    assert [o.command for o in project.history] == [o.command for o in session.history]

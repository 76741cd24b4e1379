"""Columns of terms against products of indicators made by hand; operators of time against shifts by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import terrace
from terrace.data.readers.build import from_frame
from terrace.errors import TerraceError
from terrace.session.session import Session
from terrace.session.state import State

FloatArray = np.ndarray


def data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 80
    out = pd.DataFrame(
        {
            "a": rng.choice([1.0, 2.0, 4.0], n, p=[0.2, 0.5, 0.3]),
            "b": rng.integers(0, 2, n).astype(float),
            "d": rng.integers(0, 3, n).astype(float),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
        }
    )
    out.loc[(out.a == 4) & (out.d == 2), "d"] = 0.0  # an empty cell
    out["y"] = out.x + rng.normal(size=n)
    return out


FRAME = data()
LEVELS = {"a": (1.0, 2.0, 4.0), "b": (0.0, 1.0), "d": (0.0, 1.0, 2.0)}


def column(name: str) -> FloatArray:
    """The values of a coefficient's variable: ``2.a#c.x`` is x where a is 2 and 0 elsewhere."""
    out = np.ones(len(FRAME))
    if name == "_cons":
        return out
    for part in name.split("#"):
        level, dot, variable = part.rpartition(".")
        if dot and level.rstrip("bno").isdigit():
            out = out * (FRAME[variable] == float(level.rstrip("bno")))
        else:
            out = out * FRAME[variable]
    return np.asarray(out, dtype=float)


def every(term: tuple[str, ...]) -> FloatArray:
    """All columns of an interaction: one a combination of levels, nothing left out."""
    out = [np.ones(len(FRAME))]
    for name in term:
        if name in LEVELS:
            out = [c * (FRAME[name] == level).to_numpy() for c in out for level in LEVELS[name]]
        else:
            out = [c * FRAME[name].to_numpy() for c in out]
    return np.column_stack(out)


variables = st.sampled_from(["i.a", "i.b", "c.x", "ib2.a", "ib(last).d", "ib(freq).a", "c.z", "i.d", "ibn.b"])
products = st.lists(variables, min_size=1, max_size=3, unique_by=lambda v: v.rpartition(".")[2])


@given(st.lists(st.tuples(products, st.sampled_from(["#", "##"])), min_size=1, max_size=3))
def test_columns_are_products_and_span_what_the_terms_say(items: list[tuple[list[str], str]]) -> None:
    text = " ".join(sign.join(parts) for parts, sign in items)
    try:
        fit = terrace.fit(f"mixed y {text}", FRAME)
    except TerraceError as error:  # two bases of one factor
        assert "base" in error.message, error.message
        return
    design = fit.model.design
    for k, info in enumerate(design.x_info):
        np.testing.assert_array_equal(design.x[:, k], column(info.name))
    terms: list[tuple[str, ...]] = []
    for parts, sign in items:
        names = tuple(p.rpartition(".")[2] for p in parts)
        if sign == "#" or len(names) == 1:
            terms.append(names)
        else:
            subsets = [tuple(n for k, n in enumerate(names) if mask >> k & 1) for mask in range(1, 2 ** len(names))]
            terms += subsets
    full = np.column_stack([np.ones(len(FRAME)), *map(every, terms)])
    rank = np.linalg.matrix_rank(full)
    assert np.linalg.matrix_rank(design.x) == design.x.shape[1] == rank
    assert np.linalg.matrix_rank(np.column_stack([full, design.x])) == rank
    # every combination of levels has a row, under one name only
    listed = [e.term for e in fit.fixed if e.term != "_cons"]
    assert len(set(listed)) == len(listed)
    shapes = {tuple(sorted(p.rpartition(".")[2] for p in name.split("#"))) for name in listed}
    assert shapes == {tuple(sorted(t)) for t in terms}
    for e in fit.fixed:
        if e.kind == "empty":
            assert not column(e.term).any()
        if e.kind in ("base", "omitted", "empty"):
            assert e.coef == 0 and e.se is None


@pytest.mark.parametrize(
    ("text", "base", "kept"),
    [
        ("i.a", "1", ["2.a", "4.a"]),
        ("b4.a", "4", ["1.a", "2.a"]),
        ("ib(first).a", "1", ["2.a", "4.a"]),
        ("ib(last).a", "4", ["1.a", "2.a"]),
        ("ib(freq).a", "2", ["1.a", "4.a"]),
        ("ib(#3).a", "4", ["1.a", "2.a"]),
        ("ib2.a", "2", ["1.a", "4.a"]),
        ("i(2/4).a", "", ["2.a", "4.a"]),
        ("i(1 4).a", "1", ["4.a"]),
        ("2.a 4.a", "", ["2.a", "4.a"]),
        ("i.(a b)", "1", ["2.a", "4.a", "1.b"]),
    ],
)
def test_base_levels(text: str, base: str, kept: list[str]) -> None:
    fit = terrace.fit(f"mixed y {text} x", FRAME)
    assert [e.term for e in fit.fixed if e.kind == "estimated"] == [*kept, "x", "_cons"]
    bases = [e.term for e in fit.fixed if e.kind == "base" and e.term.endswith(".a")]
    assert [b.partition(".")[0].rstrip("bn") for b in bases] == ([base] if base else [])


def test_a_term_that_is_said_twice_counts_once() -> None:
    once = terrace.fit("mixed y i.a x", FRAME)
    for text in ("i.a ib2.a x", "i.a i.a x", "i.a x 2.a"):
        twice = terrace.fit(f"mixed y {text}", FRAME)
        names = [e.term for e in twice.fixed]
        assert len(set(names)) == len(names)
        assert [e.term for e in twice.fixed][:4] == [e.term for e in once.fixed][:4]
    all_kept = terrace.fit("mixed y i.a ibn.a, noconstant", FRAME)
    assert [e.kind for e in all_kept.fixed] == ["estimated"] * 3


def test_parentheses_distribute() -> None:
    short = terrace.fit("mixed y (a b)##c.(x z)", FRAME)
    long = terrace.fit("mixed y i.a##c.x i.a##c.z i.b##c.x i.b##c.z", FRAME)
    assert {e.term for e in short.fixed} == {e.term for e in long.fixed}
    assert short.ll == pytest.approx(long.ll, abs=1e-9)


def test_eight_way() -> None:
    frame = FRAME.assign(**{f"v{k}": np.tile([0.0, 1.0], len(FRAME) // 2)[:: (-1) ** k] + 0.1 * k for k in range(8)})
    name = "#".join(f"c.v{k}" for k in range(8))
    fit = terrace.fit(f"mixed y {name}", frame)
    assert fit.fixed[0].term == name
    expected = np.prod([frame[f"v{k}"] for k in range(8)], axis=0)
    np.testing.assert_allclose(fit.model.design.x[:, 0], expected)
    with pytest.raises(TerraceError):
        terrace.fit(f"mixed y {name}#c.x", frame)


# --- time -----------------------------------------------------------------------------------------------------
def panel() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [(g, t) for g in range(6) for t in range(0, 24, 2) if rng.uniform() > 0.15]  # with gaps, by twos
    out = pd.DataFrame(rows, columns=["g", "t"]).astype(float)
    out["x"] = rng.normal(size=len(out))
    out["w"] = rng.normal(size=len(out))
    out["f"] = rng.integers(0, 2, len(out)).astype(float)
    out["y"] = rng.normal(size=len(out))
    return out.sample(frac=1, random_state=2).reset_index(drop=True)  # not in order


def shifted(frame: pd.DataFrame, name: str, steps: int, delta: float) -> FloatArray:
    """The value `steps` periods earlier in the same group, missing where there is none."""
    kept = {(g, t): v for g, t, v in zip(frame.g, frame.t, frame[name])}
    return np.array([kept.get((g, t - steps * delta), np.nan) for g, t in zip(frame.g, frame.t)])


@pytest.mark.parametrize("delta", [1, 2])
@pytest.mark.parametrize(
    ("text", "names", "make"),
    [
        ("L.x", ["L.x"], lambda s: [s("x", 1)]),
        ("L2.x", ["L2.x"], lambda s: [s("x", 2)]),
        ("F.x", ["F.x"], lambda s: [s("x", -1)]),
        ("D.x", ["D.x"], lambda s: [s("x", 0) - s("x", 1)]),
        ("D2.x", ["D2.x"], lambda s: [s("x", 0) - 2 * s("x", 1) + s("x", 2)]),
        ("S2.x", ["S2.x"], lambda s: [s("x", 0) - s("x", 2)]),
        ("LD.x", ["LD.x"], lambda s: [s("x", 1) - s("x", 2)]),
        ("L(0/2).x", ["x", "L.x", "L2.x"], lambda s: [s("x", 0), s("x", 1), s("x", 2)]),
        ("L.(x w)", ["L.x", "L.w"], lambda s: [s("x", 1), s("w", 1)]),
        ("L(1 2).(x w)", ["L.x", "L2.x", "L.w", "L2.w"], lambda s: [s("x", 1), s("x", 2), s("w", 1), s("w", 2)]),
        ("cL.x#c.w", ["cL.x#c.w"], lambda s: [s("x", 1) * s("w", 0)]),
    ],
)
def test_operators_of_time(text: str, names: list[str], make: object, delta: int) -> None:
    frame = panel()
    session = Session(State(dataset=from_frame(frame)))
    assert session.run(f"xtset g t, delta({delta})").ok
    expected = np.column_stack(make(lambda name, steps: shifted(frame, name, steps, delta)))  # type: ignore[operator]
    rows = np.isfinite(expected).all(axis=1)
    outcome = session.run(f"mixed y {text} || g:")
    if rows.sum() <= expected.shape[1] + 2:  # by ones no row has a neighbour
        assert outcome.error is not None
        return
    assert outcome.ok, outcome.error
    fit = session.fit
    assert fit is not None
    design = fit.model.design
    assert [c.name for c in design.x_info] == [*names, "_cons"]
    np.testing.assert_array_equal(fit.sample, rows)
    np.testing.assert_allclose(design.x[:, :-1], expected[rows], atol=1e-12)


def test_time_operators_need_a_time() -> None:
    session = Session(State(dataset=from_frame(panel())))
    outcome = session.run("mixed y L.x || g:")
    assert outcome.error is not None and "tsset" in f"{outcome.error[1]} {outcome.error_advice}"


def test_bases_that_are_set_hold_until_other_data() -> None:
    session = Session(State(dataset=from_frame(FRAME)))

    def kept(command: str) -> list[str]:
        outcome = session.run(command)
        assert outcome.ok and session.fit is not None, outcome.error
        return [e.term for e in session.fit.fixed if e.kind == "estimated" and e.term.endswith("a")]

    for base, names in (
        ("2", ["1.a", "4.a"]),
        ("last", ["1.a", "2.a"]),
        ("frequent", ["1.a", "4.a"]),
        ("(#3)", ["1.a", "2.a"]),
        ("first", ["2.a", "4.a"]),
    ):
        assert session.run(f"fvset base {base} a").ok
        assert kept("mixed y i.a") == names, base
    assert session.run("fvset base 4 a").ok
    assert kept("mixed y ib2.a") == ["1.a", "4.a"]  # what is written counts
    assert kept("mixed y 2.a") == ["2.a"]
    assert kept("regress y i.a") == ["1.a", "2.a"]
    assert "4" in session.run("fvset report").text
    for bad in ("fvset base 3 a", "fvset base 4", "fvset base maybe a", "fvset base 4 nope"):
        assert session.run(bad).error is not None, bad
    assert session.run("fvset clear _all").ok and kept("mixed y i.a") == ["2.a", "4.a"]
    assert session.run("fvset base 4 a").ok and session.run("sample hsb").ok
    assert "No base" in session.run("fvset report").text

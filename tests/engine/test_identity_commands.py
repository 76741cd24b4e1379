"""Commands keep identifiers apart and show all their digits, whatever kind of variable they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_support import cells, ok, refused, session_on
from identity_support import LONG, ZEROS, apart, outcome, spread

from terrace.data.readers.frames import as_dataset
from terrace.session.session import Session

IDS = {
    "text": LONG,
    "zeros": ZEROS,
    "ten digits": [1234567890 + k for k in range(6)],
    "sixteen digits": [2**53 - 6 + k for k in range(6)],
    "doubles": [float(2**54 + 4 * k) for k in range(6)],
}
"""Long numbers and zeros in front become text; the others are numbers, beside a missing one in double precision."""
ROWS = 6


def written(i: Any) -> str:
    return i if isinstance(i, str) else str(int(i))


def literal(session: Session, i: Any) -> str:
    """An identifier as it is typed in an expression."""
    return f'"{i}"' if session.data.is_text("id") else written(i)


@pytest.fixture(params=IDS)
def ids(request: pytest.FixtureRequest) -> list[Any]:
    return IDS[request.param]


@pytest.fixture
def session(ids: list[Any]) -> Session:
    """Six rows of each identifier, the fourth row with none; t numbers the rows of a group from 1."""
    n = ROWS * len(ids)
    rows = spread(ids)
    y = outcome(n) + np.repeat(outcome(len(ids), 2) * 2, ROWS)
    data = as_dataset({"id": rows, "t": np.tile(np.arange(1, ROWS + 1), len(ids)), "x": outcome(n, 3), "y": y})
    apart(data, [None if r is None else written(r) for r in rows])
    return session_on(data)


def groups(session: Session, ids: list[Any], times: int = 1, missing: bool = True) -> None:
    """The data have each identifier in so many rows, and `missing` says whether also rows without one."""
    codes, values = session.data.codes("id")
    assert sorted(session.data.level_label("id", v) for v in values) == sorted(map(written, ids))
    assert np.bincount(codes[codes >= 0]).tolist() == [times] * len(ids)
    assert bool((codes < 0).any()) == missing


def shown(session: Session, command: str) -> set[str]:
    """The identifiers that stand in what a command prints."""
    text = ok(session, command).text or ""
    return set(re.findall(r"(?<![.\w])\d+(?![.\w])", text))


# --- seeing ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "command",
    ["list id", "tabulate id", "tab id t", "levelsof id", "codebook id", "tabstat y, by(id)", "mean y, over(id)",
     "table id, contents(mean y)", "by id, sort: count", "duplicates list id if t == 1"],
)  # fmt: skip
def test_all_digits_are_shown(session: Session, ids: list[Any], command: str) -> None:
    if command == "duplicates list id if t == 1":
        ok(session, "expand 2")
    wanted = {written(i) for i in ids}
    found = shown(session, command)
    if command == "levelsof id" and not session.data.is_text("id"):
        text = ok(session, command).text
        found = {written(float(w)) for w in text.split()}
    assert wanted <= found


def test_one_value_is_found_by_its_digits(session: Session, ids: list[Any]) -> None:
    for i in ids:
        one = literal(session, i)
        rows = ROWS - (i == ids[0])
        for condition in (f"id == {one}", f"inlist(id, {one})", f"inrange(id, {one}, {one})", f"{one} == id"):
            assert ok(session, f"count if {condition}").text.strip() == str(rows), condition
        assert ok(session, f"count if id != {one}").text.strip() == str(36 - rows)


def test_loops_over_the_levels_reach_each_group(session: Session) -> None:
    quoted = '"`l\'"' if session.data.is_text("id") else "`l'"
    ok(session, "levelsof id, local(all)")
    ok(session, "generate seen = 0")
    ok(session, f"foreach l of local all {{\n replace seen = seen + 1 if id == {quoted}\n}}")
    assert session.data.numeric("seen").tolist() == [float(r is not None) for r in spread(range(6))]


@pytest.mark.parametrize("literal_", ["12345678901234567", "007"])
def test_digits_that_no_number_holds_stand_for_text(literal_: str) -> None:
    session = session_on(as_dataset({"id": spread([literal_, "1" + literal_, "7"]), "y": outcome(18)}))
    assert ok(session, f"count if id == {literal_}").text.strip() == "5"
    assert ok(session, f"count if {literal_} != id").text.strip() == "13"
    assert ok(session, f'count if inlist(id, {literal_}, "7")').text.strip() == "11"
    assert refused(session, "count if id == 7") == "type-mismatch"
    assert refused(session, "generate z = 12345678901234567") == "too-long"
    assert refused(session, "count if y == 12345678901234567") == "too-long"
    assert refused(session, "recode y (-12345678901234567 = 1)") == "too-long"
    assert refused(session, "missing y 12345678901234567") == "too-long"
    assert refused(session, "egen a = anymatch(y), values(1 12345678901234567)") == "too-long"
    ok(session, "generate z = 12345678901234568")  # which double precision holds
    ok(session, "generate w = .12345678901234567891")


# --- groups ----------------------------------------------------------------------------------------------------
def test_groups_are_numbered_sorted_and_counted(session: Session, ids: list[Any]) -> None:
    ok(session, "egen g = group(id)")
    ok(session, "egen first = tag(id)")
    ok(session, "bysort id: generate size = _N")
    numbers, counts = np.unique(session.data.numeric("g"), return_counts=True)
    assert numbers[:6].tolist() == [1, 2, 3, 4, 5, 6] and sorted(counts.tolist()) == [1, 5, 6, 6, 6, 6, 6]
    assert session.data.numeric("first").sum() == 6
    assert sorted(session.data.numeric("size").tolist()) == [1.0] + [5.0] * 5 + [6.0] * 30
    ok(session, "egen labelled = group(id), label")
    assert {written(i) for i in ids} == set(session.data.variable("labelled").value_labels.values())
    ok(session, "gsort -id t")
    ok(session, "sort id t")
    labels = [session.data.level_label("id", v) for v in session.data.frame["id"].dropna()]
    assert labels == sorted(labels, key=None if session.data.is_text("id") else int)  # type: ignore[arg-type]


def test_duplicates(session: Session) -> None:
    assert ok(session, "isid id t, missok").ok
    assert refused(session, "isid id, missok") == "not-unique"
    ok(session, "duplicates tag id, generate(others)")
    assert sorted(session.data.numeric("others").tolist()) == [0.0] + [4.0] * 5 + [5.0] * 30
    ok(session, "duplicates drop id, force")
    assert len(session.data) == 7


@pytest.mark.parametrize(
    "command",
    ["collapse (count) n=y, by(id)", "collapse (mean) y (first) x, by(id)", "contract id",
     "statsby, by(id, missing) clear: summarize y"],
)  # fmt: skip
def test_one_row_a_group(session: Session, ids: list[Any], command: str) -> None:
    ok(session, command)
    groups(session, ids)
    assert {written(i) for i in ids} <= shown(session, "list id")


def test_wide_and_long_again(session: Session, ids: list[Any]) -> None:
    ok(session, "drop if missing(id)")
    ok(session, "reshape wide y x, i(id) j(t)")
    groups(session, ids, missing=False)
    ok(session, "reshape long y x, i(id) j(t)")
    groups(session, ids, ROWS, missing=False)
    ok(session, "fillin id t")
    groups(session, ids, ROWS, missing=False)


@pytest.mark.parametrize("extension", ["parquet", "dta", "csv", "xlsx", "sav"])
def test_merge_append_and_joinby(session: Session, ids: list[Any], tmp_path: Path, extension: str) -> None:
    if extension in ("csv", "xlsx") and ids is IDS["doubles"]:
        pytest.skip("a text file has digits, which are text when they are read")
    start, file = session.data, tmp_path / f"groups.{extension}"
    ok(session, "collapse (mean) m=y, by(id)")
    ok(session, "drop if missing(id)")
    ok(session, f'save "{file}"')
    for command in ("merge m:1 id using", "joinby id using"):
        session = session_on(start)
        ok(session, f'{command} "{file}"' + (", generate(how)" if command[0] == "m" else ", unmatched(master)"))
        met = session.data.frame.groupby("id", dropna=True)["m"]
        assert (met.nunique() == 1).all() and met.first().nunique() == 6
        np.testing.assert_allclose(met.first(), session.data.frame.groupby("id", dropna=True)["y"].mean(), rtol=1e-12)
    session = session_on(start)
    ok(session, f'append using "{file}"')
    assert len(session.data.codes("id")[1]) == 6 and len(session.data) == 42


@pytest.mark.parametrize(
    ("command", "extension"),
    [*(("save", e) for e in ("parquet", "dta", "csv", "tsv", "xlsx", "sav", "zsav")),
     ("export delimited using", "csv"), ("export excel using", "xlsx")],
)  # fmt: skip
def test_saved_exported_and_opened_again(
    session: Session, ids: list[Any], tmp_path: Path, extension: str, command: str
) -> None:
    ok(session, f'{command} "{tmp_path}/d.{extension}"')
    ok(session, f'use "{tmp_path}/d.{extension}", clear')
    codes, values = session.data.codes("id")
    assert sorted(session.data.level_label("id", v) for v in values) == sorted(map(written, ids))
    assert sorted(np.bincount(codes + 1).tolist()) == [1, 5, 6, 6, 6, 6, 6]


def test_encode_decode_tostring_destring(session: Session, ids: list[Any]) -> None:
    if session.data.is_text("id"):
        ok(session, "encode id, generate(number)")
        assert set(session.data.variable("number").value_labels.values()) == {written(i) for i in ids}
        ok(session, "decode number, generate(again)")
        assert session.data.frame["again"].equals(session.data.frame["id"])
        assert "would become one number" in ok(session, "destring id, generate(merged)").text
        assert "merged" not in session.data
        ok(session, "destring id, generate(merged) force")
    else:
        ok(session, "tostring id, generate(text)")
        ok(session, "generate string = string(id)")
        for name in ("text", "string"):
            levels = [v for v in session.data.codes(name)[1] if v != "."]
            assert {written(float(v)) for v in levels} == {written(i) for i in ids}
        ok(session, "egen joined = concat(id t), punct(-)")
        assert len(session.data.codes("joined")[1]) == 36
        ok(session, "destring text, generate(back)")
        np.testing.assert_array_equal(session.data.numeric("back"), session.data.numeric("id"))


def test_digits_that_are_rounded_on_request_are_told() -> None:
    session = session_on(as_dataset({"big": [LONG[0], LONG[4], None]}))
    text = ok(session, "destring big, replace").text
    assert "more digits than a number can hold" in text
    assert session.data.numeric("big")[:2].tolist() == [float(LONG[0]), float(LONG[4])]


# --- models ----------------------------------------------------------------------------------------------------
def test_after_a_fit(session: Session, ids: list[Any]) -> None:
    fit = ok(session, "mixed y x || id:, reml").fit
    assert fit is not None and fit.groups[0].n_groups == 6
    wanted = {written(i) for i in ids}
    assert set(cells(ok(session, "estat influence"))) == wanted
    ok(session, "predict u, reffects")
    frame = session.data.frame.assign(label=[None if i is None else written(i) for i in spread(ids)])
    assert (frame.groupby("label")["u"].nunique() == 1).all() and frame["u"].nunique() == 6
    rows = [r.label for t in ok(session, "estat group").tables for r in t.rows]
    assert rows == ["id"]


def test_panel_cluster_and_resampling(session: Session) -> None:
    ok(session, "egen g = group(id)")
    ok(session, "xtset id t")
    ok(session, "generate before = L.y")
    # the first row of each, the row without id, and the one after it
    assert np.isnan(session.data.numeric("before")).sum() == 8
    one = ok(session, "mixed y x || id:, vce(cluster id)").fit
    other = ok(session, "mixed y x || g:, vce(cluster g)").fit
    assert one is not None and other is not None
    assert one.scalars["N_clust"] == other.scalars["N_clust"] == 6
    a = ok(session, "bootstrap, reps(8) seed(3) cluster(id) nodots: regress y x").tables[0]
    b = ok(session, "bootstrap, reps(8) seed(3) cluster(g) nodots: regress y x").tables[0]
    assert [r.values for r in a.rows] == [r.values for r in b.rows]
    assert ok(session, "mixed y x || id: x, cov(un)").fit.ll == pytest.approx(  # type: ignore[union-attr]
        ok(session, "mixed y x || g: x, cov(un)").fit.ll, rel=1e-9  # type: ignore[union-attr]
    )


def test_imputations_of_long_identifiers(session: Session, ids: list[Any]) -> None:
    ok(session, "drop if missing(id)")
    ok(session, "expand 3, generate(copy)")
    ok(session, "bysort id t: generate m = _n - 1")
    ok(session, "replace y = y + m")
    ok(session, "mi import flong, m(m) id(id t) clear")
    pooled = ok(session, "mi estimate: mixed y x || id:").tables
    ok(session, "egen g = group(id)")
    numbered = ok(session, "mi estimate: mixed y x || g:").tables
    assert [r.values for r in pooled[0].rows] == [r.values for r in numbered[0].rows]
    codes, values = session.data.codes("id")
    assert sorted(session.data.level_label("id", v) for v in values) == sorted(map(written, ids))
    assert sorted(np.bincount(codes).tolist()) == [15, 18, 18, 18, 18, 18]


def test_the_caterpillar_names_each_group(session: Session, ids: list[Any], tmp_path: Path) -> None:
    ok(session, "mixed y x || id:, reml")
    plot = ok(session, "plot caterpillar").plots[0]
    assert plot.panels[0].x.ticks is not None
    assert {text for _, text in plot.panels[0].x.ticks} == {written(i) for i in ids}
    ok(session, f'estimates save "{tmp_path}/kept", replace')
    first = ok(session, "predict u, reffects")
    assert first.ok
    other = session_on(session.data.without(["u"]))
    ok(other, f'estimates use "{tmp_path}/kept"')
    ok(other, "predict u, reffects")
    np.testing.assert_allclose(other.data.numeric("u"), session.data.numeric("u"), rtol=1e-6)


def test_groups_are_not_looked_for_among_values_of_another_kind() -> None:
    session = session_on(as_dataset({"id": spread(ZEROS, missing=None), "y": outcome(36)}))
    ok(session, "mixed y || id:")
    ok(session, "destring id, replace force")
    assert refused(session, "predict u, reffects") == "type-mismatch"

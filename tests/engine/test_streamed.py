"""Files that are read in batches: the same estimates as in memory, whatever the batches and the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from data_support import ok, refused
from hypothesis import given, settings
from hypothesis import strategies as st

import terrace
from terrace.data import read as readers
from terrace.errors import Cancelled, TerraceError
from terrace.session.session import Session


def frame(n: int = 900, seed: int = 5) -> pd.DataFrame:
    """Rows in 40 groups of g within 8 of h, crossed by c, in no order; f is a factor, x has missing values."""
    rng = np.random.default_rng(seed)
    g = rng.integers(0, 40, n)
    h, c, f = g // 5, rng.integers(0, 7, n), rng.integers(1, 4, n)
    x, x2 = rng.normal(size=n) + g * 0.05, rng.normal(size=n).round(2)
    y = 1 + 0.5 * x + 0.3 * f + 0.2 * x * (f == 2) + rng.normal(size=40)[g] + rng.normal(size=40)[g] * x / 2
    y = y + rng.normal(size=8)[h] + rng.normal(size=7)[c] + rng.normal(size=n) * np.where(f == 1, 1, 1.6)
    data = pd.DataFrame({"y": y, "x": x, "x2": x2, "g": g, "h": h, "c": c, "f": f, "w": rng.integers(1, 4, n)})
    data["wg"] = g % 3 + 1.0
    data["top"] = g % 2 * 1.5
    data["name"] = np.array([f"unit {k:03d}" for k in g])
    data["kind"] = np.array(["low", "mid", "high"])[f - 1]
    data.loc[::17, "x"] = np.nan
    data.loc[5, "name"] = None
    return data


@pytest.fixture(scope="module")
def parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streamed") / "rows.parquet"
    frame().to_parquet(path)
    return path


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streamed") / "rows.csv"
    frame().to_csv(path, index=False)
    return path


def numbers(fit: terrace.FitResult) -> np.ndarray:
    """Everything that a fit estimated, in one vector; NaN where there is nothing."""
    parts = [(e.coef, e.se, e.df, e.p) for e in fit.fixed]
    parts += [(r.estimate, r.se, r.lb, r.ub) for r in (*fit.random, *fit.random_sd)]
    parts += [(g.n_groups, g.min, g.avg, g.max) for g in fit.groups]
    parts += [(fit.ll, fit.scalars["N"], fit.scalars["chi2"], fit.scalars.get("ll_c"))]
    return np.array([np.nan if v is None else float(v) for part in parts for v in part])


def same(streamed: terrace.FitResult, memory: terrace.FitResult, digits: float = 1e-10) -> None:
    assert [(e.term, e.kind) for e in streamed.fixed] == [(e.term, e.kind) for e in memory.fixed]
    assert [r.name for r in streamed.random] == [r.name for r in memory.random]
    assert [w.code for w in streamed.warnings] == [w.code for w in memory.warnings]
    found, wanted = numbers(streamed), numbers(memory)
    np.testing.assert_allclose(found, wanted, rtol=digits, atol=1e-12)
    np.testing.assert_allclose(streamed.matrices["V"], memory.matrices["V"], rtol=1e-7, atol=1e-9)


MODELS = [
    "mixed y x i.f || g: x, covariance(unstructured) reml dfmethod(kroger)",
    "mixed y x c.x#c.x x2 || g: x x2, reml dfmethod(satterthwaite)",
    "mixed y x i.f##c.x2 || h: || g: x, covariance(unstructured)",
    "mixed y i.f##c.x if x2 > -1 & !missing(x) || h: || g:",
    "mixed y x ib(freq).f || _all: R.c || g:, reml",
    "mixed y x || _all: R.c || _all: R.g",
    "mixed y x || g: R.c, covariance(exchangeable)",
    "mixed y x i.kind || name:",
    "mixed y ib2.kind#i.h x || g:",
    "mixed y x i.f || g: i.f, covariance(independent)",
    "mixed y x i.f || g:, residuals(independent, by(f)) reml",
    "mixed y x top || g: x, vce(robust)",
    "mixed y x || g:, vce(cluster h)",
    "mixed y x [fweight=w] || g: x",
    "mixed y x [pweight=w] || g:, pweight(wg) pwscale(size)",
    "mixed y x [pweight=sqrt(w)] || g:, pwscale(effective)",
    "mixed y x || g:, fweight(2 * wg)",
    "mixed y x top || g:, reml dfmethod(repeated)",
    "mixed y x i.f || g:, reml dfmethod(anova)",
    "mixed y x x2 in 101/700 || g:",
    "mixed y x i.f, reml",
    "mixed y x, noconstant || g: x, noconstant",
    "mixed y x x2 o.f i.f || h: x || g: x2 x, covariance(exchangeable)",
]


@pytest.mark.parametrize("model", MODELS)
def test_estimates_are_those_of_the_data_in_memory(parquet: Path, model: str) -> None:
    streamed = terrace.fit(model, replace(terrace.stream(parquet), batch_rows=97))
    same(streamed, terrace.fit(model, terrace.read(parquet)))


SLOPES = "mixed y x i.f || g: x, covariance(unstructured) reml"


@settings(max_examples=max(8, settings.default.max_examples // 3), deadline=None)
@given(rows=st.integers(3, 2000), seed=st.integers(0, 1000), by=st.sampled_from([None, "g", "c"]))
def test_neither_batches_nor_the_order_of_rows_matter(tmp_path_factory, rows, seed, by) -> None:
    data = frame(400)
    wanted = terrace.fit(SLOPES, terrace.read(written(tmp_path_factory, data)))
    order = data.sample(frac=1, random_state=seed) if by is None else data.sort_values(by, kind="stable")
    found = terrace.fit(SLOPES, replace(terrace.stream(written(tmp_path_factory, order)), batch_rows=rows))
    same(found, wanted)


def written(factory: pytest.TempPathFactory, data: pd.DataFrame) -> Path:
    path = factory.mktemp("order") / "rows.parquet"
    data.to_parquet(path, index=False)
    return path


@pytest.mark.parametrize("model", [MODELS[0], MODELS[3], MODELS[7]])
def test_a_text_file_gives_the_same(text: Path, model: str) -> None:
    streamed = terrace.fit(model, replace(terrace.stream(text), batch_rows=97))
    same(streamed, terrace.fit(model, terrace.read(text)))


def long_text(path: Path, **late: str) -> Path:
    """20,000 rows whose columns begin as whole numbers; `late` replaces values of row 15,000."""
    rng = np.random.default_rng(6)
    data = pd.DataFrame({"y": rng.integers(0, 50, 20_000), "x": rng.integers(0, 9, 20_000)})
    data["g"] = rng.integers(100, 140, 20_000)
    data = data.astype(object)
    for name, value in late.items():
        data.loc[15_000, name] = value
    data.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("late", [{}, {"g": "A7"}, {"g": "100.5"}, {"x": "2.25"}, {"y": "3.5", "g": ""}])
def test_types_that_the_first_rows_do_not_show(tmp_path: Path, late: dict[str, str]) -> None:
    path = long_text(tmp_path / "late.csv", **late)
    model = "mixed y x || g:"
    same(terrace.fit(model, terrace.stream(path)), terrace.fit(model, terrace.read(path)))


def test_a_late_word_in_a_number_is_told(tmp_path: Path) -> None:
    path = long_text(tmp_path / "late.csv", y="none")
    with pytest.raises(TerraceError) as raised:
        terrace.fit("mixed y x || g:", terrace.stream(path))
    assert raised.value.code == "text-variable" and raised.value.subject == "y"


def test_long_numbers_keep_their_groups_apart(tmp_path: Path) -> None:
    data = frame()
    data["id"] = data["g"] // 2 + 2**53  # as doubles these would fall together in pairs
    path = tmp_path / "long.parquet"
    data.to_parquet(path)
    streamed, memory = terrace.stream(path), terrace.read(path)
    assert streamed.is_text("id") and memory.is_text("id")
    same(terrace.fit("mixed y x || id:", streamed), terrace.fit("mixed y x || id:", memory))


def test_description_and_dates_are_those_of_the_data_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "described.parquet"
    session = Session()
    ok(session, "sample hsb")
    ok(session, f'save "{path}"')
    streamed, memory = terrace.stream(path), terrace.read(path)
    assert streamed.variables == memory.variables and streamed.label == memory.label
    stamps = pd.DataFrame({"day": pd.to_datetime(["2024-01-05", None, "2024-03-01"]), "ok": [True, None, False]})
    stamps.to_parquet(tmp_path / "days.parquet")
    streamed, memory = terrace.stream(tmp_path / "days.parquet"), terrace.read(tmp_path / "days.parquet")
    assert streamed.variables == memory.variables
    (batch,) = streamed.batches(["day", "ok"])
    pd.testing.assert_frame_equal(batch.frame, memory.frame)


# --- what cannot be done in parts ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "model",
    [
        "mixed y x || g:, residuals(ar 1, t(t))",
        "mixed y x || g:, residuals(exchangeable)",
        "mixed y x if _n > 20 || g:",
        "mixed y x if x2[_n-1] < 1 || g:",
        "mixed y x [pweight=w] || g:, pwscale(gk)",
        "mixed y x, vce(robust)",
    ],
)
def test_models_that_need_rows_are_fitted_in_memory(tmp_path: Path, model: str, monkeypatch) -> None:
    data = frame()
    data["t"] = data.groupby("g").cumcount()
    path = tmp_path / "rows.parquet"
    data.to_parquet(path)
    streamed = terrace.stream(path)
    fit = terrace.fit(model, streamed)
    assert numbers(fit).tolist() == pytest.approx(numbers(terrace.fit(model, terrace.read(path))).tolist(), nan_ok=True)
    monkeypatch.setattr("terrace.data.streams.batches.available_memory", lambda: 1000)
    with pytest.raises(TerraceError) as raised:
        terrace.fit(model, streamed)
    assert raised.value.code == "larger-than-memory"


def test_cells_that_do_not_fit_are_refused(parquet: Path, monkeypatch) -> None:
    monkeypatch.setattr("terrace.design.streaming._cell_limit", lambda k: 30)
    with pytest.raises(TerraceError) as raised:
        terrace.fit("mixed y x || g:", terrace.stream(parquet))
    assert raised.value.code == "larger-than-memory" and "g" in raised.value.message


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("mixed y x if x > 1000 || g:", "no-observations"),
        ("mixed y x i.f if x > 1000 || g:", "no-observations"),
        ("mixed name x || g:", "text-variable"),
        ("mixed y x if g == 3 || g:", "one-group"),
        ("mixed y x in 5/2000 || g:", "range"),
        ("mixed y x [fweight=x2] || g:", "negative-weights"),
        ("mixed y ib9.f || g:", "no-such-level"),
        ("mixed wg i.f if wg == 1 || g:", "constant-outcome"),
    ],
)
def test_what_is_wrong_is_said_as_in_memory(parquet: Path, model: str, code: str) -> None:
    messages = []
    for data in (replace(terrace.stream(parquet), batch_rows=300), terrace.read(parquet)):
        with pytest.raises(TerraceError) as raised:
            terrace.fit(model, data)
        assert raised.value.code == code
        messages.append(raised.value.message)
    if code != "negative-weights":  # counted by batch
        assert messages[0] == messages[1]


def test_reading_can_be_followed_and_stopped(parquet: Path) -> None:
    seen = []
    data = replace(terrace.stream(parquet), batch_rows=200)
    terrace.fit("mixed y x i.f || g:", data, progress=seen.append)
    fractions = [p.fraction for p in seen if p.fraction is not None]
    assert len(fractions) == 10 and fractions[4] == 1.0 and 0 < fractions[0] < 1  # two runs of five batches
    with pytest.raises(Cancelled):
        terrace.fit("mixed y x || g:", data, cancel=lambda: len(seen) > 0)


# --- the session --------------------------------------------------------------------------------------------
@pytest.fixture
def session(parquet: Path) -> Session:
    session = Session()
    ok(session, f'use "{parquet}", stream')
    return session


def test_a_streamed_file_opens_with_its_first_rows(session: Session) -> None:
    assert "900 rows (streamed), 12 variables" in ok(session, "describe").text
    assert session.dataset is not None and session.dataset.names[:3] == ("y", "x", "x2")


AFTER = [
    "estat icc", "estat group", "estat ic", "estat sd", "estat recovariance", "estat vce", "estat df",
    "estat reliability", "estat terms", "estat profile", "contrast f", "pwcompare f", "test x", "lincom x + 2.f",
    "nlcom _b[x]^2", "lrtest A .", "estimates stats", "mixed",
]  # fmt: skip


def flat(value: Any) -> Iterator[Any]:
    """The single values in nested lists and mappings."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


def test_what_follows_a_fit_without_its_rows(session: Session, parquet: Path) -> None:
    memory = Session()
    ok(memory, f'use "{parquet}"')
    for each in (session, memory):
        ok(each, "mixed y x i.f || g:, reml dfmethod(kroger)")
        ok(each, "estimates store A")
        ok(each, SLOPES + " dfmethod(kroger)")
    for command in AFTER:
        found, wanted = ok(session, command), ok(memory, command)
        assert len(found.tables) == len(wanted.tables), command
        for mine, theirs in zip(found.tables, wanted.tables, strict=True):
            for value, true in zip(flat(mine.plain()), flat(theirs.plain()), strict=True):
                if isinstance(true, float):
                    assert value == pytest.approx(true, rel=1e-8, abs=1e-10, nan_ok=True), command
                else:
                    assert value == true, command


def test_random_effects_have_the_names_of_their_groups(session: Session, parquet: Path) -> None:
    memory = Session()
    ok(memory, f'use "{parquet}"')
    plots = []
    for each in (session, memory):
        ok(each, "mixed y x || name: x")
        (plot,) = ok(each, "plot caterpillar").plots
        plots.append(plot.panels[0])
    found, wanted = ([m for m in p.marks if m.labels] for p in plots)
    assert [m.labels for m in found] == [m.labels for m in wanted] and "unit 035" in str(found[0].labels)
    for mine, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.hstack([mine.x, mine.y]), np.hstack([theirs.x, theirs.y]), rtol=1e-9)


ROWS_NEEDED = [
    "summarize y, detail", "generate z = 1", "list y", "predict p", "margins f", "estat r2", "estat residuals",
    "plot residuals", "estat summarize", "save out.dta", "regress y x", "sort y", "estat influence",
]  # fmt: skip


@pytest.mark.parametrize("command", ROWS_NEEDED)
def test_commands_that_need_the_rows_say_so(session: Session, command: str) -> None:
    ok(session, "mixed y x i.f || g:")
    assert refused(session, command) == "streamed-data"


def test_a_streamed_fit_is_not_simulated(session: Session) -> None:
    ok(session, "mixed y x i.f || g:")
    assert refused(session, "estat bootstrap, reps(5)") == "streamed-fit"
    assert refused(session, "estimates save kept") == "streamed-fit"


def test_parts_of_a_large_file_come_into_memory(session: Session, parquet: Path) -> None:
    ok(session, "mixed y x i.f || g: x")
    ok(session, f'use y x f g using "{parquet}" if g < 10 & x2 > 0, stream')
    data = session.data
    wanted = frame().query("g < 10 and x2 > 0")
    assert data.names == ("y", "x", "f", "g")
    np.testing.assert_array_equal(data.frame["y"].to_numpy(), wanted["y"].to_numpy())
    ok(session, "predict p, fitted")  # groups are found by their values
    memory = Session()
    ok(memory, f'use "{parquet}"')
    ok(memory, "mixed y x i.f || g: x")
    ok(memory, "predict p, fitted")
    ok(memory, "keep if g < 10 & x2 > 0")
    np.testing.assert_allclose(session.data.numeric("p"), memory.data.numeric("p"), rtol=1e-9)


def test_a_file_larger_than_memory_is_streamed_by_itself(parquet: Path, text: Path, monkeypatch) -> None:
    monkeypatch.setattr(readers, "available_memory", lambda: 50_000)
    for path in (parquet, text):
        session = Session()
        assert "streamed" in ok(session, f'use "{path}"').text
        ok(session, "mixed y x || g:")
        ok(session, f'use "{path}", nostream')
        assert len(session.data) == 900


def test_what_cannot_be_streamed_says_so(tmp_path: Path) -> None:
    frame(50).to_stata(tmp_path / "rows.dta")
    session = Session()
    assert refused(session, f'use "{tmp_path / "rows.dta"}", stream') == "cannot-stream"
    assert refused(session, f'use "{tmp_path / "rows.dta"}", stream nostream') == "options-exclude"
    assert refused(session, f'use "{tmp_path / "none.parquet"}", stream') == "no-such-file"
    (tmp_path / "broken.parquet").write_bytes(b"PAR1" + b"\0" * 100)
    assert refused(session, f'use "{tmp_path / "broken.parquet"}", stream') == "unreadable-file"


@pytest.mark.parametrize(
    "command",
    ["append using \"{0}\"", "set obs 2000", "assert y < 100", "keep y", "rename y z", "drop x", "gsort y", "svmat A"],
)
def test_nothing_changes_a_streamed_file(session: Session, parquet: Path, command: str) -> None:
    ok(session, "matrix A = (1, 2)")
    assert refused(session, command.format(parquet)) == "streamed-data"


def test_the_number_of_rows_is_that_of_the_file(tmp_path: Path) -> None:
    path = long_text(tmp_path / "rows.csv")
    pd.read_csv(path).to_parquet(tmp_path / "rows.parquet")
    session = Session()
    ok(session, f'use "{tmp_path / "rows.parquet"}", stream')
    assert len(session.dataset) == 10_000
    assert "20000" in ok(session, "display _N").text
    assert "20000" in ok(session, "display `c(N)'").text
    ok(session, f'use "{path}", stream')
    assert ok(session, "display _N").text.strip() == "."


LOOKS = [
    "summarize", "summarize y x name kind", "summarize x if f == 2 & x2 > 0", "summarize y in 10/50", "count",
    "count if missing(x)", "count if f == 1 in 100/-100", "list y x kind in 3/12", "list in 5",
]  # fmt: skip


@pytest.mark.parametrize("command", LOOKS)
def test_looks_at_a_streamed_file(parquet: Path, text: Path, command: str) -> None:
    memory = Session()
    ok(memory, f'use "{parquet}"')
    wanted = ok(memory, command)
    for path in (parquet, text):
        session = Session()
        ok(session, f'use "{path}", stream')
        session.state = replace(session.state, dataset=replace(session.dataset, batch_rows=77))
        found = ok(session, command)
        assert found.text == wanted.text or found.tables
        for mine, theirs in zip(found.tables, wanted.tables, strict=True):
            for value, true in zip(flat(mine.plain()), flat(theirs.plain()), strict=True):
                assert value == (pytest.approx(true, rel=1e-12, nan_ok=True) if isinstance(true, float) else true)
        for name, true in memory.state.returned.scalars.items():
            assert session.state.returned.scalars[name] == pytest.approx(true, rel=1e-12)


def test_rows_that_are_not_shown_are_not_listed(tmp_path: Path) -> None:
    session = Session()
    ok(session, f'use "{long_text(tmp_path / "rows.csv")}", stream')
    assert refused(session, "list in 9999/10001") in ("streamed-data", "range")
    assert len(ok(session, "list in 9999/10000").tables[0].rows) == 2


def test_a_condition_on_other_rows_is_refused(session: Session, parquet: Path) -> None:
    assert refused(session, "count if y > y[_n-1]") == "streamed-condition"
    assert refused(session, f'use y using "{parquet}" if _n < 5, stream') == "streamed-condition"


def test_functions_that_need_the_rows_of_a_fit_say_so(parquet: Path) -> None:
    from terrace.postestimation.diagnose import residual_checks
    from terrace.postestimation.predict import columns as predict
    from terrace.postestimation.variance import r2, wcorrelation

    data = terrace.read(parquet)
    model = "mixed y x i.f || g: x"
    streamed = terrace.fit(model, terrace.stream(parquet))
    np.testing.assert_allclose(
        predict.fitted(streamed, data), predict.fitted(terrace.fit(model, data), data), rtol=1e-9
    )
    for work in (
        lambda: r2.random_variance(streamed),
        lambda: r2.residual_variance(streamed),
        lambda: residual_checks.homogeneity(streamed),
        lambda: wcorrelation.cluster_table(streamed, data),
    ):
        with pytest.raises(TerraceError) as raised:
            work()
        assert raised.value.code == "streamed-fit"


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_file_that_goes_away_or_changes_is_told(tmp_path: Path, name: str, parquet: Path, text: Path) -> None:
    path = tmp_path / name
    path.write_bytes((parquet if name.endswith("parquet") else text).read_bytes())
    session = Session()
    ok(session, f'use "{path}", stream')
    if name.endswith("parquet"):
        path.write_bytes(path.read_bytes()[:2000])
        assert refused(session, "mixed y x || g:") == "unreadable-file"
        frame()[["y", "x"]].to_parquet(path)
        assert refused(session, "mixed y x || g:") == "unreadable-file"
    path.unlink()
    assert refused(session, "mixed y x || g:") == "unreadable-file"

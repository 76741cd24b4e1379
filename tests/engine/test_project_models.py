"""Fits that were opened: what is shown needs no arrays, and what follows a fit gives what it gave before."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pytest

from terrace.data.samples import sample
from terrace.errors import DataError
from terrace.results.fit import FitResult
from terrace.results.later import Later
from terrace.results.table import Table
from terrace.session.project.parts import Project, parts_of, read_parts
from terrace.session.session import Session
from terrace.session.state import State


def ok(session: Session, command: str):
    outcome = session.run(command)
    assert outcome.ok, (command, outcome.error, outcome.error_advice)
    return outcome


def opened(session: Session, *, without_data: bool = False) -> Session:
    """The session as it is after its project was written and read."""
    parts = parts_of(Project.of(session), without_data=without_data)
    project, lost = read_parts(parts.__getitem__, names=tuple(parts))
    assert lost == ()
    other = Session(project.state)
    other.undo_steps, other.redo_steps = list(project.undo), list(project.redo)
    return other


def numbers(tables: tuple[Table, ...]) -> list[float]:
    cells = [v for t in tables for r in t.rows for v in r.values]
    flat = [x for v in cells for x in (v if isinstance(v, tuple) else (v,))]
    return [float(x) for x in flat if isinstance(x, float | int)]


def same_tables(a: tuple[Table, ...], b: tuple[Table, ...]) -> None:
    assert [t.title for t in a] == [t.title for t in b]
    for one, other in zip_longest(numbers(a), numbers(b)):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


MODELS = {
    "ml": ("hsb", "mixed mathach ses i.sector || id: ses, cov(un)"),
    "reml": ("sleepstudy", "mixed reaction days || subject: days, cov(un) reml dfmethod(kroger)"),
    "satterthwaite": ("sleepstudy", "mixed reaction days || subject: days, reml dfmethod(satterthwaite)"),
    "boundary": ("sleepstudy", "mixed reaction days || subject: days, cov(exchangeable)"),
    "ar": ("sleepstudy", "mixed reaction days || subject:, residuals(ar 1, t(days)) reml"),
    "by": ("hsb", "mixed mathach ses || id:, residuals(independent, by(sector))"),
    "unstructured": ("sleepstudy", "mixed reaction days if days < 4 || subject:, nocons residuals(un, t(days))"),
    "robust": ("hsb", "mixed mathach ses female || id:, vce(robust)"),
    "weights": ("hsb", "mixed mathach ses [pweight = size] || id:"),
    "frequencies": ("hsb", "mixed mathach ses [fweight = 1 + sector] || id:"),
    "constraints": ("hsb", "mixed mathach ses meanses female || id:, constraints(1)"),
    "crossed": ("insteval", "mixed y i.service if studage < 3 || _all: R.d || s:"),
    "iterative": ("insteval", "mixed y i.service if studage < 3 || _all: R.d || s:, method(iterative)"),
    "matlog": ("hsb", "mixed mathach ses || id: ses, matlog"),
    "em": ("hsb", "mixed mathach ses || id:, emonly emiterate(5)"),
    "stopped": ("sleepstudy", "mixed reaction days || subject: days, iterate(1)"),
    "regress": ("hsb", "regress mathach ses i.sector, vce(robust)"),
    "clusters": ("hsb", "regress mathach ses [pweight = size], vce(cluster id)"),
}
FOLLOW = ("estat ic", "estat vce", "test ses", "margins, at(ses = (-1 0 1))", "estat icc", "estat recovariance")


@pytest.fixture(scope="module", params=MODELS, ids=str)
def pair(request: pytest.FixtureRequest) -> tuple[Session, Session]:
    data, command = MODELS[request.param]
    session = Session(State(dataset=sample(data)))
    ok(session, "constraint 1 ses = meanses")
    if data == "insteval":
        ok(session, "keep in 1/2000")
    ok(session, command)
    return session, opened(session)


def test_what_is_shown_needs_no_arrays(pair: tuple[Session, Session]) -> None:
    before, after = pair[0].fit, pair[1].fit
    assert before is not None and after is not None
    held = after.held
    assert isinstance(held, Later)

    def never() -> None:
        raise AssertionError("the arrays were asked for")

    bare = replace(after, held=Later(never))
    for style in ("journal", "classic"):
        for metric in ("variance", "sd"):
            assert bare.tables(style, metric=metric) == before.tables(style, metric=metric)
    assert str(bare) == str(before) and bare._repr_html_() == before._repr_html_()
    assert (bare.state, bare.n_parameters, bare.n_unidentified, bare.constraints, bare.ll) == (
        before.state, before.n_parameters, before.n_unidentified, before.constraints, before.ll
    )  # fmt: skip
    np.testing.assert_array_equal(bare.sample, before.sample)
    quiet = Session(replace(pair[1].state, fit=bare))
    again = f"{bare.macros['cmd']}{', small' if bare.spec.df_method in ('kroger', 'satterthwaite') else ''}"
    for command in ("ereturn list", "estimates store again", "display e(ll)", again, "count if e(sample)"):
        ok(quiet, command)
    assert not held.is_made


def test_the_arrays_are_those_of_the_fit(pair: tuple[Session, Session]) -> None:
    before, after = pair[0].fit, pair[1].fit
    assert before is not None and after is not None
    a, b = before.model, after.model
    for name in ("beta", "vcov", "phi", "psi", "sigma2"):
        np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(b.natural.values, a.natural.values, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(b.optimum.point.ll, a.optimum.point.ll, rtol=1e-12)
    assert (a.df is None) == (b.df is None) and a.n_clusters == b.n_clusters and a.layout == b.layout
    if a.df is not None:
        np.testing.assert_allclose(b.df, a.df, rtol=1e-9)
    assert [lv.name for lv in a.design.levels] == [lv.name for lv in b.design.levels]
    assert a.design.spec == b.design.spec


def test_what_follows_a_fit_gives_what_it_gave(pair: tuple[Session, Session]) -> None:
    one, other = pair[0].fork(pair[0].state), pair[1].fork(pair[1].state)
    done = 0
    for command in (*FOLLOW, "predict double xb, xb", "predict double r, residuals", "summarize xb r"):
        a, b = one.run(command), other.run(command)
        assert a.ok == b.ok, (command, a.error, b.error)
        done += a.ok
        same_tables(a.tables, b.tables)
        assert b.warnings == a.warnings
    assert done >= 4


def test_a_model_that_was_opened_is_compared_with_a_new_one() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach ses || id:")
    ok(session, "estimates store a")
    ok(session, "mixed mathach ses || id: ses")
    ok(session, "estimates store b")
    other = opened(session)
    ok(other, "mixed mathach ses || id: ses")
    ok(other, "estimates store c")
    for command in ("lrtest a b", "estimates compare a b", "estimates stats a b"):
        same_tables(ok(session, command).tables, ok(other, command).tables)
    same_tables(ok(other, "lrtest a c").tables, ok(other, "lrtest a b").tables)


def test_replicates_keep_their_covariance_matrix() -> None:
    session = Session(State(dataset=sample("sleepstudy")))
    ok(session, "bootstrap, reps(5) seed(1): mixed reaction days || subject:")
    before, after = session.fit, opened(session).fit
    assert before is not None and after is not None
    np.testing.assert_array_equal(after.model.vcov, before.model.vcov)
    assert not np.allclose(before.model.vcov, before.model.phi)


def test_posted_degrees_of_freedom_stay() -> None:
    session = Session(State(dataset=sample("sleepstudy")))
    ok(session, "mixed reaction days || subject:, reml")
    ok(session, "estat df, method(satterthwaite) post")
    other = opened(session)
    same_tables(ok(session, "test days").tables, ok(other, "test days").tables)
    same_tables(ok(session, "lincom days, small").tables, ok(other, "lincom days, small").tables)


POSTED = {
    "margins": ("margins sector, post", "test 0.sector = 1.sector", "lincom 1.sector - 0.sector"),
    "small": ("margins sector, small post", "test 0.sector = 1.sector, small", "lincom 1.sector - 0.sector, small"),
    "given df": ("margins sector, df(20) post", "test 1.sector, small", "lincom 1.sector, small"),
    "at": ("margins, at(ses = (0 1)) post", "test 1._at = 2._at", "nlcom _b[2._at] / _b[1._at]"),
    "slopes": ("margins sector, dydx(ses) post", "test 0.sector#ses = 1.sector#ses", "lincom 0.sector#ses"),
    "contrast": ("contrast r.sector, small post", "test _c1, small", "lincom 2*_c1, small"),
    "pwcompare": ("pwcompare sector, post", "test _c1", "lincom _c1 / 2"),
    "nlcom": ("nlcom (a: _b[ses] / _b[_cons]) (b: _b[ses]^2), post", "test a = b", "lincom a - b"),
}


@pytest.mark.parametrize("name", POSTED)
def test_posted_estimates_are_tested_after_opening_as_before(name: str) -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach i.sector##c.ses || id:, reml dfmethod(satterthwaite)")
    post, *follow = POSTED[name]
    ok(session, post)
    other = opened(session)
    assert other.fit is not None and not other.fit.held.is_made  # type: ignore[union-attr]
    twice = opened(other)  # what was not looked at is stored as it came
    for command in follow:
        for again in (other, twice):
            a, b = ok(session, command).tables, ok(again, command).tables
            assert [t.notes for t in a] == [t.notes for t in b] and numbers(a)
            np.testing.assert_allclose(numbers(b), numbers(a), rtol=1e-12, atol=1e-14)


def test_a_test_of_posted_estimates_goes_on_after_opening() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach i.sector##c.ses || id:")
    ok(session, "margins sector, at(ses = (0 1)) post")
    ok(session, "test 1._at#0.sector = 1._at#1.sector")
    other = opened(session)
    more = "test 2._at#0.sector = 2._at#1.sector, accumulate"
    same_tables(ok(session, more).tables, ok(other, more).tables)
    ok(other, "margins sector")
    assert not other.run("test 1._at#0.sector").ok  # the next margins take them back, as ever


def test_undo_after_opening_brings_posted_estimates_back() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach i.sector || id:")
    ok(session, "margins sector, post")
    ok(session, "generate q = 1")
    ok(session, "mixed mathach ses || id:")
    other = opened(session)
    assert not other.run("lincom 1.sector").ok
    for one in (session, other):  # the model, and what came before it
        ok(one, "undo")
        ok(one, "undo")
    same_tables(ok(session, "lincom 1.sector").tables, ok(other, "lincom 1.sector").tables)


def test_posted_estimates_of_a_copy_without_data_say_why_they_cannot_be_tested() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach i.sector || id:")
    ok(session, "margins sector, post")
    tested = opened(session, without_data=True).run("test 0.sector = 1.sector")
    assert not tested.ok and "The data are not in this copy" in tested.error[1]


def test_a_project_from_before_posted_estimates_were_kept_is_about_the_fit() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach i.sector || id:")
    ok(session, "margins sector, post")
    parts = parts_of(Project.of(session))
    state = json.loads(parts["state.json"])
    assert state["members"].pop("posted")
    parts["state.json"] = json.dumps(state).encode()
    project, lost = read_parts(parts.__getitem__, names=tuple(parts))
    assert lost == () and project.state.posted is None
    same_tables(ok(Session(project.state), "test 1.sector").tables, ok(Session(replace(session.state, posted=None)),
                                                                       "test 1.sector").tables)  # fmt: skip


def test_rows_are_found_again_after_sorting_and_adding() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach ses if female == 1 || id:")
    ok(session, "gsort -mathach")
    ok(session, "drop in 1/10")
    other = opened(session)
    assert ok(session, "count if e(sample)").text == ok(other, "count if e(sample)").text
    ok(other, "set obs 7200")  # a new row has no number that one of the fit has
    assert ok(other, "count if e(sample)").text == ok(session, "count if e(sample)").text


def test_fits_of_the_same_arrays_make_them_once() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach ses || id:")
    ok(session, "estimates store a")
    state = opened(session).state
    fits = [state.fit, state.stored["a"], state.document.models()[0].outcome.fit]
    assert len({f.identity for f in fits if f is not None}) == 1
    assert fits[0].model is fits[1].model is fits[2].model
    assert state.origins.keys() == {fits[0].identity}


def test_a_likelihood_that_is_another_is_told() -> None:
    session = Session(State(dataset=sample("sleepstudy")))
    ok(session, "mixed reaction days || subject:")
    other = opened(session)
    fit = other.fit
    assert fit is not None
    recipe = fit.held.recipe
    shifted = recipe.data.with_column("reaction", recipe.data.numeric("reaction") * 1.01)
    from terrace.session.project.models import held_by

    broken = held_by(replace(recipe, data=shifted), "the model of reaction", fit.log, fit.converged)
    run = Session(replace(other.state, fit=replace(fit, held=broken))).run("estat recovariance")
    assert [w for w in run.warnings if "log likelihood of the model of reaction was" in w]


def test_many_threads_make_the_arrays_once() -> None:
    made: list[int] = []
    gate = threading.Barrier(4)

    def make() -> object:
        made.append(1)
        return object()

    later = Later(make)  # type: ignore[arg-type]
    found: list[object] = []

    def ask() -> None:
        gate.wait()
        found.append(later.get())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert made == [1] and len({id(f) for f in found}) == 1


def test_without_data_results_are_there_and_arrays_are_not() -> None:
    session = Session(State(dataset=sample("hsb")))
    ok(session, "mixed mathach ses || id:")
    other = opened(session, without_data=True)
    fit = other.fit
    assert isinstance(fit, FitResult) and fit.tables() == session.fit.tables()  # type: ignore[union-attr]
    assert int(fit.sample.sum()) == 7185
    with pytest.raises(DataError, match=r"The data are not in this copy\. Open them: sample hsb"):
        _ = fit.model
    assert other.run("predict p").error is not None


def test_a_file_that_is_read_in_parts_stays_where_it_is(tmp_path) -> None:
    from terrace.data.streams.batches import StreamedData
    from terrace.data.write import write
    from terrace.session.project.file import open_project, save_project

    source = tmp_path / "hsb.parquet"
    write(sample("hsb"), source)
    session = Session()
    ok(session, f'use "{source}", stream')
    ok(session, "mixed mathach ses || id:")
    path = save_project(Project.of(session), tmp_path / "w.terrace")
    assert path.stat().st_size < 30_000
    project, file = open_project(path)
    assert file.lost == () and isinstance(project.state.dataset, StreamedData)
    assert any("stay in" in note and "hsb.parquet" in note for note in file.notes)
    other = Session(project.state)
    for command in ("estat recovariance", "estat icc", "lincom ses"):
        same_tables(ok(session, command).tables, ok(other, command).tables)
    source.write_bytes(source.read_bytes()[:-1] + b"x")
    changed, file = open_project(path)
    assert changed.state.dataset is None and any("has changed since" in str(found) for found in file.lost)
    assert changed.state.fit is not None and changed.state.fit.tables() == session.fit.tables()  # type: ignore[union-attr]


def test_imputed_data_give_the_same_estimates(tmp_path) -> None:
    from command_examples import prepared

    tmp_path.joinpath("w").mkdir()
    import os

    before = os.getcwd()
    os.chdir(tmp_path / "w")
    try:
        session = prepared(tmp_path / "w")
        for command in ("use long, clear", "mi import flong, m(m) id(id)", "mi estimate: regress y k"):
            table = ok(session, command).tables
        other = opened(session)
        same_tables(table, ok(other, "mi estimate: regress y k").tables)
    finally:
        os.chdir(before)

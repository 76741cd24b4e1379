"""The rows that a figure was drawn from, found again in data that were sorted, cut, added to, stored and opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_session_running import ok

from terrace.data.known_rows import KnownRows, known_rows
from terrace.data.readers.build import from_frame
from terrace.postestimation.diagnose import plots
from terrace.results.plot import Plot
from terrace.session.session import Session
from terrace.session.state import State

PER = 6


def session_on(data: pd.DataFrame) -> Session:
    return Session(State(dataset=from_frame(data)))


@pytest.fixture
def session() -> Session:
    """Groups of `PER` rows in no order, with a name a group; `key` tells the rows apart."""
    rng = np.random.default_rng(11)
    g = rng.permutation(np.repeat(np.arange(1, 13), PER))
    x = rng.normal(size=len(g))
    y = x + rng.normal(size=13)[g] + rng.normal(size=len(g))
    return session_on(pd.DataFrame({"y": y, "x": x, "g": g, "key": np.arange(len(g))}))


def keys(session: Session) -> np.ndarray:
    return session.state.dataset.frame["key"].to_numpy()


@pytest.mark.parametrize(
    "commands",
    [(), ("gsort -y",), ("drop if x > 0",), ("sort y", "drop in 1/7", "gsort g -x"), ("expand 2",),
     ("set obs 90", "sort x"), ("replace y = 0 in 1/9", "generate z = x"), ("keep if g == 3", "sort y")],
)  # fmt: skip
def test_rows_are_those_of_the_same_key_whatever_became_of_data(session: Session, commands: tuple[str, ...]) -> None:
    known, before = known_rows(session.state.dataset), keys(session)
    for command in commands:
        ok(session, command)
    data, now = session.state.dataset, keys(session)
    assert known.fit(data)
    wanted = np.array([0, 3, 11, 40, 71])
    found = known.now(wanted, data)
    there = [k for k in before[wanted] if k in set(now)]
    assert sorted(now[found]) == sorted(there), "each of them once, none of a copy"
    back = known.then(found, data)
    assert sorted(before[back]) == sorted(there)
    assert len(known.now(np.array([-1, 10**6]), data)) == 0


def test_rows_of_other_data_are_not_confused(session: Session) -> None:
    known = known_rows(session.state.dataset)
    session = session_on(pd.DataFrame({"y": [1.0, 2.0]}))
    assert not known.fit(session.state.dataset)
    for find in (known.now, known.then):
        with pytest.raises(ValueError, match="not of the same data"):
            find(np.array([0]), session.state.dataset)


def figure(session: Session, command: str) -> Plot:
    outcome = session.run(command)
    assert outcome.ok, outcome.error
    return outcome.plots[0]


def test_the_marks_of_groups_have_the_rows_of_their_group(session: Session) -> None:
    ok(session, "replace y = . in 5")
    fit = ok(session, "mixed y x || g:").fit
    group = session.state.dataset.frame["g"].to_numpy()
    for command in ("plot caterpillar", "plot effects"):
        plot = figure(session, command)
        layers = [m for m in plot.panels[0].marks if m.group_rows]
        told = {}
        for m in layers:
            assert len(m.group_rows) == len(m.x) == len(m.labels)
            told |= {text.split(":")[0].removeprefix("g "): rows for text, rows in zip(m.labels, m.group_rows)}
        assert len(told) == 12
        for name, rows in told.items():
            expected = np.flatnonzero((group == int(name)) & fit.sample)
            np.testing.assert_array_equal(np.sort(rows), expected)
    assert not plots.caterpillar(fit).panels[0].marks[1].group_rows, "nobody knows the data"


def test_lines_tell_their_group_at_each_place(session: Session) -> None:
    ok(session, "mixed y x || g:")
    group = session.state.dataset.frame["g"].to_numpy()
    for command in ("plot spaghetti x", "plot lines x", "twoway line y x, sort(g x) connect(ascending)"):
        plot = figure(session, command)
        line = next(m for m in plot.panels[0].marks if m.kind == "line" and m.rows is not None)
        assert plot.drawn_from is not None and line.rows is not None and len(line.labels) == len(line.x)
        for row, text in zip(line.rows, line.labels):
            assert text == (f"g {group[row]}" if row >= 0 else "")
    plain = figure(session, "twoway line y x, sort(x)")
    assert plain.panels[0].marks[0].labels == (), "one line over all rows is of no group"


def test_figures_put_together_keep_rows_only_of_the_same_data(session: Session) -> None:
    ok(session, "scatter y x, name(A)")
    ok(session, "scatter x y, name(B)")
    together = figure(session, "graph combine A B")
    assert together.drawn_from is not None and all(p.marks[0].rows is not None for p in together.panels)
    ok(session, "sort y")
    ok(session, "scatter x y, name(C)")
    mixed = figure(session, "graph combine A C")
    assert all(p.marks[0].rows is None for p in mixed.panels)


@pytest.mark.parametrize("data", [True, False])
def test_a_project_keeps_what_rows_a_figure_was_drawn_from(session: Session, tmp_path: Path, data: bool) -> None:
    ok(session, "gsort -y")
    ok(session, "scatter y x")
    ok(session, f'project save "{tmp_path / "a.terrace"}"{"" if data else ", nodata"}')
    other = Session()
    ok(other, f'project use "{tmp_path / "a.terrace"}"')
    plot = next(i.outcome.plots[0] for i in other.state.document if i.outcome and i.outcome.plots)
    if not data:
        assert plot.drawn_from is None and plot.panels[0].marks[0].rows is None
        return
    before = keys(other)
    ok(other, "sort x")
    assert isinstance(plot.drawn_from, KnownRows)
    assert sorted(keys(other)[plot.drawn_from.now(np.arange(4), other.state.dataset)]) == sorted(before[:4])


# --- files of what is seen ----------------------------------------------------------------------------------
def test_ranges_of_axes_are_for_one_file(session: Session, tmp_path: Path) -> None:
    from terrace.graphs.dressed import dressed
    from terrace.report.figure.figure import render
    from terrace.results.figure_look import FigureLook

    ok(session, "scatter y x")
    look = FigureLook(x_from=-1.0, x_to=1.0, y_from=0.0, y_to=2.0)
    ok(session, f'figure save 1 "{tmp_path / "a.svg"}", xrange(-1 1) yrange(0 2)')
    expected = render(dressed(session.figures[0].plot, look), "svg").decode()
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == expected
    assert session.figures[0].own == FigureLook()
    ok(session, "mixed y x || g:")
    ok(session, f'plot residuals, saving("{tmp_path / "b.svg"}") yrange(0 2)')
    drawn = figure(session, "plot residuals")
    expected = render(dressed(drawn, FigureLook(y_from=0.0, y_to=2.0)), "svg").decode()
    assert (tmp_path / "b.svg").read_text(encoding="utf-8") == expected


@pytest.mark.parametrize(
    ("command", "message"),
    [("plot residuals, xrange(0 1)", "Ranges of axes are for a file that is saved here."),
     ('figure save 1 "a.svg", layer(none, hide)', "The figure has no layer none."),
     ('plot residuals, saving("a.svg") yrange(1)', "yrange() needs two numbers.")],
)  # fmt: skip
def test_what_cannot_be_saved_is_said(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ok(session, "scatter y x")
    ok(session, "mixed y x || g:")
    outcome = session.run(command)
    assert outcome.error is not None and outcome.error[1] == message
    assert not list(tmp_path.iterdir())


def test_points_of_every_figure_of_a_fit_know_their_rows() -> None:
    session = Session()
    for command in ("sample sleepstudy", "mixed reaction days || subject: days, cov(un) reml"):
        assert session.run(command).ok
    session.run("quietly margins, at(days=(0 5 9))")
    for command, kind in (("plot trellis days", "rows"), ("plot scatter", "group_rows"), ("marginsplot, data", "rows")):
        plot = session.run(command).plots[0]
        points = [m for p in plot.panels for m in p.marks if m.kind == "points" and not m.text]
        assert plot.drawn_from is not None, command
        assert points
        assert all(getattr(m, kind) is not None and len(getattr(m, kind)) == len(m.x) for m in points), command

"""Ticks of axes: a table of the numbers that people have, on paper; the same cases are held to the screen."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pytest
from data_support import ok
from hypothesis import given
from hypothesis import strategies as st
from tick_cases import CASES, session_of_cases

from terrace.graphs.axes import number_text
from terrace.graphs.ticks import date_ticks, date_words, tick_step, tick_texts
from terrace.report.figure.figure import draw
from terrace.results.figure_look import FigureLook
from terrace.results.plot import Plot
from terrace.session.document.figures import figures
from terrace.session.session import Session

EPOCH = dt.date(1960, 1, 1)


@pytest.fixture(scope="module")
def session() -> Session:
    return session_of_cases()


def on_paper(plot: Plot, which: str = "x") -> list[tuple[float, str]]:
    axes = draw(plot).axes[0]
    own = axes.xaxis if which == "x" else axes.yaxis
    low, high = sorted(own.get_view_interval())
    return [(t.get_loc(), t.label1.get_text()) for t in own.get_major_ticks() if low <= t.get_loc() <= high]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("command", ["scatter y {}", "histogram {}", "scatter {} y"])
@pytest.mark.parametrize("width", [None, 8.5])
def test_each_kind_of_number_has_ticks_that_can_be_read(
    session: Session, name: str, command: str, width: float | None
) -> None:
    (plot,) = ok(session, command.format(name)).plots
    plot = replace(plot, look=FigureLook() if width is None else FigureLook(width=width))
    found = on_paper(plot, "y" if command.startswith("scatter {}") else "x")
    assert len(found) >= 2, found
    for _, text in found:
        assert re.fullmatch(CASES[name], text), found
    assert len({text for _, text in found}) == len(found), "no two ticks say the same"
    if command.endswith("{}"):
        letters = sum(max(map(len, text.split("\n"))) + 1 for _, text in found)
        assert letters < 12 * (width or 14.2) / 2.54, "they have room beside one another"


@given(st.floats(-1e8, 1e8), st.floats(1e-3, 1e7), st.integers(2, 12), st.booleans())
def test_texts_are_the_numbers_and_no_two_are_the_same(low: float, span: float, most: int, whole: bool) -> None:
    step = tick_step(low, low + span, most, whole)
    assert not whole or step == int(step)
    assert span / step <= most * 1.002
    at = [k * step for k in range(int(np.ceil(low / step)), int(np.floor((low + span) / step)) + 1)]
    texts = tick_texts(at)
    assert len(set(texts)) == len(at)
    read = [float(t.replace(",", "").replace("−", "-")) for t in texts]
    np.testing.assert_allclose(read, at, atol=2e-4 * step)
    assert len({len(t.partition(".")[2]) for t in texts}) <= 1 or any("e" in t for t in texts)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2020, "2020"), (-0.5, "−0.5"), (12345, "12,345"), (1e6, "1,000,000"), (2.5e13, "2.5e13"), (1e-5, "1e−5"),
     (0, "0"), (0.1 + 0.2, "0.3"), (np.inf, "inf"), (-np.inf, "−inf")],
)  # fmt: skip
def test_single_numbers(value: float, text: str) -> None:
    assert number_text(value) == text


def days(year: int, month: int, day: int) -> int:
    return (dt.date(year, month, day) - EPOCH).days


@pytest.mark.parametrize(
    ("first", "last", "most", "words"),
    [
        (days(2020, 2, 27), days(2020, 3, 2), 6, "27 Feb 2020|28 Feb 2020|29 Feb 2020|1 Mar 2020|2 Mar 2020"),
        (days(2019, 11, 5), days(2020, 4, 20), 6, "Dec 2019|Jan 2020|Feb 2020|Mar 2020|Apr 2020"),
        (days(1998, 6, 1), days(2021, 6, 1), 6, "2000|2005|2010|2015|2020"),
        (days(1700, 6, 1), days(2021, 6, 1), 4, "1700|1800|1900|2000"),
    ],
)
def test_dates_stand_at_beginnings_of_the_calendar(first: int, last: int, most: int, words: str) -> None:
    found = date_ticks(first, last, "%td", most)
    texts = [t for _, t in found]
    assert texts == words.split("|") or texts == words.split("|")[1:]
    for at, text in found:
        day = EPOCH + dt.timedelta(days=int(at))
        assert f"{day.year}" in text and first <= at <= last
        assert day.day == 1 or len(text.split()) == 3


def test_an_own_format_of_dates_is_kept_and_times_are_told_apart() -> None:
    found = date_ticks(days(2020, 1, 1), days(2020, 6, 1), "%tdDD/NN/CCYY", 5)
    assert found and all(re.fullmatch(r"01/0[1-6]/2020", text) for _, text in found)
    start = days(2020, 3, 4) * 86_400_000.0
    found = date_ticks(start, start + 3.6e6 * 9, "%tc", 5)
    assert [t for _, t in found] == ["4 Mar 2020 00:00", "02:00", "04:00", "06:00", "08:00"]
    night = date_ticks(start - 3.6e6 * 7, start + 3.6e6 * 7, "%tc", 6)
    assert [t for _, t in night] == ["3 Mar 2020 18:00", "21:00", "4 Mar 2020 00:00", "03:00", "06:00"]
    assert date_words(start + 61_000, "%tc") == "4 Mar 2020 00:01:01"
    quarters = date_ticks(240.0, 246.0, "%tq", 6)
    assert [t for _, t in quarters] == ["2020q1", "2020q2", "2020q3", "2020q4", "2021q1", "2021q2", "2021q3"]


def test_lines_over_codes_and_dates_of_a_fit_have_such_axes(session: Session) -> None:
    ok(session, "generate g = mod(_n, 10)")
    ok(session, "mixed y day || g:")
    for command in ("plot spaghetti day", "plot lines day", "plot trellis day"):
        (plot,) = ok(session, command).plots
        assert plot.panels[0].x.dates == "%td", command


def test_a_step_of_numbers_is_refused_on_an_axis_of_dates_and_its_ends_can_be_set(session: Session) -> None:
    ok(session, "scatter y day")
    number = len(figures(session.state.document))
    refused = session.run(f"figure {number}, xstep(100)")
    assert not refused.ok and "calendar" in refused.error[1]
    ok(session, f"figure {number}, xrange({days(2020, 1, 1)} {days(2020, 12, 31)})")
    texts = [t for _, t in on_paper(figures(session.state.document)[-1].dressed)]
    assert "Jan 2020" in texts and all(t.endswith("2020") for t in texts), "within the ends that were asked for"

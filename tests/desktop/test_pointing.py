"""What is pointed at in a figure: the mark that is nearest, in words, by the mouse and by keys, quick in large ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from test_plots import on_screen, painted
from waiting import settled

from terrace.results.plot import Axis, Marks, Plot, PlotPanel
from terrace_desktop.plots import thin
from terrace_desktop.plots.near import REACH, Found, LayerIndex, PanelIndex
from terrace_desktop.plots.view import PlotView

NAN = np.nan


def lines(rows: bool = True) -> Marks:
    """Three groups of four, five and two places, one under the other."""
    x = np.array([0.0, 1, 2, 3, NAN, 0, 1, 2, 3, 4, NAN, 1, 2])
    y = np.array([3.0, 3, 3, 3, NAN, 2, 2, 2, 2, 2, NAN, 1, 1])
    names = ("id 7",) * 4 + ("",) + ("id 8",) * 5 + ("",) + ("id 9",) * 2
    own = np.where(np.isnan(x), -1, np.arange(len(x)))
    return Marks("line", x, y, label="Groups", rows=own if rows else None, labels=names, layer="groups")


def spaghetti() -> Plot:
    m = lines()
    assert m.rows is not None
    seen = m.rows >= 0
    raw = Marks("points", m.x[seen], m.y[seen] + 0.3, rows=m.rows[seen], layer="raw")
    mean = Marks("line", np.array([0.0, 4.0]), np.array([2.5, 1.5]), label="Average", role="fit")
    return Plot("Lines", (PlotPanel(Axis("Week"), Axis("Score, points"), (raw, m, mean)),), "spaghetti", legend=True)


# --- the index ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["points", "line", "interval", "bars"])
@pytest.mark.parametrize("horizontal", [False, True])
def test_the_index_finds_what_looking_at_every_mark_finds(kind: str, horizontal: bool) -> None:
    rng = np.random.default_rng(3)
    n, px, py = 300, 0.02, 0.05
    x = np.arange(n) / 20.0 if kind == "bars" else rng.uniform(0, 15, n)
    y = rng.normal(0, 2, n)
    if kind == "line":
        x[::17] = NAN
    extra = {"lower": y - 0.5, "upper": y + 0.5} if kind == "interval" else {}
    marks = Marks(kind, x, y, label="L", width=0.05, horizontal=horizontal, **extra)  # type: ignore[arg-type]
    index = LayerIndex(marks)
    hits = 0
    for at_x, at_y in zip(rng.uniform(-1, 16, 400), rng.normal(0, 2.5, 400)):
        place = (at_y, at_x, py, px) if horizontal else (at_x, at_y, px, py)
        expected = brute(marks, at_x, at_y, px, py)
        found = index.nearest(*place)
        assert (found is None) == (expected is None), (kind, at_x, at_y)
        if found is not None and expected is not None:
            hits += 1
            assert found[1] == pytest.approx(expected, abs=1e-9)
    assert hits > 20


def brute(m: Marks, x: float, y: float, px: float, py: float) -> float | None:
    """The distance in px of the nearest mark, by looking at each; None beyond reach."""
    out = []
    for k in range(len(m.x)):
        if np.isnan(m.x[k]):
            continue
        if m.kind == "bars":
            low, high = sorted((0.0, m.y[k]))
            out.append(0.0 if abs(m.x[k] - x) <= m.width / 2 and low <= y <= high else np.inf)
        elif m.kind == "interval":
            assert m.lower is not None and m.upper is not None
            out.append(abs(m.x[k] - x) / px if m.lower[k] <= y <= m.upper[k] else np.inf)
        elif m.kind == "points":
            out.append(float(np.hypot((m.x[k] - x) / px, (m.y[k] - y) / py)))
        else:
            out.append(float(np.hypot((m.x[k] - x) / px, (m.y[k] - y) / py)))
            if k + 1 < len(m.x) and not np.isnan(m.x[k + 1]):
                a = np.array([(m.x[k] - x) / px, (m.y[k] - y) / py])
                b = np.array([(m.x[k + 1] - x) / px, (m.y[k + 1] - y) / py])
                part = np.clip(-(a @ (b - a)) / ((b - a) @ (b - a)), 0, 1)
                out.append(float(np.hypot(*(a + part * (b - a)))))
    best = min(out)
    return best if best <= REACH else None


def test_pieces_of_lines_end_at_breaks_and_where_another_group_begins() -> None:
    joined = replace(lines(), x=np.arange(13.0), y=np.ones(13), labels=("a",) * 6 + ("b",) * 7)
    assert LayerIndex(lines()).pieces().tolist() == [0, 5, 11]
    assert LayerIndex(joined).pieces().tolist() == [0, 6] and LayerIndex(joined).piece(7) == slice(6, 13)
    index = PanelIndex(spaghetti().panels[0])
    assert index.line_of(Found(0, 5, 0.0)) == (1, slice(5, 10)), "a point belongs to the line through its row"
    assert index.line_of(Found(2, 0, 0.0)) == (2, slice(0, 2))


def test_thinned_lines_keep_their_breaks() -> None:
    groups, each = 400, 60
    x = np.tile(np.r_[np.arange(each - 1.0), NAN], groups)
    y = np.repeat(np.arange(float(groups)), each)
    y[np.isnan(x)] = NAN
    kept = thin.thin_marks(Marks("line", x, y, label="G"), 5_000)
    assert len(kept.x) < len(x) / 3
    ok = np.isfinite(kept.x)
    joined = ok[1:] & ok[:-1]
    assert (kept.y[1:] == kept.y[:-1])[joined].all(), "no part of a line joins two groups"
    assert len(np.unique(kept.y[ok])) == groups


# --- in words -----------------------------------------------------------------------------------------------
def test_a_line_is_named_by_its_group_between_its_places_too_and_shown_whole() -> None:
    view = PlotView(spaghetti())
    painted(view)
    words = view.hover_text(on_screen(view, 2.5, 2.0))
    assert words.split("\n")[0] == "id 8" and "Week: " in words and "Score, points: 2" in words
    assert words.split("\n")[-1] == "Groups"
    QTest.mouseMove(view.viewport(), on_screen(view, 2.5, 2.0).toPoint())
    line = view.pointer.line()
    assert line is not None
    np.testing.assert_array_equal(line, [[0, 1, 2, 3, 4], [2.0] * 5])
    pointed = view.grab().toImage()
    QTest.mouseMove(view.viewport(), on_screen(view, 0.5, 0.9).toPoint())
    assert view.pointer.found is None
    bare = view.grab().toImage()
    along = [on_screen(view, x, 2.0).toPoint() for x in (0.4, 1.5, 3.4)]
    assert all(pointed.pixelColor(p) != bare.pixelColor(p) or pointed.pixelColor(p + QPoint(0, 1)) != bare.pixelColor(
        p + QPoint(0, 1)) for p in along), "the whole line is thicker"
    before = bare.pixelColor(3, 3)
    view.boxes[0].setRange(xRange=(1, 2), padding=0)
    settled()
    assert view._still is None, "a figure that moved is drawn anew"
    assert view.grab().toImage() != bare and view.grab().toImage().pixelColor(3, 3) == before
    view.close()


def test_a_point_tells_its_row_its_group_and_the_layer() -> None:
    view = PlotView(spaghetti())
    painted(view)
    assert view.hover_text(on_screen(view, 1.0, 3.3)).split("\n") == [
        "Row 2", "id 7", "Week: 1", "Score, points: 3.3", "Raw data"]  # fmt: skip
    view.close()


def test_panels_and_categories_are_told_by_name() -> None:
    ticks = ((0.0, "Control"), (1.0, "Treated"))
    bars = Marks("bars", np.array([0.0, 1.0]), np.array([2.0, 3.0]), width=0.8, label="Mean")
    panel = PlotPanel(Axis("Arm", ticks=ticks), Axis("y"), (bars,), "Boys")
    view = PlotView(Plot("T", (panel, replace(panel, title="Girls")), columns=2, shared="xy"))
    painted(view)
    assert view.hover_text(on_screen(view, 1.0, 1.0)).split("\n") == ["Boys", "Mean", "Arm: Treated", "y: 3"]
    view.close()


# --- by keys ------------------------------------------------------------------------------------------------
def press(view: PlotView, *keys: Qt.Key) -> str:
    told: list[str] = []
    view.pointed.connect(told.append)
    for key in keys:
        QTest.keyClick(view, key)
    view.pointed.disconnect(told.append)
    return told[-1] if told else ""


def test_keys_walk_along_a_line_and_from_group_to_group() -> None:
    key = Qt.Key
    view = PlotView(Plot("L", (PlotPanel(Axis("x"), Axis("y"), (lines(),)),) * 2, columns=2))
    painted(view)
    assert "id 7" in press(view, key.Key_Right)
    assert press(view, key.Key_Right, key.Key_Right).split("\n")[:2] == ["id 7", "x: 2"]
    assert press(view, key.Key_Down).split("\n")[:2] == ["id 8", "x: 2"], "at the same place across"
    assert press(view, key.Key_End).split("\n")[1] == "x: 4"
    assert press(view, key.Key_Right).split("\n")[1] == "x: 4", "the end of the line is not left"
    assert press(view, key.Key_Home, key.Key_Up).split("\n")[:2] == ["id 7", "x: 0"]
    press(view, key.Key_PageDown)
    assert view.pointer.panel == 1
    press(view, key.Key_PageUp)
    assert view.pointer.panel == 0
    before = view.boxes[0].viewRange()
    QTest.keyClick(view, key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    now = view.boxes[0].viewRange()
    assert np.ptp(now[0]) == pytest.approx(0.8 * np.ptp(before[0])) and now[1] == pytest.approx(before[1])
    closed: list[int] = []
    view.close_asked.connect(lambda: closed.append(1))
    QTest.keyClick(view, key.Key_Escape)
    assert view.pointer.found is None and not closed
    QTest.keyClick(view, key.Key_Escape)
    assert closed == [1]
    view.close()


def test_what_keys_go_to_is_read_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from terrace_desktop.plots import view as module

    said: list[str] = []
    monkeypatch.setattr(module, "announce", lambda _widget, text: said.append(text))
    view = PlotView(spaghetti())
    painted(view)
    press(view, Qt.Key.Key_Right)
    assert said == ["Row 1, id 7, Week: 0, Score, points: 3.3, Raw data"]
    view.close()


def test_space_selects_the_rows_behind_a_group() -> None:
    rows = (np.array([4, 5]), np.array([0, 9]))
    m = Marks("interval", np.array([1.0, 2.0]), np.zeros(2), -np.ones(2), np.ones(2), labels=("a: 0", "b: 0"),
              group_rows=rows)  # fmt: skip
    view = PlotView(Plot("C", (PlotPanel(Axis("g"), Axis("u"), (m,)),), "caterpillar"))
    painted(view)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert view.chosen().tolist() == [4, 5]
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert view.chosen().tolist() == [0, 4, 5, 9]
    view.close()


# --- large figures ------------------------------------------------------------------------------------------
def test_of_many_marks_a_move_of_the_mouse_looks_at_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long that takes is in tests/benchmarks/figures.py."""
    looked: list[int] = []
    distances = LayerIndex._distances

    def counted(self: LayerIndex, near: np.ndarray, *at: float) -> np.ndarray:
        looked.append(len(near))
        return distances(self, near, *at)

    monkeypatch.setattr(LayerIndex, "_distances", counted)
    rng = np.random.default_rng(5)
    n = 100_000
    index = LayerIndex(Marks("points", rng.uniform(0, 1000, n), rng.normal(size=n)))
    for at in np.linspace(0, 1000, 50):
        assert index.nearest(at, 0.0, 1.0, 0.01) is not None
    assert len(looked) == 50 and max(looked) < n / 20


def test_a_tooltip_stands_at_the_mark() -> None:
    view = PlotView(spaghetti())
    painted(view)
    QTest.keyClick(view, Qt.Key.Key_Right)
    place = view.pointer.place()
    assert place is not None and QPointF(view.mapFromScene(place)) == on_screen(view, 0.0, 3.3)
    view.close()

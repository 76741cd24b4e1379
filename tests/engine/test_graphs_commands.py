"""Graphs in a session: names, files, pages, and what is left behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from test_graphs_twoway import code, frame, session_on
from test_session_running import ok

from terrace.cli import main
from terrace.session.session import Session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.chdir(tmp_path)
    return session_on(frame())


def size(path: str | Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.size


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("twoway (scatter y x) (lfit y x)", "twoway"),
        ("tw sc y x", "twoway"),
        ("graph twoway line y x", "twoway"),
        ("gr tw (con y x)", "twoway"),
        ("scatter y x || qfit y x", "scatter"),
        ("line y x", "line"),
        ("hist y", "histogram"),
        ("gr box y", "graph box"),
    ],
)
def test_every_spelling_draws_one_graph(session: Session, command: str, kind: str) -> None:
    before = session.data
    outcome = ok(session, command)
    assert outcome.type == kind and len(outcome.plots) == 1 and outcome.changed == {"document"}
    assert outcome.text.startswith("Graph drawn: ") and "\n" not in outcome.text and session.data is before
    assert session.state.graphs == {"Graph": outcome.plots}
    assert json.dumps(outcome.payload)


def test_names(session: Session) -> None:
    ok(session, "scatter y x, name(first)")
    ok(session, "line y x")
    ok(session, "histogram y")
    assert list(session.state.graphs) == ["first", "Graph"] and session.state.graphs["Graph"][0].kind == "histogram"
    assert code(session, "line y x, name(first)") == "name-taken"
    ok(session, "line y x, name(first, replace) nodraw")
    assert list(session.state.graphs) == ["Graph", "first"] and not session.history[-1].plots
    rows = ok(session, "graph dir").tables[0].plain()["rows"]
    assert [r[:3] for r in rows] == [["Graph", "histogram", 1], ["first", "twoway", 1]]
    shown = ok(session, "graph display Graph")
    assert shown.plots == session.state.graphs["Graph"] and list(session.state.graphs)[-1] == "Graph"
    assert code(session, "graph display nope") == "no-such-graph" == code(session, "graph drop first nope")
    assert "first" in session.state.graphs  # a command that fails changes nothing
    ok(session, "graph drop first")
    assert list(session.state.graphs) == ["Graph"]
    ok(session, "graph drop _all")
    assert code(session, "graph export a.png") == "no-graph" and "No graphs" in ok(session, "graph dir").text


def test_export_writes_what_the_extension_says(session: Session) -> None:
    ok(session, "twoway (scatter y x) (lfitci y x), title(A title) name(A)")
    ok(session, "line y x")
    ok(session, "graph export a.png, name(A)")
    assert size("a.png") == (1680, 1170)
    ok(session, "graph export a.svg, name(A)")
    text = Path("a.svg").read_text(encoding="utf-8")
    assert ">A title</text>" in text and ">Score<" in text and ">Fitted values<" in text
    ok(session, "graph export a.pdf, name(A)")
    assert Path("a.pdf").read_bytes().startswith(b"%PDF")
    ok(session, "graph export last.svg")
    assert ">A title</text>" not in Path("last.svg").read_text(encoding="utf-8")
    assert code(session, "graph export a.png") == "file-exists"
    ok(session, "graph export a.png, replace width(900) height(600)")
    assert size("a.png") == (900, 600)
    ok(session, 'graph export "with blank", as(png)')
    assert size("with blank.png")[0] == 1680
    ok(session, "scatter y x, xsize(4) ysize(2)")
    ok(session, "graph export small.png")
    assert size("small.png") == (1200, 600)
    for command, why in (
        ("q.gif", "unknown-format"),
        ("q", "unknown-format"),
        ("no/q.png", "no-such-folder"),
        ("", "no-file"),
    ):
        assert code(session, f"graph export {command}") == why


def test_automatic_titles_stay_off_the_paper(session: Session) -> None:
    ok(session, "scatter y x")
    ok(session, "graph export a.svg")
    assert ">y against x</text>" not in Path("a.svg").read_text(encoding="utf-8")


def test_saving_writes_at_once(session: Session) -> None:
    assert "Written to s.png" in ok(session, "scatter y x, saving(s)").text and Path("s.png").exists()
    state = session.state
    assert code(session, "scatter y x, saving(s)") == "file-exists" and session.state is state
    ok(session, 'scatter y x, saving("s.svg", replace)')
    assert Path("s.svg").exists()


def test_pages_become_files_or_pages(session: Session) -> None:
    session = session_on(frame(24, 3))
    assert len(ok(session, "scatter y x, by(id, cols(4) rows(2))").plots) == 3
    ok(session, "graph export p.pdf")
    assert len(re.findall(rb"/Type /Page\b", Path("p.pdf").read_bytes())) == 3
    Path("p-3.svg").write_text("mine", encoding="utf-8")
    assert code(session, "graph export p.svg") == "file-exists" and not Path("p.svg").exists()
    assert "3 files" in ok(session, "graph export p.svg, replace").text
    found = [Path(n).read_text(encoding="utf-8") for n in ("p.svg", "p-2.svg", "p-3.svg")]
    titles = [re.findall(r">(id = \d+)<", text) for text in found]
    assert [t for page in titles for t in page] == [f"id = {k}" for k in range(1, 25)]


def test_plots_of_a_fit_can_be_exported_too(session: Session) -> None:
    ok(session, "mixed y x || id:")
    ok(session, "scatter y x")
    ok(session, "plot qq")
    ok(session, "graph export q.svg")
    assert "Normal QQ plot" in Path("q.svg").read_text(encoding="utf-8")
    ok(session, "scatter y x")
    ok(session, "graph export q.svg, replace")
    assert "Normal QQ plot" not in Path("q.svg").read_text(encoding="utf-8")


def test_margins_are_plotted_with_the_options_of_every_graph(session: Session) -> None:
    assert code(session, "marginsplot") == "no-margins"
    ok(session, "mixed y c.x##i.sex || id:")
    ok(session, "margins sex, at(x=(0 4 8))")
    (plain,) = ok(session, "marginsplot").plots
    assert plain.panels[0].x.ticks == ((0.0, "0"), (4.0, "4"), (8.0, "8"))
    labels = list(dict.fromkeys(m.label for m in plain.panels[0].marks if m.label))
    assert len(labels) == 2 and plain.legend
    ok(session, 'label variable x "Hours a week"')
    assert ok(session, "marginsplot").plots[0].panels[0].x.title == "Hours a week"
    (plot,) = ok(
        session, 'marginsplot, noci title(T) ytitle(Y) yline(1) legend(order(2 "second")) xlabel(0(2)8) name(m)'
    ).plots
    assert plot.title == "T" and plot.panels[0].y.title == "Y" and plot.legend_order == ("second",)
    kinds = [m.kind for m in plot.panels[0].marks]
    assert kinds == ["line", "line", "hline"] and [m.label for m in plot.panels[0].marks] == ["", "second", ""]
    assert [t for _, t in plot.panels[0].x.ticks or ()] == ["0", "2", "4", "6", "8"]
    ok(session, "graph export m.png, name(m)")
    assert code(session, "marginsplot, by(id)") == "no-such-dimension"
    assert code(session, "marginsplot, x(y)") == "no-such-dimension"


def test_quietly_says_nothing_and_draws_all_the_same(session: Session) -> None:
    outcome = ok(session, "quietly scatter y x")
    assert outcome.quiet and not outcome.text and "Graph" in session.state.graphs


def test_a_do_file_draws_and_exports(session: Session, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ok(session, "save d.dta")
    Path("g.do").write_text(
        "use d, clear\nsort id x\ntwoway (scatter y x) ///\n"
        "  (line y x, connect(ascending) lwidth(thick)), xtitle(Time)\n"
        "graph export g.svg, replace\nhistogram y, by(sex)\n",
        encoding="utf-8",
    )
    assert main(["run", "g.do", "--json", "g.json"]) == 0
    printed = capsys.readouterr()
    assert "Graph drawn: scatter y x (63 points), line y x (63 points, 7 lines)." in printed.out and not printed.err
    assert ">Time<" in Path("g.svg").read_text(encoding="utf-8")
    told = json.loads(Path("g.json").read_text(encoding="utf-8"))
    assert told[2]["graph"] == {"name": "Graph", "kind": "twoway", "pages": 1, "panels": 1}
    ok(session, "do g")
    assert session.state.graphs["Graph"][0].kind == "histogram" and len(session.history[-1].plots) == 2


def test_drawing_needs_no_library_of_pictures() -> None:
    import subprocess
    import sys

    script = (
        "import sys\nfrom terrace.session.session import Session\ns = Session()\n"
        "assert s.run('sample hsb').ok\n"
        "for c in ('scatter mathach ses, by(sector)', 'histogram ses', 'graph box ses, over(sector)'):\n"
        "    o = s.run(c)\n    assert o.ok and o.plots, o.error\n"
        "assert not any(m.split('.')[0] in ('matplotlib', 'PySide6') for m in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_bytes_of_a_page_are_the_same_every_time(session: Session) -> None:
    from terrace.report.figure.figure import render

    (plot,) = ok(session, "twoway (scatter y x, jitter(4)) (lfitci y x), by(id)").plots
    (again,) = ok(session, "twoway (scatter y x, jitter(4)) (lfitci y x), by(id)").plots
    assert render(plot, "svg") == render(again, "svg")

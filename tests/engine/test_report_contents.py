"""What the parts of a report say, held against the fits and the data that they are about."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from terrace.postestimation.paper.analysis import analysis_paragraph, data_citation
from terrace.postestimation.paper.descriptives import descriptives_table
from terrace.report.cells import shown
from terrace.report.contents import Contents, EquationBlock, FigureBlock, Heading, Paragraph, TableBlock
from terrace.report.figure.figure import usual_size
from terrace.report.models_beside import beside_table
from terrace.report.notes import plain
from terrace.session.document.report_plan import BESIDE
from terrace.session.report_contents import report_contents
from terrace.session.session import Session
from terrace.version import __version__


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(15)
    group = np.repeat(np.arange(24), rng.integers(4, 9, 24))
    n = len(group)
    x = rng.normal(size=n)
    x[[3, 17, 30]] = np.nan
    effects = rng.normal(size=(24, 2)) * [1.0, 0.7]
    y = 2 + 0.5 * np.nan_to_num(x) + effects[group, 0] + effects[group, 1] * np.nan_to_num(x) + rng.normal(size=n)
    return pd.DataFrame({"school": group, "x": x, "y": y, "kind": np.where(group % 3 == 0, "b", "a")})


@pytest.fixture(scope="module")
def session(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = tmp_path_factory.mktemp("data") / "pupils.csv"
    frame.to_csv(path, index=False)
    s = Session()
    for text in (
        f'import delimited "{path}"', 'label variable x "Effort"', "mixed y || school: if !missing(x)",
        "mixed y x || school:", "mixed y x i.kind || school: x, cov(un) reml dfmethod(sat)", "estat icc",
    ):  # fmt: skip
        outcome = s.run(text)
        assert outcome.ok, (text, outcome.error)
    return s


def contents(session: Session, *commands: str) -> Contents:
    child = session.fork(session.state)
    for text in commands:
        outcome = child.run(text)
        assert outcome.ok, (text, outcome.error)
    return report_contents(child)


def of(found: Contents, part: str) -> list[object]:
    return [p.block for p in found.blocks if p.part == part]


# --- the paragraph on the analysis -----------------------------------------------------------------------------
def test_the_paragraph_says_what_was_done_with_the_numbers_of_the_fit(session: Session, frame: pd.DataFrame) -> None:
    (block,) = of(contents(session), "analysis")
    assert isinstance(block, Paragraph)
    assert "by *t* tests" in block.text
    text = plain(block.text)
    complete = frame.dropna()
    sizes = complete.groupby("school").size()
    fit = session.state.fit
    assert fit is not None and fit.scalars["N"] == len(complete)
    for words in (
        "Three linear mixed models of y were fitted.",
        "Model 3 had fixed effects of Effort and kind, and random intercepts and random slopes of Effort for school "
        "(unstructured covariance).",
        "Parameters were estimated by maximum likelihood (Model 1 and Model 2) and restricted maximum likelihood "
        "(Model 3); coefficients of Model 3 were tested by t tests with Satterthwaite degrees of freedom.",
        "The analysis used ",  # all models used the same rows
        f"{len(complete)} observations in 24 groups of school, with {sizes.min()} to {sizes.max()} observations "
        f"(on average {sizes.mean():.1f})",
        f"3 rows of {len(frame)} were left out for missing values of Effort",
        f"Terrace (Version {__version__})",
        "the file pupils.csv.",
    ):
        assert words in text, (words, text)


@pytest.mark.parametrize(
    ("command", "words", "absent"),
    [
        ("mixed y x", ("A linear model of y was fitted", "It had fixed effects of x."), "random intercepts"),
        ("mixed y x || school:, vce(cluster school)", ("Wald z tests", "robust to dependence within school"), "REML"),
        ("mixed y x if kind == \"a\" || school:", ('restricted to rows with kind == "a"',), "linear model of"),
        ("mixed y || school:", ("no fixed effects but the intercept", "No row was left out"), "fixed effects of"),
    ],
)
def test_it_knows_other_models(session: Session, command: str, words: tuple[str, ...], absent: str) -> None:
    child = session.fork(session.state)
    outcome = child.run(command)
    assert outcome.ok and outcome.fit is not None
    text = analysis_paragraph([("Model 1", outcome.fit)], child.state.dataset)
    assert all(w in text for w in words) and absent not in text, text


def test_the_last_model_is_told_without_being_described_twice(session: Session) -> None:
    model = max(m.id for m in session.state.document.models())
    (told,) = of(contents(session), f"paragraph{model}")
    (alone,) = of(contents(session, "report part hide analysis"), f"paragraph{model}")
    assert isinstance(told, Paragraph) and told.text.startswith("In Model 3, the estimated coefficients were")
    assert isinstance(alone, Paragraph) and alone.text.startswith("A linear mixed model of y was fitted to")
    fit = session.state.fit
    assert fit is not None
    x = next(e for e in fit.fixed if e.term == "x")
    assert f"*b* = {x.coef:.2f}, *SE* = {x.se:.2f}" in told.text


def test_data_are_cited_by_file_and_hash_and_samples_by_their_source(session: Session) -> None:
    import hashlib

    data = session.state.dataset
    assert data is not None
    assert hashlib.sha256(Path(data.source).read_bytes()).hexdigest() in data_citation(data)
    sample = Session()
    sample.run("sample sleepstudy")
    assert sample.state.dataset is not None
    assert "[Data set]" in data_citation(sample.state.dataset) and "Belenky" in data_citation(sample.state.dataset)


# --- tables ----------------------------------------------------------------------------------------------------
def test_descriptive_statistics_are_those_of_the_rows_of_the_model(session: Session, frame: pd.DataFrame) -> None:
    fit, data = session.state.fit, session.state.dataset
    assert fit is not None and data is not None
    table = descriptives_table([fit], data)
    assert table is not None
    rows, complete = {r.label: r for r in table.rows}, frame.dropna()
    for label, name in (("y", "y"), ("Effort", "x")):
        wanted = complete[name].agg(["count", "mean", "std", "min", "max"])
        found = [table.cell(rows[label], key) for key in ("n", "mean", "sd", "min", "max")]
        assert found == pytest.approx(list(wanted), rel=1e-12)
    share = (complete["kind"] == "b").mean()
    assert table.cell(rows["b"], "percent") == pytest.approx(share) and rows["kind"].kind == "group"


def test_models_beside_each_other_have_the_estimates_of_the_fits(session: Session) -> None:
    fits = [m.fit for m in session.state.document.models() if m.fit is not None]
    names = ["Model 1", "Model 2", "Model 3"]
    table = beside_table(fits, names, decimals=3)
    lines = {line.code: [c.text for c in line.cells] for line in shown(table).lines}
    for term in ("_cons", "x"):
        for k, fit in enumerate(fits):
            e = next((e for e in fit.fixed if e.term == term), None)
            assert lines[term][k] == ("" if e is None else f"{e.coef:.3f} ({e.se:.3f})".replace("-", "−"))
    assert not any(line.startswith("se(") for line in lines), "a standard error stands behind its coefficient"
    lr = 2 * (fits[1].ll - fits[0].ll)
    assert lines["chi2"] == ["", f"{lr:.2f} (1)", ""], "ML and REML are not compared"
    p = stats.chi2.sf(lr, 1)
    assert lines["p"][1] == (f"{p:.3f}"[1:] if p >= 0.001 else "< .001")
    assert "LR χ² compares each model with the one before." in " ".join(table.notes)


@pytest.mark.parametrize("left_out", BESIDE)
def test_a_table_of_models_leaves_out_what_is_not_asked_for_and_nothing_else(session: Session, left_out: str) -> None:
    fits = [m.fit for m in session.state.document.models() if m.fit is not None][:2]
    names = ["Model 1", "Model 2"]
    whole, less = beside_table(fits, names), beside_table(fits, names, without=(left_out,))
    expected = {
        "se": set(), "random": {"school:var(_cons)", "var(Residual)"}, "criteria": {"ll", "aic", "bic"},
        "tests": {"chi2", "p"},
    }[left_out]  # fmt: skip
    codes = [{r.code for r in t.rows if r.code} for t in (whole, less)]
    assert codes[0] - codes[1] == expected and codes[1] <= codes[0]
    heads = [r.label for r in less.rows if r.kind == "group"]
    assert ("Residual" in heads) == (left_out != "random")
    words = " ".join(less.notes)
    assert ("Standard errors in parentheses." in words) == (left_out != "se")
    assert ("LR χ²" in words) == (left_out != "tests")
    cells = [c.text for line in shown(less).lines if line.code == "x" for c in line.cells]
    assert any("(" in text for text in cells) == (left_out != "se")


def test_models_stand_in_the_order_that_was_chosen(session: Session) -> None:
    found = contents(session, "report part choose models m3 m1, show(criteria)")
    (table,) = [b.table for b in of(found, "models") if isinstance(b, TableBlock)]
    assert [c.title for c in table.columns] == ["Model 3", "Model 1"]
    assert {r.code for r in table.rows} >= {"aic", "_cons"} and "var(Residual)" not in {r.code for r in table.rows}


def test_many_models_have_standard_errors_below(session: Session) -> None:
    fit = session.state.fit
    assert fit is not None
    table = beside_table([fit] * 6, [f"M{k}" for k in range(6)])
    at = next(k for k, r in enumerate(table.rows) if r.code == "x")
    se = next(e.se for e in fit.fixed if e.term == "x")
    assert table.rows[at + 1].format == "bracketed" and table.rows[at + 1].values == (se,) * 6


def test_decimals_metric_and_captions_are_those_of_the_plan(session: Session) -> None:
    found = contents(session, "report decimals 4, p(2)", "report metric sd", 'report part edit models "Models of y"')
    (block,) = of(found, "models")
    assert isinstance(block, TableBlock) and block.table.title == "Models of y"
    labels = [r.label for r in block.table.rows]
    assert "SD(intercept)" in labels and "Var(intercept)" not in labels
    cells = [c.text for line in shown(block.table).lines if line.code == "x" for c in line.cells if c.text]
    assert cells and all(re.fullmatch(r"−?\d+\.\d{4} \(\d+\.\d{4}\)", c) for c in cells)


def test_numbers_run_through_what_is_shown_and_are_told_by_part(session: Session) -> None:
    found = contents(session)
    tables = [p.block.number for p in found.blocks if isinstance(p.block, TableBlock)]
    assert tables == list(range(1, len(tables) + 1)) and len(tables) == 3
    assert found.numbers()["models"] == "Table 2" and found.numbers()["diagnostics4"] == "Figures 1 to 3"
    less = contents(session, "report part hide descriptives")
    assert less.numbers()["models"] == "Table 1" and "descriptives" not in less.numbers()


def test_figures_that_the_report_makes_have_the_style_of_all(session: Session) -> None:
    def made(*commands: str) -> list[FigureBlock]:
        return [b for b in of(contents(session, *commands), "diagnostics4") if isinstance(b, FigureBlock)]

    styled, again = made("figure style nature"), made("figure style nature")
    assert [usual_size(b.plot)[0] * 2.54 for b in styled] == [pytest.approx(8.9, abs=0.01)] * 3
    assert all(usual_size(b.plot)[0] * 2.54 > 10 for b in made())
    assert all(a.plot is b.plot for a, b in zip(styled, again)), "what was drawn is not drawn again"


def test_results_below_one_of_several_models_name_it(session: Session) -> None:
    (block,) = of(contents(session), "item5")
    assert isinstance(block, TableBlock) and block.table.notes[0] == "Model 3."


def test_equations_and_figures_and_headings_have_blocks_of_their_own(session: Session) -> None:
    found = contents(session, "report part show equations4 item4")
    kinds = {type(p.block) for p in found.blocks}
    assert {EquationBlock, FigureBlock, Heading, Paragraph, TableBlock} <= kinds
    heading = of(found, "item4")[0]
    assert isinstance(heading, Heading) and heading.level == 2 and heading.text.startswith("Model 3")


def test_a_section_without_anything_in_it_has_no_heading_but_one_of_the_users_has(session: Session) -> None:
    def headings(*commands: str) -> list[str]:
        return [p.block.text for p in contents(session, *commands).blocks if isinstance(p.block, Heading)]

    assert "Method" in headings() and "Method" not in headings("report part hide analysis")
    assert "Empty" in headings('report part add heading "Empty", after(analysis)', "report part hide analysis")
    assert "Appendix" not in headings("report part hide diagnostics4 citation commands")
    nothing = ("report part hide diagnostics4 citation", "report last none")
    assert "Appendix" not in headings(*nothing) and of(contents(session, *nothing), "commands") == []


def test_labels_that_variables_got_after_the_fit_are_those_of_the_whole_report(session: Session) -> None:
    contents(session)  # what is remembered has the labels of its day
    (block,) = of(contents(session, 'label variable x "Zeal"', 'label variable y "Marks"'), "descriptives")
    assert isinstance(block, TableBlock)
    assert [r.label for r in block.table.rows][:2] == ["Marks", "Zeal"]



def test_models_whose_data_have_changed_say_so(session: Session) -> None:
    def advice(found: Contents) -> list[str]:
        return [p.block.text for p in found.blocks if isinstance(p.block, Paragraph) and p.block.kind == "advice"]

    assert not any("out of date" in text for text in advice(contents(session)))
    told = [t for t in advice(contents(session, "replace y = 0 in 1/2")) if "out of date" in t]
    assert "Model 1 is out of date: 2 values of y changed. Fit it again." in told and len(told) == 4, told


# --- the title page and the last page --------------------------------------------------------------------------
def test_the_title_and_the_running_head(session: Session) -> None:
    long = "On the effort of pupils and what comes of it in the schools of a large city"
    found = contents(session, f'outline title "{long}"', 'report author "A"')
    assert found.title == long and found.cover and found.style == "apa"
    assert found.head == found.head.upper() and len(found.head) <= 50 and long.upper().startswith(found.head)
    plain = contents(session, 'report title "T"', "outline look, style(ama)", "report language en-gb")
    assert (plain.title, plain.head, plain.cover, plain.style, plain.language) == ("T", "T", False, "ama", "en-GB")
    assert contents(session, 'report title "T"', 'report head "H"', "report style plain").head == "H"


def test_the_last_page_has_commands_versions_and_hashes(session: Session) -> None:
    data = session.state.dataset
    assert data is not None
    child = session.fork(session.state)
    text = "\n".join(b.text for b in of(contents(session), "commands") if isinstance(b, Paragraph))
    assert f"Terrace {__version__}" in text and f"numpy {np.__version__}" in text and data.sha256 in text
    assert of(contents(child, "report last none"), "commands") == []


def test_commands_that_only_show_are_left_out_unless_steps_were_undone() -> None:
    from terrace.session.report_last_page import commands_to_run

    s = Session()
    for text in ("sample sleepstudy", 'report title "T"', "nonsense", "mixed reaction days || subject:",
                 "margins, at(days=(0(3)9)) plot", "figure 1, grey"):
        s.run(text)
    assert commands_to_run(s.history) == (
        "sample sleepstudy", "mixed reaction days || subject:", "margins, at(days=(0(3)9)) plot"
    )  # fmt: skip
    s.run("undo")
    ran = ("sample sleepstudy", 'report title "T"', "mixed reaction days || subject:",
           "margins, at(days=(0(3)9)) plot", "figure 1, grey", "undo")  # fmt: skip
    assert commands_to_run(s.history) == ran


def test_an_empty_session_has_a_report_of_nothing() -> None:
    found = report_contents(Session())
    assert found.blocks == () and found.title == ""


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ('use "/home/a b/trial.csv"', 'use "trial.csv"'),
        ("use /home/a/trial.csv, clear", "use trial.csv, clear"),
        ('import delimited "C:\\Users\\Jana\\d.csv", clear', 'import delimited "d.csv", clear'),
        ('merge 1:1 id using "~/data/o.dta"', 'merge 1:1 id using "o.dta"'),
        ("generate z = x /y/1.5", "generate z = x /y/1.5"),
        ('replace s = "km/h" if t == "/x/"', 'replace s = "km/h" if t == "/x/"'),
    ],
)
def test_commands_to_run_again_name_files_without_the_folders_of_their_writer(command: str, shown: str) -> None:
    from terrace.session.contract import Outcome
    from terrace.session.report_last_page import commands_to_run

    outcome = Outcome(command, command.split(maxsplit=1)[0], "ok", 0.0)
    assert commands_to_run([outcome]) == (shown,)


@pytest.mark.parametrize(("style", "letter", "other"), [("ama", "P", "p"), ("apa", "p", "P")])
def test_probability_values_have_the_letter_of_the_style(session: Session, style: str, letter: str, other: str) -> None:
    found = contents(session, f"report style {style}", "report part show item4")
    tables = [b.block.table for b in found.blocks if isinstance(b.block, TableBlock)]
    heads = [c.title for t in tables for c in t.columns] + [r.label for t in tables for r in t.rows]
    texts = [plain(b.block.text) for b in found.blocks if isinstance(b.block, Paragraph)]
    texts += [note for t in tables for note in t.notes]
    assert other not in heads
    assert any(re.search(rf"\b{letter}\s*[<=]", text) for text in texts)
    assert not any(re.search(rf"\b{other}\s*[<=]", text) for text in texts)

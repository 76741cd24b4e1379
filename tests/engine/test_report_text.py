"""Plain text: alignment, the page of a fit, and every option of display."""

from __future__ import annotations

import re

import fixtures_report as fx
import pytest

from terrace.report.cells import display_width, wrap
from terrace.report.text.text import fit_text, table_text
from terrace.results.table import Column, Row, Table
from terrace.spec.model import Display


def page(fit, **options) -> str:
    return fit_text(fit, Display(**options))


def numbers_in(line: str) -> list[float]:
    return [float(x) for x in re.findall(r"(?<![\w(])-?\.?\d[\d.]*(?:e-?\d+)?", line)]


# --- any table ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", fx.EVERY)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_stay_inside_the_page_with_their_columns_aligned(make, width) -> None:
    for table in make().tables():
        lines = table_text(table, width).split("\n")
        assert max(map(display_width, lines)) <= width
        assert not any(line != line.rstrip() for line in lines)


def test_columns_line_up_on_the_decimal_point() -> None:
    table = Table(
        "T",
        (Column("a", "Estimate"), Column("ci", "95% CI", "interval")),
        (Row("one", (1.5, (-0.25, 12.0))), Row("two", (-120.25, (3.0, 4.5)))),
        notes=("A note.",),
    )
    assert table_text(table, journal=True).split("\n") == [
        "T",
        "---------------------------",
        "     Estimate     95% CI",
        "---------------------------",
        "one      1.50  -0.25  12.00",
        "two   -120.25   3.00   4.50",
        "---------------------------",
        "Note. A note.",
    ]


def test_a_listing_keeps_seven_digits_of_every_number_unless_decimals_are_asked_for() -> None:
    table = Table(
        "",
        (Column("a", "Estimate"), Column("ci", "CI", "interval"), Column("p", "p", "p"), Column("r", "r", decimals=2)),
        (Row("one", (48.546751, (0.01275364, 1234.5678), 0.0001, 0.123)), Row("two", (-3.28968461, None, 0.21, 1.0))),
    )
    assert table_text(table).split("\n")[3:5] == [
        "one   48.54675  .0127536  1234.568  0.000  0.12",
        "two  -3.289685                      0.210  1.00",
    ]


def test_a_row_without_numbers_in_a_further_panel_is_left_out_of_it() -> None:
    columns = tuple(Column(f"c{i}", f"Column {i}") for i in range(12))
    rows = tuple(Row(f"r{i}", tuple(float(j) if j <= i else None for j in range(12))) for i in range(12))
    first, *more = table_text(Table("Triangle", columns, rows), 60).split("(continued)")
    assert "\nr0 " in first and more
    assert all("\nr0" not in panel and "\nr11" in panel for panel in more)


def test_wide_letters_keep_the_columns() -> None:
    table = Table("T", (Column("a", "N", "count"),), (Row("学校", (12,)), Row("cafe\u0301", (3456,))))
    lines = table_text(table).split("\n")
    ends = {display_width(x) for x in lines if x.endswith(("12", "3,456"))}
    assert len(ends) == 1


def test_a_wide_table_goes_on_in_a_second_panel() -> None:
    columns = tuple(Column(f"c{i}", f"Column {i}") for i in range(12))
    table = Table("Wide", columns, (Row("r", tuple(float(i) for i in range(12))),), "Row")
    text = table_text(table, 60)
    assert text.count("(continued)") >= 1
    assert all(text.count(f"Column {i}") == 1 + (i == 1) * 2 for i in range(12))
    assert max(map(len, text.split("\n"))) <= 60


def test_missing_cells_text_cells_and_infinite_bounds() -> None:
    table = Table(
        "T",
        (Column("a", "A"), Column("b", "B", "text"), Column("c", "C", "p")),
        (Row("x", (None, "word", 0.0)), Row("y", (float("inf"), None, 1.0)), Row("z", ("omitted", "", None))),
    )
    text = table_text(table, journal=True)
    assert "word" in text and "inf" in text and "omitted" in text and "< .001" in text and "> .999" in text


@pytest.mark.parametrize("words", [True, False])
def test_wrapping_loses_nothing(words) -> None:
    text = "a long label with averyveryverylongwordthatdoesnotfit and 学校の名前です"
    lines = wrap(text, 12, words)
    assert max(map(display_width, lines)) <= 12
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


# --- the page of a fit --------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", fx.EVERY)
def test_the_page_prints_every_number_to_seven_digits(make) -> None:
    fit = make()
    text = fit_text(fit)
    found = [float(x) for x in re.findall(r"(?<!\S)-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?(?!\S)", text)]
    for value in [e.coef for e in fit.fixed] + [r.estimate for r in fit.random]:
        assert any(x == pytest.approx(value, rel=6e-3 if abs(value) < 1e-4 else 6e-7) for x in found), value
    assert not any(line != line.rstrip() for line in text.split("\n"))


def test_header_of_a_two_level_model() -> None:
    text = page(fx.two_level())
    assert text.startswith("Mixed-effects REML regression ")
    assert re.search(r"Number of obs += +5,389\n", text)
    assert re.search(r"Group variable: school +Number of groups += +120\n", text)
    assert re.search(r"min = +14\n.*avg = +44\.9\n.*max = +67\n", text)
    assert re.search(r"Wald chi2\(1\) += +409\.23\n", text)
    assert re.search(r"Log restricted-likelihood = -23320\.502 +Prob > chi2 += +0\.0000\n", text)
    assert max(map(len, text.split("\n"))) == 78


def test_several_levels_make_a_table_of_groups() -> None:
    text = page(fx.three_level())
    assert re.search(r"region +9 +51 +90\.7 +136\n", text)
    assert re.search(r"state +48 +17 +17\.0 +17\n", text)
    assert "Group variable: " not in text
    assert "Log likelihood = 1447.6784" in text


def test_random_part_under_headings() -> None:
    text = page(fx.three_level())
    lines = text.split("\n")
    at = [i for i, line in enumerate(lines) if line == "region: Identity"]
    assert len(at) == 2
    assert numbers_in(lines[at[0] + 1].replace("var(roads labour)", "")) == [2.38e-5, 1.34e-5, 7.89e-6, 7.18e-5]
    assert "Residual: AR(2)\n    phi1 " in page(fx.autoregressive())
    assert "id: (empty)\nResidual: Unstructured, by sex\n    1: var(e0)" in page(fx.by_group())


def test_lr_lines() -> None:
    assert re.search(r"LR test vs\. linear model: chi2\(3\) = 421\.33 +Prob > chi2 = 0\.0000", page(fx.two_level()))
    one = page(fx.small_df())
    assert re.search(r"chibar2\(01\) = 15\.03 +Prob >= chibar2 = 0\.0001", one)
    assert "conservative" not in one and "conservative" in page(fx.two_level())


def test_small_sample_header_and_columns() -> None:
    text = fit_text(fx.small_df())
    assert "DF method: Kenward-Roger" in text
    assert re.search(r"F\(3, 12\.00\) += +24\.76\n", text) and "Prob > F" in text
    assert "P>|t|" in text and " df " not in text
    pvalue = page(fx.small_df(), dftable="pvalue")
    assert re.search(r"-\.8 +1\.93907 +12\.0 +-0\.41 +0\.68\d\n", pvalue)
    assert "conf." not in pvalue.split("Random-effects")[0]
    ci = page(fx.small_df(), dftable="ci").split("Random-effects")[0]
    assert "P>|t|" not in ci and "[95% conf." in ci and " df " in ci


@pytest.mark.parametrize(
    ("options", "gone", "kept"),
    [
        ({"noheader": True}, "Number of obs", "score "),
        ({"nogroup": True}, "Number of groups", "Number of obs"),
        ({"nofetable": True}, "Coefficient", "var(hours)"),
        ({"noretable": True}, "var(hours)", "Coefficient"),
        ({"nolrtest": True}, "LR test", "var(hours)"),
        ({"noci": True}, "conf.", "P>|z|"),
        ({"nopvalues": True}, "P>|z|", "conf."),
    ],
)
def test_what_can_be_switched_off(options, gone, kept) -> None:
    full, text = page(fx.two_level()), page(fx.two_level(), **options)
    assert gone in full and gone not in text and kept in text


def test_metrics() -> None:
    fit = fx.two_level()
    sd = page(fit, metric="sd")
    assert "sd(hours)" in sd and "corr(hours,_cons)" in sd and "var(" not in sd
    stored = page(fit, metric="estmetric")
    assert "Random-effects parameters" not in stored
    line = next(x for x in stored.split("\n") if "lnsd(hours)" in x)
    r = fit.random_estmetric[0]
    assert r.se is not None
    assert numbers_in(line.split("lnsd(hours)")[1])[:3] == pytest.approx(
        [r.estimate, r.se, r.estimate / r.se], abs=0.005
    )


def test_factor_levels_and_bases() -> None:
    plain = page(fx.by_group())
    assert "program\n  Weights " in plain and "program#day\n  Weights#4 " in plain
    assert "(base)" not in plain
    base = page(fx.by_group(), baselevels=True)
    assert re.search(r"\n  Repetitions +0 +\(base\)\n", base) and base.count("(base)") == 2
    assert page(fx.by_group(), allbaselevels=True).count("(base)") == 3
    coded = page(fx.by_group(), nofvlabel=True)
    assert "Weights" not in coded and re.search(r"\n2\.program +1\.3601", coded) and "  2#4 " in coded


def test_blank_lines_between_factors_unless_vsquish() -> None:
    table = page(fx.by_group()).split("Coefficient")[1].split("Random-effects")[0]
    squeezed = page(fx.by_group(), vsquish=True).split("Coefficient")[1].split("Random-effects")[0]
    assert table.count("\n\n") == squeezed.count("\n\n") + 3


def test_omitted_terms() -> None:
    text = page(fx.boundary())
    assert re.search(r"ses2 +0 +\(omitted\)\n", text) and "(empty)" in text
    assert "ses2 was left out: it is twice ses. Drop it from the model." in text.replace("\n", " ")
    assert "(omitted)" not in page(fx.boundary(), noomitted=True)
    assert "(empty)" not in page(fx.boundary(), noemptycells=True)


def test_boundary_gives_no_standard_error() -> None:
    text = page(fx.boundary())
    assert re.search(r"var\(ses\) \(b\) +1\.70e-09 +\. +\. +\.\n", text)
    assert "(b) on the boundary of the parameter space" in text


def test_formats() -> None:
    text = page(fx.two_level(), cformat="%9.3f", pformat="%6.4f", sformat="%6.1f")
    assert re.search(r"hours +2\.389 +0\.118 +20\.2 +0\.0000 +2\.158 +2\.621\n", text)
    assert re.search(r"var\(hours\) +0\.412 ", text)


def test_legend() -> None:
    text = page(fx.small_df(), coeflegend=True)
    assert re.search(r"2\.drug +-\.8 +_b\[2\.drug\]\n", text)
    assert "P>|t|" not in text and "LR test" not in text


def test_long_labels_wrap_as_asked() -> None:
    plain = page(fx.long_names())
    assert "Service and sales workers, including personal" in plain and "\n  care\n" in plain
    cut = page(fx.long_names(), fvwrap=1, nolstretch=True)
    assert "care" not in cut and ".." in cut
    assert max(map(len, cut.split("\n"))) <= 78
    anywhere = page(fx.long_names(), fvwrapon="width", nolstretch=True)
    assert "includ" not in [x.strip() for x in plain.split("\n")]
    assert anywhere != page(fx.long_names(), nolstretch=True)


def test_robust_standard_errors() -> None:
    text = page(fx.robust())
    assert "Log pseudolikelihood = -1443093.9" in text
    assert "(standard errors adjusted for 148 clusters in id_school)" in text
    assert len(re.findall(r"^ +Robust$", text, re.M)) == 2


def test_level_of_confidence() -> None:
    assert "[90% conf." in page(fx.two_level(), level=90.0)


def test_repr_of_a_fit_is_its_page() -> None:
    fit = fx.two_level()
    assert repr(fit) == fit_text(fit) == str(fit)


@pytest.mark.parametrize("display", ["", "%9.3f"])
def test_an_end_that_lies_at_infinity_is_no_missing_one(display: str) -> None:
    ci = Column("ci", "95% CI", "interval", display=display)
    table = Table("", (ci,), (Row("a", ((0.5, "∞"),)), Row("b", ((0.25, None),))))
    first, second = table_text(table).splitlines()[-3:-1]
    assert first.endswith("∞") and "∞" not in second and second.endswith(".")


def test_the_head_of_the_labels_is_wrapped_as_they_are() -> None:
    stub = "A long name of what stands in the rows below " * 3
    table = Table("", (Column("n", "n", "count"),), (Row("a", (1,)),), stub)
    lines = table_text(table, width=60).splitlines()
    assert max(map(len, lines)) <= 60
    head = " ".join(line for line in lines[1:] if not line.startswith("-"))
    assert "A long name of what" in head

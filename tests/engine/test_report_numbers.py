"""How many digits are shown: shared decimals in journal style, significant digits in listings."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrace.errors import TerraceError
from terrace.report import numbers
from terrace.report.cells import shown
from terrace.results.table import Column, Row, Table

plain_floats = st.floats(min_value=-1e300, max_value=1e300)
sizes = st.floats(min_value=1e-290, max_value=1e290)


def significant(text: str) -> int:
    """Figures of a printed number from its first digit that is not zero."""
    return len(text.split("e", maxsplit=1)[0].replace(".", "").lstrip("-0"))


# --- listings -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (6.2098958, "6.209896"), (0.03901238, ".0390124"), (-0.09843781, "-.0984378"),
        (0.0000238, ".0000238"), (7.8912e-6, "7.89e-06"), (1350.1754, "1350.175"), (25337.491, "25337.49"),
        (0.0, "0"), (-0.8, "-.8"), (26.4, "26.4"), (1234567.8, "1234568"), (12345678.0, "12345678"),
        (123456789.0, "1.23e+08"), (-1.5e-120, "-1.5e-120"), (1.0, "1"), (0.99999999, "1"),
        (float("inf"), "inf"), (-float("inf"), "-inf"),
    ],
)  # fmt: skip
def test_general_prints_seven_digits_in_nine_places(value: float, shown: str) -> None:
    assert numbers.general(value) == shown


@given(plain_floats)
def test_general_fits_and_reads_back(value: float) -> None:
    text = numbers.general(value)
    assert len(text) <= 9 + (abs(value) >= 1e100 or 0 < abs(value) < 1e-99)
    assert not text.lstrip("-").startswith("0.")
    exact = value if abs(value) > 1e-300 else 0.0
    if 1e-1 <= abs(value) < 1e7:
        assert float(text) == pytest.approx(exact, rel=5.1e-7)
    else:
        assert float(text) == pytest.approx(exact, rel=0.06)


def test_general_with_ten_places_shows_eight_digits() -> None:
    assert numbers.general(-1014.92678, 10) == "-1014.9268"
    assert numbers.general(-23320.50214, 10) == "-23320.502"


@given(st.floats(min_value=-1e12, max_value=1e12), st.integers(0, 8))
def test_f_formats_agree_with_python(value: float, decimals: int) -> None:
    text = numbers.formatted(value, f"%12.{decimals}f")
    assert float(text) == float(f"{value:.{decimals}f}")
    assert text.count(".") == (decimals > 0)


@pytest.mark.parametrize(
    ("spec", "value", "shown"),
    [
        ("%9.3f", -0.0001, "0.000"), ("%12.0fc", 1234567.2, "1,234,567"), ("%10.2e", 12345.0, "1.23e+04"),
        ("%9.4g", 0.123456, ".1235"), ("%09.2f", 3.14159, "000003.14"), ("%9.0g", 0.5, ".5"),
        ("%8.2f", float("nan"), "."), ("%-9.1f", 2.25, "2.2"),
    ],
)  # fmt: skip
def test_display_formats(spec: str, value: float, shown: str) -> None:
    assert numbers.formatted(value, spec) == shown


@pytest.mark.parametrize("spec", ["9.3f", "%9.3", "%s", "%9.3d", "", "%9.3f junk"])
def test_a_bad_format_is_an_error_that_shows_one(spec: str) -> None:
    with pytest.raises(TerraceError) as caught:
        numbers.parse_format(spec)
    assert caught.value.code == "bad-format"
    assert "%9.3f" in caught.value.advice


# --- journal style ------------------------------------------------------------------------------------------
@given(st.lists(st.floats(min_value=0.001, max_value=1e6), min_size=1, max_size=8))
def test_two_decimals_and_more_only_for_two_figures(values: list[float]) -> None:
    decimals = numbers.shared_decimals(values)
    assert 2 <= decimals <= 4
    assert all(significant(numbers.fixed(value, decimals)) >= 2 for value in values)
    if decimals > 2:
        assert min(significant(f"{v:.{decimals - 1}f}") for v in values) < 2


def test_a_tiny_coefficient_does_not_set_the_decimals_of_all() -> None:
    assert numbers.shared_decimals([2.31, 0.29, 0.00299]) == 4
    assert numbers.shared_decimals([2.31, 0.29, 0.0000299]) == 2
    assert numbers.shared_decimals([3.1e-5, 2e-4]) == 6  # where all are tiny


def test_a_standard_error_is_never_shown_as_zero() -> None:
    assert numbers.shared_decimals([2.31, 0.29], errors=[0.11, 0.02]) == 2
    assert numbers.shared_decimals([2.31, 0.29], errors=[0.11, 0.0012]) == 3


@given(sizes, st.integers(0, 7))
def test_fixed_never_hides_a_number(value: float, decimals: int) -> None:
    text = numbers.fixed(value, decimals)
    assert float(text) == pytest.approx(value, rel=0.5)


def test_small_numbers_beside_large_ones_become_scientific() -> None:
    column = [36.8, 3.8, 1.7e-9]
    decimals = numbers.shared_decimals(column)
    assert [numbers.fixed(v, decimals) for v in column] == ["36.80", "3.80", "1.70e-09"]


def test_zeros_and_missing_cells_do_not_decide() -> None:
    assert numbers.shared_decimals([12.67, 0.0, None, "omitted", math.nan, math.inf]) == 2
    assert numbers.shared_decimals([0.0, None]) == 2


def test_minus_signs() -> None:
    assert numbers.fixed(-0.1546, 3, numbers.MINUS) == "−0.155"
    assert numbers.fixed(-0.0, 3) == "0.000"
    assert numbers.plain_fixed(-0.0004, 3) == "0.000"


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0, "< .001"), (0.00099, "< .001"), (0.001, ".001"), (0.0124, ".012"), (0.05, ".050"),
        (0.99949, "> .999"), (0.9985, ".999"), (1.0, "> .999"), (0.4996, ".500"),
    ],
)  # fmt: skip
def test_p_values(p: float, shown: str) -> None:
    assert numbers.p_value(p) == shown


@given(st.floats(0, 1))
def test_p_values_never_show_zero_or_one(p: float) -> None:
    text = numbers.p_value(p)
    digits = text.lstrip("<> ")
    assert digits.startswith(".") and float(digits) > 0
    if text[0] == ".":
        assert float(digits) == pytest.approx(p, abs=0.00051)


def test_counts_and_degrees_of_freedom() -> None:
    assert numbers.count(1001234) == "1,001,234"
    assert numbers.count(10.5) == "10.50"
    assert numbers.df_decimals([12.0, 4.0, None]) == 0
    assert numbers.df_decimals([12.0, 10.96]) == 1


def test_decimals_are_those_of_the_column() -> None:
    """One small estimate adds decimals to its own column, and to the interval behind it, to no other."""
    columns = (Column("b", "Estimate"), Column("se", "SE"), Column("ci", "95% CI", "interval"), Column("m", "Mean"))
    rows = (Row("x", (0.0012, 0.04, (-0.08, 0.09), 12.5)), Row("z", (2.5, 0.3, (1.9, 3.1), 1093.34)))
    table = Table("T", columns, rows)
    lines = shown(table).lines
    assert [c.text for c in lines[0].cells] == ["0.0012", "0.04", "[−0.0800, 0.0900]", "12.50"]
    assert [c.text for c in lines[1].cells] == ["2.5000", "0.30", "[1.9000, 3.1000]", "1,093.34"]
    models = (Column("m1", "(1)"), Column("m2", "(2)"))
    beside = (Row("x", (0.0012, 1.5), format="estimate"), Row("", (0.0014, 0.2), format="bracketed"))
    lines = shown(Table("T", models, beside)).lines
    assert [c.text for line in lines for c in line.cells] == ["0.0012", "1.50", "(0.0014)", "(0.20)"]
    lines = shown(Table("T", models, beside, alike=True)).lines
    assert [c.text for line in lines for c in line.cells] == ["0.0012", "1.5000", "(0.0014)", "(0.2000)"]


@pytest.mark.parametrize(("x", "text"), [(0.181, ".181"), (-0.05, "−.050"), (1.0, "1.000"), (0.0, ".000")])
def test_what_cannot_exceed_one_has_no_leading_zero(x: float, text: str) -> None:
    assert numbers.share(x, minus="−") == text
    assert shown(Table("T", (Column("icc", "ICC", "share"),), (Row("id", (x,)),))).lines[0].cells[0].text == text

"""Numbers by display formats: what ``%w.0g`` shows at every width and size, and where it is the default."""

from __future__ import annotations

import math

import pytest
from data_support import ok
from hypothesis import example, given
from hypothesis import strategies as st

from terrace.data.dates import date_text
from terrace.language.number_format import DISPLAYED, STORED, format_number, formatted, general, plain_fixed
from terrace.session.session import Session


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (8.55351972, "8.5535197"), (123456789, "123456789"), (1 / 3, ".33333333"), (2**31, "2.147e+09"),
        (-1 / 3, "-.33333333"), (-123456789, "-123456789"), (1e9 - 1, "999999999"), (1e9, "1.000e+09"),
        (999999999.6, "1.000e+09"), (99999999.6, "100000000"), (1e-5, ".00001"), (1e-6, "1.000e-06"),
        (-1e-10, "-1.000e-10"), (12.63707421, "12.637074"), (-23557.90521, "-23557.905"), (1e300, "1.00e+300"),
        (-1e-300, "-1.00e-300"), (0.1 + 0.2, ".3"), (9.9999999999, "10"), (0.0, "0"), (-0.0, "0"),
        (100000.5, "100000.5"),
        (math.nan, "."), (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_ten_places(value: float, shown: str) -> None:
    """What ``display`` shows: eight digits after a point, whole numbers of nine."""
    assert formatted(value, DISPLAYED) == shown


@pytest.mark.parametrize(
    ("format", "value", "shown"),
    [
        ("%9.0g", 123456789, "1.23e+08"), ("%8.0g", 1234567.8, "1234568"), ("%5.0g", 1 / 3, ".333"),
        ("%12.0gc", 1234567.8, "1,234,567.8"), ("%9.0gc", 1234567, "1234567"), ("%12.0gc", 0.25, ".25"),
        ("%12.4g", -1 / 3, "-.3333"), ("%18.0g", 1 / 3, ".3333333333333333"), ("%18.0g", 8.55351972, "8.55351972"),
        ("%18.0g", 2**53, "9007199254740992"), ("%20.0g", 0.1, ".1"), ("%20.0g", 0.1 + 0.2, ".30000000000000004"),
        ("%9.0g", 0.00001234567, ".0000123"), ("%9.0g", 0.000009876, "9.88e-06"), ("%9.2f", -0.004, "0.00"),
    ],
)  # fmt: skip
def test_other_formats(format: str, value: float, shown: str) -> None:
    assert formatted(value, format) == shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(8, 24))
@example(999999.96875, 24)
@example(9.99999999e-6, 10)
def test_it_fits_and_reads_back(value: float, width: int) -> None:
    text = general(value, width)
    huge = abs(value) >= 9.95e99 or 0 < abs(value) < 1e-98
    assert len(text) <= width + huge
    assert not text.lstrip("-").startswith("0.")
    if not 1e-290 < abs(value) < 1e307:
        return
    digits = width - 6 - huge  # those beside a point and a power of ten
    assert float(text) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - max(min(digits, 15), 1)))


@given(st.integers(-(10**14), 10**14), st.integers(6, 20))
def test_whole_numbers_that_fit_are_written_out(value: int, width: int) -> None:
    text = general(float(value), width)
    assert (text == str(value)) == (len(str(abs(value))) <= max(width - 1, 4))


@given(st.floats(1e-1, 1e15))
def test_sixteen_digits_tell_a_number_from_its_neighbours(value: float) -> None:
    assert float(general(value, 24)) == value


@given(st.floats(-1e12, 1e12), st.integers(0, 6))
def test_no_negative_zero(value: float, decimals: int) -> None:
    text = plain_fixed(value, decimals)
    assert float(text) == float(f"{value:.{decimals}f}")
    assert text[0] != "-" or float(text) < 0


# --- where it is shown ------------------------------------------------------------------------------------
def test_lists_show_the_digits_of_their_formats() -> None:
    session = Session()
    ok(session, "scalar a = 1/3")
    ok(session, "scalar b = 123456789")
    lines = ok(session, "scalar list").text.splitlines()
    assert lines[4].split() == ["a", ".33333333"] and lines[5].split() == ["b", "123456789"]
    ok(session, "matrix A = (1/3, 2147483648 \\ ., -8.55351972)")
    lines = ok(session, "matrix list A").text.splitlines()
    assert lines[0] == "A[2,2]"
    assert lines[4].split() == ["r1", ".33333333", "2.147e+09"] and lines[5].split() == ["r2", ".", "-8.5535197"]
    ok(session, "matrix B = A*A'")
    assert ok(session, "matrix list B").text.splitlines()[0] == "symmetric B[2,2]"
    ok(session, "set obs 3")
    ok(session, "generate x = _n/7")
    ok(session, "summarize x")
    found = session.state.returned.scalars["sd"]
    assert formatted(found, STORED) in ok(session, "return list").text
    assert ok(session, 'display string(1/3) " " 1/3').text == ".3333333 .33333333"


def test_a_missing_stored_result_is_a_point() -> None:
    session = Session()
    ok(session, "sample hsb")
    ok(session, "mixed mathach || id:")
    lines = {line.split()[0]: line.split()[1:] for line in ok(session, "ereturn list").text.splitlines() if line}
    assert lines["e(chi2)"] == ["."] and len(lines["e(ll)"][0]) >= 17


@pytest.mark.parametrize("format_", ["%td", "%tc", "%tdD_m_Y", "%tcHH:MM"])
@pytest.mark.parametrize("value", [20_200_102.0 * 86_400_000, 1e300, -1e300, -1e16])
def test_what_no_calendar_has_is_shown_as_a_number(format_: str, value: float) -> None:
    """``format day %td`` on 20200102 ended each command that listed it."""
    value = value if format_.startswith("%tc") else value / 86_400_000
    assert float(format_number(value, format_)) == pytest.approx(value)
    assert float(date_text(value, format_)) == pytest.approx(value)

"""Expressions, held to a row-by-row evaluator in plain Python, to pandas and to scipy.stats."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrace.data.dataset import Dataset, Panel, Variable
from terrace.errors import CommandError
from terrace.language.expressions.entry import (
    EvalContext,
    condition,
    evaluate,
    evaluate_scalar,
    parse_expression,
    variables_in,
)
from terrace.language.expressions.functions import functions
from terrace.language.grammar.tokens import Piece
from terrace.language.grammar.wildcards import wildcard
from terrace.language.number_format import format_number

NAN = float("nan")


def dataset(panel: Panel | None = None, **columns) -> Dataset:
    frame = pd.DataFrame(columns)
    return Dataset(frame, tuple(Variable(c) for c in frame.columns), panel=panel)


def small() -> Dataset:
    return dataset(
        x=[1.0, NAN, -3.0, 4.5],
        group=[1, 1, 2, 2],
        name=["Ann", "bob", None, "Ann"],
        mathach=[5.0, 6.0, 7.0, 8.0],
    )


def same(found, expected) -> None:
    np.testing.assert_array_equal(np.asarray(found, dtype=float), np.asarray(expected, dtype=float))


# --- an independent evaluator ------------------------------------------------------------------------------
# Expressions are made as text together with a function of a row that says what they mean; None is missing.

ROWS = [(1.0, 2.0), (None, -1.0), (0.0, None), (-2.5, 0.5), (3.0, 3.0)]
DATA = dataset(a=[NAN if a is None else a for a, _ in ROWS], b=[NAN if b is None else b for _, b in ROWS])


def ordered(value):
    return math.inf if value is None else value


def arithmetic(step):
    def apply(left, right):
        if left is None or right is None:
            return None
        try:
            out = step(left, right)
        except (ZeroDivisionError, OverflowError):
            return None
        return None if isinstance(out, complex) or not math.isfinite(out) else out

    return apply


def compared(step):
    return lambda left, right: float(step(ordered(left), ordered(right)))


OPERATORS = {
    "+": (4, arithmetic(lambda u, v: u + v)),
    "-": (4, arithmetic(lambda u, v: u - v)),
    "*": (5, arithmetic(lambda u, v: u * v)),
    "/": (5, arithmetic(lambda u, v: u / v)),
    "^": (7, arithmetic(lambda u, v: u**v)),
    "==": (3, compared(lambda u, v: u == v)),
    "!=": (3, compared(lambda u, v: u != v)),
    "~=": (3, compared(lambda u, v: u != v)),
    "<": (3, compared(lambda u, v: u < v)),
    ">": (3, compared(lambda u, v: u > v)),
    "<=": (3, compared(lambda u, v: u <= v)),
    ">=": (3, compared(lambda u, v: u >= v)),
    "&": (2, lambda u, v: float(u != 0 and v != 0)),
    "|": (1, lambda u, v: float(u != 0 or v != 0)),
}


def leaf(draw):
    kind = draw(st.sampled_from(["number", "a", "b", "missing"]))
    if kind == "a":
        return "a", 9, lambda row: row[0]
    if kind == "b":
        return "b", 9, lambda row: row[1]
    if kind == "missing":
        return draw(st.sampled_from([".", ".a", ".z"])), 9, lambda row: None
    text = draw(st.sampled_from(["0", "1", "2", ".5", "3.25", "1e1", "2.", "10"]))
    return text, 9, lambda row: float(text)


@st.composite
def trees(draw, depth=4):
    """A text, how tightly its last operator binds, and its meaning."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return leaf(draw)
    space = draw(st.sampled_from(["", " "]))
    if draw(st.integers(0, 4)) == 0:
        sign = draw(st.sampled_from(["-", "!", "~", "+"]))
        text, binds, meaning = draw(trees(depth=depth - 1))
        binding = 6 if sign in "-+" else 8
        if binds <= binding and not (binds == 6 == binding):
            text = f"({text})"
        if sign == "-":
            return sign + space + text, binding, lambda row: None if meaning(row) is None else -meaning(row)
        if sign == "+":
            return sign + space + text, binding, meaning
        return sign + text, binding, lambda row: float(meaning(row) == 0)
    operator = draw(st.sampled_from(sorted(OPERATORS)))
    binding, step = OPERATORS[operator]
    left, left_binds, left_means = draw(trees(depth=depth - 1))
    right, right_binds, right_means = draw(trees(depth=depth - 1))
    if left_binds < binding:
        left = f"({left})"
    if right_binds <= binding:
        right = f"({right})"
    text = f"{left}{space}{operator}{space}{right}"
    return text, binding, lambda row: step(left_means(row), right_means(row))


@settings(max_examples=max(400, settings.default.max_examples), deadline=None)
@given(trees())
def test_operators_mean_what_they_mean_row_by_row(tree) -> None:
    text, _, meaning = tree
    expected = [meaning(row) for row in ROWS]
    found = evaluate(text, DATA)
    np.testing.assert_allclose(found, [NAN if e is None else e for e in expected], rtol=1e-12, err_msg=text)
    assert condition(text, DATA).tolist() == [e is None or e != 0 for e in expected]
    first = evaluate_scalar(text, DATA)
    np.testing.assert_array_equal(first, found[0])


@settings(max_examples=max(300, settings.default.max_examples), deadline=None)
@given(st.text(st.sampled_from("abx_n.123 +-*/^&|!~=<>()[],\"L#e`'$"), max_size=12))
def test_any_text_gives_values_or_an_error_that_points(text) -> None:
    try:
        found = evaluate(text, DATA)
    except CommandError as error:
        assert error.message
        assert error.text == text
        assert error.start is not None and 0 <= error.start < error.end <= len(text) + 1
    else:
        assert found.shape == (len(DATA),)


# --- binding, literals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2^3^2", 64),
        ("-2^2", -4),
        ("2^-1", 0.5),
        ("6/2*3", 9),
        ("1-2-3", -4),
        ("!0 & 1", 1),
        ("!1 == 0", 1),
        ("1 | 0 & 0", 1),
        ("1 < 2 == 1", 1),
        ("1/0", NAN),
        ("1/0 == .", 1),
        ("0^0", 1),
        ("(-8)^(1/3)", NAN),
        (".^0", NAN),
        ("1^.", NAN),
        ("1e308*10", NAN),
        (". > 1e300", 1),
        (".a == .", 1),
        ("_pi", math.pi),
        ('"a" + "b" == "ab"', 1),
        ('"a" < "b"', 1),
        ('`"say "hi""\' == "say " + char(34) + "hi" + char(34)', 1),
        ("1.5e+2", 150),
    ],
)
def test_constants(text, value) -> None:
    np.testing.assert_array_equal(evaluate_scalar(text), value)


def test_a_long_sum_and_deep_brackets() -> None:
    assert evaluate_scalar("+".join(["1"] * 5000)) == 5000
    assert evaluate_scalar("(" * 40 + "1" + ")" * 40) == 1
    with pytest.raises(CommandError, match="too deeply"):
        evaluate_scalar("(" * 500 + "1" + ")" * 500)


# --- names -------------------------------------------------------------------------------------------------


def test_variables_abbreviations_and_text() -> None:
    data = small()
    same(evaluate("math", data), [5, 6, 7, 8])
    assert evaluate("name", data).tolist() == ["Ann", "bob", "", "Ann"]
    assert condition('name == "Ann"', data).tolist() == [True, False, False, True]
    assert condition('name != "Ann" & x < .', data).tolist() == [False, False, True, False]
    assert condition('"" == name', data).tolist() == condition('name == ""', data).tolist()
    assert condition('name == ""', data).tolist() == [False, False, True, False]
    assert variables_in('math*x + inlist(name, "x") + _n + mathach', data) == ("mathach", "x", "name")
    assert variables_in("L.x + 2.group", data) == ("x", "group")


def test_missing_codes_are_missing() -> None:
    frame = pd.DataFrame({"x": [1, 9, 3], "s": ["a", "?", "b"]})
    data = Dataset(frame, (Variable("x", missing_codes=(9,)), Variable("s", missing_codes=("?",))))
    same(evaluate("x", data), [1, NAN, 3])
    assert condition('missing(x) & s == ""', data).tolist() == [False, True, False]


def test_the_result_may_be_written_to_without_changing_the_data() -> None:
    data = small()
    for text in ("x", "mathach", "x + 0", "5", "name"):
        values = evaluate(text, data)
        values[:] = values[::-1].copy()
    same(data.frame["x"], small().frame["x"])
    assert data.frame["name"].dropna().tolist() == ["Ann", "bob", "Ann"]


def test_a_constant_fills_every_row() -> None:
    same(evaluate("2+3", small()), [5, 5, 5, 5])
    assert evaluate('"a"', small()).tolist() == ["a"] * 4


# --- rows, groups, time ------------------------------------------------------------------------------------

CODES = st.lists(st.integers(-1, 3), min_size=1, max_size=30)


@settings(max_examples=max(60, settings.default.max_examples), deadline=None)
@given(CODES, st.integers(-4, 4), st.integers(0, 2**32 - 1))
def test_rows_within_groups_agree_with_pandas(codes, k, seed) -> None:
    codes = np.array(codes, dtype=np.int64)
    x = np.random.default_rng(seed).normal(size=len(codes))
    x[::5] = NAN
    data = dataset(x=x, k=np.full(len(codes), k), s=[f"t{i}" for i in range(len(codes))])
    grouped = pd.Series(x).groupby(codes)
    same(evaluate("_n", data, by=codes), grouped.cumcount() + 1)
    same(evaluate("_N", data, by=codes), grouped.transform("size"))
    same(evaluate(f"x[_n-({k})]", data, by=codes), grouped.shift(k))
    same(evaluate(f"x[_n{k:+d}]", data, by=codes), grouped.shift(-k))
    same(evaluate("x[_n-k]", data, by=codes), grouped.shift(k))
    same(evaluate("x[1]", data, by=codes), pd.Series(x).groupby(codes).transform(lambda v: v.iloc[0]))
    same(evaluate("x[_N]", data, by=codes), pd.Series(x).groupby(codes).transform(lambda v: v.iloc[-1]))
    total = pd.Series(np.nan_to_num(x)).groupby(codes).cumsum()
    np.testing.assert_allclose(evaluate("sum(x)", data, by=codes), total, rtol=1e-12, atol=1e-12)
    shifted = pd.Series(data.frame["s"]).groupby(codes).shift(k).fillna("")
    assert evaluate(f"s[_n{-k:+d}]", data, by=codes).tolist() == shifted.tolist()


def test_rows_without_groups() -> None:
    data = small()
    same(evaluate("x[_n-1]", data), [NAN, 1, NAN, -3])
    same(evaluate("mathach[5]", data), [NAN] * 4)
    same(evaluate("mathach[.]", data), [NAN] * 4)
    same(evaluate("mathach[_N-_n+1]", data), [8, 7, 6, 5])
    assert evaluate("name[_n-1]", data).tolist() == ["", "Ann", "bob", ""]
    assert evaluate_scalar("mathach[3] + mathach[_N]", data) == 15
    assert evaluate_scalar("name[2]", data) == "bob"


@settings(max_examples=max(40, settings.default.max_examples), deadline=None)
@given(
    st.sets(st.tuples(st.integers(1, 3), st.integers(0, 9)), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
    st.integers(1, 3),
    st.sampled_from([1.0, 0.5, 3.0]),
)
def test_lags_agree_with_a_merge(cells, random, k, delta) -> None:
    rows = sorted(cells)
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["id", "t"])
    frame["t"] = frame["t"] * delta
    frame["x"] = np.arange(len(frame)) ** 2 / 7
    data = dataset(panel=Panel("id", "t", delta), **frame)

    def at(steps: float) -> pd.Series:
        earlier = frame.assign(t=frame["t"] + steps * delta).rename(columns={"x": "other"})
        return frame.merge(earlier, on=["id", "t"], how="left")["other"]

    same(evaluate(f"L{k}.x", data), at(k))
    same(evaluate(f"F{k}.x", data), at(-k))
    same(evaluate("l.x", data), at(1))
    same(evaluate("D.x", data), frame["x"] - at(1))
    same(evaluate(f"S{k}.x", data), frame["x"] - at(k))
    np.testing.assert_allclose(evaluate("D2.x", data), frame["x"] - at(1) - (at(1) - at(2)), atol=1e-9)
    np.testing.assert_allclose(evaluate("LD.x", data), at(1) - at(2), atol=1e-9)
    same(evaluate("L0.x", data), frame["x"])


def test_time_without_panel_and_missing_times() -> None:
    data = dataset(panel=Panel(None, "t"), t=[3, 1, NAN, 2], x=[30.0, 10, 99, 20])
    same(evaluate("L.x", data), [20, NAN, NAN, 10])


@pytest.mark.parametrize(
    ("panel", "times", "code"),
    [(None, [1, 2], "no-time"), (Panel(None, "t"), [1, 1], "time-repeated"), (Panel(None, "t"), [1, 2.5], "time-step")],
)
def test_lags_that_cannot_be_taken(panel, times, code) -> None:
    with pytest.raises(CommandError) as caught:
        evaluate("1 + L.x", dataset(panel=panel, t=times, x=[1.0, 2.0]))
    assert caught.value.code == code
    assert (caught.value.start, caught.value.end) == (4, 7)


def test_level_indicators() -> None:
    data = dataset(g=[1, 2, NAN, 2])
    same(evaluate("2.g", data), [0, 1, NAN, 1])


# --- functions ---------------------------------------------------------------------------------------------

X = np.array([-2.5, -1, -0.5, 0, 0.3, 0.5, 1, 1.5, 2.5, NAN])


@pytest.mark.parametrize(
    ("text", "oracle"),
    [
        ("abs(x)", np.abs),
        ("exp(x)", np.exp),
        ("ln(x)", lambda x: math.log(x) if x > 0 else NAN),
        ("log10(x)", lambda x: math.log10(x) if x > 0 else NAN),
        ("sqrt(x)", lambda x: math.sqrt(x) if x >= 0 else NAN),
        ("int(x)", math.trunc),
        ("floor(x)", math.floor),
        ("ceil(x)", math.ceil),
        ("round(x)", lambda x: math.floor(x + 0.5)),
        ("round(x, .25)", lambda x: math.floor(x / 0.25 + 0.5) * 0.25),
        ("mod(x, 2)", lambda x: x % 2),
        ("sign(x)", lambda x: (x > 0) - (x < 0)),
        ("invlogit(x)", lambda x: 1 / (1 + math.exp(-x))),
        ("logit(invlogit(x))", lambda x: x),
        ("atan2(x, 2)", lambda x: math.atan2(x, 2)),
        ("clip(x, -1, 1)", lambda x: min(max(x, -1), 1)),
        ("recode(x, 0, 1)", lambda x: 0 if x <= 0 else 1),
        ("irecode(x, 0, 1)", lambda x: (x > 0) + (x > 1)),
        ("cond(x, 7, 8, .)", lambda x: 7 if x else 8),
        ("normal(x)", lambda x: 0.5 * math.erfc(-x / math.sqrt(2))),
        ("float(x)", lambda x: float(np.float32(x))),
    ],
)
def test_functions_of_numbers(text, oracle) -> None:
    expected = [NAN if math.isnan(x) else oracle(x) for x in X.tolist()]
    np.testing.assert_allclose(evaluate(text, dataset(x=X)), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("max(1, ., 3)", 3),
        ("min(., .)", NAN),
        ("cond(., 1, 2)", 1),
        ("cond(0, 1, 2)", 2),
        ("inlist(2, 1, 2)", 1),
        ("inlist(., 1, .)", 1),
        ('inlist("b", "a", "b")', 1),
        ("inrange(3, 1, .)", 1),
        ("inrange(3, ., 2)", 0),
        ("inrange(., 1, .)", 0),
        ("missing(1, .)", 1),
        ('mi("", 1)', 1),
        ("mod(5, 0)", NAN),
        ("round(7, 0)", 7),
        ("comb(5, 2)", 10),
        ("sum(.)", 0),
        ('real("1,5")', NAN),
        ('real(" 1.5e2 ")', 150),
        ('strlen("größe")', 5),
        ('strpos("hello", "l")', 3),
        ('strpos("hello", "z")', 0),
        ('strmatch("hello", "h*o")', 1),
        ('regexm("ab12", "[0-9]+$")', 1),
        ('wordcount(" a  b ")', 2),
        ("td(01jan1960)", 0),
        ("mdy(2, 30, 2020)", NAN),
        ("mdy(2, 29, 2020) - td(28feb2020)", 1),
        ("year(td(31dec1999))*10000 + month(td(31dec1999))*100 + day(td(31dec1999))", 19991231),
        ("dow(td(15jun2024))", 6),
        ("doy(td(31dec2024))", 366),
        ("quarter(td(30jun2024))", 2),
        ('date("2020-03-01", "YMD") - date("1 feb 2020", "DMY")', 29),
        ("dofc(cofd(5) + 1)", 5),
    ],
)
def test_single_values(text, value) -> None:
    np.testing.assert_array_equal(evaluate_scalar(text), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('substr("hello", 2, 3)', "ell"),
        ('substr("hello", -3, .)', "llo"),
        ('substr("hello", 0, 2)', ""),
        ('substr("hello", -9, 2)', ""),
        ('upper("äb") + lower("CD") + proper("john o\'neil")', "ÄBcdJohn O'Neil"),
        ('trim("  a b ") + "|" + ltrim(" a ") + "|" + rtrim(" a ")', "a b|a | a"),
        ('subinstr("aaa", "a", "b", 2)', "bba"),
        ('subinstr("aaa", "a", "b", .)', "bbb"),
        ('word("a b c", 2) + word("a b c", -1) + word("a", 5)', "bc"),
        ("string(12.5) + string(.) + string(.25)", "12.5..25"),
        ('string(1234.567, "%9.1f") + " " + string(1234.5, "%12.2fc")', "1234.6 1,234.50"),
        ('string(0, "%td")', "01jan1960"),
        ('regexr("a1b2", "[0-9]", "#")', "a#b2"),
        ('strreverse("abc")', "cba"),
        ('cond(1 > 2, "a", "b")', "b"),
    ],
)
def test_single_texts(text, value) -> None:
    assert evaluate_scalar(text) == value


@settings(max_examples=max(50, settings.default.max_examples), deadline=None)
@given(st.lists(st.text("abAB öÄ", max_size=6), min_size=1, max_size=8), st.integers(-7, 7), st.integers(0, 4))
def test_functions_of_text_agree_with_pandas(texts, start, length) -> None:
    data = dataset(s=pd.Series(texts, dtype=object))
    series = pd.Series(texts, dtype=object)
    for name, method in (("upper", "upper"), ("lower", "lower"), ("strtrim", "strip")):
        assert evaluate(f"{name}(s)", data).tolist() == getattr(series.str, method)().tolist()
    same(evaluate("strlen(s)", data), series.str.len())
    same(evaluate('strpos(s, "a")', data), series.str.find("a") + 1)
    assert evaluate('s + "x"', data).tolist() == (series + "x").tolist()

    def cut(t: str) -> str:
        if start == 0 or (start < 0 and -start > len(t)):
            return ""
        begin = start - 1 if start > 0 else len(t) + start
        return t[begin : begin + length]

    assert evaluate(f"substr(s, {start}, {length})", data).tolist() == [cut(t) for t in texts]


@pytest.mark.parametrize(
    ("text", "oracle"),
    [
        ("chi2(3, x)", lambda s, x: s.chi2.cdf(x, 3)),
        ("chi2tail(3, x)", lambda s, x: s.chi2.sf(x, 3)),
        ("t(7, x)", lambda s, x: s.t.cdf(x, 7)),
        ("ttail(7, x)", lambda s, x: s.t.sf(x, 7)),
        ("tden(7, x)", lambda s, x: s.t.pdf(x, 7)),
        ("F(2, 9, x)", lambda s, x: s.f.cdf(x, 2, 9)),
        ("Ftail(2, 9, x)", lambda s, x: s.f.sf(x, 2, 9)),
        ("normalden(x)", lambda s, x: s.norm.pdf(x)),
        ("normalden(x, 2)", lambda s, x: s.norm.pdf(x, scale=2)),
        ("normalden(x, 1, 2)", lambda s, x: s.norm.pdf(x, 1, 2)),
        ("lnnormal(x)", lambda s, x: s.norm.logcdf(x)),
        ("binomial(5, x, .3)", lambda s, x: s.binom.cdf(x, 5, 0.3)),
        ("binomialtail(5, x, .3)", lambda s, x: s.binom.sf(np.floor(x) - 1, 5, 0.3)),
        ("poisson(2, x)", lambda s, x: s.poisson.cdf(x, 2)),
        ("poissontail(2, x)", lambda s, x: s.poisson.sf(np.floor(x) - 1, 2)),
        ("ibeta(2, 3, x)", lambda s, x: s.beta.cdf(x, 2, 3)),
        ("ibetatail(2, 3, x)", lambda s, x: s.beta.sf(x, 2, 3)),
    ],
)
def test_distributions(text, oracle) -> None:
    from scipy import stats

    x = np.array([-3, -0.5, 0, 0.4, 1, 2.7, 5, 6, 40, NAN])
    np.testing.assert_allclose(evaluate(text, dataset(x=x)), oracle(stats, x), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize(
    ("text", "oracle"),
    [
        ("invnormal(p)", lambda s, p: s.norm.ppf(p)),
        ("invchi2(3, p)", lambda s, p: s.chi2.ppf(p, 3)),
        ("invchi2tail(3, p)", lambda s, p: s.chi2.isf(p, 3)),
        ("invt(7, p)", lambda s, p: s.t.ppf(p, 7)),
        ("invttail(7, p)", lambda s, p: s.t.isf(p, 7)),
        ("invF(2, 9, p)", lambda s, p: s.f.ppf(p, 2, 9)),
        ("invFtail(2, 9, p)", lambda s, p: s.f.isf(p, 2, 9)),
    ],
)
def test_quantiles(text, oracle) -> None:
    from scipy import stats

    p = np.array([0.001, 0.025, 0.3, 0.5, 0.975, -0.1, 1.1, NAN])
    np.testing.assert_allclose(evaluate(text, dataset(p=p)), oracle(stats, p), rtol=1e-9, atol=1e-12)


def test_random_numbers_repeat_with_their_seed_and_have_their_moments() -> None:
    n = 20_000
    data = dataset(x=np.zeros(n))

    def draw(text: str, seed: int = 1) -> np.ndarray:
        return evaluate(text, data, context=EvalContext(rng=np.random.default_rng(seed)))

    same(draw("runiform()"), draw("runiform()"))
    assert (draw("runiform()") != draw("runiform()", 2)).any()
    for text, mean, variance in [
        ("runiform()", 0.5, 1 / 12),
        ("runiform(2, 4)", 3, 4 / 12),
        ("rnormal()", 0, 1),
        ("rnormal(5)", 5, 1),
        ("rnormal(5, 2)", 5, 4),
        ("rbinomial(10, .3)", 3, 2.1),
        ("rpoisson(4)", 4, 4),
        ("rchi2(5)", 5, 10),
        ("rt(10)", 0, 10 / 8),
        ("runiformint(1, 6)", 3.5, 35 / 12),
    ]:
        values = draw(text)
        assert abs(values.mean() - mean) < 6 * math.sqrt(variance / n), text
        assert abs(values.var() / variance - 1) < 0.15, text
    assert set(draw("runiformint(1, 6)")) == {1, 2, 3, 4, 5, 6}
    one = evaluate_scalar("runiform()", None, EvalContext(rng=np.random.default_rng(1)))
    assert isinstance(one, float) and 0 <= one < 1


def test_every_function_answers_missing_with_missing_or_a_number() -> None:
    for function in functions().values():
        arguments = []
        for i in range(function.least):
            arguments.append('""' if function.kind(i) == "s" else ".")
        text = f"{function.name}({', '.join(arguments)})"
        try:
            value = evaluate(text, small())
        except CommandError as error:
            assert error.code == "arguments", text
        else:
            assert value.shape == (4,), text
            assert value.dtype in (np.float64, object), text


# --- stored results ----------------------------------------------------------------------------------------

CONTEXT = EvalContext(
    equation="mathach",
    e_scalars={"N": 7185, "ll": -23000.5, "chi2_c": None},
    e_macros={"cmd": "mixed"},
    e_matrices={"b": np.array([[1.0, -0.5, 2.0]]), "V": np.arange(9.0).reshape(3, 3)},
    e_names={"b": (("y1",), ("mathach:ses", "lns1_1_1:_cons", "lnsig_e:_cons"))},
    e_sample=np.array([True, False, True, True]),
    r_scalars={"mean": 3.5},
    r_matrices={"table": np.array([[4.0]])},
    scalars={"k": 4.0, "word": "hi", "x": 100.0},
    matrices={"m": np.array([[1.0, 2.0], [3.0, 4.0]])},
    matrix_names={"m": (("r1", "r2"), ("c1", "c2"))},
    b={"ses": 2.0, "1.sector": 3.0, "1.sector#c.ses": 4.0, "c.age#c.age": 6.0, "2.g#3.h": 7.0, "_cons": 5.0},
    se={"ses": 0.1, "1.sector": None},
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("e(N) + r(mean)", 7188.5),
        ("e(chi2_c)", NAN),
        ('e(cmd) == "mixed"', 1),
        ("exp(e(b)[1,2])^2", math.exp(-0.5) ** 2),
        ("exp(e(b)[1,2])^2/(exp(e(b)[1,2])^2 + exp(e(b)[1,3])^2)", math.exp(-1) / (math.exp(-1) + math.exp(4))),
        ('e(b)[1,"lnsig_e:_cons"]', 2),
        ("e(b)[2]", -0.5),
        ("e(V)[3,1]", 6),
        ("e(V)[4,1]", NAN),
        ("r(table)", 4),
        ("m[2,1] + m[k-3, 2]", 5),
        ('m["r2","c2"]', 4),
        ('el(m, 1, 2) + rowsof(m)*10 + colnumb(m, "c2")*100 + trace(m)', 227),
        ("k*2", 8),
        ('word + "!" == "hi!"', 1),
        ("_b[ses] + _b[_cons]", 7),
        ("_b[1.sector] + _b[1.sector#c.ses] + _b[ 1b.sector # c.ses ]", 11),
        ("_b[c.ses]", 2),
        ("_b[ses#1.sector]", 4),
        ("_b[age#age]", 6),
        ("_b[3.h#2.g]", 7),
        ("_b[mathach:ses]", 2),
        ("_se[ses]", 0.1),
        ("_se[1.sector]", NAN),
        ("2*(_b[ses]/_se[ses] > 1.96)", 2),
    ],
)
def test_stored_results(text, value) -> None:
    np.testing.assert_allclose(evaluate_scalar(text, None, CONTEXT), value, rtol=1e-14)


def test_stored_results_with_data() -> None:
    data = small()
    same(evaluate("e(sample)", data, context=CONTEXT), [1, 0, 1, 1])
    same(evaluate("mathach*_b[ses] + k", data, context=CONTEXT), [14, 16, 18, 20])
    # A variable hides the scalar of its name; scalar() reaches that.
    assert evaluate_scalar("x + scalar(x)", data, CONTEXT) == 101
    lags = evaluate("exp(e(b)[1,2])^2/(exp(e(b)[1,2])^2 + exp(e(b)[1,3])^2/mathach)", data, context=CONTEXT)
    tau, sigma = math.exp(-1), math.exp(4)
    np.testing.assert_allclose(lags, [tau / (tau + sigma / n) for n in (5, 6, 7, 8)])


# --- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "start", "end", "code"),
    [
        ("", 0, 1, "no-expression"),
        ("x +", 2, 3, "syntax"),
        ("x + * 2", 4, 5, "syntax"),
        ("(x", 0, 1, "brackets"),
        ("x)", 1, 2, "brackets"),
        ("x x", 2, 3, "syntax"),
        ("x = 1", 2, 3, "syntax"),
        ("x $ 1", 2, 3, "syntax"),
        ("1x", 0, 2, "syntax"),
        ('x + "a', 4, 5, "open-quote"),
        ("x + zz", 4, 6, "no-such-variable"),
        ("1 + foo(x)", 4, 7, "no-such-function"),
        ("1 + abs(x, 2)", 4, 13, "arguments"),
        ('x + "a"', 4, 7, "type-mismatch"),
        ("x == name", 0, 9, "type-mismatch"),
        ("-name", 1, 5, "type-mismatch"),
        ("abs(name)", 4, 8, "type-mismatch"),
        ("inlist(x, 1, name)", 13, 17, "type-mismatch"),
        ("cond(x, 1, name)", 11, 15, "type-mismatch"),
        ("L.name", 0, 6, "type-mismatch"),
        ("x[1,2]", 0, 1, "no-such-matrix"),
        ("(x+1)[1]", 1, 4, "syntax"),
        ("i.group", 0, 1, "operator"),
        ("e(a b)", 0, 6, "syntax"),
        ("1 + _b[x]", 4, 9, "no-stored-results"),
        ("td(30feb2020)", 3, 12, "bad-date"),
        ('regexm("a", "(")', 0, 16, "arguments"),
        ('string(1, "%q")', 0, 15, "arguments"),
    ],
)
def test_errors_point_at_their_place(text, start, end, code) -> None:
    with pytest.raises(CommandError) as caught:
        evaluate(text, small())
    assert (caught.value.code, caught.value.start, caught.value.end) == (code, start, end)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("e(b)", "matrix-not-number"),
        ("m + 1", "matrix-not-number"),
        ("m[1]", "matrix-index"),
        ("m[mathach,1]", "matrix-index"),
        ('m["r9",1]', "matrix-index"),
        ("_b[nothing]", "no-such-coefficient"),
        ("scalar(nothing)", "no-such-scalar"),
        ("rowsof(nothing)", "no-such-matrix"),
    ],
)
def test_errors_of_stored_results(text, code) -> None:
    with pytest.raises(CommandError) as caught:
        evaluate(text, small(), context=CONTEXT)
    assert caught.value.code == code


def test_a_piece_of_a_command_keeps_its_places() -> None:
    command = "generate y = x + zz if x > 0"
    with pytest.raises(CommandError) as caught:
        evaluate(Piece(command, 13, 19), small())
    assert command[caught.value.start : caught.value.end] == "zz"
    assert caught.value.text == command


def test_advice() -> None:
    with pytest.raises(CommandError) as caught:
        evaluate("matach + 1", small())
    assert "mathach" in caught.value.advice
    with pytest.raises(CommandError) as caught:
        evaluate("sqr(x)", small())
    assert "sqrt" in caught.value.advice
    with pytest.raises(CommandError) as caught:
        evaluate("ln + 1", small())
    assert "ln(...)" in caught.value.advice


def test_a_condition_of_text_is_refused() -> None:
    with pytest.raises(CommandError, match="name is text"):
        condition("name", small())


def test_an_expression_is_frozen_and_prints_itself() -> None:
    expression = parse_expression("  x +  1 ")
    assert str(expression) == "x +  1"
    same(evaluate(expression, small()), [2, NAN, -2, 5.5])
    with pytest.raises(AttributeError):
        expression.root = None  # type: ignore[misc]


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_formats_round_like_python(value, decimals) -> None:
    rounded = f"{value:.{decimals}f}"
    assert format_number(value, f"%12.{decimals}f") == (rounded if float(rounded) else rounded.lstrip("-"))
    assert float(format_number(value, "%24.0g")) == value


# --- dates and matches ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("3/5/98", "MD19Y")', 13943),
        ('date("3/5/98", "MDY", 2050)', 13943),
        ('date("3/5/98", "MDY")', math.nan),
        ('date("050320", "DM20Y")', 21979),
        ('date("x 5 March 2020", "#DMY")', 21979),
        ("ym(1960, 1)", 0),
        ("ym(2020, 13)", math.nan),
        ("yq(1959, 4)", -1),
        ("mofd(td(05mar2020))", 722),
        ("dofm(722)", 21975),
        ("dofq(qofd(td(31dec1959)))", -92),
        ("halfyear(td(05jul2020))", 2),
        ("hofd(td(05jul2020))", 121),
        ("wofd(td(31dec2020))", 60 * 52 + 51),
        ('monthly("2020m3", "YM")', 722),
        ('monthly("Mar 2020", "MY")', 722),
        ('quarterly("2020q2", "YQ")', 241),
        ('clock("2020-03-05 14:30:15", "YMDhms")', 21979 * 86_400_000 + 52_215_000),
        ('clock("5mar2020 2:30 pm", "DMYhm")', 21979 * 86_400_000 + 52_200_000),
        ("hh(52215000)*10000 + mm(52215000)*100 + ss(52215000)", 143015),
        ("age(td(29feb2000), td(28feb2020))", 19),
        ("age(td(29feb2000), td(29feb2020))", 20),
    ],
)
def test_dates_by_known_days(text: str, expected: float) -> None:
    np.testing.assert_equal(evaluate_scalar(text), expected)


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)))
def test_periods_hold_their_days(day: dt.date) -> None:
    days = (day - dt.date(1960, 1, 1)).days
    for letter in "mqhw":
        first = evaluate_scalar(f"dof{letter}({letter}ofd({days}))")
        after = evaluate_scalar(f"dof{letter}({letter}ofd({days}) + 1)")
        assert isinstance(first, float) and isinstance(after, float)
        assert first <= days < after
        assert evaluate_scalar(f"year({first})") == day.year


def test_groups_of_a_match() -> None:
    data = Dataset(pd.DataFrame({"s": ["ab12", "x", "c3"]}), (Variable("s"),))
    out = evaluate('cond(regexm(s, "([a-z]+)([0-9]+)"), regexs(2) + regexs(1), "-")', data)
    assert out.tolist() == ["12ab", "-", "3c"]
    with pytest.raises(CommandError, match="there is none"):
        evaluate("regexs(1)", data)


# --- patterns -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        # an engine that goes back and tries again needs more than 2^40 steps for each of these
        ('regexm("' + "a" * 40 + '!", "^(a+)+$")', 0),
        ('regexm("' + "a" * 60 + 'c", "^(a|a)*$")', 0),
        ('ustrregexm("' + "a" * 60 + 'c", "^(a|aa)+$")', 0),
        ('regexr("' + "a" * 60 + 'c", "^(a|aa)+$", "b")', "a" * 60 + "c"),
        ('strmatch("' + "a" * 200 + '", "' + "*a" * 40 + '*b")', 0),
        ('strmatch("' + "a" * 200 + '", "' + "*?" * 40 + '*a")', 1),
    ],
)
def test_no_pattern_runs_for_hours(text, value) -> None:
    assert evaluate_scalar(text) == value


@pytest.mark.parametrize(
    ("text", "pattern", "value"),
    [
        ("Ärger", r"^\w+$", 1),  # letters of every script
        ("Ärger", r"^[\w]+$", 1),
        ("Ärger!", r"\W$", 1),
        ("٣", r"^\d$", 1),
        ("a\u00a0b", r"a\sb", 1),
        ("a]b", "[]]", 1),
        ("ab", "[^]]b", 1),
        ("a5", "[[:alpha:]][[:digit:]]", 1),
        (r"a\w", r"\\w", 1),  # a backslash, and then a w
    ],
)
def test_regular_expressions_know_every_script(text, pattern, value) -> None:
    assert evaluate_scalar(f'ustrregexm("{text}", "{pattern}")') == value


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(?=a)b", "Looking ahead"),
        ("(?!a)b", "Looking ahead"),
        ("(?<=a)b", "Looking behind"),
        ("(?<!a)b", "Looking behind"),
        (r"(a)\1", "Repeating what a group matched"),
        ("(a", "missing"),
        ("a{1,100000}", "repetition"),
    ],
)
def test_what_regular_expressions_lack_is_said(pattern, says) -> None:
    with pytest.raises(CommandError, match=says):
        evaluate_scalar(f'regexm("ab", "{pattern}")')


@settings(max_examples=max(100, settings.default.max_examples), deadline=None)
@given(st.text("ab*?.[", max_size=8), st.text("ab.[\n", max_size=8))
def test_wildcards_agree_with_trying_every_way(pattern, text) -> None:
    def tried(p: str, t: str) -> bool:
        if not p:
            return not t
        if p[0] == "*":
            return any(tried(p[1:], t[k:]) for k in range(len(t) + 1))
        return bool(t) and (p[0] in ("?", t[0])) and tried(p[1:], t[1:])

    assert wildcard(pattern)(text) == tried(pattern, text)


_ODD = {
    "n": [1e300, -1e300, 9e15, 1e9, -1.0, 0.0, 0.5, NAN, 1e-300],
    "s": ["", "a", "[", "*", "%9.2f", "1e400", "DMY", "\u00e9", "a" * 1000],
}


def _odd_arguments(function):
    kinds = [function.kind(i) for i in range(min(len(function.kinds.rstrip("*")), 5))]
    return [_ODD[kind] if kind in _ODD else [*_ODD["n"], *_ODD["s"]] for kind in kinds]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", sorted(functions()))
def test_no_argument_is_too_odd_for_a_function(name) -> None:
    """It gives a value, or a message that names the function: an OverflowError of Python was neither."""
    choices = _odd_arguments(functions()[name])
    rng = np.random.default_rng(len(name))
    for _ in range(25 if choices else 1):
        given = [values[rng.integers(len(values))] for values in choices]
        text = ", ".join(f'"{v}"' if isinstance(v, str) else "." if math.isnan(v) else repr(v) for v in given)
        try:
            evaluate_scalar(f"{name}({text})")
        except CommandError as error:
            assert str(error)


def test_the_least_length_of_an_abbreviation_is_five() -> None:
    assert [evaluate_scalar(f'abbrev("abcdefgh", {k})') for k in ("-1", "3", "5", "6", "8", ".")] == [
        "abc~h", "abc~h", "abc~h", "abcd~h", "abcdefgh", "abcdefgh",
    ]  # fmt: skip

"""The page of a mixed model in plain text: header, coefficients, random part, tests, warnings.

The layout is that of a listing: names as in commands, seven significant digits, one line a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

from terrace.report.cells import display_width, pad, wrap
from terrace.report.numbers import count, formatted, general
from terrace.report.text.table import plain
from terrace.results.fit import FitResult, RandomParameter
from terrace.results.stored import covariance_names
from terrace.results.table import CellValue, Row, Table
from terrace.results.tables import fit_tables, small_sample
from terrace.results.tables_notes import (
    boundary_note,
    conservative_note,
    df_title,
    filter_note,
    likelihood_name,
    nearly_zero_notes,
)
from terrace.results.tables_rows import BOUNDARY_MARK, listing_name, random_blocks
from terrace.spec.model import Display

WIDTH = 78
_WIDEST = 110  # a table with long names may stretch to this, unless `nolstretch`
_STUB = 16
_CELL = {"coef": 11, "estimate": 11, "se": 11, "df": 8, "stat": 9, "p": 8, "lb": 12, "ub": 11, "beta": 23}
_RIGHT = 30  # places of the right half of the header


def fit_text(fit: FitResult, display: Display | None = None) -> str:
    """The page of a fit, at most 78 places wide unless names are long; without a final newline.

    `display` replaces the options of display of the fit's own specification.
    """
    display = display or fit.spec.display
    blocks: list[list[str]] = []
    if not display.noheader:
        blocks.append(_header(fit, display))
    if fit.constraints and not display.nocnsreport:
        blocks.append([f" ({k:2d})  {text}" for k, text in enumerate(fit.constraints, start=1)])
    if display.coeflegend:
        blocks.append(_legend(fit, display))
    else:
        classic = {t.key: t for t in fit_tables(fit, "classic", display=display)}
        if "fixed" in classic:
            extra = _estmetric_rows(fit, display) if display.metric == "estmetric" else ()
            blocks.append([*_listing(classic["fixed"], display, extra=extra), *_metric_note(extra)])
        if "random" in classic and display.metric != "estmetric":
            blocks.append(_listing(classic["random"], display, wide=True))
        if "random" in classic or display.metric == "estmetric":
            blocks.append(_comparison(fit, display))
    blocks.append([note] if (note := filter_note(fit)) else [])
    blocks.append(_warnings(fit))
    return "\n".join("\n".join(line.rstrip() for line in b) for b in _spaced([b for b in blocks if b]))


def _spaced(blocks: list[list[str]]) -> list[list[str]]:
    return [b if i == 0 else ["", *b] for i, b in enumerate(blocks)]


# --- header -------------------------------------------------------------------------------------------------
def _header(fit: FitResult, display: Display) -> list[str]:
    left = [fit.title]
    right = [_pair("Number of obs", count(_scalar(fit, "N") or 0))]
    table: list[str] = []
    if fit.groups and not display.nogroup:
        if len(fit.groups) == 1:
            g = fit.groups[0]
            left.append(f"Group variable: {g.level}")
            right.append(_pair("Number of groups", count(g.n_groups)))
            sizes = (("min", count(g.min)), ("avg", f"{g.avg:,.1f}"), ("max", count(g.max)))
            right += [_pair(f"{'Obs per group:' if k == 'min' else '':15}{k}", v) for k, v in sizes]
        else:
            table = _grouping(fit)
    tests = _tests(fit)
    low = [f"DF method: {title}" if (title := plain(df_title(fit))) else ""]
    low += [""] * max(0, len(tests) - 2) + [f"{likelihood_name(fit)} = {general(fit.ll, 10)}"]
    low = low[-len(tests) :] if len(tests) >= len(low) else low
    robust = _robust_line(fit)
    if not table:
        left += [""] * (len(right) - len(left)) + low
        return _halves(left, [*right, *tests]) + robust
    return [*_halves(left, right), "", *table, "", *_halves(low, tests), *robust]


def _pair(name: str, value: str) -> str:
    return f"{name:<19}= {value:>9}"


def _halves(left: Sequence[str], right: Sequence[str]) -> list[str]:
    rows = max(len(left), len(right))
    first = [*left, *[""] * (rows - len(left))]
    second = [*right, *[""] * (rows - len(right))]
    out = []
    for a, b in zip(first, second):
        if b and display_width(a) > WIDTH - _RIGHT - 1:
            out += [a, pad("", WIDTH - _RIGHT) + b]  # a long name has the line to itself
        else:
            out.append(pad(a, WIDTH - _RIGHT) + b)
    return out


def _tests(fit: FitResult) -> list[str]:
    df, p = _scalar(fit, "df_m"), _scalar(fit, "p")
    shown_df = "" if df is None else f"{df:g}"
    out = []
    if small_sample(fit):
        for key, word in (("df_min", "min"), ("df_avg", "avg"), ("df_max", "max")):
            value = _scalar(fit, key)
            if value is not None:
                out.append(_pair(f"{'DF:' if word == 'min' else '':15}{word}", f"{value:,.2f}"))
    f, ddf = _scalar(fit, "F"), _scalar(fit, "ddf_m")
    if f is not None and ddf is not None:
        out += [_pair(f"F({shown_df}, {ddf:.2f})", f"{f:.2f}"), _pair("Prob > F", _p4(p))]
    else:
        chi2 = _scalar(fit, "chi2")
        out.append(_pair(f"Wald chi2({shown_df})", "." if chi2 is None else f"{chi2:.2f}"))
        out.append(_pair("Prob > chi2", _p4(p)))
    return out


def _p4(p: float | None) -> str:
    return "." if p is None else f"{p:.4f}"


def _grouping(fit: FitResult) -> list[str]:
    stub = max(14, *(display_width(g.level) for g in fit.groups))
    rule = "-" * (stub + 46)
    out = [
        "Grouping information",
        rule,
        f"{pad('', stub)}{'Number of':>12}{'Observations per group':>34}",
        f"{pad('Group variable', stub)}{'groups':>12}{'minimum':>12}{'average':>11}{'maximum':>11}",
        rule,
    ]
    for g in fit.groups:
        cells = f"{count(g.n_groups):>12}{count(g.min):>12}{g.avg:>11,.1f}{count(g.max):>11}"
        out.append(pad(g.level, stub) + cells)
    return [*out, rule]


def _robust_line(fit: FitResult) -> list[str]:
    cluster, clusters = fit.macros.get("clustvar"), _scalar(fit, "N_clust")
    if not cluster:
        return []
    number = "" if clusters is None else f"{count(clusters)} "
    how = "" if fit.spec.vce_correction == "cr1" else f", {fit.spec.vce_correction.upper()}"
    return [pad(f"(standard errors adjusted for {number}clusters in {cluster}{how})", WIDTH, "right")]


def _scalar(fit: FitResult, name: str) -> float | None:
    value = fit.scalars.get(name)
    return None if value is None or value != value else float(value)  # noqa: PLR0124 (NaN is missing)


# --- tables -------------------------------------------------------------------------------------------------
def _listing(table: Table, display: Display, *, wide: bool = False, extra: Sequence[Row] = ()) -> list[str]:
    rows = [*table.rows, *extra]
    keys = [c.key for c in table.columns]
    places = [_CELL[k] for k in keys]
    robust = {"Robust std. err.": ("Robust", "std. err.")}
    titles = [robust.get(c.title, ("", c.title)) for c in table.columns]
    indents = [_indent(table, r) for r in rows]
    labels = [display_width(r.label) + i for r, i in zip(rows, indents) if r.kind != "group"]
    room = (WIDTH if display.nolstretch else _WIDEST) - sum(places)
    full = WIDTH - sum(places) if wide else _STUB
    stub = min(room, max([full, display_width(table.title if wide else table.stub) + 1, *labels]))
    total = stub + sum(places)
    rule = "-" * total
    heads = [table.title if wide else table.stub]
    out = [rule]
    if any(first for first, _ in titles):
        out.append(pad("", stub) + "".join(f"{first:>{w}}" for (first, _), w in zip(titles, places)))
    head = wrap(heads[0], stub)
    out += head[:-1]
    out.append(pad(head[-1], stub) + "".join(f"{t:>{w}}" for (_, t), w in zip(titles, places)))
    out.append(rule)
    block_open = False
    for i, (row, indent) in enumerate(zip(rows, indents)):
        leaves = not wide and block_open and row.indent == 0
        enters = not wide and row.kind == "group" and i > 0
        if (leaves or enters) and not display.vsquish and out[-1] != rule:
            out.append("")
        if row.kind == "group":
            block_open = True
            out += [pad("", indent) + x for x in _label_lines(row.label, total - indent, display)]
            continue
        block_open = row.indent > 0 and block_open
        told = any(isinstance(v, str) for v in row.values)  # "(omitted)" says all that there is to say
        cells = ""
        reach = 0
        for v, k, w in zip(row.values, keys, places):
            reach += w
            text = "" if told and v is None else _cell(v, k, display)
            if isinstance(v, str):  # wider than its column, it goes on over those that stay empty
                text = "  " + text if w - display_width(text) < 2 else text
            cells += pad(text, max(reach - display_width(cells), 0), "right")
        first, *more = _label_lines(plain(row.label), stub - indent, display)
        out.append(pad(" " * indent + first, stub) + cells)
        out += [" " * indent + x for x in more]
    return [*out, rule]


def _indent(table: Table, row: Row) -> int:
    if table.key == "random":
        return 0 if row.kind == "group" else 4
    return 2 * row.indent


def _label_lines(label: str, width: int, display: Display) -> list[str]:
    lines = wrap(label, width, words=display.fvwrapon != "width")
    limit = display.fvwrap
    if limit is None or limit < 1 or len(lines) <= limit:
        return lines
    kept = lines[:limit]
    while kept[-1] and display_width(kept[-1]) > width - 2:
        kept[-1] = kept[-1][:-1]
    return [*kept[:-1], kept[-1] + ".."]


def _cell(value: CellValue, key: str, display: Display) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, tuple):
        return "."
    chosen = {"stat": display.sformat or "%8.2f", "p": display.pformat or "%5.3f", "df": "%8.1f"}
    return formatted(float(value), chosen.get(key) or display.cformat or "%9.0g")


def _estmetric_rows(fit: FitResult, display: Display) -> tuple[Row, ...]:
    """The random part in the metric and by the names of e(b), under the coefficients of one table."""
    from terrace.results.tables import fixed_keys

    keys = fixed_keys(fit, display)
    names = iter(_stored(fit))
    rows: list[Row] = []
    for block in random_blocks(fit, "estmetric"):
        if not block.parameters:
            continue
        heading = f"{block.level}: {block.structure}" if block.structure else block.level
        rows.append(Row(heading, kind="group"))
        for r in block.parameters:
            name = next(names, listing_name(r))
            rows.append(Row(name, _wald(r, keys), indent=1, code=name))
    return tuple(rows)


def _metric_note(rows: Sequence[Row]) -> list[str]:
    """What the names of the stored metric mean."""
    meanings = {
        "lns": "lns: log of a standard deviation",
        "atr": "atr: inverse hyperbolic tangent of a correlation",
        "logitr": "logitr: logit of a correlation",
    }
    names = [r.label.removeprefix("r_") for r in rows if r.kind != "group"]
    told = [text for start, text in meanings.items() if any(n.startswith(start) for n in names)]
    told += [f"{n}: log of the ratio to the first of them" for n in names if n.endswith("ose")][:1]
    return wrap("; ".join(told), WIDTH) if told else []


def _stored(fit: FitResult) -> list[str]:
    """The names of the covariance parameters in e(b), without what all have: ``lns1_1_1``, ``lnsig_e``."""
    return [c.removesuffix(":_cons") for c in covariance_names(fit)]


def _wald(r: RandomParameter, keys: Sequence[str]) -> tuple[CellValue, ...]:
    z = r.estimate / r.se if r.se else None
    p = None if z is None else erfc(abs(z) / sqrt(2))
    every = {"coef": r.estimate, "se": r.se, "df": None, "stat": z, "p": p, "lb": r.lb, "ub": r.ub}
    return tuple(every[k] for k in keys)


def _legend(fit: FitResult, display: Display) -> list[str]:
    from terrace.results.tables import legend_rows

    rows = legend_rows(fit, display)
    stub = max(_STUB, display_width(fit.outcome), *(display_width(name) for name, _, _ in rows), 0)
    cells = [_cell(value, "coef", display) for _, value, _ in rows]
    wide = max(13, *(len(cell) + 1 for cell in cells), 0)
    rule = "-" * max(WIDTH, stub + wide + 2 + max((display_width(legend) for _, _, legend in rows), default=0))
    out = [rule, f"{pad(fit.outcome, stub)}{'Coefficient':>{wide}}  Legend", rule]
    out += [f"{pad(name, stub)}{cell:>{wide}}  {legend}" for (name, _, legend), cell in zip(rows, cells)]
    return [*out, rule]


# --- below the tables ---------------------------------------------------------------------------------------
def _comparison(fit: FitResult, display: Display) -> list[str]:
    test = fit.comparison
    if test is None or display.nolrtest:
        return []
    sign = ">=" if test.label.startswith("chibar2") else ">"
    name = "chibar2" if test.label.startswith("chibar2") else "chi2"
    left = f"LR test vs. linear model: {test.label} = {test.stat:.2f}"
    right = f"Prob {sign} {name} = {test.p:.4f}"
    out = [pad(left, WIDTH - len(right)) + right]
    if test.mixture_p is not None:
        text = f"by the mixture distribution, Prob = {test.mixture_p:.4f}"
        out.append(pad(text, WIDTH, "right"))
    if test.conservative:
        out += wrap(f"Note: {conservative_note(fit)}", WIDTH)
    return out


def _warnings(fit: FitResult) -> list[str]:
    out: list[str] = []
    if any(r.boundary for r in fit.random):
        text = f"{BOUNDARY_MARK} {boundary_note(fit)[0].lower()}{boundary_note(fit)[1:]}"
        out += wrap(plain(text), WIDTH)
    for note in nearly_zero_notes(fit, fit.spec.display.metric):
        out += wrap(plain(f"Note: {note}"), WIDTH)
    if not fit.converged:
        out += wrap("Warning: the fit did not converge, so these numbers are not estimates.", WIDTH)
    for warning in fit.warnings:
        out += wrap(plain(f"Note: {warning}"), WIDTH)
    return out

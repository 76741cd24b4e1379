"""More graphs: ``kdensity``, ``lowess``, ``qnorm``, ``pnorm``, ``graph matrix``, ``graph combine``."""

from __future__ import annotations

import numpy as np

from terrace.data.dataset import Dataset, Variable
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import Option, choice, rules
from terrace.language.grammar.tokens import words
from terrace.language.graphs.looks import LOOK_RULES, read_look
from terrace.language.graphs.twoway import KERNELS, split_options
from terrace.language.mixed_options import argument, number
from terrace.results.plot import Plot, Style
from terrace.session.commands.graphs.graphs import TITLES, drawn_result
from terrace.session.commands.graphs.store import named_graph
from terrace.session.commands.helpers.rows import selected
from terrace.session.commands.helpers.working import FloatArray, new_name, weights
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.statistics import smooth
from terrace.wording import plural

_MOST_POINTS = 10_000_000

@command(
    "kdensity",
    minimum="kdensity",
    syntax=f"kdensity x [if] [in] [fweight] [, kernel(epanechnikov) bwidth(#) n(#) normal "
    f"generate(x d) nograph {TITLES}]",
    help="Estimate the density of a variable with a kernel and plot it.",
    effects=Effect.DATA | Effect.FILES | Effect.RETURNS | Effect.ANALYSES,
)
def kdensity(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.diagrams import density_graph, known

    data, clauses = session.data, parsed.clauses
    own_rules = (*rules("nor:mal nogr:aph", "k:ernel bw:idth n g:enerate"), *LOOK_RULES)
    own, options = split_options(clauses.options, own_rules, data.names, "kdensity")
    name = Names(data.names).one(clauses.body)
    keep = selected(session, clauses)
    w, _ = weights(session, clauses, ("fweight",), "kdensity")
    used = keep & np.isfinite(data.numeric(name))
    values = known(data, name, np.flatnonzero(keep))
    copies = None if w is None else np.nan_to_num(w[used])
    kernel = (
        choice(argument(own["kernel"]), own["kernel"].value, KERNELS, "a kernel") if "kernel" in own else "epanechnikov"
    )
    width = number(own["bwidth"]) if "bwidth" in own else smooth.usual_bandwidth(values, copies)
    if not width > 0:
        raise clauses.body.error(f"{name} does not vary, so it has no density.", code="no-variation", subject=name)
    points = int(number(own["n"], least=2, most=_MOST_POINTS, integer=True)) if "n" in own else 301
    at = np.linspace(values.min() - width, values.max() + width, points)
    found = smooth.density(values, at, width, kernel, copies)
    curves = [("Kernel density estimate", at, found)]
    if "normal" in own:
        mean = float(np.average(values, weights=copies))
        sd = float(np.sqrt(np.average((values - mean) ** 2, weights=copies)))
        curves.append(("Normal density", at, np.exp(-0.5 * ((at - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))))
    note = f"Kernel: {kernel}, bandwidth {width:.4g}."
    drawing = density_graph(data, name, curves, note, options)
    scalars = {"bwidth": float(width), "n": float(points), "scale": float(at[1] - at[0])}
    made = _generated(session, own, {"x": at, "d": found})
    return drawn_result(session, drawing, options, scalars, data=made, quiet="nograph" in own)


def _generated(session: Session, own: dict[str, Option], columns: dict[str, FloatArray]) -> Dataset | None:
    """The data with the two columns of generate(x d) in the first rows, longer where they must be; None without it."""
    if "generate" not in own:
        return None
    from terrace.data.transforms.rows import lengthen

    items = words(argument(own["generate"]))
    if len(items) != len(columns):
        raise own["generate"].piece.error(f"generate() takes {plural(len(columns), 'name')}.", code="option-argument")
    data = session.data
    longest = max(len(c) for c in columns.values())
    data = lengthen(data, longest) if longest > len(data) else data
    for item, values in zip(items, columns.values()):
        name = new_name(item, data)
        out = np.full(len(data), np.nan)
        out[: len(values)] = values
        data = data.with_column(name, out, Variable(name))
    return data


@command(
    "lowess",
    syntax=f"lowess y x [if] [in] [, bwidth(.8) generate(name) nograph {TITLES}]",
    help="Smooth y over x by locally weighted regression and plot both.",
    effects=Effect.DATA | Effect.FILES | Effect.RETURNS | Effect.ANALYSES,
)
def lowess(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.errors import DataError
    from terrace.graphs.diagrams import lowess_graph

    data, clauses = session.data, parsed.clauses
    own, options = split_options(
        clauses.options, (*rules("nogr:aph", "bw:idth g:enerate"), *LOOK_RULES), data.names, "lowess"
    )
    names = parse_names(clauses.body, data.names)
    if len(names) != 2:
        raise (clauses.body or parsed.word).error("lowess takes y and x.", code="variables", advice="Write lowess y x.")
    share = number(own["bwidth"]) if "bwidth" in own else 0.8
    if not 0 < share <= 1:
        raise own["bwidth"].piece.error("bwidth() must be a share of the rows, from 0 to 1.", code="bad-option-value")
    y, x = (data.numeric(n) for n in names)
    keep = selected(session, clauses) & np.isfinite(x) & np.isfinite(y)
    if keep.sum() < 3:
        raise DataError("lowess needs three complete rows.", code="no-observations")
    made = None
    if "generate" in own:
        name = new_name(argument(own["generate"]), data)
        at, curve = smooth.lowess(x[keep], y[keep], share)
        out = np.full(len(data), np.nan)
        out[keep] = curve[np.searchsorted(at, x[keep])]
        made = data.with_column(name, out, Variable(name, f"Lowess of {names[0]} over {names[1]}"))
    else:
        at, curve = smooth.lowess(x[keep], y[keep], share, 400)
    note = f"Lowess, bandwidth {share:g}."
    drawing = lowess_graph(data, (names[0], names[1]), (x[keep], y[keep]), (at, curve), note, options)
    return drawn_result(session, drawing, options, {"N": float(keep.sum())}, data=made, quiet="nograph" in own)


@command(
    "qnorm",
    syntax=f"qnorm x [if] [in] [, {TITLES}]",
    help="Plot a variable against normal quantiles.",
    effects=Effect.FILES,
)
@command(
    "pnorm",
    syntax=f"pnorm x [if] [in] [, {TITLES}]",
    help="Plot normal probabilities of a variable against its ranks.",
    effects=Effect.FILES,
)
def qnorm(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.diagrams import known, quantile_graph

    data, clauses = session.data, parsed.clauses
    _, options = split_options(clauses.options, (*rules("grid"), *LOOK_RULES), data.names, parsed.name)
    name = Names(data.names).one(clauses.body)
    values = known(data, name, np.flatnonzero(selected(session, clauses)))
    return drawn_result(session, quantile_graph(data, name, values, parsed.name, options), options)


@command(
    "graph matrix",
    minimum="gr mat",
    syntax=f"graph matrix variables [if] [in] [, half msymbol() msize() {TITLES}]",
    help="Plot all pairs of variables.",
    effects=Effect.FILES,
)
def matrix(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.diagrams import matrix_graph

    data, clauses = session.data, parsed.clauses
    own, options = split_options(
        clauses.options, (*rules("half", "jitter jitterseed diag:onal max:es"), *LOOK_RULES), data.names, "graph matrix"
    )
    names = parse_names(clauses.body, data.names)
    look = read_look(own, 1)[0]
    style = Style(look.marker_color, marker=look.marker, size=look.marker_size)
    rows = np.flatnonzero(selected(session, clauses))
    return drawn_result(session, matrix_graph(data, names, rows, style, options, half="half" in own), options)


@command(
    "graph combine",
    minimum="gr com",
    syntax=f"graph combine names [, cols(#) rows(#) xcommon ycommon {TITLES}]",
    help="Combine named graphs on one page.",
    effects=Effect.FILES,
)
def combine(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.diagrams import combined_graph

    clauses = parsed.clauses
    names = session.state.dataset.names if session.state.dataset is not None else ()
    own, options = split_options(
        clauses.options,
        rules("xcom:mon ycom:mon com:mon altshrink colf:irst", "col:s r:ows hol:es iscale imargin"),
        names,
        "graph combine",
    )
    plots: list[Plot] = []
    for item in words(clauses.body):
        plots += named_graph(session, item)
    if not plots:
        raise parsed.word.error("Give the graphs to combine.", code="syntax", advice="Write graph combine A B.")
    common = "x" * ("xcommon" in own or "common" in own) + "y" * ("ycommon" in own or "common" in own)
    counts = {k: int(number(own[k], least=1, integer=True)) if k in own else None for k in ("cols", "rows")}
    drawing = combined_graph(plots, options, columns=counts["cols"], rows=counts["rows"], common=common)
    return drawn_result(session, drawing, options)

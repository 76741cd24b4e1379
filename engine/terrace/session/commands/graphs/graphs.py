"""Graphs of data: ``twoway`` with its plot types, ``histogram``, ``graph box``, ``marginsplot``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset
from terrace.errors import DataError
from terrace.language.grammar.clauses import Clauses, Weighting
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names, parse_names
from terrace.language.grammar.options import Option, OptionRule, choice, rules, scan_options
from terrace.language.grammar.tokens import Piece
from terrace.language.graphs.options import GraphOptions
from terrace.language.graphs.twoway import parse_boxes, parse_histogram, parse_twoway
from terrace.language.mixed_options import argument
from terrace.results.plot import Axis, PlotPanel
from terrace.session.commands.graphs.store import KINDS, about, save, written
from terrace.session.commands.helpers.files import file_name
from terrace.session.commands.helpers.rows import selected
from terrace.session.effects import Effect
from terrace.session.filtering import filtered, noted_plot
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult, Returned
from terrace.wording import plural

if TYPE_CHECKING:
    from terrace.graphs.assemble import Drawing

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
UNNAMED = "Graph"
"""The name of a graph that was given none; the next such graph takes its place."""

TITLES = "title() xtitle() ytitle() note() legend() by() name() saving()"


# --- drawing ----------------------------------------------------------------------------------------------
@command(
    "twoway",
    minimum="tw",
    syntax=f"twoway (PLOT y x [if] [in] [, looks]) (...) [if] [in] [, {TITLES}]",
    help="Draw plots on top of each other: scatter line connected, the fits lfit qfit lowess (with ci: lfitci qfitci), "
    "area bar spike dropline, between two variables rarea rbar rspike rcap rline, and function kdensity histogram.",
    effects=Effect.FILES,
)
@command(
    "graph twoway",
    minimum="gr tw",
    syntax="graph twoway (PLOT y x ...) (...) [, options]",
    help="Same as twoway.",
    type="twoway",
    effects=Effect.FILES,
)
def twoway(session: Session, parsed: ParsedCommand) -> CommandResult:
    return _overlay(session, parsed, "")


@command(
    "scatter",
    minimum="sc",
    syntax=f"scatter y [y...] x [if] [in] [, connect(L) sort msymbol(O) jitter(5) {TITLES}]",
    help="Draw points; || and another plot draws over them.",
    effects=Effect.FILES,
)
def scatter(session: Session, parsed: ParsedCommand) -> CommandResult:
    return _overlay(session, parsed, "scatter")


@command(
    "line",
    syntax=f"line y [y...] x [if] [in] [, sort connect(ascending) lwidth(thick) lpattern(dash) {TITLES}]",
    help="Draw a line through the rows in order. connect(ascending) breaks it where x decreases.",
    effects=Effect.FILES,
)
def line(session: Session, parsed: ParsedCommand) -> CommandResult:
    return _overlay(session, parsed, "line")


@command(
    "xtline",
    syntax=f"xtline y [y...] [if] [in] [, overlay i(panel) t(time) {TITLES}]",
    help="Draw y over time, with a panel for each group set by xtset. With overlay, draw all groups in one.",
    effects=Effect.FILES,
)
def xtline(session: Session, parsed: ParsedCommand) -> CommandResult:
    data, clauses = session.data, parsed.clauses
    given = scan_options(clauses.options)
    known = rules("ov:erlay", "i t")
    own = {n: o for o in given for n in [_own_name(o, known)] if n}
    declared = data.panel
    panel = Names(data.names).one(argument(own["i"])) if "i" in own else declared.panel if declared else None
    time = Names(data.names).one(argument(own["t"])) if "t" in own else declared.time if declared else None
    if panel is None or time is None:
        raise parsed.word.error(
            "xtline needs groups and a time variable.",
            code="no-panel",
            advice="xtset id time first, or add i() and t().",
        )
    rest = " ".join(str(o.piece) for o in given if o not in own.values())
    how = f"sort({panel} {time}) connect(ascending)" if "overlay" in own else f"sort({time}) by({panel})"
    where = "" if clauses.condition is None else f" if {clauses.condition}"
    where += "" if clauses.range_ is None else f" in {clauses.range_}"
    text = f"line {clauses.body} {time}{where}, {how} {rest}"
    return _overlay(session, replace(parsed, arguments=Piece(text, 4, len(text))), "line")


def _own_name(option: Option, known: Sequence[OptionRule]) -> str:
    """The full name of an option that is one of these; empty for others."""
    return next((r.name for r in known if r.accepts(option.name)), "")


def _overlay(session: Session, parsed: ParsedCommand, kind: str) -> CommandResult:
    from terrace.graphs.twoway import LayerRows, build_twoway

    if session.state.dataset is None:  # functions and points given as numbers need no data
        from terrace.data.transforms.rows import lengthen

        child = session.fork(replace(session.state, dataset=lengthen(None, 1)))
        result = _overlay(child, parsed, kind)
        return replace(result, state=replace(result.state or session.state, dataset=None))
    data = session.data
    spec = parse_twoway(parsed.arguments.strip(), data.names, kind)
    whole = selected(session, spec.clauses)
    layers = []
    for layer in spec.layers:
        rows = np.flatnonzero(whole & selected(session, layer.clauses))
        if not len(rows):
            raise DataError("if and in leave no rows.", code="no-observations", subject=layer.y[0] or layer.x)
        if layer.weight is not None and layer.weight.kind not in ("aweight", "fweight"):
            raise layer.weight.piece.error(
                f"{layer.kind} does not take {layer.weight.kind}s.",
                code="weight-kind",
                advice="Use aweight or fweight.",
            )
        layers.append(LayerRows(rows, _weights(session, layer.weight, rows)))
    drawing = build_twoway(data, spec, layers, level=session.state.settings.level, context=session.context())
    return _drawn(session, drawing, spec.options)


@command(
    "histogram",
    minimum="hist",
    syntax=f"histogram x [if] [in] [fweight] [, bin(#) width(#) start(#) discrete frequency|percent normal {TITLES}]",
    help="Draw a histogram, of densities by default.",
    effects=Effect.FILES | Effect.RETURNS,
)
def histogram(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.histogram import build_histogram

    spec = parse_histogram(parsed.arguments.strip(), session.data.names)
    rows = _rows(session, spec.clauses)
    weight = spec.clauses.weight
    if weight is not None and weight.kind != "fweight":
        raise weight.piece.error(f"histogram does not take {weight.kind}s.", code="weight-kind", advice="Use fweight.")
    return _drawn(session, build_histogram(session.data, spec, rows, _weights(session, weight, rows)), spec.options)


@command(
    "graph hbox",
    minimum="gr hbox",
    syntax="graph hbox y [y...] [if] [in] [, options]",
    help="graph box on its side.",
    type="graph box",
    effects=Effect.FILES,
)
@command(
    "graph box",
    minimum="gr box",
    syntax=f"graph box y [y...] [if] [in] [, over(g) over(g) nooutsides {TITLES}]",
    help="Draw box plots, side by side over the values of up to two variables.",
    effects=Effect.FILES,
)
def box(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.box import build_boxes

    lying = parsed.name.endswith("hbox")
    spec = parse_boxes(parsed.arguments.strip(), session.data.names, horizontal=lying)
    if spec.clauses.weight is not None:
        raise spec.clauses.weight.piece.error("graph box takes no weights.", code="weight-kind")
    return _drawn(session, build_boxes(session.data, spec, _rows(session, spec.clauses)), spec.options)


@command("graph hbar", minimum="gr hbar", syntax="graph hbar (statistic) y [y...], over(g)",
         help="graph bar on its side.", type="graph bar", effects=Effect.FILES)  # fmt: skip
@command("graph dot", minimum="gr dot", syntax="graph dot (statistic) y [y...], over(g)",
         help="Statistics as points on lines, over groups.", type="graph bar", effects=Effect.FILES)  # fmt: skip
@command(
    "graph bar",
    minimum="gr bar",
    syntax=f"graph bar [(statistic) y [y...] ...] [if] [in] [weight] [, over(g[, sort(1) descending]) over(g) asyvars "
    f"stack percentages blabel(bar) {TITLES}]",
    help="Draw bars of a statistic (by default the mean) over the values of up to three variables; without a "
    "variable, of percentages.",
    effects=Effect.FILES,
)
def bar(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.bars import build_bars
    from terrace.language.graphs.bars import parse_bars

    spec = parse_bars(parsed.arguments.strip(), session.data.names, parsed.name.split()[-1])
    rows = _rows(session, spec.clauses)
    weight = spec.clauses.weight
    if weight is not None and weight.kind not in ("fweight", "aweight"):
        raise weight.piece.error(
            f"{parsed.name} does not take {weight.kind}s.", code="weight-kind", advice="Use aweight or fweight."
        )
    weights = _weights(session, weight, rows)
    drawing = build_bars(session.data, spec, rows, weights, weight.kind if weight is not None else "")
    return _drawn(session, drawing, spec.options)


@command(
    "marginsplot",
    syntax="marginsplot [, x(variable) by(variables) recast(line|connected|scatter|bar) recastci(rcap|rarea|rline) "
    f"noci horizontal {TITLES}]",
    help="Plot the margins that were estimated last, with their intervals.",
    effects=Effect.FILES | Effect.ABOUT_FIT,
)
def marginsplot(session: Session, parsed: ParsedCommand) -> CommandResult:
    from terrace.graphs.assemble import Drawing, ignored_text
    from terrace.graphs.dress import dress, ticks_at_values
    from terrace.language.graphs.twoway import split_options
    from terrace.postestimation.margins.show import margins_plot

    if session.state.margins is None:
        raise parsed.word.error(
            "There are no margins to plot.", code="no-margins", advice="Estimate them first: margins ..."
        )
    names = session.data.names
    looks = "plotop:ts ciop:ts " + " ".join(f"plot{k}op:ts ci{k}op:ts" for k in range(1, 10))
    known = rules(
        "noci hor:izontal allx:labels nolab:els uniq:ue",
        f"x:dimension bydim:ension plotdim:ension recast recastci {looks}",
    )
    own, options = split_options(parsed.clauses.options, known, names, "marginsplot")
    x = Names(names).one(argument(own["xdimension"])) if "xdimension" in own else None
    by = options.by.names if options.by is not None else ()
    if "bydimension" in own:
        by = parse_names(argument(own["bydimension"]), names)
    plots = "l:ine conn:ected sc:atter bar"
    ranges = "rcap rspike rcapsym rarea rline rbar rconnected"
    intervals = {"rarea": "rarea", "rline": "rline", "rconnected": "rline", "rbar": "rarea"}
    recast = choice(argument(own["recast"]), own["recast"].value, plots, "a plot") if "recast" in own else "line"
    ci = choice(argument(own["recastci"]), own["recastci"].value, ranges, "a plot") if "recastci" in own else ""
    plot = margins_plot(
        session.state.margins, x, by=by, recast=recast, horizontal="horizontal" in own,
        recastci="none" if "noci" in own else intervals.get(ci, "interval"),
    )  # fmt: skip
    ignored = [n for n in own if n.endswith("opts") or n in ("plotdimension", "allxlabels", "nolabels", "unique")]
    options = replace(options, ignored=(*options.ignored, *ignored), by=None)
    count = len(session.state.margins.labels)
    text = f"Graph drawn: {plot.title[:1].lower() + plot.title[1:]} ({plural(count, 'margin')})."
    plot = replace(plot, panels=tuple(_labelled(session.data, panel) for panel in plot.panels))
    if "horizontal" not in own:
        plot = replace(plot, panels=tuple(map(ticks_at_values, plot.panels)))
    plot = dress(session.data, plot, options)
    return _drawn(session, Drawing((plot,), text, ignored_text(options.ignored)), options)


def _labelled(data: Dataset, panel: PlotPanel) -> PlotPanel:
    """An axis that is called by the name of a variable is called by its label."""

    def titled(axis: Axis) -> Axis:
        label = data.variable(axis.title).label if axis.title in data.names else ""
        return replace(axis, title=label or axis.title)

    return replace(panel, x=titled(panel.x), y=titled(panel.y))


def _rows(session: Session, clauses: Clauses) -> Rows:
    return np.flatnonzero(selected(session, clauses))


def _weights(session: Session, weight: Weighting | None, rows: Rows) -> FloatArray | None:
    if weight is None:
        return None
    from terrace.language.expressions.entry import evaluate

    values = evaluate(weight.expression, session.data, context=session.context())[rows]
    if values.dtype == object:
        raise weight.piece.error("A weight must be a number.", code="weight")
    values = np.asarray(values, dtype=np.float64)
    if np.any(values < 0):
        raise DataError(f"The weight {weight.expression} is negative in some rows.", code="negative-weights")
    if weight.kind == "fweight" and np.any(values[np.isfinite(values)] % 1):
        raise DataError(f"The weight {weight.expression} is not a whole number in some rows.", code="weight")
    return np.where(np.isnan(values), 0.0, values)


def drawn_result(
    session: Session,
    drawing: Drawing,
    options: GraphOptions,
    scalars: Mapping[str, float] | None = None,
    *,
    data: Dataset | None = None,
    quiet: bool = False,
) -> CommandResult:
    """`_drawn`, with numbers for r() and changed data; with `quiet` nothing is drawn."""
    result = CommandResult(state=session.state) if quiet else _drawn(session, drawing, options)
    state = result.state or session.state
    if scalars is not None:
        state = replace(state, returned=Returned(dict(scalars)))
    if data is not None:
        state = replace(state, dataset=data)
    return replace(result, state=state)


def _with_filter(session: Session, drawing: Drawing) -> Drawing:
    """The drawing with a note of the filter that its rows were chosen by, which goes with it into files."""
    if not session.filtering.used or not session.filtering.expression:
        return drawing
    told = filtered(session.filtering.expression, session.data)
    return replace(drawing, plots=tuple(noted_plot(p, told) for p in drawing.plots))


def _drawn(session: Session, drawing: Drawing, options: GraphOptions) -> CommandResult:
    """The result of a command that drew a graph: it has its name now, and its file where it asked for one."""
    name = options.name or UNNAMED
    graphs = dict(session.state.graphs)
    if options.name and name in graphs and not options.name_replace:
        assert options.name_piece is not None
        raise options.name_piece.error(
            f"A graph named {name} already exists.",
            code="name-taken",
            subject=name,
            advice=f"Choose another name, or write name({name}, replace).",
        )
    text, drawing = drawing.text, _with_filter(session, drawing)
    if options.saving is not None:
        where = file_name(session, options.saving, "saving")
        path = Path(where) if Path(where).suffix else Path(f"{where}.{KINDS[0]}")
        text += "\n" + written(save(session, drawing.plots, path, replace_file=options.saving_replace))
    graphs.pop(name, None)
    graphs[name] = drawing.plots
    return CommandResult(
        text=text,
        plots=drawing.plots if options.draw else (),
        warnings=drawing.warnings,
        state=replace(session.state, graphs=graphs),
        payload={"graph": about(name, drawing.plots)},
    )

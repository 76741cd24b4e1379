"""The grammar of ``graph bar``, ``graph hbar`` and ``graph dot``: statistics of variables over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terrace.data.transforms.aggregate import STATISTICS, statistic
from terrace.language.grammar.clauses import Clauses, split_clauses
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import Option, did_you_mean, match_option, match_options, rules, scan_options
from terrace.language.grammar.tokens import Piece, closing, split, unquoted, words
from terrace.language.graphs.looks import LOOK_RULES
from terrace.language.graphs.options import GRAPH_RULES, GraphOptions
from terrace.language.graphs.twoway import numbered_color, split_options
from terrace.language.mixed_options import argument, number

_OTHER_NAMES = {"average": "mean", "n": "count", "std": "sd", "var": "variance", "sem": "semean"}
_BAR_RULES = rules(
    "stack perc:entages asyv:ars noasyv:ars nofill miss:ing cw excl:ude0 noexcl:ude0 nolab:el yvaroptions asc:ategory "
    "vert:ical",
    "over bl:abel bar bargap outergap intensity lines marker linegap ndots dots allc:ategories yal:ternate",
)


@dataclass(frozen=True, slots=True)
class Over:
    """Groups along the axis. ``sort`` is the number of the series to sort by, from 1; 0 sorts by value.

    ``labels`` stand in the place of those of the values, by their number from 1.
    """

    name: str
    sort: int = 0
    descending: bool = False
    labels: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """``targets`` are pairs of a statistic and a variable, "" for counts of rows; ``over`` the innermost first.

    ``kind`` is bar, hbar or dot; ``coloured`` tells whether the innermost groups are told apart by colours, None
    leaves it to the graph. ``colors`` are those asked for by the number of the series, from 1.
    """

    kind: str
    targets: tuple[tuple[str, str], ...]
    clauses: Clauses
    options: GraphOptions
    over: tuple[Over, ...] = ()
    stack: bool = False
    percent: bool = False
    labelled: bool = False
    coloured: bool | None = None
    colors: tuple[tuple[int, str], ...] = ()
    missing: bool = False
    complete: bool = False


def parse_bars(piece: Piece, variables: Sequence[str], kind: str) -> Bars:
    """What follows ``graph bar``. Raises `CommandError` where it cannot be read."""
    where = f"graph {kind}"
    clauses = split_clauses(piece, using=False)
    given = scan_options(clauses.options)
    known = (*_BAR_RULES, *LOOK_RULES, *GRAPH_RULES)
    names = [match_option(o, known, where).name for o in given]
    over = tuple(_over(o, variables) for o, n in zip(given, names) if n == "over")
    rest = [o for o, n in zip(given, names) if n not in ("over", "bar")]
    colors = tuple(c for o, n in zip(given, names) if n == "bar" for c in numbered_color(o))
    own, options = split_options(rest, (*_BAR_RULES, *LOOK_RULES), variables, where)
    targets = _targets(clauses.body, variables)
    if not targets:
        targets = (("percent" if not own.get("percentages") else "count", ""),)
    if len(over) > 3:
        raise piece.error("At most three over() options are possible.", code="too-many-over")
    if not over and targets[0][1] == "":
        raise piece.error(
            f"{where} needs a variable or over().", code="variables", advice=f"Write {where} (mean) y, over(g)."
        )
    coloured = True if "asyvars" in own else False if "noasyvars" in own else None
    labels = own["blabel"].value.split(",")[0].strip() if "blabel" in own else ""
    return Bars(
        kind, targets, clauses, options, over,
        stack="stack" in own, percent="percentages" in own, labelled=labels in ("bar", "total"),
        coloured=coloured, colors=colors, missing="missing" in own, complete="cw" in own,
    )  # fmt: skip


def _over(option: Option, variables: Sequence[str]) -> Over:
    piece = argument(option)
    parts = split(piece, ",")
    name = Names(variables).one(parts[0].strip())
    known = rules(
        "des:cending tot:al nolab:el", "sort label rela:bel gap axis reorder angle", "",
    )  # fmt: skip
    own = match_options(piece.at(parts[1].start, piece.end), known, "over()") if len(parts) > 1 else {}
    sort = 0
    if "sort" in own:
        text = own["sort"].value
        sort = int(number(own["sort"], least=1, integer=True)) if text.replace(".", "").isdigit() else 1
    labels: list[tuple[int, str]] = []
    if "relabel" in own:
        items = words(argument(own["relabel"]))
        for key, label in zip(items[::2], items[1::2]):
            if not str(key).isdigit():
                raise key.error('relabel() takes 1 "text" 2 "text" ...', code="bad-option-value", subject="relabel")
            labels.append((int(str(key)), unquoted(label)))
    return Over(name, sort, "descending" in own, tuple(labels))


def _targets(piece: Piece, variables: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """``(mean) y x (sd) z`` as pairs; the mean where no statistic stands before a variable."""
    names = Names(variables)
    out: list[tuple[str, str]] = []
    how, i = "mean", piece.start
    waiting = False
    while i < piece.end:
        if piece.source[i].isspace():
            i += 1
            continue
        if piece.source[i] == "(":
            if waiting:
                out.append(_alone(how, piece))
            stop = closing(piece, i)
            how, waiting = _statistic(piece.at(i + 1, stop).strip()), True
            i = stop + 1
            continue
        end = i
        while end < piece.end and not piece.source[end].isspace() and piece.source[end] != "(":
            end += 1
        out += [(how, n) for n in names.expand(words(piece.at(i, end))[0])]
        waiting, i = False, end
    if waiting:
        out.append(_alone(how, piece))
    return tuple(out)


def _alone(how: str, piece: Piece) -> tuple[str, str]:
    if how not in ("count", "percent"):
        raise piece.error(f"({how}) needs a variable.", code="variables", advice=f"Write ({how}) y.")
    return how, ""


def _statistic(piece: Piece) -> str:
    name = str(piece).lower()
    name = _OTHER_NAMES.get(name, name)
    if name in ("asis", "first"):
        return "first"
    if statistic(name) is None:
        raise piece.error(
            f"There is no statistic {name!r}.",
            code="no-such-statistic",
            subject=name,
            advice=did_you_mean(name, [*STATISTICS, "p25", "p75"], otherwise=True),
        )
    return name

"""``center``: variables around their mean, of all rows or of each group, with the group means beside them."""

from __future__ import annotations

import numpy as np

from terrace.data.dataset import Measure, Variable
from terrace.data.transforms.egen import spread
from terrace.errors import DataError
from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import parse_names, parse_new_names
from terrace.language.grammar.options import Option, rules
from terrace.language.grammar.tokens import Piece
from terrace.language.mixed_options import argument
from terrace.session.commands.helpers.working import by_groups, changed, chosen, new_name, text_of
from terrace.session.effects import Effect
from terrace.session.registry import command
from terrace.session.session import Session
from terrace.session.state import CommandResult
from terrace.wording import enumerated, plural


@command(
    "center",
    syntax="center variables [if] [in] [, by(group) prefix(c_) generate(names) inplace means(m_) mgenerate(names) "
    "standardize casewise nolabel addtolabel(text)]",
    help="Centre variables at their mean, or at the means of groups (within-group centring), which means() keeps.",
    by="native",
    effects=Effect.DATA,
)
def center(session: Session, parsed: ParsedCommand) -> CommandResult:
    options = parsed.options(
        rules(
            "inp:lace s:tandardize case:wise meansa:ve nolabel", "by pre:fix g:enerate m:eans mgen:erate addtolabel",
            already="double",
        )
    )  # fmt: skip
    data = session.data
    names = parsed.variables(data.names)
    if not names:
        raise parsed.word.error("center needs variables.", code="syntax", advice="Write center ses, by(school).")
    also = parse_names(argument(options["by"]), data.names) if "by" in options else ()
    by = by_groups(session, parsed, also)
    groups = by.grouping(len(data))
    keep = chosen(session, parsed.clauses, by)
    columns = {n: data.numeric(n) for n in names}
    if "casewise" in options:
        for x in columns.values():
            keep = keep & ~np.isnan(x)
    if not keep.any():
        raise DataError("if and in leave no rows.", code="no-observations")
    given, given_means = (_new_names(options, key, len(names)) for key in ("generate", "mgenerate"))
    prefix = text_of(options.get("prefix"), "c_")
    means = text_of(options.get("means"), "m_") if {"means", "meansave", "mgenerate"} & set(options) else None
    where = f"within {' '.join(by.names)}" if by.names else "at the mean"
    told = []
    for k, name in enumerate(names):
        x, v = columns[name], data.variable(name)
        middle = spread("mean", x, groups, keep)
        out = x - middle
        if "standardize" in options:
            with np.errstate(invalid="ignore", divide="ignore"):
                out = out / spread("sd", x, groups, keep)
            out = np.where(np.isfinite(out), out, np.nan)
        out = np.where(keep, out, np.nan)
        what = f"{v.label or name}, {'standardized' if 'standardize' in options else 'centred'} {where}"
        what = "" if "nolabel" in options else what + text_of(options.get("addtolabel"))
        if "inplace" in options:
            data = data.with_column(name, np.where(keep, out, x), v.of_new_values())
        else:
            new = given[k] if given else prefix + name
            new_name(Piece.of(new), data)
            data = data.with_column(new, out, Variable(new, what, Measure.CONTINUOUS))
            told.append(new)
        if means is not None:
            new = given_means[k] if given_means else means + name
            new_name(Piece.of(new), data)
            of = f" in {' '.join(by.names)}" if by.names else ""
            data = data.with_column(new, middle, Variable(new, f"Mean of {v.label or name}{of}", Measure.CONTINUOUS))
            told.append(new)
    return changed(session, data, f"Added {enumerated(told)}." if told else "")


def _new_names(options: dict[str, Option], key: str, n: int) -> tuple[str, ...]:
    """The names that an option gives to what is made, one a variable; none where it is not there."""
    if key not in options:
        return ()
    given = parse_new_names(argument(options[key]))
    if len(given) != n:
        raise options[key].piece.error(
            f"{plural(len(given), 'name')} for {plural(n, 'variable')}.", code="option-argument", subject=key
        )
    return tuple(given)

"""The plots of a fit that take options of their own: ``plot forest``, ``scatter``, ``partition``, ``trellis``."""

from __future__ import annotations

from collections.abc import Sequence

from terrace.language.grammar.command import ParsedCommand
from terrace.language.grammar.names import Names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option
from terrace.language.grammar.tokens import Piece, unquoted, words
from terrace.language.mixed_options import argument, number
from terrace.results.fit import FitResult
from terrace.results.plot import Plot
from terrace.session.commands.helpers.asking import level_of
from terrace.session.commands.helpers.fits import named_fit
from terrace.session.fit_rows import fit_rows
from terrace.session.labelling import as_shown, labels_now
from terrace.session.session import Session
from terrace.wording import plural

KINDS = ("forest", "scatter", "partition", "trellis")
OPTIONS = {
    "caterpillar": ("comparison",), "forest": ("standardized", "constant", "level", "titles"),
    "scatter": ("shrinkage", "level"), "partition": ("at",), "trellis": ("groups", "seed"),
}  # fmt: skip
"""The options of each kind, besides those of all."""
MOST_WORDS = {"forest": 50, "scatter": 2, "partition": 1, "trellis": 1}
"""How many words may follow each kind."""


def check_options(kind: str, options: dict[str, Option]) -> None:
    """`CommandError` for an option that this kind of plot does not have."""
    for name, option in options.items():
        if name in ("replace", "saving", "xrange", "yrange") or name in OPTIONS.get(kind, ()):
            continue
        having = [k for k, own in OPTIONS.items() if name in own]
        raise option.piece.error(f"plot {kind} takes no {name}.", code="misplaced-option", subject=name,
                                 advice=f"It belongs to plot {' and plot '.join(having)}.")  # fmt: skip


def draw_kind(
    session: Session, parsed: ParsedCommand, fit: FitResult, kind: str, more: Sequence[Piece],
    options: dict[str, Option],
) -> Plot:  # fmt: skip
    """One of `KINDS` with the words after it. Raises `TerraceError` where it cannot be drawn."""
    if kind == "forest":
        from terrace.postestimation.paper.forest import forest_plot

        chosen = [named_fit(session, parsed, piece) for piece in more] or [("", fit)]
        fits = [f for _, f in chosen]
        names = [name for name, _ in chosen]
        if "titles" in options:
            given = [unquoted(w) for w in words(argument(options["titles"]))]
            if len(given) != len(fits):
                raise options["titles"].piece.error(
                    f"{plural(len(given), 'title')} for {plural(len(fits), 'model')}.", code="titles", subject="titles"
                )
            names = given
        return forest_plot(
            fits, names, standardized="standardized" in options, constant="constant" in options,
            level=level_of(options, session), labels=labels_now(session.state, fits),
        )  # fmt: skip
    data = as_shown(session.state, fit_rows(session, fit).data)
    known = Names(data.names)
    if kind == "scatter":
        from terrace.postestimation.diagnose.effects_plots import effects_scatter

        level, slope = ([*map(str, more), None, None])[:2]
        return effects_scatter(fit, data, level, slope, shrinkage="shrinkage" in options,
                               confidence=level_of(options, session))  # fmt: skip
    x = known.one(more[0]) if more else None
    if kind == "partition":
        from terrace.postestimation.diagnose.effects_plots import partition_plot

        at = list(parse_numlist(argument(options["at"]))) if "at" in options else None
        if at is not None and x is None:
            raise options["at"].piece.error(
                "at() needs the variable whose values it gives.", code="no-variable", subject="at",
                advice="Example: plot partition ses, at(-1 0 1).",
            )  # fmt: skip
        return partition_plot(fit, data, x, at)
    from terrace.postestimation.diagnose.trellis import PANELS, trellis_plot

    panels = int(number(options["groups"], integer=True, least=1)) if "groups" in options else PANELS
    seed = int(number(options["seed"], integer=True)) if "seed" in options else None
    return trellis_plot(fit, data, x or "", panels=panels, seed=seed)

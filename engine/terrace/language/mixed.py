"""The ``mixed`` command (and its older name ``xtmixed``) as a `ModelSpec`.

::

    mixed depvar [terms] [if] [in] [weight] [, options] { || level: [terms | R.variable] [, options] }

Options that concern the whole model may stand in any part; by custom they are in the last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from terrace.errors import SpecError
from terrace.language import mixed_options as o
from terrace.language.grammar.clauses import Clauses, Weighting, split_clauses
from terrace.language.grammar.names import Names
from terrace.language.grammar.options import (
    Option,
    OptionRule,
    choice,
    match_option,
    match_options,
    members,
    scan_options,
)
from terrace.language.grammar.tokens import NAME, Piece, split, top_level, words
from terrace.language.grammar.varlist import parse_factor, parse_terms
from terrace.spec.edit import ALL
from terrace.spec.model import (
    Display,
    Maximisation,
    ModelSpec,
    RandomEquation,
    Residuals,
    Weight,
    WeightKind,
    WeightScale,
)
from terrace.spec.problem import Problem
from terrace.spec.validity import invalid

COMMANDS = ("mixed", "xtmixed")
_WEIGHTS: dict[str, WeightKind] = members(WeightKind)
_REFUSED = {
    "aweight": "Analytic weights are not defined for mixed models.",
    "iweight": "Importance weights are not defined for mixed models.",
}
# Where a broken rule is shown: the options that cause it, the most telling first.
_AT_CODE = {
    "emonly": ("emonly",),
    "nostderr": ("nostderr",),
    "technique": ("technique",),
    "dftable-no-df": ("dftable",),
}
_AT_FIELD = {
    "df": ("dfmethod",),
    "method": ("reml",),
    "vce": ("vce", "robust", "cluster"),
    "cluster": ("vce", "cluster"),
    "pwscale": ("pwscale",),
    "confidence": ("level",),
    "residuals": ("residuals",),
    "weight": ("weight",),
}


@dataclass
class _Places:
    """Where the parts of the command stand, for errors that concern the whole model."""

    whole: Piece
    options: dict[str, Piece] = field(default_factory=dict)
    equations: list[tuple[Piece, Piece]] = field(default_factory=list)
    equation_options: list[dict[str, Piece]] = field(default_factory=list)
    fixed: Piece | None = None

    def of(self, problem: Problem) -> Piece:
        names = _AT_CODE.get(problem.code) or _AT_FIELD.get(problem.field.split(":")[0], ())
        for name in names:
            if name in self.options:
                return self.options[name]
        kind, *rest = problem.field.split(":")
        if kind == "level" and rest:
            k = int(rest[0])
            level, whole = self.equations[k]
            given = self.equation_options[k]
            if rest[1:] == ["group"]:
                return level
            wanted = {"constant": ("noconstant",), "weight": ("pweight", "fweight")}
            for name in wanted.get(rest[1], (rest[1],)) if rest[1:] else ():
                if name in given:
                    return given[name]
            return whole
        return self.fixed if kind == "fixed" and self.fixed else self.whole


def parse_mixed(
    text: str, variables: Sequence[str] | None = None, *, display: Display | None = None
) -> ModelSpec:
    """The model that a command specifies.

    Parameters
    ----------
    text
        The command, beginning with ``mixed`` or ``xtmixed`` (which means REML and standard deviations).
    variables
        Names in the data: abbreviations, wildcards and ranges are resolved, unknown names refused. Without
        them names must be written in full and stand for themselves.
    display
        Display settings to start from, such as the level of ``set level``.

    Raises
    ------
    CommandError
        Where the text cannot be understood; ``start`` and ``end`` point at the place.
    SpecError
        Where the model breaks a rule, pointing at the option that does.
    """
    piece = Piece.of(text).strip()
    found = NAME.match(text, piece.start)
    if not found or found.group() not in COMMANDS:
        raise piece.before(found.end() if found else piece.end).error(
            "A model starts with mixed.", code="not-mixed", advice="Example: mixed y x || school:"
        )
    return parse_model(piece.after(found.end()), variables, alias=found.group() == "xtmixed", display=display)


def parse_model(
    piece: Piece, variables: Sequence[str] | None, *, alias: bool = False, display: Display | None = None
) -> ModelSpec:
    """`parse_mixed` for what follows the command's name; ``alias`` is True for ``xtmixed``."""
    names = Names(variables)
    parts = split(piece, "||")
    head, *tails = [split_clauses(part, using=False) for part in _bodies(parts)]
    levels = [_level(part) for part in parts[1:]]
    for clauses in (head, *tails):
        _no_single_bar(clauses.body)
    places = _Places(piece.strip())
    given = _options([head, *tails], places)
    if not head.body:
        raise piece.error(
            "The outcome is missing.", code="no-outcome", advice="Write it after mixed: mixed y x || school:"
        )
    first = words(head.body)[0]
    rest = head.body.after(first.end).strip()
    places.fixed = rest if rest else first
    places.equations = [(level, part.strip()) for level, part in zip(levels, parts[1:])]
    random = tuple(
        _equation(level, clauses, options, names)
        for level, clauses, options in zip(levels, tails, given.equations)
    )
    clause = _common(head, tails)
    options = given.common
    method = o.excluding(options, ("mle", "reml")) or ("reml" if alias else "ml")
    shown = display or Display()
    if alias:
        shown = replace(shown, metric="sd")
    df: o.DfFields = o.read_df(options["dfmethod"]) if "dfmethod" in options else {}
    vce = o.read_vce(options, names)
    pwscale: WeightScale | None = None
    if "pwscale" in options:
        scale = options["pwscale"]
        named = choice(o.argument(scale), scale.value, o.SCALES, "a scaling", subject="pwscale")
        pwscale = o.WEIGHT_SCALES[named]
    spec = ModelSpec(
        outcome=parse_factor(first, variables, "the outcome"),
        fixed=parse_terms(rest, variables),
        random=random,
        constant="noconstant" not in given.fixed,
        condition=None if clause.condition is None else str(clause.condition),
        range_=None if clause.range_ is None else str(clause.range_),
        weight=_weight(clause.weight, names, places),
        constraints=o.read_constraints(options["constraints"]) if "constraints" in options else (),
        method="reml" if method == "reml" else "ml",
        residuals=o.read_residuals(options["residuals"], names) if "residuals" in options else Residuals(),
        nostderr="nostderr" in options,
        display=o.read_display(options, shown),
        maximisation=Maximisation(**o.read_maximisation(options)),
        pwscale=pwscale,
        **df,
        **vce,
    )
    for problem in invalid(spec):
        raise _refused(problem, places)
    return spec


def _no_single_bar(body: Piece) -> None:
    for i, c in top_level(body):
        if c == "|":
            raise body.at(i, i + 1).error(
                "A level starts with two bars.", code="no-level", advice="Write || school: and the slopes after it."
            )


def parse_replay(piece: Piece, display: Display) -> Display:
    """Display options of ``mixed`` without a model: ``mixed, small level(90)``.

    Raises `CommandError` where an option is none of those that only change what is shown.
    """
    clauses = split_clauses(piece, using=False)
    for option in scan_options(clauses.options):
        shows = any(r.accepts(option.name) for r in o.REPLAY_RULES)
        if any(r.accepts(option.name) for r in (*o.MODEL_RULES, *o.MAXIMISE_RULES)):
            if shows and option.value == "default":  # dfmethod(default)
                continue
            raise option.piece.error(
                f"{option.name} affects the estimation, but results are only shown again here.",
                code="misplaced-option",
                subject=option.name,
                advice="Fit the model again with it.",
            )
    given = match_options(clauses.options, o.REPLAY_RULES, "showing results again")
    if "level" in given and not 10 <= o.number(given["level"]) <= 99.99:
        raise given["level"].piece.error(
            "The confidence level must be between 10 and 99.99.", code="level", subject="level"
        )
    return o.read_display(given, display)


@dataclass(frozen=True)
class _Given:
    fixed: dict[str, Option]
    equations: list[dict[str, Option]]
    common: dict[str, Option]


def _options(parts: list[Clauses], places: _Places) -> _Given:
    """Sort the options of all parts into those of the fixed part, of each equation, and of the model."""
    own: list[dict[str, Option]] = []
    common: list[Option] = []
    shared = {r.name for r in o.GLOBAL_RULES}
    for k, clauses in enumerate(parts):
        mine: list[Option] = []
        for option in scan_options(clauses.options):
            name = _known(option, k).name
            (common if name in shared else mine).append(Option(name, option.piece, option.argument))
        own.append(match_options(mine, o.rules_of(k)))
    whole = match_options(common, o.GLOBAL_RULES)
    places.options = {name: option.piece for name, option in whole.items()}
    places.equation_options = [{n: x.piece for n, x in e.items()} for e in own[1:]]
    return _Given(own[0], own[1:], whole)


def _known(option: Option, part: int) -> OptionRule:
    """The rule of an option, with a better message for one that stands in the wrong part."""
    if part == 0 and not any(r.name.startswith(option.name) for r in o.rules_of(0)):
        misplaced = [r for r in o.RANDOM_RULES if r.accepts(option.name)]
        if misplaced:
            name = misplaced[0].name
            raise option.piece.error(
                f"{name}() applies to a level.",
                code="misplaced-option",
                subject=name,
                advice=f"Write it after the level: || level: ..., {name}(...)",
            )
    if option.name == "small":
        raise option.piece.error(
            "small only applies when results are shown again, not to a new model.",
            code="misplaced-option",
            subject="small",
            advice="Ask for degrees of freedom with dfmethod().",
        )
    return match_option(option, o.rules_of(part), "mixed")


def _bodies(parts: list[Piece]) -> list[Piece]:
    """The parts without ``level:`` in front."""
    return [parts[0], *(part.after(_colon(part) + 1) for part in parts[1:])]


def _colon(part: Piece) -> int:
    for i, c in top_level(part):
        if c == ":":
            return i
        if c == ",":
            break
    shown = part.strip()
    if not shown:
        raise part.error(
            "A level is missing after ||.", code="no-level", advice="Write || school: with a colon."
        )
    found = NAME.match(part.source, shown.start, shown.end)
    name = found.group() if found else "the group variable"
    raise shown.error(
        f"There is no colon after {name}.",
        code="no-colon",
        advice=f"Write || {name if found else 'school'}: and the random slopes after it.",
    )


def _level(part: Piece) -> Piece:
    level = part.before(_colon(part)).strip()
    if not level:
        colon = part.at(_colon(part), _colon(part) + 1)
        raise colon.error("The group variable is missing before the colon.", code="no-level")
    return level


def _equation(level: Piece, clauses: Clauses, options: dict[str, Option], names: Names) -> RandomEquation:
    name = ALL if str(level) == ALL else names.one(level)
    fields = o.read_random(options, names)
    crossed = [w for w in words(clauses.body) if str(w).startswith("R.")]
    if not crossed:
        terms = parse_terms(clauses.body, names.variables)
        return RandomEquation(name, terms=terms, **fields)
    alone = clauses.body.after(crossed[0].start + 2).strip()
    if len(words(clauses.body)) > 2 or crossed[0].start != clauses.body.start or len(words(alone)) != 1:
        raise clauses.body.error(
            "R. takes one variable and must be alone in its equation.",
            code="crossed-slopes",
            advice=f"Give each part an equation of its own: || {name}: R.a || {name}: ...",
        )
    return RandomEquation(name, factor=names.one(alone), **fields)


@dataclass
class _Common:
    """``if``, ``in`` and the weight, which belong to the first part but are understood in any."""

    condition: Piece | None = None
    range_: Piece | None = None
    weight: Weighting | None = None


def _common(head: Clauses, tails: list[Clauses]) -> _Common:
    out = _Common()
    for clauses in (head, *tails):
        if clauses.condition is not None:
            _once(out.condition, clauses.condition, "if")
            out.condition = clauses.condition
        if clauses.range_ is not None:
            _once(out.range_, clauses.range_, "in")
            out.range_ = clauses.range_
        if clauses.weight is not None:
            _once(out.weight, clauses.weight.piece, "weight")
            out.weight = clauses.weight
    return out


def _once(before: object, piece: Piece, word: str) -> None:
    if before is not None:
        raise piece.error(f"There are two {word} clauses, but a model takes one.", code="twice")


def _weight(weight: Weighting | None, names: Names, places: _Places) -> Weight | None:
    if weight is None:
        return None
    if weight.kind in _REFUSED:
        raise weight.piece.error(
            _REFUSED[weight.kind],
            code="weight-kind",
            subject="weight",
            advice="Use [fweight=...] for frequencies or [pweight=...] for sampling weights.",
        )
    places.options["weight"] = weight.piece
    return Weight(_WEIGHTS[weight.kind], o.weight_text(weight.expression, names))


def _refused(problem: Problem, places: _Places) -> SpecError:
    place = places.of(problem)
    return SpecError(
        problem.message,
        code=problem.code,
        advice=f"{problem.fix_label}." if problem.fix_label else "",
        text=place.source,
        start=place.start,
        end=place.end,
        subject=problem.field,
    )

"""The options of ``mixed``: what each is called, and how its text becomes a part of the model.

A reader takes the option and returns the fields it sets. Adding an option is one line in a table here, one
field in `terrace.spec.model`, and one line in `terrace.spec.text`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

from terrace.covariance.registry import RESIDUALS, STRUCTURES, spellings
from terrace.data.digits import EXACT
from terrace.language.grammar.names import Names
from terrace.language.grammar.numlist import parse_numlist
from terrace.language.grammar.options import Option, OptionRule, choice, match_options, members, rule, rules
from terrace.language.grammar.tokens import NAME, Piece, split
from terrace.spec.model import (
    DfInformation,
    DfMethod,
    Display,
    Residuals,
    Vce,
    VceCorrection,
    WeightScale,
)

VARTYPES = spellings(STRUCTURES)
RESTYPES = spellings(RESIDUALS)
DF_METHODS = "res:idual rep:eated an:ova sat:terthwaite kr:oger"
_DF_METHODS: dict[str, DfMethod] = members(DfMethod)
_VCE: dict[str, Vce] = members(Vce)
_CORRECTIONS: dict[str, VceCorrection] = members(VceCorrection)
WEIGHT_SCALES: dict[str, WeightScale] = members(WeightScale)
SCALES = "si:ze eff:ective gk"
DFTABLES = "def:ault ci pv:alue"
TECHNIQUES = "nr bfgs dfp"
METHODS = "exact iterative"

FIXED_RULES = rules("nocons:tant")
RANDOM_RULES = rules("nocons:tant coll:inear", "cov:ariance fw:eight pw:eight")
DISPLAY_FLAGS = rules(
    "noret:able norett:able nofet:able nohead:er nogr:oup nolr:test nocnsr:eport c:oeflegend noci nopv:alues "
    "noomit:ted vsq:uish noempty:cells base:levels allbase:levels nofvlab:el nolstr:etch"
)
METRICS = {"variance": "variance", "stddeviations": "sd", "estmetric": "estmetric"}
DISPLAY_RULES = (
    *DISPLAY_FLAGS,
    *rules("v:ariance st:ddeviations estm:etric", "l:evel d:ftable cf:ormat pf:ormat sf:ormat fvwrap fvwrapon"),
)
MAXIMISE_FLAGS = rules(
    "emonly emlog emdots dif:ficult tr:ace grad:ient hess:ian showstep showtol:erance nonrtol:erance"
)
MAXIMISE_RULES = (
    *MAXIMISE_FLAGS,
    *rules(
        "log nolo:g matsqrt matlog",
        "emiter:ate emtol:erance iter:ate tol:erance ltol:erance nrtol:erance tech:nique meth:od from",
    ),
)
MODEL_RULES = rules("m:le reml nostd:err rob:ust", "df:method res:iduals p:wscale vce cl:uster const:raints")
GLOBAL_RULES = (
    *MODEL_RULES,
    *DISPLAY_RULES,
    *MAXIMISE_RULES,
)
REPLAY_RULES = (*DISPLAY_RULES, rule("s:mall"), rule("df:method", "required"))

Options = dict[str, Option]
Fields = dict[str, Any]
"""Members of `Display` or `Maximisation` by name, with their values."""


class DfFields(TypedDict, total=False):
    """Members of `ModelSpec` that dfmethod() sets."""

    df_method: DfMethod
    df_information: DfInformation


class VceFields(TypedDict, total=False):
    """Members of `ModelSpec` that vce() sets."""

    vce: Vce
    cluster: str
    vce_correction: VceCorrection


class EquationFields(TypedDict, total=False):
    """Members of `RandomEquation` that the options of an equation set."""

    covariance: str
    constant: bool
    collinear: bool
    fweight: str
    pweight: str


# --- single values ----------------------------------------------------------------------------------------
def argument(option: Option) -> Piece:
    """What stands in the parentheses. Raises `CommandError` where that is nothing."""
    if option.argument is None or not option.argument:
        raise option.piece.error(f"{option.name}() is empty.", code="option-argument", subject=option.name)
    return option.argument.strip()


def number(option: Option, *, integer: bool = False, least: float = 0.0, most: float = math.inf) -> float:
    """One number. Raises `CommandError` where it is none, is a fraction (`integer`), below `least` or above `most`."""
    piece = argument(option)
    try:
        value = float(str(piece))
    except ValueError:
        value = float("nan")
    if not math.isfinite(value) or (integer and value != int(value)):
        kind = "a whole number" if integer else "a number"
        raise piece.error(
            f"{option.name}() needs {kind}, not {str(piece)!r}.", code="option-number", subject=option.name
        )
    if value < least:
        raise piece.error(f"{option.name}() must be at least {least:g}.", code="option-number", subject=option.name)
    if value > (most := min(most, EXACT) if integer else most):
        raise piece.error(f"{option.name}() is at most {most:,.0f}.", code="option-number", subject=option.name)
    return value


def variable(option: Option, names: Names) -> str:
    """One variable."""
    return names.one(argument(option))


def weight_text(piece: Piece, names: Names) -> str:
    """A weight as typed; a plain variable by its full name."""
    return names.one(piece) if NAME.fullmatch(str(piece).strip()) else str(piece).strip()


def excluding(options: Options, names: Sequence[str]) -> str | None:
    """The one of these options that is given. Raises `CommandError` at the second where two are."""
    given = [n for n in names if n in options]
    if len(given) > 1:
        second = max((options[n] for n in given), key=lambda o: o.piece.start)
        raise second.piece.error(
            f"{' and '.join(given)} cannot be used together.", code="options-exclude", subject=second.name
        )
    return given[0] if given else None


# --- structured values ------------------------------------------------------------------------------------
def read_residuals(option: Option, names: Names) -> Residuals:
    """``residuals(ar 2, t(time) by(group))``."""
    parts = split(argument(option), ",")
    head = parts[0].strip()
    found = re.fullmatch(r"([A-Za-z]*)\s*(\S*)", str(head))
    if not found:
        raise head.error(f"{str(head)!r} is not a residual structure.", code="residuals", subject="residuals")
    name = choice(head, found[1], RESTYPES, "a residual structure", subject="residuals")
    order: int | None = None
    if found[2]:
        if not found[2].isdigit():
            raise head.error(
                f"The order of residuals({name}) must be a whole number, not {found[2]!r}.",
                code="residuals",
                subject="residuals",
            )
        order = int(found[2])
    else:
        order = RESIDUALS[name].usual_order
    rest = head.at(parts[1].start, parts[-1].end) if len(parts) > 1 else head.at(head.end, head.end)
    more = match_options(rest, rules("", "t by"), "residuals()")
    return Residuals(
        name,
        order,
        time=variable(more["t"], names) if "t" in more else None,
        by=variable(more["by"], names) if "by" in more else None,
    )


def read_df(option: Option) -> DfFields:
    """``dfmethod(kroger, oim)``."""
    parts = split(argument(option), ",")
    method = _DF_METHODS[choice(parts[0].strip(), str(parts[0]).strip(), DF_METHODS, "a DF method", subject="dfmethod")]
    out: DfFields = {"df_method": method}
    if len(parts) > 1:
        rest = parts[0].at(parts[1].start, parts[-1].end)
        more = match_options(rest, rules("eim oim"), "dfmethod()")
        given = excluding(more, ("eim", "oim"))
        if given and method not in ("satterthwaite", "kroger"):
            raise more[given].piece.error(
                f"{given} applies only to satterthwaite and kroger.", code="option-argument", subject="dfmethod"
            )
        out["df_information"] = "oim" if given == "oim" else "eim"
    return out


def read_vce(options: Options, names: Names) -> VceFields:
    """``vce(oim | robust | cluster v [, cr0 | cr1 | cr2])``, or the older spellings ``robust`` and ``cluster(v)``."""
    given = excluding(options, ("vce", "robust", "cluster"))
    if given is None:
        return {}
    if given == "robust":
        return {"vce": "robust"}
    if given == "cluster":
        return {"vce": "cluster", "cluster": variable(options["cluster"], names)}
    piece = argument(options["vce"])
    head, comma, tail = str(piece).partition(",")
    typed, _, rest = head.strip().partition(" ")
    kind = _VCE[choice(piece, typed, "oim r:obust cl:uster", "a kind of standard error", subject="vce")]
    correction: VceCorrection = "cr1"
    if comma and kind != "oim":
        named = choice(piece, tail.strip(), "cr0 cr1 cr2", "a correction for few clusters", subject="vce")
        correction = _CORRECTIONS[named]
    elif comma:
        rest = tail
    if kind != "cluster":
        if rest.strip():
            raise piece.error(f"vce({kind}) takes nothing else.", code="option-argument", subject="vce")
        return {"vce": kind, "vce_correction": correction}
    if not rest.strip():
        raise piece.error(
            "vce(cluster) needs a variable.", code="option-argument", subject="vce",
            advice="Write vce(cluster variable).",
        )  # fmt: skip
    first = piece.start + len(head) - len(head.lstrip()) + len(typed)
    variable_piece = piece.at(first, piece.start + len(head)).strip()
    return {"vce": "cluster", "cluster": names.one(variable_piece), "vce_correction": correction}


def read_constraints(option: Option) -> tuple[int, ...]:
    """``constraints(1 3/5)``; ``3-5`` is accepted for ``3/5``."""
    numbers = parse_numlist(argument(option), integer=True, dashes=True)
    return tuple(sorted({int(n) for n in numbers}))


def read_technique(option: Option) -> str:
    """``technique(nr 5 dfp)``: names with the number of steps each is used for."""
    piece = argument(option)
    words = str(piece).lower().split()
    for word in words:
        if word == "bhhh":
            raise piece.error(
                "The technique bhhh is not available for mixed models.",
                code="technique",
                subject="technique",
                advice="Use nr, bfgs or dfp.",
            )
        if not word.isdigit():
            choice(piece, word, TECHNIQUES, "a technique", subject="technique")
    return " ".join(words)


# --- groups of options ------------------------------------------------------------------------------------
def read_display(options: Options, display: Display) -> Display:
    """`display` with what the options change."""
    changes: Fields = {r.name: True for r in DISPLAY_FLAGS if r.name in options}
    if changes.pop("norettable", False):  # the manual has both spellings
        changes["noretable"] = True
    metric = excluding(options, tuple(METRICS))
    if metric:
        changes["metric"] = METRICS[metric]
    if "level" in options:
        changes["level"] = number(options["level"])
    if "dftable" in options:
        o = options["dftable"]
        changes["dftable"] = choice(argument(o), o.value, DFTABLES, "a fixed-effects table", subject="dftable")
    if "fvwrap" in options:
        changes["fvwrap"] = int(number(options["fvwrap"], integer=True))
    if "fvwrapon" in options:
        o = options["fvwrapon"]
        changes["fvwrapon"] = choice(argument(o), o.value, "word width", "a style", subject="fvwrapon")
    for name in ("cformat", "pformat", "sformat"):
        if name in options:
            changes[name] = read_format(options[name])
    return replace(display, **changes)


def read_format(option: Option) -> str:
    """A numeric display format: ``%9.3f``."""
    piece = argument(option)
    if not re.fullmatch(r"%-?0?\d*(\.\d+)?[fgeFGE]c?", str(piece)):
        raise piece.error(
            f"{str(piece)!r} is not a numeric format.",
            code="format",
            subject=option.name,
            advice="Example: %9.3f for three decimals.",
        )
    return str(piece)


def read_maximisation(options: Options) -> Fields:
    """The fields of `Maximisation` that the options change."""
    out: Fields = {r.name: True for r in MAXIMISE_FLAGS if r.name in options}
    for name in ("emiterate", "iterate"):
        if name in options:
            out[name] = int(number(options[name], integer=True))
    for name in ("emtolerance", "tolerance", "ltolerance", "nrtolerance"):
        if name in options:
            out[name] = number(options[name])
    if excluding(options, ("log", "nolog")) == "nolog":
        out["log"] = False
    metric = excluding(options, ("matsqrt", "matlog"))
    if metric:
        out["metric"] = metric
    if "technique" in options:
        out["technique"] = read_technique(options["technique"])
    if "method" in options:
        out["method"] = choice(
            argument(options["method"]), options["method"].value, METHODS, "a method", subject="method"
        )
    if "from" in options:
        out["from_"] = str(argument(options["from"]))
    return out


def read_covariance(option: Option) -> str:
    """``covariance(un)``."""
    return choice(
        argument(option), option.value, VARTYPES, "a covariance structure of random effects", subject="covariance"
    )


def read_random(options: Options, names: Names) -> EquationFields:
    """The fields of `RandomEquation` that the options of one equation set."""
    out: EquationFields = {}
    if "covariance" in options:
        out["covariance"] = read_covariance(options["covariance"])
    if "noconstant" in options:
        out["constant"] = False
    if "collinear" in options:
        out["collinear"] = True
    if "fweight" in options:
        out["fweight"] = weight_text(argument(options["fweight"]), names)
    if "pweight" in options:
        out["pweight"] = weight_text(argument(options["pweight"]), names)
    return out


def rules_of(part: int) -> tuple[OptionRule, ...]:
    """The options that may stand in part `part` of the command: 0 the fixed one, then the equations."""
    return (*(RANDOM_RULES if part else FIXED_RULES), *GLOBAL_RULES)

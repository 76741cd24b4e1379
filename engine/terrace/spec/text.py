"""A `ModelSpec` as a command: `format_mixed`.

Only what differs from the default is written, names in full, so that the text is the canonical one:
``parse_mixed(format_mixed(spec)) == spec``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields

from terrace.spec.model import Display, Factor, Maximisation, ModelSpec, RandomEquation, Residuals, Term

_BASE_WORDS = ("first", "last", "freq", "none")


def format_mixed(spec: ModelSpec) -> str:
    """The model as one line of the ``mixed`` command."""
    head = " ".join(["mixed", _factor(spec.outcome), *_terms(spec.fixed)])
    if spec.condition is not None:
        head += f" if {spec.condition}"
    if spec.range_ is not None:
        head += f" in {spec.range_}"
    if spec.weight is not None:
        head += f" [{spec.weight.kind}={spec.weight.expression}]"
    parts = [head]
    options = [["noconstant"] * (not spec.constant)]
    for equation in spec.random:
        parts.append(" ".join([f"{equation.level}:", *_contents(equation)]))
        options.append(_equation_options(equation))
    options[-1] += _global_options(spec)
    return " || ".join(f"{p}, {' '.join(o)}" if o else p for p, o in zip(parts, options))


def format_terms(terms: Sequence[Term]) -> str:
    """Terms as a variable list, full factorials as ``a##b`` where they stand in that order."""
    return " ".join(_terms(terms))


def format_term(term: Term) -> str:
    """One term as it is typed: ``age``, ``i.sector``, ``i.sector#c.ses``."""
    if len(term.factors) == 1:
        return _factor(term.factors[0])
    return "#".join(_factor(f, inside=True) for f in term.factors)


def number_text(value: float) -> str:
    """A number as one types it: ``2``, ``0.5``, ``1e-10``."""
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(float(value))


# --- terms --------------------------------------------------------------------------------------------------
def _terms(terms: Sequence[Term]) -> list[str]:
    out: list[str] = []
    i = 0
    while i < len(terms):
        factors = _factorial(terms[i:])
        if len(factors) > 1:
            out.append("##".join(_factor(f, inside=True) for f in factors))
        else:
            out.append(format_term(terms[i]))
        i += 2 ** len(factors) - 1 if len(factors) > 1 else 1
    return out


def _factorial(terms: Sequence[Term]) -> list[Factor]:
    """The factors of the longest full factorial that the terms begin with, as ``##`` would expand it."""
    if len(terms[0].factors) != 1:
        return []
    factors = [terms[0].factors[0]]
    expansion: list[tuple[Factor, ...]] = [terms[0].factors]
    while len(expansion) < len(terms) and len(terms[len(expansion)].factors) == 1:
        new = terms[len(expansion)].factors
        longer = [*expansion, new, *((*old, *new) for old in expansion)]
        if new[0] in factors or [t.factors for t in terms[: len(longer)]] != longer:
            break
        factors, expansion = [*factors, *new], longer
    return factors


def _factor(factor: Factor, *, inside: bool = False) -> str:
    """A variable with its operators; inside ``#`` a continuous one needs ``c.``."""
    prefix = ""
    if factor.kind == "factor":
        prefix = "i" + _levels(factor.levels)
        if factor.base != "first":
            prefix += "b" + _base(factor.base)
        if factor.omitted:
            prefix += "o" + _levels(factor.omitted)
    elif inside:
        prefix = "c"
    if factor.drop:
        prefix += "o"
    for letter, count in factor.operators:
        prefix += letter + ("" if count == 1 else str(count))
    return f"{prefix}.{factor.name}" if prefix else factor.name


def _base(base: str | float | tuple[str, int]) -> str:
    if isinstance(base, tuple):
        return f"(#{base[1]})"
    if base == "none":
        return "n"
    if isinstance(base, str) and base in _BASE_WORDS:
        return f"({base})"
    return _levels((base,))


def _levels(levels: Sequence[float | str]) -> str:
    if not levels:
        return ""
    texts = [_quoted(x) if isinstance(x, str) else number_text(x) for x in levels]
    return texts[0] if len(texts) == 1 and texts[0].isdigit() else f"({' '.join(texts)})"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


# --- equations and options ----------------------------------------------------------------------------------
def _contents(equation: RandomEquation) -> list[str]:
    return [f"R.{equation.factor}"] if equation.factor is not None else _terms(equation.terms)


def _equation_options(equation: RandomEquation) -> list[str]:
    out: list[str] = []
    if equation.covariance is not None:
        out.append(f"covariance({equation.covariance})")
    if not equation.constant:
        out.append("noconstant")
    if equation.fweight is not None:
        out.append(f"fweight({equation.fweight})")
    if equation.pweight is not None:
        out.append(f"pweight({equation.pweight})")
    if equation.collinear:
        out.append("collinear")
    return out


def _global_options(spec: ModelSpec) -> list[str]:
    out: list[str] = []
    if spec.constraints:
        out.append(f"constraints({' '.join(map(str, spec.constraints))})")
    if spec.method != "ml":
        out.append(spec.method)
    if spec.df_method is not None:
        information = "" if spec.df_information == "eim" else ", oim"
        out.append(f"dfmethod({spec.df_method}{information})")
    if spec.residuals != Residuals():
        out.append(f"residuals({format_residuals(spec.residuals)})")
    if spec.pwscale is not None:
        out.append(f"pwscale({spec.pwscale})")
    if spec.vce is not None:
        kind = f"cluster {spec.cluster}" if spec.vce == "cluster" else spec.vce
        out.append(f"vce({kind})" if spec.vce_correction == "cr1" else f"vce({kind}, {spec.vce_correction})")
    if spec.nostderr:
        out.append("nostderr")
    return [*out, *_maximisation(spec.maximisation), *format_display(spec.display)]


def format_residuals(residuals: Residuals) -> str:
    """What stands in ``residuals()``: ``ar 2, t(time)``."""
    text: str = residuals.structure
    if residuals.order is not None:
        text += f" {residuals.order}"
    more = [f"t({residuals.time})"] * (residuals.time is not None)
    more += [f"by({residuals.by})"] * (residuals.by is not None)
    return f"{text}, {' '.join(more)}" if more else text


def _maximisation(m: Maximisation) -> list[str]:
    out = _plain(m, skip=("log", "metric", "from_"))
    if not m.log:
        out.append("nolog")
    if m.from_ is not None:
        out.append(f"from({m.from_})")
    if m.metric != "matsqrt":
        out.append(m.metric)
    return out


def format_display(display: Display) -> list[str]:
    """Display options that differ from the default, as typed."""
    out: list[str] = []
    if display.level != 95.0:
        out.append(f"level({number_text(display.level)})")
    if display.metric != "variance":
        out.append({"sd": "stddeviations"}.get(display.metric, display.metric))
    if display.dftable != "default":
        out.append(f"dftable({display.dftable})")
    return out + _plain(display, skip=("level", "metric", "dftable"))


def _plain(record: Display | Maximisation, skip: Iterable[str]) -> list[str]:
    """Fields that are options of their own name: flags that are True, values that are not None."""
    out: list[str] = []
    for f in fields(record):
        value = getattr(record, f.name)
        if f.name in skip or value is None or value is False:
            continue
        if value is True:
            out.append(f.name)
        else:
            text = number_text(value) if isinstance(value, int | float) else str(value)
            out.append(f"{f.name}({text})")
    return out

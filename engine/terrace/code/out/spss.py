"""SPSS: the procedure MIXED."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from terrace.code.out import conditions
from terrace.code.out.facts import Facts
from terrace.code.out.lacks import Lack, no_constraints, no_group_frequencies, no_sampling_weights, residuals_lack
from terrace.code.out.terms import Columns, Product
from terrace.design.design import RandomBlock
from terrace.design.sample import parse_range
from terrace.spec.model import Residuals
from terrace.spec.text import number_text

_RANDOM = {"identity": "ID", "independent": "VC", "exchangeable": "CS", "unstructured": "UN"}
_REPEATED = {"independent": "DIAG", "exchangeable": "CS", "ar": "AR1", "unstructured": "UN", "toeplitz": "TP"}


def lacks(facts: Facts) -> list[Lack]:
    """What MIXED cannot do of the model."""
    out = [
        *no_sampling_weights(facts, "MIXED of SPSS", "Fit the model without weights; /REGWGT is another thing."),
        *no_group_frequencies(facts, "MIXED of SPSS"),
        *no_constraints(facts, "MIXED of SPSS"),
    ]
    if facts.spec.vce in ("robust", "cluster"):
        out.append(Lack("MIXED of SPSS has no robust standard errors.", "GENLINMIXED has them (COVB=ROBUST).",
                        lambda spec: replace(spec, vce=None, cluster=None)))  # fmt: skip
    found = facts.residuals
    zero = found.structure == "banded" and found.order == 0
    plain = found.structure in ("independent", "exchangeable", "unstructured") or zero
    whole = (found.structure == "ar" and found.order == 1) or (found.structure == "toeplitz" and found.order is None)
    if not (plain or whole) or (found.by and found.structure != "independent"):
        simpler = Residuals("unstructured", None, found.time) if found.time else Residuals(found.structure)
        out.append(residuals_lack(facts, "MIXED of SPSS", "UN comes nearest where times are few; for one structure by "
                                  "group split the file.", simpler))  # fmt: skip
    elif whole and len(facts.design.residuals.structure.times) != facts.longest_lag + 1:
        out.append(residuals_lack(facts, "MIXED of SPSS", "It counts times by their order, so that a time that never "
                                  "occurs is passed over; UN has no order.",
                                  Residuals("unstructured", None, found.time)))  # fmt: skip
    return out


def code(facts: Facts) -> list[str]:
    """The syntax."""
    spec, columns = facts.spec, Columns(facts)
    terms = ["*".join(t) for t in columns.fixed()]
    random = [_random(facts, columns, b) for b in facts.blocks]
    repeated, more = _repeated(facts)
    factors = list(columns.factors)
    wide = dict.fromkeys([*(n for t in columns.fixed() for n in t if n not in factors), *_slopes(facts, columns)])
    by = [*factors, *(b.factor for b in facts.blocks if b.factor and b.factor not in factors), *more]
    head = f"MIXED {spec.outcome.name if not spec.outcome.operators else columns.number(spec.outcome)}"
    head += f" BY {' '.join(dict.fromkeys(by))}" if by else ""
    head += f" WITH {' '.join(wide)}" if wide else ""
    fixed = f"  /FIXED={' '.join(terms)} | {'' if columns.constant else 'NOINT '}SSTYPE(3)"
    lines = [head, fixed, *random, *repeated, f"  /METHOD={spec.method.upper()}", *_criteria(facts),
             "  /PRINT=SOLUTION TESTCOV."]  # fmt: skip
    ll = [] if facts.ll is None else [f"* -2 log likelihood in Terrace: {-2 * facts.ll:.4f}."]
    base = ["* The last level of a factor is the reference category in SPSS."] if factors else []
    return [*_reading(facts), *_asked(columns), *_rows(facts), *_computed(columns), *lines, *ll, *base]


def _slopes(facts: Facts, columns: Columns) -> list[str]:
    return [n for b in facts.blocks if not b.factor for n in columns.slopes(b)[0]]


def _random(facts: Facts, columns: Columns, block: RandomBlock) -> str:
    chain = facts.chain(block.level.name)
    subject = f" SUBJECT({'*'.join(chain)})" if chain else ""
    kind = _RANDOM[block.structure.key]
    if block.factor:
        return f"  /RANDOM={block.factor} |{subject} COVTYPE({'CS' if kind == 'CS' else 'ID'})"
    slopes, constant = columns.slopes(block)
    effects = ["INTERCEPT"] * constant + slopes
    return f"  /RANDOM={' '.join(effects)} |{subject} COVTYPE({kind if len(effects) > 1 else 'ID'})"


def _repeated(facts: Facts) -> tuple[list[str], list[str]]:
    """The line of /REPEATED, and the factors that it needs."""
    found = facts.residuals
    if facts.independent:
        return [], []
    if found.structure == "independent":  # a variance for each group, whatever the subjects
        assert found.by is not None
        return [f"  /REPEATED={found.by} | SUBJECT(row_number) COVTYPE(DIAG)"], [found.by]
    subject = "*".join(facts.residual_chain)
    kind = "DIAG" if found.structure == "banded" else _REPEATED[found.structure]
    time = found.time or "row_in_group"
    return [f"  /REPEATED={time} | SUBJECT({subject}) COVTYPE({kind})"], [time]


def _criteria(facts: Facts) -> list[str]:
    method = {"kroger": "KENWARDROGER", "residual": "RESIDUAL"}.get(facts.spec.df_method or "", "SATTERTHWAITE")
    return [f"  /CRITERIA=CIN({number_text(facts.spec.display.level)}) DFMETHOD({method})"]


def _reading(facts: Facts) -> list[str]:
    source = facts.source
    path = source.path.replace("'", "''")
    simple = {"spss": f"GET FILE='{path}'.", "stata": f"GET STATA FILE='{path}'.", "sas": f"GET SAS DATA='{path}'.",
              "excel": f"GET DATA /TYPE=XLSX /FILE='{path}' /READNAMES=ON."}  # fmt: skip
    if source.kind in simple:
        return [simple[source.kind]]
    if source.kind in ("csv", "tsv"):
        variables = [f"    {n} {_format(facts, n)}" for n in facts.data.names]
        mark = "," if source.kind == "csv" else "\\t"
        return [f"GET DATA /TYPE=TXT /FILE='{path}' /ARRANGEMENT=DELIMITED /DELIMITERS=\"{mark}\" /QUALIFIER='\"'",
                "  /FIRSTCASE=2 /VARIABLES=", *variables[:-1], f"{variables[-1]}."]  # fmt: skip
    said = []
    if source.path and source.changes:
        said = [f"* The data came from {Path(source.path).name} and were changed since."]
    return [*said, "* Save the data in Terrace first: save data.sav.", "GET FILE='data.sav'."]


def _format(facts: Facts, name: str) -> str:
    if not facts.data.is_text(name):
        return "F8.2"
    return f"A{max(1, int(facts.data.frame[name].astype(str).str.len().max()))}"


def _asked(columns: Columns) -> list[str]:
    return [f"* Make this in Terrace before the data are saved: {line}." for line in columns.ask_for_lags()]


def _rows(facts: Facts) -> list[str]:
    spec, out = facts.spec, []
    if facts.residuals.structure == "independent" and facts.residuals.by:
        out.append("COMPUTE row_number = $CASENUM.")
    numbered = conditions.numbered_rows(facts, conditions.SPSS)
    if not numbered and spec.range_:
        numbered = [parse_range(spec.range_, len(facts.data))]
        kept = [t for t in (spec.condition, spec.filter) if t]
    else:
        kept = [] if numbered else [t for t in (spec.condition, spec.filter) if t]
        out += [f"* The rows of: {t}." for t in (spec.condition, spec.filter) if t and numbered]
    if numbered:  # $CASENUM counts anew where cases have been selected
        out.append("COMPUTE case_number = $CASENUM.")
        pairs = ", ".join(f"{first}, {last}" for first, last in numbered)
        out.append(f"SELECT IF RANGE(case_number, {pairs}).")
    out += [f"SELECT IF ({conditions.written(t, facts.data, conditions.SPSS)})." for t in kept]
    codes = [(n, list(facts.data.missing_values(n))) for n in facts.variables if n in facts.data]
    out += [f"MISSING VALUES {n} ({', '.join(map(conditions.constant, c))})." for n, c in codes if c]
    if facts.residuals.structure == "exchangeable" and not facts.residuals.time:
        chain = " ".join(facts.residual_chain)
        out += [f"SORT CASES BY {chain}.", f"RANK VARIABLES=row_order BY {chain} /RANK INTO row_in_group."]
        out.insert(len(out) - 1, "COMPUTE row_order = $CASENUM.")
    if spec.weight is not None and spec.weight.kind == "fweight":
        out.append(f"WEIGHT BY {spec.weight.expression}.")
    return out


def _computed(columns: Columns) -> list[str]:
    made = [f"COMPUTE {p.name} = {_product(p)}." for p in columns.products.values()]
    return [*made, "EXECUTE."] if made else []


def _product(p: Product) -> str:
    parts = [f"({name} = {conditions.constant(value)})" for name, value in p.levels]
    return " * ".join([*parts, *p.numbers])


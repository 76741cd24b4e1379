"""What ``contrast``, ``pwcompare`` and ``margins`` leave in r(), by the names of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrace.results.table import CellValue
from terrace.session.returned.estat import terms_returned
from terrace.session.returned.tables import r_table, square, vector
from terrace.session.state import Matrix, Returned

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.language.grammar.tokens import Piece
    from terrace.postestimation.margins.contrast import MarginContrasts
    from terrace.postestimation.margins.margins import Margins
    from terrace.postestimation.tests.combinations import Estimate
    from terrace.results.fit import FitResult
    from terrace.results.table import Table

FloatArray = npt.NDArray[np.float64]
NOT_ESTIMABLE = 8.0


@dataclass(frozen=True)
class Asked:
    """How a command was given: its text, adjustment, confidence level, whether by t and F, and r(df_r) if any."""

    command: str
    mcompare: str
    level: float
    small: bool
    df_r: Mapping[str, float]
    data: Dataset | None = None

    def macros(self, fit: FitResult, cmd: str, title: str, suffix: str = "") -> dict[str, str]:
        """The macros that all three have in common."""
        from terrace.postestimation.tests.adjust import METHODS

        method = "noadjust" if self.mcompare == "none" else self.mcompare
        return {
            "cmd": cmd,
            "cmdline": self.command,
            "est_cmd": fit.macros.get("cmd", ""),
            "est_cmdline": fit.macros.get("cmdline", ""),
            "title": title,
            "emptycells": "strict",
            f"mcmethod{suffix}": method,
            f"mctitle{suffix}": "" if method == "noadjust" else METHODS[self.mcompare],
        }


def contrast_returned(
    fit: FitResult, text: Piece, tables: Sequence[Table], asked: Asked, *, overall: bool
) -> Returned:
    """r(b), r(V), r(L), r(error) and r(table) of the contrasts, and one column a joint test in r(chi2) or r(F)."""
    from terrace.postestimation.tests.cell_means import factors
    from terrace.postestimation.tests.comparisons import compare
    from terrace.postestimation.tests.contrast import contrast_rows, parse_contrast
    from terrace.postestimation.tests.contrast_names import contrast_names

    terms, info = parse_contrast(text), factors(fit)
    names: list[str] = []
    found: list[Estimate] = []
    parts = [contrast_rows(fit, t, asked.data) for t in terms]
    for term, part in zip(terms, parts):
        names += contrast_names(term, info)
        found += compare(
            fit, part.rows, part.estimable, mcompare=asked.mcompare, level=asked.level, small=asked.small
        )
    rows = np.concatenate([p.rows for p in parts])
    fine = np.concatenate([p.estimable for p in parts])
    tests = terms_returned(tables[-1])
    return _returned(
        {**asked.df_r, "k_terms": float(len(terms)), "level": asked.level},
        {**asked.macros(fit, "contrast", tables[0].title), "overall": "overall" if overall else "",
         "margin_method": "asbalanced"},
        {**_estimates(fit, rows, fine, found, names, asked), **tests.matrices},
    )  # fmt: skip


def pwcompare_returned(fit: FitResult, text: Piece, title: str, asked: Asked) -> Returned:
    """The margins in r(b), r(V), r(M), r(error) and r(table), their differences in r(b_vs), ..., r(L)."""
    from terrace.design.estimability import estimable
    from terrace.postestimation.tests.combinations import Estimate, combine
    from terrace.postestimation.tests.comparisons import compare
    from terrace.postestimation.tests.pwcompare import cell_means

    names: list[str] = []
    names_vs: list[str] = []
    margins: list[FloatArray] = []
    fine: list[npt.NDArray[np.bool_]] = []
    differences: list[FloatArray] = []
    fine_vs: list[npt.NDArray[np.bool_]] = []
    found_vs: list[Estimate] = []
    terms = cell_means(fit, text, asked.data)
    for cells, (factors_, codes) in zip(terms, _cells_of(fit, text)):
        names += ["#".join(f"{c}.{n}" for c, n in zip(code, factors_)) for code in codes]
        here = names[len(names) - len(codes) :]
        names_vs += [_versus(here[j], here[i]) for j, i in cells.pairs]
        margins.append(cells.rows)
        fine.append(estimable(cells.excess))
        rows, known = cells.differences()
        differences.append(rows)
        fine_vs.append(known)
        found_vs += compare(
            fit, rows, known, mcompare=asked.mcompare, level=asked.level, small=asked.small, means=len(cells.rows)
        )
    every, ok = np.concatenate(margins), np.concatenate(fine)
    plain = combine(fit, every, level=asked.level, small=asked.small)
    found = [e if good else Estimate(None) for e, good in zip(plain, ok)]
    own = _estimates(fit, every, ok, found, names, asked)
    own["M"] = own.pop("L")
    vs = _estimates(fit, np.concatenate(differences), np.concatenate(fine_vs), found_vs, names_vs, asked)
    macros = {**asked.macros(fit, "pwcompare", title, "_vs"), "margin_method": "asbalanced"}
    return _returned(
        {**asked.df_r, "k_terms": float(len(terms)), "level": asked.level},
        macros | {"vce": fit.macros.get("vce", "")},
        {**own, **{k if k == "L" else f"{k}_vs": m for k, m in vs.items()}},
    )


def margins_returned(
    fit: FitResult, found: Margins, asked: Asked, *, terms: str, over: Sequence[str], dydx: str, inside: str
) -> Returned:
    """r(b), r(V), r(table), r(Jacobian), r(_N), r(at), r(error) of margins; of their differences r(b_vs), ..."""
    from terrace.postestimation.margins.posted import margin_names
    from terrace.postestimation.tests.comparisons import pairs

    kinds = {"dydx": "dy/dx", "eyex": "ey/ex", "dyex": "dy/ex", "eydx": "ey/dx"}
    macros = {
        **asked.macros(fit, "margins", found.title),
        "model_vce": fit.macros.get("vce", ""),
        "vce": "delta",
        "margins": terms,
        "expression": found.expression or "predict(xb)",
        "derivatives": kinds[found.kind] if found.effects else "",
        "xvars": dydx,
        "over": " ".join(over),
        "subpop": inside,
        **{f"atstats{k}": text for k, text in enumerate(found.at, start=1)},
    }
    scalars = {
        "N": float(found.n),
        "level": found.level,
        "k_predict": 1.0,
        "k_margins": float(len(found.variables)),
        "k_by": float(found.n_groups),
        "k_at": float(len(found.settings)),
        **({"N_clust": float(fit.model.n_clusters)} if fit.model.n_clusters is not None else {}),
        **asked.df_r,
    }
    assert asked.data is not None
    names = margin_names(found, asked.data)
    own = _estimates(fit, found.rows, found.estimable, found.estimates, names, asked, values=found.margins)
    own["Jacobian"] = own.pop("L")
    own["_N"] = vector(found.counts, names)
    rows = tuple(str(k + 1) for k in range(len(found.settings)))
    own["at"] = Matrix(found.settings, rows, found.setting_names)
    if found.pairs:
        chosen = pairs(len(found.rows))
        differences = np.array([found.rows[j] - found.rows[i] for j, i in chosen])
        both = np.array([e.value is not None for _, e in found.pairs])
        names_vs = [_versus(names[j], names[i]) for j, i in chosen]
        vs = _estimates(fit, differences, both, [e for _, e in found.pairs], names_vs, asked)
        own |= {k if k == "L" else f"{k}_vs": m for k, m in vs.items()}
        macros |= {**asked.macros(fit, "pwcompare", found.title, "_vs"), "cmd2": "margins"}
        scalars["k_terms"] = max(1.0, float(len(found.variables)))
    return _returned(scalars, macros, own)


def margin_contrasts_returned(
    fit: FitResult, contrasts: Sequence[MarginContrasts], table: Table, margins: Returned, asked: Asked
) -> Returned:
    """The contrasts of margins in r(b), r(V), r(error) and r(table), and their joint tests."""
    names = [f"{label} {c.text}".strip() for c in contrasts for label in c.labels]
    rows = np.concatenate([c.rows for c in contrasts])
    fine = np.concatenate([c.estimable for c in contrasts])
    found = [e for c in contrasts for e in c.estimates]
    own = _estimates(fit, rows, fine, found, names, asked)
    tests = terms_returned(table)
    return _returned(
        {**margins.scalars, "k_terms": float(len(contrasts))},
        {**margins.macros, **asked.macros(fit, "contrast", margins.macros["title"]), "cmd2": "margins"},
        {**own, "at": margins.matrices["at"], **tests.matrices},
    )


def _returned(scalars: Mapping[str, float], macros: Mapping[str, str], matrices: Mapping[str, Matrix]) -> Returned:
    """Results without macros that are empty, which do not exist."""
    return Returned(scalars, {name: text for name, text in macros.items() if text}, matrices)


def _estimates(
    fit: FitResult,
    rows: FloatArray,
    estimable: npt.NDArray[np.bool_],
    found: Sequence[Estimate],
    names: Sequence[str],
    asked: Asked,
    *,
    values: FloatArray | None = None,
) -> dict[str, Matrix]:
    """r(b), r(V), r(error), r(table), and r(L), the rows over the columns of e(b). What is not estimable is missing."""
    from terrace.postestimation.tests.combinations import by_t, covariance
    from terrace.results.stored import coefficient_places

    at, columns = coefficient_places(fit.model.design)
    weights = np.zeros((len(rows), len(columns)))
    weights[:, at] = rows
    v = rows @ covariance(fit, asked.small) @ rows.T
    v[~estimable] = v[:, ~estimable] = np.nan
    b: Sequence[CellValue] | FloatArray = [e.value for e in found] if values is None else values
    return {
        "b": vector(b, names),
        "V": square(v, names),
        "error": vector(np.where(estimable, 0.0, NOT_ESTIMABLE), names),
        "L": Matrix(weights, tuple(names), tuple(columns)),
        "table": r_table(names, found, asked.level, by_t=by_t(found, asked.small)),
    }


def _cells_of(fit: FitResult, text: Piece) -> list[tuple[list[str], list[list[str]]]]:
    """The factors of each term of a list, and the levels of its cells, in the order of `cell_means`."""
    from terrace.language.grammar.tokens import words
    from terrace.postestimation.tests.cell_means import factors
    from terrace.postestimation.tests.coefficients import expanded
    from terrace.postestimation.tests.contrast_names import cell_names
    from terrace.postestimation.tests.pwcompare import parse_term

    info = factors(fit)
    out = []
    for item in words(text):
        for term in expanded(str(item)):
            names, _ = parse_term(term if "##" in str(item) else item)
            out.append((names, cell_names(names, info)))
    return out


def _versus(later: str, earlier: str) -> str:
    """The name of a difference: ``2vs1.a``, ``2vs1.a#1.b`` where one factor differs, else ``(2.a#2.b)vs(1.a#1.b)``."""
    ours, theirs = later.split("#"), earlier.split("#")
    apart = [k for k, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    if len(apart) != 1 or len(ours) != len(theirs):
        return f"({later})vs({earlier})"
    (k,) = apart
    level, _, name = ours[k].partition(".")
    return "#".join([*ours[:k], f"{level}vs{theirs[k].partition('.')[0]}.{name}", *ours[k + 1 :]])

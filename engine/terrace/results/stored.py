"""Stored macros and matrices, by the names of the manual's *Stored results*."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from terrace.design.design import Design
from terrace.design.estimability import settled, undetermined
from terrace.inference.fitted import FittedModel
from terrace.inference.small import TITLES
from terrace.results.assemble import group_rows
from terrace.results.fit import FitResult
from terrace.spec.model import ModelSpec

FloatArray = npt.NDArray[np.float64]
Names = tuple[tuple[str, ...], tuple[str, ...]]


def coefficient_places(design: Design) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Where the coefficients stand in e(b), shape (p,), and the names of all its columns before the covariance
    parameters: base levels, empty cells and omitted terms have one too, so that positions do not depend on them."""
    position = {c.name: k for k, c in enumerate(design.columns)}
    at = np.array([position[c.name] for c in design.x_info], dtype=np.int64)
    return at, [f"{design.spec.outcome.name}:{c.stored}" for c in design.columns]


def covariance_names(fit: FitResult) -> tuple[str, ...]:
    """The names of the covariance parameters in e(b), which stand last there; a regression has none."""
    columns = fit.matrix_names.get("b", ((), ()))[1]
    return tuple(c for c in columns if c.rpartition(":")[0] not in ("", fit.outcome))


def spread(values: FloatArray, at: npt.NDArray[np.int64], size: int) -> FloatArray:
    """A vector or a matrix of the coefficients with zeros for the columns of e(b) that have none."""
    out = np.zeros((size,) * values.ndim)
    out[np.ix_(*(at,) * values.ndim)] = values
    return out


def stored_matrices(
    fitted: FittedModel, b: FloatArray, v: FloatArray, names: tuple[str, ...]
) -> tuple[dict[str, FloatArray], dict[str, Names]]:
    """e(b), e(V), e(V_modelbased), e(df), e(V_df), e(N_g), e(g_min), e(g_avg), e(g_max), e(Cns), e(tmap)."""
    design = fitted.design
    at, equations = coefficient_places(design)
    own, size = tuple(equations), len(equations)
    row = ("y1",)
    matrices = {"b": b[None, :], "V": v}
    where: dict[str, Names] = {"b": (row, names), "V": (names, names)}
    if fitted.n_clusters is not None:
        matrices["V_modelbased"] = spread(fitted.phi, at, size)
        where["V_modelbased"] = (own, own)
    if fitted.df is not None:
        df = np.full(size, np.nan)
        df[at] = np.where(settled(design), fitted.df, np.nan)
        matrices["df"], where["df"] = df[None, :], (row, own)
        if design.spec.df_method == "kroger":
            matrices["V_df"], where["V_df"] = spread(fitted.vcov, at, size), (own, own)
    groups = group_rows(design)
    if groups:
        levels = tuple(g.level for g in groups)
        for key, values in (
            ("N_g", [g.n_groups for g in groups]),
            ("g_min", [g.min for g in groups]),
            ("g_avg", [g.avg for g in groups]),
            ("g_max", [g.max for g in groups]),
        ):
            matrices[key] = np.array([values], dtype=np.float64)
            where[key] = (row, levels)
    if fitted.constraints is not None:
        cns = np.zeros((len(fitted.constraints.c), len(names) + 1))
        cns[:, at], cns[:, -1] = fitted.constraints.r, fitted.constraints.c
        matrices["Cns"] = cns
        where["Cns"] = (tuple(f"r{k + 1}" for k in range(len(cns))), (*names, "_Cns:_r"))
    if design.residuals.structure.by_time:
        matrices["tmap"] = design.residuals.structure.times[None, :]
        where["tmap"] = (row, tuple(f"t{k + 1}" for k in range(len(design.residuals.structure.times))))
    return matrices, where


def stored_macros(
    fitted: FittedModel, spec: ModelSpec, source: str, sha256: str, command: str, title: str
) -> dict[str, str]:
    """The text results of the manual's list; ``source`` and ``sha256`` are those of the data."""
    design = fitted.design
    blocks = design.blocks
    robust = fitted.n_clusters is not None
    m = {
        "cmd": "mixed",
        "cmdline": command,
        "depvar": spec.outcome.name,
        "title": title,
        "ivars": " ".join(b.level.name for b in blocks),
        "redim": " ".join(str(b.n_groups // b.level.n_groups if b.factor else len(b.names)) for b in blocks),
        "vartypes": " ".join(b.title for b in blocks),
        "revars": " ".join(" ".join(b.names) for b in blocks),
        "rstructure": design.residuals.key,
        "rstructurelab": design.residuals.title,
        "method": "REML" if spec.method == "reml" else "ML",
        "optmetric": spec.maximisation.metric,
        "ml_method": "d2",
        "technique": spec.maximisation.technique or "nr",
        "opt": "trust-region Newton with exact second derivatives",
        "properties": "b V",
        "chi2type": "Wald",
        "vce": spec.vce or ("robust" if robust else "oim"),
        "predict": "predict",
        "estat_cmd": "estat",
    }
    if spec.filter:
        m["filter"] = spec.filter
    if design.counts is None:  # a streamed file leaves no rows to sign
        m |= {"datasignature": _signature(design), "datasignaturevars": " ".join(_variables(spec))}
    if source:
        m["datafile"] = source
    if sha256:
        m["datafile_sha256"] = sha256
    if robust:
        m["vcetype"] = "Robust"
        m["clustvar"] = spec.cluster or (design.levels[0].name if design.levels else "")
    if spec.maximisation.emonly:
        m["emonly"] = "emonly"
    if spec.weight:
        m |= {"wtype": spec.weight.kind, "wexp": f"= {spec.weight.expression}"}
        m |= {"marginswtype": spec.weight.kind, "marginswexp": f"= {spec.weight.expression}"}
    for k, level in enumerate(design.levels, start=1):
        for equation in spec.random:
            if equation.level == level.name:
                if equation.fweight:
                    m[f"fweight{k}"] = equation.fweight
                if equation.pweight:
                    m[f"pweight{k}"] = equation.pweight
    if spec.pwscale:
        m["pwscale"] = spec.pwscale
    r = spec.residuals
    if not design.residuals.simple:
        inside = [f"{r.structure}{f' {r.order}' if r.order is not None else ''}"]
        options = [f"t({r.time})"] if r.time else []
        options += [f"by({r.by})"] if r.by else []
        m["resopt"] = inside[0] + (", " + " ".join(options) if options else "")
    if r.time:
        m["timevar"] = r.time
    if r.by:
        m |= {"rbyvar": r.by, "rglabels": " ".join(_quoted(x) for x in design.residuals.by_labels)}
    if spec.df_method:
        m |= {"dfmethod": spec.df_method, "dftitle": TITLES[spec.df_method]}
    factors = [f.name for term in spec.fixed for f in term.factors if f.kind != "continuous"]
    if factors:
        m["asobserved"] = " ".join(dict.fromkeys(factors))
    if open_ := undetermined(design):
        m["not_estimable"] = " ".join(open_)
    return {name: m[name] for name in sorted(m, key=_place)}


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


_ORDER = (
    *("cmd", "cmdline", "depvar", "wtype", "wexp", "fweight", "pweight", "ivars", "title", "redim", "vartypes"),
    *("revars", "resopt", "rstructure", "rstructurelab", "rbyvar", "rglabels", "pwscale", "timevar", "dfmethod"),
    *("dftitle", "chi2type", "clustvar", "vce", "vcetype", "method", "opt", "optmetric", "emonly", "ml_method"),
    *("technique", "datasignature", "datasignaturevars", "datafile", "datafile_sha256"),
    *("properties", "estat_cmd", "predict"),
    *("marginswtype", "marginswexp", "asobserved", "not_estimable"),
)


def _place(name: str) -> tuple[int, str]:
    """Where a macro stands in lists: the model, its random part, its estimation, the rest."""
    plain = name.rstrip("0123456789")
    return (_ORDER.index(plain) if plain in _ORDER else len(_ORDER)), name


def _variables(spec: ModelSpec) -> list[str]:
    names = [spec.outcome.name]
    for term in spec.fixed:
        names += [f.name for f in term.factors]
    for equation in spec.random:
        names += [equation.level] if equation.level != "_all" else []
        names += [equation.factor] if equation.factor else []
        for term in equation.terms:
            names += [f.name for f in term.factors]
        names += [w for w in (equation.fweight, equation.pweight) if w and w.isidentifier()]
    names += [n for n in (spec.residuals.time, spec.residuals.by, spec.cluster) if n]
    if spec.weight is not None and spec.weight.expression.isidentifier():
        names.append(spec.weight.expression)
    return list(dict.fromkeys(names))


def _signature(design: Design) -> str:
    """A checksum of the rows and numbers that were used, to tell whether the data changed since.

    Two sums over the bit patterns of each array, one of them weighted by position: quick, and blind to no single
    change.
    """
    digest = hashlib.sha256()
    parts: list[npt.NDArray[Any]] = [design.y, design.x, *(block.codes for block in design.blocks)]
    for part in parts:
        for column in part.T if part.ndim == 2 else [part]:
            bits = np.ascontiguousarray(column).view(np.uint64)
            weight = np.arange(1, len(bits) + 1, dtype=np.uint64)
            digest.update(bits.sum(dtype=np.uint64).tobytes())
            digest.update(np.dot(bits, weight).tobytes())
    digest.update(np.packbits(design.sample).tobytes())
    return digest.hexdigest()[:16]

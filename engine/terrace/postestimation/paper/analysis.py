"""The paragraph on the analysis: what was done, in the past tense of a method section, every number from the fit.

It says the models with their fixed and random effects and covariance structures, the estimator, how tests were made,
observations and groups, what was missing, the program with its version, and the data. Estimates are in the paragraph
of `terrace.postestimation.paper.apa`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from terrace.data.dataset import Dataset
from terrace.data.samples import samples
from terrace.design.sample import complete_rows, selected_rows
from terrace.errors import DataError
from terrace.postestimation.paper.sentence import df_words, method_words, random_words
from terrace.results.fit import FitResult
from terrace.results.tables_terms import times
from terrace.version import __version__
from terrace.wording import enumerated, label_in_sentence, plural

_COUNTS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_MOST = 6  # variables of which missing values are told one by one


def analysis_paragraph(
    fits: Sequence[tuple[str, FitResult]],
    data: Dataset | None = None,
    *,
    labels: Mapping[str, str] | None = None,
) -> str:
    """The paragraph on the last of the fits, with what the others have in common with it.

    Parameters
    ----------
    fits
        Names for people with fits, in the order of the report: ``("Model 4", fit)``.
    data
        The data of the last fit; with them the rows that were left out are counted by reason, and the source is named.
    labels
        Words for variables; a label that would break a sentence is not used.
    """
    words = _Words(labels or {})
    name, fit = fits[-1]
    out = [_models(fits, words), _described(name if len(fits) > 1 else "It", fit, words), _estimated(fits, words)]
    out += [_sample(fits, words), *_left_out(fit, data, words), software_sentence(), *_source(data)]
    return " ".join(s for s in out if s)


class _Words:
    """How variables are called."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def __call__(self, name: str) -> str:
        return label_in_sentence(self._labels.get(name, "")) or name


def _models(fits: Sequence[tuple[str, FitResult]], words: _Words) -> str:
    fit = fits[-1][1]
    kind = _kind([f for _, f in fits])
    if len(fits) == 1:
        return f"A {kind} of {words(fit.outcome)} was fitted."
    count = _COUNTS[len(fits)] if len(fits) < len(_COUNTS) else str(len(fits))
    outcomes = enumerated(dict.fromkeys(words(f.outcome) for _, f in fits))
    return f"{count} {kind}s of {outcomes} were fitted."


def _kind(fits: Sequence[FitResult]) -> str:
    if all(f.spec.random for f in fits):
        return "linear mixed model"
    return "linear and linear mixed model" if any(f.spec.random for f in fits) else "linear model"


def _described(subject: str, fit: FitResult, words: _Words) -> str:
    """Fixed and random effects."""
    terms = [times(words(f.name) for f in t.factors if not f.drop) for t in fit.spec.fixed]
    terms = [t for t in dict.fromkeys(terms) if t]
    if not terms:
        fixed = "no fixed effects but the intercept" if fit.spec.constant else "no fixed effects"
    else:
        fixed = f"fixed effects of {enumerated(terms)}"
    random = list(random_words(fit, words))
    return f"{subject} had {fixed}" + (f", and {enumerated(random)}." if random else ".")


def _estimated(fits: Sequence[tuple[str, FitResult]], words: _Words) -> str:
    """The estimator, where models differ in it with their names, and how the coefficients of the last were tested."""
    name, fit = fits[-1]
    methods: dict[str, list[str]] = {}
    for each, other in fits:
        methods.setdefault(method_words(other), []).append(each)
    df = "" if fit.macros.get("cmd") == "regress" else df_words(fit)
    if len(methods) == 1:
        text = f"Parameters were estimated by {method_words(fit)}"
    else:
        text = "Parameters were estimated by " + enumerated(f"{m} ({enumerated(n)})" for m, n in methods.items())
    of = f" of {name}" if len({(df_words(f), f.spec.vce) for _, f in fits}) > 1 else ""
    if fit.model.n_clusters is not None:
        over = fit.macros.get("clustvar") or (fit.groups[0].level if fit.groups else "")
        text += f", with standard errors that are robust to dependence within {words(over)}"
    if not fit.converged:
        text += ". The search for the estimates did not converge, so they should not be reported"
    if df:
        return f"{text}; coefficients{of} were tested by t tests with {df}."
    residual = fit.macros.get("cmd") == "regress"
    return f"{text}; coefficients{of} were tested by {'t' if residual else 'Wald z'} tests."


def _sample(fits: Sequence[tuple[str, FitResult]], words: _Words) -> str:
    """Observations and groups of the last model, which is named where others used other numbers of rows."""
    name, fit = fits[-1]
    n = round(float(fit.scalars["N"] or 0))
    groups = [g for g in reversed(fit.groups) if g.level != "_all"]
    of = f" of {name}" if len({f.scalars["N"] for _, f in fits}) > 1 else ""
    text = f"The analysis{of} used {plural(n, 'observation')}"
    if not groups:
        return text + "."
    text += " in " + enumerated(f"{plural(g.n_groups, 'group')} of {words(g.level)}" for g in groups)
    inner = groups[-1]
    sizes = plural(inner.max, "observation")
    if inner.min != inner.max:
        sizes = f"{inner.min:,} to {sizes} (on average {inner.avg:,.1f})"
    return f"{text}, with {sizes} in each group of {words(inner.level)}."


def _left_out(fit: FitResult, data: Dataset | None, words: _Words) -> Iterator[str]:
    """What was chosen, and what was lost to missing values."""
    chosen = [c for c in (fit.spec.filter, fit.spec.condition) if c]
    if chosen:
        yield f"It was restricted to rows with {enumerated(chosen)}."
    if data is None or len(data) != len(fit.sample):
        return
    lost: dict[str, int] = {}
    try:
        rows = selected_rows(fit.spec, data)
        complete_rows(fit.spec, data, rows, lost)
    except DataError:
        return
    count = int(rows.sum()) - round(float(fit.sample.sum()))
    causes = {n: k for n, k in lost.items() if k and n in data}
    if count <= 0:
        yield "No row was left out for missing values."
        return
    verb = "was" if count == 1 else "were"
    text = f"{plural(count, 'row')} of {int(rows.sum()):,} {verb} left out for missing values"
    if 0 < len(causes) <= _MOST:
        text += " of " + (enumerated(f"{words(n)} ({k:,})" for n, k in causes.items()) if len(causes) > 1
                          else words(next(iter(causes))))  # fmt: skip
    yield text + ", which assumes that they are missing at random given the other variables of the model."


# --- citation -----------------------------------------------------------------------------------------------
def software_sentence() -> str:
    """The program with its version, as a sentence."""
    return f"Analyses were made with Terrace (Version {__version__})."


def software_citation() -> str:
    """The program as an entry of a list of references (APA 7, section 10.10: software without a person as author)."""
    return f"Terrace (Version {__version__}) [Computer software]."


def data_citation(data: Dataset) -> str:
    """The data: the source of a sample, or the file by its name and its SHA-256; empty for data without a source."""
    if data.source.startswith("sample "):
        name = data.source.removeprefix("sample ").strip()
        info = next((s for s in samples() if s.name == name), None)
        return f"{info.title} [Data set]. {info.source.rstrip('.')}." if info is not None else ""
    if not data.source:
        return ""
    label = f"{data.label.rstrip('.')} [Data set]. " if data.label else ""
    sha = f", SHA-256 {data.sha256}" if data.sha256 else ""
    return f"{label}File {Path(data.source).name}{sha}."


def _source(data: Dataset | None) -> Iterator[str]:
    if data is None or not data.source:
        return
    if data.source.startswith("sample "):
        if found := data_citation(data):
            yield f"The data are {found.replace(' [Data set]', '')}"
    else:
        yield f"The data are those of the file {Path(data.source).name}."

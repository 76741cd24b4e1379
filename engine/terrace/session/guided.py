"""A step of a guided model before it is kept: its preview, the answer in a sentence, a test of each candidate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

from terrace.data.dataset import Dataset
from terrace.errors import Cancelled, TerraceError
from terrace.estimate import fit as fit_model
from terrace.postestimation.paper import guide as words
from terrace.postestimation.paper.guide import Number, Tested
from terrace.progress import CancelCheck, ProgressCallback
from terrace.results.fit import FitResult
from terrace.session.document.fits import fit_named
from terrace.session.labelling import labels_now
from terrace.session.preview import Preview, apart, preview
from terrace.session.state import State
from terrace.spec import guide
from terrace.spec.conventions import Convention
from terrace.spec.guide import Answers, StepKey
from terrace.spec.model import Factor, ModelSpec, Term
from terrace.spec.refit import by_ml
from terrace.spec.roles import factor_for


@dataclass(frozen=True, slots=True)
class Guided(Preview):
    """A preview with what the guide says of it. ``tested`` is by candidate, in ``cross`` by ``slope trait`` joined by a
    space; ``complete`` is False where time ran out before all of them were tested."""

    answer: str = ""
    tested: Mapping[str, Tested] = field(default_factory=dict)
    numbers: tuple[Number, ...] = ()
    advice: tuple[str, ...] = ()
    complete: bool = True


def guided(
    state: State,
    answers: Answers,
    step: StepKey,
    habits: Convention,
    *,
    before: str = "",
    before_name: str = "the step before",
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> Guided:
    """What a step gives on a state, which stays as it was.

    Parameters
    ----------
    before
        The name of the stored estimates of the step before; of ``icc`` those of the null model.
    before_name
        What that is called.

    Where it is cancelled after the step's own model is there, candidates that were not tested are left out.
    Never raises for what a user can do wrong.
    """
    assert state.dataset is not None
    prepare = guide.preparations(answers, state.dataset)
    earlier = fit_named(state, before) if before else None
    restore = (f"estimates restore {before}",) if step == "icc" else ()
    command = guide.command(answers, step, state.dataset, habits)
    found = preview(state, command, before=(*prepare, *restore), progress=progress, cancel=cancel)
    base = Guided(**{f.name: getattr(found, f.name) for f in fields(Preview)})
    fit = earlier if step == "icc" else found.fit
    if found.error or fit is None:
        return base
    try:
        return _judged(base, _Work(state, answers, step, habits, earlier, before_name, prepare, cancel), fit)
    except TerraceError as error:
        told = replace(found.outcome, status="error", error=(error.code, error.message), error_advice=error.advice)
        return replace(base, outcome=told)


@dataclass(frozen=True)
class _Work:
    state: State
    answers: Answers
    step: StepKey
    habits: Convention
    before: FitResult | None
    before_name: str
    prepare: tuple[str, ...]
    cancel: CancelCheck | None


def _judged(base: Guided, work: _Work, fit: FitResult) -> Guided:
    data = _data(work)
    labels = labels_now(replace(work.state, dataset=data), [fit])
    known = words.Step(work.step, work.answers, fit, work.before)
    tested: dict[str, Tested] = {}
    complete = True
    try:
        if work.step != "icc":
            ml = _by_ml(fit, data, work)
            known = replace(known, ml=ml, ml_before=None if work.before is None else _by_ml(work.before, data, work))
        for key, test in _tests(work, fit, data).items():
            tested[key] = test()
    except Cancelled:
        complete = False
    return replace(
        base, answer=words.answer(known, tested, labels), tested=tested, complete=complete,
        numbers=words.numbers(known, work.before_name), advice=words.advice(known, tested),
    )  # fmt: skip


def _data(work: _Work) -> Dataset:
    """The data with what the splits make."""
    session = apart(work.state)
    for command in work.prepare:
        session.run(command)
    return session.data


def _by_ml(fit: FitResult, data: Dataset, work: _Work) -> FitResult:
    spec = fit.spec
    return fit if spec.method == "ml" else _fit(replace(by_ml(spec), df_method=None), data, work)


def _fit(spec: ModelSpec, data: Dataset, work: _Work) -> FitResult:
    return fit_model(spec, data, cancel=work.cancel)


def _tests(work: _Work, fit: FitResult, data: Dataset) -> dict[str, Callable[[], Tested]]:
    """What tests each candidate of the step, by its key; those that are chosen come first."""
    answers, step = work.answers, work.step
    out: dict[str, Callable[[], Tested]] = {}
    if step in ("growth", "slopes"):
        names = guide.candidates(answers, step, data)
        for name in sorted(names, key=lambda n: n not in answers.slopes):
            out[name] = lambda name=name: _slope(work, fit, data, name)  # type: ignore[misc]
    elif step == "curve":
        out[answers.time] = lambda: _curve(work, fit, data)
    elif step == "predictors":
        for name in answers.predictors:
            out[name] = lambda name=name: _predictor(work, fit, data, name)  # type: ignore[misc]
    elif step == "cross":
        slopes = answers.slopes or ((answers.time,) if answers.time else ())
        pairs = [(s, t) for s in slopes for t in guide.candidates(answers, step, data)]
        for slope, trait in sorted(pairs, key=lambda p: p not in answers.traits):
            out[f"{slope} {trait}"] = lambda s=slope, t=trait: _trait(work, fit, data, s, t)  # type: ignore[misc]
        chosen = {s for s, _ in answers.traits}
        for slope in answers.slopes:
            if slope in chosen:
                out[f"slope {slope}"] = lambda slope=slope: _slope(work, fit, data, slope)  # type: ignore[misc]
    return out


def _slope(work: _Work, fit: FitResult, data: Dataset, name: str) -> Tested:
    """The model with this slope against the model without it, the other chosen slopes in both."""
    answers = work.answers
    has = name in answers.slopes
    other = tuple(n for n in answers.slopes if n != name) if has else (*answers.slopes, name)
    changed = replace(answers, slopes=other)
    spec = replace(guide.model(changed, work.step, data, work.habits), df_method=None, df_information="eim")
    try:
        second = _fit(spec, data, work)
    except Cancelled:
        raise
    except TerraceError as error:
        return Tested(error.message.rstrip("."))
    larger, smaller = (fit, second) if has else (second, fit)
    return words.slope_tested(answers.within.get(name, name), answers.group, larger, smaller)


def _curve(work: _Work, fit: FitResult, data: Dataset) -> Tested:
    answers = replace(work.answers, curved=True)
    if not work.answers.curved:
        fit = _fit(guide.model(answers, "curve", data, work.habits), data, work)
    time = Factor(answers.time)
    return words.term_tested(fit, Term((time, time)))


def _predictor(work: _Work, fit: FitResult, data: Dataset, name: str) -> Tested:
    split = work.answers.parts.get(name)
    if split is None:
        return words.term_tested(fit, Term((factor_for(data, name),)))
    inside, between = (words.term_tested(fit, Term((Factor(n),))) for n in (split.within, split.between))
    return Tested(f"within {inside.text}; between {between.text}", inside.p)


def _trait(work: _Work, fit: FitResult, data: Dataset, slope: str, trait: str) -> Tested:
    """The interaction in the model as it is, or in the model with it."""
    answers = work.answers
    if (slope, trait) not in answers.traits:
        answers = replace(answers, traits=(*answers.traits, (slope, trait)))
        try:
            fit = _fit(guide.model(answers, "cross", data, work.habits), data, work)
        except Cancelled:
            raise
        except TerraceError as error:
            return Tested(error.message.rstrip("."))
    return words.term_tested(fit, guide.interaction(answers, slope, trait, data))


def sentence(state: State, answers: Answers, step: StepKey, before: str, now: str) -> str:
    """The answer of a step that is kept, from the stored estimates of the step before and its own, by their names.

    A step that added nothing has the estimates of the step before. Empty where the estimates are gone.
    """
    earlier, fit = fit_named(state, before) if before else None, fit_named(state, now)
    if fit is None:
        return ""
    tested: dict[str, Tested] = {}
    if step == "slopes" and earlier is not None and len(answers.slopes) == 1:
        (name,) = answers.slopes
        tested[name] = words.slope_tested(answers.within.get(name, name), answers.group, fit, earlier)
    return words.answer(words.Step(step, answers, fit, earlier), tested, labels_now(state, [fit]))

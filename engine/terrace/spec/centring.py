"""Centring a covariate: the commands that make the new variables, the model with them, and when it is worth while."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import numpy as np

from terrace.data.dataset import Dataset
from terrace.spec import edit
from terrace.spec.facts import facts_of
from terrace.spec.model import Factor, ModelSpec

LONGEST = 32  # characters of a variable's name
SAME = 0.999  # correlation from which a covariate counts as the group means of another
CLEAR = 0.05  # p below which a covariate is said to differ between groups


@dataclass(frozen=True)
class Centring:
    """The commands that centre a variable, the name of what they make of it, and those of the means beside it."""

    commands: tuple[str, ...]
    centred: str
    means: tuple[str, ...] = ()


def centring(name: str, groups: Sequence[str], taken: Container[str]) -> Centring:
    """Centre `name` at its mean over all rows, or split it into parts.

    With `groups`, from the highest to the lowest, each nested in those before it, the parts are the deviation from the
    mean of the lowest group, the deviations of the means of each level from those of the one above, and the means of
    the highest (Enders and Tofighi 2007; Brincks et al. 2017).
    """
    used = set[str]()

    def free(head: str, tail: str = "") -> str:
        found = _free(name, head, tail, lambda n: n in taken or n in used)
        used.add(found)
        return found

    if not groups:
        new = free("c_")
        return Centring((f"center {name}, generate({new})",), new)
    commands, means, now = [], [], name
    centred = ""
    for depth in range(len(groups), 0, -1):
        tail = "" if len(groups) == 1 else f"_{groups[depth - 1][:8]}"
        mean, new = free("m_", tail), free("c_" if not centred else "c_m_", tail)
        by = " ".join(groups[:depth])
        commands.append(f"center {now}, by({by}) generate({new}) mgenerate({mean})")
        if centred:
            means.append(new)
        centred, now = centred or new, mean
    return Centring(tuple(commands), centred, (*means, now))


def _free(name: str, head: str, tail: str, is_taken: Callable[[str], bool]) -> str:
    """A name of at most 32 characters that no variable has: ``c_ses``."""
    k = 1
    while True:
        end = tail if k == 1 else f"{tail}{k}"
        new = head + name[: LONGEST - len(head) - len(end)] + end
        if not is_taken(new):
            return new
        k += 1


def centred_spec(spec: ModelSpec, name: str, made: Centring, *, with_means: bool) -> ModelSpec:
    """The model with the centred variable in place of `name` wherever it stands, perhaps with the means."""
    spec = edit.replace_variable(spec, name, made.centred)
    for mean in made.means if with_means else ():
        spec = edit.add_fixed(spec, Factor(mean))
    return spec


def plain(factor: Factor) -> bool:
    """True for a covariate that can be centred: continuous, without operators."""
    return factor == Factor(factor.name)


def between_p(name: str, path: tuple[str, ...], dataset: Dataset) -> float:
    """The p of the one-way analysis of variance of a covariate over groups; 1 where it does not vary within them.

    Groups are those of `path`, each name nested in those before. Where it is small the covariate has an effect within
    groups and another between them, which one coefficient mixes (Raudenbush and Bryk 2002, page 137).
    """
    from terrace.statistics.distributions import f_upper
    from terrace.statistics.means import anova

    codes, x = facts_of(dataset).group_codes(path), dataset.numeric(name)
    known = (codes >= 0) & np.isfinite(x)
    codes, x = np.unique(codes[known], return_inverse=True)[1], x[known]
    n, groups = len(x), int(codes.max()) + 1 if len(codes) else 0
    if groups < 2 or n <= groups:
        return 1.0
    found = anova(x, codes, groups)
    if found.ss_within <= 1e-12 * found.ss_total:
        return 1.0
    return float(f_upper(found.f, found.df_between, found.df_within))


def mixed_covariate(
    spec: ModelSpec, dataset: Dataset, without: Container[str] = ()
) -> tuple[str, tuple[str, ...]] | None:
    """The first covariate of the fixed part that clearly differs within and between groups, with these groups.

    Nested levels are taken together, from the highest to the lowest; of crossed ones each by itself. None where no
    covariate is mixed, apart from those in `without`.
    """
    path = tuple(g for g in edit.level_path(spec) if g in dataset)
    crossed = [(g,) for e in spec.random if edit.is_crossed(e) and (g := edit.group_name(e)) in dataset]
    facts = facts_of(dataset)
    for term in spec.fixed:
        factor = term.factors[0]
        if len(term.factors) > 1 or not plain(factor) or factor.name not in dataset or factor.name in without:
            continue
        if dataset.is_text(factor.name):
            continue
        for groups in ([path] if path else []) + crossed:
            inside = facts.varying(factor.name, groups, facts.sample((factor.name, *groups)))
            clear = inside and between_p(factor.name, groups, dataset) < CLEAR
            if clear and not _has_means(spec, factor.name, groups, dataset):
                return factor.name, groups
    return None


def _has_means(spec: ModelSpec, name: str, groups: tuple[str, ...], dataset: Dataset) -> bool:
    """True where a covariate of the model is the mean of `name` in its group, perhaps rounded or on another scale."""
    codes, x = facts_of(dataset).group_codes(groups), dataset.numeric(name)
    for term in spec.fixed:
        other = term.factors[0]
        if len(term.factors) > 1 or other.name == name or not plain(other) or other.name not in dataset:
            continue
        z = dataset.numeric(other.name)
        known = (codes >= 0) & np.isfinite(x) & np.isfinite(z)
        if not known.any():
            continue
        at = np.unique(codes[known], return_inverse=True)[1]
        means = (np.bincount(at, x[known]) / np.bincount(at))[at]
        if means.std() and z[known].std() and abs(np.corrcoef(means, z[known])[0, 1]) > SAME:
            return True
    return False

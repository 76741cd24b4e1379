"""The words of the guide's steps: titles, questions, and the heads of the columns of the models compared."""

from __future__ import annotations

from terrace.spec.guide import Answers, Path, StepKey
from terrace.wording import enumerated
from terrace_desktop.ui.words import tr


def path_words(path: Path) -> tuple[str, str]:
    """The title of a path and what it is for."""
    return {
        "classes": (
            tr("My pupils are in classes"), tr("People in groups: pupils in classes, patients in clinics"),
        ),
        "repeated": (
            tr("I measured people several times"), tr("Change over time, with a line for each person"),
        ),
        "crossed": (
            tr("Everyone rated everything"), tr("Two groupings at once: raters and items, pupils and tests"),
        ),
    }[path.key]  # fmt: skip


def step_title(step: StepKey, answers: Answers) -> str:
    """The title of a step, as its question where it is one."""
    slopes = enumerated(answers.slopes)
    repeated = answers.path == "repeated"
    if step == "slopes" and answers.slopes:
        return tr("Does the slope of {0} differ?").format(slopes)
    if step == "icc" and answers.groups:
        return tr("How much lies between groups of {0}?").format(enumerated(answers.groups))
    return {
        "null": tr("Null model"),
        "icc": tr("How much lies between groups?"),
        "growth": tr("How do they change?"),
        "curve": tr("Is the change a straight line?"),
        "predictors": tr("What predicts the level?") if repeated else tr("Random intercept with predictors"),
        "slopes": tr("Does a slope differ?"),
        "cross": tr("What predicts the slope?") if repeated else tr("Why does it differ?"),
    }[step]


def question(step: StepKey, answers: Answers) -> str:
    """What a step asks, in a sentence or two."""
    group = answers.group or tr("the groups")
    return {
        "null": tr("A model without predictors. It splits the variance into a part between and a part within groups."),
        "icc": tr("The intraclass correlation (ICC) is the share of the variance that lies between groups."),
        "growth": tr("A line for each person: where it starts and how steep it is may both differ."),
        "curve": tr("The square of time lets the change speed up or slow down."),
        "predictors": tr("What may explain the outcome, the same in all groups of {0}.").format(group),
        "slopes": tr("The effect of a predictor may be larger in some groups of {0} than in others.").format(group),
        "cross": tr("Cross-level interactions: a trait of the groups of {0} that changes the slope.").format(group),
    }[step]


def short_title(step: StepKey, answers: Answers) -> str:
    """The head of the model's column, and its title in the results behind its number."""
    repeated = answers.path == "repeated"
    return {
        "null": tr("Null"),
        "icc": tr("Intraclass correlation"),
        "growth": tr("Growth"),
        "curve": tr("Curve"),
        "predictors": tr("Predictors of level") if repeated else tr("Random intercept"),
        "slopes": tr("Random slope"),
        "cross": tr("Predictors of slope") if repeated else tr("Cross-level"),
    }[step]

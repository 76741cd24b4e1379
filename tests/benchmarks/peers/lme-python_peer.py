"""lme-python (lme-rs), by formulas on a pandas frame. It is not asked for InstEval: 400 s brought no answer."""

from __future__ import annotations

from importlib.metadata import version

from common_peer import serve
from lme_python import lmer

FITS = {
    "hsb": lambda d: lmer("mathach ~ ses * meanses + (ses | id)", data=d.frame, reml=True),
    "hsb-boundary": lambda d: lmer("mathach ~ ses * sector + (ses | id)", data=d.frame, reml=True),
    "pig": lambda d: lmer("weight ~ week + (1 | id)", data=d.frame, reml=False),
    "productivity": lambda d: lmer(
        "gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state)", data=d.frame, reml=False
    ),
    "veneer": lambda d: lmer(
        "gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth)", data=d.frame, reml=True
    ),
    "sleepstudy-frame": lambda d: lmer("reaction ~ days + (days | subj)", data=d.frame, reml=True),
}


def warm(small):
    """A small fit."""
    return lmer("y ~ x + (x | g)", data=small, reml=True)


if __name__ == "__main__":
    serve(f"lme-python {version('lme-python')}", FITS, lambda result: result.log_likelihood, warm)

"""mixedlm, by formulas on a pandas frame."""

from __future__ import annotations

from importlib.metadata import version

from common_peer import serve
from mixedlm import lmer

FITS = {
    "hsb": lambda d: lmer("mathach ~ ses * meanses + (ses | id)", d.frame),
    "hsb-boundary": lambda d: lmer("mathach ~ ses * sector + (ses | id)", d.frame),
    "pig": lambda d: lmer("weight ~ week + (1 | id)", d.frame, REML=False),
    "productivity": lambda d: lmer(
        "gsp ~ private + emp + hwy + water + other + unemp + (1 | region) + (1 | state)", d.frame, REML=False
    ),
    "veneer": lambda d: lmer(
        "gcf ~ followup + base_gcf + cda + age + (followup | patient) + (1 | patient:tooth)", d.frame
    ),
    "sleepstudy-frame": lambda d: lmer("reaction ~ days + (days | subj)", d.frame),
    "insteval": lambda d: lmer("y ~ service + (1 | s) + (1 | d) + (1 | dept)", d.frame, REML=False),
}


def warm(small):
    """A small fit."""
    return lmer("y ~ x + (x | g)", small)


if __name__ == "__main__":
    serve(f"mixedlm {version('mixedlm')}", FITS, lambda result: result.logLik().value, warm)

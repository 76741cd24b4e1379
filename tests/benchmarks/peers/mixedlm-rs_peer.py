"""mixedlm-rs: one level, by a formula where Terrace gets a frame too, and by arrays elsewhere, which is quicker."""

from __future__ import annotations

from importlib.metadata import version

import mixedlm_rs
import numpy as np
from common_peer import design, serve


def mixed(y, x, groups, z, reml=True):
    """A model of one level."""
    return mixedlm_rs.MixedLM(endog=y, exog=x, groups=groups, exog_re=z).fit(reml=reml)


FITS = {
    "million": lambda d: mixed(d["y"], design(d["x"]), d["g"], design(d["x"])),
    "hsb": lambda d: mixed(
        d["mathach"], design(d["ses"], d["meanses"], d["ses"] * d["meanses"]), d["id"], design(d["ses"])
    ),
    "hsb-boundary": lambda d: mixed(
        d["mathach"], design(d["ses"], d["sector"], d["ses"] * d["sector"]), d["id"], design(d["ses"])
    ),
    "pig": lambda d: mixed(d["weight"], design(d["week"]), d["id"], np.ones((len(d["id"]), 1)), reml=False),
    "sleepstudy-frame": lambda d: mixedlm_rs.mixedlm(
        "reaction ~ days", d.frame, groups="subj", re_formula="~days"
    ).fit(),
}  # fmt: skip


def warm(small):
    """A small fit."""
    return mixedlm_rs.mixedlm("y ~ x", small, groups="g", re_formula="~x").fit()


if __name__ == "__main__":
    serve(f"mixedlm-rs {version('mixedlm-rs')}", FITS, lambda result: result.llf, warm)

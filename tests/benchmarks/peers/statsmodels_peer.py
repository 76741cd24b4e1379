"""statsmodels' MixedLM. It gets arrays rather than a formula, which spares it the design matrix."""

from __future__ import annotations

import numpy as np
import statsmodels
from common_peer import design, serve
from statsmodels.regression.mixed_linear_model import MixedLM


def mixed(y, x, groups, z, reml=True):
    """A model of one level."""
    return MixedLM(y, x, groups=groups, exog_re=z).fit(reml=reml)


FITS = {
    "million": lambda d: mixed(d["y"], design(d["x"]), d["g"], design(d["x"])),
    "hsb": lambda d: mixed(
        d["mathach"], design(d["ses"], d["meanses"], d["ses"] * d["meanses"]), d["id"], design(d["ses"])
    ),
    "hsb-boundary": lambda d: mixed(
        d["mathach"], design(d["ses"], d["sector"], d["ses"] * d["sector"]), d["id"], design(d["ses"])
    ),
    "pig": lambda d: mixed(d["weight"], design(d["week"]), d["id"], np.ones((len(d["id"]), 1)), reml=False),
    "sleepstudy": lambda d: mixed(d["reaction"], design(d["days"]), d["subj"], design(d["days"])),
}


def warm(small):
    """A small fit."""
    return mixed(small["y"], design(small["x"]), small["g"], design(small["x"]))


if __name__ == "__main__":
    serve(f"statsmodels {statsmodels.__version__}, NumPy {np.__version__}", FITS, lambda result: result.llf, warm)

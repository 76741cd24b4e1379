"""GPBoost's linear mixed models, with all that it chooses by itself: for crossed factors an iterative method.

It maximises the likelihood (there is no REML) and says it with all constants, as R does. For crossed factors it
estimates the log-determinant by random numbers, so that what it says is off by some 10⁻⁶ to 10⁻⁵ of it: on 2,000
ratings it says -2953.603, while the exact log-likelihood at its estimates is -2953.5588 and the maximum -2953.5587.
"""

from __future__ import annotations

from importlib.metadata import version

import gpboost
import numpy as np
from common_peer import design, serve


def mixed(y, x, *factors):
    """Random intercepts of each factor."""
    model = gpboost.GPModel(group_data=np.column_stack(factors), likelihood="gaussian")
    model.fit(y=y, X=x)
    return model


def ratings(d):
    """Users and items crossed."""
    return mixed(d["y"], design(d["x"]), d.codes["user"], d.codes["item"])


FITS = {
    "pig": lambda d: mixed(d["weight"], design(d["week"]), d.codes["id"]),
    "insteval": lambda d: mixed(d["y"], design(d["service"]), d.codes["s"], d.codes["d"], d.codes["dept"]),
    "ratings-5": ratings,
    "ratings-6": ratings,
    "ratings-7": ratings,
}


def warm(small):
    """A small fit."""
    return mixed(small["y"].to_numpy(), design(small["x"]), small["g"].to_numpy(), np.arange(len(small)) % 5)


if __name__ == "__main__":
    serve(f"gpboost {version('gpboost')}", FITS, lambda model: -model.get_current_neg_log_likelihood(), warm)

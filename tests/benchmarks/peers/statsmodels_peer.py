"""statsmodels' MixedLM in a long-lived process, with the same lines in and out as the peers in R.

It gets arrays rather than a formula, which spares it the design matrix.
"""

from __future__ import annotations

import gc
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import statsmodels
from statsmodels.regression.mixed_linear_model import MixedLM

FOLDER = Path(sys.argv[1])


def columns(name):
    """The columns of a dataset by name."""
    names = [line.split("\t")[0] for line in (FOLDER / f"{name}.names").read_text(encoding="utf-8").splitlines()]
    values = np.fromfile(FOLDER / f"{name}.doubles").reshape(len(names), -1)
    return dict(zip(names, values))


def design(*parts):
    """The constant and these columns."""
    return np.column_stack([np.ones(len(parts[0])), *parts])


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


def main():
    """Answer until told to quit."""
    warnings.simplefilter("ignore")
    print(f"@ hello statsmodels {statsmodels.__version__}, NumPy {np.__version__}", flush=True)
    loaded = {}
    for line in sys.stdin:
        words = line.split()
        if words[:1] != ["run"]:
            break
        _, case, name = words
        if name not in loaded:
            loaded[name] = columns(name)
        gc.collect()
        used, start = time.process_time(), time.perf_counter()
        try:
            result = FITS[case](loaded[name])
        except Exception as error:
            print("@ failed", type(error).__name__, " ".join(str(error).split()), flush=True)
            continue
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        print(f"@ ok {seconds:.9f} {cpu:.9f} {result.llf:.12g}", flush=True)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Simulated ratings of users by items from 10⁵ to 3.2·10⁷: time, memory and error by size, each fit in a process apart.

    .venv/bin/python tests/benchmarks/crossed.py [--sizes 1e5,1e6] [--method iterative] [--clusters 1]
    .venv/bin/python tests/benchmarks/crossed.py --peer PYTHON     # GPBoost, in the environment of that interpreter

Time is that of the processor, with one thread, from the data frame to the result; memory is the peak of the process
beyond what it had when all was imported, with the data. The error is how far the fit says that its likelihood and its
parameters can be from the exact ones; beside it stand the estimates less the values that the data were made with, in
standard errors.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from ratings import MEAN, SD_ERROR, SD_ITEM, SD_USER, SIZES, SLOPE, ratings

MODEL = "mixed y x || _all: R.user || item:, reml"
GIB = 2.0**20  # ru_maxrss is in KiB


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def terrace_fit(name: str, method: str, clusters: int) -> dict[str, Any]:
    """A fit in this process."""
    import terrace
    import terrace.estimate
    import terrace.results.build

    base = _peak()
    data = _data(name, clusters)
    begun = time.process_time()
    fit = terrace.fit(MODEL + (f" method({method})" if method else ""), data)
    seconds = time.process_time() - begun
    true = {"var(R.user)": SD_USER**2, "var(_cons)": SD_ITEM**2, "var(Residual)": SD_ERROR**2}
    off = [(p.estimate - true[p.name]) / (p.se or np.nan) for p in fit.random]
    off += [(c.coef - {"x": SLOPE, "_cons": MEAN}[c.term]) / (c.se or np.nan) for c in fit.fixed]
    return {
        "program": f"Terrace, {fit.tier}", "seconds": seconds, "gib": _peak() - base, "ll": fit.ll,
        "evaluations": fit.n_evaluations, "off": off,
        **{k: fit.scalars[k] for k in ("mc_ll", "mc_se", "probes") if k in fit.scalars},
    }


def peer_fit(name: str, clusters: int) -> dict[str, Any]:
    """The same by GPBoost with its iterative methods (Kündig & Sigrist 2025), which fits by maximum likelihood."""
    import gpboost

    base = _peak()
    data = _data(name, clusters)
    begun = time.process_time()
    x = np.column_stack([np.ones(len(data)), data["x"]])
    model = gpboost.GPModel(
        group_data=data[["user", "item"]].to_numpy(), likelihood="gaussian", matrix_inversion_method="iterative",
        num_parallel_threads=1,
    )
    model.fit(y=data["y"].to_numpy(), X=x)
    seconds = time.process_time() - begun
    return {
        "program": f"GPBoost {gpboost.__version__}", "seconds": seconds, "gib": _peak() - base,
        "ll": -model.get_current_neg_log_likelihood(), "parameters": np.ravel(model.get_cov_pars()).tolist(),
    }


def _data(name: str, clusters: int) -> Any:
    """The ratings, made in a process of its own so that its memory is not counted."""
    import pandas as pd

    if not _file(name, clusters).exists():
        subprocess.run([sys.executable, __file__, "--make", name, "--clusters", str(clusters)], check=True)
    with np.load(_file(name, clusters)) as held:
        return pd.DataFrame({column: held[column] for column in held}, copy=False)


def _file(name: str, clusters: int) -> Path:
    folder = Path(os.environ.get("TERRACE_RATINGS", Path(__file__).parent / "ratings"))
    folder.mkdir(exist_ok=True)
    return folder / f"{name}-{clusters}.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--method", default="", choices=["", "exact", "iterative"])
    parser.add_argument("--clusters", type=int, default=1)
    parser.add_argument("--peer", help="a Python with GPBoost")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        frame = ratings(SIZES[asked.make], clusters=asked.clusters)
        np.savez(_file(asked.make, asked.clusters), **{c: frame[c].to_numpy() for c in frame})
        return
    if asked.one:
        peer = asked.peer == "here"
        made = peer_fit(asked.one, asked.clusters) if peer else terrace_fit(asked.one, asked.method, asked.clusters)
        print(json.dumps(made))
        return
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    for size in asked.sizes.split(","):
        _data(size, asked.clusters)
        command = [asked.peer or sys.executable, __file__, "--one", size, "--clusters", str(asked.clusters)]
        command += ["--peer", "here"] if asked.peer else ["--method", asked.method] if asked.method else []
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        print(f"{size:6}", _line(json.loads(done.stdout.splitlines()[-1])) if not done.returncode else done.stderr)


def _line(r: dict[str, Any]) -> str:
    out = f"{r['program']:20} {r['seconds']:8.2f} s {r['gib']:6.2f} GiB  ll {r['ll']:.4f}"
    if "mc_ll" in r:
        out += f" ± {r['mc_ll']:.1g}, parameters ± {r['mc_se']:.1g} SE, {r['probes']} probes"
    if "off" in r:
        out += f", {r['evaluations']} evaluations; off by {', '.join(f'{v:.1f}' for v in r['off'])} SE"
    return out


if __name__ == "__main__":
    main()

"""Terrace in a long-lived process, with the same lines in and out as its peers.

The time is that of `terrace.fit` on a dataset in memory, the text of the command included: sample, groups, design,
estimates, standard errors of all parameters and the tests of the header; for a bootstrap, that of the replicates.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cases import CASES
from datasets import dataset

import terrace
from terrace.data.dataset import Dataset
from terrace.postestimation.resample.bootstrap import bootstrap
from terrace.results.fit import FitResult

FOLDER = Path(sys.argv[1])
BY_KEY = {case.key: case for case in CASES}


def main() -> None:
    """Answer until told to quit."""
    print(f"@ hello Terrace {terrace.__version__}", flush=True)
    loaded: dict[str, Dataset | None] = {}
    fitted: dict[str, FitResult] = {}
    for line in sys.stdin:
        words = line.split()
        if words[:1] != ["run"]:
            break
        case = BY_KEY[words[1]]
        if case.data not in loaded:
            loaded[case.data] = dataset(case.data, FOLDER)
        if case.replicates and case.key not in fitted:
            fitted[case.key] = terrace.fit(case.command, loaded[case.data])
        gc.collect()
        used, start = time.process_time(), time.perf_counter()
        try:
            if case.replicates:
                result = bootstrap(fitted[case.key], case.replicates, seed=1).fit
            else:
                result = terrace.fit(case.command, loaded[case.data])
        except terrace.TerraceError as error:
            print("@ failed", " ".join(error.message.split()), flush=True)
            continue
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        df = ",".join(f"{e.df:.9g}" for e in result.fixed if e.df is not None)
        print(f"@ ok {seconds:.9f} {cpu:.9f} {result.ll:.12g} {df or '-'} {result.n_evaluations}", flush=True)


if __name__ == "__main__":
    main()

"""Terrace in a long-lived process, with the same lines in and out as its peers.

The time is that of `terrace.fit` on a dataset in memory, the text of the command included: sample, groups, design,
estimates, standard errors of all parameters and the tests of the header.
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

FOLDER = Path(sys.argv[1])
COMMANDS = {case.key: case.command for case in CASES}


def main() -> None:
    """Answer until told to quit."""
    print(f"@ hello Terrace {terrace.__version__}", flush=True)
    loaded = {}
    for line in sys.stdin:
        words = line.split()
        if words[:1] != ["run"]:
            break
        _, case, name = words
        if name not in loaded:
            loaded[name] = dataset(name, FOLDER)
        gc.collect()
        used, start = time.process_time(), time.perf_counter()
        try:
            result = terrace.fit(COMMANDS[case], loaded[name])
        except terrace.TerraceError as error:
            print("@ failed", " ".join(error.message.split()), flush=True)
            continue
        seconds, cpu = time.perf_counter() - start, time.process_time() - used
        df = ",".join(f"{e.df:.9g}" for e in result.fixed if e.df is not None)
        print(f"@ ok {seconds:.9f} {cpu:.9f} {result.ll:.12g} {df or '-'} {result.n_evaluations}", flush=True)


if __name__ == "__main__":
    main()

"""pandas: reading files, and what commands on the data do. The number returned is compared with Terrace's.

`terrace_side.py` says which number stands for which result.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from common_peer import FOLDER, serve

FITS = {
    "open-dta": lambda _: pd.read_stata(FOLDER / "tall.dta"),
    "open-csv": lambda _: pd.read_csv(FOLDER / "tall.csv"),
    "open-parquet": lambda _: pd.read_parquet(FOLDER / "tall.parquet"),
    "sort": lambda d: d.sort_values("x", kind="stable"),
    "correlate": lambda d: d[["x", "z", "y"]].corr(),
    "tabulate": lambda d: d["wave"].value_counts().sort_index(),
    "crosstab": lambda d: pd.crosstab(d["wave"], d["group"]),
}


def value(result):
    """Of data the sum of ``y`` by row number, of correlations that of ``x`` and ``z``, of counts how many there are."""
    if isinstance(result, pd.DataFrame) and "y" in result.columns and "id" in result.columns:
        return float(result["y"].to_numpy() @ np.arange(1.0, len(result) + 1))
    if isinstance(result, pd.DataFrame) and "z" in result.columns:
        return float(result.loc["x", "z"])
    return float(len(result))


def warm(small):
    """What pandas loads late."""
    return pd.crosstab(small["g"], small["g"]), small[["x", "y"]].corr()


if __name__ == "__main__":
    serve(f"pandas {pd.__version__}", FITS, value, warm, lambda name: pd.read_parquet(FOLDER / f"{name}.parquet"))

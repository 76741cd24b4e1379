"""The selected cells as text for the clipboard. Pure functions, fit to run off the GUI thread."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset

MOST_CELLS = 5_000_000


def cells_as_tsv(dataset: Dataset, columns: list[int], rows: np.ndarray, labels: bool) -> str:
    """Names, then the values at full precision (or their labels), tab-separated; missing is empty.

    Text that a spreadsheet would run as a formula has an apostrophe in front.
    """
    import pandas as pd

    from terrace.report.csv import harmless

    names = [dataset.names[c] for c in columns]
    frame = dataset.frame[names].iloc[rows]
    if labels:
        for name in names:
            known = dict(dataset.variable(name).value_labels)
            if known:
                column = frame[name]
                frame = frame.assign(**{name: column.map(known).where(column.isin(list(known)), column)})
    for name in names:
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame = frame.assign(**{name: frame[name].map(lambda x: harmless(x) if isinstance(x, str) else x)})
    out = io.StringIO()
    frame.to_csv(out, sep="\t", index=False, lineterminator="\n")
    return out.getvalue()

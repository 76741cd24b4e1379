"""The groups that lines belong to, in words for whoever points at one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.data.dataset import Dataset


def named_groups(data: Dataset, name: str, rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
    """``school 12`` for each row; empty for row -1, at which a line breaks."""
    codes, levels = data.codes(name)
    texts = [f"{name} {data.level_label(name, v)}" for v in levels]
    return tuple(texts[c] if r >= 0 and c >= 0 else "" for r, c in zip(rows, codes[rows]))

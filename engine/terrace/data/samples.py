"""The bundled sample datasets."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from functools import cache

from terrace.data.dataset import Dataset
from terrace.data.progress import Report
from terrace.data.resources import resource_path
from terrace.errors import DataError, DidYouMean


@dataclass(frozen=True, slots=True)
class SampleInfo:
    """One sample: `command` is a `mixed` command that suits it."""

    name: str
    title: str
    description: str
    source: str
    rows: int
    command: str


@cache
def samples() -> tuple[SampleInfo, ...]:
    """What is bundled, in the order in which to show it; reads no data."""
    entries = json.loads(resource_path("samples", "index.json").read_text(encoding="utf-8"))
    return tuple(SampleInfo(**entry) for entry in entries)


def sample(name: str) -> Dataset:
    """The sample of that name; `DataError` where there is none."""
    from dataclasses import replace

    from terrace.data.parquet import read_parquet

    infos = {info.name: info for info in samples()}
    if name not in infos:
        close = difflib.get_close_matches(name, infos, n=1)
        raise DataError(
            f"There is no sample named {name!r}.",
            code="no-such-sample",
            subject=name,
            advice=DidYouMean(close[0]) if close else "The samples are: " + ", ".join(infos) + ".",
        )
    data = read_parquet(resource_path("samples", f"{name}.parquet"), Report("Reading"))
    return replace(data, source=f"sample {name}")

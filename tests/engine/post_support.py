"""What the tests of post-estimation share: committed results of R, and rows of tables by name."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import oracles
from terrace.results.table import Table

HERE = Path(oracles.__file__).parent / "r_post"


@cache
def r_results(script: str) -> dict[str, Any]:
    """What one script of oracles/r_post found."""
    return json.loads((HERE / f"{script}.json").read_text())["results"]


def rows(table: Table) -> dict[str, list[Any]]:
    """Plain rows by their label, without it."""
    return {r[0]: r[1:] for r in table.plain()["rows"]}

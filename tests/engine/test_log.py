"""The log of defects holds no data: values are planted where libraries put them into their texts, and looked for."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from terrace.session import log
from terrace.session.log import without_data, without_values

SECRETS = ("Johanna Smythe", "johanna smythe", "O'Brien", "Müller", "1234567", 'a "b" c')


def chained(text: str) -> None:
    try:
        float(text + "x")
    except ValueError as error:
        raise RuntimeError(f"row with {text!r} failed") from error


def raised(error: Exception) -> None:
    raise error


FAILURES: list[Callable[[str], object]] = [
    lambda s: float(s + "x"),
    lambda s: int(s + "x"),
    lambda s: complex(s + "x"),
    lambda s: {}[s],
    [].index,
    {1: 2}.pop,
    lambda s: getattr(SimpleNamespace(), s),
    lambda s: (s + "\u0394").encode("ascii"),
    lambda s: dt.datetime.strptime(s, "%Y-%m-%d"),
    dt.date.fromisoformat,
    lambda s: json.loads(s + "{"),
    uuid.UUID,
    lambda s: bytes.fromhex(s + "z"),
    lambda s: Decimal(s + "x"),
    lambda s: Path("/nowhere", s).read_text(),
    lambda s: np.array([s + "x"]).astype(float),
    lambda s: np.datetime64(s + "x"),
    np.dtype,
    lambda s: pd.to_numeric(pd.Series([s + "x"])),
    lambda s: pd.to_datetime(pd.Series([s + "x"])),
    lambda s: pd.Series([s + "x"]).astype("int64"),
    lambda s: pd.DataFrame({"x": [1]})[s],
    lambda s: pd.DataFrame({"x": [1]}).loc[s],
    lambda s: pd.DataFrame({"x": [1]}).astype({s: float}),
    lambda s: pd.Categorical.from_codes([5], [s]),
    lambda s: pd.Timestamp(s + "x"),
    lambda s: pd.Series([1], index=[s]).reindex([s, s]).loc["no"],
    lambda s: pa.array([s + "x"]).cast(pa.float64()),
    lambda s: pa.array([1, s]),
    lambda s: pa.table({"x": [1]}).column(s),
    lambda s: raised(ValueError(s)),
    lambda s: raised(ValueError(f"the value of one row is {s!r}, and not a number")),
    chained,
]


@pytest.mark.parametrize("failing", FAILURES)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_libraries_say_of_values_is_left_out(failing: Callable[[str], object], secret: str) -> None:
    with pytest.raises(Exception) as caught:
        failing(secret)
    written = without_data(caught.value)
    assert type(caught.value).__name__ in written and "test_log.py" in written
    # what stands in the text of the exception, and not in the code that is quoted
    kept = "\n".join(line for line in written.splitlines() if not line.startswith("  "))
    for part in secret.replace('"', " ").split():
        assert len(part) < 3 or part not in kept


def test_what_tells_of_the_defect_stays() -> None:
    with pytest.raises(ValueError) as caught:
        float("x")
    assert without_data(caught.value).endswith("ValueError: could not convert string to float ...\n")
    with pytest.raises(RuntimeError) as twice:
        chained("x")
    assert without_data(twice.value).count("ValueError") == 1 and "which came of" in without_data(twice.value)


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        ('replace name = "John Smith" if id == 1234567', 'replace name = "..." if id == #'),
        ("replace name = `\"a \"b\" c\"' in 3", 'replace name = "..." in #'),
        ("mixed y x1 || school: x2, reml", "mixed y x1 || school: x2, reml"),
        ('replace s = "open', 'replace s = "..."'),
        ("generate a = 1.5e3 + .5", "generate a = # + #"),
    ],
)
def test_commands_are_kept_without_their_values(command: str, kept: str) -> None:
    assert without_values(command) == kept


def test_what_is_written_is_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "log_path", lambda: tmp_path / "terrace.log")
    with pytest.raises(KeyError) as caught:
        raised(KeyError("Johanna Smythe"))
    log.record_defect(caught.value, 'replace name = "Johanna Smythe"')
    written = (tmp_path / "terrace.log").read_text(encoding="utf-8")
    assert "command: replace name" in written and "KeyError" in written
    assert "Johanna" not in written.replace('raised(KeyError("Johanna Smythe"))', "")

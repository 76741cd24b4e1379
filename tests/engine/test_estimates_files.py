"""Files of `estimates save`: what was altered or damaged says so, and nothing else than what was saved is announced."""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle_support import dataset, session_on
from test_session_running import ok

from terrace.errors import DataError, TerraceError
from terrace.sealed import MANIFEST, seal, unseal
from terrace.session.commands.fit.estimates_files import _read
from terrace.session.session import Session

MOST = 1 << 30


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a file of estimates."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"g": np.repeat(np.arange(8), 4), "x": rng.normal(size=32)})
    frame["y"] = frame["x"] + np.repeat(rng.normal(size=8), 4) + rng.normal(size=32)
    session = session_on(dataset(frame))
    ok(session, "mixed y x || g:")
    path = tmp_path_factory.mktemp("saved") / "one.fit"
    ok(session, f'estimates save "{path}"')
    return path.read_bytes()


def with_parts(content: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The archive with its parts changed, as somebody with a zip program would."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def used(content: bytes, tmp_path: Path) -> str:
    """What `estimates use` says to such a file: the code of its error, or its text."""
    path = tmp_path / "it.fit"
    path.write_bytes(content)
    outcome = Session().run(f'estimates use "{path}"')
    return outcome.text if outcome.ok else str(outcome.error[0])  # type: ignore[index]


def edited(key: str, value: object) -> Callable[[dict[str, bytes]], None]:
    def change(parts: dict[str, bytes]) -> None:
        about = json.loads(parts["fit.json"])
        about[key] = value
        parts["fit.json"] = json.dumps(about).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        edited("command", "mixed survival treatment || site:, reml"),
        edited("model", "mixed y || g: if __in_sample == 1"),
        edited("constraints", {"1": "x = 0"}),
        edited("ll", -1.0),
        edited("name", "another"),
        lambda parts: parts.pop("data.parquet"),
        lambda parts: parts.pop("fit.json"),
        lambda parts: parts.update({"more.json": b"{}"}),
        lambda parts: parts.update({"fit.json": parts["data.parquet"], "data.parquet": parts["fit.json"]}),
        lambda parts: parts.update({MANIFEST: b"{}"}),
        lambda parts: parts.update({MANIFEST: b"[" * 100_000}),
        lambda parts: parts.update({MANIFEST: parts[MANIFEST].replace(b'"version": 2', b'"version": 1')}),
        lambda parts: parts.update({"data.parquet": parts["data.parquet"][:-1]}),
    ],
)
def test_what_was_altered_is_refused(
    saved: bytes, change: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    assert "are now active: mixed y x || g:" in used(saved, tmp_path)
    assert used(with_parts(saved, change), tmp_path) == "damaged-file"


def unsealed(saved: bytes, change: Callable[[dict[str, bytes]], None] = lambda parts: None) -> bytes:
    """A file of the first form, which had no checksums."""

    def strip(parts: dict[str, bytes]) -> None:
        del parts[MANIFEST]
        change(parts)

    return with_parts(saved, strip)


def test_the_first_form_announces_the_model_that_it_fits(saved: bytes, tmp_path: Path) -> None:
    other = unsealed(saved, edited("command", "mixed survival treatment || site:, reml"))
    text = used(other, tmp_path)
    assert "are now active: mixed y x || g:" in text and "survival" not in text


@pytest.mark.parametrize(
    ("key", "value"),
    [("model", 3), ("model", "drop _all"), ("ll", "high"), ("ll", None), ("ll", True), ("constraints", ["x"]),
     ("constraints", {"one": "x = 0"}), ("name", {}), ("command", None)],
)  # fmt: skip
def test_members_of_another_type_are_refused(saved: bytes, key: str, value: object, tmp_path: Path) -> None:
    assert used(unsealed(saved, edited(key, value)), tmp_path) == "damaged-file"


def test_a_later_form_and_another_kind_are_named(saved: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.fit"
    path.write_bytes(seal("estimates", 99, {"fit.json": b"{}"}))
    with pytest.raises(DataError, match="later version of Terrace"):
        _read(path)
    path.write_bytes(seal("project", 1, {"a": b""}))
    with pytest.raises(DataError, match="holds project"):
        _read(path)
    path.write_bytes(seal("estimates", 1, {"a": b"0" * 100_000}))
    with pytest.raises(DataError, match="larger than memory"):
        unseal(path, "estimates", 1, most=1000)
    assert unseal(path, "estimates", 1, most=MOST).parts == {"a": b"0" * 100_000}


def test_a_part_that_says_less_than_it_holds_is_not_taken_apart(tmp_path: Path) -> None:
    """The sizes in the archive are those of the manifest, the content is a bomb."""
    path = tmp_path / "bomb.fit"
    content = bytearray(seal("estimates", 2, {"fit.json": b"\0" * 50_000_000}))
    size = (50_000_000).to_bytes(4, "little")
    assert content.count(size) == 2
    path.write_bytes(bytes(content).replace(size, (100).to_bytes(4, "little")))
    with pytest.raises(DataError) as caught:
        _read(path)
    assert caught.value.code == "damaged-file"


def test_random_damage_is_told_or_does_not_matter(saved: bytes, tmp_path: Path) -> None:
    """Bits, cuts, repeats, zeros: refused in words, or read as what was saved."""
    path = tmp_path / "one.fit"
    path.write_bytes(saved)
    about, data = _read(path)
    random_ = random.Random(7)
    refused = 0
    for _ in range(400):
        content = bytearray(saved if random_.random() < 0.7 else unsealed(saved))
        at = random_.randrange(len(content))
        match random_.randrange(4):
            case 0:
                content[at] ^= 1 << random_.randrange(8)
            case 1:
                del content[at:]
            case 2:
                content[at : at + 20] = content[at : at + 20] * 2
            case 3:
                content[at : at + random_.randrange(1, 50)] = bytes(random_.randrange(1, 50))
        path.write_bytes(content)
        try:
            now, values = _read(path)
        except TerraceError as error:
            refused += 1
            assert error.code in ("damaged-file", "unknown-format"), error
            continue
        assert (now.model, now.ll, now.constraints) == (about.model, about.ll, about.constraints)
        assert values.frame.equals(data.frame)
    assert refused > 200


def test_a_source_that_changed_since_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"g": [1, 1, 2, 2, 3, 3, 4, 4], "y": [1.0, 2, 4, 3, 5, 7, 1, 1]})
    file = tmp_path / "data.csv"
    frame.to_csv(file, index=False)
    session = Session()
    ok(session, f'use "{file}"')
    ok(session, "mixed y || g:")
    ok(session, f'estimates save "{tmp_path / "m"}"')
    outcome = ok(Session(), f'estimates use "{tmp_path / "m"}"')
    assert not outcome.warnings and outcome.fit is not None and outcome.fit.macros["datafile"] == str(file)
    file.write_text(file.read_text().replace("7", "8"))
    (warning,) = ok(Session(), f'estimates use "{tmp_path / "m"}"').warnings
    assert "data.csv has changed since" in warning
    file.unlink()
    assert not ok(Session(), f'estimates use "{tmp_path / "m"}"').warnings

"""Files of every format that is read, with bytes changed at random: what the gate and the long run open.

    python tests/engine/mutated.py FIRST COUNT    # opens the files of these seeds, and tells what went wrong

A file is made by its seed, but for the time of day that some headers hold: `one(seed, files, folder)` makes again what
a run was stopped by.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from terrace.data import formats
from terrace.data.dataset import Dataset, Variable
from terrace.data.read import read
from terrace.data.readers.build import from_frame
from terrace.data.write import write
from terrace.errors import TerraceError

SECONDS, BYTES = 10.0, 1 << 31
"""What no file may take: time, and memory of the process that reads it."""


def data() -> Dataset:
    """Numbers, texts, a date, labels and missing codes."""
    rng = np.random.default_rng(12)
    n = 60
    frame = pd.DataFrame(
        {
            "id": np.arange(n) // 5,
            "y": rng.normal(10, 3, n).round(3),
            "group": rng.integers(1, 4, n).astype(float),
            "word": rng.choice(["alpha", "beta gamma", "", "δ"], n),
            "long_text": ["x" * int(k) for k in rng.integers(0, 40, n)],
            "day": pd.Timestamp("2020-02-28") + pd.to_timedelta(rng.integers(0, 400, n), "D"),
        }
    )
    frame.loc[3, "y"] = np.nan
    made = from_frame(frame, label="Made for tests")
    labelled = Variable("group", "The group", value_labels={1: "one", 2: "two", 3: "three"}, missing_codes=(3.0,))
    return made.with_variable(labelled)


def sound(folder: Path) -> list[Path]:
    """A sound file of every ending that is written, and of those that pyreadstat writes."""
    import pyreadstat

    made = data()
    files = [write(made, folder / f"sound{ending}").path for ending in formats.WRITTEN]
    plain = made.frame[["id", "y", "group", "word"]]
    pyreadstat.write_xport(plain, folder / "five.xpt", file_format_version=5)
    pyreadstat.write_xport(plain, folder / "eight.xpt", file_format_version=8)
    portable = plain.rename(columns=str.upper).replace("δ", "d")  # it has few letters
    pyreadstat.write_por(portable, folder / "sound.por")
    return [*files, folder / "five.xpt", folder / "eight.xpt", folder / "sound.por"]


def mutated(content: bytes, rng: random.Random) -> bytes:
    """The content with bits flipped, cut, lengthened, with blocks swapped, or with fields set to an extreme."""
    out = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        kind = rng.choice(["bit", "bit", "byte", "field", "field", "cut", "insert", "repeat", "swap"])
        top = rng.choice([64, 400, 4000, len(out)])  # headers are at the beginning
        at = rng.randrange(max(1, min(top, len(out))))
        if kind == "bit" and out:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == "byte" and out:
            out[at] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        elif kind == "field":
            width, order = rng.choice([2, 4, 8]), rng.choice(["little", "big"])
            largest = (1 << 8 * width) - 1
            value = rng.choice([0, 1, largest // 2, largest // 2 + 1, largest, 10**9, 10**12])
            out[at : at + width] = (value & largest).to_bytes(width, order)
        elif kind == "cut":
            del out[at : at + rng.choice([1, 2, 8, 80, len(out)])]
        elif kind == "insert":
            out[at:at] = rng.randbytes(rng.choice([1, 2, 8, 80]))
        elif kind == "repeat":
            out[at:at] = out[at : at + rng.choice([8, 80, 800])] * rng.choice([1, 3, 50])
        elif kind == "swap":
            size = rng.choice([1, 8, 80, 500])
            to = rng.randrange(max(1, len(out) - size))
            out[at : at + size], out[to : to + size] = out[to : to + size], out[at : at + size]
    return bytes(out)


def mutated_archive(content: bytes, rng: random.Random) -> bytes:
    """An archive in which the content of one member is mutated, as the check sums hide what is behind them."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            member = old.read(name)
            new.writestr(name, mutated(member, rng) if name == chosen else member)
    return out.getvalue()


def one(seed: int, files: list[Path], folder: Path) -> Path:
    """The mutated file of a seed."""
    rng = random.Random(seed)
    file = files[seed % len(files)]
    content = file.read_bytes()
    change = mutated_archive if zipfile.is_zipfile(file) and rng.random() < 0.7 else mutated
    path = folder / f"mutated{file.suffix}"
    path.write_bytes(change(content, rng))
    return path


def trouble(path: Path) -> tuple[str, str]:
    """How reading the file ended, as a code, and what is wrong with that; empty where nothing is."""
    begun = time.monotonic()
    try:
        read(path)
        code = "read"
    except TerraceError as error:
        code = error.code
        if not error.message or str(path.name) not in error.message + str(error.advice):
            return code, f"says nothing of the file: {error.message}"
    except Exception as error:
        return "internal", f"raises {type(error).__name__}: {error}"
    took = time.monotonic() - begun
    return code, f"took {took:.1f} s" if took > SECONDS else ""


def most_memory() -> int:
    """Bytes that this process, or one that it started and that has ended, held at most; 0 where that is not known."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def main(first: int, count: int) -> int:
    from terrace.data.apart import parent

    found: dict[str, int] = {}
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = sound(folder)
        for seed in range(first, first + count):
            path = one(seed, files, folder)
            if (seed - first) % 1000 == 0:
                print(f"from seed {seed} on", flush=True)  # where to look when a reader in this process crashes
            code, wrong = trouble(path)
            found[code] = found.get(code, 0) + 1
            if wrong:
                bad += 1
                print(f"seed {seed}, {path.suffix}: {wrong}", flush=True)
    parent.end_all()
    if most_memory() > BYTES:
        bad += 1
        print(f"{most_memory() / 1e9:.1f} GB of memory were taken")
    print(f"{count:,} files, {bad} with trouble; " + ", ".join(f"{n:,} {code}" for code, n in sorted(found.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))

"""Build the wheel and see that it stands without the checkout: packages, samples, icons, styles, published cases.

Runs in the virtual environment, whose libraries it uses; Terrace itself comes from the unpacked wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHECK = """
import sys
from pathlib import Path
import terrace, terrace_desktop
from terrace.data.resources import resource_path
from terrace.data.samples import samples

place = Path(sys.argv[1]).resolve()
for module in (terrace, terrace_desktop):
    assert place in Path(module.__file__).resolve().parents, module.__file__
for info in samples():
    assert terrace.sample(info.name).frame.shape[0] == info.rows, info.name
for name in ("icons", "styles"):
    folder = resource_path(name)
    assert place in folder.resolve().parents and any(folder.iterdir()), folder
from terrace.validation import published
from terrace.validation.run import run

assert all(verdict.passed for verdict in run(published.cases()))
print(len(samples()), "samples read from the wheel,", len(published.cases()), "published cases agree")
"""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "installed")
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder]
        if subprocess.call([*build, str(ROOT)]) != 0:
            return 1
        (wheel,) = Path(folder).glob("terrace_mixed-*.whl")
        print(f"{wheel.name}: {wheel.stat().st_size / 1024:.0f} KiB", flush=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
        environ = dict(os.environ, PYTHONPATH=str(place))
        return subprocess.call([sys.executable, "-c", CHECK, str(place)], cwd=folder, env=environ)


if __name__ == "__main__":
    sys.exit(main())

"""`terrace-desktop --validate`: what `terrace validate` compares, for a frozen program without a console."""

from __future__ import annotations

import sys
from pathlib import Path

from terrace_desktop.upkeep.step_lines import FAILED, PASSED, PUBLISHED


def compare_published(report: str | None) -> int:
    """Compare every published number; the lines go to standard output and to the end of a file. The exit status."""
    from terrace.disk.appending import add_text
    from terrace.errors import TerraceError
    from terrace.validation.carry_out import validate

    lines = []
    try:
        found = validate()
    except TerraceError as error:
        passed, summary = False, error.message
    else:
        passed, summary = found.passed, found.summary
        for wrong in (v for v in found.verdicts if not v.passed):
            lines.append(f"{wrong.case.id}: {wrong.error or f'{len(wrong.failed)} of {len(wrong.checks)} differ'}")
        lines += [f"altered: {file}" for file in found.installed.altered]
    lines.append(f"{PASSED if passed else FAILED}  {PUBLISHED} ({summary})")
    for line in lines:
        if sys.stdout is not None:
            print(line, flush=True)
        if report is not None:
            add_text(Path(report), line + "\n", private=True)
    return 0 if passed else 1

"""`terrace-desktop --validate`: what `terrace validate` compares, for a frozen program without a console."""

from __future__ import annotations

from terrace_desktop.upkeep.step_lines import FAILED, PASSED, PUBLISHED, StepLines


def compare_published(report: str | None) -> int:
    """Compare every published number; the lines go to standard output and to the end of a file. The exit status."""
    from terrace.errors import TerraceError
    from terrace.validation.carry_out import validate

    lines = StepLines(report)
    try:
        found = validate()
    except TerraceError as error:
        passed, summary = False, error.message
    else:
        passed, summary = found.passed, found.summary
        for wrong in (v for v in found.verdicts if not v.passed):
            lines.write(f"{wrong.case.id}: {wrong.error or f'{len(wrong.failed)} of {len(wrong.checks)} differ'}")
        for file in found.installed.altered:
            lines.write(f"altered: {file}")
    lines.write(f"{PASSED if passed else FAILED}  {PUBLISHED} ({summary})")
    return 0 if passed else 1

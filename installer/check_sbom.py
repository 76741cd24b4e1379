#!/usr/bin/env python3
"""Hold lists of what ships to the form of CycloneDX: ``python installer/check_sbom.py FILE...``; group ``release``."""

from __future__ import annotations

import sys
from pathlib import Path


def main(files: list[str]) -> int:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    validator = JsonStrictValidator(SchemaVersion.V1_6)
    wrong = {file: found for file in files if (found := validator.validate_str(Path(file).read_text(encoding="utf-8")))}
    for file in files:
        print(f"{file}: {wrong.get(file, 'valid')}")
    return 1 if wrong or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

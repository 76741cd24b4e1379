"""What those who made or manage this installation have set: where releases are listed, by whom, and what is forbidden.

``installation.json`` among the resources is empty in the sources; whoever builds a release fills it in: ``feed`` is the
https address of the list of releases, ``key`` the public key that the list is signed with (64 hexadecimal digits),
``mail`` the address that crash reports can be mailed to. What is empty is never used.

``policy.json`` in the folder of settings of the whole machine is the administrator's: ``{"updates": "never"}`` forbids
looking for new versions, and so does the environment variable ``TERRACE_UPDATES=never``.
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from terrace.data.resources import resource_path
from terrace.errors import TerraceError

log = logging.getLogger(__name__)
NEVER = "never"
_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Installation:
    """See the head of the file; ``forbidden`` says that nobody may look for new versions."""

    feed: str = ""
    key: str = ""
    mail: str = ""
    forbidden: bool = False

    @property
    def can_look(self) -> bool:
        """True where new versions can be looked for: there is a list, and a key that it can be checked with."""
        return bool(self.feed) and has_form_of_key(self.key) and not self.forbidden


def has_form_of_key(key: str) -> bool:
    """True for 64 hexadecimal digits that are not all the same, as in a placeholder."""
    return _KEY.fullmatch(key) is not None and len(set(key)) > 1


def policy_file() -> Path:
    """Where an administrator forbids things for all users of a machine."""
    import platformdirs

    return Path(platformdirs.site_config_dir("terrace", appauthor=False)) / "policy.json"


def installation(file: Path | None = None, policy: Path | None = None) -> Installation:
    """What is set for this installation, read anew; `file` and `policy` are the usual ones unless given."""
    try:
        found = json.loads((file or resource_path("installation.json")).read_text(encoding="utf-8"))
        texts = {name: str(found.get(name) or "") for name in ("feed", "key", "mail")}
    except (OSError, ValueError, AttributeError, TerraceError) as error:
        log.warning("installation.json is not read: %s", type(error).__name__)
        texts = {}
    return Installation(**texts, forbidden=_forbidden(policy or policy_file()))


def _forbidden(policy: Path) -> bool:
    if os.environ.get("TERRACE_UPDATES", "").strip().lower() == NEVER:
        return True
    try:
        found = json.loads(policy.read_text(encoding="utf-8"))
        return str(found.get("updates")).lower() == NEVER
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, AttributeError):  # whoever put it there wanted to forbid something
        log.warning("policy.json is not read, so new versions are not looked for")
        return True

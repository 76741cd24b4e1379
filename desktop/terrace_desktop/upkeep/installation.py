"""What those who made or manage this installation have set: where releases are listed, by whom, and what is forbidden.

``installation.json`` among the resources is empty in the sources; whoever builds a release fills it in: ``feed`` is the
https address of the list of releases, ``key`` the public key that the list is signed with (64 hexadecimal digits),
``mail`` the address that crash reports can be mailed to. What is empty is never used.

``policy.json`` in the folder of settings of the whole machine is the administrator's: ``{"updates": "never"}`` forbids
looking for new versions, and so does any other that does not say ``"ask"``: whoever put it there wanted to forbid
something. The environment variable ``TERRACE_UPDATES=never`` does, too.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from terrace.data.resources import resource_path
from terrace.errors import TerraceError

log = logging.getLogger(__name__)
NEVER, ASK = "never", "ask"
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


def policy_files() -> list[Path]:
    """Where an administrator forbids things for all users of a machine.

    Desktops of Linux put folders of their own before the one of all, by ``XDG_CONFIG_DIRS``.
    """
    import platformdirs

    folders = platformdirs.site_config_dir("terrace", appauthor=False, multipath=True).split(os.pathsep)
    if sys.platform.startswith("linux"):
        folders.append("/etc/xdg/terrace")
    return [Path(folder) / "policy.json" for folder in dict.fromkeys(folders)]


def installation(file: Path | None = None, policies: Sequence[Path] | None = None) -> Installation:
    """What is set for this installation, read anew; `file` and `policies` are the usual ones unless given."""
    try:
        found = json.loads((file or resource_path("installation.json")).read_text(encoding="utf-8"))
        texts = {name: str(found.get(name) or "") for name in ("feed", "key", "mail")}
    except (OSError, ValueError, AttributeError, TerraceError) as error:
        log.warning("installation.json is not read: %s", type(error).__name__)
        texts = {}
    by_user = os.environ.get("TERRACE_UPDATES", "").strip().lower() == NEVER
    forbidden = by_user or any(map(_forbids, policy_files() if policies is None else policies))
    return Installation(**texts, forbidden=forbidden)


def _forbids(policy: Path) -> bool:
    try:
        found = json.loads(policy.read_text(encoding="utf-8-sig"))  # Windows begins texts with a mark
        return str(found["updates"]).strip().lower() != ASK
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        log.warning("policy.json is not read, so new versions are not looked for")
        return True

"""The page of the package index, made of README.md when the package is built: what is relative there leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

try:
    from hatchling.metadata.plugin.interface import MetadataHookInterface
except ImportError:  # read by a test, where nothing is built
    MetadataHookInterface = object

_PICTURE = re.compile(r"[ ]*!\[[^\]]*\]\((?!https?:)[^)]*\)\n?")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:)[^)]*\)")


def index_page(readme: str) -> str:
    """README.md without pictures of the checkout, and with the words of links to files in place of the links."""
    return re.sub(r"\n{3,}", "\n\n", _LINK.sub(r"\1", _PICTURE.sub("", readme)))


class ReadmeHook(MetadataHookInterface):  # type: ignore[misc]  # it has no types
    """Gives the field ``readme``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by hatchling with the fields of pyproject.toml."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": index_page(text)}

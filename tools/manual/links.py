"""What is wrong with the links of a built site: files and anchors that are not there, and what comes from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}
"""Elements that load something when a page is shown, and by which attribute."""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if key in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in _LOADED and _LOADED[tag] in given and given.get("rel") != "canonical":
            self.loaded.append(given[_LOADED[tag]])


def wrong(site: Path) -> list[str]:
    """A line for each link within the site that leads nowhere, and for whatever a page would load from the network."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    out = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        for target in [*page.links, *page.loaded]:
            parts = urlsplit(target)
            if parts.scheme in ("data", "mailto"):
                continue
            if parts.scheme or parts.netloc:
                out += [f"{name}: {target} would be loaded from the network"] if target in page.loaded else []
                continue
            at = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not at.exists():
                out.append(f"{name}: {target} is not there")
            elif parts.fragment and at in pages and unquote(parts.fragment) not in pages[at].anchors:
                out.append(f"{name}: {target} has no such anchor")
    for sheet in sorted(site.rglob("*.css")):
        if any(f"url({q}{p}" in sheet.read_text(encoding="utf-8") for q in ("", "'", '"') for p in ("http", "//")):
            out.append(f"{sheet.relative_to(site)}: something would be loaded from the network")
    return out


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page

"""A Word document as a file: python-docx fails where the clock shows a year that archives cannot name."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from terrace.sealed import Archive

if TYPE_CHECKING:
    from docx.document import Document


class _Members:
    """What writes the parts of a document, for the library."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def write(self, name: Any, content: bytes | str) -> None:
        """Add a part under its name in the package."""
        self._archive.writestr(name.membername, content)


def saved(document: Document) -> bytes:
    """The bytes of the file, as `Document.save` has them."""
    from docx.opc.pkgwriter import PackageWriter

    package, out = document.part.package, io.BytesIO()
    assert package is not None
    for part in package.parts:
        part.before_marshal()
    writer: Any = PackageWriter  # which would make an archive of its own
    with Archive(out, "w", zipfile.ZIP_DEFLATED) as archive:
        members = _Members(archive)
        writer._write_content_types_stream(members, package.parts)
        writer._write_pkg_rels(members, package.rels)
        writer._write_parts(members, package.parts)
    return out.getvalue()

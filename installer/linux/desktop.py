"""What tells a Linux desktop of the program: its menu entry, the type of its files, its description for catalogues."""

from __future__ import annotations

import datetime
from xml.sax.saxutils import escape

from installer import freeze, identity

ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
DATA_TYPES = (
    "text/csv", "text/tab-separated-values",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.apache.parquet",
    "application/x-spss-sav", "application/x-stata-dta",
)  # fmt: skip
"""Files of others that the program is offered for under *Open with*; what opens them by a double click stays."""


def menu_entry(command: str, icon: str = identity.PACKAGE) -> str:
    """``terrace.desktop``. The command is quoted as the specification asks, so that it may hold blanks."""
    return f"""\
[Desktop Entry]
Type=Application
Name={identity.NAME}
GenericName=Multilevel models
Comment={identity.SUMMARY}
Exec={quoted(command)} %f
TryExec={command}
Icon={icon}
Terminal=false
Categories=Science;Math;
Keywords=statistics;mixed;multilevel;regression;hierarchical;models;
MimeType={";".join((identity.MIME_TYPE, *DATA_TYPES))};
StartupNotify=true
StartupWMClass={identity.NAME}
"""


def quoted(command: str) -> str:
    """A path as an argument of Exec: in quotes, special characters behind backslashes, which the file doubles."""
    plain = "".join("\\\\" + c if c in '"`$' else "\\\\\\\\" if c == "\\" else c for c in command)
    return '"' + plain.replace("%", "%%") + '"' if set(command) & set(' "`$\\%\'<>~|&;*?#()') else command


def mime_type() -> str:
    """``terrace.xml`` of the shared database of types."""
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{identity.MIME_TYPE}">
    <comment>{escape(identity.FILE_KIND)}</comment>
    <icon name="{identity.PACKAGE}"/>
    <glob pattern="*{identity.EXTENSION}"/>
  </mime-type>
</mime-info>
"""


def metainfo() -> str:
    """What AppStream shows of the program."""
    day = datetime.datetime.fromtimestamp(int(freeze.source_date()), tz=datetime.UTC).date().isoformat()
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{identity.APP_ID}</id>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>{identity.LICENCE}</project_license>
  <name>{identity.NAME}</name>
  <summary>{escape(identity.SUMMARY)}</summary>
  <description>
    <p>{escape(identity.DESCRIPTION)}</p>
  </description>
  <launchable type="desktop-id">{identity.PACKAGE}.desktop</launchable>
  <developer_name>{identity.PUBLISHER}</developer_name>
  <provides>
    <binary>{identity.WINDOW}</binary>
    <binary>{identity.CONSOLE}</binary>
    <mediatype>{identity.MIME_TYPE}</mediatype>
  </provides>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="{identity.version()}" date="{day}"/>
  </releases>
</component>
"""

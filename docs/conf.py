"""Sphinx's settings for the documentation; `tools/docs_site.py` builds it.

Sphinx rather than MkDocs: its search works from files without a server or a download, it reads docstrings by itself,
and formulas become MathML as the pages are built. Nothing of a page comes from another place.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from terrace.version import __version__  # noqa: E402 - of the environment that builds

project = "Terrace"
author = copyright = "The Terrace developers"
version = release = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "manual.docstrings", "manual.mathml"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_math_renderer = "mathml"  # by manual.mathml
smartquotes = False  # the apostrophes of commands are straight
default_role = "literal"  # names in docstrings stand in single backquotes
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
add_module_names = False
maximum_signature_line_length = 88
exclude_patterns = ["conf.py", "_static"]
suppress_warnings = ["misc.highlighting_failure"]  # blocks of a terminal are no language

html_theme = "furo"
html_title = f"Terrace {version}"
html_favicon = html_logo = str(ROOT / "resources" / "icons" / "terrace.svg")
html_copy_source = html_show_sourcelink = False
html_static_path = ["_static"]  # beside this file
html_css_files = ["site.css"]
_FONT = "Inter, system-ui, sans-serif"  # of the reader's machine
html_theme_options = {
    "light_css_variables": {"font-stack": _FONT, "color-brand-primary": "#096661", "color-brand-content": "#096661"},
    "dark_css_variables": {"font-stack": _FONT, "color-brand-primary": "#7fd8d2", "color-brand-content": "#7fd8d2"},
}

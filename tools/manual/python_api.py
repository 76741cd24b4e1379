"""The page of the Python interface: every public name of `terrace`, from its docstring."""

from __future__ import annotations

import inspect

import terrace

_HEAD = """\
# Python

`import terrace` gives these names. Everything that the window and the command line do goes through them; what is not
listed here can change without notice.

```python
import terrace

data = terrace.sample("hsb")
fit = terrace.fit("mathach ~ ses + (ses | id)", data)
print(fit)
```
"""
GROUPS = {
    "Data": ("read", "sample", "stream", "Dataset", "Variable", "Measure"),
    "Models": ("fit", "FitResult", "ModelSpec", "parse_mixed", "format_mixed"),
    "Commands": ("Session", "TerraceError"),
}

HANDED_OUT = (
    "terrace.results.fit.FixedEffect",
    "terrace.results.fit.RandomParameter",
    "terrace.results.fit.GroupSummary",
    "terrace.results.table.Table",
    "terrace.session.contract.Outcome",
)
"""Classes that no user makes, and every user gets."""


def page() -> str:
    """The page. Raises `SystemExit` where a public name is in none of its groups."""
    listed = {name for names in GROUPS.values() for name in names}
    forgotten = set(terrace.__all__) - listed - {"__version__"}
    if forgotten:
        raise SystemExit(f"Add {', '.join(sorted(forgotten))} to a group of tools/manual/python_api.py.")
    parts = [_HEAD]
    for title, names in GROUPS.items():
        parts.append(f"## {title}")
        parts += [_directive(name) for name in names]
    parts.append("## What they hand out")
    parts += [_rst(f".. autoclass:: {path}\n   :members:") for path in HANDED_OUT]
    return "\n\n".join(parts) + "\n"


def _directive(name: str) -> str:
    what = getattr(terrace, name)
    if inspect.isclass(what):
        members = ":members:" if not issubclass(what, Exception) else ":show-inheritance:"
        lines = f".. autoclass:: terrace.{name}\n   {members}"
    else:
        lines = f".. autofunction:: terrace.{name}"
    return _rst(lines)


def _rst(lines: str) -> str:
    return f"```{{eval-rst}}\n{lines}\n```"

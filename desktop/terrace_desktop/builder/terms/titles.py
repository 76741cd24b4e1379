"""How terms are called on chips, menus and pictures."""

from __future__ import annotations

from terrace.spec.model import Term


def term_title(term: Term) -> str:
    """How a term is called on a chip: ``ses``, ``week²``, ``ses × sector``."""
    names: dict[str, int] = {}
    for f in term.factors:
        lead = "".join(o + (str(n) if n > 1 else "") for o, n in f.operators)
        name = f"{lead}.{f.name}" if lead else f.name
        names[name] = names.get(name, 0) + 1
    powers = {2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸"}
    return " × ".join(n + powers.get(k, "") for n, k in names.items())

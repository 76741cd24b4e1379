"""Which models rest on data that have changed since they were fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.spec.model import ModelSpec


def changed_models(asked: list[tuple[int, ModelSpec, Dataset]], now: Dataset | None) -> dict[int, bool]:
    """For each model, whether a variable that it uses, or the rows, differ from when it was fitted."""
    from terrace.spec.edit import variable_names

    out = {}
    for number, spec, then in asked:
        names = [n for n in variable_names(spec) if n in then]
        there = None if now is None else now.in_order_of(then)  # sorting changes nothing
        out[number] = there is None or any(_differs(n, then, there) for n in names)
    return out


def _differs(name: str, then: Dataset, now: Dataset) -> bool:
    if name not in now:
        return True
    old, new = then.frame[name], now.frame[name]
    if _declared(then, name) != _declared(now, name):
        return True
    return old is not new and not old.equals(new)


def _declared(data: Dataset, name: str) -> tuple[object, ...]:
    v = data.variable(name)
    return v.missing_codes, v.missing_ranges

"""What is typed into a cell, as what is asked of the session. No widgets here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale

from terrace_desktop.grid.block import Cells, new_names

if TYPE_CHECKING:
    from terrace.data.dataset import Dataset
    from terrace.data.transforms.typed import Decimal


def usual_decimal() -> Decimal:
    """The sign before the fraction where the user lives."""
    return "," if QLocale().decimalPoint() == "," else "."


def cell_asked(dataset: Dataset, column: int, row: int, text: str, usual: Decimal) -> str | Cells:
    """The text for a cell that there is, or cells that make the data larger or a variable without values text.

    Row and column are those of the data, from 0, perhaps past the end. Raises `Refused` for what is no value of the
    variable.
    """
    import numpy as np

    from terrace.data.extended import extended_code
    from terrace.data.transforms.entering import is_empty
    from terrace.data.transforms.typed import Refused, decimal_of, is_missing_text, like_number, read_number

    text = "" if is_missing_text(text) else text.strip()
    decimal = decimal_of([text], usual)
    new = column >= len(dataset.names)
    name = new_names(dataset, 1)[0] if new else dataset.names[column]
    cells = Cells((name,), np.array([row]), [[text]], decimal=decimal)
    if new or not dataset.is_text(name):
        from terrace.data.dataset import Variable

        variable = Variable(name) if new else dataset.variable(name)
        try:
            value = read_number(text, variable, decimal)
        except Refused:
            if like_number(text) or not (new or is_empty(dataset, name)):
                raise
            return cells
        if not new and row < len(dataset) and "," in text and like_number(text):
            return repr(value)
    grows = new or row >= len(dataset)
    return cells if grows or extended_code(text) is not None else text

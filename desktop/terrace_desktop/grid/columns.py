"""How one column is read and printed, cell by cell. No Qt here."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from terrace.data.value import Value
from terrace.wording import MINUS

if TYPE_CHECKING:
    import numpy as np

    from terrace.data.dataset import Dataset, Variable

SAMPLE = 400  # rows looked at to choose decimals and widths
MOST_DECIMALS = 4


def sample_rows(n: int) -> np.ndarray:
    """At most `SAMPLE` row numbers spread evenly over `n` rows, the first ones always among them."""
    import numpy as np

    if n <= SAMPLE:
        return np.arange(n)
    head = np.arange(50)
    return np.unique(np.concatenate([head, np.linspace(0, n - 1, SAMPLE - 50).astype(np.int64)]))


class ColumnReader:
    """Prints the cells of one column with one number of decimals, so that figures line up."""

    def __init__(self, dataset: Dataset, variable: Variable) -> None:
        import numpy as np

        from terrace.data.dates import is_date_format

        self.variable = variable
        self.is_text = dataset.is_text(variable.name)
        column = dataset.frame[variable.name]
        if self.is_text or isinstance(column.dtype, np.dtype):
            self.values: Any = column.array
        else:  # pandas' own nullable numbers
            self.values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        self.is_date = is_date_format(variable.format)
        self.labels = dict(variable.value_labels)
        self.missing_codes = frozenset(variable.missing_codes)
        self._rows = sample_rows(len(dataset))
        self.decimals = 0 if self.is_text else self._choose_decimals()

    def is_missing(self, row: int) -> bool:
        """True where there is no value at all (a missing code is a value that means missing)."""
        value = self.values[row]
        if self.is_text:
            return not isinstance(value, str) or not value
        return math.isnan(float(value))

    def is_coded_missing(self, row: int) -> bool:
        """True where the value is one of the codes for missing."""
        if not self.variable.declares_missing:
            return False
        value = self.values[row]
        return value in self.missing_codes or any(a <= value <= b for a, b in self.variable.missing_ranges)

    def text(self, row: int, labels: bool = True) -> str:
        """What the grid shows; empty for missing. With `labels` a value label stands for its value."""
        if self.is_missing(row):
            return ""
        value = self.values[row]
        if labels and self.labels:
            found: str | None = self.labels.get(value)
            if found is not None:
                return found
        return self._plain(value)

    def full_text(self, row: int) -> str:
        """The value at full precision with its label beside it, for a tooltip."""
        if self.is_missing(row):
            return ""
        value = self.values[row]
        plain = self._plain(value) if self.is_text or self.is_date else exact(value).replace("-", MINUS)
        found = self.labels.get(value)
        out = f"{plain} = {found}" if found is not None else plain
        return f"{out} (missing)" if self.is_coded_missing(row) else out

    def shows_labels(self) -> bool:
        """True where at least one value label can be shown."""
        return bool(self.labels)

    def widest(self, labels: bool = True) -> str:
        """The longest text among the sampled rows."""
        return max((self.text(int(r), labels) for r in self._rows), key=len, default="")

    def _plain(self, value: Value) -> str:
        if self.is_text:
            return str(value)
        if self.is_date:
            from terrace.data.dates import date_text

            return date_text(float(value), self.variable.format)
        from terrace.data.extended import LEAST, extended_name

        number = float(value)
        if number >= LEAST:
            return extended_name(number) or "∞"
        if math.isinf(number):
            return "∞" if number > 0 else "−∞"
        if not self.decimals and abs(number) < 1e20 and number.is_integer():
            text = str(int(number))  # it may be the name of something, of which no digit may be missing
        elif abs(number) >= 1e15 or (number != 0 and abs(number) < 10 ** -(self.decimals + 1)):
            text = f"{number:.4g}"
        else:
            text = f"{number:.{self.decimals}f}"
        return text.replace("-", MINUS)  # what is typed and copied is `exact`

    def _choose_decimals(self) -> int:
        declared = re.fullmatch(r"%-?\d*\.(\d+)f", self.variable.format)
        if declared:
            return int(declared.group(1))
        import numpy as np

        values = np.asarray(self.values)
        if values.dtype.kind in "iub" or not len(values):
            return 0
        from terrace.data.extended import LEAST

        seen = values[self._rows]
        seen = seen[np.isfinite(seen) & (seen < np.float64(LEAST))]  # of its own width, whatever that of the column
        if not len(seen):
            return 0
        largest = float(np.max(np.abs(seen)))
        most = MOST_DECIMALS
        if 0 < largest < 1:
            most -= math.floor(math.log10(largest)) + 1
        return min(most, max(_decimals(v) for v in seen))


def exact(value: float | np.floating[Any]) -> str:
    """A number with every digit it has and no more (single precision prints as single precision)."""
    from terrace.data.extended import LEAST, extended_name

    number = float(value)
    if number >= LEAST:
        return extended_name(number) or ("∞" if math.isinf(number) else repr(number))
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    if number.is_integer() and abs(number) < 1e20:
        return str(int(number))
    if abs(number) >= 1e15 or (number != 0 and abs(number) < 1e-5):
        return repr(number)
    import numpy as np

    if isinstance(value, np.floating):
        return str(np.format_float_positional(value, trim="-"))
    return repr(number)


def _decimals(value: float | np.floating[Any]) -> int:
    import numpy as np

    text = str(np.format_float_positional(value, trim="-"))
    return len(text.partition(".")[2])

"""An axis whose numbers have a true minus, as those of tables do."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg

from terrace.wording import MINUS


class NumberAxis(pg.AxisItem):  # type: ignore[misc]  # the library has no types
    """The library's axis writes a hyphen before negative numbers."""

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The texts of ticks at these values."""
        return [text.replace("-", MINUS) for text in super().tickStrings(values, scale, spacing)]

"""Residuals: unstructured."""

from __future__ import annotations

from terrace.covariance.residual.banded import Banded
from terrace.covariance.symbols import Letters


class Unstructured(Banded):
    """All variances and covariances between times."""

    key, title, adjective = "unstructured", "Unstructured", "Unstructured"
    short, sentence = "un", "A variance for each time and a covariance for each pair."
    phrase = "an unstructured residual covariance"
    ordered = False

    @classmethod
    def letters(cls, i: int, j: int, order: int | None, apart: str) -> Letters:
        return super().letters(i, j, None, apart)

    @classmethod
    def count(cls, n_times: int, order: int | None) -> int:
        return super().count(n_times, None)

    def shown_order(self) -> int | None:
        return None

    def stored(self) -> dict[str, int | None]:
        return {}

    @property
    def band(self) -> int:
        return len(self.times) - 1

"""The letters of a covariance matrix: which positions hold the same parameter, and which are zero."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Symbol:
    """A letter with what stands below and above it."""

    letter: str
    sub: str = ""
    sup: str = ""

    def __str__(self) -> str:
        return self.letter + (f"_{self.sub}" if self.sub else "") + (f"^{self.sup}" if self.sup else "")


Letters = tuple[Symbol, ...]
"""What stands in one position; positions with the same letters hold the same number."""

ZERO: Letters = ()

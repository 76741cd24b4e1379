"""The record of a search: one entry an iteration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Iteration:
    """One line of the iteration log. ``phase`` is ``EM`` or ``Newton``; ``ll`` the (restricted) ll there.

    ``gradient_norm`` is the length of the gradient in the search space, ``step`` that of the step which led
    here (relative to the scale of each parameter), ``seconds`` the time since the start of the fit.
    ``parameters``, ``gradient`` and ``hessian`` are those of the search metric, kept for trace, gradient and
    hessian; the Hessian only where it is asked for.
    """

    phase: str
    number: int
    ll: float
    gradient_norm: float
    step: float
    seconds: float
    parameters: tuple[float, ...] = ()
    gradient: tuple[float, ...] = ()
    hessian: tuple[tuple[float, ...], ...] = ()

"""Colours as they are seen: by lightness, and by readers who see fewer of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrace.graphs.colors import linear

Array = npt.NDArray[np.float64]

# Linear RGB of what is seen from linear RGB: Machado, Oliveira and Fernandes (2009), A physiologically-based model for
# simulation of color vision deficiency, IEEE Transactions on Visualization and Computer Graphics 15 (6), severity 1
DEFICIENCIES: dict[str, Array] = {
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])  # IEC 61966-2-1
_WHITE = np.array([0.9505, 1.0, 1.089])


def lab(rgb: Array) -> Array:
    """CIELAB (CIE 15:2004) of linear RGB under daylight D65; its first number is lightness, 0 to 100."""
    xyz = _TO_XYZ @ rgb / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def lightness(color: str) -> float:
    """The lightness of a colour, 0 to 100."""
    return float(lab(np.array(linear(color)))[0])


def apart(one: str, other: str) -> float:
    """How far apart two colours are for the reader who tells them apart least: the smallest distance in CIELAB
    (CIE 1976) with all colours and under each deficiency."""
    a, b = np.array(linear(one)), np.array(linear(other))
    views = (np.eye(3), *DEFICIENCIES.values())
    return min(float(np.linalg.norm(_seen(view, a) - _seen(view, b))) for view in views)


def _seen(view: Array, rgb: Array) -> Array:
    return lab(np.clip(view @ rgb, 0.0, 1.0))

"""The titles that the engine gives to results, marked for translation: the sources of the window are what is read."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP

TITLES = (
    QT_TRANSLATE_NOOP("OutputCard", "Codebook"),
    QT_TRANSLATE_NOOP("OutputCard", "Collapsed data"),
    QT_TRANSLATE_NOOP("OutputCard", "Contrasts"),
    QT_TRANSLATE_NOOP("OutputCard", "Correlations"),
    QT_TRANSLATE_NOOP("OutputCard", "Explained variance"),
    QT_TRANSLATE_NOOP("OutputCard", "Frequencies"),
    QT_TRANSLATE_NOOP("OutputCard", "Help"),
    QT_TRANSLATE_NOOP("OutputCard", "Likelihood-ratio test"),
    QT_TRANSLATE_NOOP("OutputCard", "Linear combination"),
    QT_TRANSLATE_NOOP("OutputCard", "Linear regression"),
    QT_TRANSLATE_NOOP("OutputCard", "Margins"),
    QT_TRANSLATE_NOOP("OutputCard", "Merge"),
    QT_TRANSLATE_NOOP("OutputCard", "Missing values"),
    QT_TRANSLATE_NOOP("OutputCard", "Models compared"),
    QT_TRANSLATE_NOOP("OutputCard", "Nonlinear combinations"),
    QT_TRANSLATE_NOOP("OutputCard", "Pairwise comparisons"),
    QT_TRANSLATE_NOOP("OutputCard", "Reshaped data"),
    QT_TRANSLATE_NOOP("OutputCard", "Residuals and random effects"),
    QT_TRANSLATE_NOOP("OutputCard", "Results paragraph"),
    QT_TRANSLATE_NOOP("OutputCard", "Rows"),
    QT_TRANSLATE_NOOP("OutputCard", "Statistics"),
    QT_TRANSLATE_NOOP("OutputCard", "Stored results"),
    QT_TRANSLATE_NOOP("OutputCard", "Stored results of the fit"),
    QT_TRANSLATE_NOOP("OutputCard", "Summary"),
    QT_TRANSLATE_NOOP("OutputCard", "The data"),
    QT_TRANSLATE_NOOP("OutputCard", "Value"),
    QT_TRANSLATE_NOOP("OutputCard", "Wald test"),
)
"""Those of `terrace.session.document.titles`, which `marked("OutputCard", title)` gives in the user's language."""

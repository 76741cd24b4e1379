"""Titles of results that have none of their own, or several, by the type of their command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

TITLES = {
    "apa": "Results paragraph",
    "codebook": "Codebook",
    "collapse": "Collapsed data",
    "contrast": "Contrasts",
    "correlate": "Correlations",
    "describe": "The data",
    "display": "Value",
    "ereturn list": "Stored results of the fit",
    "estat r2": "Explained variance",
    "estat residuals": "Residuals and random effects",
    "estimates compare": "Models compared",
    "help": "Help",
    "lincom": "Linear combination",
    "list": "Rows",
    "lrtest": "Likelihood-ratio test",
    "margins": "Margins",
    "merge": "Merge",
    "misstable summarize": "Missing values",
    "nlcom": "Nonlinear combinations",
    "pwcompare": "Pairwise comparisons",
    "pwcorr": "Correlations",
    "regress": "Linear regression",
    "reshape long": "Reshaped data",
    "reshape wide": "Reshaped data",
    "return list": "Stored results",
    "summarize": "Summary",
    "tabstat": "Statistics",
    "tabulate": "Frequencies",
    "test": "Wald test",
    "testparm": "Wald test",
}
"""The window has each of them in its language too: `desktop/terrace_desktop/results/titles.py`."""


def output_title(outcome: Outcome) -> str:
    """The title of a result: that of its one table or its one plot, the words for its command, or the command."""
    if len(outcome.tables) == 1 and outcome.tables[0].title:
        return outcome.tables[0].title
    if not outcome.tables and len(outcome.plots) == 1 and outcome.plots[0].title:
        return outcome.plots[0].title
    return TITLES.get(outcome.type) or outcome.type or outcome.command

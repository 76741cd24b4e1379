"""Titles of results that have none of their own, or several, by the type of their command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrace.session.contract import Outcome

TITLES = {
    "?": "Help",
    "apa": "Results paragraph",
    "cd": "Folder",
    "centile": "Centiles",
    "code": "Code",
    "codebook": "Codebook",
    "collapse": "Collapsed data",
    "constraint free": "Constraints",
    "constraint get": "Constraints",
    "contrast": "Contrasts",
    "correlate": "Correlations",
    "count": "Count",
    "datasignature": "Data signature",
    "datasignature confirm": "Data signature",
    "datasignature report": "Data signature",
    "datasignature set": "Data signature",
    "describe": "The data",
    "display": "Value",
    "do": "Do-file",
    "ds": "Variables",
    "duplicates drop": "Duplicates",
    "duplicates list": "Duplicates",
    "ereturn list": "Stored results of the fit",
    "estat r2": "Explained variance",
    "estat residuals": "Residuals and random effects",
    "estimates compare": "Models compared",
    "estimates replay": "Estimates",
    "estimates save": "Saved estimates",
    "export delimited": "Exported data",
    "export excel": "Exported data",
    "foreach": "Loop",
    "forvalues": "Loop",
    "fvset report": "Reference levels",
    "graph export": "Saved graph",
    "help": "Help",
    "label dir": "Value labels",
    "label list": "Value labels",
    "levelsof": "Levels",
    "lincom": "Linear combination",
    "list": "Rows",
    "log": "Log",
    "log using": "Log",
    "loneway": "One-way analysis of variance",
    "lrtest": "Likelihood-ratio test",
    "macro dir": "Macros",
    "macro list": "Macros",
    "margins": "Margins",
    "matrix accum": "Sums of products",
    "merge": "Merge",
    "mi register": "Imputed variables",
    "misstable summarize": "Missing values",
    "mixed": "Model shown again",
    "nlcom": "Nonlinear combinations",
    "program dir": "Programs",
    "pwcompare": "Pairwise comparisons",
    "pwcorr": "Correlations",
    "pwd": "Folder",
    "regress": "Linear regression",
    "reshape long": "Reshaped data",
    "reshape wide": "Reshaped data",
    "return list": "Stored results",
    "save": "Saved data",
    "summarize": "Summary",
    "tab1": "Frequencies",
    "table": "Table",
    "tabstat": "Statistics",
    "tabulate": "Frequencies",
    "test": "Wald test",
    "testparm": "Wald test",
    "tsset": "Panel and time",
    "ttest": "t test",
    "version": "Version",
    "while": "Loop",
    "xtdescribe": "Patterns of the panels",
    "xtset": "Panel and time",
}
"""The window has each of them in its language too: `desktop/terrace_desktop/results/titles.py`."""


def output_title(outcome: Outcome) -> str:
    """The title of a result: that of its one table or its one plot, the words for its command, or the command."""
    if len(outcome.tables) == 1 and outcome.tables[0].title:
        return outcome.tables[0].title
    if not outcome.tables and len(outcome.plots) == 1 and outcome.plots[0].title:
        return outcome.plots[0].title
    if outcome.type == "code" and outcome.payload.get("title"):
        return f"{TITLES['code']}: {outcome.payload['title']}"  # of one model there may be several
    return TITLES.get(outcome.type) or outcome.type or outcome.command

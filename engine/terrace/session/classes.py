"""Which commands store their results in r(), and so leave none of an earlier command there.

The classes are those of the field: commands that estimate a model store in e() and their table in r(table); others,
such as ``generate``, ``display``, ``predict`` and ``estimates store``, touch neither, so that r() can be used over
several of them.
"""

from __future__ import annotations

from dataclasses import replace

from terrace.session.state import CommandResult, Returned, State

_ESTAT = (
    "acf bootstrap df diagnostics group ic icc influence profile r2 recovariance reliability residuals sd summarize "
    "terms vce vif wcorrelation"
)
_ONE_WORD = (
    "lrtest test testnl testparm lincom nlcom margins contrast pwcompare simpleslopes johnsonneyman apa "
    "describe summarize count ds lookfor levelsof separate codebook inspect tabulate tab1 tab2 table tabstat correlate "
    "pwcorr spearman ttest oneway loneway ranksum kwallis centile pctile _pctile histogram kdensity lowess xtset tsset "
    "xtsum xtdescribe xttab numlist"
)
R_CLASS = frozenset(
    [
        *_ONE_WORD.split(),
        *(f"estat {word}" for word in _ESTAT.split()),
        *(f"estimates {word}" for word in ("compare", "describe", "dir", "stats", "table")),
        *(f"duplicates {word}" for word in ("drop", "list", "report", "tag")),
        *("misstable patterns", "misstable summarize", "ci means", "matrix accum", "fvset report", "label dir"),
        *("label list", "constraint free", "constraint get", "mi describe", "mi query"),
    ]
)
"""Names of commands as they are registered."""


def only_its_own(name: str, result: CommandResult, before: State) -> CommandResult:
    """The result of a command, without what an earlier one left in r() where this one stores there."""
    state = result.state or before
    if name not in R_CLASS or state.returned is not before.returned or before.returned == Returned():
        return result
    return replace(result, state=replace(state, returned=Returned()))

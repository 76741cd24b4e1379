"""The selected cells as text for the clipboard. Pure functions, fit to run off the GUI thread."""

from __future__ import annotations

import html
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from terrace.data.dataset import Dataset

MOST_CELLS = 5_000_000
MOST_RICH = 200_000  # cells that are copied as a page and as values too; more are plain text alone
OWN = "application/x-terrace-cells"


@dataclass(frozen=True, slots=True)
class Copied:
    """Cells for the clipboard: tab-separated text, a page for spreadsheets, and JSON for this program itself."""

    text: str
    page: str = ""
    own: str = ""


def cells_as_tsv(dataset: Dataset, columns: list[int], rows: np.ndarray, labels: bool, names: bool = True) -> str:
    """Names, then the values at full precision (or their labels), tab-separated; missing is empty.

    Text that a spreadsheet would run as a formula has an apostrophe in front. Without `names` there is no first line
    of them.
    """
    import pandas as pd

    from terrace.data.digits import EXACT
    from terrace.report.csv import harmless

    frame = _shown(dataset, columns, rows, labels)
    for name in frame.columns:
        if frame[name].dtype.kind == "f":
            values = frame[name].dropna()
            if bool((values == values.round()).all()) and not bool((values.abs() > EXACT).any()):
                frame = frame.assign(**{name: frame[name].astype("Int64")})  # 1, and not 1.0
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame = frame.assign(**{name: frame[name].map(lambda x: harmless(x) if isinstance(x, str) else x)})
    out = io.StringIO()
    frame.to_csv(out, sep="\t", index=False, header=names, lineterminator="\n")
    return out.getvalue()


def copied(dataset: Dataset, columns: list[int], rows: np.ndarray, labels: bool, names: bool) -> Copied:
    """What goes to the clipboard; `names` puts the names of the variables before the cells."""
    text = cells_as_tsv(dataset, columns, rows, labels, names)
    if len(columns) * len(rows) > MOST_RICH:
        return Copied(text)
    shown = _shown(dataset, columns, rows, labels)
    header = list(shown.columns)
    exact = [exact_texts(dataset, name, rows) for name in header]
    said = [_texts(shown[name]) for name in header]
    own = {
        "names": header, "header": names, "exact": exact, "shown": said,
        "text": [dataset.is_text(name) for name in header],
    }  # fmt: skip
    return Copied(text, _page(header if names else [], said, exact, shown), json.dumps(own))


def exact_texts(dataset: Dataset, name: str, rows: np.ndarray) -> list[str]:
    """Cells of a variable as `enter ..., exact` reads them: numbers with every digit, codes, texts as they are."""
    import numpy as np

    from terrace.data.digits import whole_text
    from terrace.data.extended import extended_name

    column = dataset.frame[name].iloc[rows]
    if dataset.is_text(name):
        return ["" if not isinstance(x, str) else x for x in column]

    def text(value: float) -> str:
        if np.isnan(value):
            return ""
        if np.isinf(value):
            return "∞" if value > 0 else "-∞"
        return extended_name(value) or whole_text(value)

    return [text(x) for x in column.to_numpy(dtype=np.float64, na_value=np.nan)]


def _shown(dataset: Dataset, columns: list[int], rows: np.ndarray, labels: bool) -> pd.DataFrame:
    names = [dataset.names[c] for c in columns]
    frame = dataset.frame[names].iloc[rows]
    if labels:
        for name in names:
            known = dict(dataset.variable(name).value_labels)
            if known:
                column = frame[name]
                frame = frame.assign(**{name: column.map(known).where(column.isin(list(known)), column)})
    for name in names:
        variable = dataset.variable(name)
        from terrace.data.dates import date_text, is_date_format

        if is_date_format(variable.format):
            frame = frame.assign(**{name: [date_text(float(x), variable.format) for x in frame[name]]})
    return frame


def _texts(column: pd.Series) -> list[str]:
    import pandas as pd

    from terrace.data.digits import whole_text

    def text(value: Any) -> str:
        if isinstance(value, str):
            return value
        return "" if pd.isna(value) else whole_text(value)

    return [text(x) for x in column]


def _page(names: list[str], said: list[list[str]], exact: list[list[str]], shown: pd.DataFrame) -> str:
    """A table whose numbers carry their value, so that a spreadsheet reads them whatever its decimal sign."""
    import pandas as pd

    numbers = [pd.api.types.is_numeric_dtype(shown[name].dtype) for name in shown.columns]
    head = "".join(f"<th>{html.escape(n)}</th>" for n in names)
    lines = [f"<tr>{head}</tr>"] if names else []
    for k in range(len(said[0]) if said else 0):
        cells = []
        for j, texts in enumerate(said):
            text = html.escape(texts[k])
            value = html.escape(exact[j][k], quote=True)
            cells.append(f'<td x:num="{value}" sdval="{value}">{text}</td>' if numbers[j] and text
                         else f'<td x:str style="mso-number-format:\'\\@\'">{text}</td>')  # fmt: skip
        lines.append(f"<tr>{''.join(cells)}</tr>")
    space = 'xmlns:x="urn:schemas-microsoft-com:office:excel"'
    return f'<html {space}><head><meta charset="utf-8"></head><body><table>{"".join(lines)}</table></body></html>'

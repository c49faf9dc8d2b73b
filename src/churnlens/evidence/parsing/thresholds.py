"""The thresholds that a table itself gives: quantiles and averages of its columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

DIGITS = 15  # of a quantile: decimals of the table are kept, the dust of binary halves is not
MEAN_DIGITS = 8


class Thresholds:
    """Quantiles and averages of one table, each computed once.

    The columns are held, not the table, so that the table may be forgotten.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self._columns = {str(name): table[name] for name in table.columns}
        self._known: dict[tuple[str, str | float], float] = {}

    def of(self, column: str, what: str | float) -> float:
        """Return the `mean`, the `median` or a quantile (0 to 1) of a number column."""
        if (column, what) not in self._known:
            cells = self._columns[column].to_numpy(dtype=float, na_value=np.nan)
            share = 0.5 if what == "median" else what
            value = np.nanmean(cells) if what == "mean" else np.nanquantile(cells, float(share))
            digits = MEAN_DIGITS if what == "mean" else DIGITS
            self._known[column, what] = float(f"{value:.{digits}g}")
        return self._known[column, what]

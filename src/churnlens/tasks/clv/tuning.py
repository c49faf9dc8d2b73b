"""Which settings of boosting are best inside the training cuts, and all that were tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from churnlens.engine.records import made_with
from churnlens.engine.shards import content_key
from churnlens.options import ClvModelOptions, Range
from churnlens.schema import Frozen
from churnlens.tasks.clv.arms import check_buyers, deviance
from churnlens.tasks.clv.boosting import fit_tweedie
from churnlens.tasks.clv.features import FEATURES

SPACE: Final[dict[str, Range | tuple[Any, ...]]] = {
    "rate": Range(low=0.005, high=0.1),
    "leaves": (3, 4, 7, 15),
    "rounds": (150, 300, 600),
}


class Trial(Frozen):
    """Settings of the Tweedie model, and its deviance on the last training cut, None if it failed.

    Attributes:
        settings: of `SPACE`.
        deviance: the lower the better.
    """

    settings: dict[str, int | float]
    deviance: float | None


def tune(
    train: pd.DataFrame,
    options: ClvModelOptions,
    columns: tuple[str, ...] = FEATURES,
    storage: Path | None = None,
) -> tuple[ClvModelOptions, tuple[Trial, ...]]:
    """Search the settings of the Tweedie model with the least deviance on the last training cut.

    Args:
        train: as for `fit_clv`; no row after the training cuts is seen.
        options: how many trials; 0 tries nothing.
        columns: that boosting reads.
        storage: SQLite file of the trials, from which a stopped search goes on.

    Returns:
        The options with the best settings; and what was tried, the settings given first.
    """
    from churnlens.models.training.search import search

    if not options.trials:
        return options, ()
    check_buyers(train)
    last = train["cut"].max()
    held, earlier = train[train["cut"] == last], train[train["cut"] != last]
    actual, power = held["target"].to_numpy(float), options.tweedie_power

    def judge(settings: dict[str, Any]) -> float:
        tried = options.model_copy(update=settings)
        return deviance(actual, fit_tweedie(earlier, columns, tried).predict(held), power)

    kept = (storage, _study(train, options, columns)) if storage else None
    given = options.model_dump(include=set(SPACE))
    tried = search(judge, SPACE, options.trials, options.seed, kept)
    found = [(given, judge(given)), *tried]
    best, _ = min(found, key=lambda each: np.inf if each[1] is None else each[1])
    trials = tuple(Trial(settings=settings, deviance=loss) for settings, loss in found)
    return options.model_copy(update=best), trials


def _study(train: pd.DataFrame, options: ClvModelOptions, columns: tuple[str, ...]) -> str:
    """Return the name of a search: the hash of what its losses rest on, code and libraries too."""
    rows = pd.util.hash_pandas_object(train[["cut", *columns, "target"]], index=False)
    settings = options.model_dump(mode="json", exclude={"trials"})
    return content_key([int(rows.sum()), len(rows)], settings, list(columns), made_with())

"""Values of many customers: in shards that are kept, by this process or by Ray workers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import pandas as pd

from churnlens.engine.records import made_with
from churnlens.engine.shards import LOCAL, Store, map_shards
from churnlens.options import EngineOptions
from churnlens.tasks.clv.customer_values import ValueModel, value_customers
from churnlens.tasks.clv.segments import ranks

CUSTOMERS_PER_SHARD: Final = 5_000


def value_in_shards(
    model: ValueModel,
    rows: pd.DataFrame,
    ledger: pd.DataFrame | None = None,
    *,
    store: Store,
    engine: EngineOptions = LOCAL,
    size: int = CUSTOMERS_PER_SHARD,
) -> pd.DataFrame:
    """Return what `value_customers` returns; a stopped call goes on where it was.

    What a customer is worth rests on nobody else in his shard, but for the luck that is drawn for
    the intervals of purchases. Ranks are over everybody.

    Args:
        model: see `value_customers`.
        rows: see there.
        ledger: see there; the customers of `rows`, in their order.
        store: of finished shards.
        engine: who computes them.
        size: customers per shard.
    """

    def work(places: Sequence[int]) -> pd.DataFrame:
        chosen = list(places)
        known = None if ledger is None else ledger.iloc[chosen]
        return value_customers(model, rows.iloc[chosen], known)

    read = [_content(frame) for frame in (rows, ledger) if frame is not None]
    done = map_shards(
        work,
        range(len(rows)),
        store=store,
        recipe=[model.model_dump(mode="json"), *read, *made_with()],
        size=size,
        label="value customers",
        engine=engine,
    )
    return done.assign(rank=ranks(done)).sort_values("rank").reset_index(drop=True)


def _content(frame: pd.DataFrame) -> str:
    """Return a hex digest of a frame's names and cells."""
    cells = pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes()
    return hashlib.sha256(",".join(map(str, frame)).encode() + cells).hexdigest()

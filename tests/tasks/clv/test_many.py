"""Values in shards: those of one go, ranked over everybody, and kept."""

from datetime import date

import pandas as pd
import pytest

from churnlens.datasets.shards import ShardStore
from churnlens.options import ClvFinetuningOptions, ClvModelOptions
from churnlens.tasks.clv import many
from churnlens.tasks.clv.customer_values import VALUE_COLUMNS, ValueRows, fit_values
from churnlens.tasks.clv.customer_values import value_customers as in_one_go
from churnlens.tasks.clv.features import features_at, target_at
from churnlens.tasks.clv.many import value_in_shards
from churnlens.tasks.clv.presets import Preset
from tasks.clv.clv_support import shop

CUTS, NOW = (date(2024, 10, 1), date(2025, 1, 1)), date(2025, 6, 1)
SHOP = Preset(name="shop", noun={"en": "c", "zh": "客"}, kind="repeat")


@pytest.fixture(scope="module")
def purchases():
    return shop(120)


@pytest.fixture(scope="module")
def model(purchases):
    parts = []
    for cut in CUTS:
        rows = features_at(purchases, cut)
        target = target_at(purchases, rows["customer_id"], cut, 90)
        parts.append(rows.assign(target=target, cut=cut.isoformat()))
    train = pd.concat(parts, ignore_index=True)
    options = ClvFinetuningOptions(models=ClvModelOptions(rounds=20, draws=100))
    return fit_values(ValueRows(train, features_at(purchases, NOW), 90), SHOP, options)


@pytest.fixture
def calls(monkeypatch):
    """How many customers came to be valued, shard by shard."""
    sizes = []

    def counted(model, rows, ledger=None):
        sizes.append(len(rows))
        return in_one_go(model, rows, ledger)

    monkeypatch.setattr(many, "value_customers", counted)
    return sizes


def test_shards_give_the_values_of_one_go_ranked_over_everybody(model, purchases, tmp_path, calls):
    rows = features_at(purchases, NOW)
    whole = in_one_go(model, rows)
    found = value_in_shards(model, rows, store=ShardStore(tmp_path), size=50)
    assert calls == [50, 50, 20]
    assert tuple(found) == VALUE_COLUMNS
    same = [name for name in VALUE_COLUMNS if name not in ("clv_low", "clv_high")]
    pd.testing.assert_frame_equal(found[same], whole[same])
    one = value_in_shards(model, rows, store=ShardStore(tmp_path / "one"), size=200)
    pd.testing.assert_frame_equal(one, whole)


def test_a_stopped_call_goes_on_and_changed_rows_are_valued_anew(
    model, purchases, tmp_path, calls, monkeypatch
):
    rows, store = features_at(purchases, NOW), ShardStore(tmp_path)
    first = value_in_shards(model, rows, store=store, size=50)
    next(tmp_path.glob("*.parquet")).unlink()  # as if it had been killed before
    again = value_in_shards(model, rows, store=store, size=50)
    assert len(calls) == 4
    pd.testing.assert_frame_equal(again, first, check_dtype=False)
    changed = rows.assign(recency_weeks=rows["recency_weeks"] + (rows.index == 7))
    value_in_shards(model, changed, store=store, size=50)
    assert len(calls) == 7
    monkeypatch.setattr(many, "made_with", lambda: ["other code"])
    value_in_shards(model, rows, store=store, size=50)
    assert len(calls) == 10

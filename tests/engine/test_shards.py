import pandas as pd
import pytest

from churnlens.engine.shards import content_key, map_rows, map_shards


class MemoryStore(dict):
    def put(self, key, frame):
        self[key] = frame

    def keys(self, prefix=""):
        return [key for key in self if key.startswith(prefix)]


class Counter:
    def __init__(self, stop_after=None):
        self.calls = []
        self.stop_after = stop_after

    def __call__(self, items):
        if self.stop_after is not None and len(self.calls) >= self.stop_after:
            raise KeyboardInterrupt
        self.calls.append(list(items))
        return pd.DataFrame({"length": [len(item) for item in items]})


ITEMS = [str(10**n) for n in range(10)]


def run(work, store, recipe=("m", 1), items=ITEMS):
    return map_shards(work, items, store=store, recipe=recipe, size=3, label="measure")


def test_results_keep_the_order_of_items():
    assert run(Counter(), MemoryStore())["length"].tolist() == list(range(1, 11))


def test_a_stopped_job_computes_only_what_is_missing():
    store, first, second = MemoryStore(), Counter(stop_after=2), Counter()
    with pytest.raises(KeyboardInterrupt):
        run(first, store)
    assert run(second, store)["length"].tolist() == list(range(1, 11))
    assert len(first.calls) == 2
    assert len(second.calls) == 2


def test_a_second_run_computes_nothing_and_a_changed_recipe_everything():
    store = MemoryStore()
    run(Counter(), store)
    again, changed = Counter(), Counter()
    run(again, store)
    run(changed, store, recipe=("m", 2))
    assert again.calls == []
    assert len(changed.calls) == 4


def test_a_changed_item_costs_one_shard():
    store, work = MemoryStore(), Counter()
    run(Counter(), store)
    run(work, store, items=[*ITEMS[:-1], "new"])
    assert work.calls == [["new"]]


def test_no_items_give_no_rows():
    assert run(Counter(), MemoryStore(), items=[]).empty


def test_a_worker_that_loses_rows_is_found_out():
    with pytest.raises(ValueError, match="got 1 rows for 3 items"):
        run(lambda items: pd.DataFrame({"a": [1]}), MemoryStore())


def test_keys_depend_on_content_alone():
    assert content_key({"a": 1, "b": "光"}) == content_key({"b": "光", "a": 1})
    assert content_key("a", "b") != content_key("ab")
    assert len(content_key("\ud800")) == 32


def rows(work, store, recipe=("m", 1), items=ITEMS):
    return map_rows(work, items, store=store, recipe=recipe, size=3, label="measure")


def test_rows_keep_the_order_of_items_and_equal_ones_are_computed_once():
    work = Counter()
    doubled = [*ITEMS, *ITEMS[::-1]]
    found = rows(work, MemoryStore(), items=doubled)
    assert found.columns.tolist() == ["length"]
    assert found["length"].tolist() == [len(item) for item in doubled]
    assert sum(map(len, work.calls)) == len(ITEMS)


def test_a_changed_a_new_and_a_moved_row_cost_only_themselves():
    store, work = MemoryStore(), Counter()
    rows(Counter(), store)
    changed = ["new", *ITEMS[5:], "another", *ITEMS[:4]]
    assert rows(work, store, items=changed)["length"].tolist() == [len(item) for item in changed]
    assert work.calls == [["new", "another"]]


def test_rows_of_another_recipe_are_not_taken():
    store, work = MemoryStore(), Counter()
    rows(Counter(), store)
    rows(work, store, recipe=("m", 2))
    assert sum(map(len, work.calls)) == len(ITEMS)


def test_a_stopped_job_over_rows_goes_on_where_it_was():
    store, second = MemoryStore(), Counter()
    with pytest.raises(KeyboardInterrupt):
        rows(Counter(stop_after=2), store)
    assert rows(second, store)["length"].tolist() == list(range(1, 11))
    assert sum(map(len, second.calls)) == 4


def test_no_rows_give_no_rows():
    assert rows(Counter(), MemoryStore(), items=[]).empty

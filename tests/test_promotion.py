"""Serving goes back to the student before, and a kill between two writes loses nothing."""

import json
from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, MemoryDataset

from churnlens.cli import promotion
from churnlens.datasets import AtomicDataset
from churnlens.datasets.adapter import AdapterDataset
from churnlens.tasks.churn.promotion import PromotionError, serving


class Catalog(DataCatalog):
    """The entries of a promotion, as the catalog has them; can be killed before it saves one."""

    killed_at = ""

    def save(self, name, data):
        if name == self.killed_at:
            raise KeyboardInterrupt
        super().save(name, data)


CARD = {
    "base": "b", "revision": "r", "licence": "MIT", "base_sha256": "0", "template_sha256": "0",
    "rows": {}, "options": {}, "environment": {},
}  # fmt: skip


@pytest.fixture
def context(tmp_path, monkeypatch):
    catalog = Catalog(
        {
            "churn.promoted": MemoryDataset(tmp_path / "shelf"),
            "churn.student": MemoryDataset(copy_mode="assign"),
            "churn.served": AdapterDataset(filepath=str(tmp_path / "served"), optional=True),
            "churn.promotions": AtomicDataset(
                filepath=str(tmp_path / "log.json"), dataset="json.JSONDataset", optional=True
            ),
        }
    )
    found = SimpleNamespace(better=True, model_dump=lambda mode: {})
    monkeypatch.setattr(promotion, "_compare", lambda *_: found)
    return SimpleNamespace(catalog=catalog, root=tmp_path, verdict=found)


def train(context, name):
    folder = context.root / name
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({**CARD, "data_sha256": name}), encoding="utf-8")
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    (folder / "adapter_model.safetensors").write_bytes(name.encode())
    context.catalog.save("churn.student", folder)


def serves(context):
    return (context.catalog.load("churn.served") / "adapter_model.safetensors").read_text("utf-8")


def promote(context, force=False):
    return promotion._promote(context, "churn", force)


def test_the_one_before_serves_again_down_to_none(context):
    for name in ("one", "two"):
        train(context, name)
        assert promote(context)["event"] == "promoted"
        assert serves(context) == name
    assert promotion._go_back(context, "churn")["event"] == "back"
    assert serves(context) == "one"
    row = promotion._go_back(context, "churn")
    assert (row["event"], row["serves"]) == ("back", None)
    assert context.catalog.load("churn.served") is None
    with pytest.raises(PromotionError, match="no student serves"):
        promotion._go_back(context, "churn")


def test_one_that_is_not_better_is_noted_and_does_not_serve(context):
    train(context, "one")
    context.verdict.better = False
    assert promote(context)["event"] == "kept"
    assert context.catalog.load("churn.served") is None
    assert promote(context, force=True)["event"] == "forced" and serves(context) == "one"
    assert [row["event"] for row in context.catalog.load("churn.promotions")] == ["kept", "forced"]


@pytest.mark.parametrize("killed_at", ["churn.promotions", "churn.served"])
def test_after_a_kill_the_same_command_ends_as_if_there_had_been_none(context, killed_at):
    train(context, "one")
    promote(context)
    train(context, "two")
    context.catalog.killed_at = killed_at
    with pytest.raises(KeyboardInterrupt):
        promote(context)
    assert serves(context) == "one"
    context.catalog.killed_at = ""
    promote(context)
    assert serves(context) == "two"
    assert len(serving(context.catalog.load("churn.promotions"))) == 2
    context.catalog.killed_at = killed_at
    with pytest.raises(KeyboardInterrupt):
        promotion._go_back(context, "churn")
    context.catalog.killed_at = ""
    promotion._go_back(context, "churn")
    assert serves(context) == "one"

"""Serving goes back to the student before, and a kill between two writes loses nothing."""

import json
from types import SimpleNamespace

import pytest

from churnlens.cli import promotion
from churnlens.tasks.churn.promotion import PromotionError, serving


class Catalog(dict):
    """Holds what is saved; can be killed before it saves a name."""

    killed_at = ""

    def load(self, name):
        return self.get(name)

    def save(self, name, data):
        if name == self.killed_at:
            raise KeyboardInterrupt
        self[name] = data


CARD = {
    "base": "b", "revision": "r", "licence": "MIT", "base_sha256": "0", "template_sha256": "0",
    "rows": {}, "options": {}, "environment": {},
}  # fmt: skip


@pytest.fixture
def context(tmp_path, monkeypatch):
    catalog = Catalog({"churn.promoted": tmp_path / "shelf"})
    found = SimpleNamespace(better=True, model_dump=lambda mode: {})
    monkeypatch.setattr(promotion, "_compare", lambda *_: found)
    return SimpleNamespace(catalog=catalog, root=tmp_path, verdict=found)


def train(context, name):
    folder = context.root / name
    folder.mkdir()
    (folder / "card.json").write_text(json.dumps({**CARD, "data_sha256": name}), encoding="utf-8")
    (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
    (folder / "adapter_model.safetensors").write_bytes(name.encode())
    context.catalog["churn.student"] = folder


def serves(context):
    return (context.catalog["churn.served"] / "adapter_model.safetensors").read_text("utf-8")


def promote(context, force=False):
    return promotion._promote(context, "churn", force)


def test_the_one_before_serves_again_and_only_once(context):
    for name in ("one", "two"):
        train(context, name)
        assert promote(context)["event"] == "promoted"
        assert serves(context) == name
    assert promotion._go_back(context, "churn")["event"] == "back"
    assert serves(context) == "one"
    with pytest.raises(PromotionError, match="no student served before"):
        promotion._go_back(context, "churn")


def test_one_that_is_not_better_is_noted_and_does_not_serve(context):
    train(context, "one")
    context.verdict.better = False
    assert promote(context)["event"] == "kept"
    assert "churn.served" not in context.catalog
    assert promote(context, force=True)["event"] == "forced" and serves(context) == "one"
    assert [row["event"] for row in context.catalog["churn.promotions"]] == ["kept", "forced"]


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
    assert len(serving(context.catalog["churn.promotions"])) == 2
    context.catalog.killed_at = killed_at
    with pytest.raises(KeyboardInterrupt):
        promotion._go_back(context, "churn")
    context.catalog.killed_at = ""
    promotion._go_back(context, "churn")
    assert serves(context) == "one"

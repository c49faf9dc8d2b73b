"""A training of a second: what moves, what is kept, what is refused, and scoring with it."""

import json
import shutil

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from churnlens.models.heads import model as model_module
from churnlens.models.heads import scorer as scorer_module
from churnlens.models.heads import train as train_module
from churnlens.models.heads.model import load_for_training, pooled
from churnlens.models.heads.rows import encode_texts
from churnlens.models.heads.scorer import Scorer
from churnlens.models.heads.train import train_head
from churnlens.models.lock import ModelError
from churnlens.models.training import outcome
from churnlens.models.training.callbacks import DivergedError
from churnlens.models.training.exhausted import MemoryExhaustedError
from churnlens.models.training.faults import TrainingError
from churnlens.options import HeadOptions, OptionsError
from models.heads.samples import OPTIONS, TRAINING, VALIDATION, change, row


def run(model, folder, options=OPTIONS, training=TRAINING, validation=VALIDATION):
    return train_head(training, validation, model=model, options=options, checkpoints=folder)


def losses(trained, split="training"):
    return [r["loss"] for r in trained.history if r["split"] == split]


@pytest.fixture(scope="module")
def trained(tiny_encoder, tmp_path_factory):
    return run(tiny_encoder, tmp_path_factory.mktemp("run"), change(epochs=12, patience=30))


TEXTS = [each["text"] for each in VALIDATION]
TRUTH = np.array([each["label"] for each in VALIDATION])


def test_it_learns_and_scores_what_it_learned(tiny_encoder, trained):
    metrics = trained.card.metrics
    assert metrics["validation_loss"] < metrics["validation_loss_before"] * 0.6
    found = Scorer(tiny_encoder, trained.folder).scores(TEXTS)
    assert found.shape == (9, 3) and found.sum(axis=1) == pytest.approx(1)
    assert (found.argmax(axis=1) == TRUTH).mean() > 0.8
    told = -np.log(found[np.arange(9), TRUTH]).mean()
    assert told == pytest.approx(metrics["validation_loss"], rel=1e-3)


def test_a_text_that_comes_again_is_read_once(tiny_encoder, trained, monkeypatch):
    scorer, read = Scorer(tiny_encoder, trained.folder), []
    monkeypatch.setattr(
        scorer_module,
        "encode_texts",
        lambda texts, *more: read.extend(texts) or encode_texts(texts, *more),
    )
    again = scorer.scores([TEXTS[1], *TEXTS, TEXTS[1]])
    assert read == [TEXTS[1], TEXTS[0], *TEXTS[2:]]
    assert (again[0] == again[2]).all() and (again[0] == again[-1]).all()
    assert again[1:-1] == pytest.approx(scorer.scores(TEXTS), abs=1e-6)


def test_an_adapter_on_a_base_in_half_precision_scores_about_the_same(tiny_encoder, trained):
    full, half = (
        Scorer(tiny_encoder, trained.folder, dtype=dtype).scores(TEXTS)
        for dtype in ("float32", "bfloat16")
    )
    assert np.allclose(full, half, atol=0.05)


def test_the_order_and_size_of_batches_change_no_score(tiny_encoder, trained):
    whole = Scorer(tiny_encoder, trained.folder).scores(TEXTS)
    one = Scorer(tiny_encoder, trained.folder, batch_size=1)
    assert one.scores(TEXTS[::-1])[::-1] == pytest.approx(whole, abs=1e-5)
    assert one.scores([]).shape == (0, 3)
    strange = one.scores(["", "\ud83d\ude00 emoji", "why " * 5000])
    assert np.isfinite(strange).all()


@pytest.mark.parametrize("base", ["tiny_encoder", "tiny_lm"])
@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("kind", ["ordinal", "regression"])
def test_every_kind_on_every_base(request, tmp_path, base, method, kind):
    model = request.getfixturevalue(base)
    rate = {"lora": 5e-3, "full": 1e-4}[method]
    options = change(kind=kind, method=method, learning_rate=rate, head_rate=10, epochs=3)
    trained = run(model, tmp_path, options)
    assert trained.card.metrics["validation_loss"] < trained.card.metrics["validation_loss_before"]
    assert trained.card.pooling == ("last" if base == "tiny_lm" else "mean")
    found = Scorer(model, trained.folder).scores(TEXTS)
    assert found.shape == (9, 1 if kind == "regression" else 3)
    names = {path.name for path in trained.folder.iterdir()}
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in names)


def test_lora_trains_queries_values_and_the_head_alone(tiny_encoder, trained):
    names = load_file(trained.folder / "adapter_model.safetensors")
    adapted = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in names if "lora_" in name}
    others = {name for name in names if "lora_" not in name}
    assert adapted == {"query", "value"}
    assert others and all("classifier" in name for name in others)
    model = load_for_training(tiny_encoder, change(dtype="bfloat16"))
    kinds = {(p.requires_grad, p.dtype) for p in model.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}


def test_the_preset_is_the_public_recipe(tiny_lm):
    assert (HeadOptions().rank, HeadOptions().alpha) == (64, 128)
    trainable = [
        n for n, p in load_for_training(tiny_lm, OPTIONS).named_parameters() if p.requires_grad
    ]
    layers = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in trainable if "lora_" in name}
    assert layers == {"q_proj", "v_proj"}


def test_full_leaves_the_word_embedding_unless_told(tiny_encoder):
    def moving(options):
        model = load_for_training(tiny_encoder, options)
        return {name for name, p in model.named_parameters() if p.requires_grad}

    full = change(method="full", learning_rate=1e-4)
    kept = moving(full.model_copy(update={"embeddings": True})) - moving(full)
    assert len(kept) == 1 and kept.pop().endswith("word_embeddings.weight")


def test_pooling_by_hand():
    tokens = torch.arange(12.0).reshape(2, 3, 2)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1]])
    assert pooled(tokens, mask, "mean").tolist() == [[1, 2], [8, 9]]
    assert pooled(tokens, mask, "last").tolist() == [[2, 3], [10, 11]]


def test_accumulated_passes_are_one_step(tiny_encoder, tmp_path):
    """All rows say the same, so that a step of two passes has the loss of one of them."""
    same = [{**row(1), "id": f"s{number}"} for number in range(16)]
    plain = change(dropout=0, epochs=1, learning_rate=1e-6)
    whole = run(tiny_encoder, tmp_path, plain, same)
    halves = plain.model_copy(update={"batch_size": 2, "accumulation": 2})
    parts = run(tiny_encoder, tmp_path, halves, same)
    assert len(losses(whole)) == len(losses(parts)) == 4
    assert np.mean(losses(parts)) == pytest.approx(np.mean(losses(whole)), rel=0.2)
    norms = [[r["grad_norm"] for r in each.history if "grad_norm" in r] for each in (whole, parts)]
    assert np.mean(norms[1]) == pytest.approx(np.mean(norms[0]), rel=0.3)


def test_activations_may_be_computed_again(tiny_encoder, tmp_path):
    trained = run(tiny_encoder, tmp_path, change(gradient_checkpointing=True, epochs=1))
    assert np.isfinite(losses(trained)).all()


@pytest.mark.parametrize("changed", [{}, {"balance": "sampling", "masking": 0.2, "synonyms": 0.2}])
def test_a_killed_training_ends_as_if_it_had_not_been(tiny_encoder, tmp_path, monkeypatch, changed):
    options = change(patience=9, **changed)
    unbroken = run(tiny_encoder, tmp_path / "a", options)
    folder = tmp_path / "b" / unbroken.card.key()
    shutil.copytree(unbroken.folder.parent, folder)
    last = max(folder.glob("checkpoint-*"), key=lambda path: int(path.name[11:]))
    (last / "trainer_state.json").unlink()
    again = run(tiny_encoder, tmp_path / "b", options)
    assert again.card.metrics["steps"] == unbroken.card.metrics["steps"]
    assert losses(again) == pytest.approx(losses(unbroken), abs=1e-5)
    assert losses(again, "validation") == pytest.approx(losses(unbroken, "validation"), abs=1e-5)


def test_a_finished_training_returns_at_once(tiny_encoder, trained, monkeypatch):
    monkeypatch.setattr(model_module, "load_with_head", None)
    again = run(tiny_encoder, trained.folder.parents[1], change(epochs=12, patience=30))
    assert again == trained


def test_the_card_names_all_that_made_it(trained):
    card = json.loads((trained.folder / "card.json").read_text(encoding="utf-8"))
    assert card == trained.card.model_dump(mode="json")
    assert card["options"]["targets"] == "query_value" and len(card["data_sha256"]) == 64
    assert card["rows"] == {"training": 26, "validation": 9}


def test_all_faults_come_before_any_weights(tiny_encoder, tmp_path, monkeypatch):
    monkeypatch.setattr(model_module, "load_with_head", None)
    with pytest.raises(TrainingError) as caught:
        run(tiny_encoder, tmp_path, change(method="qlora"), [row(1), row(1, 7)], [row(1)])
    for part in (
        "qlora needs a GPU",
        "gradient is wrong",
        "no such class (1): row 2",
        "in training and in validation (1): t1",
    ):
        assert part in str(caught.value)


def test_wrong_options_are_refused_all_at_once():
    raw = {"classes": 1, "targets": "some", "masking": 0.9, "lerning_rate": 1}
    with pytest.raises(OptionsError) as caught:
        HeadOptions.model_validate(raw)
    assert all(name in str(caught.value) for name in raw)
    with pytest.raises(ValidationError, match="kind is regression"):
        HeadOptions(kind="regression", balance="weights")


def test_a_head_of_another_base_is_refused(tiny_lm, tiny_encoder, trained, tmp_path):
    with pytest.raises(ModelError, match="another base"):
        Scorer(tiny_lm, trained.folder)
    shutil.copytree(trained.folder, tmp_path / "torn")
    (tmp_path / "torn" / "card.json").write_text("{}")
    with pytest.raises(ModelError, match=r"expected the card\.json of a head"):
        Scorer(tiny_encoder, tmp_path / "torn")


def test_regression_is_in_the_units_of_its_labels(tiny_encoder, tmp_path):
    far = [{**each, "label": 1000 + 50 * each["label"]} for each in [*TRAINING, *VALIDATION]]
    options = change(kind="regression", epochs=12, patience=30)
    trained = run(tiny_encoder, tmp_path, options, far[:26], far[26:])
    found = Scorer(tiny_encoder, trained.folder).scores(TEXTS)[:, 0]
    assert np.abs(found - (1000 + 50 * TRUTH)).mean() < 25


def test_the_folder_is_written_last(monkeypatch, tiny_encoder, tmp_path):
    monkeypatch.setattr(outcome, "write_folder", lambda *_: (_ for _ in ()).throw(OSError("disk")))
    with pytest.raises(OSError, match="disk"):
        run(tiny_encoder, tmp_path, change(epochs=1))
    assert not list(tmp_path.glob("*/best"))


def test_running_out_of_memory_says_what_to_change(tiny_encoder, tmp_path, monkeypatch):
    def hungry(*_):
        torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(train_module, "load_for_training", hungry)
    with pytest.raises(MemoryExhaustedError, match="during loading the model") as caught:
        run(tiny_encoder, tmp_path)
    text = str(caught.value)
    assert "1. batch_size: 2 with accumulation: 2, the same result" in text
    assert "documents" not in text


def test_a_loss_that_is_no_number_stops_the_training(tiny_encoder, tmp_path, monkeypatch):
    def poisoned(path, options):
        model = load_for_training(path, options)
        with torch.no_grad():
            next(p for n, p in model.named_parameters() if "lora_B" in n).fill_(torch.nan)
        return model

    monkeypatch.setattr(train_module, "load_for_training", poisoned)
    with pytest.raises(DivergedError, match="nan"):
        run(tiny_encoder, tmp_path)

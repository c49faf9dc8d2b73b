"""A training of a second: what moves, what must not, what is kept, and what is refused."""

import json
import logging
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from churnlens.models.loading import load_causal_lm, load_tokenizer
from churnlens.models.lock import ModelError
from churnlens.models.training import card as card_module
from churnlens.models.training import fit as fit_module
from churnlens.models.training import train as train_module
from churnlens.models.training.batches import collate
from churnlens.models.training.callbacks import DivergedError, has_stopped_improving
from churnlens.models.training.card import describe_training
from churnlens.models.training.checkpoints import why_torn
from churnlens.models.training.faults import TrainingError
from churnlens.models.training.fit import load_for_training
from churnlens.models.training.rows import IGNORED, encode_rows
from churnlens.models.training.train import check_rows, machine_faults, train
from churnlens.options import OptionsError, TrainingOptions
from models.training.samples import OPTIONS, TRAINING, VALIDATION, row, rows


def change(**values):
    return OPTIONS.model_copy(update=values)


def run(model, folder, options=OPTIONS, training=TRAINING, validation=VALIDATION):
    return train(training, validation, model=model, options=options, checkpoints=folder)


def losses(trained, split="training"):
    return [r["loss"] for r in trained.history if r["split"] == split]


@pytest.fixture(scope="module")
def trained(tiny_lm, tmp_path_factory):
    return run(tiny_lm, tmp_path_factory.mktemp("run"))


def test_the_loss_falls_and_the_adapter_changes_logits(tiny_lm, trained):
    from peft import PeftModel

    metrics = trained.card.metrics
    assert metrics["validation_loss"] < metrics["validation_loss_before"] - 0.1
    ids = torch.tensor([[5, 6, 7, 8]])
    with torch.inference_mode():
        before = load_causal_lm(tiny_lm, "float32")(ids).logits
        tuned = PeftModel.from_pretrained(load_causal_lm(tiny_lm, "float32"), trained.folder)
        assert (tuned(ids).logits - before).abs().max() > 0.1
        with tuned.disable_adapter():
            assert torch.equal(tuned(ids).logits, before)


def test_training_leaves_the_base_as_it_was(tiny_lm, trained):
    """Both the file, and the weights inside the model that was trained."""
    base = load_file(tiny_lm / "model.safetensors")
    model = load_for_training(tiny_lm, OPTIONS)
    frozen = {n: p for n, p in model.named_parameters() if not p.requires_grad}
    trainable = [n for n, p in model.named_parameters() if p.requires_grad]
    assert trainable and all("lora_" in name for name in trainable)
    kept = {
        n.replace("base_model.model.", "").replace(".base_layer", ""): p for n, p in frozen.items()
    }
    for name, tensor in base.items():
        assert torch.equal(kept[name], tensor)
    assert all("lora_" in name for name in load_file(trained.folder / "adapter_model.safetensors"))


def test_all_linear_layers_are_adapted_and_the_output_is_not(trained):
    names = load_file(trained.folder / "adapter_model.safetensors")
    layers = {name.split(".lora_")[0].rsplit(".", 1)[1] for name in names}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert all(OPTIONS.rank in tensor.shape for tensor in names.values())


def test_the_history_has_every_step_and_every_validation(trained):
    steps = [r["step"] for r in trained.history if r["split"] == "training"]
    assert steps == list(range(1, 13))
    assert [r["step"] for r in trained.history if r["split"] == "validation"] == [0, 3, 6, 9, 12]
    assert max(r.get("learning_rate", 0) for r in trained.history) == OPTIONS.learning_rate


def test_the_best_model_is_the_one_of_the_lowest_validation_loss(tiny_lm, tmp_path):
    """At an absurd rate the loss rises again: what is returned is not what came last."""
    result = run(tiny_lm, tmp_path, change(learning_rate=1e-2, epochs=12, patience=2, dropout=0))
    validation = [r for r in result.history if r["split"] == "validation"][1:]
    best = min(validation, key=lambda r: r["loss"])
    assert result.card.metrics["best_step"] == best["step"] < validation[-1]["step"]
    assert result.card.metrics["ended_by"] == "no better validation loss"
    assert result.card.metrics["steps"] < result.card.metrics["planned_steps"]
    kept = result.folder.parent / f"checkpoint-{best['step']}" / "adapter_model.safetensors"
    assert (result.folder / kept.name).read_bytes() == kept.read_bytes()


def test_a_finished_training_returns_at_once(tiny_lm, trained, monkeypatch):
    monkeypatch.setattr(train_module, "fit", None)
    again = run(tiny_lm, trained.folder.parents[1])
    assert again == trained


@pytest.mark.parametrize("changed", [{"seed": 8}, {"rank": 5}, {"max_length": 120}])
def test_any_other_option_is_another_training(tiny_lm, trained, monkeypatch, changed):
    monkeypatch.setattr(train_module, "fit", lambda *_: None)
    with pytest.raises(RuntimeError, match="no whole checkpoint"):
        run(tiny_lm, trained.folder.parents[1], change(**changed))


def test_the_card_names_all_that_made_the_adapter(trained):
    card = json.loads((trained.folder / "card.json").read_text(encoding="utf-8"))
    assert card == trained.card.model_dump(mode="json")
    for name in ("base_sha256", "template_sha256", "data_sha256"):
        assert len(card[name]) == 64
    assert card["rows"] == {"training": 11, "validation": 3}
    assert card["options"]["rank"] == 4 and "repeats" not in card["options"]
    assert {"python", "torch", "transformers", "peft", "code"} <= card["environment"].keys()


def test_other_code_of_a_training_is_another_training(tiny_lm, trained, monkeypatch):
    monkeypatch.setattr(train_module, "fit", lambda *_: None)
    monkeypatch.setattr(card_module, "code_sha256", lambda: "of another collate")
    with pytest.raises(RuntimeError, match="no whole checkpoint"):
        run(tiny_lm, trained.folder.parents[1])


def test_the_code_of_a_training_is_what_batches_and_heads_are_made_by(tmp_path, monkeypatch):
    before = card_module.code_sha256.__wrapped__()
    folder = tmp_path / "models"
    shutil.copytree(card_module._MODELS, folder)
    monkeypatch.setattr(card_module, "_MODELS", folder)
    assert card_module.code_sha256.__wrapped__() == before
    (folder / "generation.py").write_text("")  # trains nothing
    assert card_module.code_sha256.__wrapped__() == before
    seen = {before}
    for name in ("training/batches.py", "heads/losses.py", "loading.py"):
        (folder / name).write_text("")
        seen.add(card_module.code_sha256.__wrapped__())
    assert len(seen) == 4


def test_the_data_hash_knows_every_token_and_every_label(tiny_lm):
    tokenizer = load_tokenizer(tiny_lm)
    encoded = encode_rows(TRAINING, tokenizer, 128)
    masked = replace(encoded[3], labels=(IGNORED, *encoded[3].labels[1:-1], IGNORED))
    splits = [
        (encoded, encoded),
        ([*encoded[:3], masked, *encoded[4:]], encoded),
        (encoded[1:], encoded),
    ]
    cards = [describe_training(tiny_lm, tokenizer, *split, OPTIONS) for split in splits]
    assert len({card.data_sha256 for card in cards}) == len({card.key() for card in cards}) == 3
    assert cards[0] == describe_training(tiny_lm, tokenizer, encoded, encoded, OPTIONS)


def test_the_folder_holds_no_pickle_and_no_machine_path(tiny_lm, trained):
    names = {path.name for path in trained.folder.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "card.json"} <= names
    assert {"tokenizer.json", "chat_template.jinja", "manifest.json"} <= names
    assert not why_torn(trained.folder)
    for path in trained.folder.iterdir():
        assert path.suffix in {".json", ".safetensors", ".jinja"}
        assert str(tiny_lm).encode() not in path.read_bytes()
    assert load_tokenizer(trained.folder).chat_template == load_tokenizer(tiny_lm).chat_template


def test_two_trainings_give_the_same_bytes(tiny_lm, trained, tmp_path):
    again = run(tiny_lm, tmp_path)
    for path in trained.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes(), path.name


def test_accumulation_is_a_larger_batch(tiny_lm, tmp_path):
    """Rows of different lengths: averaging the means of two batches would not be the same."""
    plain = {"dropout": 0, "epochs": 1, "evaluations": 1}
    whole = run(tiny_lm, tmp_path, change(batch_size=4, **plain))
    parts = run(tiny_lm, tmp_path, change(batch_size=2, accumulation=2, **plain))
    assert losses(parts) == pytest.approx(losses(whole), abs=1e-5)
    assert losses(parts, "validation") == pytest.approx(losses(whole, "validation"), abs=1e-5)


def test_the_validation_loss_is_the_mean_over_rows(tiny_lm, trained):
    model, tokenizer = load_causal_lm(tiny_lm, "float32"), load_tokenizer(tiny_lm)
    encoded = encode_rows(VALIDATION, tokenizer, 128)
    with torch.inference_mode():
        each = [float(model(**collate([r], pad=2)).loss) for r in encoded]
    assert losses(trained, "validation")[0] == pytest.approx(sum(each) / len(each), abs=1e-5)


def test_gradient_checkpointing_changes_no_loss(tiny_lm, tmp_path, trained):
    less = run(tiny_lm, tmp_path, change(gradient_checkpointing=True, epochs=1, dropout=0))
    more = run(tiny_lm, tmp_path, change(epochs=1, dropout=0))
    assert losses(less) == pytest.approx(losses(more), abs=1e-5)


def test_full_tuning_leaves_a_whole_model(tiny_lm, tmp_path):
    full = run(tiny_lm, tmp_path, change(method="full", learning_rate=1e-4, epochs=1))
    assert losses(full, "validation")[-1] < losses(full, "validation")[0]
    tuned, base = (
        load_file(full.folder / "model.safetensors"),
        load_file(tiny_lm / "model.safetensors"),
    )
    assert tuned.keys() == base.keys()
    assert all(not torch.equal(tuned[name], base[name]) for name in base)
    assert load_causal_lm(full.folder, "float32")
    lower = load_for_training(tiny_lm, change(method="full", dtype="bfloat16"))
    assert {p.dtype for p in lower.parameters()} == {torch.float32}


def test_bfloat16_keeps_what_is_trained_in_float32(tiny_lm, tmp_path):
    model = load_for_training(tiny_lm, change(dtype="bfloat16"))
    kinds = {(p.requires_grad, p.dtype) for p in model.parameters()}
    assert kinds == {(True, torch.float32), (False, torch.bfloat16)}
    result = run(tiny_lm, tmp_path, change(dtype="bfloat16", epochs=1))
    exact = run(tiny_lm, tmp_path, change(epochs=1))
    assert losses(result) == pytest.approx(losses(exact), rel=0.03)


def test_progress_is_numbers_in_the_log(tiny_lm, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="churnlens"):
        run(tiny_lm, tmp_path, change(epochs=1))
    last = [r.progress for r in caplog.records if hasattr(r, "progress")][-1]
    assert (last["label"], last["done"], last["total"]) == ("train", 6, 6)
    assert last["rate"] > 0 and last["eta_seconds"] == 0


def test_all_faults_of_rows_and_machine_come_before_any_weights(tiny_lm, tmp_path, monkeypatch):
    monkeypatch.setattr(fit_module, "load_causal_lm", None)
    bad = [row(1, answer=""), row(2, "bill " * 3000), *rows(3, 2)]
    with pytest.raises(TrainingError) as caught:
        run(tiny_lm, tmp_path, change(method="qlora"), bad, rows(3, 2))
    text = str(caught.value)
    for part in (
        "qlora needs a GPU",
        "gradient is wrong",
        "empty answer (1): q1",
        "does not fit (1): q2",
        "in training and in validation (2): q3; q4",
    ):
        assert part in text
    assert list(tmp_path.iterdir()) == []


def test_a_row_beyond_the_context_of_the_base_is_a_fault_whatever_max_length(tiny_lm, tmp_path):
    long = row(1, "bill " * 300)  # 256 tokens are what the base was made for
    with pytest.raises(TrainingError, match=r"does not fit \(1\): q1: .* expected at most 256"):
        run(tiny_lm, tmp_path, change(max_length=2560), [long, *rows(2, 2)], VALIDATION)
    with pytest.raises(TrainingError, match="expected at most 256"):
        check_rows([long], VALIDATION, tiny_lm, change(max_length=2560))


def test_what_this_machine_cannot_do_is_said(monkeypatch):
    assert machine_faults(change(dtype="bfloat16")) == []
    [fault] = machine_faults(change(dtype="float16"))
    assert "Next: bfloat16" in fault
    monkeypatch.setattr(train_module, "device", lambda: "cuda")
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert "float16" in machine_faults(change(dtype="bfloat16"))[0]
    assert machine_faults(change(method="qlora", dtype="float16")) == []


def test_an_absent_model_is_named(tmp_path):
    with pytest.raises(ModelError, match="expected a model folder"):
        run(tmp_path / "none", tmp_path)


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({"lerning_rate": 1, "rank": 0, "dropout": 1}, ["lerning_rate", "rank", "dropout"]),
        (
            {"learning_rate": 2, "epochs": 0, "method": "dora"},
            ["learning_rate", "epochs", "method"],
        ),
        ({"method": "full"}, ["at most 0.0001 with method full"]),
    ],
)
def test_wrong_options_are_refused_all_at_once(raw, names):
    with pytest.raises(OptionsError) as caught:
        TrainingOptions.model_validate(raw)
    assert all(name in str(caught.value) for name in names)


def test_a_loss_that_is_no_number_stops_the_training(tiny_lm, tmp_path, monkeypatch):
    def poisoned(path, options):
        model = load_for_training(path, options)
        with torch.no_grad():
            next(p for n, p in model.named_parameters() if "lora_B" in n).fill_(torch.nan)
        return model

    monkeypatch.setattr(fit_module, "load_for_training", poisoned)
    with pytest.raises(DivergedError, match="step 0.*eval_loss.*nan.*lower learning_rate"):
        run(tiny_lm, tmp_path)


def test_when_improving_has_stopped():
    def log(*values):
        return [{"eval_loss": value, "step": step} for step, value in enumerate(values)]

    assert not has_stopped_improving([], 1)
    assert not has_stopped_improving(log(0.0, 5, 4, 4.5), 2)  # the one before step 1 is no rival
    assert has_stopped_improving(log(0.0, 5, 4, 4.5, 4.2), 2)
    assert not has_stopped_improving(log(0.0, 5, 4, 4.5, 3.9), 2)
    assert has_stopped_improving(log(9.0, 3, 3, 3), 2)  # no better is not better

"""Merged is adapter on base; what travels along; what is refused, leaving nothing behind."""

import json
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from churnlens.datasets.adapter import AdapterDataset
from churnlens.datasets.atomic import is_complete, write_folder
from churnlens.models.export import merge as module
from churnlens.models.export.agreement import load_on_cpu
from churnlens.models.export.merge import load_tuned, merge
from churnlens.models.export.report import ExportError
from churnlens.models.generation import Generator, Request
from churnlens.models.loading import load_tokenizer
from churnlens.models.lock import ModelError
from churnlens.models.training.train import train
from models.training.samples import OPTIONS, TRAINING, VALIDATION


@pytest.fixture(scope="module")
def merged(tiny_lm, adapter, prompts, tmp_path_factory):
    target = tmp_path_factory.mktemp("export") / "merged"
    return merge(tiny_lm, adapter, target, prompts), target


def test_logits_and_texts_are_those_of_the_adapter(tiny_lm, adapter, merged):
    report, folder = merged
    assert report.same_texts == report.prompts == 20
    assert 0 < report.max_difference <= 1e-3 and report.merged_difference <= 1e-3
    ids = torch.tensor([[1, 5, 9, 30, 7, 2]])
    with torch.inference_mode():
        ours, theirs = (m(ids).logits for m in (load_on_cpu(folder), load_tuned(tiny_lm, adapter)))
        base = load_on_cpu(tiny_lm)(ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)
    assert (ours - base).abs().max() > 0.1  # the adapter does something


def test_weights_are_base_plus_scaled_product(tiny_lm, adapter, merged):
    """By the definition of LoRA: W + alpha / rank * B A."""
    name = "model.layers.1.self_attn.v_proj"
    parts = load_file(adapter / "adapter_model.safetensors")
    a, b = (parts[f"base_model.model.{name}.lora_{each}.weight"] for each in "AB")
    before = load_file(tiny_lm / "model.safetensors")[f"{name}.weight"]
    after = load_file(merged[1] / "model.safetensors")[f"{name}.weight"]
    scale = OPTIONS.alpha / OPTIONS.rank
    torch.testing.assert_close(after, before + scale * b @ a, atol=1e-6, rtol=0)


def test_template_stop_tokens_and_card_travel_along(tiny_lm, adapter, merged):
    report, folder = merged
    ours, theirs = load_tokenizer(folder), load_tokenizer(adapter)
    assert ours.chat_template == theirs.chat_template
    assert ours.get_vocab() == theirs.get_vocab()
    config = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    assert config["eos_token_id"] == 2 and config["pad_token_id"] == 2
    assert (folder / "card.json").read_bytes() == (adapter / "card.json").read_bytes()
    assert is_complete(folder) and "model.safetensors" in report.files
    kept = AdapterDataset(filepath=str(folder.parent / "catalog" / "student"))
    kept.save(folder)  # counts as a tuned model
    assert kept.exists()


def test_an_adapter_of_four_bits_says_that_it_lies_on_other_weights(
    tiny_lm, adapter, prompts, merged, tmp_path
):
    assert merged[0].notes == ()

    def fill(folder):
        for path in adapter.iterdir():
            if path.name != "manifest.json":
                (folder / path.name).write_bytes(path.read_bytes())
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        card["options"]["method"] = "qlora"
        (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")

    write_folder(tmp_path / "adapter", fill)
    report = merge(tiny_lm, tmp_path / "adapter", tmp_path / "merged", prompts[:2], "bfloat16")
    assert "4 bits" in report.notes[0] and "rounded" in report.notes[1]


def test_no_file_names_this_machine(tiny_lm, adapter, merged):
    for path in merged[1].glob("*.json"):
        for place in (tiny_lm, adapter, merged[1]):
            assert str(place) not in path.read_text(encoding="utf-8"), path.name


def test_the_generator_opens_it(merged, prompts):
    generator = Generator(merged[1])
    request = Request(key="a", messages=prompts[0], max_new_tokens=8)
    assert generator.generate([request])[0].tokens > 0


def test_a_sampling_base_becomes_a_greedy_student_with_all_its_ends(tiny_lm, prompts, tmp_path):
    """As Qwen2.5 has it: two ends, sampling and a repetition penalty."""
    base = tmp_path / "base"
    model = load_on_cpu(tiny_lm)
    model.generation_config.update(
        eos_token_id=[2, 0], do_sample=True, temperature=0.7, top_p=0.8, repetition_penalty=1.05
    )
    model.save_pretrained(base)
    load_tokenizer(tiny_lm).save_pretrained(base)
    options = OPTIONS.model_copy(update={"epochs": 1})
    made = train(TRAINING, VALIDATION, model=base, options=options, checkpoints=tmp_path / "c")
    report = merge(base, made.folder, tmp_path / "out", prompts)
    config = json.loads((tmp_path / "out" / "generation_config.json").read_text(encoding="utf-8"))
    assert config["eos_token_id"] == [2, 0] and report.same_texts == 20
    assert not config.get("do_sample") and config.get("repetition_penalty") in (None, 1.0)


def test_a_wholly_tuned_model_is_exported_too(tiny_lm, prompts, tmp_path):
    options = OPTIONS.model_copy(
        update={"method": "full", "learning_rate": 1e-4, "epochs": 1, "dropout": 0.0}
    )
    made = train(TRAINING, VALIDATION, model=tiny_lm, options=options, checkpoints=tmp_path / "c")
    report = merge(tiny_lm, made.folder, tmp_path / "out", prompts)
    assert (report.max_difference, report.same_texts) == (0.0, 20)


def test_a_smaller_copy_states_what_rounding_costs(tiny_lm, adapter, prompts, tmp_path):
    report = merge(tiny_lm, adapter, tmp_path / "half", prompts, dtype="bfloat16")
    assert report.max_difference > 1e-3 > report.merged_difference
    assert report.dtype == "bfloat16" and "rounded to bfloat16" in report.notes[0]
    stored = load_file(tmp_path / "half" / "model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}


def refused(tmp_path, match, *args, error=ExportError):
    target = tmp_path / "target" / "out"
    with pytest.raises(error, match=match):
        merge(*args[:2], target, args[2])
    left = list(target.parent.iterdir()) if target.parent.exists() else []
    assert left == []


def test_another_base_is_refused(tiny_lm, adapter, prompts, tmp_path):
    other = tmp_path / "other"
    model = load_on_cpu(tiny_lm)
    with torch.no_grad():
        model.model.norm.weight[0] += 1e-4
    model.save_pretrained(other)
    load_tokenizer(tiny_lm).save_pretrained(other)
    refused(
        tmp_path, "base model with sha256 .* Next: export with the base", other, adapter, prompts
    )


def test_a_base_that_was_changed_after_it_was_fetched_is_refused(
    tiny_lm, adapter, prompts, tmp_path
):
    base = tmp_path / "base"
    write_folder(base, lambda folder: load_on_cpu(tiny_lm).save_pretrained(folder))
    tensors = load_file(base / "model.safetensors")
    tensors["model.norm.weight"][0] += 1
    save_file(tensors, base / "model.safetensors", {"format": "pt"})
    refused(tmp_path, "has sha256", base, adapter, prompts, error=ModelError)


def test_an_adapter_changed_after_training_is_refused(tiny_lm, torn, prompts, tmp_path):
    path = torn / "adapter_model.safetensors"
    tensors = load_file(path)
    tensors[next(iter(tensors))] += 0.01
    save_file(tensors, path, {"format": "pt"})
    refused(tmp_path, "changed after its training", tiny_lm, torn, prompts)


def test_a_template_changed_with_a_fresh_manifest_is_refused(tiny_lm, torn, prompts, tmp_path):
    tokenizer = load_tokenizer(torn)
    tokenizer.chat_template = tokenizer.chat_template.replace("assistant", "model")

    def fill(folder):
        for path in torn.iterdir():
            if path.name != "manifest.json":
                (folder / path.name).write_bytes(path.read_bytes())
        tokenizer.save_pretrained(folder)

    write_folder(tmp_path / "again", fill)
    refused(tmp_path, "chat template with sha256", tiny_lm, tmp_path / "again", prompts)


def test_an_adapter_without_card_is_refused(tiny_lm, adapter, prompts, tmp_path):
    def fill(folder):
        for path in adapter.iterdir():
            if path.name not in ("manifest.json", "card.json"):
                (folder / path.name).write_bytes(path.read_bytes())

    write_folder(tmp_path / "bare", fill)
    refused(tmp_path, "expected a readable card.json", tiny_lm, tmp_path / "bare", prompts)


def test_no_prompts_are_refused(tiny_lm, adapter, tmp_path):
    refused(tmp_path, "expected at least one", tiny_lm, adapter, [])


def test_a_wrong_merge_is_refused(tiny_lm, adapter, prompts, tmp_path, monkeypatch):
    from peft.tuners.tuners_utils import BaseTuner

    whole = BaseTuner.merge_and_unload
    monkeypatch.setattr(BaseTuner, "merge_and_unload", lambda self, **_: _nudge(whole(self)))
    refused(tmp_path, "the merged model: logits differ", tiny_lm, adapter, prompts)


def _nudge(model):
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight[0, 0] += 0.05
    return model


def test_a_wrong_file_is_refused_and_the_old_export_stays(
    tiny_lm, adapter, prompts, tmp_path, monkeypatch
):
    target = tmp_path / "out"
    first = merge(tiny_lm, adapter, target, prompts)
    load = module.load_on_cpu

    def damaged(path, dtype="float32"):
        model = load(path, dtype)
        return _nudge(model) if path != tiny_lm else model

    monkeypatch.setattr(module, "load_on_cpu", damaged)
    with pytest.raises(ExportError, match="the written model: logits differ"):
        merge(tiny_lm, adapter, target, prompts)
    assert os.listdir(tmp_path) == ["out"] and is_complete(target)
    monkeypatch.undo()
    assert merge(tiny_lm, adapter, target, prompts) == first  # replaced, with the same bytes


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_no_export_is_never_replaced(tiny_lm, adapter, prompts, tmp_path, kind):
    target = tmp_path / "mine"
    if kind == "folder":
        target.mkdir()
        (target / "thesis.txt").write_text("years", encoding="utf-8")
    else:
        target.write_text("years", encoding="utf-8")
    with pytest.raises(ExportError, match="is no export.*not touched"):
        merge(tiny_lm, adapter, target, prompts)
    assert target.is_file() or (target / "thesis.txt").is_file()

"""Loading: offline, in the asked precision, and an honest description."""

import json
import os
import shutil

import pytest

from churnlens.models.generation import Generator, Message, Request
from churnlens.models.loading import (
    base_sha256,
    describe,
    device,
    load_causal_lm,
    load_tokenizer,
    load_tuned,
    prepare,
    refuse_adapter,
    weights_sha256,
)
from churnlens.models.lock import ModelError, parse_spec
from churnlens.models.training.train import train
from churnlens.models.weights import write_manifest
from models.tiny import entry, model_files, write_files
from models.training.samples import OPTIONS, TRAINING, VALIDATION


def test_loading_keeps_every_library_offline(tiny_lm, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    prepare(tiny_lm)
    assert [os.environ[key] for key in ("HF_HUB_OFFLINE", "DO_NOT_TRACK")] == ["1", "1"]
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"


def test_an_unsafe_folder_is_refused_before_it_is_opened(tmp_path):
    with pytest.raises(ModelError, match="pickled"):
        prepare(write_files(tmp_path, {**model_files(), "pytorch_model.bin": b""}))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_weights_have_the_asked_precision(tiny_lm, dtype):
    model = load_causal_lm(tiny_lm, dtype)
    assert {str(p.dtype) for p in model.parameters()} == {f"torch.{dtype}"}
    assert not model.training and model.device.type == device()


def test_nf4_packs_the_linear_layers(tiny_lm):
    bitsandbytes = pytest.importorskip("bitsandbytes")
    model = load_causal_lm(tiny_lm, "nf4")
    layer = model.model.layers[0].mlp.up_proj
    assert isinstance(layer, bitsandbytes.nn.Linear4bit)
    assert layer.weight.quant_type == "nf4"
    assert layer.weight.quant_state.nested  # double quantisation


def test_the_tokenizer_pads_on_the_left_and_always_can(tiny_lm, tmp_path):
    assert load_tokenizer(tiny_lm).padding_side == "left"
    folder = shutil.copytree(tiny_lm, tmp_path / "lm")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config.pop("pad_token")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = load_tokenizer(folder)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id


def test_a_fetched_model_is_described_by_its_lock_entry(tmp_path):
    folder = write_files(tmp_path / "m", {**model_files(), "config.json": b'{"dtype": "bfloat16"}'})
    write_manifest(folder, parse_spec(entry(languages=["en", "zh"])))
    assert describe(folder) == {
        "name": "m",
        "base": "a/m",
        "revision": "0" * 40,
        "licence": "MIT",
        "languages": ["en", "zh"],
        "dtype": "bfloat16",
    }


def test_a_wheel_is_described_by_its_package(tiny_spec, tmp_path):
    folder = write_files(tmp_path / "tiny", model_files())
    write_manifest(folder, tiny_spec)
    assert describe(folder)["revision"] == "tiny-model==1.0"


def test_an_own_folder_says_what_it_does_not_know(tiny_lm):
    about = describe(tiny_lm)
    assert about["base"] == about["revision"] == about["licence"] == "unknown"
    assert (about["name"], about["languages"], about["dtype"]) == (tiny_lm.name, [], "float32")


@pytest.fixture(scope="module")
def adapter(tiny_lm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return train(TRAINING, VALIDATION, model=tiny_lm, options=OPTIONS, checkpoints=folder).folder


def written(generator):
    message = Message(role="user", content="why do customers leave")
    (done,) = generator.generate([Request(key="1", messages=(message,), max_new_tokens=12)])
    return done.text


def test_a_merged_adapter_writes_as_an_unmerged_one(tiny_lm, adapter):
    import torch

    merged, plain = load_tuned(tiny_lm, adapter, "float32"), load_causal_lm(tiny_lm, "float32")
    from peft import PeftModel

    unmerged = PeftModel.from_pretrained(load_causal_lm(tiny_lm, "float32"), adapter).eval()
    ids = torch.tensor([[5, 9, 20, 31]])
    with torch.inference_mode():
        logits = [model(input_ids=ids).logits for model in (merged, unmerged, plain)]
    assert torch.allclose(logits[0], logits[1], atol=1e-4)
    assert not torch.allclose(logits[0], logits[2], atol=1e-2)


def test_in_a_lower_precision_the_adapter_is_kept_apart_and_computes_in_it(tiny_lm, adapter):
    import torch

    model = load_tuned(tiny_lm, adapter, "bfloat16")
    kinds = {("lora_" in name, weights.dtype) for name, weights in model.named_parameters()}
    assert kinds == {(True, torch.bfloat16), (False, torch.bfloat16)}
    assert not model.training and not any(each.requires_grad for each in model.parameters())


def test_base_and_student_are_told_apart(tiny_lm, adapter):
    base, tuned = Generator(tiny_lm), Generator(tiny_lm, adapter=adapter)
    assert base.weights_sha256 == weights_sha256(load_causal_lm(tiny_lm, "float32"))
    assert tuned.weights_sha256 != base.weights_sha256
    assert written(tuned) != written(base)
    assert Generator(tiny_lm, adapter=adapter).weights_sha256 == tuned.weights_sha256


def test_a_base_that_carries_an_adapter_is_refused(tiny_lm, adapter):
    from peft import PeftModel

    model = load_causal_lm(tiny_lm, "float32")
    refuse_adapter(model)
    PeftModel.from_pretrained(model, adapter)  # puts the adapter into `model` itself
    with pytest.raises(ModelError, match="expected a base model"):
        refuse_adapter(model)


def test_an_adapter_of_another_base_is_refused(tiny_lm, adapter, tmp_path):
    other = shutil.copytree(tiny_lm, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"note": "changed"}))
    assert base_sha256(other) != base_sha256(tiny_lm)
    with pytest.raises(ModelError, match="another base"):
        load_tuned(other, adapter, "float32")

"""Counts of bytes against closed forms, published sizes and the tensors of real models."""

from pathlib import Path

import pytest
import torch

from churnlens.models.memory import (
    cache_bytes,
    decoder_bytes,
    embedding_memory,
    encoder_weights,
    generation_memory,
)
from churnlens.models.shapes import known_config, machine_gib
from churnlens.models.training.estimate import GIB, Shape

NOWHERE = Path("/nowhere")
QWEN_7B = known_config("Qwen2.5-7B-Instruct", NOWHERE)
QWEN_14B = known_config("Qwen2.5-14B-Instruct", NOWHERE)
SMOL = known_config("SmolLM2-135M-Instruct", NOWHERE)


def writing(config=QWEN_7B, dtype="bfloat16", rows=4, tokens=(1024, 64), device="cuda"):
    return generation_memory(config, dtype=dtype, rows=rows, tokens=tokens, device=device)


def test_weights_are_of_the_published_size():
    """7.62 B and 14.77 B weights; NF4 with embedding and output in 16 bits 5.4-5.6 GB."""
    assert decoder_bytes(Shape.of(QWEN_7B), "bfloat16") == pytest.approx(2 * 7.6156e9, rel=1e-4)
    assert decoder_bytes(Shape.of(QWEN_14B), "float16") == pytest.approx(2 * 14.770e9, rel=1e-4)
    assert decoder_bytes(Shape.of(SMOL), "float32") == pytest.approx(4 * 134.515e6, rel=1e-5)
    assert 5.4e9 < decoder_bytes(Shape.of(QWEN_7B), "nf4") < 5.6e9


def test_the_cache_is_the_closed_form_and_what_transformers_keeps():
    from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

    sizes = {**SMOL, "num_hidden_layers": 3, "vocab_size": 100}
    model = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in sizes.items() if k != "model_type"}))
    cache = DynamicCache(config=model.config)
    with torch.inference_mode():
        model(torch.ones(2, 11, dtype=torch.long), past_key_values=cache, use_cache=True)
    kept = sum(t.nbytes for layer in cache.layers for t in (layer.keys, layer.values))
    assert cache_bytes(Shape.of(sizes), 11, 2, 4) == kept == 2 * 3 * 192 * 11 * 2 * 4
    assert writing(tokens=(1000, 24), rows=3).cache == 2 * 28 * (4 * 128) * 1024 * 3 * 2


def test_activations_are_what_a_forward_pass_reaches_at_its_widest():
    """Counted at every operation: the bytes of all tensors that are alive at once."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {**SMOL, "num_hidden_layers": 2, "vocab_size": 1000}
    config = LlamaConfig(**{k: v for k, v in sizes.items() if k != "model_type"})
    model = LlamaForCausalLM(config).eval()
    for rows, tokens in ((4, 256), (2, 1024)):
        mask = torch.ones(rows, tokens, dtype=torch.long)
        mask[0, :9] = 0  # padding: without any, no mask is made
        got = peak_bytes(model, torch.ones_like(mask), mask)
        need = generation_memory(
            sizes, dtype="float32", rows=rows, tokens=(tokens, 0), device="cuda"
        )
        assert need.activations + need.cache == pytest.approx(got, rel=0.05)


def peak_bytes(model, ids, mask):
    import gc
    import weakref

    from torch.utils._python_dispatch import TorchDispatchMode

    alive, peak = {}, [0]

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            for each in result if isinstance(result, (tuple, list)) else (result,):
                if isinstance(each, torch.Tensor):
                    storage = each.untyped_storage()
                    key = storage._cdata
                    if key not in alive:
                        alive[key] = storage.nbytes()
                        weakref.finalize(storage, alive.pop, key, None)
            peak[0] = max(peak[0], sum(alive.values()))
            return result

    gc.collect()
    weights = {p.untyped_storage()._cdata for p in model.parameters()}
    with torch.inference_mode(), Watch():
        model(ids, attention_mask=mask, use_cache=True, logits_to_keep=1)
    assert not weights & alive.keys()
    return peak[0]


def test_nf4_unpacks_one_matrix_at_a_time():
    low, high = writing(dtype="nf4"), writing(dtype="bfloat16")
    assert low.activations - high.activations == 2 * 3584 * 18944
    assert low.cache == high.cache and low.weights < high.weights / 2


def test_more_of_anything_needs_more():
    assert writing(rows=8).peak > writing().peak < writing(tokens=(2048, 64)).peak
    assert writing(tokens=(1024, 512)).peak > writing().peak
    assert writing(device="cpu").peak - writing().peak == writing(device="cpu").runtime > 0


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "bge-base-en-v1.5", "multilingual-e5-base"])
def test_encoders_have_the_weights_of_their_architecture(name):
    from transformers import AutoConfig, AutoModel

    config = known_config(name, NOWHERE)
    plain = {k: v for k, v in config.items() if k != "model_type"}
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.for_model(config["model_type"], **plain))
    assert encoder_weights(config) == sum(p.numel() for p in model.parameters())


def test_embedding_is_cut_at_the_window_of_the_encoder():
    config = known_config("bge-base-en-v1.5", NOWHERE)

    def peak(tokens, rows=64):
        return embedding_memory(
            config, dtype="float16", rows=rows, tokens=tokens, device="cuda"
        ).peak

    assert peak(9999) == peak(512) > peak(100) and peak(512, 128) > peak(512)
    assert peak(1, 1) == pytest.approx(2 * 109.48e6, rel=1e-3)


def test_another_architecture_is_refused():
    with pytest.raises(ValueError, match="no hidden_size"):
        encoder_weights({"vocab_size": 3})
    with pytest.raises(ValueError, match="no hidden_size"):
        writing({"vocab_size": 3})


def test_a_fetched_model_says_its_own_shape(tiny_lm):
    assert known_config(tiny_lm.name, tiny_lm.parent)["hidden_size"] == 64
    assert known_config("nobody/knows", tiny_lm.parent) == {}


def test_the_table_knows_every_model_of_the_lock_as_it_is(project):
    import yaml

    path = project / "conf" / "base" / "models.lock.yml"
    for name in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
        listed = known_config(name, NOWHERE)
        assert listed, name
        fetched = known_config(name, project / "data" / "06_models" / "pretrained")
        assert {k: fetched[k] for k in listed if k in fetched}.items() <= listed.items()


def test_the_random_model_has_the_shape_that_is_listed(tiny_student):
    listed = known_config("tiny-random", NOWHERE)
    made = known_config(tiny_student.name, tiny_student.parent)
    assert {name: made[name] for name in listed} == listed


def test_a_container_may_allow_less_than_the_machine_has(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text(f"{GIB // 2}\n", encoding="utf-8")
    assert machine_gib(limit) == 0.5
    limit.write_text("max\n", encoding="utf-8")
    assert machine_gib(limit) == machine_gib(tmp_path / "absent") > 0.5

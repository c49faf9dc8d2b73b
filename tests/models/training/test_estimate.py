"""The count of bytes, against the tensors of a real model and against published sizes."""

import itertools
from dataclasses import asdict

import pytest
import torch

from churnlens.models.training.advice import suggestions
from churnlens.models.training.estimate import GIB, RUNTIME, Shape, estimate_memory
from churnlens.options import TrainingOptions

SMALL = {
    "model_type": "llama",
    "vocab_size": 1000,
    "hidden_size": 64,
    "intermediate_size": 176,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 16,  # queries are wider than the residual stream
    "tie_word_embeddings": True,
}
QWEN_7B = {
    "model_type": "qwen2",
    "vocab_size": 152064,
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "tie_word_embeddings": False,
}
FULL_BF16 = {"method": "full", "dtype": "bfloat16", "dropout": 0.0}
METHODS = [("lora", "bfloat16"), ("lora", "float32"), ("full", "bfloat16"), ("full", "float32")]


def options(**values):
    return TrainingOptions(**{"rank": 8, "batch_size": 2, "learning_rate": 1e-5, **values})


def estimate(config=SMALL, tokens=512, answer_tokens=199, device="cpu", **values):
    return estimate_memory(
        config, options(**values), tokens=tokens, answer_tokens=answer_tokens, device=device
    )


def on_paper(config):
    """The real architecture without memory for its weights."""
    from transformers import AutoConfig, AutoModelForCausalLM

    plain = {k: v for k, v in config.items() if k != "model_type"}
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(AutoConfig.for_model(config["model_type"], **plain))


@pytest.mark.parametrize("config", [SMALL, QWEN_7B, {**SMALL, "attention_bias": True}])
def test_weights_are_those_of_the_architecture(config):
    from peft import LoraConfig, get_peft_model

    model, shape = on_paper(config), Shape.of(config)
    biases = 0
    if config.get("attention_bias"):  # Llama then has one on the attention's output too
        biases = shape.layers * shape.hidden
    assert shape.linear + shape.other + biases == sum(p.numel() for p in model.parameters())
    adapted = get_peft_model(model, LoraConfig(r=8, target_modules="all-linear"))
    assert shape.adapter(8) == sum(p.numel() for p in adapted.parameters() if p.requires_grad)


def kept_bytes(method, dtype, dropout=0.0, checkpointing=False, layers=3):
    """What torch really keeps for the backward pass, each storage once, weights left out."""
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {k: v for k, v in SMALL.items() if k != "model_type"} | {"num_hidden_layers": layers}
    model = LlamaForCausalLM(LlamaConfig(**sizes))
    if method == "lora":
        adapter = LoraConfig(r=8, lora_dropout=dropout, target_modules="all-linear")
        model = get_peft_model(model.to(getattr(torch, dtype)), adapter)
    if checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    ids, weights = torch.randint(0, 1000, (2, 512)), {p.data_ptr() for p in model.parameters()}
    kept = {}

    def note(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
        model.train()(input_ids=ids, labels=ids[:, -200:], logits_to_keep=200, use_cache=False)
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize(
    ("method", "dtype", "dropout"),
    [(*each, 0.0) for each in METHODS] + [(*each, 0.1) for each in METHODS[:2]],
)
def test_activations_are_what_torch_keeps(method, dtype, dropout):
    """Of the whole pass, and to one in a hundred of a layer by itself."""
    values = {"method": method, "dtype": dtype, "dropout": dropout}

    def copies(config):  # of float32 weights under autocast: they count as weights
        shape = Shape.of(config)
        return 2 * (shape.linear + shape.other) if values == FULL_BF16 else 0

    log_probabilities = 4 * 2 * 200 * SMALL["vocab_size"]
    whole = kept_bytes(**values) - log_probabilities - copies(SMALL)
    assert estimate(**values).activations == pytest.approx(whole, rel=0.06)
    less = {**SMALL, "num_hidden_layers": 1}
    layers = kept_bytes(**values) - kept_bytes(**values, layers=1) - copies(SMALL) + copies(less)
    predicted = estimate(**values).activations - estimate(less, **values).activations
    assert predicted == pytest.approx(layers, rel=0.01)


def test_gradient_checkpointing_keeps_the_stream_between_layers():
    got = kept_bytes("lora", "bfloat16", 0.0, checkpointing=True) - 4 * 2 * 200 * 1000
    predicted = estimate(gradient_checkpointing=True).activations
    one_layer = (estimate().activations - 2 * 512 * 4 * 64) // 3  # computed again, in the backward
    assert predicted - one_layer == pytest.approx(got, rel=0.06)


def test_the_sizes_of_a_seven_billion_model_are_the_published_ones():
    """7.62 B weights; 15.2 GB in bfloat16; about 5.4 GB as NF4 with its 16-bit embeddings."""
    weights = Shape.of(QWEN_7B).linear + Shape.of(QWEN_7B).other
    assert weights == pytest.approx(7.62e9, rel=0.005)
    lora, qlora = (estimate(QWEN_7B, method=m, device="cuda") for m in ("lora", "qlora"))
    assert lora.weights == pytest.approx(15.2e9, rel=0.02)
    assert qlora.weights == pytest.approx(5.5e9, rel=0.03)
    full = estimate(QWEN_7B, method="full", device="cuda")
    assert full.weights + full.gradients + full.optimizer == pytest.approx(18 * weights)


def test_the_peak_has_no_part_twice():
    for method, dtype in METHODS:
        got = estimate(method=method, dtype=dtype)
        parts = asdict(got)
        assert max(parts.values()) < got.peak <= sum(parts.values())


def test_more_of_anything_needs_more():
    base = estimate(QWEN_7B, device="cuda")
    for more in ({"tokens": 600}, {"answer_tokens": 300}, {"batch_size": 3}, {"dropout": 0.1}):
        assert estimate(QWEN_7B, device="cuda", **more).peak > base.peak
    for less in ({"gradient_checkpointing": True}, {"method": "qlora"}):
        assert estimate(QWEN_7B, device="cuda", **less).peak < base.peak
    assert estimate().runtime == RUNTIME["cpu"]


def test_another_architecture_is_refused():
    with pytest.raises(ValueError, match="no hidden_size, intermediate_size"):
        Shape.of({"vocab_size": 10, "num_hidden_layers": 1, "num_attention_heads": 1})


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize(
    ("method", "batch", "checkpointing", "dtype"),
    itertools.product(["lora", "full", "qlora"], [1, 8], [False, True], ["float32", "bfloat16"]),
)
def test_there_are_always_three_suggestions(device, method, batch, checkpointing, dtype):
    asked = options(
        method=method, batch_size=batch, gradient_checkpointing=checkpointing, dtype=dtype
    )
    got = suggestions(QWEN_7B, asked, 2048, device)
    assert len(got) == len(set(got)) == 3
    if batch > 1 and method != "full":  # there the optimizer is most of it
        assert got[0].startswith("batch_size: 4 with accumulation: 2, the same result (about ")
    assert not any("qlora" in line for line in got if device == "cpu" or method == "qlora")
    assert not any("gradient_checkpointing" in line for line in got if checkpointing)


def test_a_suggestion_says_what_the_estimate_says():
    first = suggestions(QWEN_7B, options(batch_size=2), 2048, "cuda")[0]
    peaks = [estimate(QWEN_7B, 2048, 1024, "cuda", batch_size=size).peak / GIB for size in (2, 1)]
    assert first.endswith(f"(about {peaks[0] - peaks[1]:.1f} GiB less)")


def test_suggestions_without_an_estimate_have_no_numbers():
    got = suggestions({}, options(), 512, "cpu")
    assert len(got) == 3 and "GiB" not in " ".join(got)

"""An adapter joined to its base computes what PEFT computes."""

import pytest
import torch
from peft import LoraConfig, get_peft_model

from churnlens.models.joined import join_adapter
from churnlens.models.loading import load_causal_lm, refuse_adapter
from churnlens.models.lock import ModelError

IDS = torch.arange(3, 27).reshape(2, 12)


def adapted(path, dtype, bias=False):
    model = load_causal_lm(path, dtype)
    if bias:  # Qwen2 has some
        for layer in model.model.layers:
            plain = layer.self_attn.q_proj
            plain.bias = torch.nn.Parameter(
                torch.randn(plain.out_features, dtype=plain.weight.dtype)
            )
    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, config, autocast_adapter_dtype=False)
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # which starts at zero
            torch.nn.init.normal_(weight, std=0.2)
    return model.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("dtype", "within"), [("float32", 1e-4), ("bfloat16", 0.05)])
def test_a_joined_adapter_gives_the_same_logits(tiny_lm, dtype, within, bias):
    model = adapted(tiny_lm, dtype, bias)
    with torch.inference_mode():
        before = model(IDS).logits.float()
        after = join_adapter(model)(IDS).logits.float()
        base = load_causal_lm(tiny_lm, dtype)(IDS).logits.float()
    spread = base.std()
    assert (before - after).abs().max() < within * spread
    assert (before - base).abs().max() > 0.2 * spread, "the adapter does something"


def test_every_adapted_layer_is_joined_and_frozen(tiny_lm):
    model = join_adapter(adapted(tiny_lm, "float32"))
    joined = [name for name, _ in model.named_parameters() if "lora_" in name]
    assert len(joined) == 7 * len(model.model.layers)
    assert not any(p.requires_grad for name, p in model.named_parameters() if "_proj" in name)
    with pytest.raises(ModelError, match="with an adapter"):
        refuse_adapter(model)


def test_quantised_layers_stay_as_they_are(tiny_lm):
    pytest.importorskip("bitsandbytes")
    model = join_adapter(adapted(tiny_lm, "nf4"))
    assert hasattr(model.model.layers[0].self_attn.q_proj, "lora_A")

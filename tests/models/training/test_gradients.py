"""The check finds the real fault of 4-bit layers on a CPU, and lets sound models pass."""

import warnings

import pytest
import torch

from churnlens.models.loading import load_tokenizer
from churnlens.models.training.batches import collate
from churnlens.models.training.fit import load_for_training
from churnlens.models.training.gradients import GradientError, check_gradients
from churnlens.models.training.rows import encode_rows
from models.tiny import make_tokenizer
from models.training.samples import OPTIONS, TRAINING


@pytest.fixture(scope="module")
def wide_lm(tmp_path_factory):
    """A model whose layers are wide enough for 4-bit blocks."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder, tokenizer = tmp_path_factory.mktemp("wide"), make_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def batch(wide_lm):
    return collate(encode_rows(TRAINING[:2], load_tokenizer(wide_lm), 128), pad=2)


def load(path, **values):
    return load_for_training(path, OPTIONS.model_copy(update=values))


@pytest.mark.parametrize(
    "values", [{}, {"dtype": "bfloat16"}, {"method": "full"}, {"method": "qlora"}]
)
def test_a_sound_model_passes_and_keeps_no_gradient(wide_lm, batch, values):
    model = load(wide_lm, **values)
    check_gradients(model, batch)
    assert all(p.grad is None for p in model.parameters())


def test_four_bit_layers_after_a_validation_on_a_cpu_are_found(wide_lm, batch):
    model = load(wide_lm, method="qlora")
    model.eval()
    with torch.no_grad():
        model(**batch)
    model.train()
    with warnings.catch_warnings(), pytest.raises(GradientError) as caught:
        warnings.simplefilter("ignore")
        check_gradients(model, batch)
    assert "14 quantised layers give wrong gradients" in str(caught.value)
    assert "method lora" in str(caught.value)


def test_gradients_that_are_missing_or_not_finite_are_found(wide_lm, batch):
    stuck = load(wide_lm)
    stuck.requires_grad_(False)
    next(p for n, p in stuck.named_parameters() if "lora_A" in n).requires_grad_(True)
    with pytest.raises(GradientError, match="0 trained tensors get no finite gradient .* and 0"):
        check_gradients(stuck, batch)  # behind a B of zeros nothing moves
    broken = load(wide_lm)
    with torch.no_grad():
        next(p for n, p in broken.named_parameters() if "lora_A" in n).fill_(torch.inf)
    with pytest.raises(GradientError, match="get no finite gradient"):
        check_gradients(broken, batch)

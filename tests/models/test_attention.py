"""One query a text sees what torch's own attention shows it; everything else is torch's own."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from churnlens.models import attention
from churnlens.models.attention import attend_with_one_query

HEADS = 6


def both(rows, groups, tokens, seen, dtype, queries=1, seed=0, scaling=None):
    made = torch.Generator().manual_seed(seed)
    query = torch.randn(rows, HEADS, queries, 8, generator=made).to(dtype)
    key, value = (torch.randn(rows, groups, tokens, 8, generator=made).to(dtype) for _ in range(2))
    mask = torch.ones(rows, 1, queries, tokens, dtype=torch.bool) if seen is not None else None
    for row in range(rows if mask is not None else 0):
        mask[row, ..., : min(seen * row, tokens - 1)] = False
    module = SimpleNamespace(num_key_value_groups=HEADS // groups, is_causal=True)
    given_ = (module, query, key, value, mask)
    ours, _ = attention._attend(*given_, scaling=scaling)
    theirs, _ = sdpa_attention_forward(*given_, scaling=scaling)
    return ours, theirs


@given(
    st.integers(1, 5),
    st.sampled_from([1, 2, 6]),
    st.integers(1, 40),
    st.sampled_from([None, 0, 3]),
    st.sampled_from([None, 0.3]),
    st.integers(0, 99),
)
def test_a_query_sees_what_torch_shows_it(rows, groups, tokens, seen, scaling, seed):
    ours, theirs = both(rows, groups, tokens, seen, torch.float32, seed=seed, scaling=scaling)
    assert ours.shape == theirs.shape
    assert torch.allclose(ours, theirs, atol=1e-6)
    ours, theirs = both(rows, groups, tokens, seen, torch.bfloat16, seed=seed, scaling=scaling)
    assert ours.dtype == torch.bfloat16
    assert torch.allclose(ours.float(), theirs.float(), atol=0.05)


def test_values_may_be_of_another_size_than_keys():
    query, key, value = torch.randn(2, 6, 1, 8), torch.randn(2, 2, 9, 8), torch.randn(2, 2, 9, 5)
    module = SimpleNamespace(num_key_value_groups=3, is_causal=True)
    ours, _ = attention._attend(module, query, key, value, None)
    theirs, _ = sdpa_attention_forward(module, query, key, value, None)
    assert ours.shape == theirs.shape == (2, 1, 6, 5)
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_several_queries_are_torchs_own():
    ours, theirs = both(2, 2, 9, 3, torch.float32, queries=4)
    assert torch.equal(ours, theirs)


@pytest.fixture
def model():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=90,
        hidden_size=48,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=6,
        num_key_value_heads=2,
        eos_token_id=None,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).eval()


def test_a_model_writes_the_same_with_it(model, monkeypatch):
    ids = torch.tensor([[0, 0, 5, 6, 7], [1, 2, 3, 4, 8]])
    mask = (ids != 0).long()
    expected = model.generate(
        input_ids=ids, attention_mask=mask, max_new_tokens=12, do_sample=False
    )
    asked = []
    whole = attention._attend
    monkeypatch.setattr(
        attention, "_attend", lambda *a, **k: asked.append(a[1].shape[2]) or whole(*a, **k)
    )
    attend_with_one_query(model)
    got = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=12, do_sample=False)
    assert torch.equal(got, expected)
    assert asked == [5, 5] + [1, 1] * 11


def test_another_kind_of_attention_is_left_as_it_is(model):
    model.set_attn_implementation("eager")
    attend_with_one_query(model)
    assert model.config._attn_implementation == "eager"

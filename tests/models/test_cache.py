"""The roomy cache holds what transformers' own holds, whatever is done to it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, LlamaConfig, MistralConfig

from churnlens.models.cache import ROOM, roomy_cache

CONFIG = LlamaConfig(
    hidden_size=16, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2
)


def states(rows, tokens, seed):
    made = torch.Generator().manual_seed(seed)
    return [torch.randn(rows, 2, tokens, 4, generator=made) for _ in range(2)]


def same(one, other):
    for first, second in zip(one.layers, other.layers, strict=True):
        assert first.get_seq_length() == second.get_seq_length()
        if first.get_seq_length():
            assert torch.equal(first.keys, second.keys)
            assert torch.equal(first.values, second.values)


@given(
    st.lists(st.sampled_from([1, 2, 7, ROOM - 1, ROOM, 3 * ROOM]), max_size=6), st.integers(0, 4)
)
def test_it_holds_what_the_common_one_holds(lengths, repeated_after):
    roomy, common, rows = roomy_cache(CONFIG), DynamicCache(config=CONFIG), 2
    for number, tokens in enumerate(lengths):
        if number == repeated_after:
            for cache in (roomy, common):
                cache.batch_repeat_interleave(3)
            rows *= 3 if roomy.get_seq_length() else 1
        for layer in range(2):
            new = states(rows, tokens, seed=10 * number + layer)
            got, expected = roomy.update(*new, layer), common.update(*new, layer)
            assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
        same(roomy, common)


def test_a_new_token_moves_nothing():
    cache = roomy_cache(CONFIG)
    cache.update(*states(2, 5, 1), 0)
    before = cache.layers[0].keys.data_ptr()
    for number in range(ROOM):
        cache.update(*states(2, 1, number), 0)
    assert cache.layers[0].keys.data_ptr() == before
    cache.update(*states(2, 1, 0), 0)
    assert cache.layers[0].keys.data_ptr() != before


def test_what_was_returned_earlier_is_not_changed():
    cache = roomy_cache(CONFIG)
    first, _ = cache.update(*states(1, 3, 1), 0)
    kept = first.clone()
    cache.update(*states(1, 2, 2), 0)
    assert torch.equal(first, kept)


def test_layers_with_a_window_stay_as_they_are():
    config = MistralConfig(hidden_size=16, num_hidden_layers=1, sliding_window=4)
    kinds = [type(layer) for layer in roomy_cache(config).layers]
    assert kinds == [type(layer) for layer in DynamicCache(config=config).layers]


@pytest.mark.parametrize("rows", [1, 3])
def test_a_model_writes_the_same_with_either(tiny_lm, rows):
    from churnlens.models.loading import load_causal_lm

    model = load_causal_lm(tiny_lm, "float32")
    ids = torch.randint(3, 300, (rows, 9), generator=torch.Generator().manual_seed(rows))
    texts = [
        model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            past_key_values=cache,
            max_new_tokens=30,
            do_sample=False,
        ).tolist()
        for cache in (roomy_cache(model.config), DynamicCache(config=model.config))
    ]
    assert texts[0] == texts[1]

"""The roomy cache holds what transformers' own holds, whatever is done to it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import DynamicCache, LlamaConfig, MistralConfig

from churnlens.models.attention import attend_with_one_query
from churnlens.models.cache import ROOM, STEP, is_whole, join_caches, roomy_cache, with_room

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
            for one, other in zip(got, expected, strict=True):
                assert torch.equal(one, other)
                roomier, held = with_room(one), one.shape[-2]
                assert torch.equal(roomier[:, :, :held], other)
                assert (roomier[:, :, held:] == 0).all()
                assert roomier.is_contiguous() and roomier.shape[-2] % STEP == 0
                assert 0 <= roomier.shape[-2] - held < ROOM + STEP
        same(roomy, common)


def test_a_new_token_moves_nothing():
    cache = roomy_cache(CONFIG)
    cache.update(*states(2, 5, 1), 0)
    before = cache.layers[0].keys.data_ptr()
    for number in range(ROOM):
        cache.update(*states(2, 1, number), 0)
    assert cache.layers[0].keys.data_ptr() == before
    for number in range(STEP):
        cache.update(*states(2, 1, number), 0)
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


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_model_writes_the_same_with_either(tiny_lm, rows, quick):
    from churnlens.models.loading import load_causal_lm

    model = load_causal_lm(tiny_lm, "float32")
    ids = torch.randint(3, 300, (rows, 9), generator=torch.Generator().manual_seed(rows))
    mask = torch.ones_like(ids)
    mask[0, : 2 * (rows - 1)] = 0
    texts = []
    for cache in (DynamicCache(config=model.config), roomy_cache(model.config)):
        made = model.generate(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            max_new_tokens=100,
            do_sample=False,
        )
        texts.append(made.tolist())
        if quick:
            attend_with_one_query(model)
    assert texts[0] == texts[1]


def test_states_of_another_cache_have_no_room():
    (state, _) = states(1, 3, 0)
    assert with_room(state) is state


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=4))
def test_joined_caches_hold_the_rows_of_all_with_padding_in_front(shapes):
    caches = [roomy_cache(CONFIG) for _ in shapes]
    held = []
    for number, (cache, (rows, tokens)) in enumerate(zip(caches, shapes, strict=True)):
        held.append([states(rows, tokens, 10 * number + layer) for layer in range(2)])
        for layer in range(2):
            cache.update(*held[-1][layer], layer)
    width = max(tokens for _, tokens in shapes)
    joined = join_caches(caches, CONFIG)
    assert joined.get_seq_length() == width
    for layer in range(2):
        first = 0
        for (rows, tokens), own in zip(shapes, held, strict=True):
            kept = joined.layers[layer].keys[first : first + rows, :, width - tokens :]
            assert torch.equal(kept, own[layer][0])
            first += rows
        new = states(first, 1, 99)
        keys, values = joined.update(*new, layer)
        assert torch.equal(keys[:, :, -1:], new[0])
        assert torch.equal(values[:, :, -1:], new[1])


def test_empty_caches_join_to_an_empty_one():
    assert join_caches([roomy_cache(CONFIG), roomy_cache(CONFIG)], CONFIG).get_seq_length() == 0


def test_only_layers_that_keep_all_can_be_joined():
    assert is_whole(roomy_cache(CONFIG))
    assert not is_whole(roomy_cache(MistralConfig(num_hidden_layers=2, sliding_window=4)))

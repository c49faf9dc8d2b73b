from collections import Counter

import numpy as np
import pytest
import torch

from churnlens.models.heads.batches import NoisyRows, class_weights, collate, epoch_order
from churnlens.models.heads.neighbours import token_neighbours


def rows(labels, k=3):
    return [
        {
            "key": str(n),
            "input_ids": [5 + at for at in range(1 + n % 7)],
            "label": tuple(np.eye(k)[label]),
        }
        for n, label in enumerate(labels)
    ]


SKEWED = rows([0] * 90 + [1] * 9 + [2])
EVEN = None


def test_weights_make_classes_equal_and_rows_one_on_average():
    weights = class_weights(SKEWED)
    counts = np.array([90, 9, 1])
    assert np.ptp(weights * counts) == pytest.approx(0)
    assert (weights * counts).sum() == pytest.approx(100)
    assert class_weights(rows([0, 0, 1])).tolist() == [0.75, 1.5, 1]  # the third is unknown


def test_an_epoch_has_every_row_once_in_batches_of_one_length():
    order = epoch_order(SKEWED, EVEN, 8, seed=1, epoch=0)
    assert sorted(order) == list(range(100))
    lengths = np.array([len(SKEWED[at]["input_ids"]) for at in order])
    assert np.ptp(lengths[:96].reshape(-1, 8), axis=1).mean() < 1
    assert order == epoch_order(SKEWED, EVEN, 8, seed=1, epoch=0)
    assert order != epoch_order(SKEWED, EVEN, 8, seed=1, epoch=1)
    assert order != epoch_order(SKEWED, EVEN, 8, seed=2, epoch=0)


def test_drawing_by_weight_makes_classes_as_frequent():
    drawn = [epoch_order(SKEWED, class_weights(SKEWED), 8, 1, epoch) for epoch in range(30)]
    assert {len(each) for each in drawn} == {100}
    counts = Counter(SKEWED[at]["label"].index(1) for each in drawn for at in each)
    assert all(abs(counts[label] - 1000) < 120 for label in range(3))


def test_a_batch_is_filled_up_on_the_right_and_weighs_its_rows():
    batch = collate([SKEWED[0], SKEWED[3], SKEWED[95]], 1, class_weights(SKEWED))
    assert batch["input_ids"].tolist()[0] == [5, 1, 1, 1, 1]
    assert batch["attention_mask"].sum(1).tolist() == [1, 4, 5]
    assert batch["weights"].tolist() == pytest.approx([100 / 270, 100 / 270, 100 / 27])
    assert batch["labels"].dtype == torch.float32


def noisy(shares, near=None, seed=1, epoch=0):
    made = NoisyRows(SKEWED, shares, 99, near or {}, frozenset({5}), seed)
    return [made[place, epoch] for place in range(len(made))]


def test_noise_is_a_function_of_seed_epoch_and_place():
    assert noisy((0, 0)) == SKEWED
    first = noisy((0.5, 0))
    assert first == noisy((0.5, 0)) != SKEWED
    assert noisy((0.5, 0), epoch=1) != first != noisy((0.5, 0), seed=2)


def test_masks_have_their_share_and_spare_special_tokens():
    before = [token for row in SKEWED for token in row["input_ids"]]
    after = [token for row in noisy((0.3, 0)) for token in row["input_ids"]]
    changed = [a for a, b in zip(after, before, strict=True) if a != b]
    assert set(changed) == {99}
    open_to_it = sum(token != 5 for token in before)
    assert len(changed) / open_to_it == pytest.approx(0.3, abs=0.07)
    assert all(a == 5 for a, b in zip(after, before, strict=True) if b == 5)


def test_synonyms_are_neighbours():
    after = [token for row in noisy((0, 0.5), {6: [50, 51]}) for token in row["input_ids"]]
    assert {50, 51} < set(after) and after.count(6) > 0


def test_neighbours_are_near_in_the_embedding(tiny_encoder):
    from safetensors.torch import load_file

    tokens = sorted({t for row in SKEWED for t in row["input_ids"]})
    weights = load_file(tiny_encoder / "model.safetensors")
    (name,) = [each for each in weights if each.endswith("word_embeddings.weight")]
    vectors = torch.nn.functional.normalize(weights[name][tokens], dim=1)
    cosines = (vectors @ vectors.T).fill_diagonal_(-1)
    near = token_neighbours(tiny_encoder, SKEWED, count=2, least=-1)
    for place, token in enumerate(tokens):
        assert near[token] == [tokens[at] for at in cosines[place].topk(2).indices]
    assert token_neighbours(tiny_encoder, SKEWED, least=1.1) == {}


def test_a_model_without_an_embedding_is_named(tmp_path):
    with pytest.raises(ValueError, match="set synonyms to 0"):
        token_neighbours(tmp_path, SKEWED)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.models.heads.rows import encode_texts, shared, try_encode
from churnlens.models.loading import load_tokenizer
from churnlens.models.training.faults import TrainingError, stop_at
from models.heads.samples import change, row


@pytest.fixture(scope="module")
def tokenizer(tiny_encoder):
    return load_tokenizer(tiny_encoder)


@pytest.mark.parametrize(
    ("label", "kind", "expected"),
    [
        (2, "classification", (0, 0, 1)),
        (np.int64(0), "ordinal", (1, 0, 0)),
        ([0.25, 0.75, 0], "ordinal", (0.25, 0.75, 0)),
        (2.5, "regression", (2.5,)),
        (3, "ordinal", "no such class"),
        (-1, "ordinal", "no such class"),
        (0.5, "classification", "no such class"),
        ([0.5, 0.4, 0], "ordinal", "shares that are none"),
        ([0.5, 0.5], "ordinal", "shares that are none"),
        ([1.5, -0.5, 0], "ordinal", "shares that are none"),
        ([1.0, 2.0], "regression", "not one number as label"),
        (float("nan"), "regression", "not a row of text and label"),
        ("2", "classification", "not a row of text and label"),
        (None, "classification", "not a row of text and label"),
        ([], "classification", "not a row of text and label"),
    ],
)
def test_labels(tokenizer, label, kind, expected):
    given_row = {"id": 7, "text": "the bill", "label": label}
    encoded, faults = try_encode([given_row], tokenizer, change(kind=kind))
    if isinstance(expected, str):
        assert [(f.kind, f.key) for f in faults] == [(expected, "row 1")] and not encoded
    else:
        assert not faults
        assert (encoded[0]["key"], encoded[0]["label"]) == ("7", expected)


def test_every_fault_of_every_row_is_told(tokenizer):
    bad = [row(1), row(1), {"id": "a"}, {"id": "", "text": "x", "label": 1}, "no row", row(2, 9)]
    _, faults = try_encode(bad, tokenizer, change())
    assert [fault.kind for fault in faults] == [
        "the same id twice",
        *["not a row of text and label"] * 3,
        "no such class",
    ]
    assert try_encode([], tokenizer, change())[1][0].kind == "no rows"


def test_the_same_text_may_be_on_both_sides_but_not_the_same_row(tokenizer):
    one, _ = try_encode([row(1)], tokenizer, change())
    other, _ = try_encode([{**row(1), "id": "other"}], tokenizer, change())
    assert not shared(one, other)
    assert [fault.key for fault in shared(one, one)] == ["t1"]


def test_long_ids_that_begin_alike_are_different_rows(tokenizer):
    name = "conversation-550e8400-e29b-41d4-a716-446655440000"
    rows = [{**row(n), "id": f"{name}#{n}"} for n in (1, 2)]
    encoded, faults = try_encode(rows, tokenizer, change())
    assert not faults and len(encoded) == 2
    assert not shared(encoded[:1], encoded[1:])
    with pytest.raises(TrainingError) as told:
        stop_at(shared(encoded, encoded))
    assert name[:40] in str(told.value) and name not in str(told.value)


def test_of_a_long_text_the_end_is_kept(tokenizer):
    (ids,) = encode_texts(["why " * 50 + "never"], tokenizer, 12)
    whole = tokenizer("why " * 50 + "never")["input_ids"]
    assert len(ids) == 12 and ids[-5:] == whole[-5:]


@given(st.lists(st.text(), max_size=5))
def test_any_text_has_tokens(tokenizer, texts):
    rows = encode_texts(texts, tokenizer, 16)
    assert len(rows) == len(texts)
    assert all(1 <= len(ids) <= 16 for ids in rows)

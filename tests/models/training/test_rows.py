"""Masking against the template itself, and every fault at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.models.generation import Generator, Message
from churnlens.models.training.faults import Fault, TrainingError, stop_at
from churnlens.models.training.rows import (
    IGNORED,
    EncodedRow,
    check_encoded,
    encode_rows,
    same_ids,
    shared,
    try_encode,
)
from models.tiny import make_tokenizer
from models.training.samples import TRAINING, row

TOKENIZER = make_tokenizer()
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40).filter(
    str.strip
)


def learned(encoded):
    return TOKENIZER.decode([label for label in encoded.labels if label != IGNORED])


@given(TEXT, TEXT)
def test_exactly_the_answer_and_its_end_are_learned(question, answer):
    [encoded] = encode_rows([row(1, question, answer)], TOKENIZER, 1000)
    assert learned(encoded) == answer + "<|im_end|>"
    whole = TOKENIZER.apply_chat_template(row(1, question, answer)["messages"], tokenize=False)
    assert TOKENIZER.decode(encoded.input_ids) + "\n" == whole


def test_a_tampered_label_is_seen():
    [encoded] = encode_rows([row(1)], TOKENIZER, 128)
    for at in range(len(encoded.labels)):
        labels = list(encoded.labels)
        labels[at] = labels[at] + 1 if labels[at] != IGNORED else encoded.input_ids[at]
        changed = EncodedRow("q1", encoded.input_ids, tuple(labels))
        assert learned(changed) != learned(encoded)
    labels[at] = 7 if labels[at] != 7 else 8
    changed = EncodedRow("q1", encoded.input_ids, tuple(labels))
    assert [f.kind for f in check_encoded([changed], 128)] == ["labels that are not the tokens"]


def test_labels_are_one_run_at_the_end():
    for encoded in encode_rows(TRAINING, TOKENIZER, 128):
        first = next(i for i, label in enumerate(encoded.labels) if label != IGNORED)
        assert encoded.labels[first:] == encoded.input_ids[first:]
        assert len(encoded.labels) == len(encoded.input_ids)


def test_the_prompt_is_the_one_of_generation(tiny_lm):
    generator = Generator(tiny_lm)
    for given_row, encoded in zip(TRAINING, encode_rows(TRAINING, TOKENIZER, 128), strict=True):
        prompt = generator._encode([Message(**m) for m in given_row["messages"][:-1]])
        assert list(encoded.input_ids[: len(prompt)]) == prompt
        assert encoded.labels[len(prompt) - 1] == IGNORED != encoded.labels[len(prompt)]


def test_only_the_last_answer_of_a_dialogue_is_learned():
    turns = [{"role": "user", "content": "why"}, {"role": "assistant", "content": "the bill"}]
    [encoded] = encode_rows(
        [{"id": "d", "messages": turns + row(3)["messages"][1:]}], TOKENIZER, 200
    )
    assert learned(encoded) == row(3)["messages"][-1]["content"] + "<|im_end|>"


def test_the_longest_row_that_fits_is_kept_and_one_token_more_is_not():
    [encoded] = encode_rows([row(1)], TOKENIZER, 128)
    length = len(encoded.input_ids)
    assert encode_rows([row(1)], TOKENIZER, length) == [encoded]
    with pytest.raises(TrainingError) as caught:
        encode_rows([row(1)], TOKENIZER, length - 1)
    learned_tokens = sum(label != IGNORED for label in encoded.labels)
    assert (
        f"q1: {length} tokens ({learned_tokens} of them answer), expected at most {length - 1}"
        in str(caught.value)
    )


def without(given_row, **changes):
    return {**given_row, **changes}


SECRET = "4711-secret"
BAD = {
    "not a row of messages": [
        {"id": "b1", "messages": SECRET},
        {"id": "b2", "messages": [{"role": "poet", "content": SECRET}]},
        {"id": "b3", "messages": [{"role": "user", "content": 7}]},
        [SECRET],
    ],
    "no assistant turn at the end": [{"id": "b4", "messages": row(1)["messages"][:2]}],
    "empty answer": [without(row(1, SECRET, " \n "), id="b5")],
    "nothing to answer": [{"id": "b6", "messages": [{"role": "assistant", "content": SECRET}]}],
    "special tokens in the text": [
        without(row(1, f"{SECRET}<|im_end|>\n<|im_start|>system"), id="b7")
    ],
    "does not fit": [without(row(1, "bill " * 3000), id="b8")],
    "the same id twice": [row(5), row(5)],
}


def test_every_fault_of_every_row_is_told_at_once_without_a_word_of_the_rows():
    everything = [each for bad in BAD.values() for each in bad]
    with pytest.raises(TrainingError) as caught:
        encode_rows(everything, TOKENIZER, 128)
    text = str(caught.value)
    for kind in BAD:
        assert f"- {kind} (" in text
    for key in ["b1", "b2", "b3", "row 4", "b4", "b5", "b6", "b7", "b8", "q5"]:
        assert key in text
    assert text.count("Next: ") == len(BAD)
    assert SECRET not in text


@pytest.mark.parametrize("kind", BAD)
def test_each_fault_is_found_alone(kind):
    encoded, faults = try_encode(BAD[kind], TOKENIZER, 128)
    assert {fault.kind for fault in faults} == {kind}
    assert len(encoded) == (2 if kind == "the same id twice" else 0)


def test_no_rows_are_a_fault():
    assert [f.kind for f in try_encode([], TOKENIZER, 128)[1]] == ["no rows"]


def test_labels_that_are_all_masked_are_a_fault():
    [encoded] = encode_rows([row(1)], TOKENIZER, 128)
    masked = EncodedRow("q1", encoded.input_ids, (IGNORED,) * len(encoded.labels))
    assert [f.kind for f in check_encoded([masked], 128)] == ["no token is trained on"]
    assert check_encoded([encoded], 128) == []


def test_a_template_that_strips_the_answer_is_a_fault():
    stripping = make_tokenizer()
    stripping.chat_template = stripping.chat_template.replace("m['content']", "m['content'] | trim")
    kinds = [f.kind for f in try_encode([row(1, answer=" the bill ")], stripping, 128)[1]]
    assert kinds == ["the template changes the answer"]
    assert encode_rows([row(1)], stripping, 128)


def test_a_model_without_a_template_is_a_fault():
    bare = make_tokenizer()
    bare.chat_template = None
    assert [f.kind for f in try_encode([row(1)], bare, 128)[1]] == ["no chat template"]


def test_a_template_without_an_end_token_is_a_fault():
    endless = make_tokenizer()
    endless.chat_template = endless.chat_template.replace("<|im_end|>", "")
    [fault] = try_encode([row(1)], endless, 128)[1]
    assert fault.detail == "no end token behind it"


def test_rows_in_both_splits_are_found_by_prompt_whatever_the_answer():
    training = encode_rows([row(1), row(2)], TOKENIZER, 128)
    again = [{**row(1), "id": "same"}, {**row(2, answer="another"), "id": "asked"}, row(3)]
    validation = encode_rows(again, TOKENIZER, 128)
    assert [f.key for f in shared(training, validation)] == ["same", "asked"]


def test_an_id_in_both_splits_is_found_though_its_row_is_at_fault():
    training = [row(1), without(row(2), messages=None), {"messages": []}, ["no row"]]
    validation = [row(2), row(3), {"messages": []}]
    assert [f.key for f in same_ids(training, validation)] == ["q2"]


def test_a_row_too_long_is_told_beside_its_other_faults():
    _, faults = try_encode([row(1, "bill " * 3000, " ")], TOKENIZER, 128)
    assert [fault.kind for fault in faults] == ["empty answer", "does not fit"]
    assert "expected at most 128" in faults[1].detail


def test_a_message_is_bounded_whatever_the_number_of_faults():
    with pytest.raises(TrainingError) as caught:
        stop_at([Fault("empty answer", f"q{i}") for i in range(900)], ["another reason"])
    assert "empty answer (900): q0; q1; q2; q3; q4 and 895 more" in str(caught.value)
    assert "- another reason" in str(caught.value) and len(str(caught.value)) < 400
    assert stop_at([]) is None

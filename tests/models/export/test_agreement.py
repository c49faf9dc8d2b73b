"""The comparison itself: it must see a small difference, and a text that ends elsewhere."""

import pytest
import torch

from churnlens.models.export.agreement import (
    NEW_TOKENS,
    TOLERANCE,
    Agreement,
    Outputs,
    compare,
    encode,
    load_on_cpu,
    outputs,
    require,
)
from churnlens.models.export.report import ExportError
from churnlens.models.generation import Message
from churnlens.models.loading import ends_of, load_tokenizer


@pytest.fixture(scope="module")
def lm(tiny_lm):
    return load_on_cpu(tiny_lm), load_tokenizer(tiny_lm)


def nudged(model, name, by):
    """The same model with one weight moved."""
    parameter = model.get_parameter(name)
    with torch.no_grad():
        parameter[0, 0] += by
    return parameter


def test_a_model_agrees_with_itself_and_batches_do_not_matter(lm, prompts):
    whole = outputs(*lm, prompts)
    assert compare(whole, outputs(*lm, prompts)) == Agreement(0.0, 20)
    alone = [outputs(*lm, [prompt]) for prompt in prompts]
    assert [each.texts[0] for each in alone] == whole.texts
    assert len({tuple(text) for text in whole.texts}) > 5


def test_texts_are_what_greedy_steps_by_hand_give(lm, prompts):
    model, tokenizer = lm
    got = outputs(model, tokenizer, prompts[:1])
    ids = list(got.ids[0])
    assert ids == encode(tokenizer, prompts[:1], 256)[0]
    written = []
    while len(written) < NEW_TOKENS and (
        not written or written[-1] not in ends_of(model, tokenizer)
    ):
        with torch.inference_mode():
            written.append(int(model(torch.tensor([ids + written])).logits[0, -1].argmax()))
    assert got.texts[0] == written


def test_a_small_change_of_one_weight_is_seen(lm, prompts):
    expected = outputs(*lm, prompts)
    model = lm[0]
    parameter = nudged(model, "model.layers.0.mlp.down_proj.weight", 0.01)
    got = compare(expected, outputs(*lm, prompts))
    with torch.no_grad():
        parameter[0, 0] -= 0.01
    assert got.max_difference > TOLERANCE
    with pytest.raises(ExportError, match="expected at most 1e-03.*Nothing was written. Next: "):
        require(got, 20, "the merged model")


def one(logit, text):
    return Outputs([[1, 2]], [torch.tensor([[0.0, logit]])], [text])


@pytest.mark.parametrize(
    ("got", "agrees"),
    [
        (one(1.0009, [3, 2]), True),
        (one(1.0011, [3, 2]), False),
        (one(float("nan"), [3, 2]), False),
        (one(1.0, [3, 4]), False),
    ],
)
def test_the_limits(got, agrees):
    agreement = compare(one(1.0, [3, 2]), got)
    if agrees:
        require(agreement, 1, "x")
    else:
        with pytest.raises(ExportError):
            require(agreement, 1, "x")


def test_one_prompt_that_is_not_a_number_counts_wherever_it_stands():
    two = Outputs([[1]] * 2, [torch.tensor([[1.0]])] * 2, [[2]] * 2)
    for order in ([1.0, float("nan")], [float("nan"), 1.0]):
        got = Outputs([[1]] * 2, [torch.tensor([[each]]) for each in order], [[2]] * 2)
        with pytest.raises(ExportError, match="nan"):
            require(compare(two, got), 2, "x")


def test_another_tokenizer_is_refused():
    got = Outputs([[1, 3]], [torch.tensor([[0.0, 1.0]])], [[3, 2]])
    with pytest.raises(ExportError, match="prompt 0 has 2 tokens"):
        compare(one(1.0, [3, 2]), got)


def test_prompts_that_cannot_be_compared_are_refused(lm):
    with pytest.raises(ExportError, match="expected at least one"):
        outputs(*lm, [])
    with pytest.raises(ExportError, match="prompt 1 and its text need .* at most 256"):
        outputs(*lm, [[Message(role="user", content=text)] for text in ("why", "leave " * 300)])

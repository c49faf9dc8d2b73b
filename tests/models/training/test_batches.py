"""A batch gives the loss of its rows one by one, and of TRL's own trainer."""

import math

import pytest
import torch

from churnlens.models.loading import load_causal_lm, load_tokenizer
from churnlens.models.training.batches import collate
from churnlens.models.training.rows import IGNORED, encode_rows
from models.training.samples import TRAINING


@pytest.fixture(scope="module")
def encoded(tiny_lm):
    return encode_rows(TRAINING, load_tokenizer(tiny_lm), 128)


@pytest.fixture(scope="module")
def model(tiny_lm):
    return load_causal_lm(tiny_lm, "float32")


def answer_losses(model, row):
    """Minus log probability of every learned token, straight from the definition."""
    with torch.inference_mode():
        chances = model(torch.tensor([row.input_ids])).logits[0].log_softmax(-1)
    learned = [i for i, label in enumerate(row.labels) if label != IGNORED]
    return [-float(chances[i - 1, row.input_ids[i]]) for i in learned]


def test_the_loss_of_a_batch_is_the_mean_over_all_its_answer_tokens(model, encoded):
    with torch.inference_mode():
        got = float(model(**collate(encoded, pad=2)).loss)
    each = [loss for row in encoded for loss in answer_losses(model, row)]
    assert got == pytest.approx(sum(each) / len(each), abs=1e-5)


def test_padding_changes_nothing(model, encoded):
    with torch.inference_mode():
        losses = {float(model(**collate(encoded, pad=pad)).loss) for pad in (0, 2, 99)}
    assert len(losses) == 1


def test_logits_start_one_token_before_the_first_answer(encoded):
    for rows in (encoded, encoded[:1]):
        batch = collate(rows, pad=2)
        width = batch["input_ids"].shape[1]
        assert batch["labels"].shape == (len(rows), batch["logits_to_keep"])
        assert bool((batch["labels"][:, 0] == IGNORED).all())
        assert bool((batch["labels"][:, 1] != IGNORED).any())
        assert batch["logits_to_keep"] < width
        learned = [[x for x in row.labels if x != IGNORED] for row in rows]
        assert [[x for x in row.tolist() if x != IGNORED] for row in batch["labels"]] == learned


def test_trl_computes_the_same_loss_from_the_same_rows(tiny_lm, encoded, tmp_path):
    from trl import SFTConfig, SFTTrainer

    from datasets import Dataset

    data = [{"prompt": r["messages"][:-1], "completion": r["messages"][-1:]} for r in TRAINING]
    arguments = SFTConfig(
        output_dir=str(tmp_path),
        use_cpu=True,
        bf16=False,
        max_length=None,
        report_to="none",
        per_device_eval_batch_size=len(data),
        gradient_checkpointing=False,
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=load_causal_lm(tiny_lm, "float32"),
        args=arguments,
        train_dataset=Dataset.from_list(data),
        eval_dataset=Dataset.from_list(data),
        processing_class=load_tokenizer(tiny_lm),
    )
    theirs = trainer.evaluate()["eval_loss"]
    model = load_causal_lm(tiny_lm, "float32")
    # TRL also learns the line feed that the template puts behind the end token.
    feed = load_tokenizer(tiny_lm)("\n", add_special_tokens=False)["input_ids"]
    ours = []
    for row in encoded:
        longer = type(row)(row.key, (*row.input_ids, *feed), (*row.labels, *feed))
        ours += answer_losses(model, longer)
    assert math.isclose(sum(ours) / len(ours), theirs, abs_tol=1e-4)

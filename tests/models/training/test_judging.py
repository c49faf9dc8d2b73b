"""Losses of rows against the definition, in the order of the rows."""

import pytest

from churnlens.models.loading import load_tokenizer, load_tuned
from churnlens.models.lock import ModelError
from churnlens.models.training.judging import row_losses
from churnlens.models.training.rows import encode_rows
from churnlens.models.training.train import train
from models.training.samples import OPTIONS, TRAINING, VALIDATION
from models.training.test_batches import answer_losses


@pytest.fixture(scope="module")
def trained(tiny_lm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    return train(TRAINING, VALIDATION, model=tiny_lm, options=OPTIONS, checkpoints=folder)


def test_each_row_has_the_mean_over_its_answer(tiny_lm, trained):
    got = row_losses(tiny_lm, trained.folder, VALIDATION, OPTIONS)
    model = load_tuned(tiny_lm, trained.folder, "float32")
    encoded = encode_rows(VALIDATION, load_tokenizer(tiny_lm), OPTIONS.max_length)
    each = [answer_losses(model, row) for row in encoded]
    assert got == pytest.approx([sum(x) / len(x) for x in each], abs=1e-5)
    assert len(set(got)) == len(VALIDATION)
    assert row_losses(tiny_lm, trained.folder, VALIDATION[::-1], OPTIONS) == got[::-1]


def test_their_mean_is_what_the_training_called_its_best(tiny_lm, trained):
    got = row_losses(tiny_lm, trained.folder, VALIDATION, OPTIONS)
    assert sum(got) / len(got) == pytest.approx(trained.card.metrics["validation_loss"], abs=1e-4)


def test_another_base_is_refused(tiny_lm, trained, tmp_path):
    (tmp_path / "card.json").write_text('{"base_sha256": "0"}', encoding="utf-8")
    with pytest.raises(ModelError, match="made for another base"):
        row_losses(tiny_lm, tmp_path, VALIDATION, OPTIONS)


def test_an_adapter_on_four_bits_is_judged_on_four_bits(tiny_lm, trained, monkeypatch):
    from churnlens.models.training import judging

    asked = []

    def load(model, tuned, precision):
        asked.append(precision)
        return load_tuned(model, tuned, "float32")

    monkeypatch.setattr(judging, "load_tuned", load)
    for method in ("lora", "qlora"):
        options = OPTIONS.model_copy(update={"method": method})
        row_losses(tiny_lm, trained.folder, VALIDATION[:1], options)
    assert asked == ["float32", "nf4"]

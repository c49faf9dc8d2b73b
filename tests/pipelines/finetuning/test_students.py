from pathlib import Path

import pytest

from churnlens.datasets.chat_rows import ChatRowsDataset
from churnlens.models.lock import spec_of
from churnlens.models.training.faults import TrainingError
from churnlens.models.training.train import encode_splits
from churnlens.options import TrainingOptions
from churnlens.pipelines.finetuning import students
from churnlens.pipelines.finetuning.students import choose_rows, sound_rows
from models.tiny import make_tokenizer
from models.training.samples import TRAINING, VALIDATION, row
from pipelines.letters import LOCK

TOKENIZER = make_tokenizer()


@pytest.fixture(autouse=True)
def no_weights(monkeypatch):
    """Rows are checked by a tokenizer of their own."""
    monkeypatch.setattr(
        students,
        "check_rows",
        lambda learned, held_out, _, options: encode_splits(learned, held_out, TOKENIZER, options),
    )


MOST = {"training": 2, "validation": 1}


def test_a_family_gives_each_question_once_at_differing_depths_before_any_again():
    rows = [
        {"id": f"a.{n}@{depth}", "family": "a", "language": "en"}
        for n in range(4)
        for depth in (3, 5, 7)
    ]
    for most, expected in (
        (2, ["a.0@3", "a.1@5"]),
        (4, ["a.0@3", "a.1@5", "a.2@7", "a.3@3"]),
        (5, ["a.0@3", "a.1@5", "a.2@7", "a.3@3", "a.0@5"]),
    ):
        assert [row["id"] for row in choose_rows(rows, ["en"], most)] == expected
    assert {row["id"] for row in choose_rows(rows, ["en"], None)} == {row["id"] for row in rows}
    assert choose_rows(rows, ["zh"], 3) == []


def chosen(splits, most=MOST):
    options = TrainingOptions(max_length=128)
    return sound_rows(splits, spec_of(LOCK, "letters"), Path(), options, most)


def test_a_faulty_row_is_told_though_it_would_not_be_chosen():
    rows = [row(1), row(2), row(3, answer=" ")]
    with pytest.raises(TrainingError, match=r"empty answer \(1\): q3"):
        chosen({"training": rows, "validation": VALIDATION})
    foreign = [*rows[:2], {**rows[2], "language": "zh"}]
    sound = chosen({"training": foreign, "validation": VALIDATION})
    assert [each["id"] for each in sound["training"]] == ["q1", "q2"]


def test_rows_made_elsewhere_need_neither_language_nor_family(tmp_path):
    line = '{"instruction": "why %s", "input": "", "output": "the bill"}\n'
    for split, names in (("training", "abc"), ("validation", "de")):
        text = "".join(line % name for name in names)
        (tmp_path / f"{split}.jsonl").write_text(text, encoding="utf-8")
    splits = ChatRowsDataset(filepath=str(tmp_path), imported=True).load()
    got = chosen(splits)
    assert [each["id"] for each in got["training"]] == ["training-1", "training-2"]
    assert len(chosen(splits, {"training": None, "validation": None})["training"]) == 3


def test_other_rows_may_be_learned_too_and_are_checked():
    splits = {"training": TRAINING, "validation": VALIDATION, "general": [row(9, answer="")]}
    with pytest.raises(TrainingError, match="empty answer"):
        chosen(splits, {**MOST, "general": None})

"""A student of summaries learns rows in its languages; without any the reason is told first."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.io.core import DatasetError

from churnlens.options import SummaryFinetuningOptions
from churnlens.pipelines.finetuning import students
from churnlens.pipelines.finetuning.summary.nodes import train_summary_student
from pipelines.letters import LOCK

OPTIONS = SummaryFinetuningOptions(student="letters", max_rows=3, max_validation_rows=2)


def rows(language):
    return {
        split: [
            {"id": f"{split}{language}{n}", "family": f"f{n}", "language": language}
            for n in range(5)
        ]
        for split in ("training", "validation")
    }


def test_rows_are_chosen_and_given_to_the_training(monkeypatch, tmp_path):
    seen = {}

    def train(training, validation, **given):
        seen.update(given, training=training, validation=validation)
        return SimpleNamespace(folder=tmp_path / "best", history=[{"loss": 1.0}])

    monkeypatch.setattr(students, "train", train)
    monkeypatch.setattr(students, "check_rows", lambda *given: None)
    monkeypatch.setattr(students, "verify", lambda spec, root: root / spec.name)
    folder, history = train_summary_student(rows("en"), LOCK, str(tmp_path), tmp_path, OPTIONS)
    assert (folder, history) == (tmp_path / "best", [{"loss": 1.0}])
    assert (len(seen["training"]), len(seen["validation"])) == (3, 2)
    assert seen["options"] == OPTIONS and seen["model"] == tmp_path / "letters"


def test_no_row_in_a_language_of_the_student_stops_before_a_model_is_read(monkeypatch):
    monkeypatch.setattr(students, "verify", lambda spec, root: root / spec.name)
    with pytest.raises(DatasetError, match=r"rows in fr, none in a language of letters \(en\)"):
        train_summary_student(rows("fr"), LOCK, "", Path(), OPTIONS)
    with pytest.raises(DatasetError, match="got 0 training rows"):
        train_summary_student({}, LOCK, "", Path(), OPTIONS)

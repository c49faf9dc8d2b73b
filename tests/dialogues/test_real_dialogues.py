"""What the public sets hold, after reading and cleaning."""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from churnlens.datasets.raw_table import read_text
from churnlens.dialogues.agreement import krippendorff_alpha, one_against_others
from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Scale
from churnlens.dialogues.labels import mean_rating, three_class
from churnlens.dialogues.platforms import HANDLE, NUMBERED
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.splits import split_dialogues
from churnlens.privacy.redaction import redact

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
COUNTS = {  # dialogues, turns, rated turns, ratings
    "uss_satisfaction/MWOZ.txt": (1000, 22108, 11553, 40434),
    "uss_satisfaction/SGD.txt": (1000, 25666, 12833, 45686),
    "jddc_satisfaction/dialogues.jsonl": (330, 9044, 4676, 4676),
    "tweetsumm_summary/train.jsonl": (879, 8935, 0, 0),
    "tweetsumm_summary/valid.jsonl": (110, 1092, 0, 0),
    "service_zh/customer_service_demo.json": (12, 48, 0, 0),
    "service_zh/customer_service_mock.json": (80, 320, 0, 0),
    "service_zh/customer_service_train.json": (41, 164, 0, 0),
    "service_zh/train.jsonl": (54, 270, 0, 0),
    "service_zh/valid.jsonl": (11, 55, 0, 0),
    "summary_zh/four_field_examples.jsonl": (2, 15, 0, 0),
}
CHINESE = ("jddc", "service_zh", "summary_zh")


def _read(name):
    if not (REAL / name).is_file():
        pytest.skip(f"no {name} in {REAL}; set CHURNLENS_REAL_DATA to run this test")
    return read_dialogues(read_text(REAL / name), source=name)


@pytest.mark.parametrize("name", COUNTS)
def test_every_dialogue_is_read_and_cleaned(name):
    reading = _read(name)
    counts = reading.counts()
    assert not reading.faults
    assert (
        counts["dialogues"],
        counts["turns"],
        counts["rated_turns"],
        counts["ratings"],
    ) == COUNTS[name]
    assert set(counts["languages"]) == {"zh" if name.startswith(CHINESE) else "en"}
    for dialogue in reading.dialogues:
        clean = clean_dialogue(dialogue).dialogue
        rated = [turn for turn in clean.turns if turn.ratings]
        assert len(clean.turns) == len(dialogue.turns)
        assert all(turn.speaker == "customer" for turn in rated)
        for text in (*(turn.text for turn in clean.turns), *clean.references):
            assert not redact(text).counts
            assert not HANDLE.search(text)
            assert not NUMBERED.search(text)
            assert "数字x" not in text
            assert not re.search(r"__\w+__|#E-s|https?://", text)


def test_raters_of_uss():
    for name, alpha, limit in (("MWOZ", 0.210, 0.194), ("SGD", 0.262, 0.264)):
        dialogues = _read(f"uss_satisfaction/{name}.txt").dialogues
        ratings = [
            turn.ratings for dialogue in dialogues for turn in dialogue.turns if turn.ratings
        ]
        assert krippendorff_alpha(ratings) == pytest.approx(alpha, abs=5e-4)
        assert one_against_others(ratings, Scale()) == pytest.approx(limit, abs=5e-4)


def test_labels_of_jddc():
    dialogues = _read("jddc_satisfaction/dialogues.jsonl").dialogues
    turns = [turn for dialogue in dialogues for turn in dialogue.turns if turn.ratings]
    levels = Counter(three_class(mean_rating(turn.ratings), dialogues[0].scale) for turn in turns)
    assert levels == {"neutral": 2563, "dissatisfied": 1185, "satisfied": 928}


def test_no_account_is_on_two_sides():
    dialogues = [
        clean_dialogue(d).dialogue for d in _read("tweetsumm_summary/train.jsonl").dialogues
    ]
    sides = split_dialogues(dialogues, {"train": 0.8, "test": 0.2}, seed=1)
    accounts = [{d.customer for d in side} - {None} for side in sides.values()]
    assert not accounts[0] & accounts[1]
    assert sum(len(d.references) for side in sides.values() for d in side) > 2000

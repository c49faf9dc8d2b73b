"""The four tables as a whole: form, size, repeatability, customers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from churnlens.simulation import DialogueDemo, simulate_dialogues
from churnlens.simulation.dialogues.book import dialogue_book

ROOT = Path(__file__).parents[2]
TABLES = ("dialogues", "turns", "turn_truth", "dialogue_truth")
HASH = (
    "import hashlib; from churnlens.simulation import simulate_dialogues;"
    "d = simulate_dialogues(150, 3);"
    "t = d.dialogues.to_csv() + d.turns.to_csv() + d.turn_truth.to_csv() + d.dialogue_truth.to_csv();"
    "print(hashlib.sha256(t.encode()).hexdigest())"
)


def _csv(demo: DialogueDemo) -> str:
    return "".join(getattr(demo, table).to_csv() for table in TABLES)


def _by_dialogue(table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    return (rows for _, rows in table.groupby("id", sort=False))


def test_same_seed_gives_the_same_bytes_in_another_process():
    def run(hash_seed: str, locale: str) -> str:
        env = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            [sys.executable, "-c", HASH], env={**env, "LC_ALL": locale, "TZ": "Asia/Tokyo"},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

    here = hashlib.sha256(_csv(simulate_dialogues(150, 3)).encode()).hexdigest()
    assert run("1", "C") == run("2", "C.UTF-8") == here


def test_another_seed_gives_other_dialogues():
    first, second = (simulate_dialogues(40, seed) for seed in (1, 2))
    assert not set(first.dialogues.customer_id) & set(second.dialogues.customer_id)
    assert first.turns.text.tolist() != second.turns.text.tolist()


def test_defaults_are_six_hundred_dialogues():
    demo = simulate_dialogues()
    assert len(demo.dialogues) == 600
    assert _csv(demo) == _csv(simulate_dialogues(600, 7, ()))


def test_a_thousand_dialogues_take_a_few_seconds():
    began = time.process_time()
    simulate_dialogues(1000, seed=2)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("count", [0, -1, 100_001])
def test_counts_out_of_range_are_refused(count):
    with pytest.raises(ValueError, match=rf"count: got {count}, expected 1 to 100,000"):
        simulate_dialogues(count)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_dialogues(count):
    demo = simulate_dialogues(count, seed=5)
    assert len(demo.dialogues) == len(demo.dialogue_truth) == count
    assert demo.turns.id.nunique() == demo.turn_truth.id.nunique() == count


def test_tables_have_the_declared_columns(talks):
    ratings = ["mood", "satisfaction", "rating_1", "rating_2", "rating_3"]
    assert list(talks.dialogues) == [
        "id", "customer_id", "language", "scenario", "channel", "started"
    ]  # fmt: skip
    assert list(talks.turns) == ["id", "index", "speaker", "text"]
    assert list(talks.turn_truth) == [
        "id", "index", "act", "after", *ratings, "said", "complaint", "noise"
    ]  # fmt: skip
    assert list(talks.dialogue_truth) == [
        "id", "reason", "style", *ratings, "accepted", "accepted_evidence", "negative_emotion",
        "negative_emotion_evidence", "user_problem", "agent_solution", "personal_kinds",
        "personal_values", "placeholder", "canary",
    ]  # fmt: skip
    for table in TABLES:
        assert not getattr(talks, table).isna().any(axis=None)
        assert list(getattr(talks, table).index) == list(range(len(getattr(talks, table))))


def test_tables_join_by_id_and_index(talks):
    assert talks.dialogues.id.is_unique
    assert talks.dialogues.id.tolist() == talks.dialogue_truth.id.tolist()
    assert talks.turns.id.unique().tolist() == talks.dialogues.id.tolist()
    customer = talks.turns[talks.turns.speaker == "customer"][["id", "index"]]
    pd.testing.assert_frame_equal(
        customer.reset_index(drop=True), talks.turn_truth[["id", "index"]]
    )


def test_dialogues_have_four_to_twenty_turns_of_two_speakers(talks):
    sizes = talks.turns.groupby("id").size()
    assert sizes.min() == 4
    assert 15 < sizes.max() <= 20
    assert sizes.nunique() >= 14
    assert 2.5 < sizes.std() < 4.5
    for rows in _by_dialogue(talks.turns):
        assert rows["index"].tolist() == list(range(len(rows)))
        assert set(rows.speaker) == {"customer", "agent"}
        assert (rows.speaker.to_numpy()[1:] != rows.speaker.to_numpy()[:-1]).all()
    assert (talks.turns.text.str.strip().str.len() > 0).all()


def test_texts_differ(talks):
    customer = talks.turns[talks.turns.speaker == "customer"]
    first = customer.groupby("id").text.nth(0)
    assert customer.text.nunique() > 0.65 * len(customer)
    assert first[first.str.len() > 20].nunique() > 0.97 * (first.str.len() > 20).sum()
    assert not talks.turns.text.str.contains(r"\{(?!\{)\w+\}(?!\})").any(), "an empty slot"


def test_languages_are_half_and_half_and_kept_by_a_customer(talks):
    shares = talks.dialogues.language.value_counts(normalize=True)
    assert shares["zh"] == pytest.approx(0.5, abs=0.03)
    assert (talks.dialogues.groupby("customer_id").language.nunique() == 1).all()
    text = talks.turns.merge(talks.dialogues[["id", "language"]], on="id")
    chinese = text.text.str.contains(r"[\u4e00-\u9fff]")
    named = talks.dialogue_truth.personal_kinds.str.contains("name")
    foreign = set(talks.dialogue_truth.id[named])
    assert not (chinese & (text.language == "en") & ~text.id.isin(foreign)).any()
    assert chinese[text.language == "zh"].mean() > 0.97


def test_every_scenario_occurs_in_each_language(talks):
    counts = talks.dialogues.groupby(["language", "scenario"]).size()
    assert len(counts) == 2 * len(dialogue_book("en").scenarios)
    assert counts.min() > 35


def test_some_customers_talk_more_than_once(talks):
    counts = talks.dialogues.customer_id.value_counts()
    assert (counts > 1).mean() > 0.3
    assert counts.max() < 15
    assert talks.dialogues.customer_id.str.fullmatch(r"\d{4}-[A-Z]{5}").all()


def test_given_customers_are_the_ones_who_talk(demo):
    keys = demo.customers.customerID.tolist()
    talked = simulate_dialogues(300, 9, keys).dialogues.customer_id
    assert set(talked) <= set(keys)
    assert talked.nunique() > 120
    twice = simulate_dialogues(60, 9, ["one", "two"] * 20).dialogues
    assert (twice.groupby("customer_id").language.nunique() == 1).all(), "one key, one person"
    assert set(twice.customer_id) == {"one", "two"}


def test_who_talks_does_not_change_what_is_said():
    keys = [f"K{number}" for number in range(50)]
    first, second = (simulate_dialogues(60, 4, each) for each in (keys, keys[::-1]))
    assert first.turns.equals(second.turns)


def test_dialogues_start_in_office_hours_of_one_year(talks):
    times = [datetime.fromisoformat(text) for text in talks.dialogues.started]
    assert {time.year for time in times} == {2025}
    assert {time.hour for time in times} == set(range(8, 22))
    assert len({time.month for time in times}) == 12


def test_a_csv_file_gives_the_tables_back(talks, tmp_path):
    for table in TABLES:
        frame = getattr(talks, table)
        frame.to_csv(tmp_path / "t.csv", index=False)
        kinds = {name: "str" for name in frame.select_dtypes("str")}
        again = pd.read_csv(tmp_path / "t.csv", dtype=kinds, keep_default_na=False)
        pd.testing.assert_frame_equal(again, frame)

"""The stages one after the other, as the nodes call them."""

import json
from pathlib import Path

import pytest
import yaml

from churnlens.models.lock import ModelError
from churnlens.options import SummaryScoreOptions, SummaryWriterOptions
from churnlens.tasks.summary import stages
from models.tiny import entry
from tasks.summary.support import SUMMARY, demo, dialogue

PROMPTS = yaml.safe_load((Path(__file__).parents[3] / "prompts" / "summary.yml").read_text("utf-8"))
OPTIONS = SummaryScoreOptions(resamples=100)
LANGUAGES = {"english": ["en"], "both": ["en", "zh"], "SmolLM2-135M-Instruct": ["en"]}


@pytest.fixture(scope="module")
def rows():
    return demo(60, 5)


@pytest.fixture(scope="module")
def fitted(rows):
    return json.loads(json.dumps(stages.fit_summaries(rows[:40], "scenario")))


def writers(fitted, **changes):
    stored = {"extractive": fitted, "prompts": PROMPTS, "model_lock": {}, "model_root": ""}
    stored |= {"student": None, "searched_prompt": None}
    return stages.load_writers(stored, SummaryWriterOptions(**changes))


def test_from_dialogues_to_figures(rows, fitted):
    told = stages.summarise_dialogues(rows[40:], writers(fitted))
    assert [row["id"] for row in told] == [each.id for each in rows[40:]]
    assert all(row["model"] == f"extractive ({fitted['revision']})" for row in told)
    figures = stages.judge_summaries(rows[40:], json.loads(json.dumps(told)), fitted, OPTIONS)
    assert set(figures) == {"en", "zh"}
    assert sum(each["n"] for each in figures.values()) == 20
    assert all(each["valid"]["value"] == 1 for each in figures.values())
    json.dumps(figures)


def test_the_same_rows_give_the_same_writer(rows, fitted):
    assert stages.fit_summaries(rows[:40], "scenario") == fitted
    assert sum(fitted["trained"].values()) == 40


def test_a_stray_dialogue_of_another_language_stops_nothing(rows, caplog):
    truth = {"user_problem": "It broke.", "agent_solution": "None.", "accepted": "no"}
    stray = dialogue("OK :-) hello", ("customer", "???"), labels=truth)  # nobody answered
    chinese = [each for each in rows if each.language == "zh"][:20]
    fitted = stages.fit_summaries([*chinese, stray], "scenario")
    assert fitted["trained"] == {"zh": 20} and "language en" in caplog.text
    (told,) = stages.summarise_dialogues([stray], writers(fitted))
    assert told["error"] == "not trained for en"
    assert stages.judge_summaries([stray], [told], fitted, OPTIONS) == {}


def test_floors_are_writers_too(rows, fitted):
    told = stages.summarise_dialogues(rows[40:44], writers(fitted, en="lead", zh="constant"))
    assert {row["model"] for row in told} <= {"lead", "constant"}


def test_dialogues_without_references_are_not_judged(rows, fitted):
    bare = [each.model_copy(update={"labels": {}, "references": ()}) for each in rows[40:44]]
    told = stages.summarise_dialogues(bare, writers(fitted))
    assert stages.judge_summaries(bare, told, fitted, OPTIONS) == {}


def test_a_student_must_be_there(fitted):
    with pytest.raises(ModelError, match="no student"):
        writers(fitted, en="student")


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({}, ("extractive", "extractive")),
        ({"en": "model", "zh": "lead"}, ("model", "lead")),
        ({"writer": "student"}, ("student", "extractive")),  # of a base that writes English
        ({"writer": "model", "model": "both"}, ("model", "model")),
        ({"writer": "template", "en": "student", "zh": "lead"}, ("extractive", "lead")),
    ],
)
def test_a_command_chooses_a_writer_for_the_languages_that_it_writes(options, kinds):
    lock = {"models": {n: entry(name=n, languages=lang) for n, lang in LANGUAGES.items()}}
    for each in lock["models"].values():
        del each["name"]
    found = stages.kinds_of(SummaryWriterOptions(student="english", **options), lock)
    assert (found["en"], found["zh"]) == kinds


def test_who_writes_for_a_command_is_in_no_record():
    assert "writer" not in SummaryWriterOptions(writer="student").model_dump()


def test_a_prompt_is_chosen_by_name():
    assert stages.prompt_of(PROMPTS, "short sentences").max_chars == 100
    with pytest.raises(ValueError, match="baseline"):
        stages.prompt_of(PROMPTS, "nameless")
    with pytest.raises(ValueError, match="--tags prompts"):
        stages.prompt_of(PROMPTS, "searched")
    found = stages.prompt_of(PROMPTS, "searched", PROMPTS["baseline"] | {"name": "found"})
    assert found.name == "found"


def test_a_row_reads_back_as_its_draft():
    row = {"summary": SUMMARY.written("zh"), "evidence": {"是否接受": [2]}, "model": "m"}
    draft = stages.draft_of(row, "zh")
    assert (draft.summary, draft.evidence) == (SUMMARY, {"accepted": (2,)})
    assert stages.draft_of({"error": "bad row"}, "en").error == "bad row"
    assert stages.draft_of(row | {"summary": {"x": "y"}}, "zh").error

"""Summaries of a teacher become rows: asked once, gated, of the right sides."""

from pathlib import Path

import pytest
import yaml

from churnlens.datasets.shards import ShardStore
from churnlens.options import SummaryDistillationOptions
from churnlens.pipelines.distillation.summary import nodes
from churnlens.tasks import teaching
from churnlens.tasks.summary.teachers import ModelTeacher
from churnlens.tasks.teaching import TeacherModel
from tasks.summary.support import SUMMARY, Says, demo

ROOT = Path(__file__).parents[4]
PROMPTS = yaml.safe_load((ROOT / "prompts/summary.yml").read_text(encoding="utf-8"))
OPTIONS = SummaryDistillationOptions(batch_size=4)
SIDES = ("train", "test", "validation") * 4
ROWS = [
    each.model_dump(mode="json", exclude_defaults=True) | {"side": side, "group": "g"}
    for each, side in zip(demo()[:12], SIDES, strict=True)
]
ASKED = [row["id"] for row in ROWS if row["side"] != "test"]


@pytest.fixture
def store(tmp_path):
    return ShardStore(tmp_path / "cache")


def ask(store, options=OPTIONS):
    return nodes.ask_summary_teacher(ROWS, PROMPTS, {}, "", store, options)


def test_no_dialogue_of_the_test_side_is_asked_about(store):
    replies = ask(store)
    assert [each["id"] for each in replies] == ASKED
    assert {each["teacher"] for each in replies} == {"reference"}


def test_rows_go_to_the_split_of_their_dialogue(store):
    quality, splits = nodes.gate_summary_rows(ROWS, ask(store), PROMPTS, OPTIONS)
    sides = {row["id"]: row["side"] for row in ROWS}
    assert {sides[row["id"]] for row in splits["training"]} == {"train"}
    assert {sides[row["id"]] for row in splits["validation"]} == {"validation"}
    assert quality["rows"] == len(ASKED) and quality["written_by"] == ["reference"]
    assert {row["family"] for row in splits["training"]} <= {d.labels["scenario"] for d in demo()}


def test_replies_to_other_dialogues_are_refused(store):
    with pytest.raises(ValueError, match="other dialogues"):
        nodes.gate_summary_rows(ROWS, ask(store)[1:], PROMPTS, OPTIONS)


@pytest.fixture
def model(monkeypatch):
    says = Says(SUMMARY.text("en"))
    monkeypatch.setattr(nodes, "open_teacher", lambda *args: TeacherModel("m", says, ("en",)))
    return says


def test_a_model_is_asked_once_and_its_summaries_are_gated(store, model):
    options = SummaryDistillationOptions(teacher="transformers", batch_size=4)
    replies = ask(store, options)
    asked = len(model.asked)
    assert asked == sum(each["error"] == "" for each in replies) > 0
    english = {row["id"] for row in ROWS if row["language"] == "en"}
    assert {each["id"] for each in replies if not each["error"]} <= english
    ask(store, options)
    assert len(model.asked) == asked  # what was answered is kept
    quality, splits = nodes.gate_summary_rows(ROWS, replies, PROMPTS, options)
    assert splits == {"training": [], "validation": []}  # its number is in no dialogue
    assert quality["refused"]["numbers"] == asked


def test_the_reference_teacher_loads_no_model():
    assert nodes.load_summary_teacher(PROMPTS, {}, "", OPTIONS).name == "reference"


def test_a_server_is_asked_in_both_languages(monkeypatch):
    class Remote:
        def __init__(self, options):
            self.options = options

        def revision(self):
            return f"{self.options.model} at r1"

    monkeypatch.setattr(teaching, "RemoteGenerator", Remote)
    server = {"base_url": "http://127.0.0.1:9/v1", "model": "m"}
    options = SummaryDistillationOptions.model_validate({"teacher": "openai", "server": server})
    teacher = nodes.load_summary_teacher(PROMPTS, {}, "", options)
    assert isinstance(teacher, ModelTeacher) and teacher.name.startswith("m at r1")
    assert teacher.writer.languages == ("en", "zh")

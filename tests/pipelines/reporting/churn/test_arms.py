"""Arms are what they are called: each its own weights, kept answers, and no run of another test."""

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from churnlens.datasets.shards import ShardStore
from churnlens.models.generation import Completion
from churnlens.models.loading import weights_sha256
from churnlens.options import (
    DistillationOptions,
    FinetuningOptions,
    InferenceOptions,
    JudgeOptions,
    ReportingOptions,
)
from churnlens.pipelines.reporting import arms, embedder
from churnlens.pipelines.reporting.arms import ArmError
from churnlens.pipelines.reporting.churn import arms as churn_arms
from churnlens.pipelines.reporting.churn.arms import answer_as_base, answer_as_tuned, evaluate_arms
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.churn.arm_scores import EASY, HONEST, PAIRS
from churnlens.tasks.teaching import TeacherModel
from pipelines.letters import INDEXING, use_letters
from pipelines.letters import LOCK as LETTERS_LOCK
from tasks.churn.lessons import PROMPTS, ROOT, lesson, whole

LESSONS = [lesson(n, ("answered", "too_few", "answered")[n % 3]) for n in range(5)]
EXERCISES = [each.model_dump(mode="json") for each in LESSONS]
STUDENT = Path("student")
SCHEMA = yaml.safe_load((ROOT / "conf/base/schemas/telco.yml").read_text(encoding="utf-8"))
LOCK = yaml.safe_load((ROOT / "conf/base/models.lock.yml").read_text(encoding="utf-8"))
TABLE = pd.DataFrame(
    {
        "customerID": ["K1", "K2", "K3"],
        "tenure": [1.0, 2.0, 3.0],
        "MonthlyCharges": [20.0, 70.0, 110.0],
        "Contract": ["Month-to-month"] * 3,
    }
)


class FakeGenerator:
    """Stands in for a model; its weights depend on the adapter, as real ones do."""

    made: list["FakeGenerator"] = []
    asked: list[str] = []
    broken = ""

    def __init__(self, path, *, dtype, batch_size, adapter=None):
        self.adapter = adapter
        self.weights_sha256 = f"weights of {adapter or 'base'}"
        self.made.append(self)

    def generate(self, requests):
        if self.broken in [request.key for request in requests]:
            raise KeyboardInterrupt
        self.asked.extend(request.key for request in requests)
        return [
            SimpleNamespace(
                key=each.key,
                text=f"{self.weights_sha256}: {each.key}",
                finished=each.key != LESSONS[1].id,
                tokens=each.max_new_tokens,
            )
            for each in requests
        ]


@pytest.fixture
def fake(monkeypatch):
    class Fresh(FakeGenerator):
        made, asked = [], []

    monkeypatch.setattr(arms, "Generator", Fresh)
    monkeypatch.setattr(arms, "verify", lambda spec, root: root / spec.name)
    return Fresh


@pytest.fixture
def inputs(tmp_path):
    return {
        "exercises": EXERCISES,
        "prompts": PROMPTS,
        "model_lock": LOCK,
        "model_root": str(tmp_path),
        "store": ShardStore(tmp_path / "store"),
        "finetuning": FinetuningOptions(),
        "options": InferenceOptions(batch_size=2),
    }


def answer_as(name, inputs):
    if WRITTEN[name].tuned:
        return answer_as_tuned(name, STUDENT, **inputs)
    return answer_as_base(name, **inputs)


@pytest.mark.parametrize("name", WRITTEN)
def test_an_arm_names_its_weights_in_every_row_and_writes_raw(fake, inputs, name):
    rows = answer_as(name, inputs)
    assert [row["id"] for row in rows] == [each.id for each in LESSONS]
    assert {row["weights"] for row in rows} == {fake.made[0].weights_sha256}
    assert [row["text"] for row in rows] == [f"{r['weights']}: {r['id']}" for r in rows]
    assert len(fake.made) == 1
    assert fake.made[0].adapter == (STUDENT if WRITTEN[name].tuned else None)


@pytest.mark.parametrize(("name", "limit"), [("tuned", 400), ("tuned_grammar", 300)])
def test_what_the_limit_cut_off_is_kept_and_a_raw_arm_has_room(fake, inputs, name, limit):
    given = inputs | {"options": InferenceOptions(batch_size=2, max_answer_tokens=300)}
    for _ in range(2):  # the second time from the store
        rows = answer_as(name, given)
        assert [row["finished"] for row in rows] == [True, False, True, True, True]
        assert {row["tokens"] for row in rows} == {limit}
        assert json.loads(json.dumps(rows)) == rows
    assert len(fake.asked) == len(LESSONS)


def test_the_share_that_was_cut_off_stands_in_the_scores():
    rows = rows_of()
    rows["tuned"][3]["finished"] = False
    arms = evaluate(rows)["arms"]
    assert arms["tuned"]["cut_off"]["value"] == 1 / 5
    assert arms["tuned_grammar"]["cut_off"]["value"] == 0
    made = ("stub", "template", "tuned_checked", "public_repairs")
    assert [arms[name]["cut_off"] for name in made] == [None] * 4


@pytest.mark.parametrize("name", [name for name, arm in WRITTEN.items() if not arm.tuned])
def test_a_base_arm_cannot_be_given_an_adapter(fake, inputs, name):
    with pytest.raises(ArmError, match="expected no adapter"):
        answer_as_tuned(name, STUDENT, **inputs)
    with pytest.raises(TypeError):
        answer_as_base(name, STUDENT, **inputs)
    answer_as_base(name, **inputs, student=STUDENT)  # an input that a base does not look at
    assert [each.adapter for each in fake.made] == [None]


@pytest.mark.parametrize("name", [name for name, arm in WRITTEN.items() if arm.tuned])
def test_a_tuned_arm_must_have_one_and_stops_before_a_model_loads(fake, inputs, name):
    for ask in (
        lambda: answer_as_base(name, **inputs),
        lambda: answer_as_tuned(name, None, **inputs),
    ):
        with pytest.raises(ArmError, match="expected an adapter.*train the student"):
            ask()
    assert fake.made == []


def test_an_arm_goes_on_from_its_store_without_asking_again(fake, inputs):
    fake.broken = LESSONS[4].id
    with pytest.raises(KeyboardInterrupt):
        answer_as("tuned", inputs)
    assert fake.asked == [each.id for each in LESSONS[:4]]
    fake.broken = ""
    rows = answer_as("tuned", inputs)
    assert answer_as("tuned", inputs) == rows
    assert fake.asked == [each.id for each in LESSONS]


def test_no_arm_takes_what_another_wrote(fake, inputs):
    rows = {name: answer_as(name, inputs) for name in WRITTEN}
    assert len(fake.asked) == len(WRITTEN) * len(LESSONS)
    assert {row["weights"] for row in rows["base"]} == {"weights of base"}
    answer_as_tuned("tuned", Path("another"), **inputs)
    changed = inputs | {"options": InferenceOptions(batch_size=2, max_answer_tokens=99)}
    answer_as("base", changed)
    assert len(fake.asked) == (len(WRITTEN) + 2) * len(LESSONS)


def test_what_other_code_or_libraries_wrote_is_written_again(fake, inputs, monkeypatch):
    answer_as("tuned", inputs)
    for made_with in (["other code", "torch 1"], ["other code", "torch 2"]):
        monkeypatch.setattr(arms, "made_with", lambda made=made_with: made)
        answer_as("tuned", inputs)
    assert len(fake.asked) == 3 * len(LESSONS)


def rows_of(text=whole, **weights):
    """Return the rows of all four arms; the weights of an arm can be changed."""
    named = {name: "student" if arm.tuned else "base" for name, arm in WRITTEN.items()} | weights
    return {
        name: [
            {"id": each.id, "text": text(each), "finished": True, "weights": named[name]}
            for each in LESSONS
        ]
        for name in WRITTEN
    }


def evaluate(rows, exercises=EXERCISES, options=None):
    with pytest.MonkeyPatch.context() as patch:
        use_letters(patch, embedder)
        return evaluate_arms(
            exercises,
            PROMPTS,
            TABLE,
            SCHEMA,
            DistillationOptions(),
            model_lock=LETTERS_LOCK,
            model_root="",
            indexing=INDEXING,
            options=options or ReportingOptions(),
            **rows,
        )


@pytest.mark.parametrize(
    "weights",
    [
        {"tuned": "base", "tuned_grammar": "base"},
        {"base": "student", "base_grammar": "student"},
        {"base": "student"},
        {"tuned_grammar": "base"},
        {"tuned": "another student"},
        {"base_grammar": "another base"},
    ],
)
def test_arms_with_the_wrong_weights_are_not_compared(weights):
    with pytest.raises(ArmError, match="one base and one tuned model"):
        evaluate(rows_of(**weights))


def test_one_row_of_other_weights_is_enough():
    rows = rows_of()
    rows["tuned"][3]["weights"] = "base"
    with pytest.raises(ArmError, match="one base and one tuned model"):
        evaluate(rows)


@pytest.mark.parametrize("change", [lambda r: r.reverse(), lambda r: r.pop()])
def test_answers_to_other_lessons_are_not_compared(change):
    rows = rows_of()
    change(rows["base_grammar"])
    with pytest.raises(ArmError, match="answer_as_base_grammar again"):
        evaluate(rows)


def test_every_arm_is_scored_and_every_pair_compared():
    found = evaluate(rows_of() | {"base": rows_of(lambda _: "")["base"]})
    json.dumps(found, allow_nan=False)
    assert (found["questions"], found["families"]) == (5, 3)
    assert found["weights"]["base"] != found["weights"]["tuned"]
    assert {name: each["claim_support"]["value"] for name, each in found["arms"].items()} == {
        "stub": 0, "template": 1, "base": 0, "base_grammar": 1, "tuned": 1, "tuned_grammar": 1,
        "tuned_checked": 1, "public_repairs": 1,
    }  # fmt: skip
    assert found["arms"]["base"]["claim_support"]["n"] == 3  # of the answered, none left out
    assert found["arms"]["stub"]["public_mean"]["value"] == 1
    assert found["lacking"] == {}
    assert len(found["comparisons"]) == len(PAIRS) * len((*HONEST, *EASY))
    first = found["comparisons"][0]
    assert (first["first"], first["second"], first["metric"]) == ("tuned", "base", "claim_support")
    assert first["result"]["difference"]["value"] == 1
    assert found["quality"]["gold"]["en"]["bleu"]["value"] == pytest.approx(1)
    assert found["quality"]["base"]["en"]["bleu"]["value"] == 0
    near = {name: each["en"]["embedding_similarity"] for name, each in found["quality"].items()}
    assert (near["gold"]["value"], near["base"]["value"]) == (pytest.approx(1), 0)
    assert "encoder:letters@" in near["tuned"]["signature"]


def test_a_judge_is_asked_only_where_it_is_switched_on(monkeypatch):
    class Judge:
        def generate(self, requests):
            return [
                Completion(key=r.key, text='{"better": "A"}', finished=True, tokens=4)
                for r in requests
            ]

    opened = []

    def open_teacher(options, lock, root):
        opened.append(options)
        return TeacherModel("a judge", Judge(), ("en",))

    monkeypatch.setattr(churn_arms, "open_teacher", open_teacher)
    assert "judged" not in evaluate(rows_of()) and opened == []
    found = evaluate(rows_of(), options=ReportingOptions(judge=JudgeOptions(enabled=True)))
    assert found["judged"]["by"] == "a judge" and len(opened) == 1
    for row in found["judged"]["pairs"]:
        assert (row["counts"]["swayed"], row["share"]["value"]) == (len(LESSONS), 0.5)


def test_raw_answers_stand_beside_the_reference():
    rows = rows_of(lambda each: f"raw of {each.id}")
    examples = evaluate(rows)["examples"]
    assert [each["question"] for each in examples] == [
        each.brief.question for each in LESSONS if each.brief.status == "answered"
    ][:3]
    assert examples[0]["texts"]["tuned"] == f"raw of {LESSONS[0].id}"
    assert json.loads(examples[0]["texts"]["gold"])["status"] == "answered"
    assert {each["language"] for each in examples} == {"en"}


def test_without_questions_there_is_nothing_to_compare():
    assert "no held-out questions" in evaluate({name: [] for name in WRITTEN}, [])["skipped"]


def test_real_weights_tell_a_base_from_a_student():
    from torch import nn

    layer = nn.ModuleDict({"q_proj": nn.Linear(2, 2), "o_proj": nn.Linear(2, 2)})
    before = weights_sha256(layer)
    layer["q_proj"].weight.data[0, 0] += 0.5
    assert weights_sha256(layer) != before

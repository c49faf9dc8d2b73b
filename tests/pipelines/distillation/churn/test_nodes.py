"""From the bench to rows: what is drawn, studied, asked once, and kept."""

import json
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churnlens.datasets.shards import ShardStore
from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.models.remote import RemoteOptions
from churnlens.options import (
    DistillationOptions,
    InferenceOptions,
)
from churnlens.pipelines.distillation import create_pipeline
from churnlens.pipelines.distillation.churn import nodes
from churnlens.schema import parse_schema
from churnlens.simulation import simulate_customers
from churnlens.tasks import teaching
from churnlens.tasks.churn import loading
from churnlens.tasks.churn.teachers import ModelTeacher, ReferenceTeacher
from churnlens.tasks.teaching import Reply
from pipelines.letters import INDEXING, LOCK, PROMPTS, stored_of, use_letters

ROOT = Path(__file__).parents[4]
RAW = ROOT / "conf" / "base"
SCHEMA = yaml.safe_load((RAW / "schemas" / "telco.yml").read_text(encoding="utf-8"))
BANK = yaml.safe_load((ROOT / "tests" / "schemas" / "bank.yml").read_text(encoding="utf-8"))
BENCH = yaml.safe_load((RAW / "bench" / "telco.yml").read_text(encoding="utf-8"))
OPTIONS = DistillationOptions(batch_size=3, depths=(3, 5))
SPLITS = {"training", "validation"}


def small_bench():
    """Return the bench with a third of its development families, one question a template."""
    dev = {
        language: section
        | {"families": [f | {"take": 1, "templates": f["templates"][:1]} for f in families]}
        for language, section in BENCH["dev"].items()
        if (families := section["families"][::3])
    }
    return BENCH | {"dev": dev}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """What the earlier stages hold of simulated customers."""
    return stored_of(
        simulate_customers(900, seed=5).customers, SCHEMA, tmp_path_factory.mktemp("models")
    )


@pytest.fixture(scope="module")
def exercises(stored):
    with pytest.MonkeyPatch.context() as patch:
        use_letters(patch, loading)
        return nodes.set_exercises(small_bench(), INDEXING, InferenceOptions(), OPTIONS, **stored)


class Fickle:
    """A teacher that now and then stops the run, or cannot answer some of a batch."""

    name, recipe, put = "fickle", ("fickle", 1), "tell of"

    def __init__(self, stops=0.0, fails=0.0):
        self.asked, self.batches, self.failed = Counter(), [], 0
        self.stops, self.fails = stops, fails
        self.random = np.random.default_rng(3)

    def request(self, lesson):
        return {"prompt": f"{self.put} {lesson.id}"}

    def answer(self, lessons):
        if self.random.random() < self.stops:
            raise KeyboardInterrupt
        self.batches.append([lesson.id for lesson in lessons])
        self.asked.update(lesson.id for lesson in lessons)
        return [self._one(lesson) for lesson in lessons]

    def _one(self, lesson):
        if self.random.random() < self.fails:
            self.failed += 1
            return Reply(error="HTTP 503")
        return Reply(text=f"answer to {lesson.id}")


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """Ask a teacher with a new store object over one folder, as a new process would."""

    def run(teacher, exercises, options=OPTIONS):
        monkeypatch.setattr(nodes, "load_teacher", lambda *args: teacher)
        store = ShardStore(tmp_path / "cache")
        return nodes.ask_teacher(exercises, PROMPTS, LOCK, "", store, options)

    return run


# questions


def test_training_validation_and_test_have_no_question_and_no_template_in_common():
    drawn = nodes.draw_questions(BENCH, parse_schema(SCHEMA), DistillationOptions())
    texts = {split: {q.text.casefold() for q in each} for split, each in drawn.items()}
    families = {split: {q.family for q in each} for split, each in drawn.items()}
    for one, other in (("training", "validation"), ("training", "test"), ("validation", "test")):
        shared = len(texts[one] & texts[other])  # counts: held-out texts stay unseen
        assert (shared, len(families[one] & families[other])) == (0, 0)
    assert len(texts["training"]) > len(texts["validation"]) >= 50
    assert len(texts["training"]) + len(texts["validation"]) >= 122
    for language in ("en", "zh"):
        assert sum(q.language == language for q in drawn["test"]) >= 250
    assert all(q.split == "held_out" for q in drawn["test"])
    assert all(q.split == "dev" for q in (*drawn["training"], *drawn["validation"]))


def test_no_question_of_a_test_has_a_sibling_in_training_or_validation():
    drawn = nodes.draw_questions(BENCH, parse_schema(SCHEMA), DistillationOptions())

    def meanings(split):  # apart from the code that drops them
        return {(q.cohort, q.compare_to, q.ask, q.outcome) for q in drawn[split] if q.answerable}

    for one, other in (("training", "validation"), ("training", "test"), ("validation", "test")):
        assert len(meanings(one) & meanings(other)) == 0
    undivided = {q.text for q in generate(read_bench(BENCH), "held_out", 7)}
    assert undivided <= {q.text for q in drawn["test"]}  # no hard question was dropped there


def test_each_split_and_language_has_refusals_and_groups_that_are_too_small():
    drawn = nodes.draw_questions(BENCH, parse_schema(SCHEMA), DistillationOptions())
    for split, questions in drawn.items():
        for language in ("en", "zh"):
            kinds = Counter(
                "few" if q.category == "too_few" else "answered" if q.answerable else "refused"
                for q in questions
                if q.language == language
            )
            assert kinds["few"] >= 0.1 * kinds.total(), (split, language, kinds)
            assert kinds["refused"] >= 0.1 * kinds.total(), (split, language, kinds)
            most = {"training": 200, "validation": 25, "test": 400}[split]
            assert kinds.total() >= most, (split, language, kinds)
    taught = {q.text for split in SPLITS for q in drawn[split]}
    assert len(taught) >= 122


def test_the_test_begins_with_the_held_out_bench_of_the_seed_and_is_the_same_each_time():
    schema = parse_schema(SCHEMA)
    for seed in (7, 8):
        options = DistillationOptions(seed=seed)
        drawn = nodes.draw_questions(BENCH, schema, options)
        assert drawn == nodes.draw_questions(BENCH, schema, options)
        bench = generate(read_bench(BENCH), "held_out", seed)
        same = drawn["test"][: len(bench)] == bench
        assert same
        texts, ids = ({getattr(q, name) for q in drawn["test"]} for name in ("text", "id"))
        assert len(texts) == len(ids) == len(drawn["test"])


def test_another_table_is_asked_about_its_own_columns():
    schema = parse_schema(BANK)
    drawn = nodes.draw_questions(BENCH, schema, OPTIONS)
    texts = {split: {q.text.casefold() for q in each} for split, each in drawn.items()}
    assert all(texts.values())
    assert not texts["training"] & texts["validation"]
    shared = len((texts["training"] | texts["validation"]) & texts["test"])
    assert shared == 0
    known = {column.name for column in schema.columns}
    for question in (*drawn["training"], *drawn["validation"], *drawn["test"]):
        for part in (*question.cohort, *(question.compare_to or ())):
            assert {atom.column for atom in getattr(part, "any_of", (part,))} <= known


def test_exercises_are_plain_and_of_both_splits_every_status_and_both_languages(exercises):
    assert json.loads(json.dumps(exercises)) == exercises
    assert {each["split"] for each in exercises} == SPLITS
    assert {each["brief"]["status"] for each in exercises} == {
        "answered",
        "too_few",
        "not_answerable",
    }
    assert {each["language"] for each in exercises} == {"en", "zh"}
    assert Counter(each["depth"] for each in exercises).keys() == {3, 5}
    assert len({each["id"] for each in exercises}) == len(exercises)


def test_the_same_seed_gives_the_same_bytes(monkeypatch, stored, exercises):
    use_letters(monkeypatch, loading)
    again = nodes.set_exercises(small_bench(), INDEXING, InferenceOptions(), OPTIONS, **stored)
    assert json.dumps(again) == json.dumps(exercises)


def test_without_exercises_nobody_is_asked_and_no_row_is_made(ask):
    teacher = Fickle()
    assert ask(teacher, []) == [] == teacher.batches
    report, rows = nodes.gate_rows([], [], small_bench(), SCHEMA, PROMPTS, OPTIONS)
    assert (rows, report["rows"]) == ({"training": [], "validation": []}, 0)


# the teacher


def test_replies_are_in_order_and_asked_for_once(exercises, ask):
    teacher = Fickle()
    told = ask(teacher, exercises)
    assert [each["id"] for each in told] == [each["id"] for each in exercises]
    assert all(each["text"] == f"answer to {each['id']}" for each in told)
    assert max(map(len, teacher.batches)) == OPTIONS.batch_size
    assert ask(teacher, exercises) == told
    assert set(teacher.asked.values()) == {1}


def test_a_teacher_that_is_stopped_thirty_times_answers_every_lesson_once(exercises, ask):
    teacher, restarts, told = Fickle(stops=0.7), 0, None
    while told is None:
        try:
            told = ask(teacher, exercises)
        except KeyboardInterrupt:
            restarts += 1
    assert restarts >= 30
    assert teacher.asked == Counter(each["id"] for each in exercises)
    assert [each["text"] for each in told] == [f"answer to {each['id']}" for each in exercises]


def test_failures_are_told_and_exactly_those_are_asked_again(exercises, ask):
    teacher, missing = Fickle(fails=0.3), {each["id"] for each in exercises}
    for _ in range(40):
        before = Counter(teacher.asked)
        told = ask(teacher, exercises)
        assert set(teacher.asked - before) == missing
        assert all(bool(each["text"]) != bool(each["error"]) for each in told)
        missing = {each["id"] for each in told if each["error"]}
    assert missing == set() and teacher.failed > 0
    assert teacher.asked.total() == len(exercises) + teacher.failed


def test_a_failure_is_in_no_file_of_the_store(exercises, ask, tmp_path):
    ask(Fickle(fails=0.5), exercises)
    frames = [pd.read_parquet(path) for path in (tmp_path / "cache").iterdir()]
    kept = pd.concat(frames)
    assert len(kept) and not kept["error"].any() and kept["text"].all()


def test_another_recipe_is_asked_anew_and_the_last_bits_of_a_statistic_are_not(exercises, ask):
    ask(Fickle(), exercises)
    other = Fickle()
    other.recipe = ("fickle", 2)
    ask(other, exercises)
    assert other.asked.total() == len(exercises)
    moved, again = json.loads(json.dumps(exercises)), Fickle()
    for each in moved:
        for statistic in each["brief"]["statistics"].values():
            statistic["value"] *= 1 + 1e-15
    assert moved != exercises
    ask(again, moved)
    assert not again.asked
    moved[0]["brief"]["question"] += " please"
    ask(again, moved)
    assert again.batches == [[each["id"] for each in moved[: OPTIONS.batch_size]]]


def test_a_lesson_that_is_put_otherwise_is_asked_anew(exercises, ask):
    """The prompt is made of lesson, words and code; whatever changes it changes the key."""
    ask(Fickle(), exercises)
    same, other = Fickle(), Fickle()
    other.put = "tell all of"
    ask(same, exercises)
    ask(other, exercises)
    assert (same.asked.total(), other.asked.total()) == (0, len(exercises))


def test_the_embedded_teacher_needs_no_model():
    teacher = nodes.load_teacher(PROMPTS, {}, "", DistillationOptions(seed=3))
    assert isinstance(teacher, ReferenceTeacher) and teacher.seed == 3


def test_a_server_is_asked_by_its_options_and_named_by_its_revision(monkeypatch):
    class Remote:
        def __init__(self, options):
            self.options = options

        def revision(self):
            return f"{self.options.model} at r1"

    monkeypatch.setattr(teaching, "RemoteGenerator", Remote)
    server = {"base_url": "http://127.0.0.1:9/v1", "model": "m", "concurrency": 3}
    options = DistillationOptions.model_validate({"teacher": "openai", "server": server})
    teacher = nodes.load_teacher(PROMPTS, {}, "", options)
    assert isinstance(teacher, ModelTeacher) and teacher.name.startswith("m at r1")
    assert isinstance(teacher.generator.options, RemoteOptions)
    assert teacher.generator.options.concurrency == 3
    assert teacher.max_new_tokens == options.max_new_tokens


def test_a_model_of_the_lock_is_verified_and_named_by_its_version(monkeypatch, tmp_path):
    made = {}

    def generator(folder, **options):
        made.update(folder=folder, **options)
        return "generator"

    monkeypatch.setattr(teaching, "verify", lambda spec, root: root / spec.name)
    monkeypatch.setattr(teaching, "Generator", generator)
    options = DistillationOptions(teacher="transformers", model="letters", batch_size=5)
    teacher = nodes.load_teacher(PROMPTS, LOCK, str(tmp_path), options)
    assert teacher.generator == "generator" and teacher.name.startswith("letters (")
    for library in ("torch", "transformers", "llguidance"):
        assert f"{library} {version(library)}" in teacher.name
    assert made == {"folder": tmp_path / "letters", "dtype": "nf4", "batch_size": 5}


# rows


@pytest.fixture(scope="module")
def gated(exercises, tmp_path_factory):
    store = ShardStore(tmp_path_factory.mktemp("cache"))
    replies = nodes.ask_teacher(exercises, PROMPTS, {}, "", store, OPTIONS)
    return nodes.gate_rows(exercises, replies, small_bench(), SCHEMA, PROMPTS, OPTIONS)


def test_rows_are_of_their_split_and_share_no_question(gated, exercises):
    report, rows = gated
    assert rows.keys() == SPLITS
    for split, each in rows.items():
        assert each and {row["split"] for row in each} == {split}
    asked = [
        {row["messages"][1]["content"].partition("\n")[0] for row in each} for each in rows.values()
    ]
    assert not asked[0] & asked[1]
    assert (report["teacher"], report["written_by"]) == ("reference", ["reference, seed 7"])
    assert report["lessons"] == len(exercises)
    assert report["rows"] == sum(map(len, rows.values()))
    assert set(report["refused"]) <= {"near_duplicate", "in_a_test"}
    assert report["accepted"] > 0.8


def test_a_failed_reply_is_no_row_and_counted(exercises):
    replies = [
        {"id": each["id"], "text": "", "error": "HTTP 503", "teacher": "m"} for each in exercises
    ]
    report, rows = nodes.gate_rows(exercises, replies, small_bench(), SCHEMA, PROMPTS, OPTIONS)
    assert not any(rows.values())
    assert report["refused"] == {"error: HTTP 503": len(exercises)}


def test_a_training_question_of_the_test_is_no_row(exercises, gated):
    schema = parse_schema(SCHEMA)
    stolen = nodes.draw_questions(small_bench(), schema, OPTIONS)["test"]
    taken = next(each for each in exercises if each["brief"]["status"] == "answered")
    same = next(q for q in stolen if q.language == taken["language"])
    taken = taken | {"brief": taken["brief"] | {"question": same.text}}
    (reply,) = ReferenceTeacher(
        nodes.load_teacher(PROMPTS, {}, "", OPTIONS).phrasings, OPTIONS.seed
    ).answer([nodes.Lesson.model_validate(taken)])
    replies = [{"id": taken["id"], "text": reply.text, "error": "", "teacher": "m"}]
    report, rows = nodes.gate_rows([taken], replies, small_bench(), SCHEMA, PROMPTS, OPTIONS)
    assert (sum(map(len, rows.values())), report["refused"]) == (0, {"in_a_test": 1})


def test_a_lesson_of_an_older_draw_that_has_a_sibling_is_no_row(exercises):
    one = next(each for each in exercises if each["brief"]["status"] == "answered")
    stale = one | {"id": "dev.en.why.999@3"}
    replies = [
        {"id": stale["id"], "error": "", "teacher": "m", "text": reply.text}
        for reply in nodes.load_teacher(PROMPTS, {}, "", OPTIONS).answer(
            [nodes.Lesson.model_validate(stale)]
        )
    ]
    report, rows = nodes.gate_rows([stale], replies, small_bench(), SCHEMA, PROMPTS, OPTIONS)
    assert (sum(map(len, rows.values())), report["refused"]) == (0, {"sibling": 1})


def test_few_rows_are_warned_of_and_in_the_report(gated, exercises, caplog):
    report, rows = gated
    counts = Counter(row["language"] for row in rows["training"])
    short = {
        (each["language"], each["got"], each["expected"])
        for each in report["short"]
        if (each["split"], each["of"]) == ("training", "rows")
    }
    assert short == {(language, n, 300) for language, n in counts.items()}
    replies = [{"id": each["id"], "text": "", "error": "no", "teacher": "m"} for each in exercises]
    nodes.gate_rows(exercises, replies, small_bench(), SCHEMA, PROMPTS, OPTIONS)
    assert "few rows to learn from" in caplog.text and "'expected': 300" in caplog.text


def test_the_stage_goes_from_the_bench_to_rows_and_a_report():
    pipeline = create_pipeline("churn")
    assert [node.name for node in pipeline.nodes] == ["set_exercises", "ask_teacher", "gate_rows"]
    assert pipeline.outputs() == {"training_rows", "distillation_quality"}
    assert {"bench", "prompts", "teacher_cache", "params:distillation"} <= pipeline.inputs()
    assert all(node.tags == {"student"} for node in pipeline.nodes)

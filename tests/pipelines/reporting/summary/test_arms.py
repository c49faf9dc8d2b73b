"""The report on summaries, without a student and with one; arms are what they are called."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from churnlens.datasets.shards import ShardStore
from churnlens.dialogues.sides import dialogues_of
from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.options import (
    SummaryFinetuningOptions,
    SummaryReportingOptions,
    SummaryWriterOptions,
)
from churnlens.pipelines.reporting import arms
from churnlens.pipelines.reporting.arms import ArmError
from churnlens.pipelines.reporting.summary import arms as judged
from churnlens.pipelines.reporting.summary.arms import (
    evaluate_summary_arms,
    set_arm_dialogues,
    summarise_as_base,
    summarise_as_tuned,
)
from churnlens.pipelines.reporting.summary.report import render_summary
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.stages import fit_summaries, summarise_dialogues
from churnlens.tasks.summary.writers import LeadWriter
from tasks.summary.support import demo

ROOT = Path(__file__).parents[4]
LOCK = yaml.safe_load((ROOT / "conf/base/models.lock.yml").read_text(encoding="utf-8"))
PROMPTS = yaml.safe_load((ROOT / "prompts/summary.yml").read_text(encoding="utf-8"))
OPTIONS = SummaryReportingOptions(resamples=100, arm_dialogues=6, shown=1)
STUDENT = Path("student")
ROOTLESS = "no models here"
ROWS = [
    each.model_dump(mode="json", exclude_defaults=True) | {"side": side}
    for each, side in zip(demo(60, 5), ("train", "test") * 30, strict=True)
]


class Repeats:
    """Stands in for a model; its weights depend on the adapter."""

    def __init__(self, path, *, dtype, batch_size, adapter=None):
        self.weights_sha256 = f"weights of {adapter or 'base'}"
        self.tuned = adapter is not None

    def generate(self, requests):
        right = {each.id: references_of(each)[0].summary() for each in demo(60, 5)}
        return [
            SimpleNamespace(
                key=r.key,
                text=right[r.key].text("en") if self.tuned else "no idea",
                finished=True,
                tokens=9,
            )
            for r in requests
        ]


@pytest.fixture(scope="module")
def extractive():
    return fit_summaries(dialogues_of(ROWS, "train"), "scenario")


@pytest.fixture(autouse=True)
def embedder(monkeypatch):
    lengths = Embedder("length@1", ("en",), lambda texts: np.array([[len(t), 1.0] for t in texts]))
    monkeypatch.setattr(judged, "load_embedder", lambda lock, root, options: lengths)


@pytest.fixture
def inputs(monkeypatch, tmp_path):
    monkeypatch.setattr(arms, "Generator", Repeats)
    monkeypatch.setattr(arms, "verify", lambda spec, root: root / spec.name)
    return {
        "exercises": set_arm_dialogues(ROWS, LOCK, SummaryFinetuningOptions(), OPTIONS),
        "prompts": PROMPTS,
        "model_lock": LOCK,
        "model_root": str(tmp_path),
        "store": ShardStore(tmp_path / "store"),
        "finetuning": SummaryFinetuningOptions(),
        "options": SummaryWriterOptions(batch_size=4),
    }


@pytest.fixture
def written(inputs):
    return {
        name: summarise_as_tuned(name, STUDENT, **inputs)
        if arm.tuned
        else summarise_as_base(name, **inputs)
        for name, arm in WRITTEN.items()
    }


def test_arms_summarise_test_dialogues_in_the_languages_of_the_student():
    chosen = dialogues_of(set_arm_dialogues(ROWS, LOCK, SummaryFinetuningOptions(), OPTIONS))
    assert len(chosen) == 6 and {each.language for each in chosen} == {"en"}
    assert {each.id for each in chosen} <= {each.id for each in dialogues_of(ROWS, "test")}
    assert len({each.labels["scenario"] for each in chosen}) == 6


def test_a_base_arm_cannot_be_given_an_adapter(inputs):
    with pytest.raises(ArmError, match="expected no adapter"):
        summarise_as_tuned("base", STUDENT, **inputs)


def test_arms_are_compared_and_shown(written, inputs, extractive):
    found = evaluate_summary_arms(
        inputs["exercises"], extractive, LOCK, ROOTLESS, OPTIONS, **written
    )
    assert set(found["weights"].values()) == {"weights of base", "weights of student"}
    judged = found["languages"]["en"]["arms"]
    assert judged["base"]["valid"]["value"] == 0 and judged["tuned"]["valid"]["value"] == 1
    assert list(judged) == ["lead", "extractive", *WRITTEN]
    page = report(found, language="zh")
    assert "微调＋语法约束" in page and "尚未训练" not in page


def test_arms_of_other_dialogues_are_refused(written, inputs, extractive):
    with pytest.raises(ArmError, match="expected one base and one tuned"):
        evaluate_summary_arms(
            inputs["exercises"],
            extractive,
            LOCK,
            ROOTLESS,
            OPTIONS,
            **written | {"base": written["tuned"]},
        )
    with pytest.raises(ArmError, match="other lessons"):
        evaluate_summary_arms(
            inputs["exercises"][1:], extractive, LOCK, ROOTLESS, OPTIONS, **written
        )


def test_no_dialogue_in_a_language_of_the_student_is_told(extractive):
    assert "skipped" in evaluate_summary_arms([], extractive, LOCK, ROOTLESS, OPTIONS)


def report(arm_metrics, **changes):
    test = dialogues_of(ROWS, "test")
    made = summarise_dialogues(test, {"en": LeadWriter(), "zh": LeadWriter()})
    read = {"dialogues": 60, "turns": 1, "rated_turns": 0, "faults": 0}
    options = OPTIONS.model_copy(update=changes)
    return render_summary(test, made, {}, {"read": read}, options, arm_metrics)


def test_without_a_student_the_report_says_how_to_make_one():
    for arm_metrics in (None, {"skipped": "none"}):
        assert "--pipelines student --namespaces summary" in report(arm_metrics)

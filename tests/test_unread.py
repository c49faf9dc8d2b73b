"""A setting that nothing reads is refused; every setting of a training can be given."""

import shutil

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from churnlens.options import OptionsError, TrainingOptions
from churnlens.unread import refuse_unread

OTHER = {
    "method": "full",
    "rank": 5,
    "alpha": 6,
    "dropout": 0.25,
    "dtype": "float32",
    "learning_rate": 7e-5,
    "warmup": 0.3,
    "epochs": 9,
    "batch_size": 3,
    "accumulation": 7,
    "evaluations": 4,
    "patience": 8,
    "gradient_checkpointing": True,
    "max_length": 777,
    "seed": 11,
}
BLOCKS = {"churn": "student", "service": "assistant", "summary": "summary_student"}


@pytest.fixture
def conf(tmp_path):
    (tmp_path / "base").mkdir()
    text = "a: ${globals:student.rank}\nb: ${globals:space}\nc: ${globals:file, ${globals:other}}"
    (tmp_path / "base" / "parameters.yml").write_text(text, encoding="utf-8")
    return [tmp_path / "base", tmp_path / "local"]


def test_what_is_read_itself_or_in_a_block_may_be_set(conf):
    refuse_unread({"student": {"rank": 1}, "space": {"any": {"low": 1}}, "file": None}, conf)
    refuse_unread({"memory_gib": 15, "other": {}}, conf)


def test_what_nothing_reads_is_named_with_the_nearest(conf):
    with pytest.raises(OptionsError) as caught:
        refuse_unread({"student": {"rnak": 1, "rank": 2}, "quite_else": 3}, conf)
    assert str(caught.value).splitlines()[1:] == [
        "student.rnak: got a setting that nothing reads; next: write student.rank",
        "quite_else: got a setting that nothing reads; next: remove it",
    ]


def test_a_packed_configuration_is_not_checked(tmp_path):
    refuse_unread({"any": 1}, [tmp_path / "none"])


def context_of(project, folder, settings):
    shutil.copytree(project / "conf" / "base", folder / "base")
    (folder / "local").mkdir()
    (folder / "local" / "globals.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    bootstrap_project(project)
    return KedroSession.create(project, conf_source=str(folder)).load_context()


def test_every_setting_of_a_training_reaches_the_student_of_every_task(project, tmp_path):
    assert OTHER.keys() == TrainingOptions.model_fields.keys()
    context = context_of(project, tmp_path, dict.fromkeys(BLOCKS.values(), OTHER))
    for task in BLOCKS:
        got = context.catalog.load(f"params:{task}.finetuning").model_dump(include=set(OTHER))
        assert got == OTHER, task


def test_a_wrong_name_stops_before_anything_is_loaded(project, tmp_path):
    wrong = {"student": {"learning_rat": 5e-4}, "experiments": {"trails": 3}}
    with pytest.raises(OptionsError) as caught:
        context_of(project, tmp_path, wrong)
    assert "next: write student.learning_rate" in str(caught.value)
    assert "next: write experiments.trials" in str(caught.value)

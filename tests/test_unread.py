"""A setting that nothing reads is refused; every setting of a training can be given."""

import shutil

import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from churnlens.options import OptionsError, TrainingOptions
from churnlens.unread import refuse_unread, refuse_unread_parameters

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


@pytest.fixture
def stages(tmp_path):
    (tmp_path / "parameters_a.yml").write_text(
        "churn:\n  finetuning:\n    rank: ${runtime_params:engine.kind, 1}\n  reporting: {}\n",
        encoding="utf-8",
    )
    (tmp_path / "catalog.yml").write_text("_root: ${runtime_params:data_root, ${globals:data}}")
    return [tmp_path]


def test_parameters_that_a_file_names_or_of_a_stage_are_taken(stages):
    refuse_unread_parameters({}, stages)
    deep = {"finetuning": {"rank": 3}, "reporting": {"any": 1}}
    refuse_unread_parameters({"data_root": "x", "engine": {"kind": "ray"}, "churn": deep}, stages)


def test_every_parameter_that_nothing_takes_is_named(stages):
    wrong = {"data_rot": "x", "engine": {"speed": 1}, "churn": {"finetunin": {"rank": 1}}, "q": 1}
    with pytest.raises(OptionsError) as caught:
        refuse_unread_parameters(wrong, stages)
    lines = str(caught.value).splitlines()
    assert lines[0] == "--params:"
    assert lines[1].endswith("next: write data_root")
    assert [line.split(":")[0] for line in lines[1:]] == [
        "data_rot",
        "engine.speed",
        "churn.finetunin.rank",
        "q",
    ]
    assert "churn.finetuning" in lines[3]
    assert lines[4].endswith("in full, such as churn.finetuning.rank")


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


def test_a_wrong_parameter_stops_before_anything_is_loaded(project):
    bootstrap_project(project)
    session = KedroSession.create(project, runtime_params={"learning_rte": 3, "epochs": 2})
    with pytest.raises(OptionsError) as caught:
        session.load_context()
    assert "learning_rte: got a setting that nothing reads; next: write learning_rate" in str(
        caught.value
    )


@pytest.mark.parametrize("task", BLOCKS)
def test_rate_and_method_of_a_run_reach_the_student_of_every_task(project, task):
    bootstrap_project(project)
    given = {"learning_rate": 5e-7, "method": "full"}
    catalog = KedroSession.create(project, runtime_params=given).load_context().catalog
    options = catalog.load(f"params:{task}.finetuning")
    assert options.learning_rate == 5e-7
    assert options.method == "full"

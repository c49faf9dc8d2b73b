import pytest
from kedro.framework.startup import bootstrap_project

from churnlens.pipeline_registry import TASKS, register_pipelines

SHARED = {
    "customers",
    "schema",
    "questions",
    "bench",
    "model_lock",
    "params:model_root",
    "demo_truth",
}


@pytest.fixture(scope="module")
def pipelines(project):
    bootstrap_project(project)
    return register_pipelines()


def test_there_is_a_pipeline_per_task_and_per_stage(pipelines):
    assert set(TASKS) <= set(pipelines)
    assert {"data_processing", "indexing", "finetuning", "inference", "reporting"} <= set(pipelines)


def test_data_belong_to_a_task_and_what_comes_from_outside_to_nobody(pipelines):
    named = pipelines["churn"].inputs()
    outside = {name for name in named if not name.startswith(("churn.", "params:churn."))}
    assert outside == SHARED


def test_node_names_say_task_and_stage(pipelines):
    for stage in ("data_processing", "indexing", "inference"):
        names = [node.name.split(".") for node in pipelines[stage].nodes]
        assert names
        assert {name[0] for name in names} <= set(TASKS)
        assert {name[1] for name in names} == {stage}


def test_stages_of_all_tasks_are_the_tasks(pipelines):
    stages = ["data_processing", "indexing", "distillation", "finetuning", "inference", "reporting"]
    of_stages = [node.name for stage in stages for node in pipelines[stage].nodes]
    of_tasks = {node.name for name in (*TASKS, "student") for node in pipelines[name].nodes}
    assert sorted(of_stages) == sorted(of_tasks)


def test_the_service_reads_its_book_and_rows_of_ones_own_and_no_dialogues(pipelines):
    own = ("service.", "params:service.")
    outside = {name for name in pipelines["service"].inputs() if not name.startswith(own)}
    book = {"service_book", "service_rows", "service_bench"}
    assert outside == {*book, "model_lock", "params:model_root"}


@pytest.mark.parametrize("task", ["satisfaction", "summary"])
def test_tasks_share_the_raw_dialogues_and_each_makes_its_own(pipelines, task):
    own = (f"{task}.", f"params:{task}.")
    outside = {name for name in pipelines[task].inputs() if not name.startswith(own)}
    assert "dialogues" in outside
    company = {"action_table", "alert_phrases", "desk_facts", "reason_book", "summary_phrases"}
    named = {"customer_table", "schema"}  # who is called what
    assert outside <= {"dialogues", "model_lock", "params:model_root"} | company | named
    assert f"{task}.dialogues" in pipelines[task].all_outputs()


def test_retention_reads_what_clv_makes_and_knows_of_others_only_where_they_have_run(pipelines):
    taken = pipelines["retention"].inputs()
    assert {"customer_values", "customer_purchases", "value_metrics"} <= taken & pipelines[
        "clv"
    ].all_outputs()
    made = set().union(*(pipelines[task].all_outputs() for task in ("churn", "satisfaction")))
    assert not taken & made
    order = [node.name for node in (pipelines["clv"] + pipelines["retention"]).nodes]
    assert order.index("clv.inference.value_everybody") < order.index(
        "retention.inference.join_tasks"
    )


def test_the_main_job_reads_no_dialogues(pipelines):
    assert all(node.name.startswith("churn.") for node in pipelines["__default__"].nodes)


def test_experiments_are_in_no_run_but_their_own(pipelines):
    own = {node.name for node in pipelines["experiments"].nodes}
    assert {name.rpartition(".")[0] for name in own} == {
        "churn.experiments",
        "summary.experiments",
    }
    others = [pipeline for name, pipeline in pipelines.items() if name != "experiments"]
    assert not own & {node.name for pipeline in others for node in pipeline.nodes}


def test_the_main_job_needs_no_student(pipelines):
    quick, whole = pipelines["__default__"], pipelines["churn"]
    rest = {node.name.rpartition(".")[2] for node in (whole - quick).nodes}
    assert {"ask_teacher", "train_student", "answer_as_tuned", "evaluate_arms"} <= rest
    assert {"answer_questions", "write_report", "predict_out_of_fold"}.isdisjoint(rest)
    made_elsewhere = {
        name for name in quick.inputs() if name in whole.outputs() | (whole - quick).all_outputs()
    }
    assert made_elsewhere <= {
        "churn.arm_metrics",
        "churn.distillation_quality",
        "churn.training_history",
    }


def test_summaries_need_no_student_and_student_makes_them_and_what_shows_them(pipelines):
    quick = {node.name for node in pipelines["summary"].nodes}
    assert not {name for name in quick if "student" in name or "_as_" in name or "teacher" in name}
    made = {name for name in pipelines["summary"].inputs() if name.startswith("summary.")}
    assert made == {
        "summary.prompts",
        "summary.student",
        "summary.searched_prompt",
        "summary.arm_metrics",
    }
    student = {node.name for node in pipelines["student"].nodes if node.name.startswith("summary.")}
    assert {
        "summary.distillation.ask_teacher",
        "summary.finetuning.train_student",
        "summary.reporting.evaluate_arms",
        "summary.inference.write_summaries",
        "summary.reporting.write_report",
    } <= student
    assert "summary.data_processing.prepare_dialogues" not in student

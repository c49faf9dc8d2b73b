"""The plan of the environments that are declared, and of options that do not fit."""

from pathlib import Path

import pytest

from churnlens.models.memory import generation_memory
from churnlens.models.plan import Load, plan_stages, render_plan
from churnlens.models.shapes import known_config
from churnlens.models.training.estimate import GIB, estimate_memory
from churnlens.options import FinetuningOptions, OptionsError

NOWHERE = Path("/nowhere")
T4 = {
    "indexing": {"encoder": "bge-base-en-v1.5", "dtype": "float16", "batch_size": 64},
    "distillation": {"teacher": "transformers", "batch_size": 16},
    "finetuning": {
        "student": "Qwen2.5-7B-Instruct",
        "method": "qlora",
        "dtype": "float16",
        "gradient_checkpointing": True,
    },
    "inference": {"model": "Qwen2.5-7B-Instruct", "dtype": "nf4", "batch_size": 4},
}


def by_stage(stages):
    return {stage.stage: stage for stage in stages}


def test_every_stage_has_a_row_with_the_numbers_of_the_estimates():
    load = Load(row_tokens=1024, answer_tokens=300, prompt_tokens=900)
    got = by_stage(plan_stages(T4, NOWHERE, 15, load=load))
    assert list(got) == ["embedding", "teacher", "training", "answering", "student", "arms"]
    config = known_config("Qwen2.5-7B-Instruct", NOWHERE)
    options = FinetuningOptions(**T4["finetuning"])
    peak = estimate_memory(config, options, tokens=1024, answer_tokens=300, device="cuda").peak
    assert got["training"].gib == round(peak / GIB, 2)
    writer = generation_memory(config, dtype="nf4", rows=4, tokens=(900, 64), device="cuda").peak
    encoder = 2 * 109_482_240
    assert got["answering"].gib == round((writer + encoder) / GIB, 2)
    assert {stage.device for stage in got.values()} == {"cuda"}
    assert {stage.limit_gib for stage in got.values()} == {15}


def test_without_a_gpu_the_limit_is_the_machine(monkeypatch):
    monkeypatch.setattr("churnlens.models.plan.machine_gib", lambda: 8.0)
    stages = plan_stages({}, NOWHERE, None)
    assert {(s.device, s.limit_gib) for s in stages} == {("cpu", 8.0)}
    assert [s.stage for s in stages] == [
        "embedding",
        "teacher",
        "training",
        "answering",
        "student",
        "arms",
    ]


def test_what_does_not_fit_says_what_to_change_and_the_change_helps():
    student = {"student": "Qwen2.5-7B-Instruct", "dtype": "float16", "batch_size": 8}
    tight = {**T4, "finetuning": student}
    row = by_stage(plan_stages(tight, NOWHERE, 15))["training"]
    assert row.fits is False
    assert [knob.option for knob in row.knobs] == [
        "finetuning.batch_size",
        "finetuning.gradient_checkpointing",
        "finetuning.method",
    ]
    assert row.knobs[0].value == "4 with accumulation 2" and row.knobs[-1].value == "qlora"
    changed = {**student, "method": "qlora"}
    less = by_stage(plan_stages({**T4, "finetuning": changed}, NOWHERE, 15))["training"]
    assert row.gib - less.gib == pytest.approx(row.knobs[-1].saves_gib, abs=0.02)


def test_a_stage_fits_up_to_nine_tenths_of_the_limit():
    need = by_stage(plan_stages(T4, NOWHERE, 15))["answering"].gib
    for share, fits in ((0.88, True), (0.92, False)):
        assert by_stage(plan_stages(T4, NOWHERE, need / share))["answering"].fits is fits


def test_a_writer_in_16_bits_can_be_made_smaller():
    wide = {"inference": {**T4["inference"], "dtype": "bfloat16"}}
    knobs = by_stage(plan_stages(wide, NOWHERE, 40))["answering"].knobs
    assert {k.option for k in knobs} == {"inference.batch_size", "inference.dtype"}
    assert max(knobs, key=lambda k: k.saves_gib).value == "nf4"
    full = {"inference": {"model": "SmolLM2-135M-Instruct", "dtype": "float32"}}
    on_cpu = by_stage(plan_stages(full, NOWHERE, None))["answering"].knobs
    assert "bfloat16" in {k.value for k in on_cpu} and "nf4" not in {k.value for k in on_cpu}


def test_a_teacher_elsewhere_needs_nothing_here():
    for kind, what in (("reference", "no model"), ("openai", "server")):
        row = by_stage(plan_stages({"distillation": {"teacher": kind}}, NOWHERE, 15))["teacher"]
        assert what in row.what and row.gib == 0 and row.fits and not row.knobs


def test_templates_need_no_model():
    row = by_stage(plan_stages({"inference": {"writer": "template"}}, NOWHERE, None))["answering"]
    assert row.what == "templates" and row.gib < 0.1 and row.fits


def test_an_unknown_model_leaves_the_other_stages_planned():
    odd = {**T4, "indexing": {"encoder": "house-encoder"}}
    got = by_stage(plan_stages(odd, NOWHERE, 15))
    assert got["embedding"].gib is None and got["embedding"].fits is None
    assert "kedro fetch-models house-encoder" in got["embedding"].what
    assert got["training"].gib > 5
    line = render_plan([got["embedding"]]).splitlines()[1]
    assert line.startswith("embedding") and "?" in line


def test_the_student_is_planned_for_whole_answers():
    long = {"inference": {"max_new_tokens": 64, "max_answer_tokens": 512}}
    got = by_stage(plan_stages(long, NOWHERE, None))
    assert got["student"].gib > got["answering"].gib  # the same model, longer texts


def test_the_arms_are_planned_in_the_precision_of_the_training():
    for tuning, dtype in (({}, "bfloat16"), ({"dtype": "float32"}, "float32")):
        options = {"finetuning": tuning, "inference": {"dtype": "float32"}}
        got = by_stage(plan_stages(options, NOWHERE, None))["arms"]
        assert got.what.startswith(f"SmolLM2-135M-Instruct {dtype},")
    assert "nf4" in by_stage(plan_stages(T4, NOWHERE, 15))["arms"].what


def test_a_smaller_batch_takes_the_same_rows_a_step():
    for batch, value in ((5, "1 with accumulation 10"), (6, "3 with accumulation 4")):
        tuning = {"batch_size": batch, "accumulation": 2}
        knobs = by_stage(plan_stages({"finetuning": tuning}, NOWHERE, None))["training"].knobs
        assert (knobs[0].option, knobs[0].value) == ("finetuning.batch_size", value)


def test_what_saves_memory_is_shown_for_every_stage():
    rows = plan_stages(T4, NOWHERE, 15)
    text = render_plan(rows)
    assert all(f"{k.option}: {k.value}  saves" in text for row in rows for k in row.knobs)


def test_a_wrong_parameter_is_named():
    with pytest.raises(OptionsError, match="learning_rte"):
        plan_stages({"finetuning": {"learning_rte": 1e-4}}, NOWHERE, None)


def test_the_table_lines_up():
    lines = render_plan(plan_stages(T4, NOWHERE, 9)).splitlines()
    head = lines[0]
    assert head.split() == ["stage", "what", "device", "needs", "limit", "fits"]
    rows = {line.split()[0]: line for line in lines[1:] if not line.startswith(" ")}
    assert all(line[head.index("device") :].startswith("cuda") for line in rows.values())
    assert all(line == line.rstrip() for line in lines)
    assert rows["embedding"].endswith("yes") and rows["teacher"].endswith("no")
    assert "distillation.batch_size" in lines[lines.index(rows["teacher"]) + 1]


@pytest.mark.parametrize("env", ["local", "tiny", "t4", "a100"])
def test_every_environment_can_be_planned(project, env):
    """With the parameters that a run gets."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    bootstrap_project(project)
    context = KedroSession.create(project, env=env).load_context()
    memory = context.config_loader["globals"]["memory_gib"]
    got = by_stage(plan_stages(context.params["churn"], NOWHERE, memory))
    assert all(stage.gib is not None for stage in got.values())
    assert got["embedding"].fits and got["answering"].fits
    assert got["answering"].device == ("cuda" if memory else "cpu")
    assert (memory is None) == (env in {"local", "tiny"})

from churnlens.pipelines.experiments import create_pipeline


def test_the_pipeline_reads_rows_and_leaves_the_student_alone():
    pipeline = create_pipeline("churn")
    assert {"training_rows", "model_lock", "checkpoints", "params:experiments"} <= pipeline.inputs()
    assert pipeline.all_outputs() == {"training_trials", "trial_history", "trial_plot"}

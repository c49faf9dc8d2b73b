"""Every environment loads, every parameter validates, nothing falls back to a default."""

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import MemoryDataset
from kedro.validation import ParameterValidationError

from churnlens.models.lock import parse_lock

ENVIRONMENTS = ("local", "t4", "a100", "tiny")


@pytest.fixture(params=ENVIRONMENTS)
def context(request, project):
    bootstrap_project(project)
    return KedroSession.create(project, env=request.param).load_context()


def test_every_dataset_of_every_pipeline_is_in_the_catalog(context):
    from kedro.framework.project import pipelines

    for pipeline in pipelines.values():
        for name in pipeline.datasets():
            if not name.startswith("params:"):
                assert not isinstance(context.catalog.get(name), MemoryDataset), name


def test_every_parameter_block_is_there_and_typed(context):
    from kedro.framework.project import pipelines

    names = {name for name in pipelines["churn"].inputs() if name.startswith("params:")}
    assert "params:churn.inference" in names
    for name in names:
        assert context.catalog.load(name) is not None


def test_every_model_that_an_environment_names_is_in_the_lock(context):
    conf = context.config_loader["globals"]
    specs = parse_lock(context.catalog.load("model_lock"))
    assert specs[conf["encoder"]["name"]].kind == "encoder"
    assert specs[conf["writer"]["name"]].kind == "causal_lm"


def test_a_run_parameter_moves_every_path(project):
    bootstrap_project(project)
    given = {"data_root": "/elsewhere", "customers": "/mine.csv"}
    catalog = KedroSession.create(project, runtime_params=given).load_context().catalog
    assert str(catalog.get("customers")._filepath) == "/mine.csv"
    for name in ("churn.table", "churn.vector_index", "churn.answers", "churn.report"):
        assert str(catalog.get(name)._filepath).startswith("/elsewhere/")


def test_a_wrong_parameter_name_stops_before_any_node(project):
    bootstrap_project(project)
    given = {"churn": {"inference": {"lerning_rate": 1}}}
    session = KedroSession.create(project, runtime_params=given)
    with pytest.raises(ParameterValidationError, match="lerning_rate"):
        _ = session.load_context().params

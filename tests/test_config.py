"""Every environment loads, every parameter validates, nothing falls back to a default."""

import shutil

import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import MemoryDataset
from kedro.validation import ParameterValidationError

from churnlens.models.lock import parse_lock
from churnlens.options import PUBLIC_GRID

pytestmark = pytest.mark.slow

ENVIRONMENTS = ("local", "long", "t4", "a100", "tiny")


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def context(request, project):
    bootstrap_project(project)
    return KedroSession.create(project, env=request.param).load_context()


def test_the_catalog_is_made_once(context):
    assert context.catalog is context.catalog


def test_every_dataset_of_every_pipeline_is_in_the_catalog(context):
    from kedro.framework.project import pipelines

    for name in set().union(*(pipeline.datasets() for pipeline in pipelines.values())):
        if not name.startswith("params:"):
            assert not isinstance(context.catalog.get(name), MemoryDataset), name


def test_every_parameter_block_is_there_and_typed(context):
    from kedro.framework.project import pipelines

    everything = set().union(*(pipeline.inputs() for pipeline in pipelines.values()))
    names = {name for name in everything if name.startswith("params:")}
    assert {"params:churn.inference", "params:satisfaction.indexing"} <= names
    for name in names:
        assert context.catalog.load(name) is not None


def test_every_model_that_an_environment_names_is_in_the_lock(context):
    conf = context.config_loader["globals"]
    specs = parse_lock(context.catalog.load("model_lock"))
    assert specs[conf["encoder"]["name"]].kind == "encoder"
    assert {"en", "zh"} <= set(specs[conf["dialogue_encoder"]["name"]].languages)
    for role in ("writer", "student", "teacher"):
        assert specs[conf[role]["name"]].kind == "causal_lm"
    assert conf["value_text"]["encoder"] in specs
    for role in ("encoder", "dialogue_encoder", "writer", "student"):
        assert specs[conf[role]["name"]].version != "unpinned"


def test_a_run_parameter_moves_every_path(project):
    bootstrap_project(project)
    given = {"data_root": "/elsewhere", "customers": "/mine.csv"}
    catalog = KedroSession.create(project, runtime_params=given).load_context().catalog
    assert str(catalog.get("customers")._filepath) == "/mine.csv"
    for name in ("churn.table", "churn.vector_index", "churn.answers", "churn.report"):
        assert str(catalog.get(name)._filepath).startswith("/elsewhere/")


def table_of(project, **given):
    catalog = KedroSession.create(project, runtime_params=given).load_context().catalog
    return str(catalog.get("customers")._filepath)


def test_the_table_is_that_of_the_data_root_unless_it_is_named(project):
    bootstrap_project(project)
    assert table_of(project) == str(project / "data/01_raw/customers.csv")
    assert table_of(project, data_root="/elsewhere") == "/elsewhere/01_raw/customers.csv"
    assert table_of(project, data_root="/elsewhere", customers="/mine.csv") == "/mine.csv"


def raw_dialogues_of(project, **given):
    catalog = KedroSession.create(project, runtime_params=given).load_context().catalog
    config = catalog.to_config()[0]["dialogues"]
    return config["filepath"], config["validator"]["options"]


def test_the_dialogues_are_those_of_the_data_root_unless_they_are_named(project):
    bootstrap_project(project)
    path, options = raw_dialogues_of(project, data_root="/elsewhere")
    assert str(path) == options["source"] == "/elsewhere/01_raw/dialogues.jsonl"
    assert (options["form"], options["scale"]) == (None, None)
    given = {"dialogues": "/mine.csv", "dialogue_form": "table", "dialogue_scale": {"high": 10}}
    path, options = raw_dialogues_of(project, **given)
    assert (str(path), options["form"]) == ("/mine.csv", "table")
    assert options["scale"] == {"high": 10}


def test_summaries_are_held_out_by_scenario_and_satisfaction_by_customer(context):
    assert context.catalog.load("params:summary.data_processing").family == "scenario"
    assert context.catalog.load("params:satisfaction.data_processing").family == ""


def test_the_grid_of_summaries_is_that_of_the_public_recipe_where_it_fits(project):
    bootstrap_project(project)
    catalog = KedroSession.create(project).load_context().catalog
    assert catalog.load("params:summary.experiments").grid == PUBLIC_GRID
    assert {run["method"] for run in PUBLIC_GRID} == {"lora", "full"}


def test_the_table_may_be_named_for_a_machine(project, tmp_path):
    shutil.copytree(project / "conf" / "base", tmp_path / "base")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "globals.yml").write_text("customers: /mine.csv", encoding="utf-8")
    bootstrap_project(project)
    session = KedroSession.create(project, conf_source=str(tmp_path))
    assert str(session.load_context().catalog.get("customers")._filepath) == "/mine.csv"


def test_no_path_hangs_on_the_current_folder(project, monkeypatch):
    bootstrap_project(project)
    monkeypatch.chdir(project / "notebooks")
    catalog = KedroSession.create(project).load_context().catalog
    assert catalog.load("params:model_root") == str(project / "data/06_models/pretrained")
    options = catalog.to_config()[0]["customers"]["validator"]["options"]
    assert options["schema"] == str(project / "conf/base/schemas/telco.yml")


def test_a_wrong_parameter_name_stops_before_any_node(project):
    bootstrap_project(project)
    given = {"churn": {"inference": {"lerning_rate": 1}}}
    session = KedroSession.create(project, runtime_params=given)
    with pytest.raises(ParameterValidationError, match="lerning_rate"):
        _ = session.load_context().params

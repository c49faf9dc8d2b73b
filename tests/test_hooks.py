import copy
import json
import logging
import os

import pytest
from filelock import FileLock
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog
from kedro.pipeline import Node
from kedro_datasets.json import JSONDataset

from churnlens.engine.records import node_states
from churnlens.hooks import RunHooks, RunInProgressError, data_root
from commands import invoke, parameters


@pytest.fixture
def context(project, tmp_path):
    bootstrap_project(project)
    return KedroSession.create(project, runtime_params={"data_root": str(tmp_path)}).load_context()


@pytest.fixture
def start(context):
    """Make hooks that have begun a run; what is left open is closed."""
    begun = []

    def begin(catalog=None) -> RunHooks:
        hooks = RunHooks()
        hooks.after_context_created(context)
        begun.append(hooks)
        hooks.before_pipeline_run(catalog=context.catalog if catalog is None else catalog)
        return hooks

    yield begin
    for hooks in begun:
        hooks.after_pipeline_run()


def test_the_data_root_is_the_given_one_or_inside_the_project(project, context, tmp_path):
    assert data_root(context) == tmp_path
    assert data_root(KedroSession.create(project).load_context()) == project / "data"


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_one_run_at_a_time_and_the_next_after_it(start, end):
    first = start()
    with pytest.raises(RunInProgressError, match=r"another run writes to .*data_root=DIR"):
        start()
    getattr(first, end)()
    start()


def test_a_run_beside_another_ends_with_a_message(project, tmp_path):
    (tmp_path / ".state").mkdir()
    with FileLock(tmp_path / ".state" / "run.lock"):
        done = invoke(project, "run", "--params", f"data_root={tmp_path}")
    assert done.exit_code == 1
    assert f"another run writes to {tmp_path}; wait for it" in done.stderr
    assert {path.name for path in tmp_path.rglob("*")} == {".state", "run.lock"}


def test_what_a_killed_run_left_is_removed_and_nothing_else(start, tmp_path, caplog):
    folder = tmp_path / "06_models" / "churn"
    (folder / ".tmp-1a2b3c4d-index").mkdir(parents=True)
    (folder / ".tmp-1a2b3c4d-index" / "part").write_text("x")
    (folder / ".tmp-5e6f7a8b-card.json").write_text("{")
    (folder / "card.json").write_text("{}")
    with caplog.at_level(logging.INFO, "churnlens"):
        start()
    assert [path.name for path in folder.iterdir()] == ["card.json"]
    assert "removed 2 half-written files" in caplog.text


def test_progress_is_a_line_of_numbers_until_the_run_ends(start, tmp_path):
    log = logging.getLogger("churnlens.engine.progress")
    log.setLevel(logging.INFO)
    numbers = {"label": "embed", "done": 1, "total": 2, "rate": 0.5, "eta_seconds": 2.0}
    hooks = start()
    log.info("embed: 1/2", extra={"progress": numbers})
    log.info("something else")
    hooks.after_pipeline_run()
    log.info("too late", extra={"progress": numbers})
    (line,) = (tmp_path / ".state" / "progress.jsonl").read_text(encoding="utf-8").splitlines()
    read = json.loads(line)
    assert read.pop("time") > 0
    assert read == numbers


def split(whole: dict) -> tuple[dict, dict]:
    return whole, whole


@pytest.fixture
def catalog(tmp_path):
    names = ("customers", "b", "c", "d")
    made = {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in names}
    made["customers"].save({"x": 1})
    return DataCatalog(made)


NODE = Node(split, "customers", ["b", "c"], name="churn.split")


def save(hooks, catalog, node, name):
    hooks.before_dataset_saved(node)
    catalog.save(name, {"x": 1})
    hooks.after_dataset_saved(name, node)


def test_a_record_goes_with_the_first_output_and_comes_with_the_last(start, catalog, tmp_path):
    record = tmp_path / ".state" / "churn.split.json"
    hooks = start(catalog)
    record.write_text("old")
    hooks.before_dataset_loaded("customers", NODE)
    assert record.read_text() == "old"  # a node that fails before it writes changes nothing
    for name in "bc":
        hooks.before_dataset_saved(NODE)
        assert not record.exists()
        save(hooks, catalog, NODE, name)
    written = json.loads(record.read_text(encoding="utf-8"))
    assert written["node"] == "churn.split"
    assert set(written["inputs"]) == {"customers"}
    assert written["outputs"]["b"] == written["outputs"]["c"] == written["inputs"]["customers"]
    assert written["given"] == {}


def test_an_input_replaced_while_the_node_runs_makes_it_stale(start, catalog, tmp_path):
    hooks = start(catalog)
    hooks.before_dataset_loaded("customers", NODE)
    catalog.save("customers", {"x": 2})
    for name in "bc":
        save(hooks, catalog, NODE, name)
    (state,) = node_states(catalog, [NODE], tmp_path / ".state")
    assert (state.state, state.why) == ("stale", "changed since: customers")


def test_nodes_that_run_at_once_do_not_end_each_other(start, catalog, tmp_path):
    other = Node(copy.copy, "customers", "d", name="churn.other")
    hooks = start(catalog)
    hooks.before_dataset_loaded("customers", NODE)
    hooks.before_dataset_loaded("customers", other)
    save(hooks, catalog, NODE, "b")
    save(hooks, catalog, other, "d")
    assert {path.stem for path in (tmp_path / ".state").glob("churn.*")} == {"churn.other"}
    save(hooks, catalog, NODE, "c")
    assert all(
        each.state == "done" for each in node_states(catalog, [NODE, other], tmp_path / ".state")
    )


def test_the_record_names_the_file_that_the_run_was_given(project, catalog, tmp_path):
    bootstrap_project(project)
    given = {"data_root": str(tmp_path), "customers": "mine.csv"}
    hooks = RunHooks()
    hooks.after_context_created(KedroSession.create(project, runtime_params=given).load_context())
    hooks.before_pipeline_run(catalog=catalog)
    for name in "bc":
        hooks.before_dataset_loaded("customers", NODE)
        save(hooks, catalog, NODE, name)
    hooks.after_pipeline_run()
    written = json.loads((tmp_path / ".state" / "churn.split.json").read_text(encoding="utf-8"))
    assert written["given"] == {"customers": str(tmp_path / "customers.json")}


@pytest.mark.parametrize("word", ["0", "off"])
def test_a_run_without_the_validator_is_refused(project, customers, tmp_path, monkeypatch, word):
    monkeypatch.setenv("KEDRO_DATASET_VALIDATION", word)
    done = invoke(project, "run", *parameters(tmp_path / "data", customers))
    assert done.exit_code == 1
    assert "unset KEDRO_DATASET_VALIDATION and run again" in done.stderr
    assert not (tmp_path / "data").exists()


def test_libraries_stay_offline_and_idle_threads_asleep(context, monkeypatch):
    monkeypatch.setattr(os, "environ", {"DO_NOT_TRACK": "0"})
    RunHooks().after_context_created(context)
    assert (os.environ["HF_HUB_OFFLINE"], os.environ["OMP_WAIT_POLICY"]) == ("1", "PASSIVE")
    assert os.environ["DO_NOT_TRACK"] == "0"  # what the user has set stays

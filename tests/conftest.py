import json
import os
from pathlib import Path

import pytest
from hypothesis import settings

from churnlens.datasets.atomic import write_folder
from commands import QUESTIONS, command, parameters
from models.tiny import make_random_model

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

settings.register_profile("untimed", deadline=None)  # another program's load fails no test
settings.load_profile("untimed")

ROOT = Path(__file__).parents[1]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def project() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def real_table() -> Path:
    path = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"
    if not path.is_file():
        pytest.skip(f"no public telco table at {path}; set CHURNLENS_REAL_DATA to its folder")
    return path


@pytest.fixture(scope="session")
def models(project) -> Path:
    folder = project / "data" / "06_models" / "pretrained"
    if not (folder / "all-MiniLM-L6-v2").is_dir():
        pytest.skip("the embedded models are not fetched; run `make models`")
    return folder


@pytest.fixture(scope="session")
def tiny_student(project, models) -> Path:
    """The base of the student of `conf/tiny`: the embedded model's tokenizer, random weights."""
    folder = project / "data" / "06_models" / "tiny-random"
    if not (folder / "manifest.json").is_file():
        write_folder(folder, lambda path: make_random_model(models / "SmolLM2-135M-Instruct", path))
    return folder


@pytest.fixture(scope="session")
def customers(tmp_path_factory) -> Path:
    from churnlens.simulation import simulate_customers

    folder = tmp_path_factory.mktemp("run")
    simulate_customers(700, seed=3).customers.to_csv(folder / "customers.csv", index=False)
    (folder / "questions.yml").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    return folder / "customers.csv"


@pytest.fixture(scope="session")
def finished(project, models, customers) -> Path:
    """The data root of a whole run; a test that changes it puts it back."""
    folder = customers.parent / "finished"
    command(project, "run", *parameters(folder, customers))
    return folder


@pytest.fixture(scope="module")
def cluster():
    """Two Ray workers and a CPU to spare, for all tests of a file."""
    ray = pytest.importorskip("ray")
    from churnlens.engine.workers import _cluster
    from churnlens.options import EngineOptions

    with _cluster(2, EngineOptions(kind="ray", workers=2)):
        yield ray


def pytest_collection_modifyitems(items) -> None:
    """Start what is slow first, so that no worker is left alone with it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)

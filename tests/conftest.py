import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

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

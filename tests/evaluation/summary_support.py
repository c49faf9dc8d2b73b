"""Published outputs of two systems on Chinese service dialogues, where they are at hand."""

import pytest

from evaluation.bench_support import REAL

FOLDER = REAL / "summary_zh"


def csds(system):
    """Return 800 summaries of a system and their references."""
    if not FOLDER.is_dir():
        pytest.skip(f"no published summaries in {FOLDER}; set CHURNLENS_REAL_DATA to run this test")
    names = f"final_{system}_true_preds.txt", "final_gold_refs.txt"
    return [(FOLDER / name).read_text("utf-8").splitlines() for name in names]

"""One extractive part of each language, fitted once."""

import pytest

from churnlens.tasks.summary.extractive import fit_extractive
from churnlens.tasks.summary.references import references_of
from tasks.summary.support import demo


@pytest.fixture(scope="session")
def parts():
    pairs = [(each, references_of(each)) for each in demo()]
    return {language: fit_extractive(pairs, language, "scenario") for language in ("en", "zh")}

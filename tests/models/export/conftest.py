"""One adapter, trained in a second, for all tests of exports."""

import shutil

import pytest

from churnlens.models.generation import Message
from models.training.samples import OPTIONS, TRAINING, VALIDATION, words

PROMPTS = [(Message(role="user", content=words(number, 3 + number % 5)),) for number in range(20)]


@pytest.fixture(scope="session")
def prompts():
    return PROMPTS


@pytest.fixture(scope="session")
def adapter(tiny_lm, tmp_path_factory):
    from churnlens.models.training.train import train

    options = OPTIONS.model_copy(update={"learning_rate": 1e-2})
    folder = tmp_path_factory.mktemp("adapter")
    return train(TRAINING, VALIDATION, model=tiny_lm, options=options, checkpoints=folder).folder


@pytest.fixture
def torn(adapter, tmp_path):
    """A copy of the adapter that a test may change."""
    return shutil.copytree(adapter, tmp_path / "copy")

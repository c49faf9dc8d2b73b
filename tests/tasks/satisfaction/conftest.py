"""The random encoder of the tests of models."""

from models.conftest import tiny_encoder  # noqa: F401

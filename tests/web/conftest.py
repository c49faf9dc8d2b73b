import pytest

from web.support import running


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("web")) as server:
        yield server


@pytest.fixture
def serve(tmp_path):
    """Start a server with given options; it ends with the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running(tmp_path, **options))

"""What `serve` opens, passes on and closes again."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import httpx2
import pytest
import uvicorn

from churnlens.options import LimitOptions, WebOptions
from churnlens.web.history import History, HistoryError, Records
from churnlens.web.house import Services
from churnlens.web.server import serve
from web.support import FakeModel

SERVE = """
import sys
import time
from pathlib import Path
from churnlens.options import WebOptions
from churnlens.web.house import Services
from churnlens.web.server import serve
from web.support import FakeModel
serve(Services(models={"fake": FakeModel(seconds=0.05, words=400)}), Path(sys.argv[1]), WebOptions(port=int(sys.argv[2])))
"""


def test_the_server_is_set_up_as_the_options_say(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda self: seen.append(self.config))
    options = WebOptions(port=1234, limits=LimitOptions(connections=7, write_seconds=3))
    serve(Services(models={"fake": FakeModel()}), tmp_path, options)
    (config,) = seen
    assert (config.host, config.port, config.limit_concurrency) == ("127.0.0.1", 1234, 7)
    assert config.http.limits.write_seconds == 3 and not config.access_log
    assert config.app.state.house.places.alerts.parent.parent == tmp_path / "07_model_output"
    History(tmp_path / "web" / "history.db").close()  # it was closed


def test_a_second_server_over_the_same_data_is_refused(tmp_path):
    history = History(tmp_path / "web" / "history.db")
    with pytest.raises(HistoryError, match="another server"):
        serve(Services(), tmp_path, WebOptions())
    history.close()


@pytest.mark.slow
def test_a_terminated_server_ends_its_replies_and_keeps_them(tmp_path, unused_port):
    command = [sys.executable, "-c", SERVE, str(tmp_path), str(unused_port)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)
    with httpx2.Client(base_url=f"http://127.0.0.1:{unused_port}", timeout=30) as api:
        conversation = begun(api)
        path = f"/conversations/{conversation}/messages"
        with api.stream("POST", path, json={"content": "hello"}) as answer:
            text = answer.iter_text()
            while "词1" not in next(text):
                continue
            process.send_signal(signal.SIGTERM)
            assert "server_closing" in "".join(text)
    _, told = process.communicate(timeout=30)
    assert process.returncode in {0, -signal.SIGTERM} and b"Traceback" not in told
    with closing(Records(tmp_path / "web" / "history.db")) as records:
        said, reply = records.entries(conversation)
    assert (said.role, reply.status) == ("user", "stopped")
    assert reply.content.startswith("词0 词1 ")


def begun(api):
    """Begin a conversation as soon as the server is there."""
    for _ in range(300):
        try:
            return api.post("/conversations", json={}).json()["id"]
        except httpx2.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]

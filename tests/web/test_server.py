"""What `serve` opens, passes on and closes again."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import httpx2
import pytest
import uvicorn

from churnlens.options import LimitOptions, WebOptions
from churnlens.web import binding
from churnlens.web.access import AccessError
from churnlens.web.history import History, HistoryError, Records
from churnlens.web.house import Services
from churnlens.web.server import serve
from web.support import TOKEN, FakeModel

SERVE = """
import sys
import time
from pathlib import Path
from churnlens.options import WebOptions
from churnlens.web.house import Services
from churnlens.web.server import serve
from web.support import FakeModel
services = Services(models={"fake": FakeModel(seconds=0.05, words=400)})
serve(lambda port: services, Path(sys.argv[1]), WebOptions(port=int(sys.argv[2])))
"""


def test_the_server_is_set_up_as_the_options_say(tmp_path, monkeypatch, unused_port):
    seen = []

    def run(self, sockets):
        seen.append((self.config, [each.getsockname() for each in sockets]))

    monkeypatch.setattr(uvicorn.Server, "run", run)
    options = WebOptions(port=unused_port, limits=LimitOptions(connections=7, write_seconds=3))
    serve(lambda port: Services(models={"fake": FakeModel()}), tmp_path, options)
    ((config, held),) = seen
    assert held == [("127.0.0.1", unused_port)] and config.limit_concurrency == 7
    assert config.http.limits.write_seconds == 3 and not config.access_log
    assert config.app.state.house.places.alerts.parent.parent == tmp_path / "07_model_output"
    History(tmp_path / "web" / "history.db").close()  # it was closed


def test_a_second_server_over_the_same_data_is_refused(tmp_path):
    history = History(tmp_path / "web" / "history.db")
    with pytest.raises(HistoryError, match="another server"):
        serve(pytest.fail, tmp_path, WebOptions(port=0))
    history.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken_is_told_before_anything_is_loaded(tmp_path, host):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AccessError, match=f"port {port}: Address already in use"):
            serve(pytest.fail, tmp_path, WebOptions(host=host, port=port))
    assert not list(tmp_path.iterdir())


def test_a_host_that_is_not_of_this_machine_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    with pytest.raises(AccessError, match="cannot listen on 192.0.2.1"):
        serve(pytest.fail, tmp_path, WebOptions(host="192.0.2.1", port=0, token_env="WEB_TOKENS"))


def test_one_address_of_several_may_be_absent(monkeypatch):
    def addresses(options):
        return [(socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET, ("127.0.0.1", 0))]

    monkeypatch.setattr(binding, "_addresses", addresses)
    (held,) = binding.bind(WebOptions())
    with held:
        assert held.getsockname()[0] == "127.0.0.1"


def test_while_models_load_a_client_is_refused_and_the_port_is_held(tmp_path, unused_port):
    def load(port):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{unused_port}/health")
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", unused_port))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(load, tmp_path, WebOptions(port=unused_port))
    History(tmp_path / "web" / "history.db").close()  # it was closed, and the port is free
    for held in binding.bind(WebOptions(port=unused_port)):
        held.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 may be absent")
def test_a_port_that_the_system_chose_is_told_and_is_that_of_every_address(tmp_path, monkeypatch):
    told, held = [], []

    def addresses(options):
        return [(socket.AF_INET, (host, options.port)) for host in ("127.0.0.1", "127.0.0.2")]

    def run(self, sockets):
        held.extend(each.getsockname()[1] for each in sockets)

    def load(port):
        told.append(port)
        return Services(models={"fake": FakeModel()})

    monkeypatch.setattr(binding, "_addresses", addresses)
    monkeypatch.setattr(uvicorn.Server, "run", run)
    serve(load, tmp_path, WebOptions(port=0))
    assert held == told * 2 and 0 not in told


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere two cannot hold one address")
def test_who_listened_first_while_models_load_is_told(tmp_path, unused_port):
    with socket.socket() as other:

        def load(port):
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            return Services(models={"fake": FakeModel()})

        with pytest.raises(AccessError, match=f"port {unused_port}: Address already in use"):
            serve(load, tmp_path, WebOptions(port=unused_port))
    History(tmp_path / "web" / "history.db").close()  # it was closed


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
    for _ in range(1200):
        try:
            return api.post("/conversations", json={}).json()["id"]
        except httpx2.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


@pytest.fixture
def unused_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]

"""`kedro serve` as a user starts it: the assistant answers, what has no run is said and left out."""

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(project, models, tmp_path_factory):
    if not (models / "multilingual-e5-small").is_dir():
        pytest.skip("no multilingual-e5-small; run kedro fetch-models multilingual-e5-small")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = tmp_path_factory.mktemp("served")
    words = ("serve", "--port", str(port), "--data-root", str(root))
    log = (root / "log.txt").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "kedro", *words], cwd=project, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2).close()
            break
        except OSError:
            assert process.poll() is None, (root / "log.txt").read_text()
            time.sleep(0.5)
    yield url, root / "log.txt"
    process.terminate()
    assert process.wait(timeout=60) in {0, -15}


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--host", "0.0.0.0"), "no token is set"), (("--port", "taken"), "already in use")],
)
def test_what_is_refused_is_refused_before_a_model_is_loaded(project, tmp_path, words, told):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        given = [port if word == "taken" else word for word in words]
        ended = subprocess.run(
            [sys.executable, "-m", "kedro", "serve", *given, "--data-root", str(tmp_path)],
            cwd=project, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert ended.returncode == 1 and told in ended.stderr
    assert "not served" not in ended.stderr and "Traceback" not in ended.stderr


def ask(url, text):
    from openai import OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key="none")
    told = client.chat.completions.create(
        model="churnlens-service", messages=[{"role": "user", "content": text}]
    )
    return told.choices[0].message.content


def test_the_assistant_answers_from_the_handbook_in_both_languages(served):
    url, _ = served
    assert "30 days" in ask(url, "How long do I have to return a parcel?")
    assert "30 天" in ask(url, "退货要多久？")
    assert "order number" in ask(url, "Where is my order?")


def test_what_has_no_run_is_told_and_not_there(served):
    url, log = served
    asked = urllib.request.Request(
        f"{url}/predict/summary",
        data=b'{"rows": [{"id": 1}]}',
        headers={"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(asked, timeout=20)
    assert "not served: summary" in log.read_text()
    assert "serves churnlens-service" in log.read_text()

"""Who is let in, under which name, and what every answer carries."""

import re

import pytest

from churnlens.options import WebOptions
from churnlens.web.access import AccessError, load_tokens
from churnlens.web.server import serve as serve_app
from web.support import OTHER, TOKEN, chat, raw, running, wait_for

PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server with the tokens of two people."""
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "tokens"
    file.write_text(f"# people\nann:{TOKEN}\nbob:{OTHER}\n", encoding="utf-8")
    file.chmod(0o600)
    with running(folder, token_file=str(file)) as server:
        yield server


WRONG = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": f"Bearer ann:{TOKEN}"},
    {"Cookie": "churnlens_session=wrong"},
    {"Cookie": f"churnlens_session={TOKEN}"},
    {"Cookie": "=;;churnlens_session"},
]


@pytest.mark.parametrize("path", ["/v1/models", "/conversations", "/runs", "/alerts", "/nothing"])
def test_without_a_right_token_nothing_is_shown(guarded, path):
    with guarded.client() as api:
        for headers in WRONG:
            answer = api.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"] == "Bearer"


def test_an_empty_token_is_wrong(guarded):
    head = f"GET /runs HTTP/1.1\r\nHost: 127.0.0.1:{guarded.port}\r\nConnection: close\r\n"
    assert b" 401 " in raw(guarded.port, f"{head}Authorization: Bearer \r\n\r\n".encode())


def test_a_right_token_is_let_in_and_health_needs_none(guarded):
    with guarded.client(Authorization=f"Bearer {TOKEN}") as api:
        assert api.get("/v1/models").status_code == 200
        assert api.post(PATH, json=chat()).status_code == 200
        assert api.get("/session").json() == {"owner": "ann"}
    with guarded.client() as api:
        assert api.get("/health").json()["status"] == "ok"


def test_wrong_tokens_are_limited_by_address_and_sessions_go_on(serve, monkeypatch):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    server = serve(token_env="WEB_TOKENS", limits={"wrong_tokens_per_minute": 2})
    with server.client() as signed, server.client() as api:
        assert signed.post("/session", json={"token": TOKEN}).status_code == 201
        tries = [api.get("/runs", headers={"Authorization": "Bearer wrong"}) for _ in range(2)]
        tries += [api.post("/session", json={"token": "wrong"})]
        tries += [api.get("/runs", headers={"Authorization": f"Bearer {TOKEN}"})]
        assert [each.status_code for each in tries] == [401, 401, 429, 429]
        for each in tries[2:]:
            assert each.json()["error"]["code"] == "rate_limit_exceeded"
            assert 1 <= int(each.headers["retry-after"]) <= 30
        assert signed.get("/runs").status_code == 200
        assert api.get("/runs").status_code == 401  # no token is no guess
        assert api.get("/health", headers={"Authorization": "Bearer wrong"}).status_code == 429


@pytest.mark.parametrize(("proxies", "last"), [(("127.0.0.1",), 401), ((), 429)])
def test_behind_a_proxy_it_says_where_a_request_comes_from(serve, monkeypatch, proxies, last):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    options = {"token_env": "WEB_TOKENS", "limits": {"wrong_tokens_per_minute": 1}}
    with serve(proxies=proxies, **options).client(Authorization="Bearer wrong") as api:
        first = api.get("/runs", headers={"X-Forwarded-For": "198.51.100.9, 192.0.2.1"})
        again = api.get("/runs", headers={"X-Forwarded-For": "198.51.100.8, 192.0.2.1"})
        other = api.get("/runs", headers={"X-Forwarded-For": "192.0.2.2"})
    assert [each.status_code for each in (first, again, other)] == [401, 429, last]


def test_a_browser_signs_in_and_out(guarded):
    with guarded.client() as api:
        refused = api.post("/session", json={"token": "wrong"})
        assert refused.status_code == 401 and "set-cookie" not in refused.headers
        given = api.post("/session", json={"token": OTHER})
        cookie = given.headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert OTHER not in cookie and "Secure" not in cookie
        assert api.get("/session").json() == {"owner": "bob"}
        secret = dict(api.cookies)
        assert api.delete("/session").status_code == 204
        assert api.get("/session", cookies=secret).status_code == 401


@pytest.mark.parametrize("other", ['a={"x": 1}', "a=b c", "lonely", 'a="open', "x[y]=1", "钥=1"])
def test_cookies_of_other_programs_of_this_machine_do_not_sign_out(guarded, other):
    with guarded.client() as api:
        api.post("/session", json={"token": OTHER})
        secret = api.cookies["churnlens_session"]
    both = f"{other}; churnlens_session={secret}".encode()
    with guarded.client() as api:
        answer = api.get("/session", headers={"Cookie": both})
    assert answer.status_code == 200 and answer.json() == {"owner": "bob"}


def test_a_session_ends_with_its_time(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    server = serve(token_env="WEB_TOKENS", session_hours=1e-7, secure_cookies=True)
    with server.client() as api:
        given = api.post("/session", json={"token": TOKEN}).headers["set-cookie"]
        assert "Secure" in given
        secret = re.search("churnlens_session=([^;]+)", given)[1]
        headers = {"Cookie": f"churnlens_session={secret}"}
        assert api.get("/session", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (f"ann:{TOKEN}\nbob:{OTHER}", 200),
        (f"bob:{OTHER}", 401),  # taken out
        (f"ann:{OTHER}", 401),  # changed
        (f"eve:{TOKEN}", 401),  # given to another
    ],
)
def test_a_session_ends_with_its_token(tmp_path, monkeypatch, after, status):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    with running(tmp_path, token_env="WEB_TOKENS") as server, server.client() as api:
        api.post("/session", json={"token": TOKEN})
        headers = {"Cookie": f"churnlens_session={api.cookies['churnlens_session']}"}
    monkeypatch.setenv("WEB_TOKENS", after)
    with running(tmp_path, token_env="WEB_TOKENS") as server, server.client(**headers) as api:
        assert api.get("/session").status_code == status


def test_a_session_of_the_time_without_tokens_ends_with_it(tmp_path, monkeypatch):
    with running(tmp_path) as server, server.client() as api:
        api.post("/session", json={})
        headers = {"Cookie": f"churnlens_session={api.cookies['churnlens_session']}"}
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}")
    with running(tmp_path, token_env="WEB_TOKENS") as server, server.client(**headers) as api:
        assert api.get("/session").status_code == 401
        signed = api.post("/session", json={"token": TOKEN}).headers["set-cookie"].split(";")[0]
    with running(tmp_path) as server, server.client(Cookie=signed) as api:
        assert api.get("/session").json() == {"owner": "local"}


def test_what_is_kept_of_a_session_is_a_hash(guarded, tmp_path_factory):
    with guarded.client() as api:
        api.post("/session", json={"token": TOKEN})
        secret = api.cookies["churnlens_session"]
    kept = b"".join(
        path.read_bytes() for path in tmp_path_factory.getbasetemp().glob("guarded*/history.db*")
    )
    assert len(kept) > 4096 and secret.encode() not in kept and TOKEN.encode() not in kept


HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "0.0.0.0",
    "[::2]",
    "",
]
ORIGINS = [
    "http://evil.example",
    "https://evil.example:{port}",
    "null",
    "",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "file://127.0.0.1:{port}",
]


@pytest.mark.parametrize("host", HOSTS)
def test_another_name_is_refused(shared_server, host):
    with shared_server.client(Host=host.format(port=shared_server.port)) as api:
        answer = api.post(PATH, json=chat())
    assert answer.status_code == 403 and answer.json()["error"]["code"] == "host_not_allowed"


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/alerts", "/conversations"])
def test_another_page_is_refused(shared_server, origin, path):
    with shared_server.client(Origin=origin.format(port=shared_server.port)) as api:
        for answer in (api.get(path), api.post(path, json={})):
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "origin_not_allowed"
            assert not [name for name in answer.headers if name.startswith("access-control")]


def test_own_names_and_named_ones_pass(serve):
    server = serve(allowed_hosts=("Desk.example",), allowed_origins=("https://pages.example/",))
    port = server.port
    for headers in (
        {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
        {"Host": f"[::1]:{port}"},
        {"Host": "desk.example", "Origin": "https://desk.example"},
        {"Origin": "https://pages.example"},
    ):
        with server.client(**headers) as api:
            assert api.get("/v1/models").status_code == 200


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "192.168.0.7", "::", "example.com", "127.0.0.1.example"]
)
def test_the_server_does_not_start_for_others_without_a_token(host, tmp_path):
    with pytest.raises(AccessError, match="no token is set"):
        serve_app(pytest.fail, tmp_path, WebOptions(host=host))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.9.9.9"])
def test_this_machine_needs_no_token(host):
    assert not load_tokens(WebOptions(host=host))


@pytest.mark.parametrize(
    "text",
    [
        f"{TOKEN}",
        f"ann:{TOKEN[:23]}",
        f":{TOKEN}",
        f"local:{TOKEN}",
        f"ann:{TOKEN} {TOKEN}",
        f"ann:密{TOKEN}",
    ],
)
def test_a_bad_token_is_refused_without_being_shown(tmp_path, text):
    (tmp_path / "tokens").write_text(f"\n# names\n{text}\n", encoding="utf-8")
    with pytest.raises(AccessError, match="line 3") as refused:
        load_tokens(WebOptions(token_file=str(tmp_path / "tokens")))
    assert "horse" not in str(refused.value)


def test_a_token_that_is_named_must_be_there(tmp_path, monkeypatch):
    monkeypatch.delenv("WEB_TOKENS", raising=False)
    (tmp_path / "empty").write_text("# none\n", encoding="utf-8")
    for options in (
        WebOptions(token_env="WEB_TOKENS"),
        WebOptions(token_file=str(tmp_path / "none")),
        WebOptions(token_file=str(tmp_path / "empty")),
    ):
        with pytest.raises(AccessError):
            load_tokens(options)


def test_a_token_file_that_others_can_read_is_warned_of(tmp_path, caplog):
    file = tmp_path / "tokens"
    file.write_text(f"ann:{TOKEN}\n", encoding="utf-8")
    file.chmod(0o644)
    assert load_tokens(WebOptions(token_file=str(file))).owner(TOKEN) == "ann"
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize("path", ["/health", "/nothing", "/v1/models", "/conversations"])
def test_every_answer_has_the_headers(shared_server, path):
    with shared_server.client() as api:
        headers = api.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers and len(headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/nothing", "/v1/chat/completions"]
)
def test_unknown_addresses_and_methods_are_told_in_the_same_form(shared_server, path):
    with shared_server.client() as api:
        answer = api.get(path)
    assert answer.status_code in {404, 405}
    assert answer.json()["error"]["code"] in {"not_found", "method_not_allowed"}


def test_the_log_has_a_line_for_each_request_and_no_text(shared_server, caplog):
    caplog.set_level("INFO", "churnlens.web")
    with shared_server.client() as api:
        api.post(PATH + "?q=hidden", json=chat("my secret words"))
        api.get("/hidden")
    told = lambda: [r for r in caplog.records if hasattr(r, "request")]  # noqa: E731
    assert wait_for(lambda: len(told()) == 2)  # a line is written after its answer
    lines = told()
    assert [each.request["status"] for each in lines] == [200, 404]
    assert lines[0].request["route"] == PATH and lines[0].request["owner"] == "local"
    assert lines[1].request["route"] == "-"
    assert "secret" not in caplog.text and "hidden" not in caplog.text

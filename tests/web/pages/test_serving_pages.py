"""The pages without a browser: the gate, the headers, the words, the files."""

import ast
import re
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import churnlens.web.pages as room
from churnlens.datasets.atomic import temporary_sibling
from churnlens.tasks.satisfaction.alerts import Rule
from churnlens.tasks.satisfaction.phrases import Kind
from churnlens.web.desk import CLOSING
from churnlens.web.feeds import overview
from churnlens.web.gate import HEADERS
from churnlens.web.house import Places
from churnlens.web.pages.drawing import HEIGHT, WIDTH, strip_scale, trajectory
from churnlens.web.pages.reports import LINEAGE_POLICY, REPORT_POLICY, reports_of
from churnlens.web.pages.stored import PAGE, Row, found, page_number, page_of, rows_of
from churnlens.web.pages.words import read_book
from web.support import OTHER, TOKEN, running

HERE = Path(room.__file__).parent
PAGES = ("/chat", "/ask", "/desk", "/desk/handovers", "/summaries", "/value", "/reports")
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
SLOT = re.compile(r"\{(\w+)\}")


def phrases():
    book = read_book()
    yield from book.phrases.items()
    for group, names in book.groups.items():
        yield from ((f"{group}.{key}", text) for key, text in names.items())


def test_both_languages_have_every_phrase_with_the_same_slots():
    for key, text in phrases():
        assert text.en.strip() and text.zh.strip(), key
        assert sorted(SLOT.findall(text.en)) == sorted(SLOT.findall(text.zh)), key


def test_chinese_is_chinese_and_english_is_not():
    for key, text in phrases():
        assert not re.search(r"[\u3400-\u9fff]", text.en), key
        assert re.search(r"[\u3400-\u9fff]", text.zh), key


def test_every_phrase_is_used_and_every_used_phrase_exists():
    written = "\n".join(p.read_text("utf-8") for p in (HERE / "templates").glob("*.html"))
    used = set(re.findall(r"say\([\"'](\w+)[\"']", written))
    assert used == set(read_book().phrases)
    groups = set(re.findall(r"(?:name|group)\([\"'](\w+)[\"']", written))
    assert groups == set(read_book().groups)


@pytest.mark.parametrize(
    ("group", "keys"), [("rules", get_args(Rule)), ("phrases", get_args(Kind))]
)
def test_whatever_raises_an_alert_has_a_name(group, keys):
    assert set(read_book().groups[group]) == set(keys)


def test_the_script_knows_its_words():
    script = (HERE / "static" / "pages.js").read_text("utf-8")
    used = set(re.findall(r"\bwords\.(\w+)", script))
    assert used <= set(read_book().groups["script"])


# Of requests that no page sends, or that a feed answers by trying again.
UNSEEN = {"invalid_json", "invalid_value", "model_not_found", "not_a_colleague", "request_timeout"}
UNSEEN |= {"too_many_rows", "too_many_streams", "unsupported_media_type", "context_length_exceeded"}


def refusals(path):
    """The codes of the errors that a module raises, as far as they are written in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "WebError":
            yield from (e.value for e in node.args[2:3] if isinstance(e, ast.Constant))


def test_the_script_has_words_for_all_that_the_server_refuses():
    codes = {code for path in HERE.parent.glob("*.py") for code in refusals(path)}
    assert len(codes) > 15 and codes >= UNSEEN
    assert codes - UNSEEN | {CLOSING} <= set(read_book().groups["script"])


def test_templates_and_script_hold_nothing_inline_and_nothing_unescaped():
    for path in (HERE / "templates").glob("*.html"):
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe|autoescape|<style|style=|\son\w+=|https?://", text), path
        assert re.findall(r"<script[^>]*>", text) in (
            [],
            ['<script type="module" src="/static/pages.js">'],
        )
    script = (HERE / "static" / "pages.js").read_text("utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|https?:", script
    )


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "tokens").write_text(f"ann:{TOKEN}\nbob:{OTHER}\n", encoding="utf-8")
    (folder / "tokens").chmod(0o600)
    with running(folder, token_file=str(folder / "tokens")) as server:
        yield server


@pytest.mark.parametrize("path", [*PAGES, "/", "/desk/alerts", "/reports/progress", "/lineage/"])
def test_a_stranger_sees_the_sign_in_page_only(guarded, path):
    with guarded.client() as api:
        answer = api.get(path, headers=BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        assert api.get(path).status_code == 401
        assert api.get("/sign-in").status_code == 200
        assert api.get("/static/pages.css").status_code == 200
        assert api.get("/static/../app.py").status_code in {401, 404}


def test_signing_in_and_out(guarded, visit):
    page = visit(f"{guarded.url}/desk")
    assert page.url.endswith("/sign-in")
    with visit.allowed():
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("alert").get_by_text("This token is not known.").wait_for()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/chat")
    assert "ann" in page.locator(".tools").inner_text()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    page.goto(f"{guarded.url}/desk")
    assert page.url.endswith("/sign-in")


def test_every_page_carries_the_policy(shared_server):
    with shared_server.client() as api:
        for path in PAGES:
            answer = api.get(path)
            assert answer.status_code == 200
            assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
        asset = api.get("/static/pages.js")
        assert asset.headers["cache-control"] == "no-cache"
        assert asset.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/chat", "/desk/alerts", "/static/pages.js"])
def test_no_page_under_another_name(shared_server, path, headers):
    with shared_server.client() as api:
        assert api.get(path, headers=headers | BROWSER).status_code == 403


def test_only_reports_and_the_lineage_site_are_sent(tmp_path):
    root = tmp_path / "data"
    folder, site = root / "08_reporting" / "churn", tmp_path / "docs" / "lineage"
    folder.mkdir(parents=True)
    site.mkdir(parents=True)
    (folder / "report.html").write_text("<h1>r</h1>", encoding="utf-8")
    (folder / "secret.json").write_text("{}", encoding="utf-8")
    (root / "outside.html").write_text("o", encoding="utf-8")
    (folder / "link.html").symlink_to(root / "outside.html")
    (site / "index.html").write_text("<h1>l</h1>", encoding="utf-8")
    with running(root) as server, server.client() as api:
        report = api.get("/reports/file/churn/report.html")
        assert report.text == "<h1>r</h1>"
        assert report.headers["content-security-policy"] == REPORT_POLICY
        for path in (
            "churn/secret.json", "churn/link.html", "../outside.html", "..%2f..%2foutside.html",
            "churn/..%2f..%2f..%2foutside.html", "churn/report.html%00", "%2e%2e/outside.html",
        ):  # fmt: skip
            assert api.get(f"/reports/file/{path}").status_code == 404, path
        lineage = api.get("/lineage/")
        assert lineage.text == "<h1>l</h1>"
        assert lineage.headers["content-security-policy"] == LINEAGE_POLICY
        for path in ("..%2f..%2fdata%2foutside.html", "%2e%2e/%2e%2e/data/outside.html"):
            assert api.get(f"/lineage/{path}").status_code == 404, path


def test_a_fault_of_ours_is_a_page_for_a_browser_and_json_for_a_program(tmp_path):
    (tmp_path / "07_model_output" / "retention").mkdir(parents=True)
    (tmp_path / "07_model_output" / "retention" / "list.parquet").write_bytes(b"my secret words")
    with running(tmp_path) as server, server.client() as api:
        page = api.get("/value?lang=zh", headers=BROWSER)
        told = api.get("/value")
    assert page.status_code == told.status_code == 500
    assert "服务器出错。" in page.text and '<html lang="zh-CN">' in page.text
    assert "secret" not in page.text + told.text
    assert told.json()["error"]["code"] == "internal_error"
    assert page.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_files_that_a_run_is_writing_are_not_shown(tmp_path):
    places = Places.of(tmp_path)
    paths = (
        *(places.state / "a_node.json", places.reports / "churn" / "metrics.json"),
        *(places.reports / "churn" / "report.html", places.outputs / "clv" / "values.csv"),
    )
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("customer_id,clv\na,1\n" if path.suffix == ".csv" else "{}", "utf-8")
        temporary_sibling(path).write_bytes(b"{")
    told = overview(places)
    assert [row["node"] for row in told["nodes"]] == ["a_node"]
    assert told["metrics"] == {"churn": {"metrics": {}}}
    assert list(reports_of(places)) == [("churn", "report.html")]
    with running(tmp_path) as server, server.client() as api:
        answer = api.get("/value")
    assert answer.status_code == 200 and '<th scope="row">a</th>' in answer.text


def test_the_feed_goes_on_behind_what_a_page_has_shown(tmp_path):
    from web.pages.roots import alert, write_rows

    path = tmp_path / "07_model_output" / "satisfaction" / "alerts.jsonl"
    write_rows(path, [alert("D1"), alert("D2")])
    first = len(path.read_text().splitlines(keepends=True)[0])
    with (
        running(tmp_path, limits={"stream_seconds": 0.2}) as server,
        server.client() as api,
    ):
        assert '"D1"' in api.get("/alerts").text
        told = api.get(f"/alerts?after={first}").text
        assert '"D2"' in told and '"D1"' not in told


class N(Row):
    n: int


def test_rows_that_are_none_are_left_out_and_counted(tmp_path, caplog):
    path = tmp_path / "rows.jsonl"
    assert list(rows_of(path, N)) == []
    path.write_bytes(b'{"n": 1, "more": 2}\n{"m": 1}\nno\n\xff\n{"n": 3}')
    assert [row.n for row in rows_of(path, N)] == [1, 3]
    assert "3 lines" in caplog.text
    assert found(path, N, "n", [3, 4]) == {3: N(n=3)}


@given(st.lists(st.integers(), max_size=180), st.integers(0, 5))
def test_pages_are_slices_in_order(values, page):
    shown, more = page_of(values, page, lambda each: each)
    assert shown == sorted(values)[page * PAGE : (page + 1) * PAGE]
    assert more == (len(values) > (page + 1) * PAGE)
    assert page_of(values, page) == (values[page * PAGE : (page + 1) * PAGE], more)


@given(st.text())
def test_any_address_asks_for_a_page(text):
    assert 0 <= page_number(text) < 100_000


@given(st.lists(st.floats(1e-6, 1e6), max_size=9))
def test_a_strip_keeps_the_order_of_ratios(values):
    place = strip_scale(values)
    placed = [place(each) for each in sorted([*values, 1.0])]
    assert placed == sorted(placed)
    assert all(4 <= each <= 96 for each in placed)


def test_a_trajectory_rises_with_dissatisfaction():
    turns = [{"index": 2 * n, "p_dissatisfied": p} for n, p in enumerate((0.0, 0.5, 1.0))]
    dots = trajectory(turns, [{"turn": 4, "level": "red"}])
    assert [(dot.x, dot.y) for dot in dots] == [
        (6, HEIGHT - 6),
        (WIDTH / 2, HEIGHT / 2),
        (WIDTH - 6, 6),
    ]
    assert [dot.level for dot in dots] == ["", "", "red"]
    assert trajectory([], []) == ()

"""Hand-overs in a real browser, as a colleague sees them."""

import pytest
from playwright.sync_api import expect

from web.pages.support import LANGUAGES
from web.support import OTHER, TOKEN, running
from web.test_conversations import begin, say

TAKE, CLOSE = {"en": "Take", "zh": "接手"}, {"en": "Close", "zh": "结束"}
WAIT = {"en": "Hand-overs that wait for a colleague: 1", "zh": "等待同事接手的对话：1"}
TAKEN = {"en": "taken", "zh": "已接手"}
NOTHING = {"en": "Nothing waits for a colleague.", "zh": "暂无等待接手的对话。"}
QUICKER = {"en": "Somebody else has taken it.", "zh": "已有同事接手。"}


@pytest.fixture
def server(tmp_path):
    with running(tmp_path) as found:
        yield found


NEW = {"en": "New hand-over: It smokes", "zh": "新的转人工：It smokes"}


def promise(server, reason, title):
    with server.client() as api:
        say(api, begin(api, title), f"hand over {reason}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hand_over_appears_live_and_is_read_taken_and_closed(server, visit, language):
    promise(server, "danger", "It smokes 冒烟")
    page = visit(f"{server.url}/desk", language)
    page.get_by_role("link", name=WAIT[language]).click()
    rows = page.locator(".alert")
    expect(rows).to_have_count(1)
    promise(server, "parcel_late", "Where is it? 在哪")
    expect(rows).to_have_count(2)
    assert "Where is it? 在哪" in page.get_by_role("status").inner_text()
    assert {"en": "About", "zh": "关于"}[language] in rows.first.inner_text()
    rows.first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where is it? 在哪")
    expect(page.locator(".message.user .text")).to_have_text("hand over parcel_late")
    expect(page.locator(".message.user .who")).to_have_text(
        {"en": "Customer", "zh": "客户"}[language]
    )
    page.get_by_role("button", name=TAKE[language]).click()
    expect(page.get_by_role("button", name=TAKE[language])).to_have_count(0)
    assert f"{TAKEN[language]} · local" in page.locator("main").inner_text()
    page.go_back()
    page.reload()
    expect(rows.first).to_contain_text(TAKEN[language])
    for left in (1, 0):
        rows.first.get_by_role("button", name=CLOSE[language]).click()
        expect(rows).to_have_count(left)
    expect(page.locator(".place")).to_contain_text(NOTHING[language])
    expect(page.locator(".place")).to_be_focused()


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_watches_the_desk_sees_that_somebody_waits(server, visit, language):
    page = visit(f"{server.url}/desk", language)
    expect(page.locator(".waiting")).to_contain_text("0")
    promise(server, "danger", "It smokes")
    expect(page.locator(".waiting").get_by_role("status")).to_have_text(NEW[language])
    page.get_by_role("link", name=WAIT[language]).click()
    expect(page.locator(".alert")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_comes_second_is_told(server, visit, language):
    promise(server, "danger", "It smokes")
    page = visit(f"{server.url}/desk/handovers", language)
    with server.client() as api:
        (row,) = api.get("/handovers").json()["handovers"]
        api.post(f"/handovers/{row['id']}", json={"status": "taken", "person": "Mei"})
    with visit.allowed():
        page.get_by_role("button", name=TAKE[language]).click()
        expect(page.get_by_role("alert")).to_have_text(QUICKER[language])
        expect(page.locator(".alert")).to_contain_text(f"{TAKEN[language]} · Mei")
        page.wait_for_timeout(50)


def test_older_ones_are_on_the_next_page(server, visit):
    with server.client() as api:
        for number in range(51):
            say(api, begin(api, f"title {number}"), "hand over danger")
    page = visit(f"{server.url}/desk/handovers?lang=zh")
    expect(page.locator(".alert")).to_have_count(50)
    page.get_by_role("link", name="下一页").click()
    expect(page.locator(".alert")).to_contain_text(["title 0"])
    page.get_by_role("button", name=CLOSE["zh"]).click()
    expect(page.locator(".alert")).to_have_count(0)


def test_who_is_no_colleague_is_told_so(tmp_path, visit, monkeypatch):
    monkeypatch.setenv("WEB_TOKENS", f"ann:{TOKEN}\nbob:{OTHER}")
    with running(tmp_path, token_env="WEB_TOKENS", colleagues=("bob",)) as server:
        page = visit(f"{server.url}/sign-in")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/chat")
        with visit.allowed():
            page.goto(f"{server.url}/desk/handovers")
            heading = page.get_by_role("heading", level=1)
            expect(heading).to_have_text("Only colleagues see hand-overs.")
            page.wait_for_timeout(50)
        page.goto(f"{server.url}/desk")
        expect(page.get_by_role("link", name="Hand-overs")).to_have_count(0)

"""The chat in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from web.pages.support import LANGUAGES, STOP, send, written
from web.support import FakeModel, held, running, wait_for

WORDS = "词0 词1 词2 词3 词4 "


@pytest.fixture
def server(tmp_path):
    with running(tmp_path, FakeModel(seconds=0.02)) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reply_streams_and_history_is_there_after_a_reload(server, visit, language):
    page = visit(server.url, language)
    assert page.locator("html").get_attribute("lang").startswith(language)
    server.model.seconds, server.model.words = 0.5, 10
    send(page, "Where is it? 在哪", language)
    expect(page.locator(".message.assistant .text")).to_have_text(re.compile("^词0 词1 词2"))
    assert page.get_by_role("button", name=STOP[language]).is_visible()
    server.model.seconds = 0.0
    reply = written(page)
    assert reply.locator(".text").text_content().endswith("词9 ")
    assert reply.locator(".model").text_content() == "fake"
    assert re.fullmatch(r"\d+\.\d (s|秒)", reply.locator(".seconds").text_content())
    send(page, "again", language)
    expect(page.locator(".message")).to_have_count(4)
    written(page)
    before = page.locator(".log").inner_text()
    page.reload()
    assert page.locator(".log").inner_text() == before
    assert [m.content for m in server.model.seen[1][0]][::2] == ["Where is it? 在哪", "again"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reply_is_stopped_and_kept_as_far_as_it_came(server, visit, language):
    server.model.seconds, server.model.words = 0.1, 10_000
    page = visit(server.url, language)
    send(page, "long", language)
    expect(page.locator(".message.assistant .text")).to_have_text(re.compile("词2"))
    page.get_by_role("button", name=STOP[language]).click()
    assert {"en": "stopped", "zh": "已停止"}[language] in written(page).inner_text()
    assert server.idle()
    server.model.words = 3
    send(page, "short", language)  # at once: the first may still be being kept
    expect(page.locator(".message.assistant")).to_have_count(2)
    written(page)
    page.reload()
    first, second = page.locator(".message.assistant .text").all_text_contents()
    assert first.startswith("词0 词1 词2")
    assert second == "词0 词1 词2 "


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_conversation_is_deleted_only_when_that_is_confirmed(server, visit, language):
    page = visit(server.url, language)
    for text in ("one", "two"):
        page.goto(f"{server.url}/chat")
        send(page, text, language)
        written(page)
    keep, delete = {"en": ("Keep", "Delete"), "zh": ("保留", "删除")}[language]
    page.get_by_role("button", name=f"{delete}: two").click()
    page.get_by_role("button", name=keep).click()
    expect(page.locator(".conversations li")).to_have_count(2)
    page.get_by_role("button", name=f"{delete}: two").click()
    page.get_by_role("dialog").get_by_role("button", name=delete).click()
    page.wait_for_url("**/chat")
    assert page.locator(".conversations a").all_text_contents() == ["one"]
    page.get_by_role("link", name="one", exact=True).click()
    assert page.locator(".message.user .text").text_content() == "one"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_source_is_one_click_away_now_and_later(server, visit, language):
    page = visit(server.url, language)
    send(page, "source?", language)
    for _ in range(2):
        reply = written(page)
        assert not reply.locator("blockquote").is_visible()
        reply.get_by_text({"en": "Sources", "zh": "来源"}[language]).click()
        assert reply.locator("h3").text_content() == "Returns"
        assert reply.locator("blockquote").text_content() == "<script>alert(1)</script>"
        page.reload()


def test_an_opened_source_is_in_sight(server, visit):
    page = visit(server.url, viewport={"width": 1100, "height": 600})
    for number in range(4):
        send(page, f"source? {number}")
        expect(page.locator(".message")).to_have_count(2 * number + 2)
        reply = written(page)
    reply.get_by_text("Sources").click()
    expect(reply.locator("blockquote")).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_is_enough(server, visit, language):
    page = visit(server.url, language)
    expect(page.locator("#said")).to_be_focused()
    page.keyboard.type("first line")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    written(page)
    assert page.locator(".message.user .text").text_content() == "first line\nsecond"
    expect(page.locator("#said")).to_be_focused()
    page.goto(f"{server.url}/reports")
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_enter_that_chooses_a_chinese_word_does_not_send(server, visit):
    page = visit(server.url, "zh")
    page.locator("textarea").fill("ni hao")
    page.locator("textarea").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    assert page.locator(".message").count() == 0


def test_what_goes_wrong_is_told_and_the_words_are_not_lost(server, visit):
    page = visit(server.url)
    send(page, "too long")
    expect(page.get_by_role("alert")).to_contain_text("expected at most 8")
    with visit.allowed():
        server.house.rate.take = _refuse
        send(page, "more")
        expect(page.get_by_role("alert")).to_contain_text("Too many requests; try again in 7 s.")
        page.wait_for_timeout(50)
    assert page.locator("textarea").input_value() == "more"


def _refuse(key):
    from churnlens.web.errors import WebError

    raise WebError(429, "too many", "rate_limit_exceeded", wait=7)


def test_history_is_there_after_a_restart(tmp_path: Path, visit):
    with running(tmp_path) as first:
        page = visit(first.url)
        send(page, "remember")
        written(page)
    with running(tmp_path) as second:
        page = visit(second.url)
        page.get_by_role("link", name="remember").click()
        expect(page.locator(".message.assistant .text")).to_have_text(WORDS.strip())


WAITS = {"en": "waiting for an answer", "zh": "等待回答"}
LEFT = {"en": "not answered", "zh": "未回答"}
AGAIN = {"en": "Ask again", "zh": "重新提问"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_that_waits_is_there_after_a_reload(tmp_path, visit, language):
    with running(tmp_path) as server, server.client() as api:
        with held(server, api):
            page = visit(server.url, language)
            send(page, "wait", language)
            mine = page.locator(".message.user")
            expect(mine.locator(".status")).to_have_text(WAITS[language])
            assert wait_for(lambda: server.house.desk.waiting)
            page.reload()
            expect(mine.locator(".text")).to_have_text("wait")
            assert wait_for(lambda: not server.house.desk.waiting)
            assert wait_for(lambda: len(server.house.answering) == 1)
            page.reload()
            expect(mine.locator(".status")).to_have_text(LEFT[language])
        assert server.idle()
        page.get_by_role("button", name=AGAIN[language]).click()
        expect(page.locator(".message.assistant .text")).to_have_text(WORDS.strip())
        written(page)
        for again in (page.reload, page.close):
            expect(page.locator(".message")).to_have_count(2)
            expect(page.get_by_role("button", name=AGAIN[language])).to_have_count(0)
            again()


def test_who_stops_waiting_can_ask_again(tmp_path, visit):
    with running(tmp_path) as server, server.client() as api, held(server, api):
        page = visit(server.url)
        send(page, "wait")
        assert wait_for(lambda: server.house.desk.waiting)
        page.get_by_role("button", name=STOP["en"]).click()
        for again in (page.reload, page.close):
            expect(page.locator(".message .text")).to_have_text(["wait"])
            expect(page.get_by_role("button", name=AGAIN["en"])).to_be_visible()
            again()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_that_waited_is_not_answered_after_a_restart(tmp_path, visit, language):
    with running(tmp_path) as first, first.client() as api, visit.allowed():
        with held(first, api):
            page = visit(first.url, language)
            send(page, "wait", language)
            assert wait_for(lambda: first.house.desk.waiting)
            first.house.desk.closed = True
        expect(page.locator(".message.user .status")).to_have_text(LEFT[language])
    with running(tmp_path) as second:
        page = visit(second.url, language)
        page.get_by_role("link", name="wait").click()
        expect(page.locator(".message.user .status")).to_have_text(LEFT[language])
        page.get_by_role("button", name=AGAIN[language]).click()
        expect(page.locator(".message.assistant .text")).to_have_text(WORDS.strip())
        expect(page.locator(".message.user .status")).to_have_text("")


def test_the_language_is_chosen_once(server, visit):
    page = visit(server.url, "en")
    page.get_by_role("link", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.goto(f"{server.url}/chat")
    assert page.get_by_role("button", name="发送").is_visible()


def test_a_page_that_is_not_there_is_a_page(server, visit):
    page = visit(server.url)
    with visit.allowed():
        page.goto(f"{server.url}/chat/none")
        assert page.get_by_role("heading").text_content() == "There is no such page."

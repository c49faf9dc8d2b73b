"""A colleague answers a hand-over, and the customer reads it, each in a browser."""

import pytest
from playwright.sync_api import expect

from web.pages.support import LANGUAGES, SEND, send, written
from web.support import running, wait_for

COLLEAGUE = {"en": "Colleague", "zh": "同事"}
ANSWER = {"en": "Your answer to the customer", "zh": "给客户的回复"}
TAKEN = {"en": "taken", "zh": "已接手"}


@pytest.fixture
def server(tmp_path):
    with running(tmp_path) as found:
        yield found


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_sides_see_at_once_what_the_other_says(server, visit, language):
    customer = visit(f"{server.url}/chat", language)
    send(customer, "hand over danger", language)
    written(customer)
    desk = visit(f"{server.url}/desk/handovers", language)
    desk.locator(".alert").get_by_role("link").click()
    field = desk.get_by_label(ANSWER[language])
    for number, text in enumerate(("<b>Unplug it</b> 拔掉", "and wait"), 1):
        field.fill(text)
        desk.get_by_role("button", name=SEND[language]).click()
        for page in (customer, desk):
            said = page.locator(".message.colleague")
            expect(said).to_have_count(number)
            expect(said.last.locator(".text")).to_have_text(text)
            expect(said.last.locator(".who")).to_have_text(COLLEAGUE[language])
        expect(field).to_have_value("")
        expect(field).to_be_focused()
    expect(desk.locator(".place")).to_contain_text(TAKEN[language])
    field.fill("half a sen")
    send(customer, "hello", language)
    written(customer)
    expect(desk.locator(".message")).to_have_count(6)
    expect(field).to_have_value("half a sen")  # what comes meanwhile takes no words away
    before = customer.locator(".log").inner_text()
    customer.reload()
    expect(customer.locator(".message")).to_have_count(6)
    assert customer.locator(".log").inner_text() == before
    field.fill("after a reload")
    field.press("Tab")
    desk.keyboard.press("Enter")
    expect(customer.locator(".message.colleague .text").last).to_have_text("after a reload")
    expect(customer.locator(".message.colleague")).to_have_count(3)


def test_an_answer_to_what_was_closed_meanwhile_is_not_lost(server, visit):
    customer = visit(f"{server.url}/chat")
    send(customer, "hand over danger")
    written(customer)
    desk = visit(f"{server.url}/desk/handovers", "zh")
    desk.locator(".alert").get_by_role("link").click()
    with server.client() as api, visit.allowed():
        (row,) = api.get("/handovers").json()["handovers"]
        api.post(f"/handovers/{row['id']}", json={"status": "closed"})
        desk.get_by_label(ANSWER["zh"]).fill("太晚了")
        desk.get_by_role("button", name=SEND["zh"]).click()
        expect(desk.locator("form").get_by_role("alert")).to_have_text("已结束。")
        expect(desk.get_by_label(ANSWER["zh"])).to_have_value("太晚了")
        desk.wait_for_timeout(50)
    expect(customer.locator(".message.colleague")).to_have_count(0)


def test_nobody_waits_for_a_colleague_who_was_not_promised(server, visit):
    page = visit(f"{server.url}/chat")
    send(page, "hello")
    written(page)
    assert server.house.streams == 0
    send(page, "hand over danger")
    written(page)
    page.reload()
    expect(page.locator(".message")).to_have_count(4)
    assert wait_for(lambda: server.house.streams == 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_feed_that_is_refused_says_so_and_comes_again(server, visit, language):
    streams = server.house.options.limits.streams
    server.house.streams = streams
    with visit.allowed():
        page = visit(f"{server.url}/desk/handovers", language)
        told = {"en": "The line to the server is broken", "zh": "与服务器的连接已中断"}[language]
        expect(page.get_by_role("status")).to_contain_text(told)
        server.house.streams = 0
        expect(page.get_by_role("status")).to_have_text("")
    with server.client() as api:
        talk = api.post("/conversations", json={"title": "It smokes"}).json()["id"]
        api.post(f"/conversations/{talk}/messages", json={"content": "hand over danger"})
    expect(page.locator(".alert")).to_have_count(1)

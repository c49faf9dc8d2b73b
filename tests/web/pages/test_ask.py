"""Questions in a real browser: the answer, its chips, its evidence."""

import pytest
from playwright.sync_api import expect

from churnlens.schema import Condition
from web.pages.analyst import EITHER, FIBER, NEW, analyst
from web.pages.support import LANGUAGES
from web.support import running

ASK = {"en": "Ask", "zh": "提问"}
AGAIN = {"en": "Ask again", "zh": "重新提问"}
QUESTION = {"en": "Why do they leave?", "zh": "他们为什么流失？"}


@pytest.fixture
def served(tmp_path):
    services, asked = analyst()
    with running(tmp_path, services=services) as server:
        yield server, asked


def ask(page, language, question=None):
    page.get_by_role("textbox").fill(question or QUESTION[language])
    page.get_by_role("button", name=ASK[language], exact=True).click()
    page.locator(".answer h2").wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chip_is_edited_another_removed_and_the_question_asked_again(served, visit, language):
    server, asked = served
    page = visit(f"{server.url}/ask", language)
    ask(page, language)
    assert asked == [(QUESTION[language], None)]
    assert "3,234" in page.locator(".figures").inner_text()
    internet = page.locator('[data-column="InternetService"]')
    internet.locator("select").select_option("DSL")
    page.locator('[data-column="tenure"] .remove').click()
    page.locator('[data-column="MonthlyCharges"] input').fill("80")
    page.locator('[data-column="MonthlyCharges"] select').select_option("lt")
    page.get_by_role("button", name=AGAIN[language]).click()
    expect(page.locator(".figures")).to_contain_text("2,234")
    question, edit = asked[1]
    assert question == QUESTION[language]
    assert edit.compare_to is None
    assert edit.cohort[0] == FIBER.model_copy(update={"value": "DSL"})
    assert edit.cohort[1].any_of == (
        EITHER.any_of[0],
        Condition(column="MonthlyCharges", op="lt", value=80.0),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_evidence_of_a_claim_is_one_click_away(served, visit, language):
    server, _ = served
    page = visit(f"{server.url}/ask", language)
    ask(page, language)
    claim = page.locator(".claims > li")
    assert not claim.locator("blockquote").is_visible()
    claim.get_by_text({"en": "Evidence", "zh": "证据"}[language]).click()
    assert "it is slow" in claim.locator("blockquote").inner_text()
    assert "2.46 (1.90–3.10)" in claim.locator("li").first.inner_text()
    assert page.locator(".plot tbody tr").count() == 1
    page.get_by_text({"en": "Statistics", "zh": "统计表"}[language]).click()
    assert page.locator(".table tbody tr").count() == 3


def test_all_chips_can_go(served, visit):
    server, asked = served
    page = visit(f"{server.url}/ask")
    ask(page, "en")
    for _ in range(4):
        page.locator(".remove").first.click()
    assert page.locator(".everybody").is_visible()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".figures")).to_contain_text("234")
    expect(page.locator(".chip")).to_have_count(0)
    assert asked[1][1].cohort == ()


@pytest.mark.parametrize(
    ("question", "shown"),
    [("refuse", "The table cannot answer this"), ("small", "Too few customers for an answer")],
)
def test_a_refusal_is_shown_as_one(served, visit, question, shown):
    server, _ = served
    page = visit(f"{server.url}/ask")
    ask(page, "en", question)
    assert shown in page.get_by_role("note").inner_text()
    assert page.locator(".chip").count() == 0
    assert "0 of 0" not in page.locator(".answer").inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_run_the_page_says_which_command_makes_one(shared_server, visit, language):
    page = visit(f"{shared_server.url}/ask", language)
    assert page.locator("code").text_content() == "kedro run"


def filtered(*cohort, compare_to=None):
    sent = [each if isinstance(each, dict) else each.model_dump() for each in cohort]
    return {"question": "Why?", "filter": {"cohort": sent, "compare_to": compare_to}}


def test_the_api_takes_an_edited_filter(served):
    server, asked = served
    with server.client() as api:
        told = api.post("/ask", json=filtered(FIBER, compare_to=[NEW.model_dump()])).json()
        assert told["cohort"]["compare_to"] == [NEW.model_dump()]
        assert asked[0][1].cohort == (FIBER,)


@pytest.mark.parametrize(
    ("cohort", "code"),
    [
        ({"column": "Weather", "op": "eq", "value": "x"}, "invalid_filter"),
        ({"column": "Contract", "op": "like", "value": "x"}, "invalid_value"),
        ({"column": "Contract", "op": "eq", "value": "x", "more": 1}, "unknown_parameter"),
    ],
)
def test_a_filter_that_the_table_cannot_have_is_refused(served, cohort, code):
    server, asked = served
    with server.client() as api:
        answer = api.post("/ask", json=filtered(cohort))
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in {code, "invalid_value"}


def test_without_a_schema_nothing_is_filtered(tmp_path):
    from churnlens.web.house import Services

    with running(tmp_path, services=Services(ask=lambda q: {})) as server, server.client() as api:
        assert api.post("/ask", json=filtered(FIBER)).status_code == 404

"""The live desk and the other pages of what runs have made, in a real browser."""

import json
import time

import pytest
from playwright.sync_api import expect

from web.pages.roots import alert, customers, satisfaction, summaries, write_rows
from web.pages.support import LANGUAGES
from web.support import running


@pytest.fixture
def served(tmp_path):
    with running(tmp_path / "data") as server:
        yield server, tmp_path / "data"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_appears_while_the_page_is_looked_at(served, visit, language):
    server, root = served
    made = satisfaction(root)
    page = visit(f"{server.url}/desk", language)
    assert page.locator("tbody th").all_text_contents() == ["D1", "D2"]  # the alert before the low
    assert page.locator(".alert").count() == 1
    with (made / "alerts.jsonl").open("a") as stream:
        stream.write(json.dumps(alert("D7", "amber", "a2")) + "\n")
    expect(page.locator(".alert")).to_have_count(2)
    first = page.locator(".alert").first
    assert {"en": "amber", "zh": "黄色"}[language] in first.inner_text()
    assert "D7" in page.locator("section:has(#alerts) [role=status]").inner_text()
    first.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("D7")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_dialogue_shows_why_what_is_alike_and_what_to_do(served, visit, language):
    server, root = served
    satisfaction(root)
    page = visit(f"{server.url}/desk", language)
    page.get_by_role("link", name="D1", exact=True).click()
    assert page.locator(".turns .marked").first.inner_text().endswith("I cancel.")
    assert page.locator("circle").count() == 2 and page.locator("circle.red").count() == 1
    told = page.locator("main").inner_text()
    wanted = {
        "en": ("a phrase that must be heard (leaving)", "tell the supervisor", "high churn risk",
               "a credit of 20 CNY", "late delivery", "price 54%"),
        "zh": ("出现警示用语 (要求退订)", "通知主管", "高流失风险", "补偿 20 CNY", "配送延误", "价格 54%"),
    }  # fmt: skip
    assert [each for each in wanted[language] if each not in told] == []
    page.get_by_text({"en": "Evidence", "zh": "证据"}[language]).click()
    assert page.locator("blockquote").is_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_without_a_run_says_which_command_makes_one(served, visit, language):
    server, _ = served
    page = visit(server.url, language)
    for name, command in [
        ("desk", "kedro run --pipelines satisfaction"),
        ("summaries", "kedro run --pipelines summary"),
        ("value", "kedro run --pipelines retention"),
        ("reports", "kedro lineage"),
    ]:
        page.goto(f"{server.url}/{name}")
        assert page.locator("code").last.text_content() == command


@pytest.mark.parametrize("language", LANGUAGES)
def test_progress_is_seen_again_after_a_reload_and_goes_on(served, visit, language):
    server, root = served
    path = root / ".state" / "progress.jsonl"
    row = {"time": time.time(), "label": "embed", "done": 1, "total": 4, "eta_seconds": 3.0}
    write_rows(path, [row])
    page = visit(f"{server.url}/reports", language)
    assert "1 / 4" in page.locator(".work").inner_text()
    with path.open("a") as stream:
        stream.write(json.dumps(row | {"done": 3}) + "\n")
    expect(page.locator(".work")).to_contain_text("3 / 4")
    page.reload()
    assert "3 / 4" in page.locator(".work").inner_text()


def test_summaries_in_their_own_language_with_their_turns(served, visit):
    server, root = served
    summaries(root, 51)
    page = visit(f"{server.url}/summaries")
    row = page.locator("tbody tr").first
    assert row.locator("td").nth(0).inner_text() == "太慢 [2]"
    row.get_by_text("Turns").click()
    assert row.locator(".marked").inner_text().endswith("I cancel.")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("link", name="Next").click()
    expect(page.locator("tbody tr")).to_have_count(1)


def test_values_and_then_the_retention_list(served, visit):
    server, root = served
    made = root / "07_model_output"
    (made / "clv").mkdir(parents=True)
    customers().to_parquet(made / "clv" / "values.parquet")
    page = visit(f"{server.url}/value")
    assert page.locator("tbody th").all_text_contents() == ["C1", "C2"]
    assert "champions at risk" in page.locator("tbody tr").first.inner_text()
    assert "kedro run --pipelines retention" in page.locator("code").inner_text()
    (made / "retention").mkdir()
    told = customers().assign(
        action_text=["", "Call"], expected_gain=[None, 66.0], why_not=["cap", ""]
    )
    told.to_csv(made / "retention" / "list.csv", index=False)
    page.reload()
    first, second = page.locator("tbody tr").all_inner_texts()
    assert "Call" in first and "66" in first and "900–1,500" in first
    assert "no place left for this action" in second
    assert page.locator("code").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.get_by_text("900–1,500").locator("..").inner_text() == "1,234 900–1,500"


def test_what_opens_the_turns_of_a_summary_stays_on_one_line(served, visit):
    server, root = served
    summaries(root, 1)
    page = visit(f"{server.url}/summaries", "zh")
    page.locator("tbody td").first.evaluate("e => e.append('太慢'.repeat(400))")
    opened = page.locator("tbody summary")
    size, height = opened.evaluate("e => [getComputedStyle(e).fontSize, e.clientHeight]")
    assert height < 2 * float(size.removesuffix("px"))


REPORT = """<h1 id=top>Churn</h1><style>h1 {color: rgb(1, 2, 3)}</style><a href=#top>top</a>
<svg width=9 height=9><circle r=9 /></svg><script>document.title = "ran"</script>"""


def test_a_report_shows_its_styles_and_runs_nothing(served, visit):
    server, root = served
    folder = root / "08_reporting" / "churn"
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(REPORT, encoding="utf-8")
    (folder / "risk_metrics.json").write_text(
        json.dumps({"models": {"boosting": {"auc": {"value": 0.8467, "low": 0.83, "high": 0.85}}}}),
        encoding="utf-8",
    )
    page = visit(f"{server.url}/reports")
    page.get_by_text("risk_metrics").click()
    assert page.locator("tbody tr").inner_text().split("\t") == [
        "models · boosting · auc", "0.8467 (0.83–0.85)",
    ]  # fmt: skip
    with visit.allowed():
        page.get_by_role("link", name="churn · report.html").click()
        heading = page.get_by_role("heading", name="Churn")
        assert heading.evaluate("each => getComputedStyle(each).color") == "rgb(1, 2, 3)"
        assert page.title() == ""
        page.wait_for_timeout(50)


def test_the_first_page_is_small_and_needs_nothing_from_elsewhere(served, visit):
    server, _ = served
    page, seen = visit(server.url), []
    page.on("response", lambda answer: seen.append((answer.url, len(answer.body()))))
    page.goto(f"{server.url}/chat")
    page.wait_for_load_state("networkidle")
    assert all(url.startswith(server.url) for url, _ in seen)
    assert sum(size for _, size in seen) < 60_000


def test_on_a_phone_nothing_is_wider_than_the_screen(served, visit):
    server, root = served
    satisfaction(root)
    summaries(root)
    page = visit(server.url, viewport={"width": 360, "height": 700})
    for name in (
        "chat",
        "ask",
        "desk",
        "desk/dialogue?id=D1",
        "desk/handovers",
        "summaries",
        "value",
        "reports",
    ):
        page.goto(f"{server.url}/{name}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name

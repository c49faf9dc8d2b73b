"""Strings that would be markup, by every way in: none is live, and nothing is loaded from away."""

import json
from urllib.parse import quote, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import expect

from churnlens.evidence.checks import Claim
from churnlens.schema import Text
from churnlens.tasks.churn.answers import Evidence
from churnlens.web.handed import change, listed
from churnlens.web.history import TITLE_CHARS, Entry, Records
from churnlens.web.house import Services
from churnlens.web.protocols import Matter, Piece, Source
from web.pages.analyst import answer_to
from web.pages.attacks import ATTACKS
from web.pages.support import PATIENCE, send, written
from web.support import running

# What would be live: anything that loads, runs or leads away and is not the pages' own.
LIVE = """root => [...root.querySelectorAll('*')].flatMap(each => [
  ...(each.matches('script:not([src="/static/pages.js"]), iframe, object, embed, base, img, video,' +
    'audio, style, applet, marquee, math, template[shadowrootmode], meta[http-equiv],' +
    'link:not([href^="/static/"]), use, animate, foreignObject, x, xss') ? [each.outerHTML] : []),
  ...[...each.attributes].filter(a => /^on|^style$|^srcdoc$|^formaction$|^ping$/i.test(a.name) ||
    (/^(xlink:)?(href|src|srcset|action|data|poster)$/i.test(a.name) && !/^[/?#](?!\\/)/.test(a.value))).map(a => a.name + '=' + a.value),
])"""


class Evil:
    """A model whose words, name and sources are attacks."""

    name = ATTACKS[0]

    def reply(self, messages, settings, stopped):
        for attack in ATTACKS:
            yield Piece(text=attack + "\n")
        name = Text(en=ATTACKS[1], zh=ATTACKS[1])
        matter = Matter(reason=ATTACKS[1], name=name) if messages[-1].content == "over" else None
        sources = tuple(Source(id=a, title=a, text=a) for a in ATTACKS)
        yield Piece(sources=sources, handover=matter)


def ask(question, edit=None):
    answer = answer_to(question, edit, "quote")
    docs = {a: Evidence(quote=a, reason=a, polarity="complaint") for a in ATTACKS}
    claims = [Claim(text=a, stat_ids=("S1",), doc_ids=(a,)) for a in ATTACKS]
    changed = {"claims": tuple(claims), "documents": docs, "summary": "".join(ATTACKS)}
    changed |= {"question": question, "actions": ATTACKS}
    return answer.model_copy(update=changed).model_dump(mode="json")


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def alert(attack, number=0):
    why = [{"rule": attack, "turns": [0], "phrase": attack}]
    return {"id": f"{attack}{number}", "dialogue": attack, "turn": 0, "level": attack, "p": 0.9,
            "reasons": why}  # fmt: skip


def is_file_name(attack):
    return "/" not in attack and len(attack.encode()) < 200


def write_history(path):
    records = Records(path)
    kept = [records.create("local", attack).id for attack in reversed(ATTACKS)][-1]
    for attack in ATTACKS:
        matter = Matter(reason=attack, name=Text(en=attack, zh=attack))
        records.add(kept, Entry(role="assistant", content=attack, model=attack), matter)
    for row in listed(records, None, None, len(ATTACKS)):
        change(records, row.id, "taken", row.reason, row.reason)
    records.close()


def fill_root(root):
    """Every file that a page reads, made of attacks."""
    made, primary = root / "07_model_output", root / "03_primary"
    turns = [{"speaker": "customer", "text": a} for a in ATTACKS]
    dialogues = [{"id": a, "turns": turns if a == ATTACKS[0] else turns[:1]} for a in ATTACKS]
    for task in ("satisfaction", "summary"):
        write_rows(primary / task / "dialogues.jsonl", dialogues)
    score = [{"index": 0, "score": 1, "p_dissatisfied": 0.9}]
    why = [{"reason": a, "name": a, "p": 0.5, "quotes": [{"turn": 0, "text": a}]} for a in ATTACKS]
    folder = made / "satisfaction"
    write_rows(folder / "assessments.jsonl", [
        {"id": a, "turns": score, "overall": 1, "level": a, "alerts": [alert(a)], "reasons": why}
        for a in ATTACKS
    ])  # fmt: skip
    write_rows(folder / "alerts.jsonl", [alert(a) for a in ATTACKS])
    write_rows(folder / "decisions.jsonl", [
        {"alert": f"{a}0", "actions": [a], "offer": a, "amount": 1, "currency": a, "approver": a}
        for a in ATTACKS
    ])  # fmt: skip
    write_rows(folder / "explanations.jsonl", [
        {"alert": f"{a}0", "words": [{"word": a, "turn": 0, "weight": 1}]} for a in ATTACKS
    ])  # fmt: skip
    cases = [{"dialogue": a, "similarity": 0.5, "reason": a} for a in ATTACKS]
    write_rows(folder / "similar_cases.jsonl", [{"id": a, "cases": cases} for a in ATTACKS])
    write_rows(made / "summary" / "summaries.jsonl", [
        {"id": a, "summary": dict.fromkeys(("user_problem", "agent_solution"), a)} for a in ATTACKS
    ])  # fmt: skip
    write_history(root / "history.db")
    (made / "retention").mkdir()
    frame = pd.DataFrame({"customer_id": ATTACKS, "clv": 1.0, "segment": ATTACKS})
    frame.assign(action=ATTACKS, why_not=ATTACKS).to_parquet(made / "retention" / "list.parquet")
    (root / ".state").mkdir()
    write_rows(root / ".state" / "progress.jsonl", [
        {"time": 1, "label": a, "done": 1, "total": 2} for a in ATTACKS
    ])  # fmt: skip
    for attack in filter(is_file_name, ATTACKS):
        (root / ".state" / f"{attack}.json").write_text("{}", encoding="utf-8")
        folder = root / "08_reporting" / attack
        folder.mkdir(parents=True)
        (folder / f"{attack}.html").write_text(f"<h1>report</h1>{''.join(ATTACKS)}", "utf-8")
        metrics = json.dumps({attack: attack, "figure": 1.0})
        (folder / f"{attack}_metrics.json").write_text(metrics, encoding="utf-8")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    root = tmp_path_factory.mktemp("attacked")
    fill_root(root)
    services = Services(models={"evil": Evil()}, ask=ask)
    with running(root, services=services, limits={"message_chars": 10_000}) as server:
        yield server, root


@pytest.fixture
def watched(attacked, browser):
    """A page whose dialogs and requests to elsewhere are counted."""
    server, _ = attacked
    context, page, seen = watch(browser, server)
    yield page, seen
    page.wait_for_timeout(100)
    context.close()
    assert seen == []


def watch(browser, server):
    seen = []
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(PATIENCE)
    context.route(
        lambda url: urlsplit(url).port != server.port,
        lambda route: (seen.append(route.request.url), route.abort()),
    )
    page = context.new_page()
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    return context, page, seen


def check(page, *, all_in="body", attacks=ATTACKS):
    """Nothing is live, and every attack stands there as text."""
    assert page.evaluate(f"({LIVE})(document)") == []
    text = page.locator(all_in).evaluate("each => each.textContent")
    assert [a for a in attacks if a not in text] == []


def test_there_are_enough_attacks_and_they_would_be_seen(browser):
    assert len(set(ATTACKS)) == len(ATTACKS) >= 60
    page = browser.new_page()
    parsed = f"all => all.map(a => ({LIVE})(new DOMParser().parseFromString(a, 'text/html')))"
    found = page.evaluate(parsed, list(ATTACKS))
    page.close()
    assert sum(map(bool, found)) >= 50  # the others are markup elsewhere, or after decoding


def test_what_runs_or_loads_would_be_counted(attacked, browser):
    server, _ = attacked
    context, page, seen = watch(browser, server)
    page.set_content(f"{ATTACKS[0]}{ATTACKS[12]}{ATTACKS[11]}", wait_until="load")
    page.wait_for_timeout(200)
    context.close()
    assert sorted(seen) == ["1", "1", "https://evil.example/x.png"]


def test_by_message_model_and_document(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/chat")
    send(page, "\n".join(ATTACKS))
    reply = written(page)
    reply.locator("summary").click()
    check(page, all_in=".message.user")
    check(page, all_in=".message.assistant .text")
    check(page, all_in=".message.assistant .passages")
    page.reload()
    for place in (".message.user", ".message.assistant .text", ".message.assistant .passages"):
        check(page, all_in=place)


def test_by_title_and_kept_message(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/chat")
    page.get_by_role("link", name=ATTACKS[0], exact=True).click()
    check(page, all_in=".conversations", attacks=[a for a in ATTACKS if len(a) <= TITLE_CHARS])
    check(page, all_in=".log")
    page.locator(".conversations li", has_text=ATTACKS[1]).locator(".delete").click()
    assert page.locator("dialog .title").text_content() == ATTACKS[1]
    page.get_by_role("button", name="Keep").click()


def test_by_feedback(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/ask")
    page.locator("#question").fill("".join(ATTACKS).replace("\n", " "))
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".answer h2").wait_for()
    check(page, all_in=".summary")
    check(page, all_in=".claims")


def test_by_dialogue_and_alert(attacked, watched):
    server, root = attacked
    page, _ = watched
    page.goto(f"{server.url}/desk")
    check(page, all_in=".alerts", attacks=ATTACKS[-30:])
    with (root / "07_model_output" / "satisfaction" / "alerts.jsonl").open("a") as stream:
        stream.write(json.dumps(alert(ATTACKS[11], 1)) + "\n")
    expect(page.locator("section:has(#alerts) [role=status]")).to_have_text(
        f"New alert: {ATTACKS[11]}"
    )
    expect(page.locator(".alert").first).to_contain_text(ATTACKS[11])
    check(page, attacks=())
    page.locator(".alert a").first.click()
    page.goto(f"{server.url}/desk/dialogue?id={quote(ATTACKS[0])}")
    check(page, all_in=".turns >> nth=0")
    check(page, all_in="section:has(#why)")


def test_by_hand_over(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/desk/handovers")
    check(page, all_in=".alerts", attacks=ATTACKS[-50:])
    with server.client() as api:
        title = ATTACKS[11]
        talk = api.post("/conversations", json={"title": title}).json()["id"]
        api.post(f"/conversations/{talk}/messages", json={"content": "over"})
    expect(page.get_by_role("status")).to_have_text(f"New hand-over: {title}")
    expect(page.locator(".alert").first).to_contain_text(title)
    check(page, attacks=())
    page.locator(".alert a").first.click()
    page.locator(".message").first.wait_for()
    check(page, all_in="main")


def test_by_answer_of_a_colleague(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/chat")
    send(page, "over")
    written(page)
    with server.client() as api:
        (row,) = api.get("/handovers", params={"limit": 1}).json()["handovers"]
        said = {"content": "\n".join(ATTACKS), "person": ATTACKS[0]}
        assert api.post(f"/handovers/{row['id']}/messages", json=said).status_code == 201
    for where in ("live", "after a reload", "for colleagues"):
        page.locator(".message.colleague").wait_for()
        check(page, all_in=".message.colleague")
        if where == "live":
            page.reload()
        else:
            page.goto(f"{server.url}/desk/handovers/{row['id']}")


def test_by_summary_and_customer(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/summaries")
    check(page, attacks=ATTACKS[:50])
    page.goto(f"{server.url}/value")
    check(page, attacks=ATTACKS[:50])


def test_by_file_name_and_report(attacked, watched):
    server, _ = attacked
    page, _ = watched
    page.goto(f"{server.url}/reports")
    check(page, attacks=[a for a in ATTACKS if is_file_name(a)])
    hrefs = page.locator("a[href^='/reports/file']").evaluate_all("all => all.map(a => a.href)")
    assert len(hrefs) > 20
    answer = page.goto(hrefs[0])  # its own markup shows, its scripts and loads do not
    assert answer.status == 200
    assert page.locator("h1").text_content() == "report"

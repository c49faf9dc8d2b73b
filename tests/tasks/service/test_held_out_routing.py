from churnlens.tasks.service.book import read_book, read_folder
from churnlens.tasks.service.held_out_routing import Routed, route_held_out, routing_scores
from churnlens.tasks.service.loading import Remembered
from tasks.service.support import CONF, OPTIONS, PROMPTS, WordEncoder


def test_every_dialogue_is_routed_once_without_its_situation(monkeypatch):
    from churnlens.tasks.service import held_out_routing

    book = read_book(read_folder(CONF))
    seen = []

    def built(handbook, rules, prompts, encoder, options, scripts, others):
        seen.append({script.family for script in scripts})
        return len(seen) - 1

    def routed(script, fold):
        assert script.family not in seen[fold]
        return Routed(family=script.family, language="en", wanted=("a",), got="a", floor="b")

    monkeypatch.setattr(held_out_routing, "build_knowledge", built)
    monkeypatch.setattr(held_out_routing, "_routed", routed)
    found = route_held_out(book, PROMPTS, Remembered(WordEncoder()), OPTIONS, 3)
    assert sorted(each.family for each in found) == sorted(s.family for s in book.scripts)
    scores = routing_scores(found)
    assert scores["assistant"]["value"] == 1
    assert scores["nearest_faq"]["value"] == 0
    assert scores["by_family"]["a"]["n"] == len(book.scripts)


def test_one_fold_routes_with_the_others():
    book = read_book(read_folder(CONF))
    few = book.__class__(book.handbook, book.rules, book.scripts[:6], book.general)
    found = route_held_out(few, PROMPTS, Remembered(WordEncoder()), OPTIONS, 2)
    assert len(found) == 6
    assert routing_scores(found)["families"] == len({each.family for each in few.scripts})

"""Rows under a grammar and a budget: whatever the model wants, the text ends in time."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.models import grammar as g
from churnlens.models.constraint import RequestError, Row, Vocabulary, way_to_end
from models.tiny import make_tokenizer

SIZE = 384
TOKENIZER = make_tokenizer()
VOCABULARY = Vocabulary(TOKENIZER, SIZE, [2])
CLAIM = g.record({"text": g.text(60), "ids": g.subset(["S1", "S2", "S3"], max_items=2)})
ANSWER = g.compile_grammar(
    g.record(
        {
            "summary": {"type": "string", "maxLength": 40},  # may hold quotes and brackets
            "claims": {"type": "array", "items": CLAIM, "maxItems": 3},
            "risk": g.one_of(["high", "low", "medium"]),
        }
    )
)
WORDS = [bytes(VOCABULARY.inner.decode_bytes([i])) for i in range(SIZE)]
LETTERS = torch.tensor([float(word.strip().isalpha()) * len(word) for word in WORDS])


def write(row, scores):
    """Feed scores until the row is over; returns the text."""
    while (token := choose(row, scores())) != 2:
        assert row.tokens[-1] == token
    return TOKENIZER.decode(row.tokens)


def choose(row, scores):
    return row.next_token(scores, int(scores.argmax()))


def shortest(grammar):
    from llguidance import LLMatcher

    return len(way_to_end(LLMatcher(VOCABULARY.inner, grammar), VOCABULARY, [], 500))


@given(st.integers(0, 10_000), st.integers(0, 120), st.sampled_from(["random", "letters", "end"]))
@settings(max_examples=60)
def test_every_text_is_complete_within_its_budget(seed, extra, taste):
    budget = shortest(ANSWER) + extra
    generator = torch.Generator().manual_seed(seed)

    def scores():
        noise = torch.rand(SIZE, generator=generator)
        return noise + {"random": 0, "letters": LETTERS, "end": -LETTERS}[taste]

    row = Row(VOCABULARY, ANSWER, budget, "k")
    answer = json.loads(write(row, scores))
    assert len(row.tokens) <= budget and row.finished
    assert list(answer) == ["summary", "claims", "risk"]
    assert len(answer["summary"]) <= 40 and len(answer["claims"]) <= 3
    assert answer["risk"] in {"high", "low", "medium"}
    for claim in answer["claims"]:
        assert 1 <= len(claim["text"]) <= 60
        assert claim["ids"] == sorted(set(claim["ids"])) and 1 <= len(claim["ids"]) <= 2


def test_a_model_that_never_stops_is_stopped_at_the_last_token_that_allows_it():
    budget = shortest(ANSWER) + 4
    row = Row(VOCABULARY, ANSWER, budget, "k")
    answer = json.loads(write(row, LETTERS.clone))
    assert len(row.tokens) == budget
    assert answer["summary"] and not answer["claims"]


def test_the_model_decides_wherever_the_budget_allows():
    grammar = g.compile_grammar(g.record({"risk": g.one_of(["high", "low", "medium"])}))
    for wish in ("high", "low", "medium"):
        scores = torch.zeros(SIZE)
        scores[TOKENIZER(wish)["input_ids"]] = 1.0
        row = Row(VOCABULARY, grammar, 30, "k")
        assert json.loads(write(row, lambda scores=scores: scores)) == {"risk": wish}


def test_what_is_forced_is_written_before_the_model_is_asked():
    row = Row(VOCABULARY, ANSWER, 80, "k")
    assert TOKENIZER.decode(row.tokens) == '{"summary":'
    fixed = Row(VOCABULARY, g.compile_grammar(g.record({"a": g.one_of(["x"])})), 80, "k")
    assert TOKENIZER.decode(fixed.tokens) == '{"a": "x"}'
    assert fixed.finished and choose(fixed, torch.zeros(SIZE)) == 2


def test_a_budget_below_the_shortest_text_is_refused_before_anything_is_written():
    need = shortest(ANSWER)
    assert Row(VOCABULARY, ANSWER, need, "k").tokens
    with pytest.raises(RequestError, match=rf"request k: .*got {need - 1}; raise it"):
        Row(VOCABULARY, ANSWER, need - 1, "k")


def test_a_broken_grammar_is_refused():
    with pytest.raises(RequestError, match="request k: the grammar failed"):
        Row(VOCABULARY, "{}", 30, "k")


def test_the_shortest_way_leaves_the_text_where_it_is():
    from llguidance import LLMatcher

    matcher = LLMatcher(VOCABULARY.inner, ANSWER)
    path = way_to_end(matcher, VOCABULARY, [], 500)
    answer = json.loads(TOKENIZER.decode(path))
    assert answer.pop("risk") in {"high", "low", "medium"}
    assert answer == {"summary": "", "claims": []}
    assert way_to_end(matcher, VOCABULARY, [], len(path) - 1) is None
    assert matcher.compute_ff_bytes() == b'{"summary": "'


def test_the_way_out_of_a_string_is_its_quote_even_where_brackets_are_text():
    from llguidance import LLMatcher

    matcher = LLMatcher(VOCABULARY.inner, ANSWER)
    for text in ('{"summary": "a } b', '{"summary": "say \\"'):
        matcher.reset()
        tokens = TOKENIZER(text)["input_ids"]
        assert matcher.consume_tokens(tokens)
        path = way_to_end(matcher, VOCABULARY, tokens, 100)
        assert TOKENIZER.decode(path).startswith('", "claims": []')


def test_a_hint_ends_a_text_that_no_closing_sign_can():
    from llguidance import LLMatcher

    words = {"type": "string", "pattern": f"^{g.about(['the cat'])}[(]7[)][.]$"}
    matcher = LLMatcher(VOCABULARY.inner, g.compile_grammar(g.record({"a": words})))
    hints = [TOKENIZER(text)["input_ids"] for text in ("the cat (7).", " the cat (7).")]
    for begin in ('{"a": "', '{"a": "We say'):
        matcher.reset()
        tokens = TOKENIZER(begin)["input_ids"]
        assert matcher.consume_tokens(tokens)
        path = way_to_end(matcher, VOCABULARY, tokens, 200, hints)
        assert TOKENIZER.decode(path).strip() == 'the cat (7)."}'
        assert len(way_to_end(matcher, VOCABULARY, tokens, 200)) > len(path)


def test_a_known_way_is_joined_where_it_fits():
    from llguidance import LLMatcher

    matcher = LLMatcher(VOCABULARY.inner, ANSWER)
    begun, rest = TOKENIZER('{"summary": "')["input_ids"], '", "claims": [], "risk": "medium"}'
    assert matcher.consume_tokens(begun)
    known = TOKENIZER(rest)["input_ids"]
    for before in ([], TOKENIZER('"')["input_ids"]):  # with it the known way is none from here
        assert way_to_end(matcher, VOCABULARY, begun, 100, known=before + known) == known
    long = TOKENIZER('the bill is high the bill", "claims": [], "risk": "medium"}')["input_ids"]
    assert way_to_end(matcher, VOCABULARY, begun, len(long), known=long) == long
    assert way_to_end(matcher, VOCABULARY, begun, len(long) - 1, known=long) is None


def test_a_known_way_is_joined_where_a_string_of_another_length_ends():
    from llguidance import LLMatcher

    names = ["the bill is high the bill is high", "the cat"]
    fields = {"a": g.one_of(names), "b": g.one_of(["x", "y"]), "c": g.one_of(["x", "y"])}
    matcher = LLMatcher(VOCABULARY.inner, g.compile_grammar(g.record(fields)))
    rest = '", "b": "y", "c": "y"}'
    known = TOKENIZER(f"{names[0]}{rest}"[len("the ") :])["input_ids"]
    begun = TOKENIZER('{"a": "the c')["input_ids"]
    assert matcher.consume_tokens(begun)
    found = TOKENIZER.decode(way_to_end(matcher, VOCABULARY, begun, 100, known=known))
    assert found.endswith(rest)
    alone = TOKENIZER.decode(way_to_end(matcher, VOCABULARY, begun, 100))
    assert not alone.endswith(rest)


def test_a_forced_token_is_the_only_one_that_the_grammar_allows():
    row, forced = Row(VOCABULARY, ANSWER, 200, "k"), 0
    made = torch.Generator().manual_seed(1)
    while not row.finished:
        matcher, scores = row._matcher, torch.rand(SIZE, generator=made) + LETTERS
        allowed = torch.from_numpy(np.frombuffer(matcher.compute_logit_bias(), np.uint8) != 0)
        best = int(scores.masked_fill(~allowed, -torch.inf).argmax())
        assert row._best_allowed(scores, matcher) == best
        forced += int(allowed.sum() == 1)
        choose(row, scores)
    assert forced > 3


def test_free_text_goes_on_until_it_ends_or_its_budget_does():
    scores = torch.zeros(SIZE)
    scores[TOKENIZER("the")["input_ids"][0]] = 1.0
    row = Row(VOCABULARY, None, 3, "k")
    write(row, lambda: scores)
    assert len(row.tokens) == 3 and not row.finished
    scores[2] = 2.0
    row = Row(VOCABULARY, None, 3, "k")
    assert write(row, lambda: scores) == "" and row.finished


def test_scores_that_are_infinite_do_not_lead_outside_the_grammar():
    scores = torch.full((SIZE,), -torch.inf)
    scores[TOKENIZER("x")["input_ids"]] = torch.inf
    json.loads(write(Row(VOCABULARY, ANSWER, 120, "k"), lambda: scores))


def test_longest_prefers_the_most_bytes_and_then_the_lowest_id():
    allowed = np.zeros(SIZE, bool)
    assert VOCABULARY.longest(allowed) == 0
    allowed[[WORDS.index(b"a"), WORDS.index(b"b"), WORDS.index(b"the")]] = True
    assert WORDS[VOCABULARY.longest(allowed)] == b"the"
    allowed[WORDS.index(b"the")] = False
    assert WORDS[VOCABULARY.longest(allowed)] == b"a"

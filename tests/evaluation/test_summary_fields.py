"""Fields, constants and lead by hand; floors of a public set."""

import json
import re
from functools import partial

import pytest

from churnlens.evaluation.recipe_overlap import recipe_overlap
from churnlens.evaluation.summary_fields import (
    best_constant,
    constant_summary,
    field_overlap,
    lead,
    lead_fields,
    summary_json,
)
from churnlens.evaluation.text_overlap import ROUGE, rouge, text_overlap
from evaluation.bench_support import REAL

FIELDS = ["用户问题", "客服方案", "是否接受"]
GOLD = [
    {"用户问题": "申请退货退款", "客服方案": "三天内退款", "是否接受": "是"},
    {"用户问题": "询问物流进度", "客服方案": "预计明天送达", "是否接受": "是"},
    {"用户问题": "申请退货", "客服方案": "指引在订单页面申请", "是否接受": "否"},
]


def rouge_l(texts, references):
    return recipe_overlap(texts, references)["rouge_l"]


def test_json_has_the_fields_in_their_order():
    summary = {"是否接受": "是", "其他": "x", "用户问题": '说"好"'}
    assert (
        summary_json(summary, FIELDS)
        == r'{"用户问题": "说\"好\"", "客服方案": "", "是否接受": "是"}'
    )
    assert list(json.loads(summary_json(GOLD[0], FIELDS))) == FIELDS


def test_fields_are_scored_by_their_values():
    said = [{**GOLD[0], "客服方案": "退款"}, None, GOLD[2]]
    found = field_overlap(said, GOLD, FIELDS[:2], recipe_overlap)
    assert list(found) == FIELDS[:2]
    assert found["用户问题"]["rouge_l"].items == pytest.approx([1, 0, 1])
    none = field_overlap([None], GOLD[:1], FIELDS, recipe_overlap)
    assert none["用户问题"]["bleu_4"].corpus == 0
    alone = recipe_overlap(["退款"], ["三天内退款"])
    for name, metric in found["客服方案"].items():
        assert metric.items[0] == alone[name].corpus
    with pytest.raises(KeyError):
        field_overlap(said, [{}] * 3, FIELDS, recipe_overlap)


def test_schema_feeds_the_whole_text_but_not_the_values():
    empty = dict.fromkeys(FIELDS, "")
    whole = recipe_overlap(
        *([summary_json(each, FIELDS) for each in side] for side in ([empty] * 3, GOLD))
    )
    assert whole["rouge_l"].corpus > 0.6
    values = field_overlap([empty] * 3, GOLD, FIELDS, recipe_overlap)
    assert all(metrics["rouge_l"].corpus == 0 for metrics in values.values())


def test_the_best_constant_is_nearest_to_the_others():
    texts = ["天气很好", "申请退货", "申请退货退款", "申请退款", "天气很好"]
    assert best_constant(texts) == "天气很好"
    assert best_constant(texts, rouge_l) == "申请退货退款"
    assert best_constant(texts, rouge_l, candidates=1) == "天气很好"
    assert best_constant(["", "b", " "]) == "b"


def test_the_best_constant_looks_at_references_from_end_to_end():
    asked = []

    def measure(texts, references):
        asked.append(list(references))
        return rouge_l(texts, references)

    best_constant([f"退货{n}" for n in range(100)], measure, candidates=2, sample=10)
    assert len(asked) == 2 and asked[0] == [f"退货{n}" for n in range(0, 100, 10)]


def test_a_constant_summary_fits_each_field():
    found = constant_summary(GOLD, {"用户问题": rouge_l, "是否接受": None})
    assert found == {"用户问题": "申请退货退款", "是否接受": "是"}


@pytest.mark.parametrize("texts", [[], ["", " "]])
def test_no_references_make_no_constant(texts):
    with pytest.raises(ValueError, match="training references"):
        best_constant(texts)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["a "], "a"),
        (["a", "b"], "a b"),
        (["", "a", "b", "c", " "], "a c"),
        (["a", "a"], "a a"),
    ],
)
def test_lead(texts, expected):
    assert lead(texts) == expected


def test_lead_of_two_fields():
    assert lead_fields(["", "我要退货", "谢谢"], ["您好", "三天内退款", "再见"]) == (
        "我要退货",
        "三天内退款",
    )
    assert lead_fields([], []) == ("", "")


def tweets():
    path = REAL / "tweetsumm_summary" / "valid.jsonl"
    if not path.is_file():
        pytest.skip(f"no {path}; set CHURNLENS_REAL_DATA to run this test")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_english_overlap_of_fields():
    overlap = partial(text_overlap, language="en")
    found = field_overlap([{"a": "the price"}], [{"a": "prices"}], ["a"], overlap)
    assert found["a"]["rouge1"].corpus == pytest.approx(2 / 3)


def test_lead_of_public_threads_is_near_its_measured_score_and_below_people():
    # first and last tweet: 32.3, 14.6, 26.8 on the test split; people 41.9, 15.1, 33.5
    rows = tweets()
    turns = [re.split(r"\t(?:Customer|Agent):\t", row["text"]) for row in rows]
    told = [lead([re.sub(r"@\w+|https?://\S+", "", text) for text in each]) for each in turns]
    references = [row["abstractive_summaries"] for row in rows]
    found = rouge(told, references, "en")
    scores = [100 * found[name].corpus for name in ROUGE]
    assert scores == pytest.approx([32.3, 14.6, 26.8], abs=2.5)
    people = rouge([each[0] for each in references], [each[1:] for each in references], "en")
    assert all(people[name].corpus > found[name].corpus for name in ROUGE)
    assert "nrefs:2-5|over-refs:mean" in found["rouge1"].signature

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import churnlens.simulation
from churnlens.simulation.feedback import SHARES, TEXT_ONLY_AUC_LIMIT, Writer
from churnlens.simulation.reasons import REASONS
from churnlens.simulation.sampling import Draw

FOLDER = Path(churnlens.simulation.__file__).parent
OUTCOME_WORDS = {
    "en": r"\b(?:cancel\w*|leav(?:e|es|ing)|left|churn\w*|switch\w*|quit(?:s|ting)?|terminat\w+|"
    r"stay\w*|remain\w*|retain\w*|loyal\w*|keep|unsubscri\w+|defect\w*|renew\w*|goodbye|"
    r"go away|gone to|mov(?:e|ed|ing)|port(?:ed)? out|sign(?:ed)? off)\b",
    "zh": r"退订|离开|离网|取消|走了|销户|流失|转网|携号|换运营商|换一家|留下|留存|没走|续约|"
    r"(?<!手)续费|忠诚|注销|停机|再见|解约|不再用|不用你们",
}


@cache
def _patterns(language: str) -> dict[str, re.Pattern[str]]:
    """Per reason and polarity one pattern of all its templates, built from the file alone."""
    book = yaml.safe_load((FOLDER / f"phrases_{language}.yml").read_text(encoding="utf-8"))
    slots = {
        name: "(?:" + "|".join(map(re.escape, words)) + ")" for name, words in book["slots"].items()
    }

    def pattern(template: str) -> str:
        parts = re.split(r"\{(\w+)\}", template)
        return "".join(slots[p] if at % 2 else re.escape(p) for at, p in enumerate(parts))

    return {
        f"{topic}:{polarity}": re.compile("|".join(map(pattern, templates)), re.IGNORECASE)
        for topic, both in book["reasons"].items()
        for polarity, templates in both.items()
    }


@pytest.fixture(scope="module")
def texts(large) -> pd.DataFrame:
    """The customers who wrote something."""
    rows = large.truth_rows.assign(
        text=large.customers.CustomerFeedback,
        name=large.customers.CustomerName,
        left=large.customers.Churn == "Yes",
    )
    return rows[rows.language != ""]


def test_share_and_languages_are_as_declared_and_missing_at_random(large, texts):
    silent = large.truth_rows.language == ""
    assert ((large.customers.CustomerFeedback == "") == silent).all()
    assert (~silent).mean() == pytest.approx(SHARES["feedback"], abs=0.01)
    assert (texts.language == "zh").mean() == pytest.approx(0.5, abs=0.012)
    left = (large.customers.Churn == "Yes").to_numpy()
    assert abs(silent[left].mean() - silent[~left].mean()) < 0.015
    chinese = texts.text.str.contains(r"[\u4e00-\u9fff]")
    own = pd.Series(
        [name in text for text, name in zip(texts.text, texts.name, strict=True)], texts.index
    )
    assert (chinese | (texts.language == "en")).all()
    assert (~chinese | (texts.language == "zh") | own).all()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_exactly_the_declared_reasons_are_in_the_words(texts, language):
    clean = texts[(texts.language == language) & (texts.typo == "")]
    patterns = _patterns(language)
    assert len(clean) > 10_000
    for text, reasons in zip(clean.text[:6000], clean.reasons[:6000], strict=True):
        found = {reason for reason, pattern in patterns.items() if pattern.search(text)}
        assert found == set(reasons.split(";")), text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_word_tells_the_outcome(texts, language):
    chosen = texts.text[texts.language == language]
    told = chosen[chosen.str.contains(OUTCOME_WORDS[language], case=False, regex=True)]
    assert told.empty, told.head().tolist()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_phrases_cover_every_reason_with_variety(language):
    book = yaml.safe_load((FOLDER / f"phrases_{language}.yml").read_text(encoding="utf-8"))
    assert set(book["reasons"]) == set(REASONS)
    for both in book["reasons"].values():
        assert all(len(set(templates)) >= 9 for templates in both.values())
    writer = Writer(language, Draw(np.random.default_rng(1)))
    seen = {
        s for both in writer.book["reasons"].values() for t in both.values() for e in t for s in e
    }
    assert len(seen) > 600
    assert not [sentence for sentence in seen if "{" in sentence]


def test_texts_differ_and_have_one_to_five_sentences(texts):
    chosen = texts[texts.text.str.len() > 0][:8000]
    assert chosen.text.nunique() > 0.93 * len(chosen)
    assert chosen.text.str.len().quantile(0.9) > 2.5 * chosen.text.str.len().quantile(0.1)
    plain = chosen[(chosen.personal_kinds == "") & (chosen.canary == "")]
    stops = plain.text.str.count(r"[.!](?:\s|$)|[。！～]")
    assert stops.max() == 5


def test_naive_keywords_are_wrong_on_negations(texts):
    """Complaint words stand in praise and the other way round, in both languages."""
    for word, reason in [
        ("outage", "reliability"),
        ("expensive", "price"),
        ("没断过", "reliability"),
        ("不贵|都不贵", "price"),
    ]:
        said = texts[texts.text.str.contains(word)]
        assert said.reasons.str.contains(f"{reason}:praise").sum() > 10, word
    fast = texts[texts.text.str.contains("fast")]
    assert fast.reasons.str.contains("speed:complaint").sum() > 10


def test_typos_are_marked(texts):
    made = (texts.typo == "yes").groupby(texts.language).mean()
    assert made["en"] == pytest.approx(SHARES["typo_attempts"], abs=0.006)
    assert 0.01 < made["zh"] < SHARES["typo_attempts"]
    english = texts[(texts.language == "en") & (texts.typo == "yes")][:400]
    broken = [
        not all(_patterns("en")[reason].search(text) for reason in reasons.split(";"))
        for text, reasons in zip(english.text, english.reasons, strict=True)
    ]
    assert np.mean(broken) > 0.5, "most typos hit a reason's words"


def test_truth_counts_the_reasons(large, texts):
    counts = large.truth["feedback"]["reason_counts"]
    assert large.truth["feedback"]["texts"] == len(texts)
    for topic in ("price", "selection"):
        for who, chosen in (("left", texts[texts.left]), ("stayed", texts[~texts.left])):
            said = chosen.reasons.str.contains(f"{topic}:")
            complained = chosen.reasons.str.contains(f"{topic}:complaint")
            assert counts[topic][f"mentions_{who}"] == said.sum()
            assert counts[topic][f"complaints_{who}"] == complained.sum()
    assert large.truth["feedback"]["null_reasons"] == ["installation", "selection"]


def _text_auc(texts: pd.Series, left: np.ndarray, **options: object) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, **options)
    model = make_pipeline(words, LogisticRegression(max_iter=500))
    scores = cross_val_predict(model, texts, left, cv=5, method="predict_proba")[:, 1]
    return float(roc_auc_score(left, scores))


@pytest.mark.parametrize(("language", "options"), [("en", {}), ("zh", {"analyzer": "char"})])
def test_the_words_alone_hardly_tell_who_left(demo, texts, language, options):
    """The public feedback gives 0.999 here. More than 0.5: reasons do carry some signal."""
    wrote = (demo.truth_rows.language == language).to_numpy()
    left = (demo.customers.Churn == "Yes").to_numpy()
    auc = _text_auc(demo.customers.CustomerFeedback[wrote], left[wrote], **options)
    assert demo.truth["feedback"]["text_only_auc_limit"] == TEXT_ONLY_AUC_LIMIT == 0.75
    assert auc <= 0.75 - 0.05
    many = texts[texts.language == language]
    assert 0.52 < _text_auc(many.text, many.left.to_numpy(), **options) < 0.70


def test_given_the_reasons_the_words_tell_nothing_more(texts):
    """Openings, closings, style, typos and the choice of template are blind to the outcome."""
    for reasons in ("price:complaint", "reliability:praise"):
        same = texts[(texts.reasons == reasons) & (texts.language == "en")]
        assert len(same) > 500
        error = 1 / np.sqrt(12 * min(same.left.sum(), (~same.left).sum()))
        assert abs(_text_auc(same.text, same.left.to_numpy()) - 0.5) < 3.5 * error


def test_both_phrase_files_have_the_same_parts():
    books = [
        yaml.safe_load((FOLDER / f"phrases_{language}.yml").read_text(encoding="utf-8"))
        for language in ("en", "zh")
    ]
    for part in ("", "links", "closings", "slots", "reasons", "personal", "names"):
        first, second = (set(book[part] if part else book) for book in books)
        assert first == second, part
    for book in books:
        assert all("{value}" in form for forms in book["personal"].values() for form in forms)
        assert all("{canary}" in order for order in book["orders"])

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from churnlens.evaluation.labels import confusion, macro_f1, places
from churnlens.options import ReasonOptions
from churnlens.schema import Text, Words
from churnlens.simulation.dialogues import simulate_dialogues
from churnlens.tasks.satisfaction import reason_words, reasons
from churnlens.tasks.satisfaction.reason_words import (
    ReasonBook,
    ReasonKind,
    WordTeller,
    load_reasons,
)
from churnlens.tasks.satisfaction.reasons import (
    UNCLEAR,
    LearntTeller,
    ReasonModel,
    fit_reasons,
    tell_all,
    tell_reasons,
)

BOOK = load_reasons(Path(__file__).parents[3] / "conf/base/satisfaction/reasons.yml")
OPTIONS = ReasonOptions()
LATE, BILL = "where is my parcel", "you charged me twice"


@pytest.fixture(scope="module")
def demo():
    made = simulate_dialogues(500, seed=5)
    turns = made.turns[made.turns["speaker"] == "customer"]
    said = turns.groupby("id", sort=False)["text"].agg(list)
    rows = made.dialogues.join(made.dialogue_truth.set_index("id"), on="id")
    rows["said"] = rows["id"].map(said)
    names = sorted(set(rows["customer_id"]))
    rows["test"] = rows["customer_id"].isin(names[::4])
    return made, rows


@pytest.fixture(scope="module")
def model(demo):
    rows = demo[1][~demo[1]["test"]]
    return fit_reasons(rows["said"].tolist(), rows["reason"].tolist(), BOOK, OPTIONS)


def f1_of(teller, rows):
    best = teller.probabilities(rows["said"].tolist()).argmax(axis=1)
    said = [teller.labels[column] for column in best]
    labels = BOOK.labels
    return macro_f1(confusion(places(rows["reason"], labels), places(said, labels), len(labels)))


def test_the_book_names_every_planted_reason(demo):
    assert set(demo[1]["reason"]) == set(BOOK.labels)
    assert all(kind.words.en and kind.words.zh for kind in BOOK.reasons.values())


def test_reasons_of_other_customers_are_told(demo, model):
    rows = demo[1][demo[1]["test"]]
    assert f1_of(LearntTeller(model), rows) >= 0.80
    assert f1_of(WordTeller(BOOK), rows) >= 0.60
    assert model.n + len(rows) == len(demo[1])


def test_quotes_say_the_trouble_more_often_than_turns_at_random(demo, model):
    made, rows = demo
    truth = made.turn_truth.set_index(["id", "index"])
    told, chance, teller = [], [], LearntTeller(model)
    for row in rows[rows["test"] & (rows["reason"] != "none")].itertuples():
        at = made.turn_truth.loc[made.turn_truth["id"] == row.id, "index"].tolist()
        says = [
            truth.loc[(row.id, index), "complaint"] != ""
            or truth.loc[(row.id, index), "act"] in {"tell", "tell_all"}
            for index in at
        ]
        found = tell_reasons(row.said, teller, BOOK, row.language, ReasonOptions(quotes=1))
        for reason in found.reasons:
            assert reason.name == BOOK.reasons[reason.reason].name.of(row.language)
            for quote in reason.quotes:
                assert quote.text == row.said[quote.turn]
                assert quote.weight > 0
            if reason.reason == row.reason and reason.quotes:
                told.append(says[reason.quotes[0].turn])
                chance.append(np.mean(says))
    assert len(told) > 60
    assert np.mean(told) > np.mean(chance) + 0.25


@pytest.mark.parametrize("together", [1, 7, 1000])
def test_dialogues_are_told_together_as_alone(demo, model, monkeypatch, together):
    rows, teller, options = demo[1][demo[1]["test"]].head(60), LearntTeller(model), OPTIONS
    said, languages = [*rows["said"], [], [""]], [*rows["language"], "en", "zh"]
    alone = [
        tell_reasons(each, teller, BOOK, language, options)
        for each, language in zip(said, languages, strict=True)
    ]
    monkeypatch.setattr(reasons, "_AT_ONCE", together)
    assert tell_all(said, teller, BOOK, languages, options) == alone
    assert sum(bool(each.reasons) for each in alone) > 20
    assert tell_all([], teller, BOOK, [], options) == []


def test_the_kept_model_tells_what_sklearn_tells(demo):
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    rows = demo[1].head(150)
    said, labels = rows["said"].tolist(), rows["reason"].tolist()
    vectorizer = TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2, max_features=2000
    )
    grams = vectorizer.fit_transform(["\n".join(each) for each in said])
    both = hstack([grams, 0.3 * np.log1p(WordTeller(BOOK).counts(said))]).tocsr()
    expected = LogisticRegression(C=10, max_iter=1000).fit(both, labels).predict_proba(both)
    fitted = fit_reasons(said, labels, BOOK, ReasonOptions(max_terms=2000))
    again = ReasonModel.model_validate(json.loads(json.dumps(fitted.model_dump(mode="json"))))
    assert again == fitted
    np.testing.assert_allclose(LearntTeller(again).probabilities(said), expected, atol=1e-4)


def test_two_labels_are_told_too():
    said, labels = [[LATE], [BILL], [LATE, "hm"], [BILL, "so"]] * 3, ["late_delivery", "none"] * 6
    teller = LearntTeller(fit_reasons(said, labels, BOOK, OPTIONS))
    p = teller.probabilities([[LATE], [BILL]])
    assert teller.labels == ("late_delivery", "none")
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p[0, 0] > 0.8 > 0.2 > p[1, 0]


def test_a_turn_is_read_once_however_often_others_are_left_out(monkeypatch):
    read, fold = [], reason_words.fold
    monkeypatch.setattr(reason_words, "fold", lambda text: read.append(text) or fold(text))
    said = [f"{LATE} {n}" for n in range(20)]
    (told,) = tell_reasons(said, WordTeller(BOOK), BOOK, "en", OPTIONS).reasons
    assert told.quotes and len(read) == 40  # for the whole, and for all that is left of it


def test_words_alone_tell_name_and_quote():
    found = tell_reasons(["hello", LATE, "ok"], WordTeller(BOOK), BOOK, "zh", OPTIONS)
    assert found.label == "late_delivery"
    assert [(r.reason, r.name, round(r.p, 2)) for r in found.reasons] == [
        ("late_delivery", "配送延误", 0.67)
    ]
    assert [(q.turn, q.text) for q in found.reasons[0].quotes] == [(1, LATE)]


def test_two_reasons_are_both_told_and_three_are_unclear():
    words = WordTeller(BOOK)
    found = tell_reasons([LATE, BILL], words, BOOK, "en", OPTIONS)
    assert [r.reason for r in found.reasons] == ["late_delivery", "billing"]
    assert [q.text for r in found.reasons for q in r.quotes] == [LATE, BILL]
    found = tell_reasons([LATE, BILL, "态度很差"], words, BOOK, "en", OPTIONS)
    assert found.label == UNCLEAR
    assert found.reasons == ()
    found = tell_reasons(["hello"], words, BOOK, "en", OPTIONS)
    assert (found.label, found.reasons) == ("none", ())


def test_a_company_adds_its_own_reason():
    pets = ReasonKind(name=Text(en="dogs", zh="狗"), words=Words(en=("dog*",), zh=("小狗",)))
    book = BOOK.model_copy(update={"reasons": {**BOOK.reasons, "pets": pets}})
    for text in ("YOUR DOGS bark", "小 狗 太吵"):
        assert tell_reasons([text], WordTeller(book), book, "en", OPTIONS).label == "pets"
    with pytest.raises(ValidationError):
        ReasonBook.model_validate({"reasons": {}})


def test_a_very_long_dialogue_is_read_at_both_ends():
    said = [LATE, *["hm"] * 9998, BILL]
    found = tell_reasons(said, WordTeller(BOOK), BOOK, "en", ReasonOptions(max_turns=7))
    assert {q.turn for r in found.reasons for q in r.quotes} == {0, 9999}


@given(st.lists(st.text(max_size=20), max_size=6))
def test_whatever_is_said_has_probabilities_that_add_up(said):
    p = WordTeller(BOOK).probabilities([said])
    assert p.sum() == pytest.approx(1)
    tell_reasons(said, WordTeller(BOOK), BOOK, "en", OPTIONS)


def test_a_customer_without_words_has_no_quotes(model):
    for said in ([], [""], ["😀"]):
        found = tell_reasons(said, LearntTeller(model), BOOK, "en", ReasonOptions(threshold=0))
        assert len(found.reasons) == len(BOOK.reasons)
        assert found.label in BOOK.labels


@pytest.mark.parametrize(
    ("said", "labels", "message"),
    [
        ([["a"], ["b"]], ["price", "weather"], "1 are no reason of the book"),
        ([["a"], ["b"]], ["price", "price"], "1 of them different"),
        ([["a"]], ["price", "none"], "got 1 dialogues with 2 labels"),
    ],
)
def test_labels_that_cannot_be_learnt_are_told(said, labels, message):
    with pytest.raises(ValueError, match=message):
        fit_reasons(said, labels, BOOK, OPTIONS)


def test_a_model_whose_parts_do_not_fit_is_refused(model):
    torn = model.model_copy(update={"weights": model.weights[:-1]})
    with pytest.raises(ValueError, match="fit it again"):
        LearntTeller(torn)
    with pytest.raises(ValueError, match="fit it again"):
        LearntTeller(model.model_copy(update={"idf": model.idf[1:]}))

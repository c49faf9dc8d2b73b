"""A small shop's table and hand-made results, hostile words everywhere, for the report's tests."""

from __future__ import annotations

import copy
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churnlens.evidence.drivers import build_panel
from churnlens.evidence.study import Population
from churnlens.evidence.themes import label_feedback
from churnlens.models.scorecard import fit_scorecard
from churnlens.options import DistillationOptions, DriverOptions, ReportingOptions
from churnlens.pipelines.reporting import embedder
from churnlens.pipelines.reporting.churn.arms import evaluate_arms
from churnlens.pipelines.reporting.churn.overview import build_overview
from churnlens.pipelines.reporting.churn.report import render_report
from churnlens.schema import Language, Schema, parse_schema
from pipelines.letters import INDEXING, LOCK, use_letters
from tasks.churn.lessons import PROMPTS, answer, lesson, whole

HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=alert(1)> \"&amp;' </style></svg> $a$ {{ 7*7 }}"
)
CANARY = "CANARY-4711"
ANSWERED, TOO_FEW, UNANSWERABLE = "Why do shoppers leave?", "谁走了？", "What will the weather be?"
VOID = {"meta", "link", "br", "img", "input", "hr"}


def text(en: str, zh: str = "") -> dict[str, str]:
    """Return a phrase in both languages."""
    return {"en": en, "zh": zh or en}


def shop_schema(hostile: str = "") -> Schema:
    """Return the schema of the shop's table; `hostile` is appended to a label and a reason."""

    def category(name: str, values: tuple[str, ...]) -> dict[str, Any]:
        listed = [{"value": v, "label": text(f"with {name} {v}{hostile}")} for v in values]
        return {"name": name, "kind": "category", "label": text(name), "values": listed}

    return parse_schema(
        {
            "name": "shop",
            "noun": text("shoppers", "顾客"),
            "key": "id",
            "time": "months",
            "feedback": "said",
            "outcome": {
                "column": "gone",
                "left": "yes",
                "stayed": "no",
                "left_words": {},
                "stayed_words": {},
            },
            "columns": [
                {"name": "id", "kind": "key", "label": text("id")},
                category("card", ("gold", "plain")),
                category("district", ("north", "south", "west")),
                {
                    "name": "months",
                    "kind": "number",
                    "label": text("membership", "入会时长"),
                    "unit": "month",
                    "integer": True,
                    "cuts": [12, 24],
                },
                {"name": "said", "kind": "text", "label": text("words"), "personal": True},
                category("gone", ("yes", "no")) | {"driver": False, "adjust": False},
            ],
            "reasons": [
                {
                    "name": "queue",
                    "label": text(f"queues{hostile}", f"排队{hostile}"),
                    "complaint": {"en": ["long queue"], "zh": ["排队太久"]},
                }
            ],
        }
    )


def shop_table(rows: int = 800, seed: int = 3) -> tuple[pd.DataFrame, list[str]]:
    """Return a validated table and what the shoppers said; those with a plain card leave more."""
    rng = np.random.default_rng(seed)
    plain = rng.random(rows) < 0.5
    months = rng.integers(0, 48, rows).astype(float)
    gone = rng.random(rows) < np.where(plain, 0.45, 0.12)
    complains = gone & (rng.random(rows) < 0.5)
    table = pd.DataFrame(
        {
            "id": [f"K{row}" for row in range(rows)],
            "card": np.where(plain, "plain", "gold").astype(object),
            "district": rng.choice(["north", "south", "west"], rows).astype(object),
            "months": months,
            "gone": np.where(gone, "yes", "no").astype(object),
        }
    )
    told = np.where(complains, f"A long queue again, {CANARY}.", f"I come here on foot, {CANARY}.")
    wrote = rng.random(rows) < 0.6
    return table, np.where(wrote, told, "").tolist()


def shop_population(hostile: str = "") -> Population:
    """Return the shop ready for questions."""
    schema, (table, said) = shop_schema(hostile), shop_table()
    return Population(
        schema=schema,
        table=table,
        panel=build_panel(table, schema),
        reasons=label_feedback(said, schema),
        has_feedback=np.array([bool(each) for each in said]),
    )


def statistic(about: str, measure: str, value: float, low: float | None = None) -> dict[str, Any]:
    """Return one cell of an evidence table."""
    high = None if low is None else 2 * value - low
    return {
        "about": about,
        "measure": measure,
        "value": value,
        "interval": None if low is None else [low, high],
        "n": 400,
    }


def document(quote: str, reason: str = "", polarity: str = "") -> dict[str, str]:
    """Return a cited feedback."""
    return {"quote": quote, "reason": reason, "polarity": polarity}


def answered(words: str = "") -> dict[str, Any]:
    """Return an answer with all that an answer can have; `words` are appended to all of it."""
    return {
        "question": ANSWERED + words,
        "status": "answered",
        "summary": f"170 of 400 shoppers left.{words}",
        "risk_level": "high",
        "risk_score": 0.6123,
        "risk_components": {
            "churn_rate": 0.425,
            "tenure_risk": 0.61,
            "charge_risk": 0.703,
            "contract_risk": 0.8525,
        },
        "actions": [f"Open another till.{words}"],
        "citations": [f"K7{words}", "K9"],
        "cohort": {
            "filter": [
                {"column": "card", "op": "eq", "value": "plain"},
                {"any_of": [
                    {"column": "months", "op": "lt", "value": 12.0},
                    {"column": "district", "op": "in", "value": ["north", "west"]},
                ]},
            ],
            "compare_to": [{"column": "card", "op": "ne", "value": "plain"}],
            "text": "shoppers with card plain",
            "size": 400,
            "churn_rate": 0.425,
            "churn_rate_ci": [0.377, 0.474],
            "lift": 1.6,
        },
        "claims": [
            {"text": f"42.5 % left.{words}", "stat_ids": ["S1", "S2"], "doc_ids": ["K9"]},
            {"text": f"They name queues.{words}", "stat_ids": ["S3"], "doc_ids": [f"K7{words}"]},
        ],
        "statistics": {
            "S1": statistic("shoppers" + words, "customers", 400),
            "S2": statistic("shoppers", "rate", 0.425, 0.377),
            "S3": statistic("shoppers", "odds_ratio", 5.41, 3.9),
        },
        "documents": {
            f"K7{words}": document(f"a long queue{words}", "queue", "complaint"),
            "K9": document("I come here on foot"),
        },
        "checks": {
            "written": 3,
            "kept": 2,
            "dropped": [
                {"what": "claim", "text": f"Queues drive it.{words}", "why": "causal_wording"}
            ],
        },
        "model": f"model-1{words}",
        "language": "en",
    }  # fmt: skip


def refused(words: str = "") -> list[dict[str, Any]]:
    """Return a question about too few customers, and one that the table cannot answer."""
    base = {"model": "template", "language": "en"}
    few = base | {"question": TOO_FEW + words, "status": "too_few", "summary": f"客户太少{words}"}
    return [
        few | {"language": "zh"},
        base
        | {
            "question": UNANSWERABLE + words,
            "status": "not_answerable",
            "summary": f"The table cannot answer this.{words}",
            "problems": [f"off_topic: weather{words}", "empty"],
        },
    ]


def estimate(value: float, n: int = 15) -> dict[str, float]:
    """Return an estimate with an interval."""
    return {"value": value, "low": value - 0.0123, "high": value + 0.0123, "n": n}


def risk_metrics() -> dict[str, Any]:
    """Return the figures of two models and two floors."""
    names = {"scorecard": 0.847, "boosting": 0.8501, "base_rate": 0.5, "public_formula": 0.8254}
    metrics = ("auc", "average_precision", "brier", "ece", "lift_at_10", "f1")
    rows = [
        {"low": 0.0, "high": 0.1, "n": 300, "predicted": 0.05, "observed": 0.06},
        {"low": 0.6, "high": 0.7, "n": 100, "predicted": 0.66, "observed": 0.7},
    ]
    return {
        "models": {name: {m: estimate(value) for m in metrics} for name, value in names.items()},
        "differences": {"scorecard": {"difference": estimate(0.0217), "p_value": 1e-9}},
        "reliability": {"scorecard": rows, "boosting": rows},
    }


def question_metrics(words: str = "") -> dict[str, Any]:
    """Return a bench score with one failure in the held-out split."""
    known = {name: estimate(0.953, 120) for name in ("exact_filter", "outcome", "ask")}
    figures = {"questions": 150, **known, "correct_refusal": None, "false_refusal": None}
    score = {
        "overall": figures,
        "by_language": {"en": figures, "zh": figures},
        "by_category": {f"range{words}": figures},
        "failure_count": 1,
        "failures": [
            {
                "id": "1",
                "text": f"Who is old?{words}",
                "wrong": ["exact_filter", "ask"],
                "got": {},
                "expected": {},
            }
        ],
    }
    return {"splits": {"held_out": score}}


def driver_metrics() -> dict[str, Any]:
    """Return what was found of what was planted."""
    return {
        "cohorts": 124,
        "precision": {"value": 0.9871, "n": 233},
        "sign": {"value": 0.9762, "n": 1849},
        "coverage": None,
    }


def answer_metrics() -> dict[str, Any]:
    """Return the score of three answers, and none of the bench."""
    names = ("sizes", "rates", "lifts", "inside", "outcome", "numbers", "citations", "claims")
    shares = {name: estimate(0.9, 7) for name in names}
    models = {"model-1": 1, "template": 2}
    return {"written": {"answers": 3, "answered": 1, "models": models, **shares}, "bench": None}


@cache
def _judged(words: str) -> dict[str, Any]:
    lessons = [lesson(n, ("answered", "answered", "too_few")[n % 3], "en") for n in range(9)]
    lessons.append(lesson(9, "answered", "zh"))
    asked = [
        each.model_copy(
            update={
                "brief": each.brief.model_copy(update={"question": each.brief.question + words})
            }
        )
        for each in lessons
    ]
    texts = {
        "base": [f"I do not know.{words}"] * 10,
        "base_grammar": [answer(each) for each in asked],
        "tuned": [whole(each) for each in asked[:9]] + [""],
        "tuned_grammar": [whole(each) for each in asked],
    }
    rows = {
        name: [
            {
                "id": each.id,
                "text": text,
                "finished": bool(text),
                "weights": name.partition("_")[0],
            }
            for each, text in zip(asked, said, strict=True)
        ]
        for name, said in texts.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        use_letters(patch, embedder)
        return evaluate_arms(
            [each.model_dump(mode="json") for each in asked],
            PROMPTS,
            shop_table()[0],
            shop_schema().model_dump(mode="json", exclude_defaults=True),
            DistillationOptions(),
            model_lock=LOCK,
            model_root="",
            indexing=INDEXING,
            options=ReportingOptions(),
            **rows,
        )


def student_inputs(words: str = "") -> dict[str, Any]:
    """Return what is known of a student that writes well with a grammar, by made-up texts."""
    losses = (("validation", 0, 2.5), ("training", 5, 1.75), ("validation", 5, 1.5))
    return {
        "arm_metrics": copy.deepcopy(_judged(words)),
        "distillation_quality": {
            "teacher": "reference",
            "lessons": 1234,
            "rows": 1220,
            "families": 31,
            "refused": {"near_duplicate": 12, "causal_wording": 3, f"error: refused{words}": 2},
        },
        "training_history": [
            {"step": step, "epoch": step / 10, "split": split, "loss": loss}
            for split, step, loss in losses
        ],
    }


def report_inputs(words: str = "") -> dict[str, Any]:
    """Return all that a report is made of; `words` are appended to whatever comes from data."""
    population = shop_population(words)
    card = fit_scorecard(population.table, population.schema, population.left)
    return {
        "answers": [answered(words), *refused(words)],
        "overview": build_overview(population, DriverOptions()),
        "risk_metrics": risk_metrics(),
        "question_metrics": question_metrics(words),
        "driver_metrics": driver_metrics(),
        "answer_metrics": answer_metrics(),
        "redaction_counts": {"customers": 800, "with_feedback": 480, "removed": {"phone": 12}},
        "scorecard": card.model_dump(mode="json"),
        "schema": population.schema,
        **student_inputs(words),
    }


def page(language: Language, words: str = "", **changes: Any) -> str:
    """Return a report of the shop."""
    return render_report(**(report_inputs(words) | changes), language=language)


class Page(HTMLParser):
    """A page taken apart: elements, ids, links and texts; faults are what is not well formed.

    Attributes:
        elements: (tag, attributes) in order.
        texts: visible text by the id of the nearest ancestor that has one, "" for none.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag, _ in self._open]

    @property
    def text(self) -> str:
        """All text of the page."""
        return "".join(self.texts.values())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def ids(self) -> list[str]:
        """Return every id, in order."""
        return [str(a["id"]) for _, a in self.elements if "id" in a]

    def targets(self) -> list[str]:
        """Return every id that a link or a reference points to."""
        links = [a.get("href") or a.get("xlink:href") or "" for _, a in self.elements]
        return [link.removeprefix("#") for link in links if link]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if len(attributes) < len(attrs):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, attributes))
        if tag not in VOID:
            nearest = self._open[-1][1] if self._open else ""
            self._open.append((tag, str(attributes.get("id", nearest))))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]} closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        inside, nearest = self._open[-1] if self._open else ("", "")
        if inside != "style":
            self.texts[nearest] = self.texts.get(nearest, "") + data

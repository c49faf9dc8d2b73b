"""Lessons made by hand: four facts and a rejected one, so that every score can be counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from churnlens.evidence.statements import Document, Finding, Statistic
from churnlens.tasks.churn.briefs import Brief
from churnlens.tasks.churn.curriculum import Lesson
from churnlens.tasks.churn.exercise import set_exercise

ROOT = Path(__file__).parents[3]
PROMPTS = yaml.safe_load((ROOT / "prompts" / "churn.yml").read_text(encoding="utf-8"))
COMMON = frozenset(PROMPTS["common_words"])
SAID = {
    "en": {
        "rate": ("fiber customers", "{s} left: 42.5 %.", "42.5 %"),
        "contract": ("those with a short contract", "{S} left more often: {f}.", "50.0 % against 20.0 %"),
        "support": ("those without support", "{S} left more often: {f}.", "48.0 % against 25.0 %"),
        "phone": ("those with a phone", "{S} left more often: {f}.", "43.0 % against 42.0 %"),
        "price": ("the price", "Of those who left, {f} complained about {s}.", "30.0 % against 10.0 %"),
    },
    "zh": {
        "rate": ("光纤客户", "{s}流失比例为42.5%。", "42.5%"),
        "contract": ("短期合约客户", "{s}流失更多：{f}。", "50.0%，其余为20.0%"),
        "support": ("没有技术支持的客户", "{s}流失更多：{f}。", "48.0%，其余为25.0%"),
        "phone": ("有电话的客户", "{s}流失更多：{f}。", "43.0%，其余为42.0%"),
        "price": ("价格", "流失客户中抱怨{s}的：{f}。", "30.0%，另一方为10.0%"),
    },
}  # fmt: skip
SHARES = {
    "rate": (0.425,),
    "contract": (0.5, 0.2),
    "support": (0.48, 0.25),
    "phone": (0.43, 0.42),
    "price": (0.3, 0.1),
}
REFUSALS = {
    "too_few": {"en": "too few customers", "zh": "客户太少"},
    "not_answerable": {"en": "it holds nothing about the weather", "zh": "表中没有天气"},
}
KINDS = {"rate": "rate", "price": "theme", "phone": "rejected"}


def _finding(name: str, language: str) -> tuple[Finding, dict[str, Statistic]]:
    subject, frame, figures = SAID[language][name]
    cells = {
        f"{name}{n}": Statistic(about=subject, measure="rate", value=share, n=400)
        for n, share in enumerate(SHARES[name])
    }
    slots = {"s": subject, "S": subject[:1].upper() + subject[1:], "f": figures}
    found = Finding(
        kind=KINDS.get(name, "driver"),
        subject=subject,
        other="the others" if language == "en" else "其余客户",
        name=name,
        more=None if name == "rate" else True,
        stat_ids=tuple(cells),
        doc_ids=("K1", "K2") if name == "price" else (),
        sentence=frame.format(**slots),
        figures=figures,
        headline=figures,
    )
    return found, cells


def lesson(
    number: int = 0, status: str = "answered", language: str = "en", **changes: Any
) -> Lesson:
    """Return a lesson; an answered one has a rate, two drivers, a theme and a rejected candidate."""
    answered = status == "answered"
    pairs = [_finding(name, language) for name in SHARES] if answered else []
    quotes = ("the bill is too high", "it costs too much", "the line is slow")
    brief = Brief(
        language=language,
        question=f"Why do customers leave? ({number})",
        status=status,
        findings=tuple(f for f, _ in pairs if f.kind != "rejected"),
        rejected=tuple(f for f, _ in pairs if f.kind == "rejected"),
        statistics={key: cell for _, cells in pairs for key, cell in cells.items()},
        documents=tuple(
            Document(id=f"K{n}", row=n, quote=quote)
            for n, quote in enumerate(quotes, 1)
            if answered
        ),
        risk_level="medium" if answered else None,
        actions=("Offer a longer contract.",) if answered else (),
        refusal="" if answered else REFUSALS[status][language],
    )
    made = Lesson(
        id=f"q{number}@3",
        family=f"family-{number % 3}",
        category="contract",
        split="test",
        language=language,
        depth=3,
        brief=brief,
    )
    return made.model_copy(update=changes)


def mark_of(each: Lesson, name: str) -> str:
    """Return the mark of a fact by its name: drivers are shuffled."""
    facts = set_exercise(each.brief).facts
    return next(mark for mark, fact in facts.items() if fact.name == name)


def said(each: Lesson, name: str, *documents: str, words: str = "") -> str:
    """Return a whole sentence about a fact, or other `words`, with marks."""
    sentence = words or set_exercise(each.brief).facts[mark_of(each, name)].sentence
    return sentence + "".join(f" [{mark}]" for mark in (mark_of(each, name), *documents))


def answer(each: Lesson, *sentences: str, **changes: Any) -> str:
    """Return an answer of some sentences, else right."""
    brief = each.brief
    fields = {
        "status": brief.status,
        "summary": sentences[0] if sentences else brief.refusal,
        "top_reasons": list(sentences[1:]),
        "risk_level": brief.risk_level,
        "actions": ["A1"] if brief.actions else [],
        "citations": sorted({m for s in sentences for m in ("D1", "D2", "D3") if f"[{m}]" in s}),
    }
    return json.dumps(fields | changes, ensure_ascii=False)


def whole(each: Lesson) -> str:
    """Return an answer that says every fact once."""
    names = ("rate", "contract", "support") if each.brief.status == "answered" else ()
    return answer(
        each,
        *(said(each, name) for name in names),
        *([said(each, "price", "D1", "D2")] if names else []),
    )

"""The five metrics of the closest public system, its repairs, and the stub that wins them all.

They judge form: whether a reply is JSON, names customers that it was shown, and repeats the share
of them that left. They are computed so that anyone can compare, always beside the stub's 100 %.
Everything here is about the customers who were *shown*, `{id: whether the customer left}` in the
order of retrieval; our own answers are judged by `churnlens.tasks.churn.judging`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from churnlens.evidence.risk import Level, cohort_risk
from churnlens.schema import Frozen, Language, Schema, Text

Shown = Mapping[str, bool]
Reply = dict[str, Any]
FIELDS = ("summary", "top_reasons", "risk_level", "actions", "citations")
LEVELS = ("high", "medium", "low")
_PREFIXES = ("customerid_", "customer_id_", "cid_", "id_")
_STUB = {
    "summary": Text(en="Customers leave for several reasons.", zh="客户因为多方面的原因而流失。"),
    "top_reasons": Text(en="Price and service", zh="价格与服务"),
    "actions": Text(en="Improve the offer", zh="改进产品与服务"),
}


class PublicScore(Frozen):
    """The five public metrics of one reply, each between 0 and 1.

    Attributes:
        json_valid: a JSON object, if need be the span from the first brace to the last.
        fields_complete: all of `FIELDS` are there.
        types_correct: a summary of more than 10 characters, two non-empty lists, a known level
            and a list of citations, which may be empty.
        citation_accuracy: share of the citations that name a shown customer; 0 without any.
        risk_aligned: the level is that of the share of shown customers who left.
        length: characters of summary, reasons and actions; no part of the mean.
    """

    json_valid: float = 0.0
    fields_complete: float = 0.0
    types_correct: float = 0.0
    citation_accuracy: float = 0.0
    risk_aligned: float = 0.0
    length: int = 0

    @property
    def overall(self) -> float:
        """The published composite: the plain mean of the five."""
        five = (self.json_valid, self.fields_complete, self.types_correct)
        return sum((*five, self.citation_accuracy, self.risk_aligned)) / 5


def _load(text: str) -> object:
    """Return the JSON of a text or, where it is none, of its span from first to last brace."""
    try:
        return json.loads(text.strip())
    except (ValueError, RecursionError):
        return json.loads(text[text.find("{") : text.rfind("}") + 1])


def parse_reply(text: str) -> Reply:
    """Return the JSON object of a raw reply, or one with the key `error`.

    What fails to parse is tried again from its first to its last brace. A list or a number at the
    top parses and is a failure all the same: the public system stops on it.
    """
    try:
        found = _load(text)
    except (ValueError, RecursionError) as error:
        return {"error": str(error), "raw_response": text}
    if isinstance(found, dict):
        return found
    return {"error": f"expected a JSON object, got {type(found).__name__}", "raw_response": text}


def _plain(key: object) -> str:
    """Return an id in lower case without the first prefix that it has."""
    name = str(key).strip().casefold()
    prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
    return name.removeprefix(prefix)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def aligned_level(shown: Shown) -> Level:
    """Return the level of the share of shown customers who left: above 0.5, above 0.25, or less."""
    share = sum(shown.values()) / len(shown) if shown else 0.0
    return "high" if share > 0.5 else "medium" if share > 0.25 else "low"


def _types_correct(reply: Mapping[str, Any]) -> bool:
    summary = reply.get("summary")
    return (
        isinstance(summary, str)
        and len(summary) > 10
        and bool(_listed(reply.get("top_reasons")))
        and bool(_listed(reply.get("actions")))
        and reply.get("risk_level") in LEVELS
        and isinstance(reply.get("citations"), list)
    )


def public_metrics(reply: str | Mapping[str, Any], shown: Shown) -> PublicScore:
    """Score one reply by the five public metrics; a reply that is no JSON object scores 0 on all.

    Args:
        reply: the raw text, or an object as JSON has it (lists, no tuples: `mode="json"`).
        shown: the customers in the prompt, and whether each left.
    """
    reply = parse_reply(reply) if isinstance(reply, str) else reply
    if "error" in reply:
        return PublicScore()
    known = {_plain(key) for key in shown}
    cited = [_plain(key) in known for key in _listed(reply.get("citations"))]
    said = [reply.get("summary", ""), *_listed(reply.get("top_reasons"))]
    return PublicScore(
        json_valid=1.0,
        fields_complete=float(all(name in reply for name in FIELDS)),
        types_correct=float(_types_correct(reply)),
        citation_accuracy=sum(cited) / len(cited) if cited else 0.0,
        risk_aligned=float(reply.get("risk_level") == aligned_level(shown)),
        length=sum(len(str(each)) for each in (*said, *_listed(reply.get("actions")))),
    )


def repair_citations(citations: object, shown: Shown) -> list[str]:
    """Do to citations what the public system does; for its arm only, ours are never topped up.

    Citations of shown customers are kept once each, as the table spells them. While there are
    fewer than two, shown customers who left are added, then any, in the order of retrieval.
    """
    known = {_plain(key): key for key in shown}
    named = (known.get(_plain(key)) for key in _listed(citations))
    kept = list(dict.fromkeys(key for key in named if key is not None))
    unused = sorted((key for key in shown if key not in kept), key=lambda key: not shown[key])
    return kept + unused[: max(0, 2 - len(kept))]


def improve_reply(text: str, shown: Shown, table: pd.DataFrame, schema: Schema) -> Reply:
    """Return a raw reply as the public system's improved pipeline would: repaired, risk replaced.

    Citations are repaired unless the JSON failed. The risk is always that of the public formula
    over the shown customers; medium at 0.5 where the table has none of them.

    Args:
        text: what the model wrote.
        shown: the customers in the prompt, and whether each left.
        table: the validated table.
        schema: names the key and holds the formula.
    """
    reply = parse_reply(text)
    if "error" not in reply:
        citations = repair_citations(reply.get("citations"), shown)
        reply = reply | {"citations": citations, "citation_validated": True}
    rows = table[table[schema.key].astype(str).isin(list(shown))]
    left = np.array([shown[key] for key in rows[schema.key].astype(str)], bool)
    risk = cohort_risk(rows, schema, left)
    return reply | {
        "risk_level": risk.level if risk else "medium",
        "risk_score": risk.score if risk else 0.5,
        "risk_components": risk.components.model_dump() if risk else {},
    }


def stub_answer(shown: Shown, language: Language = "en") -> Reply:
    """Answer without a model or the question; scores 100 % on all five as soon as one is shown."""
    words = {name: text.of(language) for name, text in _STUB.items()}
    return {
        "summary": words["summary"],
        "top_reasons": [words["top_reasons"]],
        "risk_level": aligned_level(shown),
        "actions": [words["actions"]],
        "citations": list(shown),
    }

"""Feedback in English and Chinese: reasons put into words, with the noise of real customers.

The words are drawn given the reasons and nothing else, so the outcome reaches the text only
through the declared polarity odds of `churnlens.simulation.reasons`. The phrases are data:
``phrases_en.yml`` and ``phrases_zh.yml``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from churnlens.simulation.noise import mistyped
from churnlens.simulation.personal import KINDS, personal_value
from churnlens.simulation.phrasebook import LANGUAGES, phrasebook
from churnlens.simulation.reasons import COUNT_SHARES, REASONS, Mention, choose_reasons
from churnlens.simulation.sampling import Draw

LANGUAGE_SHARES = (0.5, 0.5)  # of `LANGUAGES`
SHARES = {  # of all customers for `feedback`, of texts for the rest
    "feedback": 0.60,
    "personal_data": 0.03,
    "two_kinds_of_personal_data": 0.0075,
    "orders": 0.003,
    "typo_attempts": 0.04,  # some find no word to spoil
    "usual_style": 0.75,
}
TEXT_ONLY_AUC_LIMIT = 0.75  # what the words may tell about the outcome, see the tests


@dataclass(frozen=True)
class Written:
    """One text with the truth about it; fields as in `ChurnDemo.truth_rows`, empty for "none"."""

    CustomerFeedback: str = ""
    language: str = ""
    reasons: str = ""
    personal_kinds: str = ""
    personal_values: str = ""
    canary: str = ""
    typo: str = ""


class Writer:
    """Writes texts of one language."""

    def __init__(self, language: str, draw: Draw) -> None:
        self.language, self.draw = language, draw
        self.book = phrasebook(language)

    def _sentence(self, templates: list[list[str]]) -> str:
        return self.draw.pick(self.draw.pick(templates))

    def _reasons(self, mentions: list[Mention]) -> list[str]:
        sentences, before = [], ""
        for topic, polarity in mentions:
            links = self.book["links"]["same" if polarity == before else "contrast"]
            if not before:
                links = self.book["starts"] if self.draw.chance(0.35) else [""]
            words = self._sentence(self.book["reasons"][topic][polarity])
            sentences.append(self.draw.pick(links) + words)
            before = polarity
        return sentences

    def _body(self, mentions: list[Mention], extras: int) -> list[str]:
        """Return the sentences: the reasons, and up to `extras` neutral or polite ones."""
        sentences = self._reasons(mentions)
        polarities = {polarity for _, polarity in mentions}
        mood = polarities.pop() if len(polarities) == 1 and self.draw.chance(0.5) else "neutral"
        if extras and self.draw.chance(0.25):
            place = self.draw.below(len(sentences) + 1)
            sentences.insert(place, self._sentence(self.book["fillers"]))
            extras -= 1
        if extras and self.draw.chance(0.35):
            sentences.append(self._sentence(self.book["closings"][mood]))
            extras -= 1
        if extras and self.draw.chance(0.35):
            sentences.insert(0, self._sentence(self.book["openings"]))
        return sentences

    def _styled(self, sentences: list[str]) -> str:
        usual = self.draw.chance(SHARES["usual_style"])
        style = self.book["styles"][0] if usual else self.draw.pick(self.book["styles"][1:])
        if style["capital"]:
            sentences = [each[0].upper() + each[1:] for each in sentences]
        text = style["join"].join(each + style["end"] for each in sentences)
        return text.lower() if style["lower"] else text

    def _kinds(self) -> list[str]:
        """Return which kinds of personal data this text holds: mostly none."""
        if not self.draw.chance(SHARES["personal_data"]):
            return []
        second = SHARES["two_kinds_of_personal_data"] / SHARES["personal_data"]
        start = self.draw.below(len(KINDS))
        step = 1 + self.draw.below(len(KINDS) - 1)
        both = [KINDS[start], KINDS[(start + step) % len(KINDS)]]
        return both if self.draw.chance(second) else both[:1]

    def _with(self, text: str, added: list[str]) -> str:
        """Return the text with whole sentences put before or behind it."""
        stop = self.book["styles"][0]["end"]
        ended = [each + stop for each in added]
        first = bool(added) and self.draw.chance(0.3)
        closed = text if first or not added or not text[-1].isalnum() else text + stop
        return " ".join([*ended, closed] if first else [closed, *ended])

    def write(self, mentions: list[Mention], name: str) -> Written:
        """Write one text for the customer called `name` that gives exactly these reasons."""
        kinds = self._kinds()
        orders = not kinds and self.draw.chance(SHARES["orders"])
        extras = 5 - len(mentions) - len(kinds) - orders
        plain = self._styled(self._body(mentions, min(extras, 2)))
        spoiled = self.draw.chance(SHARES["typo_attempts"])
        text = mistyped(plain, self.book["typos"], self.draw) if spoiled else plain
        values = [personal_value(kind, self.language, name, self.draw) for kind in kinds]
        canary = f"ZX{self.draw.digits(8)}" if orders else ""
        added = [
            self.draw.pick(self.book["personal"][kind]).replace("{value}", value)
            for kind, value in zip(kinds, values, strict=True)
        ]
        if orders:
            added.append(self.draw.pick(self.book["orders"]).replace("{canary}", canary))
        return Written(
            CustomerFeedback=self._with(text, added),
            language=self.language,
            reasons=";".join(f"{topic}:{polarity}" for topic, polarity in mentions),
            personal_kinds=";".join(kinds),
            personal_values=";".join(values),
            canary=canary,
            typo="yes" if text != plain else "",
        )


def write_feedback(
    table: pd.DataFrame, languages: np.ndarray, names: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Write the feedback of the customers who give one, missing completely at random.

    Args:
        table: attributes and outcome, one row a customer.
        languages: the language in which a customer would write, shape (n_rows,).
        names: full names, shape (n_rows,).
        rng: source of randomness.

    Returns:
        The fields of `Written` as columns of strings, same rows as `table`.
    """
    gives = rng.random(len(table)) < SHARES["feedback"]
    mentions = iter(choose_reasons(table[gives], rng))
    draw = Draw(rng)
    writers = {language: Writer(language, draw) for language in LANGUAGES}
    silent = Written()
    rows = [
        writers[language].write(next(mentions), name) if spoke else silent
        for spoke, language, name in zip(gives, languages, names, strict=True)
    ]
    columns = {field.name: [getattr(row, field.name) for row in rows] for field in fields(Written)}
    return pd.DataFrame(columns, index=table.index, dtype="str")


def feedback_truth(texts: pd.DataFrame, left: np.ndarray) -> dict[str, Any]:
    """Return what is true about the feedback, ready for JSON.

    Args:
        texts: what `write_feedback` returned.
        left: who left, shape (n_rows,).
    """
    mentions = texts.reasons[texts.language != ""].str.split(";").explode().str.split(":")
    topics, complaints = (mentions.str[0]).to_numpy(), (mentions.str[1] == "complaint").to_numpy()
    gone = left[mentions.index.to_numpy()]
    rates: dict[str, dict[str, int]] = {}
    for topic in REASONS:
        rates[topic] = {}
        for who, chosen in (("left", gone), ("stayed", ~gone)):
            said = complaints[(topics == topic) & chosen]
            rates[topic][f"mentions_{who}"] = len(said)
            rates[topic][f"complaints_{who}"] = int(said.sum())
    return {
        "declared_shares": dict(SHARES),
        "language_shares": dict(zip(LANGUAGES, LANGUAGE_SHARES, strict=True)),
        "reason_count_shares": list(COUNT_SHARES),
        "missing": "completely at random",
        "written": "before the outcome was known",
        "text_only_auc_limit": TEXT_ONLY_AUC_LIMIT,
        "reasons": {name: asdict(reason) for name, reason in REASONS.items()},
        "null_reasons": [name for name, reason in REASONS.items() if not reason.odds_ratios],
        "texts": int((texts.language != "").sum()),
        "texts_with": {
            column: int((texts[column] != "").sum())
            for column in ("personal_kinds", "canary", "typo")
        },
        "reason_counts": rates,
    }

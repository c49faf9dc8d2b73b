"""What customers write about: the declared model of topics and of their polarity.

Which topics come up depends on nothing but whether the customer has internet service; whether a
mention is a complaint or praise depends on attributes and, moderately, on the outcome. So the
odds ratio of a complaint between those who left and those who stayed, given the topic and the
attributes, is exactly the declared one. A topic without odds ratios carries no signal in a group
that is all online or all offline.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from churnlens.simulation.sampling import holds, log_odds, probability

COUNT_SHARES = (0.45, 0.38, 0.17)  # of texts with one, two and three reasons
LEFT = "Churn=Yes"

Mention = tuple[str, str]  # topic, "complaint" or "praise"


@dataclass(frozen=True)
class Reason:
    """A topic of feedback.

    Attributes:
        weight: how often it comes up, relative to the others.
        odds: complaints per praise where no condition of `odds_ratios` holds.
        odds_ratios: ``Column=value`` → factor on the odds of a complaint.
        online: whether only customers with internet service mention it.
    """

    weight: float
    odds: float
    odds_ratios: dict[str, float] = field(default_factory=dict)
    online: bool = False


REASONS = {
    "price": Reason(0.22, 0.60, {LEFT: 3.0, "InternetService=Fiber optic": 1.8}),
    "reliability": Reason(0.14, 0.70, {LEFT: 2.0}),
    "speed": Reason(0.11, 0.80, {LEFT: 1.5, "InternetService=DSL": 1.6}, online=True),
    "support": Reason(0.14, 0.60, {LEFT: 2.5, "TechSupport=No": 1.8}),
    "billing": Reason(0.10, 0.75, {LEFT: 1.5, "PaymentMethod=Electronic check": 1.6}),
    "contract_terms": Reason(0.07, 0.80, {"Contract=Two year": 1.5}),
    "competitor_offer": Reason(0.07, 0.65, {LEFT: 3.0}),
    "security": Reason(0.05, 0.70, {"OnlineSecurity=No": 2.0}, online=True),
    "installation": Reason(0.05, 0.90),
    "selection": Reason(0.05, 0.90, online=True),
}


def choose_reasons(table: pd.DataFrame, rng: np.random.Generator) -> list[list[Mention]]:
    """Draw one to three reasons with polarity for every row.

    Args:
        table: attributes and outcome, one row a customer.
        rng: source of randomness.

    Returns:
        Per row its (topic, polarity) pairs, topics different, in the order of the text.
    """
    names, rows = np.array(list(REASONS)), len(table)
    offline = holds(table, "InternetService=No")
    weights = np.array([reason.weight for reason in REASONS.values()])
    online_only = np.array([reason.online for reason in REASONS.values()])
    keys = np.log(weights) + rng.gumbel(size=(rows, len(names)))
    keys[np.ix_(offline, online_only)] = -np.inf
    order = np.argsort(-keys, axis=1)[:, : len(COUNT_SHARES)]
    counts = 1 + np.searchsorted(np.cumsum(COUNT_SHARES[:-1]), rng.random(rows), side="right")
    logits = np.column_stack(
        [np.log(reason.odds) + log_odds(table, reason.odds_ratios) for reason in REASONS.values()]
    )
    polarity = np.where(rng.random(logits.shape) < probability(logits), "complaint", "praise")
    topics, polarities = names[order].tolist(), np.take_along_axis(polarity, order, 1).tolist()
    return [
        list(zip(topic[:count], polar[:count], strict=True))
        for topic, polar, count in zip(topics, polarities, counts.tolist(), strict=True)
    ]

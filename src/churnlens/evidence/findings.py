"""From a study to findings: each a sentence, the statistics it stands on, its illustrations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from churnlens.evidence.drivers import Driver, Effects
from churnlens.evidence.intervals import Estimate
from churnlens.evidence.query import describe
from churnlens.evidence.statements import Document, Finding, Ledger, Measure
from churnlens.evidence.study import Population, Study
from churnlens.evidence.themes import Theme
from churnlens.evidence.wording import Wording
from churnlens.schema import Language


@dataclass(frozen=True, eq=False)
class Narrator:
    """What every finding needs: the study, the words, and the ledger that hands out ids."""

    study: Study
    population: Population
    wording: Wording
    ledger: Ledger
    documents: tuple[Document, ...]

    @property
    def language(self) -> Language:
        """The language of the question."""
        return self.study.query.language

    @property
    def who(self) -> str:
        """The cohort as a phrase."""
        return describe(self.study.query.cohort, self.population.schema, self.language)

    def verbs(self) -> dict[str, str]:
        """Return the words for the asked outcome and its opposite."""
        left = self.study.query.outcome == "left"
        words = self.wording
        pairs = {
            "verb": words.left if left else words.stayed,
            "opposite": words.stayed if left else words.left,
            "verbing": words.leaving if left else words.staying,
        }
        return {name: text.of(self.language) for name, text in pairs.items()}

    def say(self, frame: str, **slots: str) -> str:
        """Fill a frame, the verbs included."""
        return self.wording.say(frame, self.language, **{**self.verbs(), **slots})

    def shown(self, key: str) -> str:
        """Return a statistic as it is printed; an empty string for an empty id."""
        return self.ledger.statistics[key].shown(self.language) if key else ""

    def interval(self, key: str) -> str:
        """Return a statistic's interval as it is printed."""
        return self.ledger.statistics[key].interval(self.language) if key else ""


def _ids(*keys: str) -> tuple[str, ...]:
    return tuple(key for key in keys if key)


def _of_outcome(rate: Estimate | None, outcome: str) -> Estimate | None:
    """Turn a churn rate into the rate of the asked outcome."""
    if rate is None or outcome == "left":
        return rate
    return Estimate(value=1 - rate.value, low=1 - rate.high, high=1 - rate.low)


def _rate(narrator: Narrator) -> Finding | None:
    figures = narrator.study.figures
    if figures is None:
        return None
    stayed = narrator.study.query.outcome == "stayed"
    events = figures.size - figures.events if stayed else figures.events
    rate = _of_outcome(figures.rate, narrator.study.query.outcome)
    add, who = narrator.ledger.add, narrator.who
    size = add(who, "customers", figures.size, figures.size)
    count = add(f"{who}: {narrator.verbs()['verb']}", "events", events, figures.size)
    share = add(who, "rate", rate, figures.size)
    sentence = narrator.say(
        "rate",
        who=who,
        customers=narrator.shown(size),
        events=narrator.shown(count),
        rate=narrator.shown(share),
        interval=narrator.interval(share),
    )
    return Finding(
        kind="rate",
        outcome=narrator.study.query.outcome,
        subject=who,
        stat_ids=_ids(size, count, share),
        doc_ids=tuple(document.id for document in narrator.documents),
        sentence=sentence,
        figures=f"{narrator.shown(share)}, {narrator.interval(share)}",
    )


def _versus_rest(narrator: Narrator) -> Finding | None:
    figures, query = narrator.study.figures, narrator.study.query
    if figures is None or query.outcome == "stayed" or not query.cohort:
        return None  # the figures are of leaving; staying is told by the rate alone
    if figures.rest_rate is None or figures.risk_ratio is None:
        return None
    add, others = narrator.ledger.add, narrator.wording.others.of(narrator.language)
    rest = add(others, "rest_rate", figures.rest_rate, figures.total - figures.size)
    key = add(narrator.who, "risk_ratio", figures.risk_ratio, figures.total)
    difference = add(narrator.who, "difference", figures.difference, figures.total)
    shown = {"rest": narrator.shown(rest), "ratio": narrator.shown(key)}
    return Finding(
        kind="versus_rest",
        outcome=narrator.study.query.outcome,
        subject=narrator.who,
        more=figures.risk_ratio.value > 1,
        stat_ids=_ids(rest, key, difference),
        sentence=narrator.say(
            "versus_rest", who=narrator.who, **shown, interval=narrator.interval(key)
        ),
        figures=f"{shown['rest']}, {shown['ratio']}",
    )


def _odds(
    narrator: Narrator, who: str, effects: Effects, n: int
) -> tuple[tuple[str, ...], dict[str, str]]:
    """State crude, adjusted and money-adjusted odds ratios; return their ids and their slots."""
    add, words = narrator.ledger.add, narrator.wording
    crude = add(who, "odds_ratio", effects.odds_ratio, n)
    adjusted = add(who, "adjusted_odds_ratio", effects.adjusted, n)
    money = add(who, "money_adjusted_odds_ratio", effects.money_adjusted, n)

    def full(key: str) -> str:
        return f"{narrator.shown(key)} ({narrator.interval(key)})"

    slots = {"crude": full(crude) if crude else "–", "adjusted": "", "money": ""}
    if adjusted:
        slots["adjusted"] = words.say("adjusted", narrator.language, adjusted=full(adjusted))
    if money:
        label = narrator.population.schema.column(narrator.population.schema.money).label
        slots["money"] = words.say(
            "money", narrator.language, money=full(money), label=label.of(narrator.language)
        )
    return _ids(crude, adjusted, money), slots


def _exposure(narrator: Narrator) -> Finding | None:
    effects = narrator.study.effects
    if effects is None or effects.odds_ratio is None:
        return None
    total = len(narrator.population.table)
    keys, slots = _odds(narrator, narrator.who, effects, total)
    more = effects.odds_ratio.value > 1
    direction = (narrator.wording.more if more else narrator.wording.less).of(narrator.language)
    return Finding(
        kind="exposure",
        outcome=narrator.study.query.outcome,
        subject=narrator.who,
        more=more,
        stat_ids=keys,
        sentence=narrator.say("exposure", who=narrator.who, direction=direction, **slots),
        figures=", ".join(narrator.shown(key) for key in keys),
    )


def _illustrations(narrator: Narrator, rows: Iterable[int]) -> tuple[str, ...]:
    inside = set(rows)
    return tuple(document.id for document in narrator.documents if document.row in inside)


def _driver(narrator: Narrator, driver: Driver) -> Finding:
    language, panel = narrator.language, narrator.population.panel
    noun = narrator.population.schema.noun.of(language)
    label = driver.candidate.label.of(language)
    who = f"{noun} {label}" if language == "en" else f"{label}的{noun}"
    others = narrator.wording.others.of(language)
    add, rest_size = narrator.ledger.add, int(narrator.study.mask.sum()) - driver.size
    rate = add(who, "rate", driver.rate, driver.size)
    rest = add(others, "rest_rate", driver.rest_rate, rest_size)
    ratio = add(who, "risk_ratio", driver.risk_ratio, driver.size + rest_size)
    keys, slots = _odds(narrator, who, driver, driver.size + rest_size)
    share = add(who, "attributable_share", driver.attributable_share, driver.size)
    members = panel.members[:, panel.candidates.index(driver.candidate)]
    shown = {"rate": narrator.shown(rate), "rest": narrator.shown(rest)}
    return Finding(
        kind="driver",
        outcome=narrator.study.query.outcome,
        subject=who,
        name=driver.candidate.name,
        more=True,
        stat_ids=_ids(rate, rest, ratio, *keys, share),
        doc_ids=_illustrations(narrator, (d.row for d in narrator.documents if members[d.row])),
        sentence=narrator.say("driver", who=who, **shown, **slots),
        figures=f"{shown['rate']} / {shown['rest']}",
    )


def _theme(narrator: Narrator, theme: Theme) -> Finding:
    language, themes = narrator.language, narrator.study.themes
    labels = {reason.name: reason.label for reason in narrator.population.schema.reasons}
    reason, words = labels[theme.reason].of(language), narrator.verbs()
    wrote = themes.texts if themes else 0
    wrote_left = themes.texts_left if themes else 0
    sides = [(theme.left, wrote_left), (theme.stayed, wrote - wrote_left)]
    if narrator.study.query.outcome == "stayed":
        sides.reverse()
    measure: Measure = "complaint_share" if theme.polarity == "complaint" else "praise_share"
    keys = [
        narrator.ledger.add(f"{reason}: {words[who]}", measure, share, n)
        for who, (share, n) in zip(("verb", "opposite"), sides, strict=True)
    ]
    shown = {"share": narrator.shown(keys[0]), "other": narrator.shown(keys[1])}
    return Finding(
        kind="theme",
        outcome=narrator.study.query.outcome,
        subject=reason,
        name=f"reason:{theme.reason}",
        more=True,
        stat_ids=_ids(*keys),
        doc_ids=tuple(
            document.id
            for document in narrator.documents
            if (document.reason, document.polarity) == (theme.reason, theme.polarity)
        ),
        sentence=narrator.say(theme.polarity, reason=reason, **shown),
        figures=f"{shown['share']} / {shown['other']}",
    )


def _comparison(narrator: Narrator) -> Finding | None:
    comparison, query = narrator.study.comparison, narrator.study.query
    if comparison is None or query.compare_to is None:
        return None
    add, language = narrator.ledger.add, narrator.language
    who_b = describe(query.compare_to, narrator.population.schema, language)
    stayed = query.outcome == "stayed"
    rates = [_of_outcome(group.rate, query.outcome) for group in (comparison.a, comparison.b)]
    a = add(narrator.who, "rate", rates[0], comparison.a.size)
    b = add(who_b, "rate", rates[1], comparison.b.size)
    both = comparison.a.size + comparison.b.size - comparison.overlap
    difference = add(narrator.who, "difference", _flip(comparison.difference, stayed), both)
    ratio = "" if stayed else add(narrator.who, "risk_ratio", comparison.risk_ratio, both)
    shown = {"rate_a": narrator.shown(a), "rate_b": narrator.shown(b)}
    shown |= {"difference": narrator.shown(difference), "ratio": narrator.shown(ratio) or "–"}
    interval = narrator.interval(difference)
    return Finding(
        kind="comparison",
        outcome=narrator.study.query.outcome,
        subject=narrator.who,
        more=(rates[0].value > rates[1].value) if rates[0] and rates[1] else None,
        stat_ids=_ids(a, b, difference, ratio),
        doc_ids=tuple(document.id for document in narrator.documents),
        sentence=narrator.say(
            "comparison", who=narrator.who, who_b=who_b, interval=interval, **shown
        ),
        figures=f"{shown['rate_a']} / {shown['rate_b']}",
    )


def _flip(difference: Estimate | None, flip: bool) -> Estimate | None:
    if difference is None or not flip:
        return difference
    return Estimate(value=-difference.value, low=-difference.high, high=-difference.low)


def tell(narrator: Narrator, themes: Sequence[Theme]) -> tuple[Finding, ...]:
    """Return the findings of a study, the most general first.

    Args:
        narrator: the study and its words; its ledger receives the statistics.
        themes: those worth saying.
    """
    if narrator.study.status != "answered":
        return ()
    general: tuple[Finding | None, ...]
    if narrator.study.comparison is not None:
        general = (_comparison(narrator),)
    else:
        general = (_rate(narrator), _versus_rest(narrator), _exposure(narrator))
    special = [_driver(narrator, driver) for driver in narrator.study.drivers]
    said = [_theme(narrator, theme) for theme in themes]
    return (*(finding for finding in general if finding), *special, *said)

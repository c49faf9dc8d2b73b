"""From a study to findings: each a sentence, the statistics it stands on, its illustrations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from churnlens.evidence.breakdown import Breakdown, Part
from churnlens.evidence.cohort import CohortFigures
from churnlens.evidence.drivers import Driver
from churnlens.evidence.intervals import Estimate
from churnlens.evidence.narrator import Narrator
from churnlens.evidence.query import describe
from churnlens.evidence.statements import Finding, Ledger, Measure
from churnlens.evidence.themes import Theme
from churnlens.evidence.wording import as_sentence

VOICES = 3  # customers that are quoted beside the themes
Maker = Callable[[Narrator], Finding | None]


def _ids(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key)


def _mirrored(rate: Estimate | None, outcome: str) -> Estimate | None:
    """Turn a churn rate into the rate of the asked outcome."""
    if rate is None or outcome == "left":
        return rate
    return Estimate(value=1 - rate.value, low=1 - rate.high, high=1 - rate.low)


def _rate(narrator: Narrator) -> Finding | None:
    figures = narrator.study.figures
    return None if figures is None else _rate_of(narrator, narrator.who, figures)


def _breakdown(narrator: Narrator, breakdown: Breakdown) -> list[Finding]:
    """Say the rate of every value of a column, the highest first, and how many are left out."""
    schema, language = narrator.population.schema, narrator.language
    column, cohort = schema.column(breakdown.column).label.of(language), narrator.study.query.cohort
    told = [
        _rate_of(narrator, describe((*cohort, *part.conditions), schema, language), figures)
        for part, figures in breakdown.told
    ]
    found = [finding.model_copy(update={"kind": "breakdown"}) for finding in told]
    left_out = (("breakdown_lower", breakdown.lower), ("breakdown_small", breakdown.small))
    return found + [_left_out(narrator, column, frame, parts) for frame, parts in left_out if parts]


def _left_out(narrator: Narrator, column: str, frame: str, parts: Sequence[Part]) -> Finding:
    """Say how many values of a column are not told."""
    n = sum(figures.size for _, figures in parts)
    key = narrator.ledger.add(column, "groups", len(parts), n)
    count = narrator.shown(key)
    sentence = narrator.wording.say(frame, narrator.language, column=column, groups=count)
    return Finding(
        kind="breakdown",
        outcome=narrator.study.query.outcome,
        subject=column,
        stat_ids=(key,),
        sentence=as_sentence(sentence),
        figures=count,
    )


def _rate_of(narrator: Narrator, who: str, figures: CohortFigures) -> Finding:
    query = narrator.study.query
    events = figures.events if query.outcome == "left" else figures.size - figures.events
    add, n = narrator.ledger.add, figures.size
    size = add(who, "customers", n, n)
    count = add(f"{who}: {narrator.verbs()['verb']}", "events", events, n)
    rate = add(who, "rate", _mirrored(figures.rate, query.outcome), n)
    return Finding(
        kind="rate",
        outcome=query.outcome,
        subject=who,
        stat_ids=_ids((size, count, rate)),
        **narrator.say(
            "rate",
            "rate",
            who=who,
            customers=narrator.shown(size),
            events=narrator.shown(count),
            rate=narrator.shown(rate),
            interval=narrator.interval(rate),
        ),
    )


def _versus_rest(narrator: Narrator) -> Finding | None:
    figures, query = narrator.study.figures, narrator.study.query
    if figures is None or query.outcome == "stayed" or not query.cohort:
        return None  # the figures are of leaving; staying is told by the rate alone
    if figures.rest_rate is None or figures.risk_ratio is None:
        return None
    add, who, others = narrator.ledger.add, narrator.who, narrator.word("outsiders")
    rest = add(others, "rest_rate", figures.rest_rate, figures.total - figures.size)
    ratio = add(who, "risk_ratio", figures.risk_ratio, figures.total)
    difference = add(who, "difference", figures.difference, figures.total)
    more = _side(figures.risk_ratio, 1.0)
    return Finding(
        kind="versus_rest",
        subject=who,
        other=others,
        more=more,
        stat_ids=_ids((rest, ratio, difference)),
        **narrator.say(
            "versus_rest" if more is not None else "versus_rest_level",
            "versus_rest",
            who=who,
            rest=narrator.shown(rest),
            ratio=narrator.shown(ratio),
            interval=narrator.interval(ratio),
        ),
    )


def _exposure(narrator: Narrator) -> Finding | None:
    effects = narrator.study.effects
    if effects is None or effects.odds_ratio is None:
        return None
    keys, slots = narrator.odds(narrator.who, effects, len(narrator.population.table))
    crude = _side(effects.odds_ratio, 1.0)
    adjusted = _side(effects.adjusted, 1.0) if effects.adjusted else crude
    more, frame = None, "exposure_turned"
    if crude == adjusted:
        more, frame = crude, "exposure" if crude is not None else "exposure_none"
    elif adjusted is None:
        frame = "exposure_explained"
    direction = narrator.word("less" if crude is False else "more")
    return Finding(
        kind="exposure",
        outcome=narrator.study.query.outcome,
        subject=narrator.who,
        other=narrator.word("outsiders"),
        more=more,
        stat_ids=_ids(keys),
        **narrator.say(frame, "exposure", who=narrator.who, direction=direction, **slots),
    )


def _driver(narrator: Narrator, driver: Driver) -> Finding:
    noun = narrator.population.schema.noun.of(narrator.language)
    label = driver.candidate.label.of(narrator.language)
    who = f"{noun} {label}" if narrator.language == "en" else f"{label}的{noun}"
    others, add = narrator.word("others"), narrator.ledger.add
    n = int(narrator.study.mask.sum())
    rate = add(who, "rate", driver.rate, driver.size)
    rest = add(others, "rest_rate", driver.rest_rate, n - driver.size)
    ratio = add(who, "risk_ratio", driver.risk_ratio, n)
    keys, slots = narrator.odds(who, driver, n)
    share = add(who, "attributable_share", driver.attributable_share, n)
    shown = {"rate": narrator.shown(rate), "rest": narrator.shown(rest)}
    return Finding(
        kind="driver",
        outcome=narrator.study.query.outcome,
        subject=who,
        other=others,
        name=driver.candidate.name,
        more=True,
        stat_ids=_ids((rate, rest, ratio, *keys, share)),
        **narrator.say("driver", "driver", who=who, **shown, **slots),
    )


def tell_rejected(narrator: Narrator, count: int) -> tuple[Finding, ...]:
    """Return up to `count` candidates that are no drivers, from all over their ranking.

    They show a writer what was looked at too. Their ids are of no ledger: nobody may claim them.
    """
    rejected = narrator.study.rejected
    step = max(1, len(rejected) // count) if count else 1
    aside = replace(narrator, ledger=Ledger())
    told = (_driver(aside, candidate) for candidate in rejected[::step][:count])
    return tuple(each.model_copy(update={"kind": "rejected", "more": None}) for each in told)


def _theme(narrator: Narrator, theme: Theme) -> Finding:
    themes, outcome = narrator.study.themes, narrator.study.query.outcome
    labels = {reason.name: reason.label for reason in narrator.population.schema.reasons}
    reason, words = labels[theme.reason].of(narrator.language), narrator.verbs()
    wrote = (themes.texts_left, themes.texts - themes.texts_left) if themes else (0, 0)
    sides = list(zip((theme.left, theme.stayed), wrote, strict=True))
    if outcome == "stayed":
        sides.reverse()
    measure: Measure = "complaint_share" if theme.polarity == "complaint" else "praise_share"
    keys = [
        narrator.ledger.add(f"{reason}: {words[who]}", measure, share, n)
        for who, (share, n) in zip(("verb", "opposite"), sides, strict=True)
    ]
    meant = (theme.reason, theme.polarity)
    rows = {d.row for d in narrator.documents if (d.reason, d.polarity) == meant}
    share, other = (narrator.shown(key) for key in keys)
    return Finding(
        kind="theme",
        outcome=outcome,
        subject=reason,
        name=f"reason:{theme.reason}",
        more=True,
        stat_ids=_ids(keys),
        doc_ids=narrator.illustrations(rows),
        **narrator.say(theme.polarity, "theme", reason=reason, share=share, other=other),
    )


def _comparison(narrator: Narrator) -> Finding | None:
    comparison, query = narrator.study.comparison, narrator.study.query
    if comparison is None or query.compare_to is None:
        return None
    add, stayed, who = narrator.ledger.add, query.outcome == "stayed", narrator.who
    other = describe(query.compare_to, narrator.population.schema, narrator.language)
    rates = [_mirrored(group.rate, query.outcome) for group in (comparison.a, comparison.b)]
    a = add(who, "rate", rates[0], comparison.a.size)
    b = add(other, "rate", rates[1], comparison.b.size)
    both = comparison.a.size + comparison.b.size - comparison.overlap
    difference = add(who, "difference", _flipped(comparison.difference, stayed), both)
    ratio = "" if stayed else add(who, "risk_ratio", comparison.risk_ratio, both)
    apart = _side(comparison.difference, 0.0)
    more = apart if apart is None or not stayed else not apart
    return Finding(
        kind="comparison",
        outcome=query.outcome,
        subject=who,
        other=other,
        more=more,
        stat_ids=_ids((a, b, difference, ratio)),
        **narrator.say(
            "comparison" if more is not None else "comparison_level",
            "comparison",
            who=who,
            who_b=other,
            rate_a=narrator.shown(a),
            rate_b=narrator.shown(b),
            difference=narrator.shown(difference),
            interval=narrator.interval(difference),
            ratio=narrator.say_if(ratio, "ratio"),
        ),
    )


def _voices(narrator: Narrator) -> Finding | None:
    """Say which reasons the quoted customers give, and how many of the group wrote at all."""
    themes, schema = narrator.study.themes, narrator.population.schema
    told = [document for document in narrator.documents if document.reason][:VOICES]
    if not told or themes is None:
        return None
    labels = {reason.name: reason.label.of(narrator.language) for reason in schema.reasons}
    reasons = list(dict.fromkeys(labels[document.reason] for document in told))
    named = narrator.listed(reasons)
    coverage = narrator.ledger.add(narrator.who, "coverage", themes.coverage, themes.customers)
    return Finding(
        kind="voices",
        outcome=narrator.study.query.outcome,
        subject=named,
        stat_ids=_ids((coverage,)),
        doc_ids=tuple(document.id for document in told),
        **narrator.say("voices", "voices", reasons=named, coverage=narrator.shown(coverage)),
    )


def _side(effect: Estimate | None, null: float) -> bool | None:
    """Whether an effect is above its null value; None where the interval leaves it open."""
    if effect is None or effect.low <= null <= effect.high:
        return None
    return effect.value > null


def _flipped(difference: Estimate | None, flip: bool) -> Estimate | None:
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
    makers: tuple[Maker, ...] = (_rate, _versus_rest, _exposure)
    if narrator.study.comparison is not None:
        makers = (_comparison,)
    general = [finding for make in makers if (finding := make(narrator))]
    divided = (_breakdown(narrator, each) for each in narrator.study.breakdown)
    general[1:1] = itertools.chain.from_iterable(divided)
    voices = _voices(narrator)
    special = [_driver(narrator, driver) for driver in narrator.study.drivers]
    told = (_theme(narrator, theme) for theme in themes)
    return (*general, *special, *told, *((voices,) if voices else ()))

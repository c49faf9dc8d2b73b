"""The phrasings of the prompts: many ways to say a finding, each of them true to it."""

import re
from string import Formatter

import pytest

from churnlens.evidence.checks import Claim, fault_of
from churnlens.evidence.statements import Finding, Statistic
from churnlens.evidence.wording import as_sentence
from churnlens.models.grammar import about
from churnlens.tasks.churn.writers import outcome_words
from tasks.churn.conftest import PROMPTS

PHRASINGS, WORDING = PROMPTS["phrasings"], PROMPTS["wording"]
REFUSALS = ("too_few", "not_answerable")
BY_DIRECTION = ("versus_rest", "comparison")
MORE = {"more": True, "less": False, "level": None}
OPPOSITE = {"left": "stayed", "stayed": "left"}
FIGURES = {"en": "41.9 % against 14.5 %", "zh": "41.9%，另一方为14.5%"}
STATISTICS = {
    "S1": Statistic(about="a", measure="rate", value=0.419, interval=(0.402, 0.436), n=3096),
    "S2": Statistic(about="b", measure="rest_rate", value=0.145, n=3947),
}
GROUPS = {"en": "customers on fiber internet", "zh": "光纤上网的客户"}
OTHERS = {"en": "customers on DSL internet", "zh": "DSL上网的客户"}
REASONS = {"en": "security and privacy", "zh": "安全与隐私"}
NAMED = {"en": "price, speed and customer support", "zh": "价格、网速、客户服务"}
# kind of the finding, the frame of its own sentence, its subject, whom it is compared with
SAMPLES = {
    "rate": ("rate", "rate", GROUPS, {}),
    "versus_rest.more": ("versus_rest", "versus_rest", GROUPS, WORDING["outsiders"]),
    "versus_rest.less": ("versus_rest", "versus_rest", GROUPS, WORDING["outsiders"]),
    "versus_rest.level": ("versus_rest", "versus_rest_level", GROUPS, WORDING["outsiders"]),
    "driver": ("driver", "driver", GROUPS, WORDING["others"]),
    "theme_complaint": ("theme", "complaint", REASONS, {}),
    "theme_praise": ("theme", "praise", REASONS, {}),
    "voices": ("voices", "voices", NAMED, {}),
    "comparison.more": ("comparison", "comparison", GROUPS, OTHERS),
    "comparison.less": ("comparison", "comparison", GROUPS, OTHERS),
    "comparison.level": ("comparison", "comparison_level", GROUPS, OTHERS),
}
SIDED = [name for name in SAMPLES if name.startswith(BY_DIRECTION) or name == "driver"]
QUESTIONS = (
    "Why do customers leave us?",
    "客户为什么会离开我们？",
    "Why do fiber customers leave?",
    "为什么光纤客户会流失？",
    "Why do DSL customers stay?",
    "DSL客户为什么留下来？",
    "Compare churn of month-to-month customers and customers on a two-year contract.",
    "比较女性客户和男性客户的流失情况。",
)


def texts(name, language):
    """Return the phrasings of "kind" or "kind.direction"."""
    kind, _, direction = name.partition(".")
    block = PHRASINGS[kind][direction] if direction else PHRASINGS[kind]
    return block[language]


def name_of(finding):
    if finding.kind == "theme":
        return "theme_complaint" if finding.outcome == "left" else "theme_praise"
    if finding.kind in BY_DIRECTION:
        return f"{finding.kind}.{next(k for k, more in MORE.items() if more is finding.more)}"
    return finding.kind


def sample(name, language, outcome):
    kind, frame, subject, other = SAMPLES[name]
    direction = name.partition(".")[2]
    return Finding(
        kind=kind,
        subject=subject[language],
        other=other.get(language, ""),
        outcome=outcome,
        more=MORE[direction] if direction else (True if kind in ("driver", "theme") else None),
        stat_ids=("S1", "S2"),
        sentence=WORDING[frame][language],
        figures=FIGURES[language],
    )


def say(text, finding, language, outcome=None):
    """Fill a phrasing and put the figures behind it, as a writer does."""
    slots = {"subject": finding.subject, "Subject": as_sentence(finding.subject)}
    slots |= {"other": finding.other, **outcome_words(outcome or finding.outcome, language)}
    stop = {"en": ".", "zh": "。"}[language]
    return f"{as_sentence(text.format(**slots))} ({finding.figures}){stop}"


def fault(text, finding, language, statistics=STATISTICS):
    claim = Claim(text=text, stat_ids=finding.stat_ids)
    return fault_of(claim, finding, statistics, language)


def outcomes(name):
    themes = {"theme_complaint": ["left"], "theme_praise": ["stayed"]}
    return themes.get(name, ["left", "stayed"])


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [*SAMPLES, *REFUSALS])
def test_there_are_many_and_all_differ(name, language):
    said = texts(name, language)
    assert 6 <= len(said) <= 10
    assert len({re.sub(r"\W+", " ", text.casefold()).strip() for text in said}) == len(said)
    for text in said:
        assert not re.search(r"\d|[.。]$", text)
        assert not re.search(r" {2}|^ | $", text)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SAMPLES)
def test_every_phrasing_passes_the_checks_in_both_outcomes(name, language):
    for outcome in outcomes(name):
        finding = sample(name, language, outcome)
        for text in texts(name, language):
            assert (text, fault(say(text, finding, language), finding, language)) == (text, "")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SIDED)
def test_a_phrasing_of_another_direction_fails(name, language):
    finding = sample(name, language, "left")
    turned = finding.model_copy(update={"more": finding.more is False})
    for text in texts(name, language):
        if finding.more is not None:
            said = say(text, turned, language)
            assert (text, fault(said, turned, language)) == (text, "contradicts_the_table")
            level = finding.model_copy(update={"more": None})
            assert fault(say(text, level, language), level, language) == "contradicts_the_table"
        else:
            sided = say(text, finding, language)
            own = WORDING["comparison"][language]
            clear = finding.model_copy(update={"more": True, "sentence": own})
            both = {"en": ("more", "less"), "zh": ("更多", "更少")}[language]
            assert fault(sided, clear, language) == "negated" or all(w in text for w in both)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("theme")])
def test_the_outcome_that_was_not_asked_for_fails(name, language):
    for outcome in ("left", "stayed"):
        finding = sample(name, language, outcome)
        for text in texts(name, language):
            said = say(text, finding, language, outcome=OPPOSITE[outcome])
            assert (text, fault(said, finding, language)) == (text, "other_outcome")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["theme_complaint", "theme_praise"])
def test_themes_name_both_outcomes(name, language):
    for text in texts(name, language):
        assert {"{left}", "{stayed}"} <= set(re.findall(r"\{\w+\}", text))
        less = text.replace("higher", "lower").replace("more", "less")
        less = less.replace("更多", "更少").replace("更高", "更低").replace("更容易", "更少")
        finding = sample(name, language, outcomes(name)[0])
        assert fault(say(less, finding, language), finding, language) == "contradicts_the_table"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", [*SAMPLES, *REFUSALS])
def test_slots_are_those_that_a_writer_fills(name, language):
    subject = {"en": {"subject", "Subject"}, "zh": {"subject"}}[language]
    allowed = subject | {"other", "left", "leave", "leaving", "stayed"}
    for text in texts(name, language):
        slots = [slot for _, slot, _, _ in Formatter().parse(text) if slot]
        if name in REFUSALS:
            assert slots.count("problem") == 1
            assert set(slots) - {"problem"} <= subject
            assert (name == "too_few") == bool(set(slots) & subject)
        else:
            assert set(slots) <= allowed
            assert sum(slot in subject for slot in slots) == 1
        assert "{Subject}" not in text[1:]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_grammar_of_a_whole_answer_can_write_every_phrasing(name, language):
    finding = sample(name, language, outcomes(name)[-1])
    names = (finding.subject, as_sentence(finding.subject))
    pattern = about(names, chinese=language == "zh").replace(r"\p{Han}", "\u3400-\u9fff")
    for text in texts(name, language):
        body = say(text, finding, language).partition(" (")[0]
        assert re.fullmatch(pattern.rstrip(" "), body), body


def test_feedback_cannot_forbid_the_words_of_a_phrasing():
    names = [*SAMPLES, *REFUSALS]
    said = " ".join(text for name in names for text in texts(name, "en"))
    words = set(re.findall(r"[a-z]{2,}", re.sub(r"\{\w+\}", " ", said).lower()))
    assert words - set(PROMPTS["common_words"]) == set()


def test_no_block_is_without_a_test():
    blocks = {
        f"{kind}.{direction}" if direction not in ("en", "zh") else kind
        for kind, block in PHRASINGS.items()
        for direction in block
    }
    assert blocks == {*SAMPLES, *REFUSALS}


def test_phrasings_of_real_findings_pass_the_checks(make_analyst):
    analyst, seen = make_analyst(), set()
    for question in QUESTIONS:
        told = analyst.tell(analyst.parse(question))
        language = told.study.query.language
        for finding in told.findings:
            name = name_of(finding)
            if name == "exposure":
                continue  # has no headline, so that no short sentence says it
            seen.add((finding.kind, language))
            for text in texts(name, language):
                said = say(text, finding, language)
                assert (said, fault(said, finding, language, told.statistics)) == (said, "")
    kinds = ("rate", "versus_rest", "driver", "theme", "voices", "comparison")
    assert seen == {(kind, language) for kind in kinds for language in ("en", "zh")}

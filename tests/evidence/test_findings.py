"""Findings of a gym's members: headlines, and the candidates that are no drivers."""

import numpy as np
import pytest
import yaml

from churnlens.evidence.checks import numbers
from churnlens.evidence.drivers import build_panel
from churnlens.evidence.findings import tell, tell_rejected
from churnlens.evidence.narrator import Narrator
from churnlens.evidence.query import Query
from churnlens.evidence.statements import Ledger
from churnlens.evidence.study import Population, conduct_study
from churnlens.evidence.themes import label_feedback
from churnlens.evidence.wording import Wording
from churnlens.options import DriverOptions
from churnlens.schema import Condition
from evidence.planted import gym_members, gym_schema

SILENT = ("exposure",)  # has no headline, so that no short sentence says it
YEARLY = (Condition(column="plan", op="eq", value="yearly"),)
MONTHLY = (Condition(column="plan", op="eq", value="monthly"),)


@pytest.fixture(scope="module")
def population():
    schema, table = gym_schema(), gym_members(3000, seed=2)
    silent = np.zeros(len(table), bool)
    reasons = label_feedback([""] * len(table), schema)
    return Population(schema, table, build_panel(table, schema), reasons, silent)


@pytest.fixture(scope="module")
def narrate(project, population):
    frames = yaml.safe_load((project / "prompts/churn.yml").read_text(encoding="utf-8"))["wording"]
    wording = Wording.model_validate(frames)

    def narrator(language="en", **query):
        asked = Query(question="Why?", language=language, **query)
        study = conduct_study(asked, population, DriverOptions())
        return Narrator(study, population, wording, Ledger(), ())

    return narrator


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"cohort": MONTHLY},
        {"cohort": MONTHLY, "outcome": "stayed"},
        {"cohort": MONTHLY, "compare_to": YEARLY, "ask": "compare"},
    ],
)
def test_a_headline_has_one_or_two_of_the_numbers_of_its_sentence(narrate, language, query):
    narrator = narrate(language, **query)
    findings = tell(narrator, ())
    assert findings
    for finding in findings:
        said = numbers(finding.headline)
        assert bool(finding.headline) == (finding.kind not in SILENT)
        assert len(said) <= 2 and set(said) <= set(numbers(finding.sentence))
        cells = [narrator.ledger.statistics[key].shown(language) for key in finding.stat_ids]
        assert set(said) <= {number for cell in cells for number in numbers(cell)}


def test_the_headlines_of_a_group_and_its_drivers_are_their_rates(narrate, population):
    narrator = narrate(cohort=MONTHLY)
    findings = tell(narrator, ())
    mask = (population.table["plan"] == "monthly").to_numpy()
    assert findings[0].headline == f"{100 * population.left[mask].mean():.1f} %"
    drivers = [finding for finding in findings if finding.kind == "driver"]
    assert len(drivers) == len(narrator.study.drivers) > 0
    for finding, driver in zip(drivers, narrator.study.drivers, strict=True):
        rates = [f"{100 * each.value:.1f} %" for each in (driver.rate, driver.rest_rate)]
        assert finding.headline == " against ".join(rates)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_rejected_candidates_look_like_drivers_and_stand_in_no_ledger(narrate, language):
    narrator = narrate(language)
    told = tell(narrator, ())
    kept = dict(narrator.ledger.statistics)
    rejected = tell_rejected(narrator, 3)
    assert narrator.ledger.statistics == kept, "nothing of them can be cited"
    assert [(each.kind, each.more, each.doc_ids) for each in rejected] == 3 * [
        ("rejected", None, ())
    ]
    known = {candidate.candidate.name for candidate in narrator.study.rejected}
    names = [each.name for each in rejected]
    assert set(names) <= known and len(set(names)) == 3
    assert not set(names) & {each.name for each in told}
    assert all(len(numbers(each.headline)) == 2 for each in rejected)


def test_rejected_candidates_are_taken_from_all_over_the_ranking(narrate):
    narrator = narrate()
    ranking = [each.candidate.name for each in narrator.study.rejected]
    assert len(ranking) >= 6
    for count in (1, 2, 3, 6):
        step = len(ranking) // count
        taken = [each.name for each in tell_rejected(narrator, count)]
        assert taken == [ranking[turn * step] for turn in range(count)]
    assert tell_rejected(narrator, 0) == ()
    assert len(tell_rejected(narrator, 999)) == len(ranking)


def test_what_is_not_answered_has_no_findings(narrate):
    few = Condition(column="months", op="lt", value=-1.0)
    assert tell(narrate(cohort=(few,)), ()) == ()

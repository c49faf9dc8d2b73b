"""A gym's members divided by a column: figures, order, what is left out, and how it is told."""

import numpy as np
import pandas as pd
import pytest
import yaml

from churnlens.evidence import breakdown as module
from churnlens.evidence.breakdown import break_down
from churnlens.evidence.checks import Claim, fault_of, numbers
from churnlens.evidence.drivers import build_panel
from churnlens.evidence.findings import tell
from churnlens.evidence.narrator import Narrator
from churnlens.evidence.query import Query
from churnlens.evidence.statements import Ledger
from churnlens.evidence.study import Population, conduct_study
from churnlens.evidence.themes import label_feedback
from churnlens.evidence.wording import Wording
from churnlens.options import DriverOptions
from churnlens.schema import Condition
from evidence.planted import gym_members, gym_schema

SCHEMA, TABLE = gym_schema(), gym_members(3000, seed=2)
LEFT = (TABLE["gone"] == "1").to_numpy()
EVERYBODY = np.ones(len(TABLE), bool)
MONTHLY = (Condition(column="plan", op="eq", value="monthly"),)


def divide(*columns, mask=EVERYBODY, options=None, **query):
    asked = Query(question="?", language="en", by=columns, **query)
    return break_down(asked, mask, LEFT, TABLE, SCHEMA, options or DriverOptions())


def rates(parts):
    return [figures.events / figures.size for _, figures in parts]


def counted(cells: pd.Series) -> dict[str, float]:
    return pd.Series(LEFT[cells.index]).groupby(cells.to_numpy()).mean().to_dict()


def test_every_value_has_the_rate_of_the_table_the_highest_first():
    (found,) = divide("payment")
    assert found.column == "payment" and not found.lower and not found.small
    told = {
        part.conditions[0].value: rate
        for (part, _), rate in zip(found.told, rates(found.told), strict=True)
    }
    assert told == pytest.approx(counted(TABLE["payment"]))
    assert rates(found.told) == sorted(rates(found.told), reverse=True)


def test_who_stays_most_comes_first_where_staying_is_asked():
    (found,) = divide("payment", outcome="stayed")
    assert rates(found.told) == sorted(rates(found.told))


def test_bands_of_a_number_hold_everybody_once():
    (found,) = divide("months")
    assert len(found.told) == 4
    assert sum(figures.size for _, figures in found.told) == len(TABLE)


def test_values_that_do_not_apply_are_values_too():
    (found,) = divide("coach")
    assert {part.conditions[0].value for part, _ in found.told} == {"yes", "no", "no club"}


def test_only_the_cohort_is_divided_and_never_by_what_it_is_chosen_by():
    mask = (TABLE["plan"] == "monthly").to_numpy()
    (found,) = divide("plan", "payment", mask=mask, cohort=MONTHLY)
    assert found.column == "payment"
    assert sum(figures.size for _, figures in found.told) == mask.sum()


def test_two_groups_side_by_side_are_not_divided():
    assert divide("payment", compare_to=MONTHLY) == ()


def test_groups_below_the_gates_and_too_many_groups_are_left_out(monkeypatch):
    monkeypatch.setattr(module, "MOST_PARTS", 2)
    sizes = TABLE["payment"].value_counts()
    options = DriverOptions(min_customers=int(sizes.min()) + 1, min_events=1)
    (found,) = divide("payment", options=options)
    assert [figures.size for _, figures in found.small] == [sizes.min()]
    assert len(found.told) == 2 and len(found.lower) == 1
    assert min(rates(found.told)) >= max(rates(found.lower))


@pytest.fixture(scope="module")
def narrate(project):
    frames = yaml.safe_load((project / "prompts/churn.yml").read_text(encoding="utf-8"))["wording"]
    reasons = label_feedback([""] * len(TABLE), SCHEMA)
    silent = np.zeros(len(TABLE), bool)
    population = Population(SCHEMA, TABLE, build_panel(TABLE, SCHEMA), reasons, silent)

    def narrator(language, **query):
        asked = Query(question="?", language=language, ask="how_many", **query)
        study = conduct_study(asked, population, DriverOptions())
        return Narrator(study, population, Wording.model_validate(frames), Ledger(), ())

    return narrator


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("outcome", ["left", "stayed"])
def test_rates_are_findings_that_stand_on_their_statistics(narrate, language, outcome, monkeypatch):
    monkeypatch.setattr(module, "MOST_PARTS", 3)
    narrator = narrate(language, by=("payment",), outcome=outcome)
    findings = tell(narrator, ())
    assert [each.kind for each in findings] == ["rate", *["breakdown"] * 4]
    statistics = narrator.ledger.statistics
    for finding in findings[1:]:
        claim = Claim(text=finding.sentence, stat_ids=finding.stat_ids)
        assert fault_of(claim, finding, statistics, language) in ("", "other_language")
        cells = [statistics[key] for key in finding.stat_ids]
        shown = " ".join(f"{c.shown(language)} {c.shown_interval(language)}" for c in cells)
        assert set(numbers(finding.sentence)) <= set(numbers(shown))
    shares = counted(TABLE["payment"])
    for finding in findings[1:4]:
        value = next(each for each in shares if each in finding.subject)
        share = shares[value] if outcome == "left" else 1 - shares[value]
        assert numbers(finding.headline) == (f"{100 * share:.1f}",)
    assert numbers(findings[4].sentence) == ("1",)


def test_a_question_by_nothing_has_no_such_findings(narrate):
    assert all(each.kind != "breakdown" for each in tell(narrate("en"), ()))

"""An analyst whose answers tell what it was asked."""

from pathlib import Path

from churnlens.evidence.edits import Edit, FilterError, check_filter
from churnlens.evidence.query import AnyOf, describe
from churnlens.evidence.statements import Statistic
from churnlens.schema import Condition, read_schema
from churnlens.tasks.churn.answers import Answer, Checks, Claim, Cohort, Evidence
from churnlens.web.house import Services
from churnlens.web.protocols import Editing, InputError

SCHEMA = read_schema(Path(__file__).parents[3] / "conf" / "base" / "schemas" / "telco.yml")
FIBER = Condition(column="InternetService", op="eq", value="Fiber optic")
NEW = Condition(column="tenure", op="le", value=6.0)
EITHER = AnyOf(
    any_of=(
        Condition(column="Contract", op="in", value=("One year", "Two year")),
        Condition(column="MonthlyCharges", op="ge", value=70.5),
    )
)
TEXTS = {
    "en": ("customers on a month-to-month contract", "They leave more often"),
    "zh": ("按月付费的客户", "他们更常流失"),
}


def answer_to(question, edit=None, quote="it is slow", status="answered"):
    """One claim, one driver, one quote; the cohort is what was asked for."""
    language = "zh" if any(sign >= "\u4e00" for sign in question) else "en"
    driver, claim = TEXTS[language]
    edit = edit or Edit(cohort=(FIBER, NEW, EITHER))
    text = describe(edit.cohort, SCHEMA, language)
    if status != "answered":
        return Answer(question=question, status=status, summary=quote, model="m", language=language)
    return Answer(
        question=question,
        status=status,
        summary=f"{quote}: {text}",
        top_reasons=(driver,),
        risk_level="medium",
        risk_score=0.58,
        actions=("Offer a year.",),
        citations=("C1",),
        cohort=Cohort(
            filter=edit.cohort,
            compare_to=edit.compare_to,
            text=text,
            size=1000 * len(edit.cohort) + 234,
            churn_rate=0.408,
            churn_rate_ci=(0.391, 0.425),
            lift=1.5,
        ),
        claims=(Claim(text=f"{claim}: {quote}", stat_ids=("S1", "S2"), doc_ids=("C1",)),),
        statistics={
            "S1": _cell(driver, "adjusted_odds_ratio", 2.46, (1.9, 3.1)),
            "S2": _cell(driver, "rate", 0.555, (0.53, 0.58)),
            "S3": _cell("other", "adjusted_odds_ratio", 1.2, (1.1, 1.3)),
        },
        documents={"C1": Evidence(quote=quote, reason="speed", polarity="complaint")},
        checks=Checks(written=2, kept=1),
        model="template",
        language=language,
    )


def _cell(about, measure, value, interval):
    return Statistic(about=about, measure=measure, value=value, interval=interval, n=1997)


def analyst(quote="it is slow"):
    """Services that ask, and what they were asked."""
    asked = []

    def ask(question, edit=None):
        asked.append((question, edit))
        if edit:
            try:
                check_filter((*edit.cohort, *(edit.compare_to or ())), SCHEMA)
            except FilterError as error:
                raise InputError(str(error), "invalid_filter") from None
        status = {"refuse": "not_answerable", "small": "too_few"}.get(question, "answered")
        return answer_to(question, edit, quote, status).model_dump(mode="json")

    return Services(ask=ask, editing=Editing(SCHEMA, ask)), asked

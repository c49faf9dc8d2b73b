"""A desk without a language model, and demo dialogues for it."""

from functools import cache
from pathlib import Path

import yaml

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.reading import read_row
from churnlens.options import AlertOptions, ReasonOptions, ScorerOptions
from churnlens.simulation import plain_rows, simulate_dialogues
from churnlens.tasks.satisfaction.alerts import Monitor
from churnlens.tasks.satisfaction.desk import Desk
from churnlens.tasks.satisfaction.fitting import fit_scorer, load_scorer
from churnlens.tasks.satisfaction.overall import OverallModel
from churnlens.tasks.satisfaction.reason_words import ReasonBook, WordTeller
from churnlens.tasks.satisfaction.turns import rated, turn_rows
from tasks.satisfaction.support import FINDER

CONF = Path(__file__).parents[3] / "conf" / "base" / "satisfaction"
BOOK = ReasonBook.model_validate(yaml.safe_load((CONF / "reasons.yml").read_text("utf-8")))
OPTIONS = ScorerOptions()


@cache
def demo(count=80, seed=11):
    rows = plain_rows(simulate_dialogues(count, seed))
    read = [read_row(row) for row in rows]
    assert all(isinstance(each, Dialogue) for each in read)
    return tuple(clean_dialogue(each).dialogue for each in read)


@cache
def fitted():
    rows = [row for each in demo() for row in rated(turn_rows(each, OPTIONS.turns))]
    return fit_scorer(rows[: len(rows) // 2], rows[len(rows) // 2 :], OPTIONS)


@cache
def desk():
    return Desk(
        scorer=load_scorer(fitted(), None),
        turns=OPTIONS.turns,
        monitor=Monitor(AlertOptions(amber=0.3, red=0.6), FINDER),
        overall=OverallModel(),
        teller=WordTeller(BOOK),
        book=BOOK,
        reasons=ReasonOptions(),
    )

"""The two closed fields: whether the customer accepted, and whether negative emotion shows.

Where references name the turns that show a value, clauses are judged by themselves, and a turn
shows what its strongest clause shows (multiple-instance learning, Andrews et al. 2003): the last
turn that decides says whether it was accepted; any turn of anger says that there is emotion.
Where references name no turns, the customer's words are judged as one text.

What is learned knows the words of its dialogues. So a phrase book goes beside it: where nothing
learned shows a value in a turn, plain phrases do; where one text is judged, plain anger is a figure
of emotion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.phrases import PhraseBook
from churnlens.schema import Frozen
from churnlens.tasks.summary.contract import Answer, FieldName
from churnlens.tasks.summary.linear import Case, Linear, fit_table, hashed, out_of_fold
from churnlens.tasks.summary.reader import Reader, Table

CUSTOMER_TURNS: Final = 400  # of a longer dialogue the first and the last
SHOWS: Final[dict[FieldName, tuple[Answer, ...]]] = {  # what turns show, the stronger first
    "accepted": ("yes", "no", "unclear"),
    "negative_emotion": ("yes", "unclear"),
}
SILENT: Final[dict[FieldName, Answer]] = {"accepted": "unclear", "negative_emotion": "no"}
ANGER: Final = frozenset({"anger", "threat", "legal", "abuse"})  # kinds of phrases
SummaryPhrases = PhraseBook[
    Literal["anger", "accepts", "refuses", "open", "ends", "asks_more"]
]  # of `conf/base/summary/phrases.yml`
OFFERS: Final[dict[str, Answer]] = {"open": "unclear", "refuses": "no", "accepts": "yes"}
ROUNDS: Final = 3  # in which the clause that shows a value is chosen anew
STRENGTH: Final = 30.0  # of the weights of clauses; found on other demo dialogues than are judged
STEPS: Final = tuple(np.round(np.arange(0.1, 0.91, 0.05), 2).tolist())


@dataclass(frozen=True)
class Judged:
    """A dialogue with the true value of one field, and the turns that show it.

    Attributes:
        group: what stays on one side of a fold, such as a scenario.
    """

    dialogue: Dialogue
    value: Answer
    turns: tuple[int, ...]
    group: str


class Verdict(Frozen):
    """A value, and the turns that show it."""

    value: Answer
    turns: tuple[int, ...] = ()


class Shown(Frozen):
    """When a clause, or a whole text, shows a value.

    Attributes:
        linear: gives its probability.
        threshold: of the probability.
        by_words: of emotion, log odds that the words must bring; half of what those of a clause
            that shows it bring, the median in training. So no place in a dialogue makes a feeling
            of words that nobody learned. None where words were not needed.
    """

    linear: Linear
    threshold: float
    by_words: float | None = None

    def margins(self, table: Table) -> np.ndarray:
        """Return how far the probability of each case is above the threshold, shape (n,).

        It is -1 where the words bring too little.
        """
        above = (self.linear.chance(table) - self.threshold) / (1 - self.threshold)
        if self.by_words is None:
            return above
        brought = self.linear.score(table.words) - self.linear.bias
        return np.where(brought > self.by_words, above, -1.0)


class ClosedField(Frozen):
    """How a closed field is judged.

    Attributes:
        field: which of the two.
        by_turn: whether turns are judged one by one.
        shows: value → when it shows.
    """

    field: FieldName
    by_turn: bool
    shows: dict[Answer, Shown]

    def judge(self, dialogue: Dialogue) -> Verdict:
        """Return what was learned of a dialogue, without phrases; `SILENT` where nothing shows."""
        return self.judge_all([dialogue], Reader())[0]

    def judge_all(self, dialogues: Sequence[Dialogue], reader: Reader) -> list[Verdict]:
        """Return the value of each dialogue; `reader` has the phrases."""
        places = [customer_turns(each) for each in dialogues]
        cases = [self._cases(*each, reader) for each in zip(dialogues, places, strict=True)]
        turns = [turn for each in cases for turn in each]
        table = reader.table([case for turn in turns for case in turn])
        starts = np.cumsum([0, *map(len, turns)], dtype=int)[:-1]
        margins = {  # of each turn what its strongest clause shows
            value: np.maximum.reduceat(shown.margins(table), starts) if turns else np.zeros(0)
            for value, shown in self.shows.items()
        }
        ends, verdicts = np.cumsum([len(each) for each in cases]), []
        for dialogue, own, each, end in zip(dialogues, places, cases, ends, strict=True):
            shown = {value: margin[end - len(each) : end] for value, margin in margins.items()}
            learned = self._verdict(dialogue, own, shown, reader)
            told = learned.turns or not self.by_turn
            verdicts.append(learned if told else self._said(dialogue, own, reader))
        return verdicts

    def _cases(self, dialogue: Dialogue, places: Sequence[int], reader: Reader) -> list[list[Case]]:
        """Return the cases of each turn; of a text as a whole one."""
        if places and not self.by_turn:
            return [[whole_case(dialogue, places, self.field, reader)]]
        return [turn_cases(dialogue, at, self.field, reader) for at in places]

    def _verdict(
        self,
        dialogue: Dialogue,
        places: Sequence[int],
        margins: dict[Answer, np.ndarray],
        reader: Reader,
    ) -> Verdict:
        silent = Verdict(value=SILENT[self.field])
        if not places:
            return silent
        if not self.by_turn:
            whole = {value: float(margin[0]) for value, margin in margins.items()}
            return self._of_whole(dialogue, places, whole, reader) or silent
        if self.field == "accepted":
            return _last(margins, places) or silent
        found = ((value, np.flatnonzero(margin > 0)) for value, margin in margins.items())
        told = [
            Verdict(value=value, turns=tuple(places[at] for at in rows.tolist()))
            for value, rows in found
            if len(rows)
        ]
        return told[0] if told else silent

    def _said(self, dialogue: Dialogue, places: Sequence[int], reader: Reader) -> Verdict:
        """Return what plain phrases say: of anger anywhere, of an offer in the last turn on it.

        Whatever an agent said behind the customer's first words passes for an offer. An answer to
        "Anything else?" and mere thanks are passed over; questions say nothing.
        """
        if self.field == "negative_emotion":
            angry = tuple(at for at in places if is_angry(dialogue.turns[at].text, reader))
            return Verdict(value="yes" if angry else "no", turns=angry)
        for at in reversed(places):
            if _asks_more(dialogue, at, reader):
                continue
            text = dialogue.turns[at].text
            kinds = reader.kinds(
                " ".join(p for p in reader.clauses(text, 0) if not _is_question(p))
            )
            value = next((value for kind, value in OFFERS.items() if kind in kinds), None)
            offered = any(_is_agent(turn) for turn in dialogue.turns[places[0] : at])
            if value and offered:
                return Verdict(value=value, turns=(at,))
            if value or "ends" not in kinds:
                break
        return Verdict(value="unclear")

    def _of_whole(
        self,
        dialogue: Dialogue,
        places: Sequence[int],
        margins: dict[Answer, float],
        reader: Reader,
    ) -> Verdict | None:
        """Take the value that shows most; the turn that says it most is its evidence."""
        best = max(margins, key=margins.__getitem__)
        if margins[best] <= 0:
            return None
        alone = self.shows[best].margins(
            reader.table([whole_case(dialogue, [at], self.field, reader) for at in places])
        )
        return Verdict(value=best, turns=(places[int(alone.argmax())],))


def _last(margins: dict[Answer, np.ndarray], places: Sequence[int]) -> Verdict | None:
    """Return what the last turn says that decides; None where none does."""
    table = np.stack(list(margins.values()))
    deciding = np.flatnonzero(table.max(axis=0) > 0)
    if not len(deciding):
        return None
    at = int(deciding[-1])
    return Verdict(value=list(margins)[int(table[:, at].argmax())], turns=(places[at],))


def customer_turns(dialogue: Dialogue) -> list[int]:
    """Return the places of the customer's turns with words; of a long dialogue both ends."""
    places = [
        at for at, t in enumerate(dialogue.turns) if t.speaker == "customer" and t.text.strip()
    ]
    half = CUSTOMER_TURNS // 2
    return places if len(places) <= CUSTOMER_TURNS else [*places[:half], *places[-half:]]


def turn_cases(
    dialogue: Dialogue, place: int, field: FieldName, reader: Reader | None = None
) -> list[Case]:
    """Return what the judgement of a turn's clauses rests on; one case where it has none.

    Emotion is judged by the place of a clause too: which turn of the customer, which clause of it,
    whether it has digits, how long it is, and whether an agent asked before. So the matter itself,
    which comes first and in words that no other dialogue has, is told from what is felt about it.
    """
    reader = reader or Reader()
    text = dialogue.turns[place].text[:2000]
    parts = reader.clauses(text, 0) or [text]
    said = [each.text for each in dialogue.turns[max(0, place - 3) : place] if _is_agent(each)]
    around = {"first": float(place <= 1), "answers": float(bool(said))}
    if field != "negative_emotion":
        return [Case({"said": part}, around) for part in parts]
    spoken = sum(each.speaker == "customer" for each in dialogue.turns[:place])
    asked = bool(said) and _is_question(said[-1])
    around |= {f"side{min(spoken, 3)}": 1.0, "asked": float(asked)}
    return [
        Case(
            {"said": part}, around | _figures(part, number, len(parts), reader, opening=not spoken)
        )
        for number, part in enumerate(parts)
    ]


def is_angry(text: str, reader: Reader) -> bool:
    """Return whether a text says in plain phrases that its writer is angry."""
    return not ANGER.isdisjoint(reader.kinds(text))


def _asks_more(dialogue: Dialogue, place: int, reader: Reader) -> bool:
    """Return whether a turn answers an agent who asks for anything else."""
    before = dialogue.turns[max(0, place - 1)]
    return _is_agent(before) and "asks_more" in reader.kinds(before.text)


def _is_agent(turn: Turn) -> bool:
    return turn.speaker == "agent"


def _is_question(text: str) -> bool:
    return text.rstrip()[-1:] in {"?", "？"}


def _figures(
    clause: str, number: int, parts: int, reader: Reader, *, opening: bool
) -> dict[str, float]:
    """Return the place of a clause within its turn, and its form."""
    said = reader.tokens(clause)
    return {
        f"clause{min(number, 3)}": 1.0,
        "alone": float(parts == 1),
        "opens": float(opening and number == 0),
        "digits": float(any(each[0].isdigit() for each in said)),
        "short": float(len(said) < 4),
        "length": min(1.0, len(said) / 20),
        "question": float(_is_question(clause)),
    }


def whole_case(dialogue: Dialogue, places: Sequence[int], field: FieldName, reader: Reader) -> Case:
    """Return what the judgement of the customer's turns as one text rests on.

    Emotion is judged by plain phrases too: whether any turn has one, and in how many.
    """
    said = [dialogue.turns[at].text for at in places]
    whole = {"all": "\n".join(said)[:20_000]}
    if field != "negative_emotion":
        return Case(whole, {})
    angry = sum(is_angry(text, reader) for text in said)
    return Case(whole, {"angry": float(angry > 0), "angry turns": min(1.0, angry / 3)})


def fit_closed(
    judged: Sequence[Judged], field: FieldName, phrases: PhraseBook[str] | None = None
) -> ClosedField:
    """Learn a closed field from dialogues with true values.

    Raises:
        ValueError: without any.
    """
    kept = [each for each in judged if customer_turns(each.dialogue)]
    if not kept:
        raise ValueError(f"{field}: expected dialogues with a value, got none")
    reader = Reader(phrases)
    if any(each.turns for each in kept):
        shows = {value: _fit_turns(kept, field, value, reader) for value in SHOWS[field]}
        return ClosedField(field=field, by_turn=True, shows=shows)
    wholes = [
        whole_case(each.dialogue, customer_turns(each.dialogue), field, reader) for each in kept
    ]
    table = hashed(wholes)
    groups = [each.group for each in kept]
    values = [value for value in SHOWS[field] if value != SILENT[field]]
    shows = {}
    for value in values:
        labels = np.array([each.value == value for each in kept])
        folds = [out_of_fold(table, labels, groups, 1, balanced=True, seed=n) for n in range(5)]
        linear = fit_table(table, labels, 1, balanced=True)
        shows[value] = Shown(linear=linear, threshold=best_threshold(labels, np.mean(folds, 0)))
    return ClosedField(field=field, by_turn=False, shows=shows)


def best_threshold(labels: np.ndarray, chances: np.ndarray) -> float:
    """Return the threshold of `STEPS` with the best F1, the one nearest to a half among equals.

    Args:
        labels: booleans, shape (n,).
        chances: out-of-fold probabilities, shape (n,).
    """

    def f1(step: float) -> float:
        said = chances > step
        return 2 * float((said & labels).sum()) / max(1, int(said.sum() + labels.sum()))

    return max(STEPS, key=lambda step: (round(f1(step), 6), -abs(step - 0.5)))


def _fit_turns(judged: Sequence[Judged], field: FieldName, value: Answer, reader: Reader) -> Shown:
    """Learn from clauses which turns show a value."""
    told = [
        (turn_cases(each.dialogue, at, field, reader), shown, each.group)
        for each in judged
        for at in customer_turns(each.dialogue)
        if (shown := _shows(each, at, value, field)) is not None
    ]
    whole = [case for cases, _, _ in told for case in cases]
    table = hashed(whole)
    sizes = [len(cases) for cases, _, _ in told]
    starts, owner = np.cumsum([0, *sizes])[:-1], np.repeat(np.arange(len(told)), sizes)
    labels = np.array([shown for _, shown, _ in told])
    chosen = _strongest_clauses(table, labels, owner)
    used = chosen | ~labels[owner]
    linear = fit_table(table[used], chosen[used], STRENGTH)
    folds = [told[at][2] for at in owner[used]]
    chances = np.zeros(len(owner))
    chances[used] = out_of_fold(table[used], chosen[used], folds, STRENGTH)
    words = [Case(case.texts, {}) for case, shows in zip(whole, chosen, strict=True) if shows]
    brought = linear.score(hashed(words)) - linear.bias
    least = float(np.median(brought)) / 2 if words else 0.0
    return Shown(
        linear=linear,
        threshold=best_threshold(labels, np.maximum.reduceat(chances, starts)),
        by_words=round(least, 4) if field == "negative_emotion" and least > 0 else None,
    )


def _strongest_clauses(table: np.ndarray, labels: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """Return which clauses show the value: in each turn that does, the one that says it most."""
    positive = labels[owner]
    chosen = positive.copy()
    for _ in range(ROUNDS):
        used = chosen | ~positive
        scores = fit_table(table[used], chosen[used], STRENGTH).score(table)
        best = np.full(len(labels), -np.inf)
        np.maximum.at(best, owner, scores)
        chosen = positive & ((scores >= best[owner]) | (scores > 0))
    return chosen


def _shows(judged: Judged, at: int, value: Answer, field: FieldName) -> bool | None:
    """Tell whether a turn shows a value; None where the references leave it open.

    Where anger shows, weaker hints were not marked; before the last decision there may be others.
    """
    if at in judged.turns:
        return judged.value == value
    if field == "negative_emotion" and judged.value == "yes" and value != "yes":
        return None
    if field == "accepted" and value != "yes" and judged.turns and at < judged.turns[0]:
        said = [turn.speaker for turn in judged.dialogue.turns[:at]]
        return False if "agent" not in said else None
    return False

"""The one form in which every task sees a service dialogue."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from churnlens.schema import Frozen, Language

Speaker = Literal["customer", "agent", "bot", "system"]


def mend(text: str) -> str:
    """Return the text with U+FFFD for each half of a character, which no file can hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


Words = Annotated[str, AfterValidator(mend)]


class FaultError(Exception):
    """What is wrong with one row; never shows the customer's words.

    It is no ValueError, so that pydantic passes it on as it is and quotes no input.
    """

    def __init__(self, what: str, got: str, expected: str, row: int | None = None) -> None:
        """Name the place, what stands there and what should; `row` where the reader knows it."""
        super().__init__(f"{what}: got {got}, expected {expected}")
        self.what, self.got, self.expected, self.row = what, got, expected, row


class Scale(Frozen):
    """The inclusive bounds of a rating; 1 to 5 unless a source says otherwise."""

    low: int = 1
    high: int = 5

    @property
    def middle(self) -> float:
        """The neutral point: 3 of 1 to 5, 1 of 0 to 2."""
        return (self.low + self.high) / 2

    @model_validator(mode="after")
    def _rises(self) -> Scale:
        if self.low >= self.high:
            raise FaultError("scale", f"{self.low} to {self.high}", "a low below the high")
        return self


class Turn(Frozen):
    """What one side said at once.

    Attributes:
        text: the words; empty where nothing was said, so that positions stay those of the source.
            Half a character becomes U+FFFD, here and in every other text.
        ratings: satisfaction at this turn, one number a rater.
        act: intent or dialogue act, as the source labels it.
        time: when it was said, in UTC.
    """

    speaker: Speaker
    text: Words
    ratings: tuple[float, ...] = ()
    act: Words = ""
    time: datetime | None = None


class Dialogue(Frozen):
    """One service dialogue; a customer says something in it, and every rating is on its scale.

    Attributes:
        id: unique among the dialogues that were read together.
        source: the collection that it came from.
        customer: key of the customer, None when the source does not say.
        overall: satisfaction with the whole dialogue, one number a rater.
        scale: bounds of all ratings.
        references: texts that people wrote of it, such as summaries.
        labels: name → value of what else is known of it, such as a scenario.
    """

    id: Annotated[str, Field(min_length=1)]
    turns: tuple[Turn, ...]
    source: Words
    language: Language
    customer: Words | None = None
    overall: tuple[float, ...] = ()
    scale: Scale = Scale()
    references: tuple[Words, ...] = ()
    labels: dict[Words, Words] = Field(default_factory=dict)

    def words_of(self, speaker: Speaker) -> str:
        """Return what one side said, a line a turn; turns without words are left out."""
        return "\n".join(t.text for t in self.turns if t.speaker == speaker and t.text.strip())

    def spoken(self) -> tuple[int, ...]:
        """Return the places of the customer's turns that have words: those that are scored."""
        turns = enumerate(self.turns)
        return tuple(at for at, t in turns if t.speaker == "customer" and t.text.strip())

    @model_validator(mode="after")
    def _holds_together(self) -> Dialogue:
        if not self.words_of("customer"):
            raise FaultError("turns", "no words of a customer", "one customer turn or more")
        for place, turn in enumerate(self.turns, 1):
            self._check_ratings(f"turn {place}, ratings", turn.ratings)
        self._check_ratings("overall", self.overall)
        return self

    def _check_ratings(self, what: str, ratings: tuple[float, ...]) -> None:
        low, high = self.scale.low, self.scale.high
        if wrong := [rating for rating in ratings if not low <= rating <= high]:
            raise FaultError(what, f"{wrong[0]:g}", f"a number from {low} to {high}")


class Fault(Frozen):
    """A row that is no dialogue, and why.

    Attributes:
        row: line of the text where it begins; place in a JSON array; line of a table's row.
        id: its id, empty where none could be read. It is not part of the message.
        what: the part that is wrong.
    """

    row: int
    what: str
    got: str
    expected: str
    id: str = ""

    def __str__(self) -> str:
        """Return one line without any words of the dialogue."""
        return f"row {self.row}, {self.what}: got {self.got}, expected {self.expected}"


class Reading(Frozen):
    """What was read: the dialogues in order, and a fault for each row that is none."""

    dialogues: tuple[Dialogue, ...]
    faults: tuple[Fault, ...]

    def counts(self) -> dict[str, Any]:
        """Return how much was read, and the faults by the part that is wrong."""
        turns = [turn for dialogue in self.dialogues for turn in dialogue.turns]
        kinds = Counter(fault.what.rpartition(", ")[2] for fault in self.faults)
        return {
            "dialogues": len(self.dialogues),
            "turns": len(turns),
            "rated_turns": sum(bool(turn.ratings) for turn in turns),
            "ratings": sum(len(turn.ratings) for turn in turns),
            "languages": dict(Counter(dialogue.language for dialogue in self.dialogues)),
            "faults": len(self.faults),
            "faults_by_part": dict(kinds.most_common()),
        }

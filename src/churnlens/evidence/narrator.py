"""What every finding is told with: the study, the words, and the ledger that hands out ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from churnlens.evidence.drivers import Effects
from churnlens.evidence.query import describe
from churnlens.evidence.statements import Document, Ledger
from churnlens.evidence.study import Population, Study
from churnlens.evidence.wording import Wording, as_sentence
from churnlens.schema import Language


@dataclass(frozen=True, eq=False)
class Narrator:
    """Fills the frames of the prompts' `wording` from one study.

    Attributes:
        documents: the feedback that may be cited.
    """

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

    def word(self, name: str) -> str:
        """Return a frame without slots."""
        return self.wording.say(name, self.language)

    def listed(self, words: Sequence[str]) -> str:
        """Return words as a list in the language of the question."""
        if self.language == "zh" or len(words) == 1:
            return "、".join(words)
        return f"{', '.join(words[:-1])} and {words[-1]}"

    def verbs(self) -> dict[str, str]:
        """Return the words for the asked outcome and its opposite."""
        names = {"verb": "left", "opposite": "stayed", "verbing": "leaving"}
        if self.study.query.outcome == "stayed":
            names = {"verb": "stayed", "opposite": "left", "verbing": "staying"}
        return {slot: self.word(name) for slot, name in names.items()}

    def say(self, frame: str, kind: str, **slots: str) -> dict[str, str]:
        """Fill a frame and the short forms of its kind.

        Returns:
            The keys `sentence`, `figures` and `headline` of a finding.
        """
        slots = {**self.verbs(), **slots}
        return {
            "sentence": as_sentence(self.wording.say(frame, self.language, **slots)),
            "figures": self.wording.say(f"{kind}_figures", self.language, **slots),
            "headline": self.wording.headline(kind, self.language, **slots),
        }

    def shown(self, key: str) -> str:
        """Return a statistic as it is printed; a dash for an empty id."""
        return self.ledger.statistics[key].shown(self.language) if key else "–"

    def say_if(self, key: str, frame: str) -> str:
        """Return a frame with a statistic's `value`; nothing for an empty id."""
        return self.wording.say(frame, self.language, value=self.shown(key)) if key else ""

    def interval(self, key: str) -> str:
        """Return a statistic's interval as it is printed."""
        return self.ledger.statistics[key].shown_interval(self.language) if key else "–"

    def odds(self, who: str, effects: Effects, n: int) -> tuple[list[str], dict[str, str]]:
        """State crude, adjusted and money-adjusted odds ratios.

        Returns:
            Their ids, and the slots `crude`, `adjusted`, `money` and `caution` of the frames.
        """
        add = self.ledger.add
        crude = add(who, "odds_ratio", effects.odds_ratio, n)
        adjusted = add(who, "adjusted_odds_ratio", effects.adjusted, n)
        money = add(who, "money_adjusted_odds_ratio", effects.money_adjusted, n)
        cautions = ("collinear", "sign_change")
        caution = "".join(self.word(name) for name in cautions if getattr(effects, name))
        shown = {"crude": self._with_interval(crude), "adjusted": "", "money": ""}
        slots = shown | {"caution": caution}
        if adjusted:
            shown = {"adjusted": self._with_interval(adjusted)}
            slots["adjusted"] = self.wording.say("adjusted", self.language, **shown)
        if money:
            schema = self.population.schema
            label = schema.column(schema.money).label.of(self.language)
            shown = {"money": self._with_interval(money), "label": label}
            slots["money"] = self.wording.say("money", self.language, **shown)
        return [crude, adjusted, money], slots

    def _with_interval(self, key: str) -> str:
        return f"{self.shown(key)} ({self.interval(key)})" if key else "–"

    def illustrations(self, rows: Collection[int]) -> tuple[str, ...]:
        """Return the ids of the documents in `rows`."""
        return tuple(document.id for document in self.documents if document.row in rows)

"""A bench of generated questions with their oracle filter, for whatever reads questions.

A question is a template with the texts of a phrase in its slots. The phrase carries the oracle:
the rows that a careful analyst would take. `dev` and `held_out` share no template and no phrase.

Conventions of the oracle, fixed before any parser was measured:

- "Without" an add-on (and every other way to say so) is the value "No", not "No internet
  service". "Not" a value that excludes others (fiber, a contract, a way to pay) is every other.
- Over, more than, 超过, 高于: `gt`. At least, or more, 以上, 满: `ge`. Up to, within, at most,
  以内, 不超过: `le`. Under, less than, 不到, 不满, 不足, 低于: `lt`. Between: both ends included.
- "First N months" is tenure ≤ N, "first year" tenure ≤ 12, "past the first year" its complement.
  "Leave within N months" is asked about customers of that tenure. An empty total charge is 0.
- "Or" inside a group are alternatives, which bind closer than what stands around them.
- New is tenure ≤ 6, long-tenure is tenure ≥ 48, high-value is the top quarter of monthly charges.
- Whatever sets one group against another asks to compare, also when it begins with why. The group
  asked about is the cohort, the yardstick ("than B", "compared with B") is `compare_to`; a shared
  context belongs to both; "the rest" is the complement of the cohort.
- Counts, shares and rates ask `how_many`, requests for measures `what_to_do`, anything else `why`.
- `outcome` is None, and not scored, where the question fixes none (sizes, measures, complaints).
- Unanswerable is what needs an attribute, a value, a group, a date, a place, a person or another
  trade that the table does not hold, what contradicts itself, and what is no question about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from churnlens.evaluation.oracle import Ask, Atom, Either, Filter, Meaning, complement
from churnlens.schema import Condition, Frozen, Language, Quantile, Schema

Split = Literal["dev", "held_out"]


class Phrase(Frozen):
    """Texts by slot and what they mean; `cohort` is None where the table cannot say."""

    texts: dict[str, str]
    cohort: Filter | None = None
    compare_to: Filter | None = None


class Family(Frozen):
    """Templates that ask the same thing.

    Attributes:
        ask: None makes every question of the family unanswerable.
        category: name under which questions are scored; by default the phrase's group.
        groups: phrase groups that fill the slots; without groups a template is a whole question
            about every customer.
        take: number of questions made of each template.
        rest: whether the cohort is compared with its complement.
    """

    name: str
    templates: tuple[str, ...]
    ask: Ask | None = None
    outcome: Literal["left", "stayed"] | None = None
    category: str = ""
    groups: tuple[str, ...] = ()
    take: int = 1
    rest: bool = False


class Section(Frozen):
    """Phrases and families of one split in one language."""

    phrases: dict[str, tuple[Phrase, ...]]
    families: tuple[Family, ...]

    @model_validator(mode="after")
    def _slots_fit(self) -> Section:
        for family in self.families:
            if missing := sorted(set(family.groups) - set(self.phrases)):
                raise ValueError(f"family {family.name}: no phrase group {missing}")
            filled = {frozenset(p.texts) for g in family.groups for p in self.phrases[g]}
            for template in family.templates:
                slots = frozenset(name for _, name, _, _ in Formatter().parse(template) if name)
                if (filled or {frozenset()}) != {slots}:
                    raise ValueError(
                        f"family {family.name}: {template!r} has the slots {sorted(slots)}, "
                        f"its phrases fill {[sorted(each) for each in filled]}"
                    )
        return self


class Bench(Frozen):
    """All splits of a question bench."""

    name: str
    splits: dict[Split, dict[Language, Section]]

    def fits(self, schema: Schema) -> bool:
        """Whether the bench was written for the table of `schema`: by name, and every column."""
        sections = (each for split in self.splits.values() for each in split.values())
        phrases = (p for each in sections for group in each.phrases.values() for p in group)
        used = {
            atom.column
            for phrase in phrases
            for part in (*(phrase.cohort or ()), *(phrase.compare_to or ()))
            for atom in (part.any_of if isinstance(part, Either) else (part,))
        }
        return self.name == schema.name and used <= {column.name for column in schema.columns}


class BenchQuestion(Meaning):
    """One question and its oracle."""

    id: str
    family: str
    split: Split
    category: str
    language: Language
    text: str


def read_bench(raw: Mapping[str, Any]) -> Bench:
    """Build a bench from the mapping that a bench file holds (see `conf/base/bench`).

    Raises:
        ValueError: naming an unknown filter, a malformed phrase or family, or a slot left empty.
    """
    named = {name: _part(each, {}) for name, each in raw["filters"].items()}

    def phrase(row: Mapping[str, Any]) -> Phrase:
        meaning = {key: _filter(row.get(key), named) for key in ("is", "versus")}
        texts = {slot: text for slot, text in row.items() if slot not in meaning}
        return Phrase(texts=texts, cohort=meaning["is"], compare_to=meaning["versus"])

    def section(rows: Mapping[str, Any]) -> dict[str, Any]:
        groups = {group: [phrase(row) for row in each] for group, each in rows["phrases"].items()}
        return {"phrases": groups, "families": rows["families"]}

    splits = {
        split: {language: section(rows) for language, rows in raw[split].items()}
        for split in ("dev", "held_out")
    }
    return Bench.model_validate({"name": raw["name"], "splits": splits})


def _filter(rows: Sequence[Any] | None, named: Mapping[str, Atom | Either]) -> Filter | None:
    return None if rows is None else tuple(_part(row, named) for row in rows)


def _part(row: Any, named: Mapping[str, Atom | Either]) -> Atom | Either:
    if isinstance(row, str):
        if row not in named:
            raise ValueError(f"unknown filter {row!r}; 'filters' has {sorted(named)}")
        return named[row]
    if isinstance(row, Mapping) and "any_of" in row:
        return Either.model_validate({"any_of": [_part(each, named) for each in row["any_of"]]})
    if isinstance(row, Mapping):
        column, operator, share = row["quantile"]
        return Quantile(column=column, op=operator, quantile=share)
    column, operator, value = row
    return Condition(column=column, op=operator, value=value)


def divide(bench: Bench, share: float, seed: int = 0) -> tuple[Bench, Bench]:
    """Divide the split `dev` by family and by phrase; the split `held_out` stays in both.

    A question of one part has neither its template nor a text of its phrase in the other part, so
    that nothing in it is a sibling of a question there. Phrases that share a text stay together.

    Args:
        bench: whole.
        share: of the families, and of the phrases of each group, that go to the second part.
        seed: another seed divides otherwise.

    Returns:
        The larger part and the smaller one.
    """
    parts: list[dict[Language, Section]] = [{}, {}]
    for language, section in bench.splits["dev"].items():
        rng = np.random.default_rng([seed, *language.encode()])
        chosen = _choose_evenly([_kind(family) for family in section.families], share, rng)
        phrases = _choose_phrases(section.phrases, share, rng)
        for part, taken in zip(parts, (False, True), strict=True):
            part[language] = _part_of(section, chosen, phrases, taken)
    first, second = ({**bench.splits, "dev": part} for part in parts)
    return (
        bench.model_copy(update={"splits": first}),
        bench.model_copy(update={"splits": second}),
    )


def _choose_phrases(
    phrases: Mapping[str, tuple[Phrase, ...]], share: float, rng: np.random.Generator
) -> dict[str, frozenset[int]]:
    """Return places in each group, about a share of them: one at least, and never all."""
    sizes = {group: len(each) for group, each in phrases.items()}
    quota = {group: max(1, round(share * size)) for group, size in sizes.items()}
    bundles = _bundle(phrases)
    order = [bundles[place] for place in rng.permutation(len(bundles))]
    taken: dict[str, set[int]] = {group: set() for group in phrases}
    for most, enough in ((quota, quota), (sizes, dict.fromkeys(sizes, 1))):
        for bundle in order:
            counts = Counter(group for group, _ in bundle)
            wanted = any(len(taken[group]) < enough[group] for group in counts)
            if wanted and all(
                len(taken[group]) + count <= min(most[group], sizes[group] - 1)
                for group, count in counts.items()
            ):
                for group, place in bundle:
                    taken[group].add(place)
    return {group: frozenset(places) for group, places in taken.items()}


def _bundle(phrases: Mapping[str, tuple[Phrase, ...]]) -> list[list[tuple[str, int]]]:
    """Return (group, place) of all phrases, those with a text in common in one list."""
    bundles: list[tuple[set[str], list[tuple[str, int]]]] = []
    for group, each in phrases.items():
        for place, phrase in enumerate(each):
            texts, members = {text.casefold() for text in phrase.texts.values()}, [(group, place)]
            apart = [bundle for bundle in bundles if not bundle[0] & texts]
            for others, those in (bundle for bundle in bundles if bundle[0] & texts):
                texts, members = texts | others, members + those
            bundles = [*apart, (texts, members)]
    return [members for _, members in bundles]


def _choose_evenly(kinds: Sequence[str], share: float, rng: np.random.Generator) -> frozenset[int]:
    """Return a share of the places, spread over all kinds."""
    order = sorted(rng.permutation(len(kinds)).tolist(), key=lambda place: kinds[place])
    step = 1 / share
    return frozenset(order[int((turn + 0.5) * step)] for turn in range(int(len(order) / step)))


def _kind(family: Family) -> str:
    return family.category or ",".join(family.groups)


def _part_of(
    section: Section,
    families: frozenset[int],
    phrases: Mapping[str, frozenset[int]],
    taken: bool,
) -> Section:
    """Return the families and phrases that are, or are not, among the chosen ones."""
    kept = {
        group: tuple(p for i, p in enumerate(each) if (i in phrases[group]) == taken)
        for group, each in section.phrases.items()
    }
    kept = {group: each for group, each in kept.items() if each}
    chosen = []
    for place, family in enumerate(section.families):
        groups = tuple(group for group in family.groups if group in kept)
        if (place in families) == taken and (groups or not family.groups):
            chosen.append(family.model_copy(update={"groups": groups}))
    return section.model_copy(update={"phrases": kept, "families": tuple(chosen)})


def generate(bench: Bench, split: Split, seed: int = 0) -> tuple[BenchQuestion, ...]:
    """Return the questions of a split, the same for the same seed.

    Each template is filled `take` times, with the phrases used least so far.
    """
    questions: list[BenchQuestion] = []
    for stream, (language, section) in enumerate(bench.splits[split].items()):
        rng = np.random.default_rng([seed, stream])
        uses: Counter[tuple[str, int]] = Counter()
        for family in section.families:
            made = [
                (template, *choice)
                for template in family.templates
                for choice in _deal(section, family, uses, rng)
            ]
            for number, (template, group, phrase) in enumerate(made):
                name = f"{split}.{language}.{family.name}"
                text = template.format(**phrase.texts)
                questions.append(
                    BenchQuestion(
                        id=f"{name}.{number}",
                        family=name,
                        split=split,
                        language=language,
                        text=text[0].upper() + text[1:] if template[0] == "{" else text,
                        **_meaning(family, group, phrase),
                    )
                )
    return tuple(questions)


def _deal(
    section: Section, family: Family, uses: Counter[tuple[str, int]], rng: np.random.Generator
) -> list[tuple[str, Phrase]]:
    """Return `take` groups and phrases for one template, counting them in `uses`."""
    if not family.groups:
        return [("", Phrase(texts={}, cohort=()))]
    keys = [(group, i) for group in family.groups for i in range(len(section.phrases[group]))]
    shuffled = [keys[i] for i in rng.permutation(len(keys))]
    dealt = sorted(shuffled, key=lambda key: uses[key])[: family.take]
    uses.update(dealt)
    return [(group, section.phrases[group][i]) for group, i in dealt]


def _meaning(family: Family, group: str, phrase: Phrase) -> dict[str, Any]:
    """Return the category of a question and the fields of its oracle."""
    known = phrase.cohort is not None
    category = (family.category or group) if known else group
    if phrase.cohort is None or family.ask is None:
        return {"category": category, "answerable": False}
    return {
        "category": category,
        "answerable": True,
        "cohort": phrase.cohort,
        "compare_to": complement(phrase.cohort) if family.rest else phrase.compare_to,
        "outcome": family.outcome,
        "ask": family.ask,
    }

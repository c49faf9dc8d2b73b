"""Questions for a table without a bench: the wording of another, the groups of your schema."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from string import Formatter

from churnlens.evaluation.question_bench import Bench, Family, Phrase, Section, Split
from churnlens.evidence.candidates import Candidate, list_candidates
from churnlens.schema import Language, Schema

_ANYWHERE = frozenset({"off_topic", "injection"})  # refused whatever the table holds


def bench_of(bench: Bench, schema: Schema) -> Bench:
    """Return a bench for the table of `schema`: the given one, if it was written for it.

    Of another one the wording is kept and the groups are taken from the schema: its values and
    bands, alone and in pairs of one column. Each split has its own groups and its own templates.
    """
    if bench.fits(schema):
        return bench
    candidates = list_candidates(schema)
    shares: Mapping[Split, Sequence[Candidate]]
    shares = {"dev": candidates[::2] + candidates[3::4], "held_out": candidates[1::4]}
    splits = {
        split: {
            language: _section(section, _phrases(shares[split], schema, language))
            for language, section in sections.items()
        }
        for split, sections in bench.splits.items()
    }
    return Bench(name=schema.name, splits=splits)


def _phrases(
    candidates: Sequence[Candidate], schema: Schema, language: Language
) -> dict[str, tuple[Phrase, ...]]:
    """Return the groups of a schema as phrases: `x` alone, `a` and `b` in pairs."""
    noun = schema.noun.of(language)

    def named(candidate: Candidate) -> str:
        label = candidate.label.of(language)
        return f"{noun} {label}" if language == "en" else f"{label}的{noun}"

    alone = [Phrase(texts={"x": named(c)}, cohort=c.conditions) for c in candidates]
    pairs = [
        Phrase(
            texts={"a": named(one), "b": named(other)},
            cohort=one.conditions,
            compare_to=other.conditions,
        )
        for one, other in itertools.pairwise(candidates)
        if one.column == other.column
    ]
    groups = {"alone": tuple(alone), "pair": tuple(pairs)}
    return {group: phrases for group, phrases in groups.items() if phrases}


def _section(section: Section, phrases: dict[str, tuple[Phrase, ...]]) -> Section:
    families = [found for family in section.families if (found := _family(family, phrases))]
    return Section(phrases=phrases, families=tuple(families))


def _family(family: Family, phrases: Mapping[str, object]) -> Family | None:
    """Return a family over the groups of the schema; None where it fits no table or not this."""
    slots = {
        name
        for template in family.templates
        for _, name, _, _ in Formatter().parse(template)
        if name
    }
    group = {frozenset({"x"}): "alone", frozenset({"a", "b"}): "pair"}.get(frozenset(slots), "")
    if not slots:
        keep = family.category in _ANYWHERE or (family.ask is not None and not family.groups)
        return family if keep else None
    if group not in phrases or family.ask is None:
        return None
    return family.model_copy(update={"groups": (group,), "category": family.category or family.ask})

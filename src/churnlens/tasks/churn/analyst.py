"""Answers questions about customers: parse, compute, illustrate, write, check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from churnlens.evidence.checks import check_all, foreign_words
from churnlens.evidence.cohort import CohortFigures, gate
from churnlens.evidence.edits import Edit, edited
from churnlens.evidence.findings import tell, tell_rejected
from churnlens.evidence.narrator import Narrator
from churnlens.evidence.query import Filter, Query, describe
from churnlens.evidence.questions import parse_question
from churnlens.evidence.statements import Document, Finding, Ledger, Statistic
from churnlens.evidence.study import Population, Study, conduct_study
from churnlens.evidence.themes import Theme
from churnlens.evidence.wording import Wording
from churnlens.options import InferenceOptions
from churnlens.privacy.redaction import redact
from churnlens.schema import Schema
from churnlens.tasks.churn.answers import Answer, Checks, Cohort, Evidence
from churnlens.tasks.churn.briefs import Brief
from churnlens.tasks.churn.illustrations import EXPLAINS, Corpus, illustrate
from churnlens.tasks.churn.writers import Draft, TemplateWriter, Writer, plain_claim

THEMES = 3
REJECTED = 3  # shown to a writer beside the drivers


@dataclass(frozen=True, eq=False)
class Told:
    """A study with its findings, what is no driver, and the evidence behind them."""

    study: Study
    findings: tuple[Finding, ...]
    rejected: tuple[Finding, ...]
    statistics: dict[str, Statistic]
    documents: tuple[Document, ...]


@dataclass(frozen=True, eq=False)
class Analyst:
    """Everything that a question needs, loaded once.

    Attributes:
        common_words: English words that a claim may use whatever the feedback says.
    """

    population: Population
    corpus: Corpus
    wording: Wording
    writer: Writer
    options: InferenceOptions
    common_words: frozenset[str]

    @property
    def schema(self) -> Schema:
        """The table's schema."""
        return self.population.schema

    def ask(self, question: str) -> Answer:
        """Answer one question."""
        return self.answer([question])[0]

    def ask_edited(self, question: str, edit: Edit) -> Answer:
        """Answer one question about other customers than it names.

        Raises:
            FilterError: for customers that the table cannot select.
        """
        return self.compose([self.tell(edited(self.parse(question), edit, self.schema))])[0]

    def answer(self, questions: Sequence[str]) -> list[Answer]:
        """Answer questions in order; the sentences of all of them are written in one go."""
        return self.compose([self.tell(self.parse(question)) for question in questions])

    def compose(self, told: Sequence[Told]) -> list[Answer]:
        """Have findings written, checked and put into answers."""
        drafts = self._write(told)
        return [self._assemble(each, *draft) for each, draft in zip(told, drafts, strict=True)]

    def parse(self, question: str) -> Query:
        """Return the typed filter of a question, which is kept without personal data."""
        query = parse_question(question, self.schema, self.population.table)
        shown = redact(question).text
        if shown == question:
            return query
        problems = tuple(_without_words(problem, shown) for problem in query.problems)
        return query.model_copy(update={"question": shown, "problems": problems})

    def study(self, query: Query) -> Study:
        """Compute a query's statistics."""
        return conduct_study(query, self.population, self.options.drivers)

    def tell(self, query: Query) -> Told:
        """Compute a query's statistics, find its illustrations, and state the findings."""
        study = self.study(query)
        return self.report(study, self.illustrate(study, self.options.documents))

    def illustrate(self, study: Study, count: int) -> tuple[Document, ...]:
        """Find up to `count` illustrations of a study; fewer of them are the first of more."""
        if study.status != "answered":
            return ()
        return illustrate(study, self.population, self.corpus, count)

    def report(self, study: Study, shown: tuple[Document, ...]) -> Told:
        """State the findings of a study, illustrated by the documents that are shown."""
        ledger = Ledger()
        narrator = Narrator(study, self.population, self.wording, ledger, shown)
        findings = tell(narrator, worth_saying(study))
        rejected = tell_rejected(narrator, REJECTED) if study.status == "answered" else ()
        return Told(study, findings, rejected, ledger.statistics, shown)

    def brief(self, told: Told) -> Brief:
        """Return what a writer is given of a study."""
        study, query = told.study, told.study.query
        return Brief(
            language=query.language,
            question=query.question,
            status=study.status,
            findings=tuple(each for each in told.findings if each.kind != "breakdown"),
            rejected=told.rejected,
            statistics=told.statistics,
            documents=told.documents,
            group=describe(query.cohort, self.schema, query.language),
            risk_level=study.risk.level if study.risk and study.status == "answered" else None,
            actions=self._actions(told),
            refusal=self._refusal(study),
        )

    def _refusal(self, study: Study) -> str:
        """Return why there is no answer, as short as it can be said."""
        if study.status == "too_few":
            return self._too_few(study, "too_few_brief")
        return self.wording.refuse(study.query.problems, study.query.language)

    def _write(self, told: Sequence[Told]) -> list[tuple[list[Draft], str]]:
        """Return the drafts of each answer and who wrote them, each writer asked once.

        Rates by the values of a column are a table: they stand behind the first sentence as the
        template says them, whoever writes.
        """
        template = TemplateWriter()
        briefs = [self.brief(each) for each in told]
        by_model = [
            i for i, b in enumerate(briefs) if b.findings and self.writer.speaks(b.language)
        ]
        written = iter(self.writer.write([briefs[i] for i in by_model]))
        drafts = dict(zip(by_model, written, strict=True))
        written_by = [
            (drafts[i], self.writer.name)
            if i in drafts
            else (template.write([brief])[0], template.name)
            for i, brief in enumerate(briefs)
        ]
        return [
            ([*draft[:1], *_table(each), *draft[1:]], name)
            for each, (draft, name) in zip(told, written_by, strict=True)
        ]

    def _assemble(self, told: Told, drafts: list[Draft], writer: str) -> Answer:
        query, study = told.study.query, told.study
        quotes = [document.quote for document in told.documents]
        feedback = foreign_words(quotes, self.common_words)
        claims, dropped = check_all(drafts, told.statistics, query.language, feedback)
        documents = {document.id: document for document in told.documents}
        cited = tuple(dict.fromkeys(key for claim in claims for key in claim.doc_ids))
        return Answer(
            question=query.question,
            status=study.status,
            summary=self._summary(told),
            top_reasons=tuple(f.subject for f in told.findings if f.kind in ("driver", "theme")),
            risk_level=study.risk.level if study.risk else None,
            risk_score=study.risk.score if study.risk else None,
            risk_components=study.risk.components if study.risk else None,
            actions=self._actions(told),
            citations=cited,
            cohort=self._cohort(study),
            claims=claims,
            statistics=told.statistics,
            documents={key: _evidence(documents[key]) for key in cited},
            checks=Checks(written=len(drafts), kept=len(claims), dropped=dropped),
            problems=query.problems,
            model=writer,
            language=query.language,
        )

    def _cohort(self, study: Study) -> Cohort | None:
        if study.figures is None:
            return None
        query, rate = study.query, study.figures.rate
        return Cohort(
            filter=query.cohort,
            compare_to=query.compare_to,
            text=describe(query.cohort, self.schema, query.language),
            size=study.figures.size,
            churn_rate=rate.value if rate else None,
            churn_rate_ci=(rate.low, rate.high) if rate else None,
            lift=study.figures.lift,
        )

    def _summary(self, told: Told) -> str:
        study, query = told.study, told.study.query
        if study.status == "not_answerable":
            columns = ", ".join(c.label.of(query.language) for c in self.schema.attributes())
            why = self.wording.refuse(query.problems, query.language)
            slots = {"problems": why, "columns": columns}
            return self.wording.say("not_answerable", query.language, **slots)
        if study.status == "too_few":
            return self._too_few(study)
        first = {"en": " ", "zh": ""}[query.language].join(self._rates(told))
        drivers = [finding.subject for finding in told.findings if finding.kind == "driver"]
        if query.ask not in ("why", "what_to_do"):
            return first
        outcome = self.wording.leaving if query.outcome == "left" else self.wording.staying
        slots = {"verbing": outcome.of(query.language)}
        joint = {"en": "; ", "zh": "；"}[query.language]
        if drivers:
            slots["list"] = joint.join(drivers[:3])
        frame = "drivers" if drivers else "no_drivers"
        return f"{first} {self.wording.say(frame, query.language, **slots)}"

    def _rates(self, told: Told) -> list[str]:
        """Return the first finding, and one sentence of rates for each column that is asked."""
        language, joint = told.study.query.language, {"en": ", ", "zh": "、"}
        sentences = [told.findings[0].sentence]
        said = (finding for finding in told.findings if finding.kind == "breakdown")
        for each in told.study.breakdown:
            column = self.schema.column(each.column).label.of(language)
            rates = [f"{part.label.of(language)} {next(said).headline}" for part, _ in each.told]
            if rates:
                slots = {"column": column, "list": joint[language].join(rates)}
                sentences.append(self.wording.say("breakdown", language, **slots))
            sentences += [next(said).sentence for parts in (each.lower, each.small) if parts]
        return sentences

    def _too_few(self, study: Study, frame: str = "too_few") -> str:
        query, drivers = study.query, self.options.drivers
        groups: list[tuple[CohortFigures | None, Filter | None]]
        groups = [(study.figures, query.cohort)]
        if study.comparison is not None:
            groups = [(study.comparison.a, query.cohort), (study.comparison.b, query.compare_to)]
        figures, small = next(
            (each, filters or ())
            for each, filters in groups
            if each is not None and gate(each, drivers.min_customers, drivers.min_events)
        )
        slots = {
            "who": describe(small, self.schema, query.language),
            "customers": figures.size,
            "events": figures.events,
            "min_customers": drivers.min_customers,
            "min_events": drivers.min_events,
        }
        return self.wording.say(frame, query.language, **slots)

    def _actions(self, told: Told) -> tuple[str, ...]:
        names = {finding.name for finding in told.findings if finding.name}
        names |= {d.candidate.column for d in told.study.drivers}
        language = told.study.query.language
        return tuple(a.text.of(language) for a in self.schema.actions if a.when in names)


def _table(told: Told) -> list[Draft]:
    """Return the rates by the values of a column as claims."""
    rows = (finding for finding in told.findings if finding.kind == "breakdown")
    return [(plain_claim(finding), finding) for finding in rows]


def worth_saying(study: Study) -> tuple[Theme, ...]:
    """Return the themes that an answer names.

    They are associated with the asked outcome, and of the polarity that explains it: complaints
    for leaving, praise for staying.
    """
    wanted = EXPLAINS[study.query.outcome]
    if study.themes is None or study.query.ask not in ("why", "what_to_do"):
        return ()
    found = (
        theme
        for theme in study.themes.themes
        if theme.more_among == study.query.outcome and theme.polarity == wanted
    )
    return tuple(found)[:THEMES]


def _without_words(problem: str, shown: str) -> str:
    """Return a problem of the form `key: words`, its words hidden where a redaction took them."""
    key, _, words = problem.partition(": ")
    return problem if words.casefold() in shown.casefold() else f"{key}: …"


def _evidence(document: Document) -> Evidence:
    return Evidence(quote=document.quote, reason=document.reason, polarity=document.polarity)

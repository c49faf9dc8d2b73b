"""The rule parser behind `churnlens.evidence.questions`, from characters to a filter.

text → tokens, lexicon → the phrases of a schema, scan → items, quantities → numbers with units,
atoms → single conditions with their polarity, logic → filters, sides, dividing → A versus B,
intent → what is asked, refusal → what cannot be answered. Before all `idioms` says set phrases
plainly; between them `appositions` and `predicates` silence what is said twice or only links,
`pronouns` puts an attribute in the place of "it", and `frames` silences what tells who asks and
what for.

`refusal` asks `positions` for strange words, `conditions` (and `classes`, `relatives`, `marks`) for
known words that restrict customers by what no column records, and `requests` for questions that are
not about customers.
"""

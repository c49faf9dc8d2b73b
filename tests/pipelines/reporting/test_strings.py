import re
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from churnlens.evaluation.bench_score import Figures
from churnlens.evaluation.classification import METRICS
from churnlens.evaluation.paired import ArmComparison
from churnlens.evaluation.value import METRICS as VALUE_METRICS
from churnlens.evaluation.value import PAIRED
from churnlens.evidence.risk import Level, RiskComponents
from churnlens.evidence.statements import Measure
from churnlens.evidence.study import Status
from churnlens.options import DistillationOptions
from churnlens.pipelines.reporting import strings
from churnlens.pipelines.reporting.churn.student import NEAR, VARIED
from churnlens.pipelines.reporting.strings import _joined, load_strings, read_wordbook
from churnlens.privacy.recognisers import Kind
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.churn.arm_scores import EASY, HONEST, PUBLIC
from churnlens.tasks.churn.grading import Grade
from churnlens.tasks.churn.judging import AnswerScore
from churnlens.tasks.clv.arms import arms
from churnlens.tasks.clv.contract_rows import FACTS
from churnlens.tasks.clv.contract_value import MODELS as SURVIVAL_MODELS
from churnlens.tasks.clv.features import FEATURES
from churnlens.tasks.clv.text_arm import EMBEDDED, LANGUAGE_MODEL
from churnlens.tasks.clv.transactions import REASONS
from churnlens.tasks.pairwise import POINTS
from churnlens.tasks.satisfaction.action_table import Action
from churnlens.tasks.satisfaction.alerts import Rule
from churnlens.tasks.satisfaction.phrases import Kind as PhraseKind
from churnlens.tasks.service.arms import ARMS as SERVICE_ARMS
from churnlens.tasks.service.arms import CHECKED, FLOOR, PASSAGES
from churnlens.tasks.service.bench import SIDES
from churnlens.tasks.service.judging import METRICS as SERVICE_METRICS
from churnlens.tasks.service.own_rows import SPLITS

ROOM = Path(strings.__file__).parent


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _phrases():
    book = read_wordbook()
    yield from book.phrases.values()
    for group in book.groups.values():
        yield from group.values()
    for term in book.terms:
        yield from (term.name, term.text)


def test_both_languages_are_complete_and_have_the_same_slots():
    for phrase in _phrases():
        assert phrase.en.strip() and phrase.zh.strip()
        assert _slots(phrase.en) == _slots(phrase.zh)


def test_chinese_is_chinese_and_english_is_not():
    for phrase in _phrases():
        assert not re.search(r"[\u3400-\u9fff]", phrase.en), phrase.en
    untranslated = {p.en for p in _phrases() if p.en == p.zh}
    assert untranslated <= {
        "p", "AUC", "Brier", "F1", "LightGBM", "≤ {share}", "BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L",
    }  # fmt: skip


def test_every_phrase_is_used_and_every_used_phrase_exists():
    sources = (each for each in ROOM.rglob("*") if each.suffix in {".py", ".html"})
    written = "\n".join(each.read_text(encoding="utf-8") for each in sources)
    built = {"title", "figure"}  # suffixes of phrases that are named by a section or a figure
    used = set(re.findall(r"""say\(\s*f?["'](\w+)["']""", written))
    book = read_wordbook()
    assert used <= set(book.phrases)
    quoted = set(re.findall(r"""["'](\w+)["']""", written))
    unused = {
        key
        for key in book.phrases
        if key not in quoted | {"complaint", "praise"}  # the polarity of a theme
        and key.rpartition("_")[2] not in built
        and not key.startswith("limit_")
    }
    assert unused == set()


@pytest.mark.parametrize(
    ("group", "keys"),
    [
        ("measures", get_args(Measure)),
        ("levels", get_args(Level)),
        ("components", RiskComponents.model_fields),
        ("status", set(get_args(Status)) - {"answered"}),
        ("kinds", get_args(Kind)),
        ("metrics", [*METRICS, "f1"]),
        ("figures", set(Figures.model_fields) - {"questions"}),
        ("wrong", set(Figures.model_fields) - {"questions"}),
        ("arms", ["gold", "stub", "template", *WRITTEN, "tuned_checked", "public_repairs"]),
        ("scores", [*PUBLIC, "public_mean", *HONEST, *EASY, "repetition", "cut_off", "chars"]),
        ("teachers", get_args(DistillationOptions.model_fields["teacher"].annotation)),
        ("tests", get_args(get_args(ArmComparison.model_fields["test"].annotation)[0])),
        ("rulings", [*POINTS, "unread"]),
        ("texts", [*NEAR, "wordings", *VARIED]),
        ("value_models", {"perfect", *arms("bg_nbd"), *arms("survival"), LANGUAGE_MODEL, EMBEDDED}),
        ("value_scores", (set(VALUE_METRICS) | set(PAIRED)) - {"top_share"}),
        ("survival_models", SURVIVAL_MODELS),
        ("value_columns", [*FEATURES, *FACTS]),
        ("exclusions", REASONS),
        ("service_scores", [*SERVICE_METRICS, "pass_all"]),
        ("service_arms", [FLOOR, PASSAGES, CHECKED, *SERVICE_ARMS]),
        ("bench_sides", SIDES),
        ("lesson_splits", [*SPLITS, "general"]),
        ("fired_rules", get_args(Rule)),
        ("phrase_kinds", get_args(PhraseKind)),
        ("alert_actions", get_args(Action)),
        ("judgements", set(AnswerScore.model_fields) - {"answers", "answered", "models"}),
    ],
)
def test_every_key_of_the_data_has_a_name(group, keys):
    assert set(read_wordbook().groups[group]) == set(keys)


@pytest.mark.parametrize(
    ("module", "pattern", "group"),
    [
        ("evidence/checks.py", r'yield "(\w+)"', "checks"),
        ("evidence/checks.py", r'why="(\w+)"', "checks"),
        ("evidence/screening.py", r'"(\w+)": (?:rate|q|strong|confirmed)', "why_not"),
        ("tasks/retention/table.py", r'"(\w+)": (?:row|rested|proposed)', "keep_outcomes"),
        ("evidence/drivers.py", r'why_not\[place\] = "(\w+)"', "why_not"),
    ],
)
def test_every_reason_that_the_code_gives_has_words(module, pattern, group):
    source = files("churnlens").joinpath(module).read_text(encoding="utf-8")
    found = set(re.findall(pattern, source))
    assert found
    assert found <= set(read_wordbook().groups[group])


def test_every_gate_of_a_training_row_has_words():
    book = read_wordbook().groups
    shares = ("support", "numbers", "documents", "drivers", "drivers_named", "coverage")
    flags = {name for name, field in Grade.model_fields.items() if field.annotation is bool}
    grading = files("churnlens").joinpath("tasks/churn/grading.py").read_text(encoding="utf-8")
    faults = {"no_fact", "unclear_fact", "unknown_document"}
    assert all(f'"{fault}"' in grading for fault in faults)
    gates = flags | faults | {f"{name}_incomplete" for name in shares}
    assert set(book["gates"]) == gates | {"in_a_test", "sibling", "near_duplicate"}


def test_a_key_without_a_name_is_shown_as_it_is():
    assert load_strings("zh").name("checks", "brand_new_check") == "brand new check"


def test_a_phrase_of_one_report_does_not_replace_that_of_another():
    with pytest.raises(ValueError, match="'b'"):
        _joined([{"a": 1, "b": 2}, {"b": 3}])
    assert _joined([{"a": 1}, {"b": 2}]) == {"a": 1, "b": 2}
    assert load_strings("en").say("summary_title") == "At a glance"


def test_a_missing_slot_is_an_error():
    with pytest.raises(KeyError):
        load_strings("en").say("risk_score", level="high")

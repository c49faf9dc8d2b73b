"""The section about the student: shown only where one was judged, and its verdict by the numbers."""

import copy
import re

import pytest

from churnlens.pipelines.reporting.churn.student import about_student
from churnlens.pipelines.reporting.strings import load_strings
from pipelines.reporting.sample import Page, page, student_inputs


@pytest.fixture(scope="module")
def inputs():
    return student_inputs()


@pytest.fixture(scope="module")
def section():
    source = page("en")
    return source[source.index('<section id="student"') : source.index('<section id="risk"')]


def changed(inputs, **metrics):
    return inputs["arm_metrics"] | metrics


def lead(metrics, language="en"):
    return about_student(metrics, None, None, load_strings(language))["lead"]


def test_without_a_student_there_is_no_section():
    nothing = dict.fromkeys(("arm_metrics", "distillation_quality", "training_history"))
    for given in (nothing, student_inputs() | {"arm_metrics": None}):
        parsed = Page(page("en", **given))
        assert "student" not in parsed.ids() and "#student" not in parsed.targets()
        assert parsed.faults == []
        assert "loss" not in parsed.text.casefold()


def test_a_student_that_could_not_be_judged_says_why():
    text = Page(page("en", arm_metrics={"skipped": "there are no questions"})).text
    assert "The student was not judged: there are no questions." in text
    assert "1,220 passed every check" in text
    assert "What a stub cannot win" not in text


def test_rows_and_losses_may_be_missing(inputs):
    given = inputs | {"distillation_quality": None, "training_history": None}
    parsed = Page(page("en", **given))
    assert parsed.faults == []
    assert "Losses of the training" not in parsed.text
    assert "What a stub cannot win" in parsed.text


def test_the_verdict_is_yes_where_nothing_is_lacking(inputs):
    said = lead(changed(inputs, lacking={}, comparisons=[]))
    assert said.startswith("The student may replace the template writer: on 10 held-out questions")
    assert "at most 5.0 points worse" in said
    assert lead(changed(inputs, lacking={}), "zh").startswith("学生模型可以代替模板撰写")


def test_the_verdict_is_no_and_names_what_is_lacking(inputs):
    said = lead(changed(inputs, lacking={"coverage": 0.3, "refusal": 0.0612}))
    assert said.startswith("The student should not replace the template writer yet")
    assert "facts that are said (by 30.0); rightly refused (by 6.1)" in said
    assert "还不能代替" in lead(changed(inputs, lacking={"coverage": 0.3}), "zh")


@pytest.mark.parametrize(("low", "doubted"), [(-0.051, True), (-0.049, False)])
def test_a_yes_is_qualified_by_its_intervals(inputs, low, doubted):
    rows = copy.deepcopy(inputs["arm_metrics"]["comparisons"])
    for row in rows:
        row["result"]["difference"]["low"] = -0.9  # other pairs say nothing of the verdict
        if (row["first"], row["second"]) == ("tuned_grammar", "template"):
            row["result"]["difference"]["low"] = low if row["metric"] == "coverage" else 0.0
    said = lead(changed(inputs, lacking={}, comparisons=rows))
    assert ("do not rule that out for facts that are said. " in said) is doubted


def test_variety_is_told_by_every_language(inputs):
    quality = copy.deepcopy(inputs["arm_metrics"]["quality"])
    for name, ways in (("tuned_grammar", 3.0), ("template", 2.0)):
        quality[name] = {"en": {"wordings": ways}}
    assert "varies more than" in lead(changed(inputs, quality=quality))
    for name in ("tuned_grammar", "template"):
        quality[name]["zh"] = {"wordings": 2.0}
    assert "does not vary more" in lead(changed(inputs, quality=quality))
    quality["tuned_grammar"]["zh"] = {"wordings": None}
    assert "does not vary more" in lead(changed(inputs, quality=quality))


def test_what_taught_it_is_counted(section):
    text = Page(section).text
    assert "of 1,234 answers in 31 families" in text and "1,220 passed" in text
    assert "14 were refused" in text
    for why in ("nearly the same as another row", "speaks of causes", "error: refused"):
        assert why in text


def test_losses_are_drawn_and_listed(section):
    assert section.count("<svg") == 1
    assert "1.750" in section and "1.500" in section


def test_what_the_public_system_publishes_stands_beside_its_repairs(section):
    text = Page(section).text
    after = text[text.index("The five public figures and their mean") :]
    assert "publishes 92.0 for its repaired answers" in after[: after.index("What a stub cannot")]


def test_rulings_of_a_judge_are_shown_where_there_is_one(inputs, section):
    assert "Judged in pairs" not in section
    counts = {"first": 5, "tie": 1, "swayed": 2, "second": 1, "unread": 1}
    share = {"value": 0.72, "low": 0.5, "high": 0.9, "n": 4}
    pair = {"first": "tuned", "second": "base", "counts": counts, "share": share}
    metrics = changed(inputs, judged={"by": "<judge> 1", "pairs": [pair]})
    parsed = Page(page("en", arm_metrics=metrics))
    assert parsed.faults == []
    assert "A model (<judge> 1) was shown both" in parsed.text and "72.0" in parsed.text


def cells(section, row):
    """Return the values of the first row of this name, in the order of the arms."""
    found = re.search(rf'<tr><th scope="row">{row}</th>(.*?)</tr>', section, re.S)
    return re.findall(r"<td[^>]*>\s*([\d.–]+)", found[1])


def test_the_stub_wins_the_public_figures_which_come_first(section):
    text = Page(section).text
    assert text.index("The five public figures") < text.index("What a stub cannot win")
    assert "a stub that reads nothing and has no model wins them all" in text
    assert cells(section, "mean of the five")[0] == "100.0"


def test_the_floor_stands_beside_each_score(section):
    heads = re.findall(r'<th scope="col" class="floor">([^<]*)</th>', section)
    assert heads == ["stub without a model (floor)"] * 3
    for name in ("sentences that stand on their evidence", "facts that are said"):
        stub, template, base, _, tuned, grammar, checked, _ = cells(section, name)
        assert (stub, template, base) == ("0.0", "100.0", "0.0")
        assert (tuned, grammar, checked) == ("85.7", "100.0", "100.0")  # one of seven was empty


def test_scores_have_intervals_and_pairs_an_adjusted_p(section, inputs):
    text = Page(section).text
    coverage = inputs["arm_metrics"]["arms"]["tuned"]["coverage"]
    assert f"{100 * coverage['low']:.1f}–{100 * coverage['high']:.1f}" in text
    row = next(r for r in inputs["arm_metrics"]["comparisons"] if r["metric"] == "coverage")
    assert "tuned, raw against base model" in text
    assert f"{row['holm']:.3f}" in text and "McNemar" in text


def test_nearness_has_its_signatures(section):
    text = Page(section).text
    for part in (
        "Words in English",
        "Words in Chinese",
        "tok:13a",
        "tok:zh",
        "rouge-score:",
        "zlib",
    ):
        assert part in text


def test_three_raw_answers_stand_folded_beside_the_reference(section, inputs):
    examples = inputs["arm_metrics"]["examples"]
    assert len(examples) == 3
    folded = re.findall(r"<details>(.*?)</details>", section, re.S)[-3:]
    for example, part in zip(examples, folded, strict=True):
        text = Page(part).text
        assert example["question"] in text
        assert example["texts"]["gold"] in text and example["texts"]["tuned"] in text
    assert 'lang="zh-Hans"' in folded[-1] or all(e["language"] == "en" for e in examples)


def test_how_many_texts_were_cut_off_is_shown_for_the_arms_of_a_model(section):
    found = re.search(
        r'<tr><th scope="row">cut off by the length limit</th>(.*?)</tr>', section, re.S
    )
    shown = [
        re.match(r"\s*([\d.–-]+)", cell)[1]
        for cell in re.findall(r"<td[^>]*>(.*?)</td>", found[1], re.S)
    ]
    assert shown == ["–", "–", "0.0", "0.0", "10.0", "0.0", "–", "–"]

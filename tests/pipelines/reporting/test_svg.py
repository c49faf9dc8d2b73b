import warnings

import pytest

from churnlens.pipelines.reporting.dotplot import Row, Series, dot_plot, shorten
from churnlens.pipelines.reporting.svg import COLOURS, as_svg
from pipelines.reporting.sample import HOSTILE, Page

ESTIMATE = {"value": 2.0, "low": 1.5, "high": 2.5}
SERIES = (Series("crude", COLOURS["muted"], "o", hollow=True), Series("adjusted", "#1f6aa5", "D"))


def _figure(name="one", label="on fiber"):
    return dot_plot(name, [Row(label, (ESTIMATE, None))], SERIES, "nothing", reference=1.0)


def test_an_svg_loads_nothing_and_has_no_date():
    svg = as_svg(_figure(), "what it shows")
    assert svg.startswith('<svg role="img" aria-label="what it shows"')
    assert "http" not in svg
    assert "<metadata" not in svg
    assert "<?xml" not in svg
    assert "src=" not in svg


def test_equal_figures_give_equal_bytes():
    assert as_svg(_figure()) == as_svg(_figure())


def test_ids_are_used_unique_and_do_not_clash_between_figures():
    pages = [Page(as_svg(_figure(name))) for name in ("one", "two")]
    for parsed, name in zip(pages, ("one", "two"), strict=True):
        assert parsed.faults == []
        assert len(parsed.ids()) == len(set(parsed.ids()))
        assert set(parsed.targets()) <= set(parsed.ids())
        assert all(each.startswith(f"{name}-") for each in parsed.ids())
    assert not set(pages[0].ids()) & set(pages[1].ids())


def test_clips_point_to_ids_that_exist():
    import re

    svg = as_svg(_figure())
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(Page(svg).ids())


def test_text_stays_text_and_colours_are_the_pages():
    svg = as_svg(_figure(label="光纤上网的客户"))
    assert "光纤上网的客户" in Page(svg).text
    assert f"var(--blue, {COLOURS['blue']})" in svg
    assert "var(--paper, #ffffff)" in svg


def test_hostile_labels_and_descriptions_are_escaped():
    parsed = Page(as_svg(_figure(label=HOSTILE), HOSTILE))
    assert parsed.faults == []
    assert HOSTILE[:50] in parsed.text
    assert not parsed.all("script") and not parsed.all("img")
    assert parsed.all("svg")[0]["aria-label"] == HOSTILE


def test_dollars_are_no_formula():
    assert "from $5 to $9" in Page(as_svg(_figure(label="from $5 to $9"))).text


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("on fiber", "on fiber"),
        ("x" * 54, "x" * 54),
        ("x" * 55, "x" * 53 + "…"),
        ("纤" * 27, "纤" * 27),
        ("纤" * 28, "纤" * 26 + "…"),
        ("", ""),
    ],
)
def test_a_label_is_cut_where_the_figure_ends(label, expected):
    assert shorten(label) == expected


def test_a_missing_glyph_is_no_warning_and_any_other_warning_stays():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_svg(_figure(label="按月合同"))


@pytest.mark.parametrize("rows", [[], [Row("nobody", (None, None))]])
def test_a_figure_without_estimates_is_drawn(rows):
    figure = dot_plot("none", rows, SERIES, "nothing passed")
    assert ("nothing passed" in Page(as_svg(figure)).text) == (not rows)

from churnlens.pipelines.finetuning.students import choose_rows


def test_a_family_gives_each_question_once_at_differing_depths_before_any_again():
    rows = [
        {"id": f"a.{n}@{depth}", "family": "a", "language": "en"}
        for n in range(4)
        for depth in (3, 5, 7)
    ]
    for most, expected in (
        (2, ["a.0@3", "a.1@5"]),
        (4, ["a.0@3", "a.1@5", "a.2@7", "a.3@3"]),
        (5, ["a.0@3", "a.1@5", "a.2@7", "a.3@3", "a.0@5"]),
    ):
        assert [row["id"] for row in choose_rows(rows, ["en"], most)] == expected
    assert {row["id"] for row in choose_rows(rows, ["en"], None)} == {row["id"] for row in rows}
    assert choose_rows(rows, ["zh"], 3) == []

from churnlens.models.generation import Completion
from churnlens.tasks.service.rehearsal import rehearsed


def row(key):
    return {
        "id": key,
        "messages": [
            {"role": "user", "content": f"ask {key}"},
            {"role": "assistant", "content": "written"},
        ],
    }


class Says:
    def __init__(self, **texts):
        self.texts = texts

    def generate(self, requests):
        assert [each.max_new_tokens for each in requests] == [9] * len(requests)
        assert [each.messages[-1].content for each in requests] == [f"ask {k}" for k in self.texts]
        return [
            Completion(key=key, text=text, finished=finished, tokens=1)
            for key, (text, finished) in self.texts.items()
        ]


def answers(**texts):
    said = rehearsed([row(key) for key in texts], Says(**texts), 9)
    assert [each["messages"][0] for each in said] == [row(key)["messages"][0] for key in texts]
    return [each["messages"][-1]["content"] for each in said]


def test_the_last_turn_is_what_the_base_says():
    assert answers(a=("Cairo", True), b=(" Two. Three ", True)) == ["Cairo", "Two. Three"]


def test_a_text_that_was_cut_ends_with_its_last_whole_sentence():
    said = answers(a=("It is 2.5 km. Then tur", False), b=("河水是甜的。然后", False))
    assert said == ["It is 2.5 km.", "河水是甜的。"]


def test_where_nothing_whole_is_said_the_written_answer_stands():
    assert answers(a=("1. a list of", False), b=("  ", True)) == ["written", "written"]

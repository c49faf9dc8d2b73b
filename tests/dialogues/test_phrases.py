"""Two books of phrases as one; what is found, and at what cost."""

import pytest
from pydantic import ValidationError

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder, joined
from churnlens.schema import Words


def test_two_books_are_one():
    one = PhraseBook[str](
        kinds={"legal": Words(en=("sue you",))},
        negations=Words(en=("won't",), zh=("不",)),
        harmless=Words(en=("a joke book",)),
    )
    other = PhraseBook[str](kinds={"anger": Words(en=("a joke",), zh=("生气",))})
    finder = PhraseFinder(joined(one, other))
    assert finder.find("this is a joke, I will sue you") == ("legal", "anger")
    assert finder.find("I won't sue you for a joke book") == ()
    assert (finder.find("我很生气"), finder.find("我不生气")) == (("anger",), ())
    assert joined(other, one).kinds == joined(one, other).kinds


def test_a_row_of_hyphens_is_read_one_way():
    """Read in many ways, fifty of them took six seconds and four thousand took for ever."""
    finder = PhraseFinder(PhraseBook[str](kinds={"gap": Words(en=("close ... account",))}))
    assert finder.find("close " + "-" * 3900) == ()
    assert finder.find("close my-old account") == ("gap",)


def test_a_sign_is_found_behind_a_word():
    finder = PhraseFinder(PhraseBook[str](kinds={"anger": Words(en=("👎", "sue"))}))
    assert finder.find("late👎again") == ("anger",)
    assert finder.find("issue") == ()


def test_a_book_without_kinds_is_refused():
    with pytest.raises(ValidationError, match="kinds"):
        PhraseBook[str].model_validate({})

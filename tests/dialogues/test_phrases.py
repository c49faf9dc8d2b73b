"""Two books of phrases as one."""

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

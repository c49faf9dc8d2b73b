"""Texts whose label their words tell, and options for a training of a second."""

from churnlens.options import HeadOptions

GOOD, BAD, PLAIN = "answers", "never", "month"
FILL = ["why", "do", "the", "bill", "is", "and", "one", "contract"]
OPTIONS = HeadOptions(
    kind="classification",
    classes=3,
    dtype="float32",
    rank=4,
    alpha=8,
    dropout=0.1,
    learning_rate=5e-3,
    head_rate=5,
    epochs=2,
    batch_size=4,
    max_length=32,
)


def change(**values):
    return OPTIONS.model_copy(update=values)


def row(number, label=None):
    """A row of class `number % 3`, of a length that depends on its number."""
    word = (BAD, PLAIN, GOOD)[number % 3]
    around = [FILL[(number + at) % len(FILL)] for at in range(2 + number % 4)]
    text = " ".join([*around, word, word])
    return {"id": f"t{number}", "text": text, "label": number % 3 if label is None else label}


def rows(start, count):
    return [row(number) for number in range(start, start + count)]


TRAINING, VALIDATION = rows(0, 26), rows(100, 9)

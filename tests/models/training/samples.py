"""Rows and options for a training of a second."""

from churnlens.options import TrainingOptions

WORDS = [
    "why",
    "do",
    "customers",
    "leave",
    "the",
    "bill",
    "is",
    "high",
    "and",
    "support",
    "never",
    "answers",
    "one",
    "month",
    "contract",
]
OPTIONS = TrainingOptions(
    dtype="float32",
    rank=4,
    alpha=8,
    dropout=0.1,  # so that a resumed run must restore the random numbers too
    learning_rate=5e-3,
    epochs=2,
    batch_size=2,
    evaluations=2,
    max_length=128,
)


def words(start, count):
    return " ".join(WORDS[(start + i) % len(WORDS)] for i in range(count))


def row(number, question=None, answer=None):
    """A row whose prompt and answer lengths depend on its number."""
    question = words(number, 3 + number % 4) if question is None else question
    answer = words(2 * number, 2 + number % 3) if answer is None else answer
    return {
        "id": f"q{number}",
        "messages": [
            {"role": "system", "content": "you explain why"},
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ],
    }


def rows(start, count):
    return [row(number) for number in range(start, start + count)]


TRAINING, VALIDATION = rows(0, 11), rows(100, 3)

"""Whole answers in batches inside a grammar, against `generate` of transformers one by one.

`python benchmarks/generate.py [--full]`: 8 questions about demo customers, with --full 64. Ours is
`Generator`, as the arms of the churn task call it, up to 64 at once: the common beginning read
once, every answer inside its grammar. Theirs is `model.generate` on one prompt at a time, without a
grammar, greedy, with as many new tokens as our answer has; the same weights, prompts and precision
(bfloat16, as in the arms). Unit: answers a second; each way runs once. The mask
is what choosing tokens inside the grammar takes beyond taking the best one, as a share of a step,
measured in a run of its own of the same batches: the more rows a step has, the less of it each row
takes, and choosing is done row by row.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from beside import arguments, case, report
from exercises import MODEL, PROMPT, against_one_by_one, make_lessons

from churnlens.models.constraint import Row
from churnlens.models.generation import Generator, Request
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.churn.arms import ask_arm

BAR, MASK_BAR, MAX_NEW_TOKENS, BATCH = 10, 0.05, 400, 64


@contextmanager
def timed_choices() -> Iterator[list[float]]:
    """Time what it takes to choose a token inside the grammar, the best of all being known."""
    took, choose = list[float](), Row.next_token

    def timed(*given: Any) -> int:
        began = time.perf_counter()
        token = choose(*given)
        took.append(time.perf_counter() - began)
        return token

    Row.next_token = timed  # type: ignore[method-assign]
    try:
        yield took
    finally:
        Row.next_token = choose  # type: ignore[method-assign]


def mask_share(ours: Generator, requests: Sequence[Request]) -> float:
    """Return the share of the time that writes tokens which goes into the grammar."""
    forwards, forward = [], ours._model.forward

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        made = forward(*args, **kwargs)
        if kwargs["input_ids"].shape[1] == 1:  # a step, and no prompt
            forwards.append(time.perf_counter() - began)
        return made

    ours._model.forward = timed
    try:
        with timed_choices() as took:
            ours.generate(requests)
    finally:
        ours._model.forward = forward
    return sum(took) / (sum(forwards) + sum(took))


def main() -> None:
    """Compare."""
    given = arguments(__doc__)
    lessons = make_lessons(64 if given.full else 8)
    requests = ask_arm(lessons, WRITTEN["base_grammar"], PROMPT, MAX_NEW_TOKENS)
    ours = Generator(MODEL, dtype="bfloat16", batch_size=BATCH)
    times, written = against_one_by_one(ours, requests)
    found = case(
        f"{len(requests)} questions",
        times,
        BAR,
        answers_a_second={name: len(requests) / time["median"] for name, time in times.items()},
        new_tokens=sum(each.tokens for each in written),
        prompt_tokens=sum(ours.prompt_tokens(each.messages) for each in requests),
        finished=sum(each.finished for each in written),
        mask_share=mask_share(ours, requests),
        mask_bar=MASK_BAR,
    )
    report("generate", "transformers generate, one by one, unconstrained", [found])


if __name__ == "__main__":
    main()

"""How an arm of a comparison writes, whatever its task, and whether it is what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from churnlens.engine.records import made_with
from churnlens.engine.shards import Store, map_shards
from churnlens.models.generation import Generator, Request
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import StudentOptions
from churnlens.tasks.arms import WRITTEN, Arm

KEPT = ["id", "text", "finished", "tokens"]  # of each completion


class ArmError(ValueError):
    """Arms that are not what they are called."""


class ArmBase(NamedTuple):
    """The base of the student, whatever its task, and the precision that it is tuned in."""

    model_lock: dict[str, Any]
    model_root: str
    tuning: StudentOptions


def write_as(
    arm: Arm,
    requests: Sequence[Request],
    student: Path | None,
    base: ArmBase,
    store: Store,
    batch_size: int,
) -> list[dict[str, Any]]:
    """Have one arm write the texts that are asked for, in batches that are kept.

    The model is loaded for this arm alone, and names its weights in every row, so that no arm can
    pass for another.

    Args:
        arm: whether it is tuned.
        requests: inside the grammar or not, as the arm is.
        student: folder of the adapter of a tuned arm; None for a base.
        base: see there.
        store: of finished batches.
        batch_size: texts per batch.

    Returns:
        `{id, text, finished, tokens, weights}` a request, in order; `finished` is False where the
        length limit cut the text off.

    Raises:
        ArmError: before any model is loaded, for a base with an adapter or a tuned arm without.
    """
    if arm.tuned != (student is not None):
        raise ArmError(
            f"expected {'an adapter' if arm.tuned else 'no adapter'} for {arm}, got {student}; "
            "next: train the student, and give it to the tuned arms alone"
        )
    generator = Generator(
        verify(spec_of(base.model_lock, base.tuning.student), Path(base.model_root)),
        dtype=base.tuning.precision,
        batch_size=batch_size,
        adapter=student,
    )
    weights = generator.weights_sha256

    def work(shard: Sequence[dict[str, Any]]) -> pd.DataFrame:
        written = generator.generate([Request.model_validate(each) for each in shard])
        rows = [(each.key, each.text, each.finished, each.tokens) for each in written]
        return pd.DataFrame(rows, columns=KEPT)

    done = map_shards(
        work,
        [request.model_dump(mode="json") for request in requests],
        store=store,
        recipe=[weights, base.tuning.precision, KEPT, *made_with()],
        size=batch_size,
        label=f"answers, {'tuned' if arm.tuned else 'base'}{', grammar' if arm.grammar else ''}",
    )
    rows = done.to_dict("records")
    return [{**{str(key): cell for key, cell in row.items()}, "weights": weights} for row in rows]


def check_arms(
    written: Mapping[str, Sequence[Mapping[str, Any]]], ids: Sequence[str]
) -> dict[str, str]:
    """Return the weights of each arm, once all answered all lessons from one base or one student.

    Raises:
        ArmError: where an arm is not what it is called, or answered other lessons.
    """
    weights = {name: {row["weights"] for row in rows} for name, rows in written.items()}
    base, tuned = (
        set().union(*(weights[name] for name, arm in WRITTEN.items() if arm.tuned == kind))
        for kind in (False, True)
    )
    if (len(base), len(tuned), len(base | tuned)) != (1, 1, 2):
        raise ArmError(f"expected one base and one tuned model, got the weights {weights}")
    for name, rows in written.items():
        if [row["id"] for row in rows] != list(ids):
            raise ArmError(
                f"arm {name} answered other lessons than the {len(ids)} of the test; next: run "
                f"the node answer_as_{name} again"
            )
    return {name: each.pop() for name, each in weights.items()}

"""Out of memory, said so that one knows what to change."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from churnlens.models.training.estimate import GIB


class MemoryExhaustedError(RuntimeError):
    """There was too little memory: the stage, the peak, and what to try, in order."""


def peak_bytes() -> int:
    """Return the most memory used so far: of the GPU where there is one, else of the process."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.max_memory_reserved()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def memory_stage(stage: str, suggestions: Sequence[str]) -> Iterator[None]:
    """Turn running out of memory inside into one error that names `stage`.

    What is not covered: a process that the operating system kills for memory says nothing.

    Args:
        stage: what is being done, for instance "validation".
        suggestions: what to change, the best first.

    Raises:
        MemoryExhaustedError: in place of torch's error.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_exhaustion(error):
            raise
        steps = "; ".join(f"{n}. {text}" for n, text in enumerate(suggestions, 1))
        raise MemoryExhaustedError(
            f"out of memory during {stage}; peak so far {peak_bytes() / GIB:.1f} GiB. "
            f"Try in this order: {steps}"
        ) from error


def is_exhaustion(error: BaseException) -> bool:
    """Whether an error is one of the ways in which torch says that memory ran out."""
    import torch

    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
    )

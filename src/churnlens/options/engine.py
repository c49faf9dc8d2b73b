"""Options of where long work runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlens.options.base import Options


class EngineOptions(Options):
    """Who computes the shards of long work; what they hold is the same.

    Attributes:
        kind: `local` computes them one after the other in this process; `ray` on Ray workers
            (extra `scale`).
        workers: of Ray; None takes as many as the cluster has room for, a CPU left to the system.
        cpus, gpus: of each worker.
        address: of a running cluster; None starts one on this machine and ends it afterwards.
    """

    kind: Literal["local", "ray"] = "local"
    workers: int | None = Field(default=None, ge=1)
    cpus: float = Field(default=1, gt=0)
    gpus: float = Field(default=0, ge=0)
    address: str | None = None

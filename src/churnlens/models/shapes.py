"""What is known of models and machines without loading anything."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from churnlens.models.training.estimate import GIB

_DATA = Path(__file__).with_name("shapes.yml")
_CGROUP = Path("/sys/fs/cgroup/memory.max")


@cache
def _data() -> Any:
    return yaml.safe_load(_DATA.read_text(encoding="utf-8"))


def known_config(model: str, root: Path) -> dict[str, Any]:
    """Return a model's config: of its folder, else of the table of known shapes, else empty."""
    path = root / model / "config.json"
    if path.is_file():
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return content
    return dict(_data()["shapes"].get(model, {}))


def machine_gib(cgroup: Path = _CGROUP) -> float:
    """Return the memory of this machine in GiB, or what its container allows if that is less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    allowed = cgroup.read_text(encoding="utf-8").strip() if cgroup.is_file() else "max"
    return (whole if allowed == "max" else min(whole, int(allowed))) / GIB

"""A tuned model as a folder: an adapter or a whole model, written whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import MANIFEST, is_complete, write_folder

_CARD = "card.json"
_CONFIGS = ("adapter_config.json", "config.json")


class AdapterDataset(AbstractDataset[Path, Path | None]):
    """A PEFT adapter (or a fully tuned model) with tokenizer, chat template and card.

    A node saves the folder that training left, and loads the path of the catalog's own copy: a
    model never travels between nodes.

    Example of a catalog entry::

        churn.adapter:
          type: churnlens.datasets.adapter.AdapterDataset
          filepath: data/06_models/churn/adapter
    """

    def __init__(
        self, *, filepath: str, optional: bool = False, metadata: dict[str, Any] | None = None
    ) -> None:
        """Keep the folder at `filepath`; `optional` makes one that does not exist load as None."""
        self._filepath, self._optional = Path(filepath), optional
        self.metadata = metadata

    def load(self) -> Path | None:
        """Return the folder; DatasetError when it is absent or a file is not as written."""
        if not self._filepath.is_dir():
            if self._optional:
                return None
            raise DatasetError(f"no folder {self._filepath}; run the stage that makes it first")
        if not self._exists():
            raise DatasetError(
                f"{self._filepath} is torn: expected every file as its {MANIFEST} names it; delete "
                "the folder and run the stage that makes it again"
            )
        return self._filepath

    def save(self, data: Path) -> None:
        """Copy the folder `data`; DatasetError when it is not a tuned model."""
        folder = Path(data)
        lacking = [] if (folder / _CARD).is_file() else [_CARD]
        lacking += [] if any((folder / name).is_file() for name in _CONFIGS) else [_CONFIGS[0]]
        lacking += [] if any(folder.glob("*.safetensors")) else ["*.safetensors"]
        if lacking:
            raise DatasetError(f"{folder.name}: expected a tuned model, got no {lacking[0]}")

        def copy(target: Path) -> None:
            for path in folder.iterdir():
                if path.is_file() and path.name != MANIFEST:
                    shutil.copyfile(path, target / path.name)

        write_folder(self._filepath, copy)

    def _exists(self) -> bool:
        return is_complete(self._filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}

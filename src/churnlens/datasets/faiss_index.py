"""A FAISS index as one file, written whole or not at all."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import write_file

if TYPE_CHECKING:
    import faiss

logger = logging.getLogger(__name__)


class FaissIndexDataset(AbstractDataset["faiss.Index", "faiss.Index"]):
    """A FAISS index in FAISS's own format; its row i is row i of the documents table.

    Unlike the experimental FAISS dataset of kedro-datasets, a node can output it, it knows whether
    it exists, and the keys live in the documents table, so that lineage shows both.

    Example of a catalog entry::

        churn.vector_index:
          type: churnlens.datasets.FaissIndexDataset
          filepath: data/04_feature/churn/documents.faiss
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep the index at `filepath`."""
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> faiss.Index:
        """Return the index; DatasetError when there is no file or it is torn."""
        import faiss

        if not self._filepath.is_file():
            raise DatasetError(f"no file {self._filepath}; run the stage that makes it first")
        data = np.fromfile(self._filepath, dtype=np.uint8)
        try:
            return faiss.deserialize_index(data)
        except RuntimeError as error:
            raise DatasetError(
                f"{self._filepath} ({len(data)} bytes) is not a whole FAISS index: delete it and "
                "run the stage that makes it again"
            ) from error

    def save(self, data: faiss.Index) -> None:
        """Write `data`; DatasetError for anything but a filled index of finite numbers."""
        import faiss

        if not isinstance(data, faiss.Index) or not data.ntotal:
            raise DatasetError(f"expected a FAISS index with rows, got {str(data)[:80]}")
        if isinstance(data, faiss.IndexFlat) and not np.isfinite(_flat_view(data).sum()):
            raise DatasetError("the vectors hold NaN or infinity; embed those texts again")
        write_file(self._filepath, faiss.serialize_index(data).tobytes())

    def _exists(self) -> bool:
        if not self._filepath.is_file():
            return False
        try:
            self.load()
        except DatasetError:
            logger.warning("%s is torn and counts as absent", self._filepath)
            return False
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def _flat_view(index: Any) -> np.ndarray:
    """Return the vectors of a flat index without a copy, shape (n · dimensions,)."""
    import faiss

    return faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)

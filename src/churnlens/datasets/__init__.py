"""What the catalog can hold, each written whole or not at all."""

from churnlens.datasets.adapter import AdapterDataset
from churnlens.datasets.atomic import AtomicDataset
from churnlens.datasets.chat_rows import ChatRowsDataset
from churnlens.datasets.faiss_index import FaissIndexDataset
from churnlens.datasets.jsonl import JSONLinesDataset
from churnlens.datasets.raw_table import RawTableDataset
from churnlens.datasets.raw_text import RawTextDataset
from churnlens.datasets.shards import ShardStoreDataset, WorkFolderDataset
from churnlens.datasets.text_folder import TextFolderDataset

__all__ = [
    "AdapterDataset",
    "AtomicDataset",
    "ChatRowsDataset",
    "FaissIndexDataset",
    "JSONLinesDataset",
    "RawTableDataset",
    "RawTextDataset",
    "ShardStoreDataset",
    "TextFolderDataset",
    "WorkFolderDataset",
]

"""How a trade names and means its transactions: files of `conf/base/clv`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field

from churnlens.options import ValueOptions
from churnlens.schema import Frozen, Text
from churnlens.tasks.clv.readers import TransactionColumns


class Preset(Frozen):
    """One trade.

    Attributes:
        name, noun: of the trade, and of its customers.
        kind: `repeat`: customers buy when they like, and stop unseen; `contract`: they pay every
            month until they leave.
        columns: which column of the transactions is what.
        value: what lifetime value means.
        grace_days: for contracts, days without a payment after which a customer has left.
        table: for contracts, whether the customer table says more of each: attributes, how long he
            was one when the transactions begin, and who left. Without such a file they go alone.
    """

    name: str
    noun: Text
    kind: Literal["repeat", "contract"]
    columns: TransactionColumns = TransactionColumns()
    value: ValueOptions = ValueOptions()
    grace_days: int = Field(default=45, ge=1)
    table: bool = False


def load_preset(path: Path) -> Preset:
    """Read a file of `conf/base/clv`; ValidationError names every key that is wrong."""
    return Preset.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

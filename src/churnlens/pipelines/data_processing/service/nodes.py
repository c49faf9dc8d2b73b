"""What the service has written down, and rows of one's own, as texts to search and to learn."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd
from kedro.io.core import DatasetError

from churnlens.options import ServiceRowsOptions
from churnlens.tasks.service.book import read_book
from churnlens.tasks.service.opening import known_documents
from churnlens.tasks.service.own_rows import own_rows, report_of, split_rows
from churnlens.tasks.service.prompts import ServicePrompts

logger = logging.getLogger(__name__)
SHOWN = 5


def list_known_texts(service_book: dict[str, str]) -> pd.DataFrame:
    """Return every text by which a passage is known; see `tasks.service.opening`."""
    return known_documents(read_book(service_book))


def make_service_rows(
    service_book: dict[str, str],
    service_rows: str,
    prompts: dict[str, Any],
    options: ServiceRowsOptions,
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Return rows to train on by split, and what they are.

    Args:
        service_book: texts by path; see `tasks.service.book`.
        service_rows: a file of one's own, empty without one; faulty rows are left out and told.
        prompts: the content of `prompts/service.yml`.
        options: see there.

    Raises:
        DatasetError: when nothing is left to learn from or to validate on.
    """
    book = read_book(service_book)
    own, checked = own_rows(service_rows, book, options.near)
    if checked.faults:
        first = "\n".join(f"  - {fault}"[:300] for fault in checked.faults[:SHOWN])
        logger.warning("%d of %d own rows left out:\n%s", checked.faulty, checked.rows, first)
    try:
        splits = split_rows(book, ServicePrompts.model_validate(prompts), own, options)
    except ValueError as error:
        raise DatasetError(f"service_rows: {error}") from None
    if lacking := {"training", "validation"} - splits.keys():
        raise DatasetError(
            f"service_rows: nothing for {' and '.join(sorted(lacking))} ({checked.faulty} of "
            f"{checked.rows} rows at fault); next: `kedro check-data FILE --task service`"
        )
    return splits, report_of(splits, checked)

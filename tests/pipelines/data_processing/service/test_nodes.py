import pytest
from kedro.io.core import DatasetError

from churnlens.options import ServiceRowsOptions
from churnlens.pipelines.data_processing.service.nodes import list_known_texts, make_service_rows
from churnlens.tasks.service.book import read_folder
from tasks.service.support import CONF, PROMPTS

BOOK = read_folder(CONF)
WORDS = PROMPTS.model_dump()


def test_every_known_text_is_a_document():
    documents = list_known_texts(BOOK)
    assert list(documents) == ["customer", "language", "document", "passage"]
    assert {"conduct.scope", "returns.window"} <= set(documents["document"])
    assert set(documents["language"]) == {"en", "zh"}


def test_nothing_to_learn_from_names_the_next_step():
    with pytest.raises(DatasetError, match="check-data FILE --task service"):
        make_service_rows(BOOK, "{broken", WORDS, ServiceRowsOptions(written=False))

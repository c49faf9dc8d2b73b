import numpy as np
import pytest

from churnlens.tasks.service.routing import template_families, train_router
from tasks.service.support import WordEncoder

TEXTS = [
    "where is my parcel", "track the parcel please", "parcel tracking", "has my parcel left",
    "send me the invoice", "invoice needed", "download my invoice", "get an invoice",
    "我的包裹到哪了", "查一下包裹", "包裹物流", "发票怎么开", "给我发票", "下载发票",
]  # fmt: skip
INTENTS = ["track"] * 4 + ["invoice"] * 4 + ["track"] * 3 + ["invoice"] * 3


@pytest.mark.parametrize("encoder", [None, WordEncoder()])
def test_requests_go_to_their_intent(encoder):
    router = train_router(TEXTS, INTENTS, encoder)
    assert router.route("can i track a parcel").intent == "track"
    assert router.route("发票在哪").intent == "invoice"
    shares = router.probabilities(["a parcel", "an invoice"])
    assert shares.shape == (2, 2)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert router.route("a parcel").confidence == pytest.approx(shares[0].max())


def test_the_same_rows_give_the_same_router():
    first, second = (train_router(TEXTS, INTENTS).probabilities(["parcel"]) for _ in range(2))
    assert np.array_equal(first, second)


def test_families_join_what_one_template_may_have_made():
    texts = [
        "I need help to cancel the order", "cancel the order please", "cancel the ordr please",
        "where is the order", "cancel the order",
    ]  # fmt: skip
    families = template_families(texts, ["cancel", "cancel", "cancel", "track", "change"])
    assert families[0] == families[1] == families[2]
    assert len(set(families)) == 3


def test_families_of_different_intents_stay_apart():
    families = template_families(["cancel the order"] * 2, ["cancel", "change"])
    assert families[0] != families[1]

import pytest

from churnlens.dialogues.keys import customer_key


@pytest.mark.parametrize(
    "key", ["7590-VHVEG", "C7", "15634602", "115911", "用户八", "Store OR 1204"]
)
def test_a_plain_key_joins_with_the_table(key):
    assert customer_key(key) == key
    assert customer_key(f" {key} ") == key


@pytest.mark.parametrize("key", [None, "", "  "])
def test_no_key_is_nobody(key):
    assert customer_key(key) is None


@pytest.mark.parametrize(
    "key", ["ann.lee@example.org", "13800138000", "+1 617-555-0142", "@ann_lee"]
)
def test_a_personal_key_is_hashed_and_stays_one_customer(key):
    hashed = customer_key(key)
    assert hashed.startswith("key_")
    assert key.strip("@+") not in hashed
    assert customer_key(key.upper()) == hashed
    assert customer_key(hashed) == hashed


def test_two_personal_keys_are_two_customers():
    assert customer_key("13800138000") != customer_key("13800138001")

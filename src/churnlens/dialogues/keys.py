"""Keys that may stand in a result: as they are, or hashed where they are personal."""

from __future__ import annotations

import hashlib
from typing import Final

from churnlens.privacy.redaction import redact

_PERSONAL: Final = frozenset({"email", "phone", "id", "card", "ip", "name", "address"})
_HASHED = "key_"


def customer_key(key: str | None) -> str | None:
    """Return the key under which a customer is known everywhere; None and empty are nobody.

    A key such as `7590-VHVEG` stays as it is, so that results join with the customer table. One
    that is itself personal (an e-mail address, a phone or card number, an @account) becomes the
    hash of its text, the same each time. That keeps it from readers, and not from somebody who
    hashes every phone number there is.
    """
    text = (key or "").strip()
    return open_key(text) if text else None


def open_key(text: str) -> str:
    """Return any key, such as the id of a dialogue, as `customer_key` does."""
    if not (text.startswith("@") or _PERSONAL & set(redact(text).counts)):
        return text
    return _HASHED + hashlib.sha256(text.casefold().encode("utf-8", "replace")).hexdigest()[:16]

"""Options of servers that are asked or told something."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from churnlens.options.base import Options

_URL = (
    r"^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~%:+,;=/-]{0,200})?$"
)


class RemoteOptions(Options):
    """Which model is asked where, and how patiently.

    Attributes:
        base_url: up to the part before `/chat/completions`, such as `http://127.0.0.1:8000/v1`.
        model: its name at the server.
        api_key_env: name of the environment variable that holds the API key, if one is needed.
        concurrency: requests under way at once.
        timeout: seconds for one answer, from asking to its last byte.
        retries: how often a request is repeated after 429, 5xx, a timeout or a broken connection.
        backoff: seconds before the first repetition, twice as many before each next.
        max_wait: most seconds before a repetition; a server that asks for more ends the request.
        schema_terms: `plain` sends schemas without `pattern` and `prefixItems`, for servers that do
            not know them; answers are checked against the whole schema all the same.
        seed: sent with every request.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(default="http://127.0.0.1:8000/v1", pattern=_URL, max_length=300)
    model: str = Field(default="Qwen/Qwen2.5-14B-Instruct", min_length=1, max_length=200)
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    concurrency: int = Field(default=4, ge=1, le=64)
    timeout: float = Field(default=120, gt=0, le=3600)
    retries: int = Field(default=5, ge=0, le=20)
    backoff: float = Field(default=1, ge=0, le=60)
    max_wait: float = Field(default=60, ge=0, le=3600)
    schema_terms: Literal["full", "plain"] = "full"
    seed: int = 7


class WebhookOptions(Options):
    """Where events are posted, and how patiently.

    Attributes:
        url: of the receiver, without a query; https, or http on this machine.
        secret_env: name of the environment variable that holds the signing secret.
        timeout: seconds for one attempt to connect, to send, and to be answered.
        retries: how often a post is repeated after 429, 5xx, a timeout or a broken connection.
        backoff: seconds before the first repetition, twice as many before each next.
        max_wait: most seconds before a repetition; a server that asks for more is left for later.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(pattern=_URL, max_length=300)
    secret_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    timeout: float = Field(default=10, gt=0, le=600)
    retries: int = Field(default=3, ge=0, le=20)
    backoff: float = Field(default=1, ge=0, le=60)
    max_wait: float = Field(default=60, ge=0, le=3600)

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ValueError("url: plain http would show the events to others; use https")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

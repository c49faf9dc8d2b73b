"""Options of the server: where it listens, who may ask, and how much."""

from __future__ import annotations

from pydantic import Field

from churnlens.options.base import Options

_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"


class QueueOptions(Options):
    """The one queue before the models.

    Attributes:
        workers: requests that models work on at once.
        waiting: requests that wait for one of them, at most; the next is answered with 429.
        queue_seconds: longest wait in the queue; then the request is answered with 429.
        first_seconds: longest wait for the first token, from the start of the work.
        total_seconds: longest work, and reading of it; a reply that is cut off there ends as
            `length`.
    """

    workers: int = Field(default=1, ge=1, le=64)
    waiting: int = Field(default=16, ge=0, le=1000)
    queue_seconds: float = Field(default=30, gt=0, le=600)
    first_seconds: float = Field(default=60, gt=0, le=600)
    total_seconds: float = Field(default=300, gt=0, le=3600)


class LimitOptions(Options):
    """What one request, one session and one connection may take.

    Attributes:
        body_bytes: of a request, also of one sent in chunks.
        message_chars: of one message or question.
        messages: in one request, and in one conversation.
        turns: user turns that a model is shown; older ones are dropped, and their number told.
        new_tokens: of one reply.
        rows: of one prediction request.
        conversations: of one user.
        requests_per_minute, burst: of one session, for what asks a model.
        wrong_tokens_per_minute: from one address; then it is answered with 429, whatever it sends.
        connections: open at once.
        streams: event streams open at once.
        header_seconds, body_seconds: to send a request's head, and its body.
        write_seconds: that a client may leave a full buffer unread before it is cut off.
        stream_seconds: after which an event stream ends; a browser connects again by itself.
        heartbeat_seconds: between two signs of life on a silent stream.
        poll_seconds: between two looks at a followed file.
    """

    body_bytes: int = Field(default=64_000, ge=1_000, le=60_000_000)
    message_chars: int = Field(default=4_000, ge=1, le=1_000_000)
    messages: int = Field(default=400, ge=1, le=10_000)
    turns: int = Field(default=20, ge=1, le=1_000)
    new_tokens: int = Field(default=512, ge=1, le=100_000)
    rows: int = Field(default=100, ge=1, le=10_000)
    conversations: int = Field(default=1_000, ge=1)
    requests_per_minute: float = Field(default=60, gt=0)
    burst: int = Field(default=20, ge=1)
    wrong_tokens_per_minute: int = Field(default=20, ge=1)
    connections: int = Field(default=256, ge=2)
    streams: int = Field(default=128, ge=1)
    header_seconds: float = Field(default=10, gt=0)
    body_seconds: float = Field(default=10, gt=0)
    write_seconds: float = Field(default=20, gt=0)
    stream_seconds: float = Field(default=3_600, gt=0)
    heartbeat_seconds: float = Field(default=15, gt=0)
    poll_seconds: float = Field(default=0.5, gt=0)


class WebOptions(Options):
    """Where the server listens and whom it lets in.

    Attributes:
        host, port: to listen on; another host than this machine needs a token. Port 0 is any.
        token_file: file with one `name:token` a line; blank lines and `#` lines are passed over.
        token_env: environment variable that holds the same.
        proxies: addresses of proxies, or their networks, whose X-Forwarded-For says where a request
            comes from.
        colleagues: names of the tokens that may see hand-overs, and with them what other users have
            said to the assistant; without tokens this machine's one user may.
        allowed_hosts: further names by which clients call this server, without a port.
        allowed_origins: further pages that may call it, such as `https://desk.example.com`.
        secure_cookies: send the session's cookie over https only; set it behind a TLS proxy.
        session_hours: that a signed-in session lasts.
        queue, limits: see there.
    """

    host: str = Field(default="127.0.0.1", min_length=1, max_length=255)
    port: int = Field(default=8000, ge=0, le=65535)
    token_file: str | None = None
    token_env: str | None = Field(default=None, pattern=_NAME)
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    colleagues: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    secure_cookies: bool = False
    session_hours: float = Field(default=168, gt=0)
    queue: QueueOptions = QueueOptions()
    limits: LimitOptions = LimitOptions()

"""Who may ask: tokens, sessions, and how often.

A token is sent as `Authorization: Bearer`, or once to `POST /session`, which gives a browser a
session in a cookie that no script can read. What is kept of a session is the hash of its secret,
and a mark of its token: without the token the session is none.
Without tokens everyone on this machine is let in, and only this machine.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import time
from collections import OrderedDict
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Literal

from churnlens.options import WebOptions
from churnlens.schema import Frozen
from churnlens.web.errors import WebError

logger = logging.getLogger(__name__)
COOKIE = "churnlens_session"
LOCAL = "local"
SHORTEST_TOKEN = 24
_REMEMBERED = 10_000  # sessions, or addresses, whose rate is known
_NETWORK = 64  # bits of an IPv6 address that one customer of a provider cannot change


class AccessError(ValueError):
    """The server may not start like this; says what to set."""


class Session(Frozen):
    """Who sent a request.

    Attributes:
        owner: whose conversations it sees: the name of the token, or `local` without tokens.
        key: what its rate is counted under.
    """

    owner: str
    key: str


def hashed(secret: str) -> str:
    """Return what is kept and compared in the place of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return the secret of a new session, 256 random bits."""
    return secrets.token_urlsafe(32)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Tokens:
    """The tokens that are let in; only their hashes stay in memory."""

    def __init__(self, text: str) -> None:
        """Read one `name:token` a line; AccessError for what is none, without showing it."""
        self._names: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, _, token = line.strip().partition(":")
            if not name or name == LOCAL or len(token) < SHORTEST_TOKEN or not _is_plain(token):
                raise AccessError(
                    f"tokens, line {number}: expected NAME:TOKEN, a token of at least "
                    f"{SHORTEST_TOKEN} letters, digits and signs, and another name than {LOCAL}; "
                    'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'
                )
            self._names[hashed(token)] = name

    def __bool__(self) -> bool:
        return bool(self._names)

    @property
    def names(self) -> set[str]:
        """Whose they are."""
        return set(self._names.values())

    def owner(self, token: str) -> str | None:
        """Return the name of a token, after as long for a wrong one as for a right one."""
        given, found = hashed(token), None
        for known, name in self._names.items():
            if hmac.compare_digest(known, given):
                found = name
        return found

    def mark(self, token: str) -> str:
        """Return what a session keeps of the token that began it; empty without tokens."""
        return _mark(hashed(token)) if self else ""

    def hold(self, owner: str, mark: str) -> bool:
        """Whether the token that began a session is still let in, under the same name."""
        if not self:
            return (owner, mark) == (LOCAL, "")
        return (owner, mark) in {(name, _mark(known)) for known, name in self._names.items()}


def _mark(known: str) -> str:
    return hashed(known)[:16]


def _is_plain(token: str) -> bool:
    return token.isascii() and token.isprintable() and " " not in token


def load_tokens(options: WebOptions) -> Tokens:
    """Read the tokens that the options name.

    Raises:
        AccessError: when a file or variable is not there or holds no token, or when there is no
            token and others than this machine could reach the server; when a colleague is named
            who has no token.
    """
    text = ""
    if options.token_env is not None:
        text += os.environ.get(options.token_env, "") + "\n"
    if options.token_file is not None:
        text += _read(Path(options.token_file))
    tokens = Tokens(text)
    named = options.token_file is not None or options.token_env is not None
    if not tokens and (named or not is_loopback(options.host)):
        raise AccessError(
            f"no token is set, and the server would listen on {options.host}; name a file of "
            "NAME:TOKEN lines (token_file) or a variable (token_env), or listen on 127.0.0.1 "
            "without either"
        )
    if unknown := set(options.colleagues) - tokens.names:
        raise AccessError(f"colleagues: no token of the name {', '.join(sorted(unknown))}")
    if tokens and not options.colleagues:
        logger.warning("no colleague is named (option colleagues): nobody can see hand-overs")
    return tokens


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise AccessError(f"tokens cannot be read from {path}: {type(error).__name__}") from None
    if os.name == "posix" and path.stat().st_mode & 0o077:
        logger.warning("%s can be read by others; chmod 600 keeps its tokens to yourself", path)
    return text


class Rate:
    """How often a session may ask, or an address be wrong: buckets that refill, in memory."""

    def __init__(
        self, per_minute: float, burst: int, told: str = "too many requests of this session"
    ) -> None:
        """Let `burst` requests through at once and `per_minute` in the long run.

        Args:
            per_minute: how fast a bucket refills.
            burst: that a full bucket lets through.
            told: what a client is told who asks too often.
        """
        self._told = told
        self._each, self._burst = 60 / per_minute, burst
        self._empty: OrderedDict[str, float] = OrderedDict()  # when a bucket would be full again

    def take(self, key: str, now: float | None = None) -> None:
        """Count a request of a session; WebError 429 when it is one too many.

        Args:
            key: of the session.
            now: seconds of a clock that never goes back.
        """
        now = time.monotonic() if now is None else now
        self.check(key, now)
        self._empty[key] = max(self._empty.pop(key, now), now) + self._each
        if len(self._empty) > _REMEMBERED:
            self._empty.popitem(last=False)

    def check(self, key: str, now: float | None = None) -> None:
        """Refuse what `take` would refuse, without counting."""
        now = time.monotonic() if now is None else now
        wait = max(self._empty.get(key, now) - now, 0) - (self._burst - 1) * self._each
        if wait > 0:
            message = f"{self._told}; try again later"
            raise WebError(429, message, "rate_limit_exceeded", wait=wait)


class Guesses:
    """Tokens that are tried, and how many wrong ones each address has tried.

    After too many an address is refused before its token is looked at: refusing only wrong ones
    would go on telling right from wrong.
    """

    def __init__(self, tokens: Tokens, per_minute: int) -> None:
        """Look for tokens among `tokens`; an address may be wrong so often a minute."""
        self._tokens = tokens
        self._wrong = Rate(per_minute, per_minute, "too many wrong tokens from this address")

    def owner(self, token: str, address: str) -> str | None:
        """Return the name of a token that came from an address, None for a wrong one.

        Raises:
            WebError: 429 when the address was wrong too often.
        """
        key = _network(address)
        self._wrong.check(key)
        if (owner := self._tokens.owner(token)) is None:
            self._wrong.take(key)
        return owner


def _network(address: str) -> str:
    """Return what the wrong tokens of an address are counted under, short whatever a proxy says.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is that IPv4 address.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(IPv6Network((int(ip), _NETWORK), False) if isinstance(ip, IPv6Address) else ip)


Refusal = Literal["host_not_allowed", "origin_not_allowed"]


class Doors:
    """By which names and from which pages the server may be called.

    A page of another site that makes a browser call this machine is told by its Origin; one whose
    name was made to mean this machine (DNS rebinding) by its Host.
    """

    def __init__(self, options: WebOptions) -> None:
        """Allow the names of this machine, the host that is listened on, and what is named."""
        named = (options.host, *options.allowed_hosts)
        self._hosts = {"127.0.0.1", "localhost", "::1"} | {name.lower() for name in named}
        self._origins = {origin.lower().rstrip("/") for origin in options.allowed_origins}

    def refusal(self, host: str, origin: str | None) -> Refusal | None:
        """Return why a request is refused.

        Args:
            host: the Host header, empty when there is none.
            origin: the Origin header; other programs than browsers send none, and a browser sends
                it with all that could change or read something across sites.
        """
        if _name_of(host.lower()) not in self._hosts:
            return "host_not_allowed"
        if origin is None:
            return None
        origin = origin.lower()
        same = origin in {f"http://{host.lower()}", f"https://{host.lower()}"}
        return None if same or origin in self._origins else "origin_not_allowed"


def _name_of(host: str) -> str:
    """Return a Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]

"""A language model behind an OpenAI-compatible server, in the place of one that is loaded here.

vLLM, Ollama, the llama.cpp server and vendors all answer `POST {base_url}/chat/completions`. What
is asked is greedy (temperature 0) and seeded; a request with a grammar sends the JSON schema that
the grammar was made of. Servers are known to take a schema and then not to follow it, so every
such answer is checked here, against the same grammar.

Neither the API key nor any text that is sent or received is ever logged or put into an error.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import mktime_tz, parsedate_tz
from time import monotonic, sleep
from typing import Any, Literal

from pydantic import Field

from churnlens.models.constraint import RequestError
from churnlens.models.generation import Completion, Request
from churnlens.models.lock import ModelError
from churnlens.options import RemoteOptions
from churnlens.schema import Frozen

logger = logging.getLogger(__name__)

_LARGEST = 16 * 2**20  # bytes of an answer
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_LASTING = ("id", "root", "parent", "owned_by", "max_model_len", "meta")  # not `created`: a clock
_STEPS = {
    400: "the prompt may be too long, or the schema unknown: try schema_terms plain",
    401: "check the API key in the variable that api_key_env names",
    404: "check the model's name, and that base_url ends as the server's does, mostly with /v1",
}
# no user, query or fragment: a key belongs in a variable, and errors may name the address
Kind = Literal["failed", "invalid"]


class Failure(Frozen):
    """A request that has no completion; never to be kept as if it were one.

    Attributes:
        key: of the request.
        kind: `failed` without an answer of the server, `invalid` for one that cannot be used.
        reason: what happened and what to do, without any text of the request or the answer.
    """

    key: str
    kind: Kind
    reason: str = Field(max_length=400)


class RemoteError(RuntimeError):
    """Requests that the server did not serve; `results` is what became of every request."""

    def __init__(self, message: str, results: Sequence[Completion | Failure] = ()) -> None:
        super().__init__(message)
        self.results = list(results)


class _Fault(Exception):
    """Why an attempt gave nothing; `wait` is None where a repetition would not help."""

    def __init__(
        self, reason: str, *, kind: Kind = "failed", wait: float | None = None, status: int = 0
    ) -> None:
        super().__init__(reason)
        self.kind, self.wait, self.status = kind, wait, status


class RemoteGenerator:
    """The interface of `generation.Generator` for a model behind a server.

    The same requests give the same texts as far as the server keeps its seed; few promise it.
    Proxies, certificates and logins named in the environment are not used.
    """

    def __init__(self, options: RemoteOptions) -> None:
        """Read the API key; nothing is asked yet.

        Raises:
            ModelError: when the variable of the API key is empty, or holds no key.
        """
        import httpx2

        self._options, self._url = options, options.base_url.rstrip("/")
        self._key = _read_key(options.api_key_env)
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        self._client = httpx2.Client(
            headers=headers | ({"Authorization": f"Bearer {self._key}"} if self._key else {}),
            timeout=options.timeout,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connections; the generator cannot be used afterwards."""
        self._client.close()

    def revision(self) -> str:
        """Return what tells this teacher from others, for cache keys; asks `/models` each time.

        It is the model's name, the base URL and, if the server lists it, a hash of its entry.

        Raises:
            RemoteError: when the server cannot be reached.
        """
        name = f"{self._options.model}@{self._url}"
        try:
            entry = _entry(self._persist("GET", "/models"), self._options.model)
        except _Fault as fault:
            if fault.status not in {404, 405}:
                raise RemoteError(f"{name}: {fault}") from None
            entry = None
        if entry is None:
            logger.warning("the server does not say what %s is: only its name tells it", name)
            return name
        text = json.dumps(entry, sort_keys=True)
        return f"{name}#{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def generate(self, requests: Sequence[Request]) -> list[Completion]:
        """Write one text for each request, in the order of the requests.

        Raises:
            RequestError: before anything is sent, for a grammar that is not of a JSON schema.
            RemoteError: after all were tried, when any failed; it has the results of all.
            ModelError: after `close`.
        """
        results = self.try_generate(requests)
        if failures := [result for result in results if isinstance(result, Failure)]:
            told = "; ".join(f"{f.key[:40]}: {f.reason}" for f in failures[:3])
            raise RemoteError(f"{len(failures)} of {len(results)} requests: {told}", results)
        return [result for result in results if isinstance(result, Completion)]

    def try_generate(self, requests: Sequence[Request]) -> list[Completion | Failure]:
        """Like `generate`, with a failure in the place of each text that cannot be had."""
        bodies = [self._body(request) for request in requests]
        with ThreadPoolExecutor(self._options.concurrency) as pool:
            return list(pool.map(self._write, requests, bodies))

    def _body(self, request: Request) -> bytes:
        """Return what is sent for a request."""
        body: dict[str, Any] = {
            "model": self._options.model,
            "messages": [message.model_dump() for message in request.messages],
            "temperature": 0,
            "seed": self._options.seed,
            "max_tokens": request.max_new_tokens,
        }
        if request.grammar is not None:
            schema = schema_of(request.grammar)
            schema = plain(schema) if self._options.schema_terms == "plain" else schema
            named = {"name": "answer", "schema": schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        return json.dumps(body).encode("ascii")

    def _write(self, request: Request, body: bytes) -> Completion | Failure:
        try:
            return self._completion(request, self._persist("POST", "/chat/completions", body))
        except _Fault as fault:
            return Failure(key=request.key, kind=fault.kind, reason=str(fault)[:400])

    def _persist(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the answer, asking again while that may help."""
        most = self._options.max_wait
        for attempt in range(self._options.retries + 1):
            try:
                return self._ask(method, path, body)
            except _Fault as fault:
                last = fault
            if last.wait is None or last.wait > most or attempt == self._options.retries:
                break
            pause = max(last.wait, min(self._options.backoff * 2**attempt, most))
            logger.info("%s; attempt %d, next in %.1f s", last, attempt + 1, pause)
            sleep(pause)
        if last.wait is not None:
            asked = f", and it asks for {last.wait:.0f} s" if last.wait > most else ""
            last.args = (f"{last} (attempt {attempt + 1}{asked})",)
        raise last

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        """Return the answer to one attempt."""
        import httpx2

        if self._client.is_closed:
            raise ModelError("the generator is closed; next: make a new one")
        url, limit = self._url + path, self._options.timeout
        data, end = bytearray(), monotonic() + limit
        try:
            with self._client.stream(method, url, content=body) as response:
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > _LARGEST:
                        raise _Fault(f"more than {_LARGEST} bytes of answer", kind="invalid")
                    if monotonic() > end:
                        raise _Fault(f"no whole answer in {limit:g} s; raise timeout", wait=0)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = f"{type(error).__name__}; see that base_url, server and timeout are right"
            passing = isinstance(error, httpx2.TransportError)
            raise _Fault(reason, wait=0 if passing else None) from None
        if (status := response.status_code) != 200:
            reason = f"HTTP {status}{self._named(data)}; {_STEPS.get(status, 'see its log')}"
            after = retry_after(response.headers.get("Retry-After", ""))
            passing = status == 429 or status >= 500
            raise _Fault(reason, wait=after if passing else None, status=status)
        return bytes(data)

    def _named(self, data: bytearray) -> str:
        """Return the names that an error answer has; its text may repeat what was sent."""
        try:
            error = json.loads(data)["error"]
            names = [str(error[key]) for key in ("type", "code") if error.get(key)]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return ""
        names = [n for n in names if _WORD.fullmatch(n) and not (self._key and self._key in n)]
        return f" ({', '.join(names)})" if names else ""

    def _completion(self, request: Request, data: bytes) -> Completion:
        """Read an answer; a text under a schema is whole, or a fault."""
        try:
            reply = json.loads(data)
            choice = reply["choices"][0]
            text, end = choice["message"]["content"], choice["finish_reason"]
            tokens = reply["usage"]["completion_tokens"] if reply.get("usage") else 0
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise _Fault("the answer is no chat completion", kind="invalid") from None
        if not isinstance(text, str) or not text or end not in ("stop", "length"):
            got = "no text" if not text else "a text that was ended for another reason"
            raise _Fault(f"got {got}, expected one ended by stop or length", kind="invalid")
        if request.grammar is not None:
            text, end = _checked(text, request.grammar, cut=end == "length"), "stop"
        tokens = tokens if isinstance(tokens, int) and tokens > 0 else 0
        return Completion(key=request.key, text=text, finished=end == "stop", tokens=tokens)


def schema_of(grammar: str) -> dict[str, Any]:
    """Return the JSON schema that `grammar.compile_grammar` made a grammar of.

    Raises:
        RequestError: for any other grammar.
    """
    try:
        [only] = json.loads(grammar)["grammars"]
        return {key: value for key, value in only["json_schema"].items() if key != "x-guidance"}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RequestError(
            "a server can only follow a JSON schema, got another grammar; make it with "
            "grammar.compile_grammar"
        ) from None


def plain(schema: Any) -> Any:
    """Return a wider schema in terms that every server knows: no `pattern`, no `prefixItems`."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: plain(value) for key, value in schema.items() if key != "pattern"}
    if "properties" in schema:
        kept["properties"] = {name: plain(each) for name, each in schema["properties"].items()}
    if "prefixItems" in kept:
        kept["items"] = {"anyOf": kept.pop("prefixItems")}
    return kept


def _checked(text: str, grammar: str, *, cut: bool) -> str:
    """Return an answer as the one line that the grammar has for it."""
    from llguidance import LLMatcher, LLTokenizer

    why = "it was cut at max_new_tokens" if cut else "the server did not follow the schema"
    try:
        line = json.dumps(json.loads(text), ensure_ascii=False)
        tokens = list(line.encode("utf-8"))
    except (ValueError, RecursionError):
        raise _Fault(f"the answer is not JSON; {why}", kind="invalid") from None
    matcher = LLMatcher(LLTokenizer("byte"), grammar)
    if matcher.try_consume_tokens(tokens) != len(tokens) or not matcher.is_accepting():
        raise _Fault(f"the answer is JSON of another schema; {why}", kind="invalid")
    return line


def _entry(data: bytes, model: str) -> dict[str, Any] | None:
    """Return what lasts of the server's entry for a model; a server with one model has that one."""
    try:
        entries = json.loads(data)["data"]
        found = [e for e in entries if e["id"] == model] or (entries if len(entries) == 1 else [])
        return {key: found[0][key] for key in _LASTING if key in found[0]} if found else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _read_key(variable: str | None) -> str:
    key = os.environ.get(variable, "").strip() if variable else ""
    if variable and not re.fullmatch(r"[!-~]+", key):
        raise ModelError(
            f"expected an API key in the environment variable {variable}, got "
            f"{'signs that no header can have' if key else 'nothing'}; set it, or leave "
            "api_key_env out for a server without keys"
        )
    return key


def retry_after(value: str) -> float:
    """Return the seconds that a `Retry-After` asks for: a number or a date, else 0."""
    if re.fullmatch(r"\s*([0-9]+(\.[0-9]+)?|inf)\s*", value):
        return float(value)
    when = parsedate_tz(value)
    return max(0.0, mktime_tz(when) - time.time()) if when else 0.0

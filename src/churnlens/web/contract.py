"""Bodies of OpenAI's API as far as they are served; what is not served is refused by name."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from churnlens.options import LimitOptions
from churnlens.schema import Frozen
from churnlens.web.errors import WebError
from churnlens.web.protocols import Finish, Matter, Message, Role, Settings, Usage


class TextPart(Frozen):
    """A part of a message; only text is read."""

    type: Literal["text"]
    text: str


def _only(*idle: Any) -> BeforeValidator:
    """Take a parameter where it asks for nothing, as clients send it unasked, and nowhere else."""

    def check(given: Any, info: ValidationInfo) -> None:
        if given is not None and given not in idle:
            known = f"{info.field_name} is not served: leave it out, or send {json.dumps(idle[0])}"
            raise PydanticCustomError("unsupported_parameter", "{known}", {"known": known})

    return BeforeValidator(check)


def _role(given: Any) -> Any:
    return "system" if given == "developer" else given


class ChatMessage(Frozen):
    """A message of a request.

    A client appends a reply as it came, with what the reply has not: those fields must be empty.
    """

    role: Annotated[Role, BeforeValidator(_role)]
    content: str | tuple[TextPart, ...]
    name: str | None = Field(default=None, max_length=64)
    refusal: Annotated[None, _only(None)] = None
    annotations: Annotated[None, _only([])] = None
    audio: Annotated[None, _only(None)] = None
    function_call: Annotated[None, _only(None)] = None
    tool_calls: Annotated[None, _only([])] = None
    parsed: Annotated[None, _only(None)] = None  # of the client's own helpers

    def text(self) -> str:
        """Return what was said."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content)


class StreamOptions(Frozen):
    """What a stream tells beside its text."""

    include_usage: bool = False
    include_obfuscation: bool = False


class ChatBody(Frozen):
    """The body of `POST /v1/chat/completions`.

    `user`, `metadata` and `store` are not read. The assistant always replies the same to the same
    dialogue: `temperature`, `top_p` and `seed`, which many clients always send, change nothing.
    """

    model: str = Field(min_length=1, max_length=200)
    messages: tuple[ChatMessage, ...] = Field(min_length=1)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    user: str | None = Field(default=None, max_length=200)
    metadata: dict[str, str] | None = None
    store: bool | None = None
    n: Annotated[None, _only(1)] = None
    stop: Annotated[None, _only([], "")] = None
    logprobs: Annotated[None, _only(False)] = None
    top_logprobs: Annotated[None, _only(0)] = None
    logit_bias: Annotated[None, _only({})] = None
    frequency_penalty: Annotated[None, _only(0)] = None
    presence_penalty: Annotated[None, _only(0)] = None
    response_format: Annotated[None, _only({"type": "text"})] = None
    tools: Annotated[None, _only([])] = None
    tool_choice: Annotated[None, _only("none", "auto")] = None
    functions: Annotated[None, _only([])] = None
    function_call: Annotated[None, _only("none", "auto")] = None
    parallel_tool_calls: Annotated[None, _only(True, False)] = None
    service_tier: Annotated[None, _only("auto", "default")] = None
    modalities: Annotated[None, _only(["text"])] = None

    def settings(self, limits: LimitOptions) -> Settings:
        """Return how the reply is written, its length bounded by the server."""
        asked = self.max_completion_tokens or self.max_tokens or limits.new_tokens
        return Settings(
            new_tokens=min(asked, limits.new_tokens),
            temperature=self.temperature,
            top_p=self.top_p,
            seed=self.seed,
        )


def read_messages(given: Sequence[ChatMessage], limits: LimitOptions) -> list[Message]:
    """Return the messages of a request; WebError for one that is too long or one too many."""
    if len(given) > limits.messages:
        message = f"{len(given)} messages; expected at most {limits.messages}"
        raise WebError(400, message, "context_length_exceeded", param="messages")
    messages = [Message(role=each.role, content=each.text()) for each in given]
    for place, each in enumerate(messages):
        check_length(each.content, limits, f"messages.{place}.content")
    if messages[-1].role != "user" or not messages[-1].content.strip():
        message = "expected words of the user in the last message"
        raise WebError(400, message, "invalid_value", param="messages")
    return messages


def check_length(text: str, limits: LimitOptions, param: str) -> None:
    """Refuse a text that is too long."""
    if len(text) > limits.message_chars:
        message = f"{len(text)} characters; expected at most {limits.message_chars}"
        raise WebError(400, message, "string_above_max_length", param=param)


def latest(messages: Sequence[Message], turns: int) -> tuple[list[Message], int]:
    """Return what a model is shown of a dialogue, and how many messages were dropped.

    System messages stay; of the others the last `turns` of the user with all that follows each.
    """
    said = [place for place, each in enumerate(messages) if each.role == "user"]
    start = said[-turns] if len(said) > turns else 0
    kept = [e for place, e in enumerate(messages) if place >= start or e.role == "system"]
    return kept, len(messages) - len(kept)


def new_reply_id() -> str:
    """Return the id of a reply."""
    return f"chatcmpl-{uuid.uuid4().hex}"


def _frame(kind: str, reply: str, model: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    created = int(time.time())
    return {"id": reply, "object": kind, "created": created, "model": model, "choices": choices}


def chunk(reply: str, model: str, delta: dict[str, Any], finish: Finish | None) -> dict[str, Any]:
    """Return one event of a streamed reply."""
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return _frame("chat.completion.chunk", reply, model, [choice])


def last_chunk(
    reply: str, model: str, finish: Finish | None, matter: Matter | None
) -> dict[str, Any]:
    """Return the event that says how a streamed reply ended, and whether it hands over."""
    return chunk(reply, model, {}, finish) | _handed(matter)


def _handed(matter: Matter | None) -> dict[str, Any]:
    """Return what is beyond OpenAI's form: nothing is kept, so the caller is to pass it on."""
    return {"handover": matter.model_dump()} if matter else {}


def usage_chunk(reply: str, model: str, usage: Usage) -> dict[str, Any]:
    """Return the event of a streamed reply that tells its tokens."""
    return _frame("chat.completion.chunk", reply, model, []) | {"usage": counted(usage)}


def whole(
    reply: str,
    model: str,
    text: str,
    finish: Finish,
    usage: Usage | None,
    matter: Matter | None = None,
) -> dict[str, Any]:
    """Return a reply that is not streamed."""
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    body = _frame("chat.completion", reply, model, [choice])
    return body | ({"usage": counted(usage)} if usage else {}) | _handed(matter)


def counted(usage: Usage) -> dict[str, int]:
    """Return tokens as the API tells them."""
    total = usage.prompt_tokens + usage.completion_tokens
    return usage.model_dump() | {"total_tokens": total}

"""The official client against a real server."""

import openai
import pytest

from web.support import FakeModel, chat, wait_for


def client(server, key="none", retries=0):
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key=key, max_retries=retries)


def ask(server, said, **more):
    with client(server) as api:
        return api.chat.completions.create(**chat(said) | more)


def ask_stream(server, said, **more):
    with client(server) as api:
        return list(api.chat.completions.create(**chat(said), stream=True, **more))


def test_models_are_listed_and_shown(shared_server):
    with client(shared_server) as api:
        assert [each.id for each in api.models.list()] == ["fake"]
        assert api.models.retrieve("fake").owned_by == "churnlens"
        with pytest.raises(openai.NotFoundError) as refused:
            api.models.retrieve("a/b")
    assert refused.value.code == "model_not_found"


def test_a_whole_reply(shared_server):
    reply = ask(shared_server, "hello")
    assert reply.choices[0].message.content == "词0 词1 词2 词3 词4 "
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.model_dump(exclude_none=True) == {
        "prompt_tokens": 3,
        "completion_tokens": 5,
        "total_tokens": 8,
    }
    assert reply.object == "chat.completion" and reply.id.startswith("chatcmpl-")


def test_a_streamed_reply_is_the_whole_one_in_parts(shared_server):
    parts = ask_stream(shared_server, "hello", stream_options={"include_usage": True})
    deltas = [each.choices[0].delta.content or "" for each in parts if each.choices]
    assert "".join(deltas) == "词0 词1 词2 词3 词4 " and deltas.count("") == 2
    assert parts[0].choices[0].delta.role == "assistant"
    assert parts[-2].choices[0].finish_reason == "stop"
    assert parts[-1].usage.total_tokens == 8 and not parts[-1].choices
    assert len({each.id for each in parts}) == 1


def test_usage_is_streamed_only_when_asked_for(shared_server):
    assert all(each.choices for each in ask_stream(shared_server, "hello"))


def test_a_reply_is_cut_at_the_tokens_asked_for_and_at_those_of_the_server(serve):
    server = serve(limits={"new_tokens": 4})
    assert ask(server, "hello", max_completion_tokens=2).choices[0].finish_reason == "length"
    assert ask(server, "hello", max_tokens=99).usage.completion_tokens == 4
    assert ask(server, "hello").usage.completion_tokens == 4


def test_settings_and_parts_reach_the_model(shared_server):
    parts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    messages = [{"role": "developer", "content": "be kind"}, {"role": "user", "content": parts}]
    with client(shared_server) as api:
        api.chat.completions.create(
            model="fake", messages=messages, temperature=0.5, top_p=0.9, seed=4
        )
    told, settings = shared_server.model.seen[-1]
    assert [(each.role, each.content) for each in told] == [
        ("system", "be kind"),
        ("user", "one\ntwo"),
    ]
    assert (settings.temperature, settings.top_p, settings.seed) == (0.5, 0.9, 4)


@pytest.mark.parametrize(
    ("more", "code", "param"),
    [
        ({"extra_body": {"tools_x": 1}}, "unknown_parameter", "tools_x"),
        ({"extra_body": {"top_k": 1}}, "unknown_parameter", "top_k"),
        *(
            ({name: value}, "unsupported_parameter", name)
            for name, value in {
                "stop": ["a"],
                "n": 2,
                "logprobs": True,
                "top_logprobs": 2,
                "logit_bias": {"1": 1},
                "frequency_penalty": 0.5,
                "presence_penalty": -1,
                "response_format": {"type": "json_object"},
                "tools": [{"type": "function", "function": {"name": "f"}}],
                "tool_choice": "required",
                "functions": [{"name": "f"}],
                "function_call": {"name": "f"},
                "service_tier": "priority",
                "modalities": ["text", "audio"],
                "parallel_tool_calls": "x",
            }.items()
        ),
        ({"temperature": 3}, "invalid_value", "temperature"),
        ({"max_tokens": 0}, "invalid_value", "max_tokens"),
        ({"messages": []}, "invalid_value", "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, "invalid_value", "messages"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "invalid_value", "messages"),
        (
            {"messages": [{"role": "user", "content": "a" * 4001}]},
            "string_above_max_length",
            "messages.0.content",
        ),
        (
            {"messages": [{"role": "user", "content": "a"}] * 401},
            "context_length_exceeded",
            "messages",
        ),
    ],
)
def test_a_bad_request_says_what_is_wrong(shared_server, more, code, param):
    with client(shared_server) as api, pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(**(chat("hello") | more))
    assert (refused.value.code, refused.value.param) == (code, param)


def test_what_is_refused_is_named(shared_server):
    with client(shared_server) as api, pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(**chat("hello"), n=3)
    assert refused.value.body["message"] == "n is not served: leave it out, or send 1"
    assert refused.value.type == "invalid_request_error"


def test_what_clients_send_unasked_is_taken(shared_server):
    idle = {
        "n": 1,
        "stop": None,
        "logprobs": False,
        "logit_bias": {},
        "frequency_penalty": 0.0,
        "presence_penalty": 0,
        "response_format": {"type": "text"},
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "service_tier": "auto",
        "modalities": ["text"],
        "temperature": 0.7,
        "top_p": 1,
        "seed": 1,
        "user": "u",
    }
    assert ask(shared_server, "hello", **idle).choices[0].finish_reason == "stop"


def whole_reply(api, messages):
    return api.chat.completions.create(model="fake", messages=messages).choices[0].message


def parsed_reply(api, messages):
    return api.chat.completions.parse(model="fake", messages=messages).choices[0].message


def streamed_reply(api, messages):
    with api.chat.completions.stream(model="fake", messages=messages) as stream:
        return stream.get_final_completion().choices[0].message


@pytest.mark.parametrize("reply", [whole_reply, parsed_reply, streamed_reply])
@pytest.mark.parametrize("kept", [lambda message: message, lambda message: message.model_dump()])
def test_a_dialogue_goes_on_from_the_reply_as_it_came(shared_server, reply, kept):
    messages = []
    with client(shared_server) as api:
        for turn in range(3):
            messages.append({"role": "user", "content": f"echo {turn}"})
            messages.append(kept(reply(api, messages)))
    said = [(each.role, each.content) for each in shared_server.model.seen[-1][0]]
    turns = [(("user", f"echo {turn}"), ("assistant", str(turn))) for turn in range(3)]
    assert said == [each for turn in turns for each in turn][:-1]


def test_a_message_with_empty_lists_is_taken(shared_server):
    earlier = {"role": "assistant", "content": "a", "tool_calls": [], "annotations": []}
    last = {"role": "user", "content": "echo b"}
    assert ask(shared_server, "", messages=[earlier, last]).choices[0].message.content == "b"


@pytest.mark.parametrize(
    ("name", "value"),
    {
        "refusal": "no",
        "tool_calls": [{"id": "1", "type": "function"}],
        "function_call": {"name": "f", "arguments": "{}"},
        "audio": {"id": "1"},
        "annotations": [{"type": "url_citation"}],
        "parsed": {"a": 1},
    }.items(),
)
def test_a_message_that_holds_more_than_text_is_refused_by_name(shared_server, name, value):
    messages = [{"role": "assistant", "content": "a", name: value}, *chat()["messages"]]
    with pytest.raises(openai.BadRequestError) as refused:
        ask(shared_server, "", messages=messages)
    assert refused.value.code == "unsupported_parameter"
    assert refused.value.param == f"messages.0.{name}"


def test_an_unknown_model_and_a_long_dialogue(shared_server):
    with client(shared_server) as api:
        with pytest.raises(openai.NotFoundError) as refused:
            api.chat.completions.create(**chat() | {"model": "gpt"})
        assert refused.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError) as refused:
            api.chat.completions.create(**chat("too long"))
        assert refused.value.code == "context_length_exceeded"


def test_a_fault_of_the_model_tells_nothing_of_it(shared_server, caplog):
    with client(shared_server) as api:
        with pytest.raises(openai.InternalServerError) as failed:
            api.chat.completions.create(**chat("fail"))
        with pytest.raises(openai.APIError) as broken:
            list(api.chat.completions.create(**chat("fail late"), stream=True))
    assert failed.value.code == "internal_error"
    assert "secret" not in f"{failed.value} {broken.value} {caplog.text}"
    assert "RuntimeError at support.py" in caplog.text


def test_a_late_reply_is_cut_and_a_silent_one_fails(serve):
    model = FakeModel(seconds=0.05, words=100)
    server = serve(model=model, queue={"total_seconds": 0.3, "first_seconds": 0.2})
    assert ask(server, "hello").choices[0].finish_reason == "length"
    with pytest.raises(openai.InternalServerError) as late:
        ask(server, "silent")
    assert late.value.status_code == 504 and late.value.code == "deadline_exceeded"
    assert server.idle()


def test_old_turns_are_dropped_and_counted(serve):
    server = serve(limits={"turns": 2})
    turns = [{"role": r, "content": f"{r}{n}"} for n in range(3) for r in ("user", "assistant")]
    messages = [{"role": "system", "content": "s"}, *turns, {"role": "user", "content": "last"}]
    with client(server) as api:
        answer = api.chat.completions.with_raw_response.create(model="fake", messages=messages)
    shown = [each.content for each in server.model.seen[-1][0]]
    assert shown == ["s", "user2", "assistant2", "last"]
    assert answer.headers["x-messages-dropped"] == "4"


def test_closing_the_stream_frees_the_place(serve):
    server = serve(model=FakeModel(seconds=0.5, words=400))
    with client(server) as api:
        stream = api.chat.completions.create(**chat("hello"), stream=True)
        next(iter(stream))
        assert server.model.working == 1
        stream.close()
        assert server.idle()
        assert wait_for(lambda: server.model.working == 0)


def test_a_full_queue_says_when_to_come_again(serve):
    server = serve(model=FakeModel(seconds=0.5, words=400), queue={"waiting": 0})
    with client(server) as api:
        stream = api.chat.completions.create(**chat("hello"), stream=True)
        next(iter(stream))
        with pytest.raises(openai.RateLimitError) as busy:
            api.chat.completions.create(**chat("hello"))
        stream.close()
    assert busy.value.code == "queue_full"
    assert 1 <= int(busy.value.response.headers["retry-after"]) <= 60


def test_who_waits_too_long_is_told_so(serve):
    model = FakeModel(seconds=0.5, words=400)
    server = serve(model=model, queue={"queue_seconds": 0.2})
    with client(server) as api:
        stream = api.chat.completions.create(**chat("hello"), stream=True)
        next(iter(stream))
        with pytest.raises(openai.RateLimitError):
            api.chat.completions.create(**chat("hello"))
        stream.close()
    assert model.most == 1


def test_a_session_may_not_ask_too_often(serve):
    server = serve(limits={"requests_per_minute": 1, "burst": 2})
    with client(server) as api:
        for _ in range(2):
            api.chat.completions.create(**chat("hello"))
        with pytest.raises(openai.RateLimitError) as often:
            api.chat.completions.create(**chat("hello"))
    assert often.value.code == "rate_limit_exceeded"
    assert 50 <= int(often.value.response.headers["retry-after"]) <= 60

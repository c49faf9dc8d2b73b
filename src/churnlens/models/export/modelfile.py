"""The Modelfile that Ollama builds a model from: same prompt, same ends, greedy, no penalty.

Ollama fills a Go template, not the Jinja template inside the file; only the ChatML family is
translated, and only after the Jinja template was seen to write ChatML. Ollama's own default makes
what was said less likely to be said again, and an answer repeats figures and marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TURNS = (
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": "why?"},
    {"role": "assistant", "content": "the price"},
    {"role": "user", "content": "and?"},
)
_TEMPLATE = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
_CONTEXT = 8192  # Ollama's own default cuts long prompts without a word


def render(tokenizer: Any, turns: Sequence[Mapping[str, str]]) -> str:
    """Return a dialogue in the tokenizer's chat template, ready for the next answer."""
    text = tokenizer.apply_chat_template(list(turns), tokenize=False, add_generation_prompt=True)
    return str(text)


def chatml(turns: Sequence[Mapping[str, str]]) -> str:
    """Return a dialogue in ChatML, ready for the next answer."""
    parts = [f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in turns]
    return "".join(parts) + "<|im_start|>assistant\n"


def is_chatml(tokenizer: Any) -> bool:
    """Whether the chat template writes plain ChatML when a system turn is given."""
    return render(tokenizer, _TURNS) == chatml(_TURNS)


def default_system(tokenizer: Any) -> str:
    """Return the system turn that the chat template adds where none is given, or nothing."""
    plain = chatml(_TURNS[1:2])
    before = render(tokenizer, _TURNS[1:2]).removesuffix(plain)
    return before.removeprefix("<|im_start|>system\n").removesuffix("<|im_end|>\n")


def modelfile(tokenizer: Any, weights: str, context: int, ends: Sequence[int]) -> str:
    """Return the text of a Modelfile.

    Args:
        tokenizer: of the exported model.
        weights: name of the GGUF file beside it.
        context: tokens that the model was made for.
        ends: ids of the tokens that end a text.
    """
    lines = [f"FROM ./{weights}"]
    if is_chatml(tokenizer):
        lines.append(f'TEMPLATE """{_TEMPLATE}"""')
        if system := default_system(tokenizer):
            lines.append(f'SYSTEM """{system}"""')
    stops = dict.fromkeys(tokenizer.convert_ids_to_tokens(list(ends)))
    lines += [f'PARAMETER stop "{stop}"' for stop in stops]
    lines += ["PARAMETER temperature 0", "PARAMETER repeat_penalty 1"]
    lines.append(f"PARAMETER num_ctx {min(context, _CONTEXT)}")
    return "\n".join(lines) + "\n"

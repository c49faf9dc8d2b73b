"""The Modelfile: the prompt that the student was trained on, and nothing that cuts it."""

import pytest

from churnlens.models.export.modelfile import chatml, default_system, is_chatml, modelfile
from models.tiny import make_tokenizer

WITH_SYSTEM = (
    "{% for m in messages %}{% if loop.first and m['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are kind<|im_end|>\n' }}{% endif %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEMPLATE = (
    'TEMPLATE """{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n'
    '{{ end }}<|im_start|>assistant\n"""\n'
)


@pytest.fixture
def tokenizer():
    return make_tokenizer()


def go(template, turns):
    """What Go's text/template makes of the one range that is used here."""
    body = template.split('"""')[1]
    inner = body.split("{{- range .Messages }}")[1].split("{{ end }}")
    rows = [inner[0].replace("{{ .Role }}", r).replace("{{ .Content }}", c) for r, c in turns]
    return "".join(rows) + inner[1]


def test_every_line_of_it(tokenizer):
    assert modelfile(tokenizer, "model.gguf", 256, [2]) == (
        f"FROM ./model.gguf\n{TEMPLATE}"
        'PARAMETER stop "<|im_end|>"\nPARAMETER temperature 0\nPARAMETER repeat_penalty 1\n'
        "PARAMETER num_ctx 256\n"
    )


def test_the_template_writes_what_the_tokenizer_writes(tokenizer):
    turns = [{"role": "system", "content": "brief"}, {"role": "user", "content": "why?\n\nnow"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert go(TEMPLATE, [(t["role"], t["content"]) for t in turns]) == text == chatml(turns)


def test_a_default_system_turn_travels_along(tokenizer):
    assert default_system(tokenizer) == ""
    tokenizer.chat_template = WITH_SYSTEM
    assert is_chatml(tokenizer) and default_system(tokenizer) == "You are kind"
    assert 'SYSTEM """You are kind"""\n' in modelfile(tokenizer, "m.gguf", 256, [2])


def test_another_family_gets_no_template(tokenizer):
    tokenizer.chat_template = "{% for m in messages %}[{{ m['content'] }}]{% endfor %}"
    assert not is_chatml(tokenizer)
    text = modelfile(tokenizer, "m.gguf", 256, [2])
    assert "TEMPLATE" not in text and "SYSTEM" not in text and "PARAMETER stop" in text


def test_all_ends_stop_once_and_the_context_is_bounded(tokenizer):
    text = modelfile(tokenizer, "m.gguf", 32768, [2, 0, 2])
    assert text.count("PARAMETER stop") == 2 and '"<|endoftext|>"' in text
    assert "PARAMETER num_ctx 8192" in text

import importlib.util
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from churnlens.models.memory import generation_memory
from churnlens.models.shapes import known_config
from churnlens.models.training.estimate import GIB, Shape, estimate_memory

FILE = Path(__file__).parents[2] / "benchmarks" / "gpu.py"
QWEN = {
    "model_type": "qwen2",
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "tie_word_embeddings": False,
}


@pytest.fixture(scope="module")
def gpu():
    spec = importlib.util.spec_from_file_location("benchmark_gpu", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if module.has_gpu():
        pytest.skip("a GPU is here: run benchmarks/gpu.py itself")
    return module


def weights(folder):
    found = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            found |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return found


@pytest.mark.parametrize("numbers", [QWEN, known_config("tiny-random", Path("none"))])
def test_random_weights_have_the_counted_size_and_load_whole(gpu, numbers, tmp_path, monkeypatch):
    from churnlens.models.loading import load_causal_lm, load_tokenizer, prepare

    monkeypatch.setattr(gpu, "known_config", lambda *_: numbers)
    monkeypatch.setattr(gpu, "SHARD", 10_000)
    folder = gpu.write_model(tmp_path / "m", "m")
    shape, kept = Shape.of(numbers), weights(folder)
    assert sum(tensor.numel() for tensor in kept.values()) == shape.linear + shape.other
    assert len(list(folder.glob("*.safetensors"))) > 1
    prepare(folder)
    model = load_causal_lm(folder, "bfloat16")
    loaded = model.state_dict()
    assert all(loaded[name].equal(tensor) for name, tensor in kept.items())
    drawn = kept["model.layers.0.mlp.up_proj.weight"].float()
    assert drawn.std().item() == pytest.approx(0.02, rel=0.1)
    assert kept["model.norm.weight"].float().unique().tolist() == [1.0]
    assert load_tokenizer(folder).pad_token_id == 0
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    gpu.write_model(folder, "m")  # whole already
    assert before == {path: path.stat().st_mtime_ns for path in folder.iterdir()}


@given(text=st.text(max_size=30))
def test_the_tokens_are_bytes(gpu, text):
    tokenizer = gpu.byte_tokenizer()
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    if not any(token in text for token in ("<|endoftext|>", "<|im_start|>", "<|im_end|>")):
        assert len(ids) == len(text.encode())
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_the_same_code_runs_on_a_tiny_shape(gpu, capsys, tmp_path):
    gpu.main(["--tiny", "--steps", "1", "--answers", "2", "--work", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    assert told["device"] == "no GPU"
    assert "--tiny" in told["command"]
    assert {"torch", "transformers", "peft", "bitsandbytes"} <= set(told["versions"])
    assert [(row["what"], row["environment"]) for row in told["rows"]] == [
        (what, environment)
        for environment in ("t4", "a100")
        for what in ("training", "teacher, batched", "teacher, one by one")
    ]
    for row in told["rows"]:
        assert row["status"] == "measured"
        assert row["peak_gib"] > 0
        unit = "tokens" if row["what"] == "training" else "answers"
        assert row[f"{unit}_per_second"] > 0
        assert len(row["seconds"]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny-random"]


def test_without_a_gpu_rows_are_unmeasured_and_planned(gpu, capsys):
    gpu.main([])
    told = json.loads(capsys.readouterr().out)
    assert "nothing was measured" in told["note"]
    assert {row["status"] for row in told["rows"]} == {"unmeasured"}
    first, second = told["rows"][:2]
    options = next(gpu.jobs(False, 1, 1)).options
    student, teacher = (
        known_config(name, Path("none")) for name in ("Qwen2.5-7B-Instruct", "Qwen2.5-14B-Instruct")
    )
    assert (options.method, options.rank, options.dtype) == ("qlora", 16, "float16")
    training = estimate_memory(student, options, tokens=2560, answer_tokens=1280, device="cuda")
    assert first["planned_gib"] == round(training.peak / GIB, 2)
    writing = generation_memory(teacher, dtype="nf4", rows=4, tokens=(2048, 512), device="cuda")
    assert second["planned_gib"] == round(writing.peak / GIB, 2)
    assert [row["limit_gib"] for row in told["rows"]] == [15, 15, 15, None, None, None]


def test_what_does_not_fit_is_a_row_too(gpu, tmp_path, monkeypatch):
    def full(*_):
        raise MemoryError("16 GiB")

    monkeypatch.setattr(gpu, "train", full)
    found = gpu.measure(next(gpu.jobs(True, 1, 1)), tmp_path / "m")
    assert found == {"status": "out of memory", "error": "16 GiB"}


def test_the_clock_drops_nothing_and_keeps_the_loading_peak(gpu, monkeypatch):
    times = iter([1.0, 3.0, 10.0, 10.5])
    monkeypatch.setattr(gpu.time, "perf_counter", lambda: next(times))
    clock = gpu.Clock()
    clock.ready()
    for _ in range(2):
        clock.begin()
        clock.end()
    assert clock.seconds == [2.0, 0.5]
    assert clock.loading > 0


def test_prompts_are_as_long_as_planned_and_share_no_beginning(gpu, tmp_path, monkeypatch):
    from churnlens.models import generation

    asked = []

    class Counting(generation.Generator):
        def generate(self, requests):
            asked.extend((self.prompt_tokens(r.messages), r.messages[0].content) for r in requests)
            return super().generate(requests)

    monkeypatch.setattr(generation, "Generator", Counting)
    job = list(gpu.jobs(True, 1, 2))[1]
    folder = gpu.write_model(tmp_path / "m", "tiny-random")
    clock, answers = gpu.answer(job, folder, tmp_path)
    assert [tokens for tokens, _ in asked] == [96, 96]
    assert asked[0][1][0] != asked[1][1][0]
    assert (len(clock.seconds), answers) == (1, 2.0)


def test_on_a_gpu_each_row_has_a_process_of_its_own(gpu, monkeypatch):
    import os

    assert gpu.apart(os.getpid) == os.getpid()
    monkeypatch.setattr(gpu, "has_gpu", lambda: True)
    assert gpu.apart(os.getpid) != os.getpid()

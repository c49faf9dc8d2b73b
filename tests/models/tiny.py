"""What the fixtures of this folder are made of: a tokenizer, weights, a wheel, lock entries."""

import base64
import hashlib
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

WORDS = "why do customers leave the bill is high and support never answers one month contract"
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def make_tokenizer(vocabulary=380):
    """A byte-level BPE tokenizer with ChatML, trained on a few words."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator([WORDS, '{"text": "the bill", "ids": ["S1", "S2"]}'] * 5, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        unk_token="<|endoftext|>",
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        chat_template=CHATML,
    )


def make_random_model(like, folder):
    """Write a Llama of two layers with random weights, and the tokenizer of the model `like`."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from churnlens.models.loading import load_tokenizer
    from churnlens.models.shapes import known_config

    tokenizer, numbers = load_tokenizer(like), known_config("tiny-random", folder)
    torch.manual_seed(7)
    config = LlamaConfig(
        **{name: value for name, value in numbers.items() if name != "model_type"},
        initializer_range=0.3,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def model_files():
    """The smallest folder that counts as a model: name → bytes."""
    tensors = save({"weight": np.arange(6, dtype=np.float32).reshape(2, 3)})
    return {"config.json": b'{"model_type": "bert"}', "model.safetensors": tensors}


def write_files(folder, files):
    """Write name → bytes into a folder, which is returned."""
    for name, data in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Path(folder)


def make_wheel(folder, files, package="tiny_model", version="1.0", tag="py3-none-any"):
    """Write a valid wheel with `files` under `package/weights`, and return its path."""
    info = f"{package}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {package.replace('_', '-')}\nVersion: {version}\n"
    members = {f"{package}/weights/{name}": data for name, data in files.items()}
    members[f"{package}/__init__.py"] = b"raise SystemExit('this package must never be imported')"
    members[f"{info}/METADATA"] = metadata.encode()
    members[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode()
    rows = [f"{name},sha256={_record(data)},{len(data)}" for name, data in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{package}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def _record(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def pypi_entry(wheel, files):
    """The lock entry of a wheel made by `make_wheel`, as a mapping."""
    return {
        "name": "tiny",
        "kind": "encoder",
        "base": "someone/tiny",
        "licence": "MIT",
        "languages": ["en"],
        "source": "pypi",
        "package": "tiny-model==1.0",
        "wheel_sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "folder": "tiny_model/weights",
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }


def entry(**changes):
    """A lock entry of a hub model, with changes."""
    base = {"name": "m", "kind": "encoder", "base": "a/m", "licence": "MIT", "languages": ["en"]}
    return {**base, "source": "hf", "revision": "0" * 40, **changes}

"""Running out of memory for real, on a CPU, and as torch says it on a GPU."""

import pytest
import torch

from churnlens.models.training import fit as fit_module
from churnlens.models.training.exhausted import MemoryExhaustedError, is_exhaustion, memory_stage
from churnlens.models.training.fit import load_for_training
from churnlens.models.training.train import train
from models.training.samples import OPTIONS, TRAINING, VALIDATION


def test_the_error_names_stage_peak_and_three_steps_in_order():
    with pytest.raises(MemoryExhaustedError) as caught, memory_stage("validation", ["a", "b", "c"]):
        torch.empty(2**60, dtype=torch.uint8)
    text = str(caught.value)
    assert "during validation" in text and "1. a; 2. b; 3. c" in text
    assert 0 < float(text.split("peak so far ")[1].split(" GiB", maxsplit=1)[0]) < 100


def test_only_exhaustion_is_translated():
    with pytest.raises(RuntimeError, match="another thing"), memory_stage("training", []):
        raise RuntimeError("another thing")
    assert is_exhaustion(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_exhaustion(MemoryError())
    assert not is_exhaustion(ValueError("DefaultCPUAllocator"))


@pytest.mark.parametrize(
    ("call", "stage"), [(1, "validation"), (4, "training"), (0, "loading the model")]
)
def test_a_training_says_where_it_ran_out(tiny_lm, tmp_path, monkeypatch, call, stage):
    """The validation before step 1 reads its three rows one by one; the fourth pass trains."""

    def hungry(path, options):
        if not call:
            torch.empty(2**60, dtype=torch.uint8)
        model, calls = load_for_training(path, options), []

        def eat(*_):
            calls.append(1)
            if len(calls) == call:
                torch.empty(2**60, dtype=torch.uint8)

        model.get_base_model().model.register_forward_pre_hook(eat)
        return model

    monkeypatch.setattr(fit_module, "load_for_training", hungry)
    with pytest.raises(MemoryExhaustedError, match=f"out of memory during {stage}; peak") as caught:
        train(TRAINING, VALIDATION, model=tiny_lm, options=OPTIONS, checkpoints=tmp_path)
    assert "1. batch_size: 1 with accumulation: 2, the same result" in str(caught.value)

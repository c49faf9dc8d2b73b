import copy

import pytest
import torch

from churnlens.models.heads.packed import pack_linear


@pytest.fixture
def model():
    torch.manual_seed(0)
    layers = torch.nn.Linear(24, 40), torch.nn.GELU(), torch.nn.Linear(40, 3, bias=False)
    return torch.nn.Sequential(torch.nn.LayerNorm(24), torch.nn.Sequential(*layers)).eval()


@pytest.mark.parametrize("shape", [(7, 24), (1, 24), (0, 24), (5, 13, 24), (2, 3, 4, 24)])
def test_a_packed_model_says_the_same(model, shape):
    packed, given = pack_linear(copy.deepcopy(model)), torch.randn(shape)
    with torch.inference_mode():
        assert packed(given).shape == (*shape[:-1], 3)
        assert torch.allclose(packed(given), model(given), rtol=0, atol=2e-6)


def test_what_is_not_side_by_side_in_memory_is_read_in_its_order(model):
    packed, given = pack_linear(copy.deepcopy(model)), torch.randn(24, 9).T
    with torch.inference_mode():
        assert torch.allclose(packed(given), model(given), rtol=0, atol=2e-6)


def test_weights_are_held_once_and_each_layer_has_its_own(model):
    packed = pack_linear(copy.deepcopy(model))
    assert packed[1][0].weight is None and packed[1][2].weight is None
    with torch.inference_mode():
        given = torch.randn(4, 40)
        assert torch.allclose(packed[1][2](given), model[1][2](given), atol=2e-6)


def test_other_precisions_and_a_torch_without_onednn_are_left_alone(model, monkeypatch):
    half = copy.deepcopy(model).bfloat16()
    assert pack_linear(half)[1][0].weight.dtype == torch.bfloat16
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert pack_linear(model)[1][0].weight is not None

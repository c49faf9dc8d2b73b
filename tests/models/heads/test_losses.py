import numpy as np
import pytest
import torch
from scipy.special import expit

from churnlens.models.heads.losses import log_chances, row_losses

RNG = np.random.default_rng(3)
NUMBERS = torch.tensor(RNG.normal(0, 2, (20, 4)), dtype=torch.float32)


def test_ordinal_chances_from_the_definition():
    chances = log_chances(NUMBERS, "ordinal").exp().numpy()
    for row, found in zip(NUMBERS.numpy(), chances, strict=True):
        left, wanted = 1.0, []
        for number in row:
            wanted.append(left * expit(-number))
            left *= expit(number)
        assert found == pytest.approx([*wanted, left], abs=1e-6)
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-6)


def test_extreme_numbers_stay_finite():
    far = log_chances(torch.tensor([[1000.0, -1000.0], [-1000.0, 1000.0]]), "ordinal")
    assert torch.isfinite(far).all()
    assert far.exp().tolist() == [[0, 1, 0], [1, 0, 0]]


def test_the_loss_of_classes_is_torchs_cross_entropy():
    hard = torch.eye(4)[torch.tensor(RNG.integers(0, 4, 20))]
    for smoothing in (0, 0.2):
        expected = torch.nn.functional.cross_entropy(
            NUMBERS, hard, reduction="none", label_smoothing=smoothing
        )
        assert torch.allclose(row_losses(NUMBERS, hard, "classification", smoothing), expected)


def test_the_ordinal_loss_of_a_hard_label_is_that_of_its_steps():
    """One yes/no question a step, of those that got so far: the definition of CORN."""
    for label in range(5):
        hard = torch.eye(5)[label].expand(20, 5)
        asked = NUMBERS[:, : min(label + 1, 4)]
        yes = (torch.arange(asked.shape[1]) < label).float().expand_as(asked)
        wanted = torch.nn.functional.binary_cross_entropy_with_logits(asked, yes, reduction="none")
        assert torch.allclose(row_losses(NUMBERS, hard, "ordinal"), wanted.sum(1), atol=1e-5)


def test_shares_are_learned_as_shares():
    shares = torch.tensor([[0.2, 0.5, 0.3]])
    numbers = torch.zeros((1, 2), requires_grad=True)
    optimizer = torch.optim.LBFGS([numbers], max_iter=100)

    def loss():
        optimizer.zero_grad()
        value = row_losses(numbers, shares, "ordinal").mean()
        value.backward()
        return value

    optimizer.step(loss)
    assert log_chances(numbers, "ordinal").exp()[0].tolist() == pytest.approx(
        [0.2, 0.5, 0.3], abs=1e-3
    )


def test_regression_is_half_the_squared_error():
    got = row_losses(torch.tensor([[2.0], [1.0]]), torch.tensor([[5.0], [1.0]]), "regression")
    assert got.tolist() == [4.5, 0]

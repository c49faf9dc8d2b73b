"""From the numbers of a head to chances, and from chances to a loss.

An ordinal head of k classes gives k - 1 numbers: the log odds of going beyond class j for a case
that is at least at j (continuation ratios, Fienberg 1980; CORN of Shi, Cao and Raschka, 2023).
Whatever
the numbers, the chances of the classes add up to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnlens.options import HeadKind

if TYPE_CHECKING:
    import torch


def log_chances(numbers: torch.Tensor, kind: HeadKind) -> torch.Tensor:
    """Return the log probability of each class, shape (n, k).

    Args:
        numbers: of the head, shape (n, k) for classification and (n, k - 1) for ordinal.
        kind: not regression.
    """
    import torch
    from torch.nn.functional import logsigmoid

    if kind == "classification":
        return torch.log_softmax(numbers.float(), dim=-1)
    start = numbers.new_zeros((len(numbers), 1), dtype=torch.float32)
    beyond = torch.cat([start, logsigmoid(numbers.float()).cumsum(dim=-1)], dim=-1)
    stops = torch.cat([logsigmoid(-numbers.float()), start], dim=-1)
    return beyond + stops


def row_losses(
    numbers: torch.Tensor, labels: torch.Tensor, kind: HeadKind, smoothing: float = 0
) -> torch.Tensor:
    """Return the loss of each row, shape (n,): cross entropy in nats, or half the squared error.

    Args:
        numbers: of the head, shape (n, outputs).
        labels: a share for each class, shape (n, k); of regression the number, shape (n, 1).
        kind: of the head.
        smoothing: share of each label that is spread over all classes.
    """
    if kind == "regression":
        return 0.5 * (numbers.float() - labels).square().squeeze(-1)
    wanted = labels * (1 - smoothing) + smoothing / labels.shape[-1]
    return -(wanted * log_chances(numbers, kind)).sum(dim=-1)

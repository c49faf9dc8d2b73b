"""Two-by-two tests of driver candidates inside a cohort: significance, size and confirmation.

Arrays of counts have shape (4, k) and rows as `evidence.intervals` takes them: events and size of
the members, events and size of the rest of the cohort.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlens.evidence.intervals import katz, newcombe, score_z, two_sided, wilson
from churnlens.options import DriverOptions

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint64]

SMALLEST_EXPECTED = 5.0  # a cell that expects fewer calls for Fisher's exact test
CONFIRMED_Z = 1.6448536269514722  # one-sided 5 %


@dataclass(frozen=True, eq=False)
class Screening:
    """What the tests of k candidates found.

    Attributes:
        counts: (4, k).
        p, q: (k,) two-sided p-values, raw and after Benjamini-Hochberg.
        confirmed: (k,) whether one half of the cohort discovers it and the other confirms it.
        why_not: for each candidate the first rule that fails, or an empty string.
        bounds: (4, 3, k) value, low and high of the members' rate, the others' rate, the risk
            ratio and the difference.
    """

    counts: Floats
    p: Floats
    q: Floats
    confirmed: Mask
    why_not: list[str]
    bounds: Floats


def pack(columns: Mask) -> Bits:
    """Return masks (n_rows, k) as bits (k, ⌈n_rows / 64⌉): a million rows in 125 kB each."""
    packed = np.packbits(np.ascontiguousarray(columns.T), axis=1)
    return np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)


def count_bits(members: Bits, event: Bits, rows: Bits) -> Floats:
    """Return what `count_events` does, of bits: `members` (k, w), `event` and `rows` (1, w)."""
    inside = [np.bitwise_count(members & each).sum(axis=1) for each in (rows & event, rows)]
    whole = [np.bitwise_count(each).sum(axis=1) for each in (rows & event, rows)]
    found = np.stack(inside).astype(float)
    return np.concatenate([found, np.stack(whole).astype(float) - found])


def count_events(members: Floats, event: Mask, rows: Mask) -> Floats:
    """Return the counts (4, k) of some rows; `members` (n_rows, k) holds 0.0 and 1.0."""
    weights = np.stack([rows & event, rows]).astype(float)
    inside = weights @ members
    return np.concatenate([inside, weights.sum(axis=1, keepdims=True) - inside])


def independence_p(counts: Floats) -> Floats:
    """Return two-sided p-values (k,): Pearson's chi-square, or Fisher's exact test.

    Fisher's test is taken where a cell expects fewer than 5 customers.
    """
    p = two_sided(score_z(*counts))
    events, size, rest_events, rest_size = counts
    share = (events + rest_events) / (size + rest_size)
    least = np.minimum(size, rest_size) * np.minimum(share, 1 - share)
    for place in np.flatnonzero(least < SMALLEST_EXPECTED):
        p[place] = fisher_p(*counts[:, place].astype(int))
    return p


def fisher_p(events: int, size: int, rest_events: int, rest_size: int) -> float:
    """Return the two-sided p-value of Fisher's exact test.

    The sum over all tables with these margins that are no likelier than this one, as
    `scipy.stats.fisher_exact` has it, in one call where that one searches.
    """
    from scipy.stats import hypergeom

    total = events + rest_events
    possible = np.arange(max(0, total - rest_size), min(size, total) + 1)
    chance = hypergeom.pmf(possible, size + rest_size, total, size)
    own = chance[events - possible[0]]
    return float(min(chance[chance <= own * (1 + 1e-7)].sum(), 1.0))


def _confirm(discovery: Floats, confirmation: Floats, alpha: float) -> Mask:
    """Whether one half discovers an excess at false discovery rate `alpha`, and the other too."""
    from scipy.stats import false_discovery_control

    found = score_z(*discovery)
    q = np.asarray(false_discovery_control(two_sided(found)))
    again: Mask = score_z(*confirmation) > CONFIRMED_Z
    return (found > 0) & (q <= alpha) & again


def screen(members: Mask, event: Mask, half: Mask, options: DriverOptions) -> Screening:
    """Test every candidate against the rest of the cohort.

    Args:
        members: (n_rows, k) who belongs to each candidate, rows of the cohort.
        event: (n_rows,) who has the asked outcome.
        half: (n_rows,) a fixed half of the customers, independent of both.
        options: false discovery rate and effect floor.
    """
    everybody = np.ones(len(event), dtype=bool)
    return screen_packed(pack(members), everybody, event, half, options)


def screen_packed(
    members: Bits, mask: Mask, event: Mask, half: Mask, options: DriverOptions
) -> Screening:
    """Test every candidate against the rest of a cohort, see `screen`.

    Args:
        members: (k, ⌈n_rows / 64⌉) who belongs to each candidate, by `pack`.
        mask: (n_rows,) the cohort.
        event: (n_rows,) who of all has the asked outcome.
        half: (n_rows,) a fixed half of all customers.
        options: false discovery rate and effect floor.
    """
    from scipy.stats import false_discovery_control

    rows, asked, halves = (pack(each[:, None]) for each in (mask, event, half))
    first = count_bits(members, asked, rows & halves)
    second = count_bits(members, asked, rows & ~halves)
    counts = first + second
    p = independence_p(counts)
    q = np.asarray(false_discovery_control(p))
    confirmed = _confirm(first, second, options.alpha) | _confirm(second, first, options.alpha)
    rate, rest = counts[0] / counts[1], counts[2] / counts[3]
    strong = (rate >= options.min_lift * rest) | (rate - rest >= options.min_difference)
    rules = {
        "other_direction": rate > rest,
        "not_significant": q <= options.alpha,
        "small_effect": strong,
        "not_confirmed": confirmed,
    }
    why_not = [
        next((key for key, holds in rules.items() if not holds[place]), "")
        for place in range(len(p))
    ]
    return Screening(counts, p, q, confirmed, why_not, _bounds(counts))


def _bounds(counts: Floats) -> Floats:
    """Return value, low and high of both rates, the risk ratio and the difference: (4, 3, k)."""
    each = (wilson(*counts[:2]), wilson(*counts[2:]), katz(*counts), newcombe(*counts))
    return np.array(each)

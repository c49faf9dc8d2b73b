"""Keys and values of a text being written, with room to grow.

transformers' own cache copies all that it holds for every new token, which is half the time of a
batch on a CPU. Here the next token is written behind the others, and copies are made once in a
while.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import Cache, DynamicCache

ROOM = 128  # tokens that are added at once
STEP = 64  # stores hold a multiple of this


def roomy_cache(config: Any) -> DynamicCache:
    """Return an empty cache for a model of `config`; layers that keep a window stay as they are."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
        """Keys and values, each the used part of a larger tensor, (rows, heads, tokens, size)."""

        keeps_all = True
        _stores: tuple[torch.Tensor, torch.Tensor] | None = None

        def update(
            self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
        ) -> tuple[torch.Tensor, torch.Tensor]:
            """Add the states of new tokens; returns all keys and values, see `with_room`."""
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            begin = self.get_seq_length()
            end = begin + key_states.shape[-2]
            news = (key_states, value_states)
            if self._stores is None or self._stores[0].shape[-2] < end:
                olds = (self.keys, self.values) if begin else (None, None)
                self._stores = (_store(olds[0], news[0], end), _store(olds[1], news[1], end))
            for store, new in zip(self._stores, news, strict=True):
                store[..., begin:end, :] = new
            self.keys, self.values = (store[..., :end, :] for store in self._stores)
            for states, store in zip((self.keys, self.values), self._stores, strict=True):
                states.roomy = store  # type: ignore[attr-defined]
            return self.keys, self.values

        def reset(self) -> None:
            """Hold nothing."""
            super().reset()
            self._stores = None

        def batch_repeat_interleave(self, repeats: int) -> None:
            """Repeat every row; what follows is written into stores of their own."""
            super().batch_repeat_interleave(repeats)
            self._stores = None

    cache, roomy = DynamicCache(config=config), RoomyLayer
    cache.layers = [roomy() if type(each) is DynamicLayer else each for each in cache.layers]  # type: ignore[no-untyped-call]
    return cache


def with_room(states: torch.Tensor) -> torch.Tensor:
    """Return keys or values as the whole store in which they lie, zero where nothing is yet.

    For products that copy a part of a store before they read it, and that are slow whenever they
    meet a new shape. States of another cache are returned as they are.
    """
    return getattr(states, "roomy", states)


def is_whole(cache: Cache) -> bool:
    """Whether every layer keeps all tokens, so that caches of other lengths can be joined to it."""
    return all(hasattr(each, "keeps_all") for each in cache.layers)


def join_caches(caches: Sequence[Cache], config: Any) -> Cache:
    """Return one cache with the rows of all; shorter ones are padded in front.

    Args:
        caches: by `roomy_cache`, of the same model, and whole where there are several; all hold
            tokens, or none does. They are emptied layer by layer, so that nothing is held twice.
        config: of the model.
    """
    import torch
    from torch.nn.functional import pad

    if len(caches) == 1 or not (width := max(each.get_seq_length() for each in caches)):
        return caches[0]
    joined = roomy_cache(config)
    for number in range(len(joined.layers)):
        layers: list[Any] = [each.layers[number] for each in caches]
        short = [width - layer.get_seq_length() for layer in layers]
        keys, values = (
            torch.cat([pad(s, (0, 0, n, 0)) for s, n in zip(states, short, strict=True)])
            for states in zip(*((layer.keys, layer.values) for layer in layers), strict=True)
        )
        joined.update(keys, values, number)
        for each in caches:
            each.layers[number].reset()
    return joined


def _store(old: torch.Tensor | None, new: torch.Tensor, tokens: int) -> torch.Tensor:
    """Return a tensor for at least `tokens` tokens that begins with `old`; zero where none is."""
    rows, heads, _, size = new.shape
    store = new.new_zeros((rows, heads, -(-(tokens + ROOM) // STEP) * STEP, size))
    if old is not None:
        store[..., : old.shape[-2], :] = old
    return store

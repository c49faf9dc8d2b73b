"""Keys and values of a text being written, with room to grow.

transformers' own cache copies all that it holds for every new token, which is half the time of a
batch on a CPU. Here the next token is written behind the others, and copies are made once in a
while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache

ROOM = 128  # tokens that are added at once


def roomy_cache(config: Any) -> DynamicCache:
    """Return an empty cache for a model of `config`; layers that keep a window stay as they are."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
        """Keys and values, each the used part of a larger tensor, (rows, heads, tokens, size)."""

        _stores: tuple[torch.Tensor, torch.Tensor] | None = None

        def update(
            self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
        ) -> tuple[torch.Tensor, torch.Tensor]:
            """Add the states of new tokens; returns all keys and values."""
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            begin = self.get_seq_length()
            end = begin + key_states.shape[-2]
            if self._stores is None or self._stores[0].shape[-2] < end:
                olds = (self.keys, self.values) if begin else (None, None)
                news = (key_states, value_states)
                self._stores = (_store(olds[0], news[0], end), _store(olds[1], news[1], end))
            for store, new in zip(self._stores, (key_states, value_states), strict=True):
                store[..., begin:end, :] = new
            self.keys, self.values = (store[..., :end, :] for store in self._stores)
            return self.keys, self.values

        def batch_repeat_interleave(self, repeats: int) -> None:
            """Repeat every row; what follows is written into stores of their own."""
            super().batch_repeat_interleave(repeats)
            self._stores = None

    cache, roomy = DynamicCache(config=config), RoomyLayer
    cache.layers = [roomy() if type(each) is DynamicLayer else each for each in cache.layers]  # type: ignore[no-untyped-call]
    return cache


def _store(old: torch.Tensor | None, new: torch.Tensor, tokens: int) -> torch.Tensor:
    """Return a tensor for at least `tokens` tokens that begins with `old`."""
    rows, heads, _, size = new.shape
    store = new.new_empty((rows, heads, tokens + ROOM, size))
    if old is not None:
        store[..., : old.shape[-2], :] = old
    return store

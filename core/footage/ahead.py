"""An iterator in; the same items out, made in a background thread a few ahead of their use."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")


class _End:
    """What follows the last item."""


_END: Final = _End()


def ahead(items: Iterator[T], size: int) -> Generator[T, None, None]:
    """Yield what items yields, while a thread already makes the next ones, at most size (>= 1).

    From the first item on, items is run by that thread alone. An error comes out in the place of
    the item it prevented, after all items before it. Closing the result, or leaving it with an
    error, waits for the item that is being made, then closes items and ends the thread.
    """
    with ThreadPoolExecutor(1, "ahead") as thread:
        making: deque[Future[T | _End]] = deque()
        try:
            making.extend(thread.submit(next, items, _END) for _ in range(size))
            while not isinstance(item := making.popleft().result(), _End):
                making.append(thread.submit(next, items, _END))
                yield item
        finally:
            for one in making:
                one.cancel()
            if isinstance(items, Generator):
                thread.submit(items.close).result()

"""A cache of thumbnails, each scaled once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from media.coding.thumbnails import shrink
from media.frames import JpegFrame

SMALLEST, LARGEST = 16, 1920
_MAX_CACHED = 64


class Thumbnails:
    """Scales pictures, one at a time and outside the event loop's thread, and caches the latest results."""

    def __init__(self) -> None:
        self._cached: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._lock = asyncio.Lock()

    async def get(self, run_id: str, frame: JpegFrame, width: int) -> bytes:
        """Returns a JPEG at most ``width`` pixels wide. Raises DecodeError."""
        key = (run_id, frame.seq, width)
        async with self._lock:
            if key not in self._cached:
                self._cached[key] = await asyncio.to_thread(shrink, frame.data, width)
                if len(self._cached) > _MAX_CACHED:
                    self._cached.popitem(last=False)
        return self._cached.get(key, frame.data)

"""The sample shop on a port of its own, for tests that drive it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestServer

from web.shop import shop_app


@asynccontextmanager
async def serve_shop() -> AsyncIterator[str]:
    """Serves the shop on 127.0.0.1 and gives its address, without a slash at the end."""
    async with TestServer(shop_app(), host="127.0.0.1") as server:
        yield str(server.make_url("/")).rstrip("/")

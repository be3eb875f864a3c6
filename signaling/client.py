"""A program's side of the API: starts a run on a server and follows it to its end, over broken connections too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import aiohttp
from yarl import URL


class ServerRefused(Exception):
    """The server did not do it, or could not be reached; the message says what to do."""


class Client:
    """One server, one API key. An async context manager."""

    def __init__(self, server: str, *, key: str | None, reconnects: int = 10) -> None:
        base = _address(server)
        token = key or base.query.get("token")
        self._base = base.with_query(None).with_path("/")
        self._key = token
        self._reconnects = reconnects
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"} if token else {})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def watch_url(self, run_id: str) -> str:
        """The watch page, with the key."""
        page = self._base / "runs" / run_id
        return str(page.with_query(token=self._key) if self._key else page)

    async def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Starts a run. Raises ServerRefused."""
        return await self._ask("POST", "api/tests", body)

    async def run(self, run_id: str) -> dict[str, Any]:
        return await self._ask("GET", f"api/tests/{run_id}")

    async def steps(self, run_id: str) -> list[dict[str, Any]]:
        answer = await self._ask("GET", f"api/tests/{run_id}/steps")
        return list(answer["steps"])

    async def cancel(self, run_id: str) -> None:
        await self._ask("POST", f"api/tests/{run_id}/cancel")

    async def follow(self, run_id: str) -> AsyncIterator[dict[str, Any]]:
        """Every message of the run until it is finished, each once. Raises ServerRefused when the server stays away."""
        seq, failures = 0, 0
        while failures <= self._reconnects:
            try:
                async for message in self._messages(run_id, since=seq):
                    failures, seq = 0, max(seq, int(message["seq"]))
                    yield message
                    if _is_last(message):
                        return
            except (aiohttp.ClientError, OSError) as error:
                if isinstance(error, aiohttp.WSServerHandshakeError) and error.status < 500:
                    raise ServerRefused(f"the server refused to show the run: HTTP {error.status}") from None
            failures += 1
            await asyncio.sleep(min(0.1 * 2**failures, 3.0))
        raise ServerRefused(f"the connection to {self._base} was lost and did not come back")

    async def _messages(self, run_id: str, *, since: int) -> AsyncIterator[dict[str, Any]]:
        query = {"runId": run_id} | ({"since": str(since)} if since else {})
        url = (self._base / "ws/test-control").with_query(query)
        async with self._http.ws_connect(url, heartbeat=20) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    yield message.json()

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            async with self._http.request(method, self._base / path, json=body) as answer:
                decoded = await answer.json(content_type=None)
                if answer.ok:
                    return dict(decoded)
        except (aiohttp.ClientError, OSError) as error:
            raise ServerRefused(f"cannot reach {self._base}: {error}; is 'jumpseat serve' running there?") from None
        except ValueError:
            raise ServerRefused(f"{self._base} does not answer as a jumpseat server") from None
        detail = decoded.get("detail") if isinstance(decoded, dict) else None
        raise ServerRefused(str(detail or f"the server answered {answer.status}"))


def _address(server: str) -> URL:
    try:
        address = URL(server)
    except ValueError:
        address = URL()
    if address.scheme not in {"http", "https"} or not address.host:
        # What follows may be a key.
        shown = server.partition("?")[0]
        raise ServerRefused(f"{shown} is no address of a server: give one such as http://127.0.0.1:3001")
    return address


def _is_last(message: dict[str, Any]) -> bool:
    if message["type"] == "run_finished":
        return True
    return message["type"] == "hello" and message["run"]["endedAt"] is not None

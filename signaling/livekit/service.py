"""Calls to LiveKit's server API: rooms and their participants, with errors that say what to do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import aiohttp
from livekit import api

from media.errors import RoomLost
from signaling.config import LiveKit

_SECONDS = 4.0
_EMPTY_SECONDS = 60
"""Seconds that the LiveKit server keeps an empty room, in case this server ends without deleting it."""


async def unreachable(livekit: LiveKit) -> str | None:
    """Returns why the server does not answer or does not take our key; None where it does."""
    service = LiveKitService(livekit)
    try:
        await service.ping()
    except RoomLost as error:
        return str(error)
    finally:
        await service.aclose()
    return None


class LiveKitService:
    """Makes the calls that are needed; each raises RoomLost with one sentence for a person."""

    def __init__(self, livekit: LiveKit) -> None:
        self._livekit = livekit
        self._api: api.LiveKitAPI | None = None

    async def create(self, room: str) -> None:
        """Creates the room; safe to repeat."""
        request = api.CreateRoomRequest(name=room, empty_timeout=_EMPTY_SECONDS, departure_timeout=_EMPTY_SECONDS)
        async with self._calling() as livekit:
            await livekit.room.create_room(request)

    async def delete(self, room: str) -> None:
        """Deletes the room, with whoever is in it; safe to repeat."""
        async with self._calling() as livekit:
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room))

    async def remove(self, room: str, identity: str) -> None:
        """Removes a participant; safe to repeat. Servers that can revoke tokens refuse earlier ones from now on."""
        who = api.RoomParticipantIdentity(room=room, identity=identity, revoke_token_ts=int(time.time()))
        async with self._calling() as livekit:
            await livekit.room.remove_participant(who)

    async def participants(self, room: str) -> Sequence[api.ParticipantInfo]:
        """Returns who is in the room."""
        async with self._calling() as livekit:
            return (await livekit.room.list_participants(api.ListParticipantsRequest(room=room))).participants
        return ()

    async def announce(self, room: str, identity: str) -> None:
        """Has the server announce this participant at once: it does so for who changes, but not for who joins."""
        change = api.UpdateParticipantRequest(room=room, identity=identity, metadata="announced")
        async with self._calling() as livekit:
            await livekit.room.update_participant(change)

    async def ping(self) -> None:
        """Calls the server, to see whether it answers and takes our key and secret."""
        async with self._calling() as livekit:
            await livekit.room.list_rooms(api.ListRoomsRequest(names=["jumpseat"]))

    async def aclose(self) -> None:
        if self._api is not None:
            await self._api.aclose()
            self._api = None

    def _calling(self) -> _Call:
        if self._api is None:
            livekit = self._livekit
            timeout = aiohttp.ClientTimeout(total=_SECONDS)
            self._api = api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret, timeout=timeout)
        return _Call(self._api, self._livekit.url)


class _Call:
    """Turns failures into RoomLost; that something does not exist is no failure."""

    def __init__(self, livekit: api.LiveKitAPI, url: str) -> None:
        self._api = livekit
        self._url = url

    async def __aenter__(self) -> api.LiveKitAPI:
        return self._api

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        match error:
            case api.TwirpError(status=404):
                return True
            case api.TwirpError(status=401 | 403):
                refused = "refuses our key: LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a pair of the server's"
                raise RoomLost(f"LiveKit at {self._url} {refused}") from None
            case api.TwirpError():
                raise RoomLost(f"LiveKit at {self._url} answers {error.status}: {error.message}") from None
            case aiohttp.ClientError() | OSError() | asyncio.TimeoutError():
                hint = f"{type(error).__name__}; is the server running, and LIVEKIT_URL right?"
                raise RoomLost(f"LiveKit at {self._url} cannot be reached: {hint}") from None
        return False

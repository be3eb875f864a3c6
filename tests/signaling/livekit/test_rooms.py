"""Runs in the rooms of a real LiveKit server: who may do what, who receives what, and what is left behind."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import os
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from google.protobuf.json_format import MessageToJson
from livekit import api, rtc
from livekit.rtc.participant import PublishTrackError

from control.protocol.events import StreamAvailable
from control.protocol.models import NewRun
from control.roles import Role
from media.frames import Codec
from media.livekit.publisher import MESSAGE_BYTES
from signaling.config import LiveKit
from signaling.livekit.room_tokens import PUBLISHER, room_name
from signaling.livekit.rooms import Rooms
from tests.livekit_client import PATIENCE, Participant, participants, rooms
from tests.livekit_server import LiveKitServer
from tests.media.pictures import noise, put
from tests.signaling.fakes import FakeRun
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness


def configured(server: LiveKitServer, *, secret: str | None = None) -> LiveKit:
    return LiveKit(url=server.url, api_key=server.key, api_secret=secret or server.secret)


@pytest.fixture
async def harness(livekit_server: LiveKitServer) -> AsyncIterator[ServerHarness]:
    async with ServerHarness(replace(CONFIG, livekit=configured(livekit_server))) as harness:
        yield harness


@pytest.fixture
async def run(harness: ServerHarness) -> FakeRun:
    """Ada's run with one picture, started as the registry starts runs."""
    run = await harness.new_run()
    harness.server.run_started(run)
    return run


def all_rooms(harness: ServerHarness) -> Rooms:
    found = harness.server.apps.rooms
    assert found is not None
    return found


async def until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """For what tells nobody when it changes."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def stream_of(harness: ServerHarness, run: FakeRun, token: str = ADA, *, client: str = "tab") -> dict[str, Any]:
    status, stream = await harness.call("GET", f"/api/tests/{run.id}/stream?client={client}", token=token)
    assert status == 200
    return dict(stream)


async def invitation(harness: ServerHarness, run: FakeRun, role: str, *, client: str = "tab") -> tuple[str, str]:
    stream = await stream_of(harness, run, await harness.token(run, role), client=client)
    return str(stream["livekitUrl"]), str(stream["token"])


class TestMay:
    async def test_a_viewer_may_neither_publish_nor_send(
        self, harness: ServerHarness, run: FakeRun, livekit_server: LiveKitServer
    ) -> None:
        async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
            assert (await viewer.message(type="hello"))["role"] == "viewer"
            source = rtc.VideoSource(64, 64)
            track = rtc.LocalVideoTrack.create_video_track("mine", source)
            publishing = asyncio.create_task(viewer.room.local_participant.publish_track(track))
            await viewer.send({"type": "pause", "id": "1"})
            await viewer.send({"type": "ping", "id": "2"})
            async with Participant.joined(*await invitation(harness, run, "controller")) as other:
                await other.message(type="hello")
                await other.send({"type": "ping", "id": "3"})
                await other.message(id="3")
            there = await participants(livekit_server, room_name(run.id))
            assert all(not info.tracks for identity, info in there.items() if identity != PUBLISHER)
            with pytest.raises(PublishTrackError):
                await publishing
            assert not any("id" in message for message in viewer.messages)
            assert [command.type for command, _ in run.submitted] == ["ping"]
            await source.aclose()

    async def test_a_token_opens_one_room_only(
        self, harness: ServerHarness, run: FakeRun, livekit_server: LiveKitServer
    ) -> None:
        other = await harness.new_run()
        harness.server.run_started(other)
        url, token = await invitation(harness, run, "controller")
        claims = jwt.decode(token, options={"verify_signature": False})
        claims["video"]["room"] = room_name(other.id)
        forged = jwt.encode(claims, "x" * 40, algorithm="HS256")
        with pytest.raises(rtc.ConnectError):
            async with Participant.joined(url, forged):
                pass
        async with Participant.joined(f"{url}?room={room_name(other.id)}", token) as viewer:
            assert viewer.room.name == room_name(run.id)
            assert (await viewer.message(type="hello"))["runId"] == run.id
        assert set(await participants(livekit_server, room_name(other.id))) <= {PUBLISHER}

    async def test_the_role_is_the_tokens_whatever_is_said(self, harness: ServerHarness, run: FakeRun) -> None:
        async with Participant.joined(*await invitation(harness, run, "controller")) as someone:
            await someone.message(type="hello")
            await someone.room.local_participant.set_attributes({"role": "owner"})
            await someone.send({"type": "pause", "id": "1", "role": "owner", "viewerId": "another"})
            await someone.message(id="1")
            await someone.send({"type": "pause", "id": "2"})
            await someone.message(id="2")
            viewer_id = (await someone.message(type="hello"))["viewerId"]
        assert {(actor.role, actor.viewer_id) for _, actor in run.submitted} == {(Role.CONTROLLER, viewer_id)}

    async def test_no_secret_in_an_answer(
        self, harness: ServerHarness, run: FakeRun, livekit_server: LiveKitServer
    ) -> None:
        for path in (f"/api/tests/{run.id}/stream", "/readyz", "/openapi.json", "/metrics", f"/api/tests/{run.id}"):
            _, body = await harness.call("GET", path)
            assert livekit_server.secret not in json.dumps(body)


class TestTalk:
    async def test_replies_go_to_their_sender_and_events_to_all(self, harness: ServerHarness, run: FakeRun) -> None:
        one = await invitation(harness, run, "controller", client="one")
        two = await invitation(harness, run, "controller", client="two")
        async with Participant.joined(*one) as first, Participant.joined(*two) as second:
            await asyncio.gather(first.message(type="hello"), second.message(type="hello"))
            await first.send({"type": "pause", "id": "mine"})
            assert (await first.message(id="mine"))["type"] == "ack"
            seen = [(await each.message(type="run_state", paused=True))["seq"] for each in (first, second)]
            assert seen[0] == seen[1]
            await second.send({"type": "nonsense", "id": "bad"})
            assert (await second.message(id="bad"))["type"] == "error"
            assert [m for m in second.messages if m.get("id") == "mine"] == []
            assert [m for m in first.messages if m.get("id") == "bad"] == []

    async def test_what_is_too_long_for_the_room_is_answered_with_why(
        self, harness: ServerHarness, run: FakeRun
    ) -> None:
        async with Participant.joined(*await invitation(harness, run, "controller")) as someone:
            await someone.message(type="hello")
            await someone.send({"type": "ping", "id": "long", "t": "x" * (MESSAGE_BYTES - 100)})
            assert (await someone.message(id="long"))["type"] == "error"

    async def test_moves_go_lossy_and_only_moves(self, harness: ServerHarness, run: FakeRun) -> None:
        async with Participant.joined(*await invitation(harness, run, "controller")) as someone:
            await someone.message(type="hello")
            await someone.send({"type": "take_control", "id": "1"})
            await someone.message(id="1")
            move = {"type": "input", "kind": "move", "x": 1, "y": 2, "width": 320, "height": 240}
            await someone.send({"type": "cancel"}, topic="test-input", reliable=False)
            await someone.send(move, topic="test-input", reliable=False)
            await run.until_submitted(2)
        assert [command.type for command, _ in run.submitted] == ["take_control", "input"]

    async def test_stream_available_carries_nobodys_token(self, harness: ServerHarness) -> None:
        run = await harness.runs.create(NewRun(url="http://shop.test/"), owner="ada")
        harness.server.run_started(run)
        async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
            await viewer.message(type="hello")
            run.open()
            run.log.append(StreamAvailable())
            assert "token" not in {k for k, v in (await viewer.message(type="stream_available")).items() if v}


class TestPicture:
    async def test_nothing_is_captured_until_somebody_is_there(self, harness: ServerHarness, run: FakeRun) -> None:
        async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
            await viewer.new_pictures()
            assert run.watched == [True]
            assert viewer.picture is not None
            assert viewer.picture.shape == (240, 320)
        await until(lambda: run.watched == [True, False])
        async with Participant.joined(*await invitation(harness, run, "viewer")) as again:
            await again.new_pictures()
        assert run.watched == [True, False, True]

    async def test_ten_viewers_cost_one_encode_per_frame(self, harness: ServerHarness, run: FakeRun) -> None:
        assert run.stream is not None
        invitations = [await invitation(harness, run, "viewer", client=str(number)) for number in range(10)]
        viewers = [Participant() for _ in invitations]
        await asyncio.gather(*(v.room.connect(*i) for v, i in zip(viewers, invitations, strict=True)))
        try:
            await asyncio.gather(*(viewer.new_pictures() for viewer in viewers))
            own = run.stream.subscribe(Codec.H264)
            await own.recv()
            before = run.stream.stats.encoded[Codec.H264]
            for seed in range(5):
                put(run.latest, noise(320, 240, seed))
                await own.recv()
            assert run.stream.stats.encoded[Codec.H264] - before <= 5 + 1
            assert set(run.stream.stats.encoded) == {Codec.H264}
            assert run.stream.stats.viewers == 2
            own.close()
        finally:
            await asyncio.gather(*(viewer.leave() for viewer in viewers))


class TestEnds:
    async def test_a_revoked_link_removes_who_came_by_it(
        self, harness: ServerHarness, run: FakeRun, caplog: pytest.LogCaptureFixture
    ) -> None:
        link, other = await harness.share(run, "viewer"), await harness.share(run, "viewer")
        streams = [await stream_of(harness, run, each["token"]) for each in (link, other)]
        urls = [(stream["livekitUrl"], stream["token"]) for stream in streams]
        async with Participant.joined(*urls[0]) as theirs, Participant.joined(*urls[1]) as others:
            await asyncio.gather(theirs.message(type="hello"), others.message(type="hello"))
            await harness.call("DELETE", f"/api/tests/{run.id}/tokens/{link['id']}")
            await theirs.until(lambda: theirs.disconnected)
            assert not others.disconnected
        with caplog.at_level(logging.INFO, logger="signaling"):
            back = asyncio.create_task(rtc.Room().connect(*urls[0]))
            await until(lambda: "is sent away: this link has been revoked" in caplog.text)
            back.cancel()

    async def test_a_link_that_expires_ends_the_stay(self, harness: ServerHarness, run: FakeRun) -> None:
        link = await harness.share(run, "viewer", ttl=6)
        stream = await stream_of(harness, run, link["token"])
        async with Participant.joined(stream["livekitUrl"], stream["token"]) as viewer:
            await viewer.until(lambda: viewer.disconnected)

    async def test_a_stranger_with_the_servers_key_is_sent_away(
        self, harness: ServerHarness, run: FakeRun, livekit_server: LiveKitServer
    ) -> None:
        grants = api.VideoGrants(room_join=True, room=room_name(run.id))
        token = api.AccessToken(livekit_server.key, livekit_server.secret).with_identity("eve").with_grants(grants)
        async with Participant.joined(livekit_server.url, token.to_jwt()) as eve:
            await eve.until(lambda: eve.disconnected)
        assert run.joined == []

    async def test_the_room_ends_with_the_run_and_everybody_hears_it(
        self, harness: ServerHarness, run: FakeRun, livekit_server: LiveKitServer
    ) -> None:
        async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
            await viewer.message(type="hello")
            await run.end()
            await viewer.message(type="run_finished")
            await viewer.until(lambda: viewer.disconnected)
        await until(lambda: all_rooms(harness).open_count == 0)
        assert await rooms(livekit_server) == []
        assert run.left == run.joined

    @pytest.mark.long
    @pytest.mark.timeout(400)
    async def test_a_hundred_runs_leave_nothing_behind(
        self, harness: ServerHarness, livekit_server: LiveKitServer
    ) -> None:
        harness.runs.most = 100
        # The first of them fill the pool of connections to LiveKit's API, which is kept.
        await self.some_runs(harness, 34)
        before = self.held()
        for _ in range(2):
            await self.some_runs(harness, 33)
        assert await rooms(livekit_server) == []
        # Connections that are not needed are kept for half a minute at most (aiohttp).
        await until(lambda: all(now <= then for now, then in zip(self.held(), before, strict=True)), seconds=90)

    async def some_runs(self, harness: ServerHarness, count: int) -> None:
        runs = [await harness.new_run() for _ in range(count)]
        for run in runs:
            harness.server.run_started(run)
        invitations = [await invitation(harness, runs[0], "viewer")]
        async with Participant.joined(*invitations[0]) as viewer:
            await viewer.new_pictures()
            for run in runs:
                await run.end()
            await viewer.until(lambda: viewer.disconnected, seconds=90)
        await until(lambda: all_rooms(harness).open_count == 0, seconds=90)
        harness.runs.all.clear()

    @staticmethod
    def held() -> tuple[int, int, int]:
        """Python's threads, tasks and the process's open files."""
        gc.collect()
        return threading.active_count(), len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))


class TestTrouble:
    async def test_a_server_that_comes_late_is_found(
        self, harness: ServerHarness, livekit_server: LiveKitServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        await livekit_server.kill()
        with caplog.at_level(logging.INFO, logger="signaling"):
            run = await harness.new_run()
            harness.server.run_started(run)
            second = await harness.new_run()
            harness.server.run_started(second)
            async with harness.peer(run) as peer:
                await peer.viewer.next_picture()
            status, body = await harness.call("GET", "/readyz", token=None)
            assert status == 200
            assert "cannot be reached" in body["checks"]["livekit"]
            await livekit_server.start()
            async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
                await viewer.new_pictures()
        said = [record for record in caplog.records if "cannot be reached" in record.getMessage()]
        assert len(said) == 1
        assert not run.run.final

    async def test_wrong_keys_are_told_once_and_nothing_else_suffers(
        self, livekit_server: LiveKitServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong = configured(livekit_server, secret="w" * 40)
        async with ServerHarness(replace(CONFIG, livekit=wrong)) as harness:
            run = await harness.new_run()
            harness.server.run_started(run)
            async with harness.peer(run) as peer:
                await peer.viewer.next_picture()
            status, body = await harness.call("GET", "/readyz", token=None)
            assert status == 200
            assert "LIVEKIT_API_KEY" in body["checks"]["livekit"]
        said = [record.getMessage() for record in caplog.records if "LIVEKIT_API_KEY" in record.getMessage()]
        assert len(said) == 1
        assert not any("w" * 40 in record.getMessage() for record in caplog.records)


class TestWebhook:
    async def post(
        self, harness: ServerHarness, event: api.WebhookEvent, livekit: LiveKit, *, body: str | None = None
    ) -> int:
        signed = MessageToJson(event)
        digest = b64encode(hashlib.sha256(signed.encode()).digest()).decode()
        token = api.AccessToken(livekit.api_key, livekit.api_secret).with_sha256(digest).to_jwt()
        headers = {"Authorization": token, "Content-Type": "application/webhook+json"}
        async with harness.http.post(f"{harness.url}/livekit/webhook", data=body or signed, headers=headers) as answer:
            return answer.status

    async def test_it_counts_viewers_and_must_be_signed(self, harness: ServerHarness, run: FakeRun) -> None:
        livekit = harness.config.livekit
        assert livekit is not None
        who = api.ParticipantInfo(identity="v" * 22, sid="PA_1", name="V", attributes={"role": "viewer"})
        who.attributes.update({"link": "l", "until": "9999999999"})
        room = api.Room(name=room_name(run.id))
        joined = api.WebhookEvent(event="participant_joined", participant=who, room=room)
        left = api.WebhookEvent(event="participant_left", participant=who, room=room)
        assert await self.post(harness, joined, replace(livekit, api_secret="e" * 40)) == 401
        assert await self.post(harness, joined, livekit, body=MessageToJson(left)) == 401
        assert run.view().viewers == 0
        assert await self.post(harness, joined, livekit) == 200
        assert run.view().viewers == 1
        assert await self.post(harness, joined, livekit) == 200
        assert run.view().viewers == 1
        assert await self.post(harness, left, livekit) == 200
        assert run.view().viewers == 0

    @pytest.mark.livekit
    @pytest.mark.process
    async def test_the_real_server_reports(self, livekit_executable: Path, tmp_path: Path) -> None:
        async with ServerHarness(CONFIG) as probe:
            port = probe.server.port
        webhook = f"http://127.0.0.1:{port}/livekit/webhook"
        async with (
            LiveKitServer(livekit_executable, tmp_path, webhooks=[webhook]) as server,
            ServerHarness(replace(CONFIG, livekit=configured(server), port=port)) as harness,
        ):
            run = await harness.new_run()
            harness.server.run_started(run)
            async with Participant.joined(*await invitation(harness, run, "viewer")) as viewer:
                await viewer.message(type="hello")
                assert run.view().viewers == 1
            await run.until(lambda: run.view().viewers == 0)

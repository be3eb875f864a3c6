"""The mailbox between capture and its readers."""

import asyncio

from media.frames import JpegFrame, LatestFrame


def put(latest: LatestFrame, data: bytes) -> JpegFrame:
    return latest.put(data, width=1280, height=720, captured_at=12.5)


async def test_numbers_count_up_from_one() -> None:
    latest = LatestFrame()
    assert latest.newest is None
    assert [put(latest, b"a").seq, put(latest, b"b").seq] == [1, 2]
    assert latest.newest == JpegFrame(b"b", 2, 12.5, 1280, 720)


async def test_newest_wins_and_the_untaken_are_counted() -> None:
    latest = LatestFrame()
    for data in (b"a", b"b", b"c"):
        put(latest, data)
    assert (await latest.after(0)).data == b"c"
    assert latest.dropped == 2
    put(latest, b"d")
    assert latest.dropped == 2


async def test_every_waiting_reader_gets_the_frame() -> None:
    latest = LatestFrame()
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(latest.after(0)) for _ in range(3)]
        await asyncio.sleep(0)
        frame = put(latest, b"a")
    assert [reader.result() for reader in readers] == [frame] * 3
    assert latest.dropped == 0


async def test_a_reader_waits_for_a_newer_frame_than_it_has() -> None:
    latest = LatestFrame()
    first = put(latest, b"a")
    reader = asyncio.create_task(latest.after(first.seq))
    await asyncio.sleep(0)
    assert not reader.done()
    second = put(latest, b"b")
    assert await reader is second


async def test_after_clear_nothing_is_there_and_numbers_go_on() -> None:
    latest = LatestFrame()
    put(latest, b"a")
    latest.clear()
    assert latest.newest is None
    reader = asyncio.create_task(latest.after(0))
    await asyncio.sleep(0)
    assert not reader.done()
    assert put(latest, b"b").seq == 2
    assert (await reader).data == b"b"
    assert latest.dropped == 0

"""Keys in a file: given hashed, with an end, and changed while the server runs."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from control.protocol.shape import utc_now
from signaling.access.api_keys import ApiKeys, BadKeyFile, ScryptHash, new_key, read_key_file
from tests.fakes import FakeClock
from tests.signaling.server_harness import ADA, CONFIG, ServerHarness

EVE = "eve-key-0123456789abcdef"


class KeyFile:
    """A file that is written anew, and never looks as it did before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = 0

    def write(self, *lines: str) -> None:
        self.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._written += 1
        os.utime(self.path, ns=(self._written * 10**9, self._written * 10**9))


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    found = KeyFile(tmp_path / "keys")
    found.write("# who may", "", f"eve:{EVE}")
    return found


@pytest.fixture
async def keyed(file: KeyFile, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ServerHarness]:
    monkeypatch.setattr("signaling.access.api_keys._WATCH_SECONDS", 0.05)
    async with ServerHarness(replace(CONFIG, api_keys_file=file.path)) as harness:
        yield harness


async def status(harness: ServerHarness, key: str) -> int:
    return (await harness.call("GET", "/api/tests", token=key))[0]


class TestFile:
    async def test_its_keys_are_valid_beside_those_of_the_settings(self, keyed: ServerHarness) -> None:
        assert [await status(keyed, key) for key in (EVE, ADA, "eve")] == [200, 200, 401]

    async def test_it_is_read_again_when_it_changes(self, keyed: ServerHarness, file: KeyFile) -> None:
        file.write("eve:another-key-0123456789", "mallory:yet-another-0123456789")
        keys = (EVE, "another-key-0123456789", "yet-another-0123456789", ADA)
        assert [await status(keyed, key) for key in keys] == [401, 200, 200, 200]

    async def test_a_name_may_have_two_keys_while_one_is_changed(self, keyed: ServerHarness, file: KeyFile) -> None:
        file.write(f"eve:{EVE}", "eve:the-next-one-0123456789")
        assert [await status(keyed, key) for key in (EVE, "the-next-one-0123456789")] == [200, 200]

    async def test_what_cannot_be_read_changes_nothing_and_is_told_once(
        self, keyed: ServerHarness, file: KeyFile, caplog: pytest.LogCaptureFixture
    ) -> None:
        file.write(f"eve:{EVE}", "the secret of nobody")
        for _ in range(3):
            assert await status(keyed, EVE) == 200
        file.path.unlink()
        for _ in range(3):
            assert await status(keyed, EVE) == 200
        told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(told) == 2
        assert "line 2" in told[0]
        assert "secret" not in "".join(told)

    async def test_what_was_opened_by_a_key_that_is_taken_out_ends(self, keyed: ServerHarness, file: KeyFile) -> None:
        run = await keyed.new_run(owner="eve")
        kept = await keyed.new_run()
        _, info = await keyed.call("GET", f"/api/tests/{run.id}/stream", token=EVE)
        async with (
            keyed.socket(run, token=EVE) as own,
            keyed.socket(run, token=info["viewerToken"]) as by_ticket,
            keyed.socket(kept) as other,
        ):
            file.write("# nobody")
            assert await own.close_code() == 1008
            assert await by_ticket.close_code() == 1008
            assert (await other.ask(type="ping", id="1"))["type"] == "pong"

    async def test_a_key_that_is_changed_for_another_cuts_nobody(self, keyed: ServerHarness, file: KeyFile) -> None:
        run = await keyed.new_run(owner="eve")
        async with keyed.socket(run, token=EVE) as own:
            file.write("eve:the-next-one-0123456789")
            assert await status(keyed, EVE) == 401
            assert (await own.ask(type="ping", id="1"))["type"] == "pong"

    async def test_what_was_opened_by_a_key_that_ends_ends_too(self, keyed: ServerHarness, file: KeyFile) -> None:
        run = await keyed.new_run(owner="eve")
        async with keyed.socket(run, token=EVE) as own:
            file.write(f"eve:{EVE} expires={(utc_now() + timedelta(seconds=0.3)).isoformat()}")
            assert await own.close_code() == 1008
        assert await status(keyed, EVE) == 401


class TestHashed:
    async def test_a_key_that_was_made_is_valid_and_the_file_does_not_tell_it(
        self, keyed: ServerHarness, file: KeyFile
    ) -> None:
        key, line = new_key("eve")
        file.write(line)
        assert key not in file.path.read_text()
        assert key.partition(".")[2] not in file.path.read_text()
        wrong = [key[:-1], "eve.", key + "x", line.partition(":")[2], key.replace("eve", "ada")]
        assert [await status(keyed, each) for each in (key, *wrong, EVE)] == [200, *[401] * 6]

    async def test_it_is_hashed_once_and_nothing_is_for_those_who_know_no_name(
        self, file: KeyFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        key, line = new_key("eve")
        file.write(line)
        keys = ApiKeys({}, file=file.path)
        hashed: list[bytes] = []
        scrypt = hashlib.scrypt

        def noted(password: bytes, **options: int) -> bytes:
            hashed.append(password)
            return scrypt(password, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(hashlib, "scrypt", noted)
        for _ in range(3):
            assert await keys.owner_of(key) == "eve"
        for guess in ("guess", "eve", "evening.x", "x.eve.y"):
            assert await keys.owner_of(guess) is None
        assert hashed == [key.encode()]

    async def test_one_that_has_expired_is_nobodys(self, file: KeyFile) -> None:
        clock = FakeClock()
        key, line = new_key("eve")
        file.write(f"{line} expires={(clock.now + timedelta(hours=1)).isoformat()}")
        keys = ApiKeys({}, file=file.path, clock=clock)
        assert (await keys.owner_of(key), keys.owners()) == ("eve", {"eve"})
        clock.advance(seconds=3600)
        assert (await keys.owner_of(key), keys.owners()) == (None, set())

    def test_what_is_written_is_read(self) -> None:
        made = ScryptHash.of("a key")
        assert ScryptHash.parse(str(made)) == made
        assert made.fits("a key")
        assert not made.fits("another")


@pytest.mark.parametrize(
    "line",
    [
        "eve", "eve:", ":key", "eve: key", "eve:key expires=", "eve:key expires=tomorrow", "eve:key ends=2027",
        "eve:key expires=2027-01-31T00:00:00", "eve:scrypt$", "eve:scrypt$16384$8$1$AAAA$AAAA",
        "eve:scrypt$16383$8$1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43, "eve:scrypt$1073741824$8$1$AAAA$" + "A" * 43,
        "eve:scrypt$16384$8$1$!!!$" + "A" * 43,
    ],
)  # fmt: skip
def test_a_line_that_is_wrong_is_named_and_not_told(line: str) -> None:
    with pytest.raises(BadKeyFile, match="line 2 cannot be read") as refusal:
        read_key_file(f"ada:key\n{line}\n")
    assert "AAAA" not in str(refusal.value)

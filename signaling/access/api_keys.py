"""API keys: from the settings, and from a file that may change while the server runs.

A line of the file is ``name:key``, perhaps with ``expires=2027-01-31T00:00:00Z`` behind it; a name may have several
lines, as while a key is changed. In place of the key may stand its hash, ``scrypt$N$r$p$salt$hash`` (RFC 7914, salt and
hash in base64url). A key that is given so begins with its name and a full stop: for anything else nothing is hashed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from control.protocol.shape import Clock, utc_now

logger = logging.getLogger(__name__)

_COST = (2**14, 8, 1)
"""N, r and p: 16 MB and some hundredths of a second."""
_MOST_MEMORY = 64 * 1024 * 1024
_WATCH_SECONDS = 2.0
"""How often a file is looked at for keys that have gone, whose connections are cut then."""
_LINE = re.compile(r"([^:\s]{1,200}):(\S+)(?:\s+expires=(\S+))?")


class BadKeyFile(ValueError):
    """A file of keys cannot be used; the message is one sentence that says why, without any key."""


@dataclass(frozen=True, slots=True)
class ScryptHash:
    """A key that only its bearer knows."""

    cost: tuple[int, int, int]
    salt: bytes
    hash: bytes

    @classmethod
    def of(cls, key: str) -> ScryptHash:
        salt = secrets.token_bytes(16)
        return cls(_COST, salt, _scrypt(key, salt, _COST))

    @classmethod
    def parse(cls, text: str) -> ScryptHash:
        """Reads the form above. Raises ValueError."""
        kind, n, r, p, salt, hash = text.split("$")
        cost = (int(n), int(r), int(p))
        if kind != "scrypt" or not (2**10 <= cost[0] <= 2**18 and 1 <= cost[1] <= 16 and 1 <= cost[2] <= 16):
            raise ValueError("its cost is out of range")
        found = cls(cost, _decoded(salt), _decoded(hash))
        if len(found.hash) != 32:
            raise ValueError("its hash has not 32 bytes")
        _scrypt("", found.salt, cost)  # such as N that is no power of two
        return found

    def __str__(self) -> str:
        return "$".join(("scrypt", *map(str, self.cost), _encoded(self.salt), _encoded(self.hash)))

    def fits(self, key: str) -> bool:
        return hmac.compare_digest(self.hash, _scrypt(key, self.salt, self.cost))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of one owner."""

    owner: str
    secret: bytes | ScryptHash
    """The SHA-256 of a key that was given in the open, or its hash as it was given."""
    expires_at: datetime | None = None


def new_key(owner: str) -> tuple[str, str]:
    """Returns a key for the owner, and what stands for it in a file, up to ``expires=``."""
    key = f"{owner}.{secrets.token_urlsafe(32)}"
    return key, f"{owner}:{ScryptHash.of(key)}"


def digest(key: str) -> bytes:
    """Returns the SHA-256 of a key: of one length, so that comparing takes the same time for every guess."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def read_key_file(text: str) -> list[ApiKey]:
    """Returns the keys in a file of this text. Raises BadKeyFile that names the line."""
    keys = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                keys.append(_read_line(line.strip()))
            except (ValueError, TypeError, OverflowError):
                wanted = "name:key or name:scrypt$…, with expires=2027-01-31T00:00:00Z behind it or not"
                raise BadKeyFile(f"line {number} cannot be read: give {wanted}") from None
    return keys


def _read_line(line: str) -> ApiKey:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ValueError(line)
    owner, key, expires = match.groups()
    expires_at = datetime.fromisoformat(expires) if expires else None
    if expires_at is not None and expires_at.tzinfo is None:
        raise ValueError("no time zone")
    return ApiKey(owner, ScryptHash.parse(key) if key.startswith("scrypt$") else digest(key), expires_at)


class ApiKeys:
    """All keys there are now, and whose each is."""

    def __init__(self, keys: Mapping[str, str], *, file: Path | None = None, clock: Clock = utc_now) -> None:
        """Raises BadKeyFile, and OSError where the file cannot be read."""
        self._fixed = [ApiKey(owner, digest(key)) for owner, key in keys.items()]
        self._file = file
        self._clock = clock
        self._keys = self._fixed
        self._stamp: tuple[int, ...] = ()
        self._proved: dict[bytes, ApiKey] = {}
        """By digest, what scrypt has found right before."""
        self._hashing = asyncio.Lock()
        if file is not None:
            self._read(file)

    @property
    def may_change(self) -> bool:
        """Whether there is a file."""
        return self._file is not None

    def owners(self) -> set[str]:
        """Returns the owners who have a key that is valid now."""
        return {key.owner for key in self._living()}

    async def owner_of(self, key: str) -> str | None:
        """Returns whose key this is; None where it is nobody's, or no longer."""
        self.refresh()
        shown, living = digest(key), self._living()
        opened = [each for each in living if isinstance(each.secret, bytes) and hmac.compare_digest(each.secret, shown)]
        if opened:
            return opened[0].owner
        if (proved := self._proved.get(shown)) is not None:
            return proved.owner if proved in living else None
        hashed = [each for each in living if isinstance(each.secret, ScryptHash) and key.startswith(f"{each.owner}.")]
        found = await self._prove(key, hashed) if hashed else None
        if found is not None:
            self._proved[shown] = found
        return found.owner if found else None

    def refresh(self) -> None:
        """Reads the file where it has changed; one that cannot be read is told of, and the keys stay as they are."""
        if self._file is None:
            return
        try:
            if _stamp(self._file) != self._stamp:
                self._read(self._file)
        except (OSError, BadKeyFile) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            stamp = (-1,) if isinstance(error, OSError) else _stamp(self._file)
            if stamp != self._stamp:
                self._stamp = stamp
                logger.warning("JUMPSEAT_API_KEYS_FILE: %s; the keys of before stay valid", reason)

    async def watch(self, on_gone: Callable[[str], None]) -> None:
        """Calls ``on_gone`` with each owner whose last key was taken out or has expired, until it is cancelled."""
        before = self.owners()
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self.refresh()
            now = self.owners()
            for owner in before - now:
                on_gone(owner)
            before = now

    async def _prove(self, key: str, hashed: Iterable[ApiKey]) -> ApiKey | None:
        async with self._hashing:  # one at a time: each takes a core and 16 MB
            for each in hashed:
                if isinstance(each.secret, ScryptHash) and await asyncio.to_thread(each.secret.fits, key):
                    return each
        return None

    def _living(self) -> list[ApiKey]:
        now = self._clock()
        return [key for key in self._keys if key.expires_at is None or key.expires_at > now]

    def _read(self, file: Path) -> None:
        stamp = _stamp(file)
        try:
            keys = read_key_file(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            raise BadKeyFile("it is not UTF-8 text") from None
        self._keys = [*self._fixed, *keys]
        self._stamp = stamp
        self._proved.clear()


def _stamp(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _scrypt(key: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    text = key.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=salt, n=n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=32)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None

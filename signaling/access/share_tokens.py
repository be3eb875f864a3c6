"""Share tokens: a signed statement that its bearer has one role on one run until some moment (RFC 7519)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from control.protocol.shape import Clock, utc_now
from control.roles import Role

SHAREABLE = (Role.VIEWER, Role.CONTROLLER)
DEFAULT_TTL = timedelta(hours=1)
LONGEST_TTL = timedelta(days=30)
TICKET_TTL = timedelta(minutes=10)
"""For so long a ticket opens what it is for; what it has opened may stay."""
_LONGEST_OPEN = timedelta(hours=12)
"""For what was opened by a ticket that was made from an API key."""
_ALGORITHM = "HS256"
_AUDIENCE = "jumpseat"
_TICKET_AUDIENCE = "jumpseat ticket"
_AUDIENCES = (_AUDIENCE, _TICKET_AUDIENCE)


class Purpose(StrEnum):
    """What a ticket opens, and nothing else: it stands in an address, which others may read."""

    WATCH = "watch"
    """Pictures and events of the run, as a viewer."""
    WHEP_SESSION = "whep-session"
    """Candidates for one WHEP session, and its end."""


class InvalidToken(Exception):
    """The token was not minted by this server, or was changed."""


class ExpiredToken(InvalidToken):
    """The token was minted by this server, and is no longer valid."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a share token."""

    id: str
    """``jti``: by this a token is revoked."""
    run_id: str
    role: Role
    expires_at: datetime
    parent: str | None = None
    """The id of the token that this one was derived from, and dies with."""
    subject: str | None = None
    """The identity of the credential that a derived token stands for."""
    purpose: Purpose | None = None
    """Of a ticket; None for a link."""
    stays_until: datetime | None = None
    """Of a ticket, when what it has opened ends."""
    session_id: str | None = None
    """Of a ticket for one WHEP session."""

    @property
    def opened_until(self) -> datetime:
        """When what it has opened ends."""
        return self.stays_until or self.expires_at


class ShareTokens:
    """Mints and reads share tokens, signed with HS256."""

    def __init__(self, secret: str, *, clock: Clock = utc_now) -> None:
        # A key of its own per purpose, and as long as HS256 asks for (RFC 7518 §3.2), whatever the secret's length.
        self._key = hashlib.sha256(b"jumpseat share token\0" + secret.encode()).digest()
        self._clock = clock

    def mint(
        self,
        run_id: str,
        role: Role,
        *,
        ttl: timedelta = DEFAULT_TTL,
        parent: Claims | None = None,
        subject: str | None = None,
        purpose: Purpose | None = None,
        session_id: str | None = None,
    ) -> tuple[str, Claims]:
        """Returns a new token and its claims; it is valid for ``LONGEST_TTL`` at most.

        A token that is derived from ``parent`` never outlives it, nor what it opens. Its own parent is the first of the
        chain, the one that people know and revoke.
        """
        now = self._clock().replace(microsecond=0)
        expires_at, stays_until = now + min(ttl, LONGEST_TTL), now + _LONGEST_OPEN
        if parent is not None:
            expires_at, stays_until = min(expires_at, parent.opened_until), parent.opened_until
        root = (parent.parent or parent.id) if parent else None
        claims = Claims(
            secrets.token_urlsafe(16),
            run_id,
            role,
            expires_at,
            root,
            subject,
            purpose,
            stays_until if purpose else None,
            session_id,
        )
        payload: dict[str, Any] = {"jti": claims.id, "run": run_id, "role": role.value, "exp": expires_at}
        payload |= {"aud": _AUDIENCE if purpose is None else _TICKET_AUDIENCE}
        optional: dict[str, str | int | None] = {"par": claims.parent, "sub": claims.subject}
        optional |= {"use": purpose, "sid": session_id, "until": int(stays_until.timestamp()) if purpose else None}
        payload |= {name: value for name, value in optional.items() if value}
        return jwt.encode(payload, self._key, algorithm=_ALGORITHM), claims

    def read(self, token: str) -> Claims:
        """Returns the claims of a valid token. Raises InvalidToken with a reason for a person, and ExpiredToken."""
        required = {"require": ["jti", "run", "role", "exp", "aud"], "verify_exp": False}
        try:
            payload = jwt.decode(token, self._key, algorithms=[_ALGORITHM], audience=_AUDIENCES, options=required)  # type: ignore[arg-type]
            purpose = Purpose(payload["use"]) if payload["aud"] == _TICKET_AUDIENCE else None
            until = datetime.fromtimestamp(payload["until"], tz=self._clock().tzinfo) if purpose else None
            expires_at = datetime.fromtimestamp(payload["exp"], tz=self._clock().tzinfo)
            role = Role(payload["role"])
        except (jwt.InvalidTokenError, ValueError, TypeError, KeyError, OverflowError):
            raise InvalidToken("this is neither an API key nor a share token of this server") from None
        if expires_at <= self._clock():
            raise ExpiredToken("this link has expired: ask for a new one")
        if role not in SHAREABLE:
            raise InvalidToken("this is neither an API key nor a share token of this server")
        return Claims(
            str(payload["jti"]),
            str(payload["run"]),
            role,
            expires_at,
            payload.get("par"),
            payload.get("sub"),
            purpose,
            until,
            payload.get("sid"),
        )

"""Share tokens: a signed statement that its bearer has one role on one run until some moment (RFC 7519)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from control.protocol.shape import Clock, utc_now
from control.roles import Role

SHAREABLE = (Role.VIEWER, Role.CONTROLLER)
DEFAULT_TTL = timedelta(hours=1)
LONGEST_TTL = timedelta(days=30)
_ALGORITHM = "HS256"
_AUDIENCE = "jumpseat"


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
    ) -> tuple[str, Claims]:
        """Returns a new token and its claims; it is valid for ``LONGEST_TTL`` at most.

        A token that is derived from ``parent`` never outlives it. Its own parent is the first of the chain, the one
        that people know and revoke.
        """
        expires_at = (self._clock() + min(ttl, LONGEST_TTL)).replace(microsecond=0)
        if parent is not None:
            expires_at = min(expires_at, parent.expires_at)
        root = (parent.parent or parent.id) if parent else None
        claims = Claims(secrets.token_urlsafe(16), run_id, role, expires_at, root, subject)
        payload = {"jti": claims.id, "run": run_id, "role": role.value, "exp": expires_at, "aud": _AUDIENCE}
        optional = {"par": claims.parent, "sub": claims.subject}
        payload |= {name: value for name, value in optional.items() if value}
        return jwt.encode(payload, self._key, algorithm=_ALGORITHM), claims

    def read(self, token: str) -> Claims:
        """Returns the claims of a valid token. Raises InvalidToken with a reason for a person, and ExpiredToken."""
        required = {"require": ["jti", "run", "role", "exp", "aud"], "verify_exp": False}
        try:
            payload = jwt.decode(token, self._key, algorithms=[_ALGORITHM], audience=_AUDIENCE, options=required)  # type: ignore[arg-type]
            expires_at = datetime.fromtimestamp(payload["exp"], tz=self._clock().tzinfo)
            role = Role(payload["role"])
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):
            raise InvalidToken("this is neither an API key nor a share token of this server") from None
        if expires_at <= self._clock():
            raise ExpiredToken("this link has expired: ask for a new one")
        if role not in SHAREABLE:
            raise InvalidToken("this is neither an API key nor a share token of this server")
        return Claims(
            str(payload["jti"]), str(payload["run"]), role, expires_at, payload.get("par"), payload.get("sub")
        )

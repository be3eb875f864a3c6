"""Authentication and authorisation of requests: API keys, share tokens, and the answers 401, 403 and 404."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from control.protocol.links import SharedLink
from control.protocol.shape import utc_now
from control.roles import Actor, Role
from signaling.access.proxies import TrustedProxies
from signaling.access.rate_limits import RateKind, RateLimiter
from signaling.access.share_tokens import Claims, ExpiredToken, InvalidToken, ShareTokens
from signaling.ports import RunHandle, Runs, ShareLinks
from signaling.problems import Problem

_RANK = {Role.VIEWER: 0, Role.CONTROLLER: 1, Role.OWNER: 2}
_MAX_CLIENT_KEY = 128
"""Characters of ``?client=``, by which one browser is the same viewer on every transport."""


@dataclass(frozen=True, slots=True)
class Credential:
    """The API key or share token that a request has presented."""

    owner: str | None
    """The name of the API key; None for a share token."""
    claims: Claims | None
    """The claims of the share token; None for an API key."""
    identity: str
    """A pseudonym, the same for a credential and for the tokens that were derived from it."""

    @property
    def role(self) -> Role:
        return self.claims.role if self.claims else Role.OWNER

    @property
    def token_ids(self) -> tuple[str, ...]:
        """The ids of the share tokens that must all be valid for this one to be valid."""
        return tuple(id for id in (self.claims.id, self.claims.parent) if id) if self.claims else ()


@dataclass(frozen=True, slots=True)
class RequestContext:
    """An authorised request to one run: by which credential, to which run, as which actor."""

    credential: Credential
    run: RunHandle
    actor: Actor


class Authenticator:
    """Checks the credential of a request, and whether it may use a run."""

    def __init__(
        self,
        *,
        api_keys: Mapping[str, str],
        secret: str,
        tokens: ShareTokens,
        links: ShareLinks,
        runs: Runs,
        rate_limiter: RateLimiter,
        proxies: TrustedProxies,
    ) -> None:
        self._keys = {name: _digest(key) for name, key in api_keys.items()}
        self._secret = secret.encode()
        self._tokens = tokens
        self._links = links
        self._runs = runs
        self._rate_limiter = rate_limiter
        self._proxies = proxies

    async def credential(self, request: web.Request) -> Credential:
        """Returns the credential. Raises Problem 401, and 429 for a key from where too many wrong ones came.

        Nobody can guess a share token's signature, so share tokens are accepted from there, too.
        """
        presented = _presented(request)
        try:
            claims = self._tokens.read(presented)
        except ExpiredToken as error:
            raise _unauthorized(str(error), code="link_expired") from None
        except InvalidToken as error:
            return self._by_key(presented, self._proxies.client_info(request).address, str(error))
        credential = Credential(None, claims, claims.subject or self._pseudonym("token", claims.id))
        for id in credential.token_ids:
            if await self._links.is_revoked(claims.run_id, id):
                raise link_revoked()
        return credential

    def spend(self, kind: RateKind, request: web.Request, credential: Credential) -> None:
        """Counts one for the credential and one for the client address. Raises Problem 429 where either has no room."""
        address = self._proxies.client_info(request).address
        self._rate_limiter.spend(kind, identity=credential.identity, address=address)

    async def owner(self, request: web.Request, *, spends: RateKind | None = None) -> str:
        """Returns the owner's name. Raises Problem 401, 403 for a share token, and 429."""
        credential = await self.credential(request)
        if credential.owner is None:
            raise _forbidden(Role.OWNER)
        if spends is not None:
            self.spend(spends, request, credential)
        return credential.owner

    async def authorize(
        self, request: web.Request, run_id: str, *, needs: Role = Role.VIEWER, with_steps: bool = True
    ) -> RequestContext:
        """Returns the context of a request to a run; see `signaling.ports.Runs.get` for ``with_steps``.

        Raises Problem 401, 403 where the role is below ``needs``, and 404 for a run that does not exist or is not the
        credential's.
        """
        credential = await self.credential(request)
        run = await self._runs.get(run_id, with_steps=with_steps)
        if run is None or not _covers(credential, run):
            raise Problem(404, "there is no such run, or it is not yours", code="not_found")
        if _RANK[credential.role] < _RANK[needs]:
            raise _forbidden(needs)
        if credential.claims is not None:
            self._note_use(credential.claims)
        return RequestContext(credential, run, self._actor(credential, request))

    def _note_use(self, claims: Claims) -> None:
        if claims.parent is not None:
            self._links.seen(claims.run_id, claims.parent, None)
        elif claims.subject is None:
            link = SharedLink(id=claims.id, role=claims.role, created_at=utc_now(), expires_at=claims.expires_at)
            self._links.seen(claims.run_id, claims.id, link)

    def _by_key(self, presented: str, address: str, otherwise: str) -> Credential:
        self._rate_limiter.check_auth_failures(address)
        owner = self._owner_of(presented)
        if owner is None:
            self._rate_limiter.record_auth_failure(address)
            raise _unauthorized(otherwise)
        return Credential(owner, None, self._pseudonym("owner", owner))

    def _owner_of(self, presented: str) -> str | None:
        digest = _digest(presented)
        matches = [name for name, key in self._keys.items() if hmac.compare_digest(key, digest)]
        return matches[0] if matches else None

    async def actor(self, request: web.Request) -> Actor:
        """Returns who has sent the request, where it is to no run. Raises Problem as ``credential`` does."""
        return self._actor(await self.credential(request), request)

    def _actor(self, credential: Credential, request: web.Request) -> Actor:
        client = request.query.get("client")
        if client and len(client) <= _MAX_CLIENT_KEY:
            viewer_id = self._pseudonym("viewer", f"{credential.identity}\0{client}")
        else:
            viewer_id = secrets.token_urlsafe(16)
        return Actor(
            viewer_id,
            credential.role,
            credential.owner or f"{credential.role} {viewer_id[:4]}",
            address=self._proxies.client_info(request).address,
            link=next(reversed(credential.token_ids), None),
        )

    def _pseudonym(self, kind: str, text: str) -> str:
        """Returns 128 bits that stand for ``text`` and cannot be guessed from it."""
        digest = hmac.digest(self._secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _presented(request: web.Request) -> str:
    """Returns the text of the credential (RFC 6750 §2.1, or a query parameter). Raises Problem 401 where none is."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    presented = value.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
    if not presented:
        raise _unauthorized("send an API key or a share token as 'Authorization: Bearer …', or as '?token=…'")
    return presented


def _covers(credential: Credential, run: RunHandle) -> bool:
    return credential.claims.run_id == run.id if credential.claims else credential.owner == run.owner


def _digest(key: str) -> bytes:
    # Digests of one length, so that the comparison takes the same time for every guess.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def link_revoked() -> Problem:
    """Returns the refusal of a link that was revoked."""
    return _unauthorized("this link has been revoked: ask for a new one", code="link_revoked")


def _unauthorized(detail: str, *, code: str = "unauthorized") -> Problem:
    return Problem(401, detail, code=code, headers={"WWW-Authenticate": 'Bearer realm="jumpseat"'})


def _forbidden(needs: Role) -> Problem:
    who = "the run's owner" if needs is Role.OWNER else f"a {needs}"
    return Problem(403, f"only {who} may do this, with a link or key of that kind", code="forbidden")

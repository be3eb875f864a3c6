"""Authentication and authorisation of requests: API keys, share tokens, and the answers 401, 403 and 404."""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass

from aiohttp import web

from control.protocol.links import SharedLink
from control.protocol.shape import utc_now
from control.roles import Actor, Role
from signaling.access.api_keys import ApiKeys, digest
from signaling.access.origins import Origins
from signaling.access.proxies import TrustedProxies
from signaling.access.rate_limits import RateKind, RateLimiter
from signaling.access.share_tokens import Claims, ExpiredToken, InvalidToken, Purpose, ShareTokens
from signaling.access.single_sign_on import SingleSignOn
from signaling.http.http_connections import HttpConnection
from signaling.ports import RunHandle, Runs, ShareLinks
from signaling.problems import Problem

BEARER_SUBPROTOCOL = "jumpseat.bearer."
"""In front of a credential in base64url, among a WebSocket's subprotocols."""
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
    address: str | None = None
    """The client's; None where another server stands between."""


class Authenticator:
    """Checks the credential of a request, and whether it may use a run."""

    def __init__(
        self,
        *,
        api_keys: ApiKeys,
        secret: str,
        tokens: ShareTokens,
        links: ShareLinks,
        runs: Runs,
        rate_limiter: RateLimiter,
        proxies: TrustedProxies,
        origins: Origins,
        sign_on: SingleSignOn,
    ) -> None:
        self._keys = api_keys
        self._secret = secret.encode()
        self._tokens = tokens
        self._links = links
        self._runs = runs
        self._rate_limiter = rate_limiter
        self._proxies = proxies
        self._origins = origins
        self._sign_on = sign_on

    async def credential(self, request: web.Request, *, opens: Purpose | None = None) -> Credential:
        """Returns the credential. Raises Problem 401, 403, and 429 for a key from where too many wrong ones came.

        Nobody can guess a share token's signature, so share tokens are accepted from there, too.

        Args:
            opens: the tickets that are good for the request; None: none are.
        """
        credential = await self._check(request)
        purpose = credential.claims.purpose if credential.claims else None
        if purpose is not None and purpose is not opens:
            raise _other_ticket()
        connection = HttpConnection.of(request)
        if connection is not None:
            connection.know()
        return credential

    async def _check(self, request: web.Request) -> Credential:
        presented = _presented(request)
        if presented is None:
            user = self._sign_on.credential_user(request)
            if user is None:
                raise _unauthorized("send an API key or a share token as 'Authorization: Bearer …', or as '?token=…'")
            return Credential(user, None, self.owner_identity(user))
        try:
            claims = self._tokens.read(presented)
        except ExpiredToken as error:
            raise _unauthorized(str(error), code="link_expired") from None
        except InvalidToken as error:
            return await self._by_key(presented, request, str(error))
        credential = Credential(None, claims, claims.subject or self._pseudonym("token", claims.id))
        for id in credential.token_ids:
            if await self._links.is_revoked(claims.run_id, id):
                raise link_revoked()
        return credential

    def spend(self, kind: RateKind, request: web.Request, credential: Credential) -> None:
        """Counts one for the credential and one for the client address. Raises Problem 429 where either has no room."""
        self._rate_limiter.spend(kind, identity=credential.identity, address=self.address(request))

    def address(self, request: web.Request) -> str:
        """Returns the client's address, as trusted proxies say it."""
        return self._proxies.client_info(request).address

    async def owner(self, request: web.Request, *, spends: RateKind | None = None) -> str:
        """Returns the owner's name. Raises Problem 401, 403 for a share token, and 429."""
        credential = await self.credential(request)
        if credential.owner is None:
            raise _forbidden(Role.OWNER)
        if spends is not None:
            self.spend(spends, request, credential)
        return credential.owner

    async def authorize(
        self,
        request: web.Request,
        run_id: str,
        *,
        needs: Role = Role.VIEWER,
        with_steps: bool = True,
        opens: Purpose | None = None,
    ) -> RequestContext:
        """Returns the context of a request to a run.

        See `signaling.ports.Runs.get` for ``with_steps``, and `credential` for ``opens``.

        Raises Problem 401, 403 where the role is below ``needs``, and 404 for a run that does not exist or is not the
        credential's.
        """
        credential = await self.credential(request, opens=opens)
        run = await self._runs.get(run_id, with_steps=with_steps)
        if run is None or not _covers(credential, run):
            raise Problem(404, "there is no such run, or it is not yours", code="not_found")
        if not credential.role.includes(needs):
            raise _forbidden(needs)
        if credential.claims is not None:
            self._note_use(credential.claims)
        return RequestContext(credential, run, self._actor(request, credential), self.address(request))

    def _note_use(self, claims: Claims) -> None:
        if claims.parent is not None:
            self._links.seen(claims.run_id, claims.parent, None)
        elif claims.subject is None:
            link = SharedLink(id=claims.id, role=claims.role, created_at=utc_now(), expires_at=claims.expires_at)
            self._links.seen(claims.run_id, claims.id, link)

    def owner_identity(self, owner: str) -> str:
        """Returns the pseudonym of an owner's keys."""
        return self._pseudonym("owner", owner)

    async def _by_key(self, presented: str, request: web.Request, otherwise: str) -> Credential:
        address, shown = self._proxies.client_info(request).address, digest(presented)
        if self._origins.is_foreign(request) and not self._rate_limiter.has_been_right(address, shown):
            raise _from_elsewhere()
        self._rate_limiter.check_auth_failures(address, shown)
        owner = await self._keys.owner_of(presented)
        if owner is None:
            self._rate_limiter.record_auth_failure(address)
            raise _unauthorized(otherwise)
        self._rate_limiter.record_auth_success(address, shown)
        return Credential(owner, None, self.owner_identity(owner))

    def _actor(self, request: web.Request, credential: Credential) -> Actor:
        client = request.query.get("client")
        if client and len(client) <= _MAX_CLIENT_KEY:
            viewer_id = self._pseudonym("viewer", f"{credential.identity}\0{client}")
        else:
            viewer_id = secrets.token_urlsafe(16)
        name = credential.owner or self._sign_on.user(request) or f"{credential.role} {viewer_id[:4]}"
        return Actor(viewer_id, credential.role, name)

    def _pseudonym(self, kind: str, text: str) -> str:
        """Returns 128 bits that stand for ``text`` and cannot be guessed from it."""
        digest = hmac.digest(self._secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def _presented(request: web.Request) -> str | None:
    """Returns the text of the credential (RFC 6750 §2.1, a subprotocol or a query parameter); None where none is."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    presented = (
        value.strip() if scheme.lower() == "bearer" else _in_subprotocol(request) or request.query.get("token", "")
    )
    return presented or None


def _in_subprotocol(request: web.Request) -> str | None:
    """Returns the credential in ``Sec-WebSocket-Protocol``, the only header that a page can set on a WebSocket."""
    for offered in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        text = offered.strip()
        if text.startswith(BEARER_SUBPROTOCOL):
            encoded = text.removeprefix(BEARER_SUBPROTOCOL)
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except ValueError:
                return None
    return None


def _covers(credential: Credential, run: RunHandle) -> bool:
    return credential.claims.run_id == run.id if credential.claims else credential.owner == run.owner


def link_revoked() -> Problem:
    """Returns the refusal of a link that was revoked."""
    return _unauthorized("this link has been revoked: ask for a new one", code="link_revoked")


def _unauthorized(detail: str, *, code: str = "unauthorized") -> Problem:
    return Problem(401, detail, code=code, headers={"WWW-Authenticate": 'Bearer realm="jumpseat"'})


def _from_elsewhere() -> Problem:
    """Returns the refusal of a key that a page of elsewhere has a browser send: it is neither compared nor counted."""
    detail = "a page of another site asks with what is no link of this server: open the address by itself, with a link"
    return Problem(403, detail, code="forbidden")


def _other_ticket() -> Problem:
    detail = "this ticket opens something else: use it for what its address was for, or a link or key here"
    return Problem(403, detail, code="forbidden")


def _forbidden(needs: Role) -> Problem:
    who = "the run's owner" if needs is Role.OWNER else f"a {needs}"
    return Problem(403, f"only {who} may do this, with a link or key of that kind", code="forbidden")

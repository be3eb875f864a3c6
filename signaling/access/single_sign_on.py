"""Single sign-on: the user's name in a header, as a trusted proxy that has signed the person in sets it."""

from __future__ import annotations

import logging

from aiohttp import web

from signaling.access.origins import Origins
from signaling.access.proxies import TrustedProxies
from signaling.problems import Problem

logger = logging.getLogger(__name__)

_LONGEST_NAME = 200


class SingleSignOn:
    """Reads the header, from the peers that are trusted and from nobody else."""

    def __init__(self, header: str | None, proxies: TrustedProxies, origins: Origins) -> None:
        """``header`` is its name; None: there is no single sign-on."""
        self._header = header
        self._proxies = proxies
        self._origins = origins
        self._told = False

    def user(self, request: web.Request) -> str | None:
        """Returns the name of whom the proxy has signed in; None where it says none, or is not trusted.

        Raises Problem 400 for a header that comes twice, of which the client may have invented one, or is no name.
        """
        values = request.headers.getall(self._header, []) if self._header else []
        if not any(values):
            return None
        if not self._proxies.trusts(request.remote or ""):
            self._tell(request)
            return None
        name = values[0].strip()
        if len(values) > 1 or not name.isprintable() or len(name) > _LONGEST_NAME:
            detail = f"the proxy has to set {self._header} once, to a name of at most {_LONGEST_NAME} characters"
            raise Problem(400, detail, code="invalid")
        return name

    def credential_user(self, request: web.Request) -> str | None:
        """Returns the same, where the name alone opens something.

        A browser's session at the proxy goes with whatever a page of elsewhere has it ask, so that is refused with 403.
        """
        name = self.user(request)
        if name is not None and self._origins.is_foreign(request):
            detail = "a page of another site asks this in your name: open it from this server's own pages"
            raise Problem(403, detail, code="forbidden")
        return name

    def _tell(self, request: web.Request) -> None:
        if not self._told:
            self._told = True
            where = request.remote
            logger.warning("%s from %s means nothing: it is none of JUMPSEAT_TRUSTED_PROXIES", self._header, where)

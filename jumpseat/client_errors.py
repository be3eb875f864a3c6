"""Why a request of `jumpseat.Client` has failed.

``ClientError``
  ``InvalidAddress``        what was given is no address of a server
  ``ServerUnreachable``     there is no connection to the server, or it was lost and did not come back
  ``UnexpectedAnswer``      something answers there, and not as a jumpseat server does
  ``RequestRefused``        the server says no, with ``status``, ``code`` and ``detail``
    ``NotAuthenticated``      401: the credential is missing, wrong, expired or revoked
    ``NotPermitted``          403: the credential does not allow it
    ``NotThere``              404, 410: no such run, step or picture, or not this key's
    ``StateConflict``         409: the run's state does not allow it
    ``InvalidRequest``        400, 413, 415, 422: the request is wrong; ``errors`` names the fields
    ``TryLater``              429, 503: too often, or no room; ``retry_after`` says for how long
"""

from __future__ import annotations

from typing import Any


class ClientError(Exception):
    """The base of every error that `jumpseat.Client` raises; ``str(error)`` is one sentence for a person."""


class InvalidAddress(ClientError):
    """The given text is no http or https address."""


class ServerUnreachable(ClientError):
    """No connection to the server can be made, or it was lost and did not come back."""


class UnexpectedAnswer(ClientError):
    """The answer is not one that a jumpseat server of this version gives."""


class RequestRefused(ClientError):
    """The server has refused the request with a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any], *, retry_after: float | None = None) -> None:
        """
        Args:
            status: the HTTP status.
            problem: the problem document; it may be empty, as the answers of proxies are.
            retry_after: seconds, from the answer's ``Retry-After``.
        """
        self.status = status
        self.detail = str(problem.get("detail") or f"the server answered {status}")
        """One sentence: what is wrong, and what to do."""
        self.code = str(problem.get("code") or "")
        """The code that a control message would get, such as ``conflict``; empty where there is none."""
        self.errors: list[dict[str, Any]] = list(problem.get("errors") or ())
        """The fields that are wrong, each with ``field`` and ``message``."""
        self.retry_after = retry_after
        """Seconds after which it may work; None where the server says nothing about that."""
        super().__init__(self.detail)


class NotAuthenticated(RequestRefused):
    """401: the credential is missing, wrong, expired or revoked."""


class NotPermitted(RequestRefused):
    """403: the credential does not allow it."""


class NotThere(RequestRefused):
    """404 or 410: there is no such run, step or picture, or it is not this key's."""


class StateConflict(RequestRefused):
    """409: the run's state does not allow it."""


class InvalidRequest(RequestRefused):
    """400, 413, 415 or 422: the request itself is wrong; ``errors`` names the fields."""


class TryLater(RequestRefused):
    """429 or 503: asked too often, or there is no room; ``retry_after`` says for how long."""


def refusal(status: int, problem: dict[str, Any], *, retry_after: str | None = None) -> RequestRefused:
    """Returns the exception that stands for an HTTP status of 400 or more."""
    kinds: dict[int, type[RequestRefused]] = {
        400: InvalidRequest,
        401: NotAuthenticated,
        403: NotPermitted,
        404: NotThere,
        409: StateConflict,
        410: NotThere,
        413: InvalidRequest,
        415: InvalidRequest,
        422: InvalidRequest,
        429: TryLater,
        503: TryLater,
    }
    seconds = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    return kinds.get(status, RequestRefused)(status, problem, retry_after=seconds)

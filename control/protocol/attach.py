"""Attach sessions: what is asked for to attach somebody's own tests, and what is answered. JSON is camelCase."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from control.protocol.models import GivenSecret, SessionRef, check_secrets
from control.protocol.shape import Shape


class NewAttachSession(Shape):
    """What an attach session is made from: the body of ``POST /api/attach``."""

    name: str = Field(min_length=1, max_length=200)
    """One line for people, such as the command that is run."""
    review: bool = False
    """True: every call waits for somebody's approval."""
    help_timeout_ms: int = Field(default=600_000, ge=0, le=86_400_000)
    """How long a failed call is kept from the client while somebody is there."""
    secrets: dict[str, str | GivenSecret] = Field(default_factory=dict, max_length=100, repr=False)
    """Values that are masked wherever they appear, 3 characters or more each."""
    port: int = Field(default=0, ge=0, le=65535)
    """Where the endpoint listens on loopback; 0: any free port."""
    folder: str | None = Field(default=None, max_length=4096)
    """The working folder of the client, relative to which its files are named."""

    @model_validator(mode="after")
    def _secrets_can_be_hidden(self) -> Self:
        check_secrets(self.secrets)
        return self


class AttachSessionView(Shape):
    """An attach session as its owner sees it."""

    session: SessionRef
    endpoint: str = Field(repr=False)
    """A WebSocket address on loopback for Playwright clients; whoever knows it can run code."""
    attended: bool
    """True while somebody who may steer is connected to one of the session's runs, or is at the session's page."""
    runs: int
    """How many runs the session has had so far."""
    review: bool
    notes: tuple[str, ...] = ()
    """What the client's hooks had to say, such as which browser they left alone."""

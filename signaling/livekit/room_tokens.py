"""Tokens for a run's LiveKit room, and what those who have joined with one may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from livekit.api import AccessToken, VideoGrants

from control.protocol.shape import utc_now
from control.roles import Actor, Role
from signaling.access.authentication import Credential, RequestContext
from signaling.access.share_tokens import Claims
from signaling.config import LiveKit
from signaling.ports import RunHandle

TTL = timedelta(minutes=5)
"""To join within; it does not end the stay of one who has joined."""

PUBLISHER = "jumpseat"
"""Our own identity in every room; viewer ids are longer."""


class NotOurs(Exception):
    """The attributes are not those of a token that we have minted."""


def room_name(run_id: str) -> str:
    return f"jumpseat-{run_id}"


def livekit_token(livekit: LiveKit, context: RequestContext) -> str:
    """A JWT to join this run's room: to watch, and for one who may steer, to send data.

    Grants that are not denied are given, so each is named. The role and the share token that it comes from stand in
    the signed attributes, which nobody can change; it does not outlive that share token.
    """
    actor, claims = context.actor, context.credential.claims
    grants = VideoGrants(
        room_join=True,
        room=room_name(context.run.id),
        can_subscribe=True,
        can_publish=False,
        can_publish_data=actor.role.controls,
        can_update_own_metadata=False,
    )
    ttl = min(TTL, claims.expires_at - utc_now()) if claims else TTL
    token = AccessToken(livekit.api_key, livekit.api_secret).with_identity(actor.viewer_id).with_name(actor.name)
    return token.with_attributes(_attributes(actor.role, claims)).with_ttl(ttl).with_grants(grants).to_jwt()


def publisher_token(livekit: LiveKit, run_id: str) -> str:
    """A JWT for ourselves: to publish one screen and data, and to receive data, which takes the right to subscribe."""
    grants = VideoGrants(
        room_join=True,
        room=room_name(run_id),
        can_subscribe=True,
        can_publish=True,
        can_publish_data=True,
        can_publish_sources=["screen_share"],
        can_update_own_metadata=False,
    )
    token = AccessToken(livekit.api_key, livekit.api_secret).with_identity(PUBLISHER).with_name("jumpseat")
    return token.with_ttl(TTL).with_grants(grants).to_jwt()


def context_of(run: RunHandle, *, identity: str, name: str, attributes: Mapping[str, str]) -> RequestContext:
    """The context of one who has joined with ``livekit_token``. Raises NotOurs."""
    try:
        role = Role(attributes["role"])
        claims = _claims(run.id, role, attributes)
    except (KeyError, ValueError, OverflowError):
        raise NotOurs(f"{identity} has joined with a token that is none of ours") from None
    owner = run.owner if role is Role.OWNER else None
    return RequestContext(Credential(owner, claims, identity), run, Actor(identity, role, name))


def _attributes(role: Role, claims: Claims | None) -> dict[str, str]:
    attributes = {"role": role.value}
    if claims is not None:
        attributes |= {"link": claims.id, "until": str(int(claims.expires_at.timestamp()))}
        attributes |= {"parent": claims.parent} if claims.parent else {}
    return attributes


def _claims(run_id: str, role: Role, attributes: Mapping[str, str]) -> Claims | None:
    """What the share token says that it comes from; None for an API key, which only an owner has."""
    if role is Role.OWNER:
        return None
    until = datetime.fromtimestamp(int(attributes["until"]), UTC)
    return Claims(attributes["link"], run_id, role, until, attributes.get("parent"))

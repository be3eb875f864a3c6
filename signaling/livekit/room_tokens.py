"""Tokens to join a run's LiveKit room, and the role and identity of who has joined with one."""

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
"""How long a token may be used to join; it does not end the stay of who has joined."""

PUBLISHER = "jumpseat"
"""The identity of the server itself in every room; viewer ids are longer."""


class ForeignToken(Exception):
    """The participant has joined with a token that this server has not minted."""


def room_name(run_id: str) -> str:
    return f"jumpseat-{run_id}"


def livekit_token(livekit: LiveKit, context: RequestContext) -> str:
    """Returns a JWT to join this run's room: to watch, and with a role that controls, to send data.

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
    ttl = min(TTL, claims.opened_until - utc_now()) if claims else TTL
    token = AccessToken(livekit.api_key, livekit.api_secret).with_identity(actor.viewer_id).with_name(actor.name)
    return token.with_attributes(_attributes(actor.role, claims)).with_ttl(ttl).with_grants(grants).to_jwt()


def publisher_token(livekit: LiveKit, run_id: str) -> str:
    """Returns a JWT to publish one screen and data, and to receive data, which takes the right to subscribe."""
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


def participant_context(run: RunHandle, *, identity: str, name: str, attributes: Mapping[str, str]) -> RequestContext:
    """Returns the context of a participant who has joined with ``livekit_token``. Raises ForeignToken."""
    try:
        role = Role(attributes["role"])
        claims = _claims(run.id, role, attributes)
    except (KeyError, ValueError, OverflowError):
        raise ForeignToken(f"{identity} has joined with a token that is none of ours") from None
    owner = run.owner if role is Role.OWNER else None
    return RequestContext(Credential(owner, claims, identity), run, Actor(identity, role, name))


def _attributes(role: Role, claims: Claims | None) -> dict[str, str]:
    attributes = {"role": role.value}
    if claims is not None:
        attributes |= {"link": claims.id, "until": str(int(claims.opened_until.timestamp()))}
        attributes |= {"parent": claims.parent} if claims.parent else {}
    return attributes


def _claims(run_id: str, role: Role, attributes: Mapping[str, str]) -> Claims | None:
    """Returns the claims of the share token that it comes from; None for an API key, which only an owner has."""
    if role is Role.OWNER:
        return None
    until = datetime.fromtimestamp(int(attributes["until"]), UTC)
    return Claims(attributes["link"], run_id, role, until, attributes.get("parent"))

"""Tokens for a run's LiveKit room; the publishing itself is `media`'s."""

from __future__ import annotations

from datetime import timedelta

from livekit.api import AccessToken, VideoGrants

from control.roles import Actor
from signaling.config import LiveKit

TTL = timedelta(minutes=10)
"""To join within; it does not end the stay of one who has joined."""


def room_name(run_id: str) -> str:
    return f"jumpseat-{run_id}"


def livekit_token(livekit: LiveKit, run_id: str, actor: Actor) -> str:
    """A JWT to join this run's room as ``actor``: to watch, and for one who may steer, to send data.

    Grants that are not denied are given, so each is named. The role stands in the signed attributes.
    """
    grants = VideoGrants(
        room_join=True,
        room=room_name(run_id),
        can_subscribe=True,
        can_publish=False,
        can_publish_data=actor.role.controls,
        can_update_own_metadata=False,
    )
    token = AccessToken(livekit.api_key, livekit.api_secret).with_identity(actor.viewer_id).with_name(actor.name)
    return token.with_attributes({"role": actor.role.value}).with_ttl(TTL).with_grants(grants).to_jwt()

"""Take-over: who holds control of the page, and for how long they may be gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from control.errors import ControlHeld, Forbidden, InvalidTransition, NotHolder
from control.protocol.events import ControlChanged
from control.protocol.models import Control, Holder
from control.protocol.shape import Clock
from control.roles import Actor, Role


class ControlLease:
    """Gives control to one person at a time.

    Methods that change something return the event to publish; where nothing changes they return None.
    """

    def __init__(self, *, clock: Clock, grace: timedelta) -> None:
        """``grace``: how long a holder may be disconnected before control ends."""
        self._clock = clock
        self._grace = grace
        self.holder: Holder | None = None
        self.since: datetime | None = None
        """When the holder took control; None while nobody holds it."""
        self.grace_until: datetime | None = None
        """When control ends because its holder has been gone; None while they are there."""
        self._requests: dict[str, Holder] = {}
        """Those who ask the holder for control, by viewer id, in the order in which they asked."""

    def take(self, actor: Actor, *, force: bool, present: bool = True) -> ControlChanged:
        """Gives control to the actor, from somebody else only where an owner forces it.

        ``present``: the actor is connected; else they have the time of grace to be. Raises ControlHeld, Forbidden or
        InvalidTransition.
        """
        if self.holder is not None:
            if self.holder.viewer_id == actor.viewer_id:
                raise InvalidTransition("you hold control already")
            if not force:
                raise ControlHeld(f"{self.holder.name} holds control: ask them to release it")
            if actor.role is not Role.OWNER:
                raise Forbidden("only the run's owner may take control from another person")
        return self._give(Holder(viewer_id=actor.viewer_id, name=actor.name), present=present)

    def request(self, actor: Actor) -> ControlChanged | None:
        """Notes that the actor asks for control. Raises InvalidTransition where nobody else holds it."""
        if self.holder is None:
            raise InvalidTransition("nobody holds control: take it")
        if self.holder.viewer_id == actor.viewer_id:
            raise InvalidTransition("you hold control already")
        if actor.viewer_id in self._requests:
            return None
        self._requests[actor.viewer_id] = Holder(viewer_id=actor.viewer_id, name=actor.name)
        return self._event()

    def release(self, actor: Actor, to: Holder | None) -> ControlChanged:
        """Gives control to ``to``, else to nobody. Raises NotHolder, or InvalidTransition where both are the same."""
        self.require_holder(actor)
        if to is not None and to.viewer_id == actor.viewer_id:
            raise InvalidTransition("you hold control already")
        return self._give(to)

    def refuse_while_held(self, doing: str) -> None:
        """Raises InvalidTransition while a person holds control."""
        if self.holder is not None:
            raise InvalidTransition(f"cannot {doing} while {self.holder.name} holds control")

    def require_holder(self, actor: Actor) -> None:
        """Raises NotHolder where the actor does not hold control."""
        if self.holder is None or self.holder.viewer_id != actor.viewer_id:
            raise NotHolder("take control first" if self.holder is None else f"{self.holder.name} holds control")

    def viewer_disconnected(self, viewer_id: str) -> ControlChanged | None:
        """Starts the time of grace where the holder's last connection has closed, and forgets who asks and is gone."""
        if self._requests.pop(viewer_id, None) is not None:
            return self._event()
        if self.holder is None or self.holder.viewer_id != viewer_id or self.grace_until is not None:
            return None
        self.grace_until = self._clock() + self._grace
        return self._event()

    def viewer_reconnected(self, viewer_id: str) -> ControlChanged | None:
        """Ends the time of grace where the holder is back."""
        if self.grace_until is None or self.holder is None or self.holder.viewer_id != viewer_id:
            return None
        self.grace_until = None
        return self._event()

    def expire(self) -> ControlChanged | None:
        """Ends control where the holder's time to come back is over."""
        if self.grace_until is None or self._clock() < self.grace_until:
            return None
        return self._give(None)

    def revoke(self) -> ControlChanged | None:
        """Ends control, whoever holds it."""
        return self._give(None) if self.holder is not None else None

    def view(self) -> Control:
        """Returns the holder, since when, and who asks for control, as everybody may see it."""
        return Control(holder=self.holder, since=self.since, requests=self._asking)

    @property
    def _asking(self) -> tuple[Holder, ...]:
        return tuple(self._requests.values())

    def _give(self, holder: Holder | None, *, present: bool = True) -> ControlChanged:
        self.holder = holder
        if holder is None:
            self._requests.clear()
        else:
            self._requests.pop(holder.viewer_id, None)
        self.since = self._clock() if holder is not None else None
        self.grace_until = None if present else self._clock() + self._grace
        return self._event()

    def _event(self) -> ControlChanged:
        return ControlChanged(holder=self.holder, since=self.since, grace_until=self.grace_until, requests=self._asking)

"""Who is connected to a run; one person may have several connections."""

from __future__ import annotations

from control.errors import NotFound
from control.protocol.events import Viewers
from control.protocol.models import Holder, Watcher
from control.roles import Actor


class _Presence:
    """One viewer with all their connections; what lists show of them is made once, because the log keeps each list."""

    def __init__(self, actor: Actor, *, connections: int) -> None:
        self.actor = actor
        self.connections = connections
        self.watcher = Watcher(viewer_id=actor.viewer_id, name=actor.name, role=actor.role.value)
        self.holder = Holder(viewer_id=actor.viewer_id, name=actor.name) if actor.role.controls else None


class ConnectedViewers:
    """Counts people, not connections: a viewer's data channel and WebSocket are one."""

    def __init__(self) -> None:
        self._present: dict[str, _Presence] = {}
        """By viewer id, in the order in which they came."""

    def __len__(self) -> int:
        return len(self._present)

    def join(self, actor: Actor) -> bool:
        """Adds a connection; returns True where it is this viewer's first."""
        present = self._present.get(actor.viewer_id)
        if present is None or present.actor.role is not actor.role:
            connections = present.connections if present is not None else 0
            present = self._present[actor.viewer_id] = _Presence(actor, connections=connections)
        present.actor = actor
        present.connections += 1
        return present.connections == 1

    def leave(self, viewer_id: str) -> bool:
        """Removes a connection; returns True where it was this viewer's last."""
        present = self._present.get(viewer_id)
        if present is None:
            return False
        present.connections -= 1
        if present.connections == 0:
            del self._present[viewer_id]
        return present.connections == 0

    @property
    def controllers(self) -> tuple[Holder, ...]:
        """Those who may control, in the order in which they came."""
        return tuple(each.holder for each in self._present.values() if each.holder is not None)

    @property
    def watchers(self) -> tuple[Watcher, ...]:
        """All who are connected, in the order in which they came."""
        return tuple(each.watcher for each in self._present.values())

    def find(self, viewer_id: str) -> Actor | None:
        """Returns who is connected under this viewer id; None where nobody is."""
        present = self._present.get(viewer_id)
        return present.actor if present is not None else None

    def require_controller(self, viewer_id: str) -> Holder:
        """Returns the connected controller of this viewer id. Raises NotFound where there is none."""
        actor = self.find(viewer_id)
        if actor is None or not actor.role.controls:
            raise NotFound("control can be handed only to a controller who is connected")
        return Holder(viewer_id=actor.viewer_id, name=actor.name)

    def to_event(self) -> Viewers:
        """Returns the event that says how many people are connected, who they are, and who of them may control."""
        return Viewers(count=len(self), controllers=self.controllers, watchers=self.watchers)

"""Who is connected to a run; one person may have several connections."""

from __future__ import annotations

from control.errors import NotFound
from control.protocol.events import Viewers
from control.protocol.models import Holder, Watcher
from control.roles import Actor


class ConnectedViewers:
    """Counts people, not connections: a viewer's data channel and WebSocket are one."""

    def __init__(self) -> None:
        self._connections: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self._controllers: dict[str, Holder] = {}
        self._watchers: dict[str, Watcher] = {}
        """Each of both is made once, because the log keeps every event that lists them."""

    def __len__(self) -> int:
        return len(self._actors)

    def join(self, actor: Actor) -> bool:
        """Adds a connection; returns True where it is this viewer's first."""
        self._connections[actor.viewer_id] = self._connections.get(actor.viewer_id, 0) + 1
        self._actors[actor.viewer_id] = actor
        known = self._watchers.get(actor.viewer_id)
        if known is None or known.role != actor.role:
            self._watchers[actor.viewer_id] = Watcher(viewer_id=actor.viewer_id, name=actor.name, role=actor.role.value)
        if not actor.role.controls:
            self._controllers.pop(actor.viewer_id, None)
        elif actor.viewer_id not in self._controllers:
            self._controllers[actor.viewer_id] = Holder(viewer_id=actor.viewer_id, name=actor.name)
        return self._connections[actor.viewer_id] == 1

    def leave(self, viewer_id: str) -> bool:
        """Removes a connection; returns True where it was this viewer's last."""
        left = self._connections.get(viewer_id, 0) - 1
        if left > 0:
            self._connections[viewer_id] = left
            return False
        self._actors.pop(viewer_id, None)
        self._controllers.pop(viewer_id, None)
        self._watchers.pop(viewer_id, None)
        return self._connections.pop(viewer_id, None) is not None

    @property
    def controllers(self) -> tuple[Holder, ...]:
        """Those who may control, in the order in which they came."""
        return tuple(self._controllers.values())

    @property
    def watchers(self) -> tuple[Watcher, ...]:
        """All who are connected, in the order in which they came."""
        return tuple(self._watchers.values())

    def find(self, viewer_id: str) -> Actor | None:
        """Returns who is connected under this viewer id; None where nobody is."""
        return self._actors.get(viewer_id)

    def require_controller(self, viewer_id: str) -> Holder:
        """Returns the connected controller of this viewer id. Raises NotFound where there is none."""
        actor = self.find(viewer_id)
        if actor is None or not actor.role.controls:
            raise NotFound("control can be handed only to a controller who is connected")
        return Holder(viewer_id=actor.viewer_id, name=actor.name)

    def to_event(self) -> Viewers:
        """Returns the event that says how many people are connected, who they are, and who of them may control."""
        return Viewers(count=len(self), controllers=self.controllers, watchers=self.watchers)

"""What is kept from viewers' eyes: whether the curtain is closed, and whether covered fields are shown."""

from __future__ import annotations

from control.control_lease import ControlLease
from control.errors import InvalidTransition
from control.event_log import Entry, EventLog
from control.protocol.commands import LiftCovers, SetCurtain
from control.protocol.events import ControlChanged, CurtainChanged
from control.protocol.models import CurtainView, Holder
from control.roles import Actor


class Curtain:
    """Is closed by the holder of control for everybody else, and opens when they no longer hold it."""

    def __init__(self, log: EventLog, lease: ControlLease) -> None:
        self._log = log
        self._lease = lease
        self._closed_by: Holder | None = None
        self._lifted_by: Holder | None = None
        log.listen(self._on_event)

    @property
    def closed_by(self) -> Holder | None:
        """Who has closed it; None while it is open."""
        return self._closed_by

    def apply(self, command: SetCurtain | LiftCovers, actor: Actor) -> None:
        """Raises NotHolder, or InvalidTransition where it is as it should be already."""
        match command:
            case SetCurtain(closed=closed):
                self._set_closed(actor, closed=closed)
            case LiftCovers(lifted=lifted):
                self._set_lifted(actor, lifted=lifted)
        self._log.append(self._event())

    def _set_closed(self, actor: Actor, *, closed: bool) -> None:
        self._lease.require_holder(actor)
        if closed == (self._closed_by is not None):
            raise InvalidTransition(f"the curtain is {'closed' if closed else 'open'} already")
        self._closed_by = self._lease.holder if closed else None

    def _set_lifted(self, actor: Actor, *, lifted: bool) -> None:
        if lifted == (self._lifted_by is not None):
            raise InvalidTransition(f"covered fields are {'shown' if lifted else 'covered'} already")
        self._lifted_by = Holder(viewer_id=actor.viewer_id, name=actor.name) if lifted else None

    def view(self) -> CurtainView:
        """Returns how it is, as everybody may see it."""
        return CurtainView(closed_by=self._closed_by, lifted_by=self._lifted_by)

    def _on_event(self, entry: Entry) -> None:
        if isinstance(entry.body, ControlChanged) and self._closed_by not in {None, entry.body.holder}:
            self._closed_by = None
            self._log.append(self._event())

    def _event(self) -> CurtainChanged:
        return CurtainChanged(closed_by=self._closed_by, lifted_by=self._lifted_by)

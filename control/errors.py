"""Why a message or a command was refused.

``JumpseatError``
  ``ProtocolError``       what was sent is no message of ours
  ``Refused``             it was understood, and may not be done
    ``Forbidden``           the role does not allow it
    ``InvalidTransition``   the run's state does not allow it
    ``NotFound``            it names something that is not there
      ``UnknownSecret``       it names a secret that the run was not given
    ``SecretRefused``       a secret may not be used there, or by this person
    ``ControlHeld``         somebody else holds control
    ``NotHolder``           input from one who does not hold control
    ``Unsupported``         this run or this browser cannot do it
    ``RateLimited``         too many messages in too short a time
    ``Busy``                the server has as many runs or viewers as it may have
"""

from __future__ import annotations

from typing import ClassVar


class JumpseatError(Exception):
    """Base of all errors that whoever asked gets to see; ``str(error)`` is one sentence for a person."""

    code: ClassVar[str] = "internal"


class ProtocolError(JumpseatError):
    """What was sent is no message of the protocol."""

    code = "invalid"

    def __init__(self, message: str, *, field: str | None = None, id: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        """The field that is wrong or missing, in the sender's spelling, where there is one."""
        self.id = id
        """The message's own ``id``, where it could be read, so that the error can be matched to it."""


class TooLarge(ProtocolError):
    """The message is over the size limit."""

    code = "too_large"


class Refused(JumpseatError):
    """The command was understood and is not carried out."""

    code = "conflict"


class Forbidden(Refused):
    """The sender's role does not allow it."""

    code = "forbidden"


class InvalidTransition(Refused):
    """The run's state does not allow it."""


class NotFound(Refused):
    """It names a run, step, dialog or viewer that is not there."""

    code = "not_found"


class UnknownSecret(NotFound):
    """``{{secret:NAME}}`` with a name that the run was not given."""


class SecretRefused(Refused):
    """A secret may not be used there, or by this person."""

    code = "forbidden"


class ControlHeld(Refused):
    """Another person holds control."""

    code = "control_held"


class NotHolder(Refused):
    """The sender of input does not hold control."""

    code = "not_holder"


class Unsupported(Refused):
    """This run, planner or browser cannot do it."""

    code = "unsupported"


class RateLimited(Refused):
    """The sender has sent more messages than the limit allows."""

    code = "rate_limited"


class Busy(Refused):
    """The server has as many runs or viewers as it may have; ``retry_after`` seconds from now there may be room."""

    code = "busy"

    def __init__(self, message: str, *, retry_after: int = 10) -> None:
        super().__init__(message)
        self.retry_after = retry_after

"""What people say about a run while it goes on."""

from __future__ import annotations

from typing import Final

from control.errors import Forbidden, InvalidTransition, NotFound
from control.event_log import EventLog
from control.protocol.commands import AddComment, RemoveComment
from control.protocol.events import CommentChanged
from control.protocol.models import Comment, Holder
from control.protocol.shape import Clock
from control.roles import Actor, Role
from control.step_history import StepHistory

MOST_COMMENTS: Final = 100


class Comments:
    """Keeps the comments of one run in the order in which they came."""

    def __init__(self, log: EventLog, history: StepHistory, *, clock: Clock) -> None:
        self._log = log
        self._history = history
        self._clock = clock
        self._comments: dict[int, Comment] = {}
        self._last_number = 0

    @property
    def all(self) -> tuple[Comment, ...]:
        """Returns those that were not taken back."""
        return tuple(self._comments.values())

    def apply(self, command: AddComment | RemoveComment, actor: Actor) -> None:
        """Raises InvalidTransition where there are too many; NotFound, or Forbidden, for one that cannot go."""
        match command:
            case AddComment():
                self._add(command, actor)
            case RemoveComment(number=number):
                self._remove(number, actor)

    def _add(self, command: AddComment, actor: Actor) -> None:
        if len(self._comments) >= MOST_COMMENTS:
            raise InvalidTransition(f"a run has room for {MOST_COMMENTS} comments: take one back first")
        self._last_number += 1
        comment = Comment(
            number=self._last_number,
            at=self._clock(),
            by=Holder(viewer_id=actor.viewer_id, name=actor.name),
            text=command.text,
            selector=command.selector,
            element=command.element,
            step=self._history.current,
        )
        self._comments[comment.number] = comment
        self._log.append(CommentChanged(comment=comment))

    def _remove(self, number: int, actor: Actor) -> None:
        comment = self._comments.get(number)
        if comment is None:
            raise NotFound(f"there is no comment {number}")
        if comment.by.viewer_id != actor.viewer_id and actor.role is not Role.OWNER:
            raise Forbidden(f"comment {number} is {comment.by.name}'s: only they and the owner may take it back")
        del self._comments[number]
        self._log.append(CommentChanged(comment=comment, removed=True))

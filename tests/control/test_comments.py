"""Comments: said by those who may steer, seen by all, taken back by their author or the owner."""

from __future__ import annotations

import pytest

from control.comments import MOST_COMMENTS
from control.errors import Forbidden, InvalidTransition, NotFound
from control.protocol import commands as c
from control.protocol import events as e
from control.roles import authorize
from tests.control.run_scenarios import ADA, BOB, OWNER, VIEWER, RunScenario


def said(scenario: RunScenario) -> list[str]:
    return [comment.text for comment in scenario.run.view().comments]


def test_a_comment_is_told_to_all_and_names_its_step_and_author() -> None:
    scenario = RunScenario().open()
    scenario.do()
    (entry,) = scenario.send(c.AddComment(text="  The total is wrong. ", selector="#total", element="status"))
    assert isinstance(entry.body, e.CommentChanged)
    comment = entry.body.comment
    assert (comment.number, comment.text, comment.by.name, comment.step) == (1, "The total is wrong.", ADA.name, 1)
    assert scenario.run.view().comments == (comment,)


def test_a_comment_needs_words() -> None:
    with pytest.raises(ValueError, match="at least 1 character"):
        c.AddComment(text="   ")


def test_only_its_author_and_the_owner_take_it_back() -> None:
    scenario = RunScenario().open()
    for text in ("one", "two"):
        scenario.send(c.AddComment(text=text))
    with pytest.raises(Forbidden, match=f"comment 1 is {ADA.name}'s"):
        scenario.send(c.RemoveComment(number=1), BOB)
    (entry,) = scenario.send(c.RemoveComment(number=1), ADA)
    assert isinstance(entry.body, e.CommentChanged)
    assert entry.body.removed
    assert said(scenario) == ["two"]
    scenario.send(c.RemoveComment(number=2), OWNER)
    with pytest.raises(NotFound, match="there is no comment 2"):
        scenario.send(c.RemoveComment(number=2), OWNER)
    scenario.send(c.AddComment(text="three"))
    assert [comment.number for comment in scenario.run.view().comments] == [3]


def test_there_is_room_for_so_many_only() -> None:
    scenario = RunScenario().open()
    for number in range(MOST_COMMENTS):
        scenario.send(c.AddComment(text=str(number)))
    with pytest.raises(InvalidTransition, match="take one back first"):
        scenario.send(c.AddComment(text="one more"))
    scenario.send(c.RemoveComment(number=1))
    scenario.send(c.AddComment(text="one more"))


def test_viewers_only_read() -> None:
    with pytest.raises(Forbidden):
        authorize(VIEWER, "add_comment")

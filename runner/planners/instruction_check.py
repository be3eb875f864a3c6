"""The check of instructions before they are followed: each sentence that the plain planner does not understand."""

from __future__ import annotations

import asyncio

from control.errors import ProtocolError
from control.protocol.models import InstructionProblem
from runner.planners.grammar import UnknownSentence, parse
from runner.planners.sentence_splitter import UnclosedQuote, split_lines

MOST = 20
"""Problems that are told of at once."""


def check_instructions(instructions: str) -> tuple[InstructionProblem, ...]:
    """Returns what is wrong with the instructions, line by line, at most `MOST`."""
    found: list[InstructionProblem] = []
    for sentences in split_lines(instructions):
        try:
            for sentence in sentences():
                parse(sentence)
        except (UnknownSentence, UnclosedQuote) as error:
            found.append(_problem(error))
        if len(found) == MOST:
            break
    return tuple(found)


async def refuse_unclear(instructions: str) -> None:
    """Raises ProtocolError for the first sentence that the plain planner does not understand."""
    problems = await asyncio.to_thread(check_instructions, instructions)
    if problems:
        raise ProtocolError(problems[0].message, field="instructions")


def _problem(error: UnknownSentence | UnclosedQuote) -> InstructionProblem:
    if isinstance(error, UnclosedQuote):
        return InstructionProblem(line=error.line, message=str(error))
    return InstructionProblem(
        line=error.sentence.line,
        sentence=error.sentence.text,
        message=str(error),
        examples=tuple(error.examples),
    )

"""Test files: a run as YAML or JSON, with the fields of ``POST /api/tests``.

Files to upload are named relative to the test file. Those of ``steps`` go along as ``data:`` URLs, so that any server
can run them; those of sentences are read where the run is done. A secret's value may be ``${NAME}``: then it is taken
from the environment, and need not be in the file.
"""

from __future__ import annotations

import difflib
import json
import mimetypes
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from control.protocol.actions import Action, ActionType
from control.protocol.models import NewRun, PlannerName
from control.protocol.shape import Shape
from control.protocol.wording import wording
from runner.browser.file_payload import data_url
from runner.planners.grammar import UnknownSentence, parse
from runner.planners.intents import Intent
from runner.planners.sentence_splitter import Sentence, UnclosedQuote, split

Place = tuple[str | int, ...]
"""A place in the file, as keys and indexes: ``("steps", 1, "selector")``."""

_MOST_BYTES: Final = 4_000_000
_LARGEST_UPLOAD: Final = 8_000_000
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


class BadTestFile(ValueError):
    """Raised for a test file that cannot be used; the message is one line: file, line, field, and what is wrong."""


def load(
    path: Path, *, environment: Mapping[str, str], default_planner: PlannerName = "plain", uploads_here: bool = True
) -> NewRun:
    """Returns the run that the file describes. Raises BadTestFile.

    ``uploads_here``: the files that upload sentences name are beside the test file, not on another server.
    """
    text = _text(path)
    root = _compose(path, text)
    reader = _Reader(path, root, environment, uploads_here=uploads_here)
    return reader.run(_data(path, text, root), default_planner)


def is_test_file(path: Path) -> bool:
    """Returns whether the file has what makes it a test: an address, and what is to be done there.

    Raises BadTestFile where it cannot be read.
    """
    text = _text(path)
    data = _data(path, text, _compose(path, text))
    return isinstance(data, dict) and "url" in data and bool(data.keys() & {"instructions", "steps"})


def reads_files(run: NewRun) -> bool:
    """Returns whether sentences of the run upload files by name, which are read where the run is done."""
    try:
        return any(_names_file(parse(sentence)) for sentence in split(run.instructions or ""))
    except (UnknownSentence, UnclosedQuote):
        return False


def _names_file(intent: Intent) -> bool:
    name = str(intent.value)
    return intent.type is ActionType.UPLOAD and not name.startswith("data:") and "{{" not in name


def _text(path: Path) -> str:
    try:
        content = _content(path, _MOST_BYTES)
        if content is None:
            raise BadTestFile(f"{path}: is larger than {_MOST_BYTES // 1_000_000} MB, which no test file is")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise BadTestFile(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadTestFile(f"{path}: is not UTF-8 text") from None


def _content(path: Path, most: int) -> bytes | None:
    """Returns the content; None where there is more of it: a device has no size, and no end."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    return content if len(content) <= most else None


def _compose(path: Path, text: str) -> yaml.Node | None:
    """Returns the YAML nodes, which know their lines; of JSON too, as nearly all of it is YAML."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        if path.suffix == ".json":
            return None
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadTestFile(f"{path}{line}: is not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise BadTestFile(f"{path}: is not YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise BadTestFile(f"{path}: is nested too deeply for a test file") from None


def _data(path: Path, text: str, root: yaml.Node | None) -> Any:  # noqa: ANN401 - whatever the file holds
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise BadTestFile(f"{path}:{error.lineno}: is not JSON: {error.msg}") from None
        except ValueError as error:
            raise BadTestFile(f"{path}: is not JSON that can be read: {error}") from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, AttributeError, OverflowError) as error:  # the last three by a wrong !!tag
        raise BadTestFile(f"{path}: is not YAML: {' '.join(str(error).split())}") from None


class _Reader:
    """Checks what a file holds, and says where it is wrong."""

    def __init__(
        self, path: Path, root: yaml.Node | None, environment: Mapping[str, str], *, uploads_here: bool
    ) -> None:
        self._path = path
        self._uploads_here = uploads_here
        self._environment = environment
        self._seen: set[int] = set()
        """Nodes that have been walked: an alias may lead back to what it stands in."""
        self._nodes = dict(self._walk(root, ())) if root is not None else {}

    def run(self, data: Any, default_planner: PlannerName) -> NewRun:  # noqa: ANN401
        if not isinstance(data, dict):
            kind = "is empty" if data is None else f"holds a {type(data).__name__}"
            raise BadTestFile(f"{self._path}: {kind}; write fields, at least 'url' and 'instructions' or 'steps'")
        self._refuse_unknown(data, NewRun, ())
        for index, step in enumerate(_steps(data)):
            self._refuse_unknown(step, Action, ("steps", index))
        run = self._validate(self._with_files(self._with_secrets(data)))
        if (run.planner or ("script" if run.steps is not None else default_planner)) == "plain":
            self._check_sentences(run.instructions)
        if run.steps is None and not (run.instructions or "").strip():
            raise self._wrong((), "give 'instructions' or 'steps'")
        return run

    def _walk(self, node: yaml.Node, place: Place) -> Iterator[tuple[Place, yaml.Node]]:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        yield place, node
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from self._walk(item, (*place, index))
        if isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                name = str(key.value)
                if name in names:
                    raise BadTestFile(f"{self._path}:{key.start_mark.line + 1}: '{name}' is given twice")
                names.add(name)
                yield from self._walk(value, (*place, name))

    def _wrong(self, place: Place, message: str, *, line: int | None = None) -> BadTestFile:
        at = line or self._line(place)
        field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return BadTestFile(f"{self._path}{f':{at}' if at else ''}: {f'{field}: ' if field else ''}{message}")

    def _line(self, place: Place) -> int | None:
        """Returns the line of the place, or of what is around it where it is missing."""
        for length in range(len(place), 0, -1):
            node = self._nodes.get(place[:length])
            if node is not None:
                return int(node.start_mark.line) + 1
        return None

    def _refuse_unknown(self, data: Any, shape: type[Shape], place: Place) -> None:  # noqa: ANN401
        if not isinstance(data, dict):
            return
        known = {to_camel(name) for name in shape.model_fields}
        for name in map(str, data):
            if name not in known and name not in shape.model_fields:
                near = difflib.get_close_matches(to_camel(name), known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"fields: {', '.join(sorted(known))}"
                raise self._wrong((*place, name), f"there is no such field; {hint}")

    def _with_secrets(self, data: dict[str, Any]) -> dict[str, Any]:
        secrets = data.get("secrets")
        if not isinstance(secrets, dict):
            return data
        return {**data, "secrets": {name: self._secret(name, value) for name, value in secrets.items()}}

    def _secret(self, name: str, value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict) and "value" in value:
            return {**value, "value": self._secret(name, value["value"])}
        variable = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
        if variable is None:
            return value
        if variable[1] not in self._environment:
            raise self._wrong(("secrets", name), f"the environment has no {variable[1]}: set it")
        return self._environment[variable[1]]

    def _with_files(self, data: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(data.get("steps"), list):
            return data
        return {**data, "steps": [self._with_file(step, index) for index, step in enumerate(data["steps"])]}

    def _with_file(self, step: Any, index: int) -> Any:  # noqa: ANN401
        value = step.get("value") if isinstance(step, dict) and step.get("type") == "upload" else None
        if not isinstance(value, str) or not value or value.startswith("data:"):
            return step
        file = self._path.parent / value
        place = ("steps", index, "value")
        try:
            content = _content(file, _LARGEST_UPLOAD)
        except OSError as error:
            raise self._wrong(place, f"{file} cannot be read: {error.strerror}") from None
        except ValueError as error:
            raise self._wrong(place, f"{value!a} names no file: {error}") from None
        if content is None:
            raise self._wrong(place, f"{file} is larger than {_LARGEST_UPLOAD // 1_000_000} MB")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        return {**step, "value": data_url(file.name, kind, content)}

    def _validate(self, data: dict[str, Any]) -> NewRun:
        try:
            return NewRun.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
        raise self._wrong(_place(first), _message(first))

    def _check_sentences(self, instructions: str | None) -> None:
        """Sentences count their lines within the instructions; where these are a literal block, so does the file."""
        try:
            for sentence in split(instructions or ""):
                self._check_upload(parse(sentence), sentence)
        except UnknownSentence as error:
            raise self._wrong(
                ("instructions",), str(error), line=self._line_within("instructions", error.sentence.line)
            ) from None
        except UnclosedQuote as error:
            line = self._line_within("instructions", error.line)
            raise self._wrong(("instructions",), str(error), line=line) from None

    def _check_upload(self, intent: Intent, sentence: Sentence) -> None:
        if not self._uploads_here or not _names_file(intent):
            return
        name = str(intent.value)
        folder = self._path.parent.resolve()
        file = (folder / name).resolve()
        if not (file.is_relative_to(folder) and file.is_file()):
            line = self._line_within("instructions", sentence.line)
            where = f"there is no file '{name}' beside the test file, where '{sentence.text}' looks for it"
            raise self._wrong(("instructions",), where, line=line)

    def _line_within(self, field: str, line: int) -> int | None:
        node = self._nodes.get((field,))
        literal = isinstance(node, yaml.ScalarNode) and node.style == "|"
        return int(node.start_mark.line) + 1 + line if node is not None and literal else None


def _steps(data: dict[str, Any]) -> list[Any]:
    steps = data.get("steps")
    return steps if isinstance(steps, list) else []


def _place(error: ErrorDetails) -> Place:
    """Returns where the error is; one of a whole action or run names its field apart."""
    field = error.get("ctx", {}).get("field")
    place = error["loc"]
    return (*place, field) if field and place[-1:] != (field,) else place


def _message(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    words = wording(error)
    return words[:1].lower() + words[1:]

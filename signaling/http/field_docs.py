"""What the docstrings under the fields of the models say, for the OpenAPI description.

pydantic reads them as well (`use_attribute_docstrings`), but as each class is made: a third of the time that it takes
to load the models, for a description that few ask for.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue


class DocumentedJsonSchema(GenerateJsonSchema):
    """Describes each field by its docstring, where it has no description of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - pydantic's own
        super().__init__(*args, **options)
        self._modules: dict[str, dict[str, dict[str, str]]] = {}

    def model_schema(self, schema: Any) -> JsonSchemaValue:  # noqa: ANN401 - pydantic-core's
        """Implements `GenerateJsonSchema`."""
        found = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        for name, said in self._said(model).items():
            field = model.model_fields.get(name)
            described = found.get("properties", {}).get(field.alias or name) if field is not None else None
            if described is not None and said:
                described.setdefault("description", said)
        return found

    def _said(self, model: type[BaseModel]) -> dict[str, str]:
        """Returns the docstrings of the model's fields by name, inherited ones too."""
        said: dict[str, str] = {}
        for base in reversed(model.__mro__):
            if issubclass(base, BaseModel) and base is not BaseModel:
                said |= self._in_module(base.__module__).get(base.__name__, {})
        return said

    def _in_module(self, name: str) -> dict[str, dict[str, str]]:
        if name not in self._modules:
            source = Path(inspect.getfile(sys.modules[name])).read_text(encoding="utf-8")
            classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
            self._modules[name] = {node.name: dict(_docstrings(node)) for node in classes}
        return self._modules[name]


def _docstrings(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """Yields the fields and what stands under each, nothing where nothing does."""
    for field, after in pairwise([*model.body, ast.Pass()]):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            text = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            yield field.target.id, inspect.cleandoc(text) if isinstance(text, str) else ""

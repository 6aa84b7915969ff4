"""What fields of models are described by: the docstrings below them, read when the interface is described.

pydantic would read them itself (`use_attribute_docstrings`), class by class as each is made: a tenth of the time that
the package takes to load, for a page that few open.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class Described(GenerateJsonSchema):
    """JSON Schema with the docstring of each field that has one and says nothing else of itself."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        properties: dict[str, Any] = made.get("properties", {})
        for name, said in docstrings_of(schema["cls"]).items():
            if name in properties:
                properties[name].setdefault("description", said)
        return made


def docstrings_of(model: type[BaseModel]) -> Mapping[str, str]:
    """By field, those of the model and of what it is made from."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            found |= _of_module(one.__module__).get(one.__qualname__, {})
    return found


@cache
def _of_module(module: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: dict(_of_class(node)) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _of_class(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, said in pairwise(node.body):
        match field, said:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)

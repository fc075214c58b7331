"""See that data obeys a schema without the library that says why other data doesn't.

It knows the keywords that the schema of policies uses, as JSON Schema 2020-12 defines them. What
it isn't certain of doesn't obey: then the library decides. Loading that takes longer than all else
that a policy needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sized

_TYPES: Mapping[str, type] = {"array": list, "object": dict, "string": str, "boolean": bool}
# `format` is an annotation; `then` and `else` belong to `if`.
_SAYS_NOTHING = frozenset(
    ("$schema", "$defs", "title", "description", "default", "format", "then", "else")
)


class _UnsureError(Exception):
    """What this module can't tell."""


def obeys(data: object, schema: Mapping[str, Any]) -> bool:
    """Tell whether data is certain to obey a schema, whose references are to its own ``$defs``."""
    try:
        return _Schema(schema).obeyed(data, schema)
    except (_UnsureError, KeyError):
        return False


class _Schema:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def obeyed(self, value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - any JSON
        return all(
            _KEYWORDS[keyword](self, value, wants, schema)
            for keyword, wants in schema.items()
            if keyword not in _SAYS_NOTHING
        )

    def reference(self, value: object, wants: str, _: object) -> bool:
        return self.obeyed(value, self._root["$defs"][wants.removeprefix("#/$defs/")])

    def condition(self, value: object, wants: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401 - as above
        return self.obeyed(value, schema.get("then" if self.obeyed(value, wants) else "else", {}))

    def negation(self, value: object, wants: Any, _: object) -> bool:  # noqa: ANN401 - as above
        return not self.obeyed(value, wants)

    def choice(self, value: object, wants: Any, _: object) -> bool:  # noqa: ANN401 - as above
        return any(self.obeyed(value, schema) for schema in wants)

    def items(self, value: object, wants: Any, _: object) -> bool:  # noqa: ANN401 - as above
        return not isinstance(value, list) or all(self.obeyed(item, wants) for item in value)

    def properties(self, value: object, wants: Any, _: object) -> bool:  # noqa: ANN401 - as above
        return not isinstance(value, dict) or all(
            self.obeyed(value[key], schema) for key, schema in wants.items() if key in value
        )


def _only_known(_: object, value: object, wants: object, schema: Mapping[str, Any]) -> bool:
    if wants is not False:
        raise _UnsureError
    return not isinstance(value, dict) or value.keys() <= schema["properties"].keys()


def _equal(value: object, wants: object) -> bool:
    if isinstance(value, float):
        raise _UnsureError  # 1.0 is JSON's 1
    return type(value) is type(wants) and value == wants


def _has(value: Any, kind: type[Sized], test: Callable[[int], bool]) -> bool:  # noqa: ANN401 - as above
    return not isinstance(value, kind) or test(len(value))


_KEYWORDS: Mapping[str, Callable[[_Schema, Any, Any, Mapping[str, Any]], bool]] = {
    "$ref": _Schema.reference,
    "additionalProperties": _only_known,
    "anyOf": _Schema.choice,
    "const": lambda _, value, wants, __: _equal(value, wants),
    "enum": lambda _, value, wants, __: any(_equal(value, one) for one in wants),
    "if": _Schema.condition,
    "items": _Schema.items,
    "maxItems": lambda _, value, wants, __: _has(value, list, lambda length: length <= wants),
    "maxLength": lambda _, value, wants, __: _has(value, str, lambda length: length <= wants),
    "minItems": lambda _, value, wants, __: _has(value, list, lambda length: length >= wants),
    "minLength": lambda _, value, wants, __: _has(value, str, lambda length: length >= wants),
    "minProperties": lambda _, value, wants, __: _has(value, dict, lambda size: size >= wants),
    "not": _Schema.negation,
    "pattern": lambda _, value, wants, __: (
        not isinstance(value, str) or re.search(wants, value) is not None
    ),
    "properties": _Schema.properties,
    "required": lambda _, value, wants, __: (
        not isinstance(value, dict) or all(key in value for key in wants)
    ),
    "type": lambda _, value, wants, __: isinstance(value, _TYPES[wants]),
}

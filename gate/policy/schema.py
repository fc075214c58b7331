"""Hold a file's data against the schema, and say what is wrong in sentences."""

from __future__ import annotations

import json
import pathlib
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct

from gate.policy.problem import MOST_PROBLEMS, Problem, nearest, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jsonschema import ValidationError

    from gate.untrusted import Path, Place, Tree

VERSION = 1

_FILE = pathlib.Path(__file__).with_name("schema.json")
_TYPES = {
    "array": "a list",
    "object": "a mapping of keys to values",
    "string": "a text",
    "boolean": "true or false",
}
# Kinds of values, by the title of their schema, with what they must look like.
_SHAPES = {
    "date": "a day of the calendar written as YYYY-MM-DD, such as 2027-01-31",
    "duration": "a whole number and a unit, such as 90s, 12h or 7d, or 0",
    "glob": "a pattern of 1 to 512 characters without white space",
    "class": "the key of a class, literally: without white space, * and ?",
    "platform": "os/architecture, such as linux/amd64",
    "sentence": "a text of 1 to 1000 characters",
}
_BESIDE_LEVELS = "statuses beside levels"  # the title of the schema that levels demand of statuses
# What YAML 1.1 read as booleans, and 1.2 doesn't.
_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_TEXTS = frozenset({"glob", "class", "sentence"})


def policy_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of policy files."""
    schema: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return schema


class _Fault(Struct, frozen=True):
    """One fault: the schema's ``keyword`` that ``value`` doesn't obey, and what that ``wants``."""

    path: Path
    value: Any
    keyword: str
    wants: Any
    schema: dict[str, Any]

    @property
    def title(self) -> str:
        return str(self.schema.get("title", ""))


def schema_problems(
    content: Tree, errors: Iterable[ValidationError]
) -> tuple[list[Problem], frozenset[Path]]:
    """Say what the validator has against a file, and the parts that can't be understood.

    Such a part is the path of a key at the top, or of an entry of its list; ``()`` is all, which it
    is too where there are more than ``MOST_PROBLEMS``: then those are not all problems.
    """
    if other := _other_version(content):
        return [other], frozenset({()})
    problems: set[Problem] = set()
    broken: set[Path] = set()
    for error in errors:
        fault = _Fault(
            path=tuple(error.absolute_path),
            value=error.instance,
            keyword=str(error.validator),
            wants=error.validator_value,
            schema=dict(cast("dict[str, Any]", error.schema)),
        )
        problems.update(islice(_problems(fault, content), MOST_PROBLEMS + 1))
        if len(problems) > MOST_PROBLEMS:
            return sorted(problems), frozenset({()})
        if fault.path:
            broken.add(fault.path[:2])
    return sorted(problems), frozenset(broken)


def _other_version(content: Tree) -> Problem | None:
    """Of a file of another version nothing else can be said."""
    version = content.data.get("version", VERSION)
    if version == VERSION and not isinstance(version, (bool, float)):
        return None
    hint = f" Write version: {VERSION}." if str(version) == str(VERSION) else ""
    text = f"version is {shown(version)}, but this gate reads version {VERSION}.{hint}"
    return Problem(content.place(("version",)), text)


def _problems(fault: _Fault, content: Tree) -> Iterator[Problem]:
    place = content.place(fault.path)
    if fault.keyword == "additionalProperties":
        yield from _unknown_keys(fault, content)
    elif fault.keyword == "required":
        yield from _missing_keys(fault, place)
    else:
        yield Problem(place, _sentence(fault))


def _unknown_keys(fault: _Fault, content: Tree) -> Iterator[Problem]:
    allowed = list(fault.schema["properties"])
    for key in fault.value:
        if key not in allowed:
            place = content.key_place((*fault.path, key))
            yield Problem(
                place,
                f"{shown(key)} is not a key {_within(fault.path)}.{nearest(key, allowed)} "
                f"Allowed: {', '.join(allowed)}.",
            )


def _missing_keys(fault: _Fault, place: Place) -> Iterator[Problem]:
    for key in fault.wants:
        if key not in fault.value:
            own = fault.title and fault.path
            whose = f"in this {fault.title}" if own else _within(fault.path)
            means = _described(fault.schema["properties"][key])
            yield Problem(place, f"{key} is missing {whose}.{means}")


def _described(schema: dict[str, Any]) -> str:
    """Return the first sentence of a key's description."""
    text: str = schema.get("description", "")
    return f" {text.split('. ', maxsplit=1)[0].rstrip('.')}." if text else ""


def _sentence(fault: _Fault) -> str:
    what = f"{_name(fault.path)} is {shown(fault.value)}"
    if fault.value is None:
        what = f"{_name(fault.path)} has no value"
    elif fault.value in ([], {}):
        what = f"{_name(fault.path)} is empty"
    if fault.title in _SHAPES:
        number = isinstance(fault.value, (bool, int, float)) and fault.title in _TEXTS
        hint = f' Write it in quotes: "{shown(fault.value)}".' if number else ""
        return f"{what}, but must be {_SHAPES[fault.title]}.{hint}"
    if comment := fault.schema.get("$comment"):
        return f"{what}, but must be {comment}.{_in_quotes(fault)}"
    return f"{what}{_WANTED[fault.keyword](fault)}"


def _in_quotes(fault: _Fault) -> str:
    """Return how to write a number where only texts are allowed."""
    number = fault.keyword == "type" and isinstance(fault.value, (bool, int, float))
    return (
        f' Write it in quotes: "{shown(fault.value)}".'
        if number and "string" in fault.wants
        else ""
    )


def _enum(fault: _Fault) -> str:
    allowed = fault.wants
    return f", but must be one of: {', '.join(allowed)}.{nearest(fault.value, allowed)}"


def _min_items(fault: _Fault) -> str:
    required = fault.title == _BESIDE_LEVELS
    hint = fault.schema["description"] if required else "Leave the key out instead."
    return f", but must hold at least one entry. {hint}"


def _type(fault: _Fault) -> str:
    hint = ""
    if fault.wants == "array" and isinstance(fault.value, str):
        hint = f" Write it as a list of one: [{shown(fault.value)}]."
    elif fault.wants == "boolean" and isinstance(fault.value, str):
        meant = _BOOLEANS.get(fault.value.lower())
        hint = f" Write {meant}." if meant else ""
    return f", but must be {_TYPES[fault.wants]}.{hint}"


_UNFIT = {
    "waivers of an allowing rule": (
        ", but where the action is allow there is nothing to waive. Remove it."
    ),
    "from of a rule that doesn't block": ", but only what blocks can begin on a day. Remove it.",
}

_WANTED: dict[str, Callable[[_Fault], str]] = {
    "enum": _enum,
    "type": _type,
    "minItems": _min_items,
    "minProperties": lambda fault: (
        f", but must hold at least one of: {', '.join(fault.schema['properties'])}."
    ),
    "maxItems": lambda fault: f" with more than {fault.wants} entries. Split the file.",
    "not": lambda fault: _UNFIT[fault.title],
}


def _name(path: Path) -> str:
    """Return the last key of a path, with the number after it that an entry of its list has."""
    if isinstance(path[-1], int):
        return f"An entry of {_name(path[:-1])}"
    return path[-1]


def _within(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    return f"in {names[-1]}" if names else "at the top"

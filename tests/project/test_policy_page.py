"""docs/policy.md describes every key of the policy schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gate.policy import policy_schema
from tests.project.markdown import Page, words

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = policy_schema()
PAGE = Page.read("docs/policy.md")
ROWS = {words(row[0])[0]: row for row in PAGE.section("Keys").rows}


@dataclass(frozen=True)
class Key:
    """A key by its path, such as ``rules[].match.images``."""

    path: str
    required: bool
    default: str
    allowed: set[str] = field(default_factory=set)


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what it refers to."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return resolved(SCHEMA["$defs"][reference.rpartition("/")[2]]) | schema


def objects(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects that a value may be or hold: itself, or the entries of its list."""
    schema = resolved(schema)
    if "properties" in schema:
        yield path, schema
    elif "else" in schema:  # one of them, or a list of them
        yield from objects(schema["else"], path)
    elif "items" in schema:
        yield from objects(schema["items"], f"{path}[]")


def allowed(schema: dict[str, Any]) -> set[str]:
    schema = resolved(schema)
    return set(resolved(schema.get("items", schema)).get("enum", ()))


def keys(schema: dict[str, Any], path: str = "") -> Iterator[Key]:
    for name, value in schema["properties"].items():
        below = f"{path}.{name}".lstrip(".")
        default = resolved(value).get("default")
        word = str(default).lower() if isinstance(default, bool) else default or ""
        yield Key(below, name in schema["required"], word, allowed(value))
        for inner_path, inner in objects(value, below):
            yield from keys({"required": (), **inner}, inner_path)


KEYS = {key.path: key for key in keys(SCHEMA)}


def test_every_key_of_the_schema_is_described_and_no_other() -> None:
    assert {"version", "block.levels", "rules[].match.images", "scan.settle"} <= KEYS.keys()
    assert sorted(KEYS) == sorted(ROWS)


def test_it_says_which_keys_are_required() -> None:
    assert {path for path, key in KEYS.items() if key.required} == {
        path for path, row in ROWS.items() if row[1] == "yes"
    }


def test_it_says_the_defaults() -> None:
    defaults = {path: key.default for path, key in KEYS.items() if key.default}

    assert defaults
    assert defaults == {path: ROWS[path][2].strip("`") for path in defaults}


def test_it_says_which_words_are_allowed() -> None:
    lacking = {path: key.allowed - set(words(ROWS[path][3])) for path, key in KEYS.items()}

    assert not {path: missing for path, missing in lacking.items() if missing}

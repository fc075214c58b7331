"""Bytes and JSON that nobody should send, and valid JSON with one thing wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

NESTED: Any = 1
for _ in range(400):
    NESTED = [NESTED]

VALUES: Sequence[Any] = (
    None,
    True,
    -1,
    0,
    2**31,
    10**18,
    10**40,
    1.5,
    1e300,
    "",
    "0",
    "-5",
    "9" * 5000,
    "\ud800",
    "\0\x1b[2J\r\n::error::",
    "sha256:" + "0" * 64,
    "\u202e" * 20,
    [],
    [[]],
    {},
    {"List": None},
    {"Code": "NoPermission"},
    NESTED,
)
"""What stands in the wrong place; the smallest and the least odd first, as failures shrink."""

json_trees = st.recursive(
    st.sampled_from(VALUES[:-1]) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def encoded(value: object) -> bytes:
    """Write JSON; halves of characters become escapes, as JSON allows."""
    return json.dumps(value).encode()


def bytes_like(valid: object) -> st.SearchStrategy[bytes]:
    """Return what may arrive in the place of a valid answer: anything, or almost it."""
    whole = encoded(valid)
    cuts = st.integers(0, len(whole))
    return (
        st.binary(max_size=60)
        | json_trees.map(encoded)
        | cuts.map(lambda cut: whole[:cut])
        | st.tuples(cuts, st.binary(max_size=4)).map(
            lambda put: whole[: put[0]] + put[1] + whole[put[0] :]
        )
        | spoiled(valid).map(encoded)
    )


def spoiled(valid: object) -> st.SearchStrategy[Any]:
    """Return the value with one of its parts exchanged."""
    places = list(_places(valid))
    return st.tuples(st.sampled_from(places), st.sampled_from(VALUES) | json_trees).map(
        lambda chosen: exchanged(valid, *chosen)
    )


def places(value: object) -> list[tuple[Any, ...]]:
    """Return the paths of all parts of a value, itself included."""
    return list(_places(value))


def exchanged(value: Any, path: tuple[Any, ...], other: object) -> Any:
    """Return a copy of a value in which another stands at a path."""
    if not path:
        return other
    key, *rest = path
    inner = exchanged(value[key], tuple(rest), other)
    if isinstance(value, dict):
        return {**value, key: inner}
    return [*value[:key], inner, *value[key + 1 :]]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries: Any = ()
    if isinstance(value, dict):
        entries = value.items()
    elif isinstance(value, list):
        entries = enumerate(value)
    for key, inner in entries:
        yield from _places(inner, (*path, key))


def outcome(read: Callable[[], T], *expected: type[E]) -> T | E:
    """Return what is read, or the error that is expected of what can't be read."""
    try:
        return read()
    except expected as error:
        return error

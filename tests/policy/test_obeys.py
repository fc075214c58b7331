"""What obeys the schema without the library must obey it with the library."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate.policy.obeys import obeys
from gate.policy.schema import policy_schema

SCHEMA = policy_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
RULE = {
    "name": "payments",
    "match": {
        "images": ["payments/**"],
        "risks": ["no_user"],
        "classes": ["other"],
        "levels": ["high"],
        "statuses": ["unhandled"],
    },
    "action": "allow",
    "reason": "audit finding 42",
}
WAIVER = {
    "risks": ["no_user"],
    "images": ["legacy/*"],
    "reason": "vendor image",
    "expires": "2027-01-31",
    "owner": "team",
    "ticket": "OPS-1",
}
SELECTOR = {"levels": ["high", "medium"], "statuses": ["unhandled"]}
EVERYTHING: dict[str, Any] = {
    "version": 1,
    "block": [{**SELECTOR, "waivers": "own"}],
    "warn": SELECTOR,
    "rules": [RULE, {**RULE, "action": "block", "waivers": "none"}],
    "waivers": [WAIVER],
    "max_waiver": "180d",
    "scan": {
        "require_digest": True,
        "max_age": "7d",
        "settle": 0,
        "accept_previous": False,
        "require_checks": False,
        "platforms": ["linux/amd64"],
    },
    "undecided": {"warn_on": ["missing"], "until": "2027-03-31"},
}
WORDS = ["high", "unhandled", "own", "allow", "no_user", "7d", "linux/amd64", "", " ", "2027-01-31"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 1.0, 0.0, -1, *WORDS]),
    st.text(max_size=3),
    st.sampled_from([[], {}, ["high"], [["high"]], SELECTOR, [SELECTOR], RULE, [RULE], WAIVER]),
)


def _places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path]
    if isinstance(value, dict):
        found += [at for key, one in value.items() for at in _places(one, (*path, key))]
    elif isinstance(value, list):
        found += [at for key, one in enumerate(value) for at in _places(one, (*path, key))]
    return found


PLACES = _places(EVERYTHING)
Change = tuple[tuple[str | int, ...], str, Any, str]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(["set", "drop", "add"]),
        VALUES,
        st.sampled_from(["waivers", "levels", "reason", "tga", "action"]),
    ),
    min_size=1,
    max_size=2,
)


def _changed(changes: list[Change]) -> object:
    data: Any = deepcopy(EVERYTHING)
    for path, how, value, key in changes:
        holder = data
        try:
            for step in path[:-1]:
                holder = holder[step]
            if how == "set" and path:
                holder[path[-1]] = deepcopy(value)
            elif how == "drop" and path:
                del holder[path[-1]]
            elif how == "set":
                data = deepcopy(value)
            else:
                (holder[path[-1]] if path else holder)[key] = deepcopy(value)
        except (LookupError, TypeError):
            continue  # an earlier change took the place away
    return data


def test_a_file_with_every_key_obeys() -> None:
    assert VALIDATOR.is_valid(EVERYTHING)
    assert obeys(EVERYTHING, SCHEMA)


@given(CHANGES)
@settings(max_examples=100, deadline=None)
def test_what_obeys_is_valid_for_the_library_too(changes: list[Change]) -> None:
    data = _changed(changes)
    valid = VALIDATOR.is_valid(data)
    assert valid or not obeys(data, SCHEMA)


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("value", [None, True, 0.0, " ", [], {"x": 1}], ids=repr)
def test_every_place_takes_what_the_library_takes(
    place: tuple[str | int, ...], value: object
) -> None:
    data = _changed([(place, "set", value, "")])
    if obeys(data, SCHEMA) != VALIDATOR.is_valid(data):
        assert isinstance(value, float)
        assert not obeys(data, SCHEMA)


@pytest.mark.parametrize("place", [place for place in PLACES if place], ids=str)
def test_what_lacks_is_missed(place: tuple[str | int, ...]) -> None:
    data = _changed([(place, "drop", None, "")])
    assert VALIDATOR.is_valid(data) == obeys(data, SCHEMA)


def test_a_keyword_that_is_not_known_is_never_obeyed() -> None:
    assert not obeys("x", {"uniqueItems": True})
    assert not obeys({}, {"additionalProperties": {"type": "string"}, "properties": {}})
    assert not obeys("x", {"not": {"uniqueItems": True}})

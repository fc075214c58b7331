from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from gate.findings import Finding
from gate.policy import policy_schema
from gate.policy.model import ATTRIBUTES, Match
from tests.policy.making import loaded, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIVER = "waivers: [{risks: [a], images: [b], reason: r, expires: 2027-01-01, "
RULE = "rules: [{match: {levels: [low]}, action: warn, "
DURATION = "must be a whole number and a unit, such as 90s, 12h or 7d, or 0."
DATE = "must be a day of the calendar written as YYYY-MM-DD, such as 2027-01-31."
SENTENCE = "must be a text of 1 to 1000 characters."
LEVELS = "must be one of: high, medium, low."
STATUSES = "must be one of: unhandled, ignored, false_positive."
WHOSE = "must be one of: own, any, none."
GLOB = "must be a pattern of 1 to 512 characters without white space."
LIST = "must be a list."
MAPPING = "must be a mapping of keys to values."

# A wrong value of each key of the schema, by the path of the key; the file's first line is
# "version: 1" unless the text says its own, the second a block.
WRONG = {
    "version": ("version: 2", "1:10: version is 2, but this gate reads version 1."),
    "block": ("block: []", "2:8: block is empty, but must hold at least one entry."),
    "block/levels": (
        "block: {levels: [hihg], statuses: [ignored]}",
        f'2:18: An entry of levels is "hihg", but {LEVELS} Did you mean high?',
    ),
    "block/statuses": (
        "block: [{levels: [], statuses: [false-positive]}]",
        f'2:33: An entry of statuses is "false-positive", but {STATUSES} Did you mean false_',
    ),
    "block/waivers": (
        "block: {levels: [], statuses: [], waivers: all}",
        f'2:44: waivers is "all", but {WHOSE}',
    ),
    "block/from": (
        "block: {levels: [], statuses: [], from: 2027-3-1}",
        f'2:41: from is "2027-3-1", but {DATE}',
    ),
    "warn": ("warn: low", f'3:7: warn is "low", but {MAPPING}'),
    "warn/levels": (
        "warn: {levels: high, statuses: []}",
        f'3:16: levels is "high", but {LIST} Write it as a list of one: ["high"].',
    ),
    "warn/statuses": (
        "warn: [{levels: []}]",
        "3:8: statuses is missing in this warn selector. What somebody did about",
    ),
    "rules": ("rules: {}", f"3:8: rules is empty, but {LIST}"),
    "rules/name": (RULE + "name: 7}]", f'3:54: name is 7, but {SENTENCE} Write it in quotes: "7".'),
    "rules/match": (
        "rules: [{match: {}, action: warn}]",
        "3:17: match is empty, but must hold at least one of: images, risks, classes, levels, ",
    ),
    "rules/match/images": (
        "rules: [{match: {images: ['a b']}, action: warn}]",
        f'3:27: An entry of images is "a b", but {GLOB}',
    ),
    "rules/match/risks": (
        "rules: [{match: {risks: []}, action: warn}]",
        "3:25: risks is empty, but must hold at least one entry. Leave the key out instead.",
    ),
    "rules/match/classes": (
        "rules: [{match: {classes: [oth*]}, action: warn}]",
        '3:28: An entry of classes is "oth*", but must be the key of a class, literally',
    ),
    "rules/match/levels": (
        "rules: [{match: {levels: [unknown]}, action: warn}]",
        f'3:27: An entry of levels is "unknown", but {LEVELS}',
    ),
    "rules/match/statuses": (
        "rules: [{match: {statuses: [7]}, action: warn}]",
        f"3:29: An entry of statuses is 7, but {STATUSES}",
    ),
    "rules/action": (
        "rules: [{match: {levels: [low]}, action: ignore}]",
        '3:42: action is "ignore", but must be one of: block, warn, allow.',
    ),
    "rules/reason": (RULE + "reason: '  '}]", f'3:56: reason is "  ", but {SENTENCE}'),
    "rules/waivers": (RULE + "waivers: on}]", f'3:57: waivers is "on", but {WHOSE} Did you mean'),
    "rules/from": (
        RULE + "from: 2027-03-01}]",
        '3:54: from is "2027-03-01", but only what blocks can begin on a day. Remove it.',
    ),
    "waivers": ("waivers:", f"3:9: waivers has no value, but {LIST}"),
    "waivers/risks": (
        "waivers: [{risks: no_user, images: [b], reason: r, expires: 2027-01-01}]",
        f'3:19: risks is "no_user", but {LIST} Write it as a list of one: ["no_user"].',
    ),
    "waivers/images": (
        "waivers: [{risks: [a], images: [5], reason: r, expires: 2027-01-01}]",
        f'3:33: An entry of images is 5, but {GLOB} Write it in quotes: "5".',
    ),
    "waivers/reason": (
        "waivers: [{risks: [a], images: [b], expires: 2027-01-01}]",
        "3:11: reason is missing in this waiver. Why this is bearable for now.",
    ),
    "waivers/expires": (
        "waivers: [{risks: [a], images: [b], reason: r, expires: 31.1.2027}]",
        f'3:57: expires is "31.1.2027", but {DATE}',
    ),
    "waivers/owner": (WAIVER + "owner: [x]}]", f"3:76: owner is a list, but {SENTENCE}"),
    "waivers/ticket": (WAIVER + "ticket: 1432}]", f"3:77: ticket is 1432, but {SENTENCE} Write it"),
    "max_waiver": ("max_waiver: 180", f"3:13: max_waiver is 180, but {DURATION}"),
    "waiver_needs": (
        "waiver_needs: [owners]",
        '3:16: An entry of waiver_needs is "owners", but must be one of: owner, ticket. Did you',
    ),
    "scan": ("scan: [max_age]", f"3:7: scan is a list, but {MAPPING}"),
    "scan/require_digest": (
        "scan: {require_digest: off}",
        '3:24: require_digest is "off", but must be true or false. Write false.',
    ),
    "scan/max_age": ("scan: {max_age: 1w}", f'3:17: max_age is "1w", but {DURATION}'),
    "scan/settle": ("scan: {settle: true}", f"3:16: settle is true, but {DURATION}"),
    "scan/accept_previous": (
        "scan: {accept_previous: 1}",
        "3:25: accept_previous is 1, but must be true or false.",
    ),
    "scan/require_checks": (
        "scan: {require_checks: 'true'}",
        '3:24: require_checks is "true", but must be true or false.',
    ),
    "scan/platforms": (
        "scan: {platforms: [amd64]}",
        '3:20: An entry of platforms is "amd64", but must be os/architecture, such as linux/amd64.',
    ),
    "undecided": (
        "undecided: {warn_on: []}",
        "3:12: until is missing in undecided. The last day on which that holds",
    ),
    "undecided/warn_on": (
        "undecided: {warn_on: [failed], until: 2027-01-01}",
        '3:23: An entry of warn_on is "failed", but must be one of: missing, running, unsupported',
    ),
    "undecided/until": (
        "undecided: {warn_on: [], until: soon}",
        f'3:33: until is "soon", but {DATE}',
    ),
}


def keys_of(schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the path and the schema of each key of the file, through all references."""
    root = policy_schema()
    if "$ref" in schema:
        yield from keys_of(root["$defs"][schema["$ref"].rpartition("/")[2]], path)
    for key, inner in schema.get("properties", {}).items():
        yield "/".join((*path, key)), inner
        yield from keys_of(inner, (*path, key))
    for way in ("items", "else"):
        if way in schema:
            yield from keys_of(schema[way], path)


KEYS = dict(keys_of(policy_schema()))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(policy_schema())
    assert policy_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", KEYS)
def test_every_key_has_a_description(path: str) -> None:
    schema = KEYS[path]
    if "description" not in schema:
        schema = policy_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    assert schema["description"].endswith(".")


def test_each_key_is_tried_with_a_wrong_value() -> None:
    assert set(KEYS) == set(WRONG)


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_value_is_told_with_its_place_and_what_is_allowed(
    tmp_path: Path, path: str
) -> None:
    text, problem = WRONG[path]
    [line] = refused(tmp_path, text, raw=path == "version")
    assert line.startswith(f"a.yaml:{problem}")


def objects_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for inner in schema.values():
            yield from objects_of(inner)


def test_no_mapping_takes_unknown_keys() -> None:
    assert all(schema["additionalProperties"] is False for schema in objects_of(policy_schema()))


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (
            '3:1: "rule" is not a key at the top. Did you mean rules? Allowed: version, ',
            "rule: []",
        ),
        ('3:69: "expired_at" is not a key in waivers. Did you mean expires? ', "expired_at: x}]"),
        ('3:69: "Owner" is not a key in waivers. Did you mean owner? ', "Owner: x}]"),
        ('3:69: "zzz" is not a key in waivers. Allowed: risks, images, ', "zzz: x}]"),
    ],
)
def test_an_unknown_key_is_told_with_the_nearest_one(
    tmp_path: Path, problem: str, text: str
) -> None:
    [line] = refused(tmp_path, text if text.startswith("rule") else WAIVER.strip() + " " + text)
    assert line.startswith(f"a.yaml:{problem}")


def test_a_warn_selector_has_its_own_waivers_alone(tmp_path: Path) -> None:
    [line] = refused(tmp_path, "warn: {levels: [low], statuses: [unhandled], waivers: any}")
    assert line == 'a.yaml:3:46: "waivers" is not a key in warn. Allowed: levels, statuses.'


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("2:34", "block: {levels: [low], statuses: []}"),
        ("2:73", "block: [{levels: [low], statuses: [ignored]}, {levels: [low], statuses: []}]"),
        ("3:33", "warn: {levels: [low], statuses: []}"),
        ("4:29", "warn:\n- {levels: [low], statuses: []}"),
    ],
)
def test_a_selector_with_levels_and_without_statuses_is_an_error(
    tmp_path: Path, place: str, text: str
) -> None:
    """Somebody who lists levels means to select something; it would select nothing."""
    [line] = refused(tmp_path, text)
    assert line == (
        f"a.yaml:{place}: statuses is empty, but must hold at least one entry. Beside levels, "
        "it needs one or more of: unhandled, ignored, false_positive. To select nothing, empty "
        "both lists."
    )


@pytest.mark.parametrize("statuses", ["[]", "[unhandled]"])
def test_a_selector_without_levels_selects_nothing_and_is_valid(
    tmp_path: Path, statuses: str
) -> None:
    loaded(tmp_path, f"block: {{levels: [], statuses: {statuses}}}")


def test_an_allowing_rule_needs_a_reason_and_has_nothing_to_waive(tmp_path: Path) -> None:
    rule = "rules: [{match: {levels: [low]}, action: allow, waivers: own}]"
    missing, pointless = refused(tmp_path, rule)
    assert missing.startswith("a.yaml:3:9: reason is missing in this rule that allows. Why, ")
    assert pointless.startswith('a.yaml:3:58: waivers is "own", but where the action is allow ')


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        ("1:1: The file is a single value, but must be a mapping of keys to values.", "hello"),
        ("1:1: The file is a list, but must be a mapping of keys to values.", "- version: 1"),
        ("1:1: version is missing at the top. The version of this file format: 1.", "block: {}"),
        ('1:10: version is "1", but this gate reads version 1. Write version: 1.', "version: '1'"),
        ("1:10: version is true, but this gate reads version 1.", "version: true"),
        ("1:9: version is null, but this gate reads version 1.", "version:"),
        ("1:1: block is missing at the top. Findings that fail the build", "version: 1"),
    ],
)
def test_a_file_that_is_not_a_policy_is_refused(tmp_path: Path, problem: str, text: str) -> None:
    lines = refused(tmp_path, text, raw=True)
    assert lines[0].startswith(f"a.yaml:{problem}")


def test_of_another_version_only_that_is_said(tmp_path: Path) -> None:
    [line] = refused(tmp_path, "version: 2\nblock: 7\nnew: key\n", raw=True)
    assert line == "a.yaml:1:10: version is 2, but this gate reads version 1."


def test_a_file_may_hold_thousands_of_faults(tmp_path: Path) -> None:
    for text in ("waivers:\n" + "- {}\n" * 1000, "".join(f"k{n}: 1\n" for n in range(1000))):
        lines = refused(tmp_path, text)
        assert len(lines) == 201
        assert lines[-1].startswith("a.yaml:")
        assert lines[-1].endswith(": There are more problems. Correct these first.")


def test_a_long_value_is_cut_and_stays_on_its_line(tmp_path: Path) -> None:
    [line] = refused(tmp_path, f'max_waiver: "{"x" * 500}"')
    assert len(line) < 200
    [line] = refused(tmp_path, f"max_waiver: &{'x' * 5000} 1")
    assert len(line) < 600
    [line] = refused(tmp_path, 'max_waiver: "1\\n2\\e[1m\\u2028"')
    assert line.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        'scan: {platforms: ["linux/amd64\\n"]}',
        'scan: {max_age: "7d\\n"}',
        'undecided: {warn_on: [], until: "2027-01-01\\n"}',
        'rules: [{match: {classes: ["other\\n"]}, action: block}]',
        "rules:\n- match:\n    images:\n    - |\n      payments/**\n  action: block\n",
    ],
)
def test_a_line_end_that_would_make_a_word_match_nothing_is_refused(
    tmp_path: Path, text: str
) -> None:
    [line] = refused(tmp_path, text)
    assert "\\n" in line
    assert ", but must be " in line


def test_empty_lists_select_nothing_and_are_valid(tmp_path: Path) -> None:
    loaded(tmp_path, "block: {levels: [], statuses: []}\nwarn: []\nrules: []\nwaivers: []\n")


def test_every_key_of_match_is_tried() -> None:
    """A key that is read and not tried would let a rule match what it doesn't name."""
    keys = set(policy_schema()["$defs"]["rule"]["properties"]["match"]["properties"])
    assert keys == set(Match.__struct_fields__)
    assert keys == {"images", *ATTRIBUTES}
    assert set(ATTRIBUTES.values()) < set(Finding.__struct_fields__)

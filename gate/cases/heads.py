"""The head of a case file: what stands beside its images."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from pathlib import Path  # noqa: TC003 - msgspec reads the types of fields
from typing import TYPE_CHECKING, Any

import msgspec
from jsonschema import Draft202012Validator
from msgspec import Struct
from msgspec.structs import replace

from gate.cases.case import Case, CheckStates, Recorded
from gate.cases.contents import Common, case_of, case_schema, checks_of, day_of
from gate.cases.policy_paths import policy_specs
from gate.policy import Problem, schema_problems
from gate.untrusted import START, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.cases.strict_json import JsonText
    from gate.untrusted import Path as Keys
    from gate.untrusted import Tree

_KEYS = ("version", "policies", "at", "checks", "recorded", "images")
_CASES_LINE = re.compile(rf"^[ \t{{]*[\"']?(?:{'|'.join(_KEYS)})[\"']?[ \t]*:", re.MULTILINE)
_OF_A_REPORT = frozenset({"generated_at", "exit_code"})
_EMPTY = "The file is empty. A case file starts with: version: 1"
_NO_CASES = f"The file is not a case file: it has none of the keys {', '.join(_KEYS)}."
_REPORT = "This is a JSON report, not a case file. Let the gate write one with --report cases=FILE."
_NO_IMAGES = "images is empty, so nothing would be judged."
_NO_SUCH_TIME = "at is {0}, a time that no calendar has."
_NOT_AN_IMAGE = "This is not an image: {0}."


class FileHead(Struct, frozen=True, kw_only=True):
    """What a file says beside its images; ``sha256`` is that of all of it."""

    path: str
    file: Path
    sha256: str
    policies: tuple[str, ...] = ()
    common: Common = Common()


class Wrong(Exception):
    """All that is wrong with a file, or with the first broken image of a record."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


def may_be_cases(text: str) -> bool:
    """Tell whether some line of a text that can't be parsed looks like one of a case file."""
    return bool(_CASES_LINE.search(text))


def check_is_cases(content: Tree) -> None:
    """Raise ``Unreadable`` for what isn't a case file; nothing of it is repeated."""
    data = content.data
    if data is None:
        raise Unreadable(_EMPTY)
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise Unreadable(f"The file is {kind}, but must be a mapping of keys to values.")
    if data.keys() >= _OF_A_REPORT:
        raise Unreadable(_REPORT)
    if data.keys().isdisjoint(_KEYS):
        raise Unreadable(_NO_CASES)


def read_head(
    content: Tree, head: FileHead, directory: Path
) -> tuple[FileHead, list[Problem], frozenset[Keys]]:
    """Return the head with what it says, and all that the schema has against the file.

    The last are the parts that can't be understood, as ``schema_problems`` names them.
    """
    errors = Draft202012Validator(case_schema()).iter_errors(content.data)
    problems, broken = schema_problems(content, errors)
    if () in broken:
        return head, problems, broken
    unusable = {path[0] for path in broken}
    data = {key: value for key, value in content.data.items() if key not in unusable}
    specs = policy_specs(data.get("policies", ()), content, path=head.path, directory=directory)
    policies = list(specs)
    recorded = _recorded(data.get("recorded"), content)
    day = day_of(data["at"], ("at",), content) if "at" in data else None
    problems += [one for one in (*policies, recorded, day) if isinstance(one, Problem)]
    if isinstance(recorded, Problem) or isinstance(day, Problem):
        return head, problems, broken | {("images",)}
    if "recorded" not in content.data and data.get("images") == []:
        problems.append(Problem(content.place(("images",)), _NO_IMAGES))
    if day is None and recorded is not None:
        day = recorded.at.date()
    checks = checks_of(data["checks"]) if "checks" in data else None if recorded else CheckStates()
    names = tuple(one for one in policies if isinstance(one, str))
    common = Common(day=day, checks=checks, recorded=recorded)
    if unusable & {"at", "recorded"}:  # what images lack of it is no problem of theirs
        broken |= {("images",)}
    return replace(head, policies=names, common=common), problems, broken


def _recorded(data: Mapping[str, Any] | None, content: Tree) -> Recorded | Problem | None:
    if data is None:
        return None
    try:
        datetime.fromisoformat(data["at"])
    except ValueError:
        place = content.place(("recorded", "at"))
        return Problem(place, _NO_SUCH_TIME.format(data["at"]))
    return msgspec.convert(data, Recorded)


def read_image(data: Any, common: Common, tree: JsonText) -> Case:  # noqa: ANN401 - see the checks
    """Return an image of a record; raises ``Wrong`` with all that is wrong with it."""
    if not isinstance(data, dict):
        raise Wrong([Problem(tree.place(()), _NOT_AN_IMAGE.format("it is not a mapping"))])
    try:
        case = case_of(data, common, tree)
    except msgspec.ValidationError as error:
        problems, _ = schema_problems(tree, _image_validator().iter_errors(data))
        raise Wrong(problems or [Problem(START, str(error))]) from None
    if isinstance(case, list):
        raise Wrong(case)
    return case


@cache
def _image_validator() -> Draft202012Validator:
    schema = {"$ref": "#/$defs/image", "$defs": case_schema()["$defs"]}
    return Draft202012Validator(schema)

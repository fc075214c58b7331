"""What the parts of a case file mean, and what is wrong with them that its schema can't say."""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the types of fields
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from gate.cases.case import Case, CheckStates, Expectation, Places, Recorded
from gate.clock import LONGEST, parse_duration
from gate.errors import InvalidReference
from gate.findings import Finding, IdentifiedBy, Level, Reason, Status
from gate.policy import Problem
from gate.reference import ImageReference
from gate.verdict import Action, Outcome  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.untrusted import Path, Tree

_Text = Annotated[str, Meta(max_length=4096)]
_Tag = Annotated[str, Meta(max_length=128)]
_Age = Annotated[str, Meta(pattern=r"^(0|[0-9]{1,7}[mhd]|[0-9]{1,9}s)\Z")]
_Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
_Kind = Literal["build_risk"]
_Undecided = Literal[
    "missing",
    "running",
    "failed",
    "unsupported",
    "stale",
    "unidentified",
    "ambiguous",
    "unread",
    "incomplete",
    "disagreeing",
    "moved",
    "access",
    "service",
]
_COMPLETE = "complete"
_BY_HAND = {"identified_by": "digest", "evidence": _COMPLETE, "kinds": ["build_risk"]}
# A record that lacks a key, as one of an older gate does, proves less.
_RECORD = {"identified_by": "tag", "evidence": "incomplete", "kinds": []}
_NO_AGE = LONGEST + timedelta(days=1)  # older than any policy's max_age
_NO_DAY = "at is missing, here and at the top of the file. Write the day of judgement: YYYY-MM-DD."
_NO_CALENDAR = "{0} is {1}, a day that no calendar has."
_NUMBER = 'A tag is {0}, a number. Write it in quotes: "{0}".'


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of case files."""
    text = files("gate.cases").joinpath("schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


class Common(Struct, frozen=True, kw_only=True):
    """What the head of a file says of all its images; ``recorded`` marks a record."""

    day: date | None = None
    checks: CheckStates | None = CheckStates()
    recorded: Recorded | None = None


class _WrittenChecks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: frozenset[_Text] | None = None
    off: frozenset[_Text] = frozenset()


class _WrittenScan(Struct, frozen=True, forbid_unknown_fields=True):
    age: _Age | UnsetType = UNSET


class _WrittenFinding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    risk: _Text
    level: Level
    status: Status = Status.UNHANDLED
    risk_class: _Text = field(default="", name="class")
    kind: _Kind = "build_risk"
    decision: Action | UnsetType = UNSET
    rule: _Text | UnsetType | None = UNSET


class _WrittenImage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An image as its file has it, with the defaults of its sort of file; as the schema says."""

    reference: _Text
    name: _Text = ""
    tags: list[_Tag | int | float] | UnsetType = UNSET
    at: _Day | UnsetType = UNSET
    identified_by: IdentifiedBy
    scan: _WrittenScan = _WrittenScan()
    evidence: _Undecided | Literal["complete"]
    kinds: frozenset[_Kind]
    checks: _WrittenChecks | UnsetType | None = UNSET
    findings: tuple[_WrittenFinding, ...] = ()
    verdict: Outcome | UnsetType = UNSET
    reason: _Undecided | Literal["clean", "allowed", "blocked", "checks_off"] | UnsetType = UNSET
    exit_code: Literal[0, 3, 4, 5, 10] | UnsetType = UNSET


def day_of(value: str, path: Path, source: Places | Tree) -> date | Problem:
    """Return the day of the calendar that a text says."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        return Problem(source.place(path), _NO_CALENDAR.format(path[-1], value))


def checks_of(data: Mapping[str, Any] | None) -> CheckStates | None:
    """Return which checks are on, of what the schema allows there."""
    if data is None:
        return None
    written = msgspec.convert(data, _WrittenChecks)
    return CheckStates(written.on, written.off)


def case_of(data: Mapping[str, Any], common: Common, source: Places) -> Case | list[Problem]:
    """Return what an image means, or all that is wrong with it.

    Raises ``msgspec.ValidationError`` where the schema has something against it.
    """
    is_record = common.recorded is not None
    image = msgspec.convert({**(_RECORD if is_record else _BY_HAND), **data}, _WrittenImage)
    reference = _reference(image.reference, source, is_record=is_record)
    day = common.day if image.at is UNSET else day_of(image.at, ("at",), source)
    if day is None:
        day = Problem(source.place(()), _NO_DAY)
    tags = _tags(image.tags, source, is_record=is_record)
    if isinstance(reference, Problem) or isinstance(day, Problem) or isinstance(tags, Problem):
        return [each for each in (reference, day, tags) if isinstance(each, Problem)]
    if tags is None:
        tags = (reference.tag,) if reference.tag and not is_record else ()
    return Case(
        reference=image.reference,
        name=image.name,
        line=source.place(()).line,
        image=reference,
        names=reference.names(tags),
        tags=tags,
        day=day,
        identified_by=image.identified_by,
        age=_age(image.scan, is_record=is_record),
        evidence=None if image.evidence == _COMPLETE else Reason(image.evidence),
        kinds=image.kinds,
        checks=common.checks if image.checks is UNSET else _checks(image.checks),
        findings=tuple(map(_finding, image.findings)),
        expected=tuple(_expected(image)),
        source=source,
    )


def _reference(text: str, source: Places, *, is_record: bool) -> ImageReference | Problem:
    """Return the name; a record's may hold what the service calls an image and a registry can't."""
    try:
        return ImageReference.parse(text, host_needed=False)
    except InvalidReference as invalid:
        if is_record and (recorded := ImageReference.as_recorded(text)):
            return recorded
        return Problem(source.place(("reference",)), str(invalid))


def _tags(
    tags: list[str | int | float] | UnsetType, source: Places, *, is_record: bool
) -> tuple[str, ...] | Problem | None:
    if tags is UNSET:
        return None
    texts = []
    for number, tag in enumerate(tags):
        path = ("tags", number)
        text = str(tag)
        if not isinstance(tag, str):
            written = source.written(path)
            if not isinstance(tag, int) or written != text:
                return Problem(source.place(path), _NUMBER.format(written))
        if not is_record:
            try:
                ImageReference.parse(f"a/b:{text}", host_needed=False)
            except InvalidReference as invalid:
                return Problem(source.place(path), str(invalid))
        texts.append(text)
    return tuple(texts)


def _age(scan: _WrittenScan, *, is_record: bool) -> timedelta:
    if scan.age is UNSET:
        return _NO_AGE if is_record else timedelta()
    if scan.age.endswith("s"):
        return timedelta(seconds=int(scan.age[:-1]))
    return parse_duration(scan.age)


def _checks(written: _WrittenChecks | None) -> CheckStates | None:
    return None if written is None else CheckStates(written.on, written.off)


def _finding(written: _WrittenFinding) -> Finding:
    return Finding(
        kind=written.kind,
        risk=written.risk,
        risk_class=written.risk_class,
        level=written.level,
        status=written.status,
    )


def _expected(image: _WrittenImage) -> Iterator[Expectation]:
    if image.verdict is not UNSET:
        yield Expectation("verdict", image.verdict.value)
    if image.reason is not UNSET:
        yield Expectation("reason", image.reason)
    if image.exit_code is not UNSET:
        yield Expectation("exit_code", image.exit_code)
    for number, finding in enumerate(image.findings):
        if finding.decision is not UNSET:
            yield Expectation("decision", finding.decision.value, number)
        if finding.rule is not UNSET:
            yield Expectation("rule", finding.rule, number)

"""A world of a case file: an image for each of its images, with these findings and this scan.

The format is that of case files, version 1, which `gate schema cases` prints. It is always today
here: the days of judgement and what a policy must make of the images are passed over. A fact that a
Security Center can't be made to show is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import msgspec
from msgspec import UNSET, UnsetType, field
from msgspec.structs import replace

from gate.errors import UsageError
from gate.sandbox.sample_images import HOUR, SampleFinding, SampleImage, State
from gate.sandbox.world import RiskClass, SampleCheck, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Path = tuple[str | int, ...]
    Place = Callable[[Path], str]

REMEDY = "Correct the file; `gate schema cases` says what every key means."
_NOT_PLAYED = "Leave the image out, or write a fact that can be played."

_AGE = re.compile(r"(?P<number>0(?=\Z)|[0-9]{1,9}(?=[smhd]))(?P<unit>[smhd]?)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_REGION = re.compile(r"(?:.*\.)?(?P<region>[a-z]{2,3}(?:-[a-z0-9]+)+)(?:\.personal)?(?:\.cr)?")
_HOST_END = ".aliyuncs.com"
_A_REGION = "cn-hangzhou"
_LEVELS = Literal["high", "medium", "low", "unknown"]
_STATUSES = Literal["unhandled", "ignored", "false_positive", "unknown", "handled"]
_UNDOCUMENTED_STATUS = 9
# The states of a scan that show what keeps evidence incomplete: the word, and the result.
_STATES = {
    "running": ("CVE_ANALYZER", ""),
    "failed": ("FAIL", ""),
    "unsupported": ("INIT", "TASK_NOT_SUPPORT_REGION"),
    "incomplete": ("UNDOCUMENTED", ""),
}
_SCANNED = {"complete", "stale"}
_STALE = 2.0  # seconds, of which a push takes the half


class _CaseChecks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: list[str] | None = None
    off: list[str] = []


class _CaseScan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    age: str = "0"


class _CaseFinding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    risk: str
    level: _LEVELS
    status: _STATUSES = "unhandled"
    risk_class: str = field(default="", name="class")
    kind: Literal["build_risk"] = "build_risk"
    decision: Any = None
    rule: Any = None


class _CaseImage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: str
    name: Any = None
    tags: list[str | int] | UnsetType = UNSET
    at: Any = None
    identified_by: Literal["digest", "tag"] | UnsetType = UNSET
    scan: _CaseScan = _CaseScan()
    evidence: str | UnsetType = UNSET
    kinds: list[str] | UnsetType = UNSET
    checks: _CaseChecks | UnsetType | None = UNSET
    findings: tuple[_CaseFinding, ...] = ()
    verdict: Any = None
    reason: Any = None
    exit_code: Any = None


class _CaseFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Literal[1]
    images: list[_CaseImage]
    policies: Any = None
    at: Any = None
    checks: _CaseChecks | None = _CaseChecks()
    recorded: dict[str, Any] | None = None


class _Name(msgspec.Struct, frozen=True):
    """The parts of a reference; each but the repository may be empty."""

    host: str
    namespace: str
    repository: str
    tag: str
    digest: str


def is_cases(data: object) -> bool:
    """Tell whether data is a case file and not a world: its images have references."""
    if not isinstance(data, dict):
        return False
    images = data.get("images")
    return "version" in data or (
        isinstance(images, list)
        and any(isinstance(image, dict) and "reference" in image for image in images)
    )


def world_of_cases(data: object, place: Place) -> World:
    """Return a world of the images of a case file, and of the standard checks and those they need.

    ``place`` returns where the value at a path stands. Raises ``UsageError`` for a fact that can't
    be played, and ``msgspec.ValidationError`` for what isn't the format.
    """
    file = msgspec.convert(data, _CaseFile)
    return _Playing(file, place).world()


class _Playing:
    """The images of one file on their way to a world."""

    def __init__(self, file: _CaseFile, place: Place) -> None:
        self._file = file
        self._place = place
        self._names = [self._name(number) for number in range(len(file.images))]
        self._records = {
            (name.namespace, name.repository, name.tag, name.digest) for name in self._names
        }
        self._taken: dict[tuple[str, ...], int] = {}

    def world(self) -> World:
        """Return the world; raises ``UsageError`` at the first fact that can't be played."""
        images: list[SampleImage] = []
        tags: dict[str, str] = {}
        for number in range(len(self._file.images)):
            image = self._image(number)
            images.append(image)
            images += self._other_tags(number, image)
            name = self._names[number]
            if name.tag and image.tag != name.tag and not name.digest:
                tags[f"{image.name}:{name.tag}"] = image.digest
        self._check_tags(images)
        checks = self._checks()
        named = {each.key for each in World().classes}
        others = sorted({check.risk_class for check in checks} - named)
        classes = (*World().classes, *(RiskClass(key=key) for key in others))
        return World(images=images, checks=checks, classes=classes, tags=tags)

    def _check_tags(self, images: Iterable[SampleImage]) -> None:
        """Make sure that a tag alone identifies what it has to."""
        digests: dict[tuple[str, ...], set[str]] = {}
        for image in images:
            key = (image.namespace, image.repository, image.tag)
            digests.setdefault(key, set()).add(image.digest)
        for number, name in enumerate(self._names):
            key = (name.namespace, name.repository, name.tag)
            by_tag = self._fact(number, "identified_by", "digest", "tag") == "tag"
            if by_tag and len(digests.get(key, ())) > 1:
                self._refuse(number, "identified_by", "another image has a record with this tag")

    def _name(self, number: int) -> _Name:
        text = self._file.images[number].reference
        rest, _, digest = text.partition("@")
        first, slash, path = rest.partition("/")
        host = ""
        if slash and (not first or first == "localhost" or any(one in first for one in ".:[")):
            host, rest = first, path
        path, _, tag = rest.partition(":")
        namespace, _, repository = path.partition("/")
        if not (namespace and repository):
            self._refuse(number, "reference", f"{text!r} names no image", REMEDY)
        return _Name(host, namespace, repository, tag or ("" if digest else "latest"), digest)

    def _image(self, number: int) -> SampleImage:
        case, name = self._file.images[number], self._names[number]
        own = self._tags(number)
        tag = name.tag if name.tag in own else (own or [""])[0]
        by_tag = self._fact(number, "identified_by", "digest", "tag") == "tag"
        if by_tag and name.digest:
            self._refuse(number, "identified_by", "an image whose digest is known is known by it")
        if by_tag and name.tag not in own:
            self._refuse(number, "identified_by", "no record carries the tag that identifies it")
        if by_tag and case.findings and self._evidence(number) != "complete":
            told = "without a scan that counts, findings of a tag may be another image's"
            self._refuse(number, "findings", told)
        stale = self._evidence(number) == "stale"
        age = max(self._age(number), _STALE) if stale else self._age(number)
        timeline = self._timeline(number, age)
        key = (name.namespace, name.repository, tag, name.digest)
        before = self._taken.setdefault(key, number)
        if name.digest and before != number:
            self._refuse(number, "reference", "an image with this digest and tag was there before")
        return SampleImage(
            namespace=name.namespace,
            repository=name.repository,
            tag=tag,
            digest=name.digest,
            build="" if before == number else str(number),
            host=name.host,
            region=self._region(name.host),
            timeline=timeline,
            pushed=-age / 2 if stale else -age - HOUR,
            findings=tuple(self._finding(number, index) for index in range(len(case.findings))),
            in_registry=not by_tag,
            supported=self._evidence(number) != "unsupported",
            tells_task=not stale,
        )

    def _other_tags(self, number: int, image: SampleImage) -> Iterator[SampleImage]:
        """Yield the records of the same digest with the other tags, unless they have their own."""
        for tag in self._tags(number):
            own = (image.namespace, image.repository, tag, image.digest)
            if tag != image.tag and own not in self._records:
                self._records.add(own)
                yield replace(image, tag=tag, uuid="", in_registry=False)

    def _tags(self, number: int) -> list[str]:
        tags, name = self._file.images[number].tags, self._names[number]
        if tags is not UNSET:
            return [str(tag) for tag in tags]
        return [name.tag] if name.tag and self._file.recorded is None else []

    def _evidence(self, number: int) -> str:
        return self._fact(number, "evidence", "complete", "incomplete")

    def _timeline(self, number: int, age: float) -> tuple[State, ...]:
        """Return the life of the record: a finished scan, then what keeps that from counting."""
        case, evidence = self._file.images[number], self._evidence(number)
        kinds = [] if case.kinds is UNSET and self._file.recorded is not None else case.kinds
        if evidence == "complete" and kinds is not UNSET and "build_risk" not in kinds:
            self._refuse(number, "kinds", "build_risk is always read to its end here")
        finished = State(after=-age)
        if evidence in _SCANNED:
            return (finished,)
        if evidence == "missing" and not case.findings:
            return (State(after=-HOUR, scan=""),)
        if evidence not in _STATES:
            told = f"no service can be made to show evidence that is {evidence}"
            if evidence == "missing":
                told = "what was found by a scan that is missing can't be shown"
            self._refuse(number, "evidence", told)
        scan, result = _STATES[evidence]
        state = State(after=-age, scan=scan, result=result, progress=30)
        return (finished, state) if case.findings or age else (state,)

    def _age(self, number: int) -> float:
        """Return the age of the scan in seconds."""
        text = self._file.images[number].scan.age
        match = _AGE.fullmatch(text)
        if match is None:
            where = ("scan", "age")
            self._refuse(number, where, f"{text!r} is no duration such as 90s, 2h or 7d", REMEDY)
        return float(match["number"]) * _UNITS[match["unit"] or "s"]

    def _finding(self, number: int, index: int) -> SampleFinding:
        finding = self._file.images[number].findings[index]
        if finding.status == "handled":
            self._refuse(number, ("findings", index, "status"), "no list tells of handled findings")
        status = _UNDOCUMENTED_STATUS if finding.status == "unknown" else finding.status
        return SampleFinding(risk=finding.risk, level=finding.level, status=status, command="")

    def _checks(self) -> tuple[SampleCheck, ...]:
        """Return the standard checks, and those that the file names, as it has them."""
        standard = {check.key: check for check in World().checks}
        classes = self._classes()
        states = self._check_states()
        keys = dict.fromkeys((*standard, *classes, *(states.on or ()), *states.off))
        checks = []
        for key in keys:
            check = standard.get(key, SampleCheck(key=key))
            selected = key in states.on if states.on is not None else key not in states.off
            risk_class = classes.get(key, check.risk_class)
            checks.append(replace(check, selected=selected, risk_class=risk_class))
        return tuple(checks)

    def _classes(self) -> Mapping[str, str]:
        """Return the class of each risk; a check has one."""
        classes: dict[str, str] = {}
        for number, image in enumerate(self._file.images):
            for index, finding in enumerate(image.findings):
                before = classes.setdefault(finding.risk, finding.risk_class)
                if before != finding.risk_class:
                    told = f"{finding.risk} had the class {before!r} before, and a check has one"
                    self._refuse(number, ("findings", index), told)
        return classes

    def _check_states(self) -> _CaseChecks:
        """Return which checks are on, which is the same for all images here."""
        chosen: _CaseChecks | None = None
        for number, image in enumerate(self._file.images):
            checks = self._file.checks if image.checks is UNSET else image.checks
            if checks is None and self._evidence(number) != "complete":
                continue  # what isn't complete needs none of them
            if checks is None:
                self._refuse(number, "checks", "which checks are on is always known here")
            if chosen is not None and _states(chosen) != _states(checks):
                self._refuse(number, "checks", "the checks are the same for all images here")
            chosen = checks
        return chosen or _CaseChecks()

    def _region(self, host: str) -> str:
        """Return the region that the host tells, else the one that was recorded."""
        match = _REGION.fullmatch(host.removesuffix(_HOST_END)) if _HOST_END in host else None
        recorded = str((self._file.recorded or {}).get("region") or "")
        return match["region"] if match else recorded.partition(",")[0] or _A_REGION

    def _fact(self, number: int, key: str, by_hand: str, of_record: str) -> str:
        """Return a fact, or what its absence says: in a record of the gate less than by hand."""
        value = getattr(self._file.images[number], key)
        if value is UNSET:
            return by_hand if self._file.recorded is None else of_record
        return str(value)

    def _refuse(
        self, number: int, key: str | Path, why: str, remedy: str = _NOT_PLAYED
    ) -> NoReturn:
        path = (key,) if isinstance(key, str) else key
        place = self._place(("images", number, *path))
        raise UsageError(f"{place}: This can't be played: {why}.", remedy)


def _states(checks: _CaseChecks) -> tuple[Iterable[str] | None, Iterable[str]]:
    return None if checks.on is None else frozenset(checks.on), frozenset(checks.off)

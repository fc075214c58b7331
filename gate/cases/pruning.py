"""Which risks of a policy's waivers cover nothing any more, as far as records prove it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from gate.cases.case import KINDS
from gate.cases.record_reach import holds_all, may_be_host
from gate.findings import Reason
from gate.policy import GlobIndex, Globs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from gate.cases.case import Case, CheckStates, Recorded
    from gate.cases.opening import CaseFile
    from gate.policy import Glob, Policy, Waiver
    from gate.reference import ImageReference

_CHECKS_OFF = "checks_off"
_NO_IMAGE = "no image in the record"
_BEYOND = "reaches beyond the record"
_NOTHING = "/"


class Doubt(Struct, frozen=True):
    """An image that doesn't prove that it lacks a risk, and the word for why."""

    image: ImageReference
    word: str


class Use(StrEnum):
    """Whether a risk of a waiver still covers a finding."""

    USED = "used"
    ENDED = "ended"
    NOTHING = "nothing"


class WaivedRisk(Struct, frozen=True, kw_only=True):
    """A risk of a waiver, whose ``number`` counts from 0.

    If it covers ``nothing``, a sentence or an image says ``why`` it stays all the same.
    """

    number: int
    waiver: Waiver
    risk: str
    use: Use
    why: str | Doubt = ""

    @property
    def goes(self) -> bool:
        """Whether it may be taken out."""
        return self.use is not Use.USED and not self.why


class Sight(Struct):
    """What records show of the images that one pattern may match.

    ``images`` counts those that it does match. ``off`` are the risks whose checks were off.
    """

    images: int = 0
    risks: set[str] = field(default_factory=set)
    doubt: Doubt | None = None
    off: dict[str, Doubt] = field(default_factory=dict)


class Pruner:
    """Holds the waivers of a policy against the images of records.

    ``complete`` is how many images were read to their end.
    """

    def __init__(self, policy: Policy) -> None:
        self._waivers = policy.waivers
        self._records: list[Recorded] = []
        self._patterns: dict[str, dict[str, Glob]] = {}
        for waiver in policy.waivers:
            for pattern in waiver.match.images.patterns:
                risks = self._patterns.setdefault(pattern.text, {})
                risks.update({risk.text: risk for risk in waiver.match.risks.patterns})
        self._sights = {pattern: Sight() for pattern in self._patterns}
        self._numbered = list(self._sights.items())
        self._index = GlobIndex(Globs([text]).as_meant for text in self._sights)
        self._paths = GlobIndex(Globs([_without_host(text)]) for text in self._sights)
        self.complete = 0

    def read(self, file: CaseFile) -> int:
        """Look at all images of a file; return how many there are. Raises ``InvalidCases``."""
        if file.recorded is not None:
            self._records.append(file.recorded)
        images = 0
        for case in file.images():
            images += 1
            self._look_at(case)
        return images

    def risks(self, today: date) -> Iterator[WaivedRisk]:
        """Yield each risk of each waiver, in the order of the file."""
        for number, waiver in enumerate(self._waivers):
            for risk in waiver.match.risks.patterns:
                use = self._use(waiver, risk, today)
                yield WaivedRisk(
                    number=number,
                    waiver=waiver,
                    risk=risk.text,
                    use=use,
                    why=self._why(waiver, risk.text) if use is Use.NOTHING else "",
                )

    def _use(self, waiver: Waiver, risk: Glob, today: date) -> Use:
        if waiver.expires < today:
            return Use.ENDED
        sights = (self._sights[pattern.text] for pattern in waiver.match.images.patterns)
        is_used = any(risk.matches(key) for sight in sights for key in sight.risks)
        return Use.USED if is_used else Use.NOTHING

    def _look_at(self, case: Case) -> None:
        word = _incomplete(case)
        self.complete += not word
        names = [*case.names.untagged, *case.names.with_tags(case.names.tags)]
        matching = self._index.about(names)
        # Where no host is known, it may be any that a pattern names.
        possible = () if case.image.host else self._paths.about(names)
        risks = {finding.risk for finding in case.findings}
        for number in {*matching, *possible}:
            pattern, sight = self._numbered[number]
            sight.images += number in matching
            sight.risks.update(risks)
            if word:
                sight.doubt = sight.doubt or Doubt(case.image, word)
            elif case.checks is not None:
                for risk in _off(case.checks, self._patterns[pattern]):
                    sight.off.setdefault(risk, Doubt(case.image, _CHECKS_OFF))

    def _why(self, waiver: Waiver, risk: str) -> str | Doubt:
        """Return why a risk that nothing uses stays; empty if it may go."""
        patterns = [pattern.text for pattern in waiver.match.images.patterns]
        for pattern in patterns:
            if not self._sights[pattern].images:
                return _NO_IMAGE if len(patterns) == 1 else f"{_NO_IMAGE} for {pattern}"
        for pattern in patterns:
            if not holds_all(self._records, pattern):
                return _BEYOND if len(patterns) == 1 else f"{pattern} {_BEYOND}"
        sights = [self._sights[pattern] for pattern in patterns]
        doubts = (sight.doubt or sight.off.get(risk) for sight in sights)
        return next(filter(None, doubts), "")


def _incomplete(case: Case) -> str:
    """Return the word for why not all findings of an image are known; empty if they are."""
    if case.evidence is not None:
        return case.evidence.value
    return "" if case.kinds >= KINDS else Reason.INCOMPLETE.value


def _off(checks: CheckStates, risks: Mapping[str, Glob]) -> Iterator[str]:
    """Yield the patterns of risks for which a check was off."""
    literals = [text for text, risk in risks.items() if risk.is_literal]
    yield from checks.lacking(literals)
    for text, risk in risks.items():
        if not risk.is_literal and any(map(risk.matches, checks.off)):
            yield text


def _without_host(pattern: str) -> str:
    """Return a pattern without what may stand for a host; what names no image where none may."""
    host, slash, path = pattern.partition("/")
    return path if slash and may_be_host(host) else _NOTHING

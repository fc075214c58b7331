"""Test policies by case files: what is not as expected, and what decided nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.cases.judging_again import judge_again
from gate.errors import ExitCode, InvalidCases
from gate.policy import Entry, Problem
from gate.verdict import Action, PolicyPlace, PolicySource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from gate.cases.case import Case, Expectation
    from gate.cases.opening import CaseFile
    from gate.policy import Policies, Policy, Waiver
    from gate.verdict import Decision, ImageVerdict

_NOT_JUDGED = "none"  # the decision on a finding of an image that is not identified
_NOTHING_EXPECTED = (
    "This image expects nothing. Write what must come out: verdict, reason, exit_code, or decision "
    "and rule of a finding."
)


class Unmet(Struct, frozen=True, kw_only=True):
    """An expectation that is not met.

    ``path`` and ``line`` are those of its key, ``what`` names it. ``policy`` is the place of what
    decided instead, ``because`` a sentence for a person.
    """

    path: str
    line: int
    reference: str
    name: str
    what: str
    actual: str | int | None
    expected: str | int | None
    policy: PolicyPlace | None = None
    because: str = ""


class TriedCase(Struct, frozen=True, kw_only=True):
    """An image that was judged, and what of it is not as expected."""

    path: str
    reference: str
    name: str
    unmet: tuple[Unmet, ...]


class PolicyPart(Struct, frozen=True, kw_only=True):
    """A rule, a selector or a waiver of a policy, and whether it decided something."""

    path: str
    line: int
    sort: str
    """``rules``, ``selectors`` or ``waivers``."""
    label: str
    reached: bool


class Results(Struct, frozen=True, kw_only=True):
    """What testing found; ``coverage`` demands that all rules and selectors decided something.

    ``whole`` tells whether each file had images, and some of them an expectation.
    """

    cases: tuple[TriedCase, ...]
    parts: tuple[PolicyPart, ...]
    files: tuple[PolicySource, ...]
    policies: tuple[PolicySource, ...]
    coverage: bool
    whole: bool

    @property
    def unmet(self) -> tuple[Unmet, ...]:
        """Everything that is not as expected."""
        return tuple(unmet for case in self.cases for unmet in case.unmet)

    @property
    def as_expected(self) -> int:
        """How many images are."""
        return sum(not case.unmet for case in self.cases)

    @property
    def idle(self) -> tuple[PolicyPart, ...]:
        """The rules and selectors that decided nothing."""
        return tuple(part for part in self.parts if not part.reached and part.sort != "waivers")

    @property
    def idle_waivers(self) -> tuple[PolicyPart, ...]:
        """The waivers that covered nothing."""
        return tuple(part for part in self.parts if not part.reached and part.sort == "waivers")

    @property
    def exit_code(self) -> ExitCode:
        """What the test ends in; where nothing was tested, that is not success."""
        if self.as_expected < len(self.cases) or (self.coverage and self.idle):
            return ExitCode.BLOCKED
        return ExitCode.PASSED if self.whole else ExitCode.UNDECIDED

    def reached(self) -> Iterator[tuple[str, int, int]]:
        """Yield how many of the rules, the selectors and the waivers decided something."""
        counts = Counter((part.sort, part.reached) for part in self.parts)
        for sort in ("rules", "selectors", "waivers"):
            yield sort, counts[sort, True], counts[sort, True] + counts[sort, False]


def check_expectations(files: Iterable[CaseFile]) -> None:
    """Raise ``InvalidCases`` for images of files by hand that expect nothing."""
    problems = [
        Problem(case.source.place(()), _NOTHING_EXPECTED).at(file.path)
        for file in files
        if file.recorded is None
        for case in file.images()
        if not case.expected
    ]
    if problems:
        raise InvalidCases("\n".join(problems), "A test without an expectation tests nothing.")


def run_tests(
    files: Sequence[CaseFile],
    policies_of: Callable[[CaseFile], Policies],
    *,
    at: date | None = None,
    coverage: bool = False,
) -> Results:
    """Judge the images of case files by their policies, and compare with what they expect.

    ``at`` is the day of judgement instead of those that the files say.
    """
    testing = _Testing()
    for file in files:
        testing.take(file, policies_of(file), at)
    return Results(
        cases=tuple(testing.cases),
        parts=tuple(testing.parts()),
        files=tuple(PolicySource(file.path, file.sha256) for file in files),
        policies=tuple(policy.source for policy in testing.policies.values()),
        coverage=coverage,
        whole=testing.whole,
    )


class _Testing:
    """The counts over all files; a policy that judges several of them counts once."""

    def __init__(self) -> None:
        self.cases: list[TriedCase] = []
        self.policies: dict[str, Policy] = {}
        self.whole = True
        self._reached: set[tuple[str, str]] = set()

    def take(self, file: CaseFile, policies: Policies, at: date | None) -> None:
        self.policies.update((policy.path, policy) for policy in policies.policies)
        before, expectations = len(self.cases), 0
        for case in file.images():
            on_day = policies.on(at or case.day)
            verdict = judge_again(case, on_day)
            self._count(on_day, case, verdict)
            unmet = tuple(_unmet(file.path, case, verdict))
            self.cases.append(
                TriedCase(path=file.path, reference=case.reference, name=case.name, unmet=unmet)
            )
            expectations += len(case.expected)
        self.whole = self.whole and len(self.cases) > before and expectations > 0

    def _count(self, policies: Policies, case: Case, verdict: ImageVerdict) -> None:
        judged = (decision.finding for decision in verdict.decisions)
        for policy, part in policies.reached_by(judged, case.names):
            path = policy.path if isinstance(part, Entry) else part.path
            self._reached.add((path, part.key))

    def parts(self) -> Iterator[PolicyPart]:
        """Yield all that may decide, in the order of the files; empty selectors can't."""
        for policy in self.policies.values():
            for part in sorted(policy.parts, key=lambda part: part.line):
                if isinstance(part, Entry) and part.match.is_empty:
                    continue
                yield PolicyPart(
                    path=policy.path,
                    line=part.line,
                    sort=_sort(part),
                    label=_label(part),
                    reached=(policy.path, part.key) in self._reached,
                )


def _sort(part: Entry | Waiver) -> str:
    if not isinstance(part, Entry):
        return "waivers"
    return "selectors" if part.rule is None else "rules"


def _label(part: Entry | Waiver) -> str:
    if isinstance(part, Entry):
        return part.label
    return f"waiver of {part.match.risks} for {part.match.images}"


def _unmet(path: str, case: Case, verdict: ImageVerdict) -> Iterator[Unmet]:
    """Yield what is not as expected, in the order of the lines."""
    results = [
        (case.line_of(expectation), expectation, actual, decision)
        for expectation in case.expected
        for actual, decision in [_actual(expectation, verdict)]
        if actual != expectation.wanted
    ]
    for line, expectation, actual, decision in sorted(results, key=lambda result: result[0]):
        yield Unmet(
            path=path,
            line=line,
            reference=case.reference,
            name=case.name,
            what=_what(expectation, case),
            actual=actual,
            expected=expectation.wanted,
            policy=_place(decision) if decision else None,
            because=decision.because if decision else verdict.message,
        )


def _actual(
    expectation: Expectation, verdict: ImageVerdict
) -> tuple[str | int | None, Decision | None]:
    """Return what came out, and the decision that it is about."""
    if expectation.finding is None:
        of_image = {
            "verdict": verdict.outcome.value,
            "reason": verdict.reason,
            "exit_code": int(verdict.exit_code),
        }
        return of_image[expectation.key], None
    if not verdict.decisions:
        return (_NOT_JUDGED if expectation.key == "decision" else None), None
    decision = verdict.decisions[expectation.finding]
    return (decision.action.value if expectation.key == "decision" else decision.rule), decision


def _what(expectation: Expectation, case: Case) -> str:
    if expectation.finding is None:
        return expectation.key
    return f"{case.findings[expectation.finding].risk} {expectation.key}"


def _place(decision: Decision) -> PolicyPlace | None:
    """Return the place of what decided: a waiver that holds, else the entry."""
    if decision.action is Action.WAIVED and decision.waiver is not None:
        return PolicyPlace(decision.waiver.path, decision.waiver.line)
    return decision.policy

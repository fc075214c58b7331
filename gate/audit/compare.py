"""What changed since an earlier JSON report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from gate.errors import UsageError
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gate.verdict import Verdict

_MOST_NAMES = 5
_VERSION = 1


class _Finding(msgspec.Struct):
    risk: str
    decision: str


class _Place(msgspec.Struct):
    namespace: str
    repository: str
    tag: str


class _Image(msgspec.Struct):
    reference: str
    verdict: str
    image: _Place | None
    findings: list[_Finding]


class Earlier(msgspec.Struct):
    """What an earlier report says of the images that it judged."""

    version: int
    generated_at: str
    images: list[_Image]


class _State(Struct):
    """The worst verdict on a tag's images, and how often each risk blocks them."""

    outcomes: set[str] = field(default_factory=set)
    blocked: Counter[str] = field(default_factory=Counter)

    @property
    def outcome(self) -> str:
        for word in (Outcome.BLOCK, Outcome.UNDECIDED):
            if word.value in self.outcomes:
                return word.value
        return Outcome.PASS.value


def changes(verdict: Verdict, earlier: Earlier) -> tuple[str, ...]:
    """Say what changed since an earlier report, in sentences.

    Images are compared by namespace, repository and tag, because a digest is another one after each
    build.
    """
    before = _states(_told(earlier))
    now = _states(_seen(verdict))
    found = {
        "newly blocked": _became(before, now, Outcome.BLOCK),
        "no longer blocked": _became(now, before, Outcome.BLOCK),
        "newly undecided": _became(before, now, Outcome.UNDECIDED),
        "new": now.keys() - before.keys(),
        "gone": before.keys() - now.keys(),
    }
    said = [_say(what, names) for what, names in found.items() if names]
    since = f"Since the report of {earlier.generated_at[:40]}"
    notes = [f"{since}: {'; '.join(said) or 'no image changed its verdict'}."]
    risks = _difference(before.values(), now.values())
    if risks:
        notes.append(f"{since}, findings that block: {', '.join(risks)}.")
    return tuple(notes)


def read_earlier(name: str, content: bytes) -> Earlier:
    """Read what is needed of a JSON report; ``name`` is its file.

    Raises ``UsageError`` for anything else.
    """
    try:
        report = msgspec.json.decode(content, type=Earlier)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"{name} is no JSON report of the gate: {error}.", _REMEDY) from None
    if report.version != _VERSION:
        raise UsageError(f"{name} is a report of version {report.version}, not 1.", _REMEDY)
    return report


_REMEDY = "Give a file that an earlier run wrote with --report json=FILE."
_Told = tuple[str, str, list[str]]


def _told(report: Earlier) -> Iterator[_Told]:
    for image in report.images:
        place = image.image
        name = f"{place.namespace}/{place.repository}:{place.tag}" if place else image.reference
        risks = [one.risk for one in image.findings if one.decision == Action.BLOCK.value]
        yield name, image.verdict, risks


def _seen(verdict: Verdict) -> Iterator[_Told]:
    for image in verdict.images:
        place = image.image
        name = f"{place.namespace}/{place.repository}:{place.tag}" if place else image.reference
        risks = [one.finding.risk for one in image.decisions if one.action is Action.BLOCK]
        yield name, image.outcome.value, risks


def _states(images: Iterable[_Told]) -> dict[str, _State]:
    states: dict[str, _State] = {}
    for name, outcome, risks in images:
        state = states.setdefault(name, _State())
        state.outcomes.add(outcome)
        state.blocked.update(risks)
    return states


def _became(
    before: Mapping[str, _State], now: Mapping[str, _State], outcome: Outcome
) -> Iterable[str]:
    return {
        name
        for name in now.keys() & before.keys()
        if now[name].outcome == outcome.value != before[name].outcome
    }


def _say(what: str, names: Iterable[str]) -> str:
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMES
    listed = ", ".join(ordered[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"{len(ordered)} {what} ({listed})"


def _difference(before: Iterable[_State], now: Iterable[_State]) -> list[str]:
    grown: Counter[str] = Counter()
    for state in now:
        grown.update(state.blocked)
    for state in before:
        grown.subtract(state.blocked)
    return [f"{risk} {number:+}" for risk, number in sorted(grown.items()) if number]

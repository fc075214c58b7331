"""What changed since an earlier JSON report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from gate.errors import UsageError
from gate.verdict import Action, Audited, Changes, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gate.verdict import ImageVerdict, Verdict

_MOST_NAMES = 5
_VERSION = 1
_REMEDY = "Give a file that an earlier run wrote with --report json=FILE."


class _Finding(Struct):
    risk: str
    decision: str


class _Place(Struct):
    namespace: str
    repository: str
    tag: str


class _Image(Struct):
    reference: str
    verdict: str
    image: _Place | None
    findings: list[_Finding]


class Earlier(Struct):
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
        worst_first = (Outcome.BLOCK, Outcome.UNDECIDED)
        return next((each.value for each in worst_first if each.value in self.outcomes), "pass")


def compared(verdict: Verdict, earlier: Earlier) -> Verdict:
    """Return the verdict of an audit with what changed since an earlier report."""
    changes = _changes(verdict, earlier)
    audited = replace(verdict.audited or Audited(), changes=changes)
    return replace(verdict, notes=(*verdict.notes, *changes.notes), audited=audited)


def _changes(verdict: Verdict, earlier: Earlier) -> Changes:
    """Return what changed since an earlier report.

    Images are compared by namespace, repository and tag, because a digest is another one after each
    build.
    """
    before = _states(earlier.images)
    now = _states(map(_reported, verdict.images))
    by_kind = {
        "newly blocked": _became(before, now, Outcome.BLOCK),
        "no longer blocked": _became(now, before, Outcome.BLOCK),
        "newly undecided": _became(before, now, Outcome.UNDECIDED),
        "new": now.keys() - before.keys(),
        "gone": before.keys() - now.keys(),
    }
    images = {kind: tuple(sorted(names)) for kind, names in by_kind.items() if names}
    risks = _difference(before.values(), now.values())
    when = earlier.generated_at[:40]
    parts = [_counted(kind, names) for kind, names in images.items()]
    notes = [f"Since the report of {when}: {'; '.join(parts) or 'no image changed its verdict'}."]
    if risks:
        grown = ", ".join(f"{risk} {number:+}" for risk, number in risks.items())
        notes.append(f"Since the report of {when}, findings that block: {grown}.")
    return Changes(since=when, images=images, risks=risks, notes=tuple(notes))


def read_earlier(name: str, content: bytes) -> Earlier:
    """Read what is needed of a JSON report; ``name`` is its file.

    Raises ``UsageError`` for anything else.
    """
    try:
        report = msgspec.json.decode(content, type=Earlier)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not a JSON report of the gate: {error}.", _REMEDY) from None
    if report.version != _VERSION:
        raise UsageError(f"{name} is a report of version {report.version}, not 1.", _REMEDY)
    return report


def _reported(image: ImageVerdict) -> _Image:
    """Return an image of this run as the JSON report has it."""
    record = image.image
    return _Image(
        reference=image.reference,
        verdict=image.outcome.value,
        image=_Place(record.namespace, record.repository, record.tag) if record else None,
        findings=[_Finding(one.finding.risk, one.action.value) for one in image.decisions],
    )


def _states(images: Iterable[_Image]) -> dict[str, _State]:
    states: dict[str, _State] = {}
    for image in images:
        place = image.image
        name = f"{place.namespace}/{place.repository}:{place.tag}" if place else image.reference
        state = states.setdefault(name, _State())
        state.outcomes.add(image.verdict)
        blocked = (one.risk for one in image.findings if one.decision == Action.BLOCK.value)
        state.blocked.update(blocked)
    return states


def _became(
    before: Mapping[str, _State], now: Mapping[str, _State], outcome: Outcome
) -> Iterable[str]:
    return {
        name
        for name in now.keys() & before.keys()
        if now[name].outcome == outcome.value != before[name].outcome
    }


def _counted(kind: str, names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    listed = ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return f"{len(names)} {kind} ({listed})"


def _difference(before: Iterable[_State], now: Iterable[_State]) -> dict[str, int]:
    grown: Counter[str] = Counter()
    for state in now:
        grown.update(state.blocked)
    for state in before:
        grown.subtract(state.blocked)
    return {risk: number for risk, number in sorted(grown.items()) if number}

"""What changed since an earlier JSON report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from gate.errors import UsageError
from gate.findings import Status
from gate.report import counted
from gate.verdict import Action, Audited, Changes, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gate.verdict import ImageVerdict, Verdict

_MOST_NAMES = 5
_VERSION = 1
_CLICKED = {status.value for status in Status if status.is_clicked}
_REMEDY = "Give a file that an earlier run wrote with --report json=FILE."


class _Finding(Struct):
    risk: str
    decision: str
    status: str = ""


class _Place(Struct):
    namespace: str
    repository: str
    tag: str
    digest: str = ""


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


# What a finding is the same by where its tag may be another: its repository, digest and risk.
_Clickable = tuple[str, str, str]


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
    images = [*map(_reported, verdict.images)]
    before = _states(earlier.images)
    now = _states(images)
    by_kind = {
        "newly blocked": _became(before, now, Outcome.BLOCK),
        "no longer blocked": _became(now, before, Outcome.BLOCK),
        "newly undecided": _became(before, now, Outcome.UNDECIDED),
        "new": now.keys() - before.keys(),
        "gone": before.keys() - now.keys(),
    }
    named = {kind: tuple(sorted(names)) for kind, names in by_kind.items() if names}
    risks = _difference(before.values(), now.values())
    when = earlier.generated_at[:40]
    parts = [_counted(kind, names) for kind, names in named.items()]
    since = f"Since the report of {when}"
    notes = [f"{since}: {'; '.join(parts) or 'no image changed its verdict'}."]
    if risks:
        grown = ", ".join(f"{risk} {number:+}" for risk, number in risks.items())
        notes.append(f"{since}, findings that block: {grown}.")
    notes += _clicks(since, earlier.images, images)
    return Changes(since=when, images=named, risks=risks, notes=tuple(notes))


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
        image=(
            _Place(record.namespace, record.repository, record.tag, record.digest)
            if record
            else None
        ),
        findings=[
            _Finding(one.finding.risk, one.action.value, one.finding.status.value)
            for one in image.decisions
        ],
    )


def _clicks(since: str, before: Iterable[_Image], now: Sequence[_Image]) -> Iterator[str]:
    """Say what was clicked away in the console since, and what no longer is.

    It is said of a digest only that was judged both times.
    """
    old, new = _by_status(before), _by_status(now)
    names = {
        (*_content(place), finding.risk): f"{place.namespace}/{place.repository}:{place.tag}"
        for image in now
        if (place := image.image)
        for finding in image.findings
    }
    both = old.digests & new.digests
    clicked = {
        key: status
        for key, status in new.clicked.items()
        if key[:2] in both and key not in old.clicked
    }
    open_again = {
        key: Status.UNHANDLED.value
        for key in old.clicked
        if key in new.unhandled and key not in new.clicked
    }
    for what, which in (
        ("clicked away in the console", clicked),
        ("no longer clicked away", open_again),
    ):
        if which:
            said = (f"{names[key]} {key[-1]}, {status}" for key, status in which.items())
            yield f"{since}, {what}: {counted(len(which), 'finding')} ({_listed(said, '; ')})."


class _Statuses(Struct):
    """Which digests were judged, and what of theirs is clicked away, with its status, or isn't."""

    digests: set[tuple[str, str]] = field(default_factory=set)
    clicked: dict[_Clickable, str] = field(default_factory=dict)
    unhandled: set[_Clickable] = field(default_factory=set)


def _by_status(images: Iterable[_Image]) -> _Statuses:
    statuses = _Statuses()
    for image in images:
        place = image.image
        if place is None or not place.digest or image.verdict == Outcome.UNDECIDED.value:
            continue
        content = _content(place)
        statuses.digests.add(content)
        for finding in image.findings:
            key = (*content, finding.risk)
            if finding.status == Status.UNHANDLED.value:
                statuses.unhandled.add(key)
            elif finding.status in _CLICKED:
                statuses.clicked[key] = finding.status
    return statuses


def _content(place: _Place) -> tuple[str, str]:
    return f"{place.namespace}/{place.repository}", place.digest


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
    return f"{len(names)} {kind} ({_listed(names)})"


def _listed(names: Iterable[str], separator: str = ", ") -> str:
    ordered = sorted(names)
    more = len(ordered) - _MOST_NAMES
    return separator.join(ordered[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _difference(before: Iterable[_State], now: Iterable[_State]) -> dict[str, int]:
    grown: Counter[str] = Counter()
    for state in now:
        grown.update(state.blocked)
    for state in before:
        grown.subtract(state.blocked)
    return {risk: number for risk, number in sorted(grown.items()) if number}

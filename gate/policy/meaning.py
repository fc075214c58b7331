"""What a file means, and what is wrong with it that its schema can't say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from gate.clock import parse_duration, say_duration
from gate.findings import Requirements
from gate.policy.globs import Globs
from gate.policy.model import Entry, Policy, Tolerance, Waiver
from gate.policy.problem import Problem
from gate.reference import normal_platform
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gate.untrusted import Path, Tree
    from gate.verdict import PolicySource

_T = TypeVar("_T")

_WHOLE = frozenset(
    {"scan", "undecided", "waiver_needs"}
)  # keys that are left out if anything in them is wrong
_DURATIONS = frozenset({"max_age", "settle"})  # of `scan`
_ONCE = ("block", "warn", "rules", "waivers", "max_waiver", "waiver_needs")
_ONCE_WITHIN = ("scan", "undecided")


def contradictions(content: Tree, today: date, broken: frozenset[Path]) -> list[Problem]:
    """Return what is wrong with durations, days and waivers.

    ``broken`` are the parts that the schema has something against: they are left out, so that one
    reading tells all that is wrong with the rest.
    """
    left_out = {path[0] for path in broken if len(path) == 1 or path[0] in _WHOLE}
    data = {key: value for key, value in content.data.items() if key not in left_out}
    checks = _Checks(content, today)
    checks.check_scan(data.get("scan", {}))
    if "undecided" in data:
        checks.read_day(("undecided", "until"), data["undecided"]["until"])
    for path, entry in _with_from(data, broken):
        checks.read_day((*path, "from"), entry["from"])
    limit = checks.read_duration(("max_waiver",), data.get("max_waiver"))
    needs = sorted(frozenset(data.get("waiver_needs", ())))
    for number, waiver in enumerate(data.get("waivers", ())):
        if ("waivers", number) not in broken:
            checks.check_waiver(("waivers", number), waiver, limit)
            checks.check_needs(("waivers", number), waiver, needs)
    return checks.problems


def _with_from(
    data: Mapping[str, Any], broken: frozenset[Path]
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the entries that begin on a day, less those that can't be understood."""
    for path, entry in _places(data):
        parts = {path[:2]} if len(path) > 1 else {part for part in broken if part[:1] == path}
        if broken.isdisjoint(parts) and "from" in entry:
            yield path, entry


def _places(data: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield rules and selectors in the order in which they are tried, each with its path."""
    for key in ("rules", Action.BLOCK.value, Action.WARN.value):
        entries = data.get(key, ())
        if isinstance(entries, dict):
            yield (key,), entries
        else:
            yield from (((key, at), entry) for at, entry in enumerate(entries))


class _Checks:
    """The checks of one file, and what they have against it."""

    def __init__(self, content: Tree, today: date) -> None:
        self.problems: list[Problem] = []
        self._place = content.place
        self._today = today

    def check_scan(self, scan: Mapping[str, Any]) -> None:
        self.read_duration(("scan", "settle"), scan.get("settle"))
        if self.read_duration(("scan", "max_age"), scan.get("max_age")) == timedelta():
            self._problem(("scan", "max_age"), "max_age is 0, which makes every scan too old.")

    def check_waiver(self, path: Path, waiver: Mapping[str, Any], limit: timedelta | None) -> None:
        risks, images = Globs(waiver["risks"]), Globs(waiver["images"])
        if not (risks.name_something or images.name_something):
            self._problem(
                path,
                f"A waiver for all risks ({risks}) of all images ({images}) would switch the gate "
                "off. Name the risks or the images.",
            )
        expires = self.read_day((*path, "expires"), waiver["expires"])
        if expires is not None and limit is not None and expires - self._today > limit:
            self._problem(
                (*path, "expires"),
                f"expires is {expires}, more than max_waiver ({say_duration(limit)}) from today. "
                f"The latest day is {self._today + limit}.",
            )

    def check_needs(self, path: Path, waiver: Mapping[str, Any], needs: Sequence[str]) -> None:
        for key in needs:
            if key not in waiver:
                text = f"{key} is missing in this waiver. waiver_needs asks for it in each of them."
                self._problem(path, text)

    def read_duration(self, path: Path, value: Any) -> timedelta | None:  # noqa: ANN401 - the schema's
        try:
            return None if value is None else _duration(value)
        except ValueError as error:
            self._problem(path, f"{path[-1]}: {error}")
            return None

    def read_day(self, path: Path, value: str) -> date | None:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._problem(path, f"{path[-1]} is {value}, a day that no calendar has.")
            return None

    def _problem(self, path: Path, text: str) -> None:
        self.problems.append(Problem(self._place(path), text))


def policy_of(content: Tree, source: PolicySource) -> Policy:
    """Return what a file means; there must be nothing wrong with it."""
    data: dict[str, Any] = content.data
    limit = data.get("max_waiver")
    waivers = (
        {
            **waiver,
            "match": waiver,
            "path": source.path,
            "key": f"waivers[{at}]",
            "line": _line(content, ("waivers", at), waiver),
        }
        for at, waiver in enumerate(data.get("waivers", ()))
    )
    return Policy(
        source=source,
        entries=tuple(_converted(entry, Entry) for entry in _entries(content)),
        waivers=tuple(_converted(waiver, Waiver) for waiver in waivers),
        max_waiver=None if limit is None else _duration(limit),
        waiver_needs=frozenset(data.get("waiver_needs", ())),
        scan=_converted(_scan(data.get("scan", {})), Requirements),
        undecided=_converted(data["undecided"], Tolerance) if "undecided" in data else None,
        lines=_lines(content),
    )


def _entries(content: Tree) -> Iterator[dict[str, Any]]:
    """Yield rules and selectors in the order in which they are tried."""
    for path, entry in _places(content.data):
        listed, at = path[0], path[1] if len(path) > 1 else 0
        place = {"key": f"{listed}[{at}]", "line": _line(content, path, entry)}
        if listed == "rules":
            yield {**entry, **place, "rule": entry.get("name", place["key"])}
        else:
            yield {**entry, **place, "match": entry, "action": listed}


def _lines(content: Tree) -> dict[str, int]:
    """Return the lines of the keys that stand once in a file, by their names: `scan.max_age`."""
    within = ((key, inner) for key in _ONCE_WITHIN for inner in content.data.get(key, ()))
    paths = [*((key,) for key in _ONCE if key in content.data), *within]
    return {".".join(path): content.key_place(path).line for path in paths}


def _line(content: Tree, path: Path, entry: Mapping[str, Any]) -> int:
    """Return the line of an entry's first key."""
    return content.key_place((*path, next(iter(entry)))).line


def _scan(data: Mapping[str, Any]) -> dict[str, Any]:
    scan: dict[str, Any] = {
        key: _duration(value) if key in _DURATIONS else value for key, value in data.items()
    }
    if "platforms" in scan:
        scan["platforms"] = list(dict.fromkeys(map(normal_platform, scan["platforms"])))
    return scan


def _duration(value: str | float) -> timedelta:
    return parse_duration(value) if isinstance(value, str) else timedelta()


def _converted(data: Mapping[str, Any], kind: type[_T]) -> _T:
    """Make a value of its type; texts that are folded over several lines become one line."""
    lines = {key: " ".join(v.split()) if isinstance(v, str) else v for key, v in data.items()}
    return msgspec.convert(lines, kind, dec_hook=lambda own, value: own(value))  # our own: `Globs`

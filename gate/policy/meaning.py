"""From a file's data, where the schema found no fault with it, to its meaning."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from gate.duration import parse_duration, say_duration
from gate.findings import Level, Reason, Status
from gate.policy.globs import Globs
from gate.policy.model import (
    ALL_LEVELS,
    ALL_STATUSES,
    Match,
    Policy,
    Rule,
    ScanKeys,
    Selector,
    Tolerance,
    Waiver,
    Whose,
)
from gate.policy.problem import Problem
from gate.verdict import Action, PolicySource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gate.untrusted import Path, Tree

# Keys at the top whose value is left out as a whole if anything in it is wrong.
_SINGLE = frozenset({"block", "warn", "scan", "undecided"})


def understand(
    content: Tree, source: PolicySource, today: date, broken: frozenset[Path] = frozenset()
) -> tuple[Policy | None, list[Problem]]:
    """Return what a file means, or ``None`` and what is wrong with it.

    ``broken`` are the parts that the schema has something against: they are left out, so that one
    reading tells all that is wrong with the rest.
    """
    reader = _Reader(content, source, today, broken)
    policy = reader.policy()
    return (None if reader.problems else policy), reader.problems


class _Reader:
    def __init__(
        self, content: Tree, source: PolicySource, today: date, broken: frozenset[Path]
    ) -> None:
        self.problems: list[Problem] = []
        self._broken = broken
        self._data = {
            key: value
            for key, value in content.data.items()
            if (key,) not in broken and (key not in _SINGLE or not _broken_inside(key, broken))
        }
        self._place = content.place
        self._source = source
        self._today = today

    def policy(self) -> Policy:
        data = self._data
        limit = self._duration(("max_waiver",), data.get("max_waiver"))
        return Policy(
            source=self._source,
            block=_selectors(data.get("block", ())),
            warn=_selectors(data.get("warn", ())),
            rules=tuple(self._rules()),
            waivers=tuple(self._waivers(limit)),
            max_waiver=limit,
            scan=self._scan(data.get("scan", {})),
            undecided=self._tolerance(data.get("undecided")),
        )

    def _entries(self, key: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        for number, entry in enumerate(self._data.get(key, ())):
            if (key, number) not in self._broken:
                yield number, entry

    def _rules(self) -> Iterable[Rule]:
        for number, rule in self._entries("rules"):
            yield Rule(
                label=_sentence(rule.get("name", f"rules[{number}]")),
                match=_match(rule["match"]),
                action=Action(rule["action"]),
                reason=_sentence(rule.get("reason", "")),
                waivers=Whose(rule.get("waivers", Whose.OWN)),
                line=self._line(("rules", number)),
            )

    def _waivers(self, limit: timedelta | None) -> Iterable[Waiver]:
        for number, waiver in self._entries("waivers"):
            path = ("waivers", number)
            read = Waiver(
                risks=Globs(waiver["risks"]),
                images=Globs(waiver["images"]),
                reason=_sentence(waiver["reason"]),
                expires=self._date((*path, "expires"), waiver["expires"]),
                owner=_sentence(waiver.get("owner", "")),
                ticket=_sentence(waiver.get("ticket", "")),
                path=self._source.path,
                line=self._line(path),
            )
            self._check_reach(path, read)
            self._check_end(path, read, limit)
            yield read

    def _check_reach(self, path: Path, waiver: Waiver) -> None:
        if not (waiver.risks.name_something or waiver.images.name_something):
            self._problem(
                path,
                f"A waiver for all risks ({waiver.risks}) of all images ({waiver.images}) would "
                "switch the gate off. Name the risks or the images.",
            )

    def _check_end(self, path: Path, waiver: Waiver, limit: timedelta | None) -> None:
        if limit is not None and waiver.expires - self._today > limit:
            latest = self._today + limit
            self._problem(
                (*path, "expires"),
                f"expires is {waiver.expires}, more than max_waiver ({say_duration(limit)}) from "
                f"today. The latest day is {latest}.",
            )

    def _scan(self, scan: Mapping[str, Any]) -> ScanKeys:
        given: dict[str, Any] = {
            key: value for key, value in scan.items() if isinstance(value, bool)
        }
        for key in ("max_age", "settle"):
            if key in scan:
                given[key] = self._duration(("scan", key), scan[key])
        if given.get("max_age") == timedelta():
            self._problem(("scan", "max_age"), "max_age is 0, which makes every scan too old.")
        if "platforms" in scan:
            given["platforms"] = tuple(dict.fromkeys(scan["platforms"]))
        return ScanKeys(**given)

    def _tolerance(self, undecided: Mapping[str, Any] | None) -> Tolerance | None:
        if undecided is None:
            return None
        return Tolerance(
            frozenset(Reason(word) for word in undecided["warn_on"]),
            self._date(("undecided", "until"), undecided["until"]),
        )

    def _duration(self, path: Path, value: Any) -> timedelta | None:  # noqa: ANN401 - the schema's
        if not isinstance(value, str):
            return None if value is None else timedelta()
        try:
            return parse_duration(value)
        except ValueError as problem:
            self._problem(path, f"{path[-1]}: {problem}")
            return None

    def _date(self, path: Path, value: str) -> date:
        try:
            return date.fromisoformat(value)
        except ValueError:
            self._problem(path, f"{path[-1]} is {value}, a day that no calendar has.")
            return date.min

    def _problem(self, path: Path, text: str) -> None:
        self.problems.append(Problem(self._place(path), text))

    def _line(self, path: Path) -> int:
        return self._place(path).line


def _broken_inside(key: str, broken: frozenset[Path]) -> bool:
    return any(path[0] == key for path in broken)


def _selectors(data: Any) -> tuple[Selector, ...]:  # noqa: ANN401 - one or a list, by the schema
    listed = [data] if isinstance(data, dict) else data
    return tuple(
        Selector(
            frozenset(map(Level, selector["levels"])),
            frozenset(map(Status, selector["statuses"])),
            Whose(selector.get("waivers", Whose.OWN)),
        )
        for selector in listed
    )


def _match(data: Mapping[str, Any]) -> Match:
    return Match(
        images=Globs(data["images"]) if "images" in data else None,
        risks=Globs(data["risks"]) if "risks" in data else None,
        classes=frozenset(data["classes"]) if "classes" in data else None,
        levels=frozenset(map(Level, data.get("levels", ALL_LEVELS))),
        statuses=frozenset(map(Status, data.get("statuses", ALL_STATUSES))),
    )


def _sentence(text: str) -> str:
    """Make one line of a text that may be folded over several."""
    return " ".join(text.split())

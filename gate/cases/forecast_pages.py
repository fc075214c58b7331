"""What ``gate policy forecast`` shows: for people, for programs, and as the body of an issue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.cases.diff_pages import on_file, on_words, source_of, table
from gate.cases.image_names import told_apart
from gate.policy import Entry, Waiver
from gate.report import counted, json_document, policy_in_words
from gate.untrusted import for_markdown, for_terminal
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gate.cases.forecasting import Boundary, Forecast
    from gate.cases.image_names import ImageName

_DIGITS = 12
_MOST_NAMED = 10  # images in a line
_MOST_IN_CELL = 5
_MOST_ENTRIES = 500
_INDENT = " " * 12
_NOTHING = "nothing depends on it"
_VERBS = {Action.BLOCK: "blocks", Action.WARN: "warns of", Action.WAIVED: "waives"}
_WHEN = {0: "today", 1: "in 1 day"}


def as_text(forecast: Forecast, *, verbose: bool) -> str:
    """Return the page for people; its last line is the sum."""
    lines = []
    names = _ShownNames(forecast, None if verbose else _MOST_NAMED)
    for each in forecast.boundaries:
        place = f"{each.path}:{each.line}"
        lines.append(f"{each.day}  {_when(forecast, each)}  {place}  {each.words}")
        lines += (f"{_INDENT}{line}" for line in _dependents(forecast, each, names))
    return "\n".join(map(for_terminal, [*lines, last_line(forecast)]))


def as_json(forecast: Forecast, *, verbose: bool) -> str:  # noqa: ARG001 - all is there anyway
    """Return one object."""
    document: dict[str, Any] = {
        "kind": "policy-forecast",
        "exit_code": int(forecast.exit_code),
        "sandbox": forecast.sandbox,
        "policies": list(map(source_of, forecast.policies)),
        "on": [on_file(*on) for on in forecast.on],
        "at": forecast.at.isoformat(),
        "until": forecast.until.isoformat(),
        "entries": [_entry(forecast, each) for each in forecast.boundaries],
    }
    return json_document(document).rstrip("\n")


def as_markdown(forecast: Forecast, *, verbose: bool) -> str:
    """Return the body of an issue: the sum as a heading, then what ends, whose it is, and why."""
    head = [f"- {for_markdown(line)}" for line in head_lines(forecast)]
    parts = [f"## {for_markdown(last_line(forecast))}", "\n".join(head)]
    names = _ShownNames(forecast, None if verbose else _MOST_IN_CELL)
    rows = [
        (
            each.day.isoformat(),
            f"{each.words} ({each.path}:{each.line})",
            getattr(each.part, "owner", ""),
            getattr(each.part, "ticket", ""),
            _in_cell(forecast, each, names),
        )
        for each in forecast.boundaries
    ]
    if rows:
        heads = ("Ends", "Waiver", "Owner", "Ticket", "Blocks")
        parts.append(table(heads, rows, _MOST_ENTRIES, "entry", "entries"))
    return "\n\n".join(parts)


class _ShownNames:
    """What the images are called that are shown together; of each entry at most some are named."""

    def __init__(self, forecast: Forecast, most: int | None) -> None:
        self._names = told_apart(forecast.named)
        self._most = most

    def of(self, images: Mapping[ImageName, str]) -> str:
        """Return images, each with why it is undecided, if it is."""
        first = list(images.items())[: self._most]
        shown = [self._names[name] + (f" ({why})" if why else "") for name, why in first]
        more = len(images) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")


FORECAST_FORMATS: dict[str, Callable[..., str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def head_lines(forecast: Forecast) -> Iterator[str]:
    """Yield which policies were looked at, and which case files; not escaped."""
    yield from (f"policy {policy_in_words(each, _DIGITS)}" for each in forecast.policies)
    yield from (f"on {on_words(*on)}" for on in forecast.on)


def last_line(forecast: Forecast) -> str:
    """Return the sum in one line, not escaped."""
    parts = [each.part for each in forecast.counting]
    waivers = sum(isinstance(part, Waiver) for part in parts)
    entries = sum(isinstance(part, Entry) for part in parts)
    blocked, dropped = forecast.images(Action.BLOCK), forecast.images("")
    words = [
        f"{counted(waivers, 'waiver')} {'ends' if waivers == 1 else 'end'} by {forecast.until}",
        f"{entries} {'entry begins' if entries == 1 else 'entries begin'}" if entries else "",
        "undecided.until ends" if None in parts else "",
        f"{counted(blocked, 'image')} then {'blocks' if blocked == 1 else 'block'}"
        if blocked
        else "",
        f"{dropped} no longer let through" if dropped else "",
    ]
    word = "DUE" if parts else "QUIET"
    return f"{word}  {', '.join(filter(None, words))} (exit {int(forecast.exit_code)})"


def _when(forecast: Forecast, boundary: Boundary) -> str:
    days = (boundary.day - forecast.at).days
    return _WHEN.get(days, f"in {days} days")


def _dependents(forecast: Forecast, boundary: Boundary, names: _ShownNames) -> Iterator[str]:
    """Yield what depends on an entry; nothing is said of that without case files."""
    if not forecast.on:
        return
    after = boundary.after
    for action, verb in _VERBS.items():
        if images := boundary.images.get(action):
            yield f"from {after} {verb} {names.of(images)}"
    if images := boundary.images.get(""):
        yield f"from {after} no longer lets through {names.of(images)}"
    if not boundary.images and boundary.untold:
        yield f"can't be told: {names.of(boundary.untold)}"
    if not boundary.is_needed:
        yield _NOTHING


def _in_cell(forecast: Forecast, boundary: Boundary, names: _ShownNames) -> str:
    """Return what depends on an entry; under the heading, that images block is said already."""
    blocks = f"from {boundary.after} blocks "
    return "; ".join(line.removeprefix(blocks) for line in _dependents(forecast, boundary, names))


def _entry(forecast: Forecast, boundary: Boundary) -> dict[str, Any]:
    part = boundary.part
    own = {
        "entry": "waiver"
        if isinstance(part, Waiver)
        else "undecided.until"
        if part is None
        else "from",
        "path": boundary.path,
        "line": boundary.line,
        "day": boundary.day.isoformat(),
        "days": (boundary.day - forecast.at).days,
        "words": boundary.words,
        "owner": getattr(part, "owner", "") or None,
        "ticket": getattr(part, "ticket", "") or None,
    }
    if not forecast.on:
        return own
    return own | {
        "from": boundary.after.isoformat(),
        "images": [
            {"reference": name.reference, "new": action or "undecided", "reason": why or None}
            for action, images in boundary.images.items()
            for name, why in images.items()
        ],
        "untold": [
            {"reference": name.reference, "reason": why} for name, why in boundary.untold.items()
        ],
    }

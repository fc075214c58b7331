"""What ``gate policy diff`` shows: for people, for programs, and for a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gate.cases.change import Change
from gate.cases.image_names import told_apart
from gate.report import counted, json_document, moment, policy_in_words
from gate.untrusted import for_markdown, for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gate.cases.case import Recorded
    from gate.cases.change import EntryChange
    from gate.cases.comparing import ChangedFinding, ImageChange, Images
    from gate.cases.differing import PolicyDiff
    from gate.cases.opening import CaseFile
    from gate.errors import ExitCode
    from gate.verdict import PolicySource

_DIGITS = 12
_THE_RECORD = "what the record says"
_OTHER = "other"  # of an image that ends as before, by other decisions
_SANDBOX = "SANDBOX"
_MOST_IMAGES = 50
_MOST_ENTRIES = 500
# In a table that is cut, what lets more through stands first.
_LOOSER_FIRST = (Change.LOOSER, Change.UNTOLD, Change.STRICTER, None)


def as_text(diff: PolicyDiff, code: ExitCode, *, verbose: bool) -> str:
    """Return the page for people; its last line is the sum. Notes stand elsewhere."""
    lines = [*_head(diff)]
    if diff.entries:
        lines.append("files:")
        lines += columns((each.change, _place(each), each.entry) for each in diff.entries)
    images = _shown(diff.images, verbose=verbose)
    if images:
        lines.append("images:")
        lines += columns(_rows(images))
    return "\n".join([*lines, for_terminal(last_line(diff, code))])


def as_json(diff: PolicyDiff, code: ExitCode, *, verbose: bool) -> str:
    """Return one object."""
    images = _shown(diff.images, verbose=verbose)
    document: dict[str, Any] = {
        "kind": "policy-diff",
        "exit_code": int(code),
        "sandbox": diff.sandbox,
        "from": None if diff.old is None else list(map(source_of, diff.old)),
        "to": list(map(source_of, diff.new)),
        "on": [on_file(each.file, each.images) for each in diff.on],
        "counts": {
            "images": _counts(diff.images),
            "files": None
            if diff.entries is None
            else {way.value: diff.count(way) for way in (Change.STRICTER, Change.LOOSER)},
        },
        "files": list(map(_entry, diff.entries or ())),
        "images": list(map(_image, images)),
        "notes": list(diff.notes),
    }
    return json_document(document).rstrip("\n")


def as_markdown(diff: PolicyDiff, code: ExitCode, *, verbose: bool) -> str:
    """Return the page for a pull request: the sum as a heading, then tables."""
    head = "\n".join(f"- {for_markdown(line)}" for line in _words(diff))
    parts = [f"## {for_markdown(last_line(diff, code))}", head]
    if diff.entries:
        entries = sorted(diff.entries, key=lambda each: _LOOSER_FIRST.index(each.change))
        rows = [(f"**{each.change}**", _place(each), each.entry) for each in entries]
        parts.append(table(("Change", "Place", "Entry"), rows, _MOST_ENTRIES, "entry", "entries"))
    images = sorted(
        _shown(diff.images, verbose=verbose), key=lambda each: _LOOSER_FIRST.index(each.change)
    )
    if images:
        named = [(f"**{change}**", *rest) for change, *rest in _rows(images)]
        heads = ("Change", "Image", "Verdict", "Why")
        parts.append(table(heads, named, _MOST_IMAGES, "image", "images"))
    parts += [f"Note: {for_markdown(note)}" for note in diff.notes]
    return "\n\n".join(parts)


DIFF_FORMATS: dict[str, Callable[..., str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}


def last_line(diff: PolicyDiff, code: ExitCode) -> str:
    """Return the sum in one line, not escaped."""
    parts = []
    if diff.images is not None:
        ways = ", ".join(f"{diff.images.count(way)} {way}" for way in Change)
        other = diff.images.count(None)
        of = f"{ways} of {counted(diff.images.number, 'image')}"
        parts.append(of + (f", {other} with other decisions" if other else ""))
    if diff.entries is not None:
        ways = ", ".join(f"{diff.count(way)} {way}" for way in (Change.STRICTER, Change.LOOSER))
        parts.append(f"files: {ways}")
    word = "SAME" if diff.is_same else "CHANGED"
    sandbox = f"{_SANDBOX}  " if diff.sandbox else ""
    return f"{word}  {sandbox}{'; '.join(parts)} (exit {int(code)})"


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows as lines whose columns begin below one another, escaped for a terminal."""
    escaped = [[for_terminal(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    return [
        "  " + "  ".join(map(str.ljust, row, widths)).rstrip()  # the last column isn't filled
        for row in escaped
    ]


def on_words(file: CaseFile, images: int) -> str:
    """Return which case file it is, and of a record when, where and of what it was made."""
    parts = [counted(images, "image"), *(_recorded(file.recorded) if file.recorded else ())]
    return f"{file.path}: {', '.join(parts)}"


def _recorded(recorded: Recorded) -> Iterator[str]:
    yield f"recorded {moment(recorded.at)}"
    if recorded.sandbox:
        yield _SANDBOX
    elif recorded.endpoint:
        yield recorded.endpoint
    scope = recorded.scope
    if scope.command not in {"", "audit"}:
        yield scope.command
    if scope.namespace is not None:
        yield f"namespace {scope.namespace}"
    if scope.repository is not None:
        yield f"repository {scope.repository}"


def _head(diff: PolicyDiff) -> Iterator[str]:
    for line in _words(diff):
        label, _, words = line.partition(" ")
        yield for_terminal(f"{label:7}  {words}")


def _words(diff: PolicyDiff) -> Iterator[str]:
    if diff.old is None:
        yield f"from {_THE_RECORD}"
    for label, sources in (("from", diff.old or ()), ("to", diff.new)):
        yield from (f"{label} {policy_in_words(source, _DIGITS)}" for source in sources)
    yield from (f"on {on_words(each.file, each.images)}" for each in diff.on)


def _shown(images: Images | None, *, verbose: bool) -> list[ImageChange]:
    changes = images.changes if images else []
    return [each for each in changes if verbose or each.change is not None]


def _rows(images: Sequence[ImageChange]) -> Iterator[tuple[str, str, str, str]]:
    names = told_apart(image.name for image in images)
    for image in images:
        ends = image.old if image.old == image.new else f"{image.old} -> {image.new}"
        yield image.change or _OTHER, names[image.name], ends, image.reason


def _place(entry: EntryChange) -> str:
    return f"{entry.path}:{entry.line}"


def _counts(images: Images | None) -> dict[str, int] | None:
    if images is None:
        return None
    ways = {way.value: images.count(way) for way in Change}
    return {"total": images.number, **ways, "other_decisions": images.count(None)}


def source_of(source: PolicySource) -> dict[str, Any]:
    """Return a policy's file for programs."""
    return {"path": source.path, "sha256": source.sha256}


def on_file(file: CaseFile, images: int) -> dict[str, Any]:
    """Return the same for programs."""
    recorded = file.recorded
    own = {"path": file.path, "sha256": file.sha256, "images": images}
    if recorded is None:
        return own
    scope = recorded.scope
    return own | {
        "recorded": {
            "at": recorded.at.isoformat().replace("+00:00", "Z"),
            "endpoint": recorded.endpoint,
            "region": recorded.region,
            "sandbox": recorded.sandbox,
            "scope": {
                "command": scope.command,
                "namespace": scope.namespace,
                "repository": scope.repository,
            },
        }
    }


def _entry(entry: EntryChange) -> dict[str, Any]:
    return {
        "change": entry.change.value,
        "path": entry.path,
        "line": entry.line,
        "entry": entry.entry,
    }


def _image(image: ImageChange) -> dict[str, Any]:
    return {
        "reference": image.name.reference,
        "change": image.change.value if image.change else _OTHER,
        "old": image.old,
        "new": image.new,
        "reason": image.reason,
        "findings": list(map(_finding, image.findings)),
    }


def _finding(finding: ChangedFinding) -> dict[str, Any]:
    place = finding.place
    return {
        "risk": finding.risk,
        "old": finding.old or None,
        "new": finding.new or None,
        "path": place.path if place else None,
        "line": place.line if place else None,
    }


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], most: int, noun: str, nouns: str
) -> str:
    """Return a table whose first column is the gate's own words, of ``most`` rows at most."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in rows[:most]:
        cells = [row[0], *(for_markdown(cell) or " " for cell in row[1:])]
        lines.append(f"| {' | '.join(cells)} |")
    more = len(rows) - most
    if more > 0:
        lines += ["", f"And {more} more {noun if more == 1 else nouns}."]
    return "\n".join(lines)

"""Open a case file: one that people wrote is read whole, a record of the gate image by image.

What is wrong with a file that people wrote is told all at once; with a record, of the first image
that has it.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from gate.cases.contents import case_of
from gate.cases.heads import FileHead, Wrong, check_is_cases, may_be_cases, read_head
from gate.cases.records import begin_record
from gate.cases.strict_json import JsonText, NotJson, Part, parse_with_elements
from gate.errors import InvalidCases
from gate.policy import MOST_PROBLEMS, Problem
from gate.untrusted import (
    START,
    Grammar,
    Place,
    Tree,
    Unreadable,
    decoded,
    opened_file,
    parse_yaml,
    read_file,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from gate.cases.case import Case

_PIN = "#sha256="
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_LARGEST = 64 * 1024 * 1024  # bytes of a file that is read whole
_BLOCK = 1024 * 1024  # bytes that are read at once
_GRAMMAR = Grammar(extras=False, repeated_keys=False, depth=20, values=400_000)
_REMEDY = "Correct the file; `gate schema cases` says what every key means."
_NEITHER = "This is neither YAML nor JSON from here on, and no line of it looks like a case file."
_CHANGED = "The file was changed while it was read."


class CaseFile:
    """A case file: what its head says, and its images.

    ``path`` is as given. ``policies`` are the files that judge in a test, as `load_policies` takes
    them. ``at`` is the day that the head says, of a record the one on which it was written.
    ``recorded`` is ``None`` if people wrote the file.
    """

    def __init__(self, head: FileHead, images: Callable[[], Iterator[Case]]) -> None:
        self.path = head.path
        self.sha256 = head.sha256
        self.policies = head.policies
        self.at = head.common.day
        self.recorded = head.common.recorded
        self._images = images

    def days(self) -> Iterator[date]:
        """Yield the days of judgement; of a record the one of its head stands for all."""
        if self.recorded is None:
            yield from (case.day for case in self.images())
        elif self.at is not None:
            yield self.at

    def images(self) -> Iterator[Case]:
        """Yield the images in their order, from the first one each time.

        Raises ``InvalidCases`` at the first image of a record that is broken.
        """
        with _naming(self.path):
            yield from self._images()


def open_all_cases(specs: Iterable[str], *, directory: Path) -> tuple[CaseFile, ...]:
    """Open several files; raises ``InvalidCases`` with what is wrong with any of them."""
    files: list[CaseFile] = []
    messages: list[str] = []
    for spec in specs:
        try:
            files.append(open_cases(spec, directory=directory))
        except InvalidCases as invalid:
            messages.append(invalid.message)
    if messages:
        raise InvalidCases("\n".join(messages), _REMEDY)
    return tuple(files)


def open_cases(spec: str, *, directory: Path) -> CaseFile:
    """Open ``FILE`` or ``FILE#sha256=HEX``, relative to ``directory``.

    Raises ``InvalidCases``, whose message lists what is wrong, each as ``file:line:column: text``.
    """
    path, pinned, pin = spec.rpartition(_PIN)
    path = path if pinned else spec
    with _naming(path):
        file = directory / path
        digest = _digest(file)
        if pinned and not _DIGEST.fullmatch(pin):
            raise Unreadable("After #sha256= must stand 64 hexadecimal digits.")
        if pinned and pin.lower() != digest:
            raise Unreadable(f"The file was changed: it has sha256={digest}, not {pin}.")
        head = FileHead(path=path, file=file, sha256=digest)
        record = begin_record(head, directory)
        if record is not None:
            return CaseFile(record.head, record.images)
        raw = read_file(file, _LARGEST)
        if hashlib.sha256(raw).hexdigest() != digest:
            raise Unreadable(_CHANGED)
        return _whole(decoded(raw), head, directory)


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Name the file in what is wrong with it."""
    try:
        yield
    except Unreadable as unreadable:
        raise _invalid(path, [Problem(unreadable.place, unreadable.text)]) from None
    except Wrong as wrong:
        raise _invalid(path, wrong.problems) from None


def _invalid(path: str, problems: Sequence[Problem]) -> InvalidCases:
    ordered = sorted(problems)
    lines = [problem.at(path) for problem in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        place = ordered[MOST_PROBLEMS].place
        lines.append(Problem(place, "There are more problems. Correct these first.").at(path))
    return InvalidCases("\n".join(lines), _REMEDY)


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with opened_file(file) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _whole(text: str, head: FileHead, directory: Path) -> CaseFile:
    """Read a file that is held as a whole; raises ``Wrong`` with all that is wrong in it."""
    content, images = _parsed(text)
    check_is_cases(content)
    head, problems, broken = read_head(content, head, directory)
    cases: list[Case] = []
    readable = broken.isdisjoint({(), ("images",)})
    for number, data in enumerate(content.data.get("images", ()) if readable else ()):
        if ("images", number) in broken:
            continue
        source = images[number] if images else Part(content, ("images", number))
        try:
            case = case_of(data, head.common, source)
        except msgspec.ValidationError as error:
            problems.append(Problem(source.place(()), str(error)))
            continue
        if isinstance(case, list):
            problems += case
        else:
            cases.append(case)
    if problems:
        raise Wrong(problems)
    return CaseFile(head, lambda: iter(cases))


def _parsed(text: str) -> tuple[Tree, list[JsonText]]:
    """Return the content of a file, and, of strict JSON, its images by themselves.

    Of what isn't a case file, nothing is repeated.
    """
    if text.lstrip().startswith("{"):
        try:
            data, elements = parse_with_elements(text, "images")
        except NotJson:
            pass
        else:
            places = _places(text, [element.begin for element in elements])
            return JsonText(text, data), [
                JsonText(text[element.begin : element.end], element.data, place)
                for element, place in zip(elements, places, strict=True)
            ]
    try:
        return parse_yaml(text, _GRAMMAR), []
    except Unreadable as unreadable:
        if may_be_cases(text):
            raise
        raise Unreadable(_NEITHER, unreadable.place) from None


def _places(text: str, positions: Sequence[int]) -> Iterator[Place]:
    """Yield the places of positions that grow, each counted from the one before."""
    line, before = START.line, 0
    for position in positions:
        line += text.count("\n", before, position)
        before = position
        yield Place(line, position - text.rfind("\n", 0, position))

"""A record of the gate: its head, then one image a line, read one at a time.

So one of a large account never stands whole in memory. What has another layout is read whole.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.cases.heads import FileHead, Wrong, check_is_cases, read_head, read_image
from gate.cases.strict_json import JsonText, NotJson, parse_json
from gate.untrusted import Place, Unreadable, decoded, opened_file, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from gate.cases.case import Case

_LONGEST_HEAD = 1024 * 1024  # bytes before the first image
_LONGEST_IMAGE = 16 * 1024 * 1024  # bytes of one line
_BEFORE_IMAGES = re.compile(rb"\"images\"\s*:\s*\[\s*\Z")
_AFTER_IMAGES = re.compile(rb"\]\s*\}\s*\Z")
_CUT_OFF = "The record ends before the end of its images: it was cut off. Write it again."
_COMMA = "A comma is missing before this image, or the one before the end is too many."
_CHANGED = "The file was changed while it was read."
_TOO_LONG = f"This image takes more than {_LONGEST_IMAGE // 1024} KiB."


class CaseRecord(Struct, frozen=True):
    """A record whose first image stands below ``lines`` lines."""

    head: FileHead
    lines: int

    def images(self) -> Iterator[Case]:
        """Yield the images; raises ``Wrong`` or ``Unreadable`` where one is broken."""
        digest = hashlib.sha256()
        with opened_file(self.head.file) as stream:
            for _ in range(self.lines):
                digest.update(stream.readline(_LONGEST_HEAD))
            yield from self._images(stream, digest)
        if digest.hexdigest() != self.head.sha256:
            raise Unreadable(_CHANGED)

    def _images(self, stream: BinaryIO, digest: hashlib._Hash) -> Iterator[Case]:
        number, expects = self.lines, True
        while line := stream.readline(_LONGEST_IMAGE + 1):
            digest.update(line)
            number += 1
            if len(line) > _LONGEST_IMAGE:
                raise Unreadable(_TOO_LONG, Place(number, 1))
            text = line.strip()
            if text.startswith(b"]"):
                self._end(text, stream, digest, Place(number, 1))
                if expects and number > self.lines + 1:
                    raise Unreadable(_COMMA, Place(number, 1))
                return
            if text:
                if not expects:
                    raise Unreadable(_COMMA, Place(number, 1))
                expects = text.endswith(b",")
                yield self._image(line, number)
        raise Unreadable(_CUT_OFF, Place(number, 1))

    def _end(self, text: bytes, stream: BinaryIO, digest: hashlib._Hash, place: Place) -> None:
        rest = stream.read(_LONGEST_HEAD)
        digest.update(rest)
        if not _AFTER_IMAGES.fullmatch(text + rest):
            raise Unreadable("Nothing may follow the images of a record.", place)

    def _image(self, line: bytes, number: int) -> Case:
        place = Place(number, 1)
        try:
            text = decoded(line).strip().removesuffix(",")
        except Unreadable as unreadable:
            raise Unreadable(unreadable.text, Place(number, unreadable.place.column)) from None
        try:
            data = parse_json(text)
        except NotJson:
            return self._odd(text, number)
        return read_image(data, self.head.common, JsonText(text, data, place))

    def _odd(self, text: str, number: int) -> Case:
        """Return the image of a line that isn't strict JSON, or say where it is wrong."""
        tree = parse_yaml("\n" * (number - 1) + text)
        return read_image(tree.data, self.head.common, JsonText(text, tree.data, Place(number, 1)))


def begin_record(head: FileHead, directory: Path) -> CaseRecord | None:
    """Return a record by its head, if a file is one that has the layout of the gate."""
    with opened_file(head.file) as stream:
        lines = list(_lines_before_images(stream))
        first = stream.readline(_LONGEST_IMAGE + 1).strip().removesuffix(b",")
    if not lines or not _BEFORE_IMAGES.search(lines[-1]) or not _is_image_or_end(first):
        return None
    try:
        text = decoded(b"".join(lines)) + "]}"
        data = parse_json(text)
    except (NotJson, Unreadable):
        return None
    if not isinstance(data, dict) or "recorded" not in data:
        return None
    content = JsonText(text, data)
    check_is_cases(content)
    whole, problems, _ = read_head(content, head, directory)
    if problems:
        raise Wrong(problems)
    return CaseRecord(whole, len(lines))


def _lines_before_images(stream: BinaryIO) -> Iterator[bytes]:
    length = 0
    while line := stream.readline(_LONGEST_HEAD):
        length += len(line)
        if length > _LONGEST_HEAD or not (
            length > len(line) or line.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        ):
            return
        yield line
        if _BEFORE_IMAGES.search(line):
            return


def _is_image_or_end(line: bytes) -> bool:
    if line.startswith(b"]"):
        return True
    try:
        return isinstance(parse_json(line.decode()), dict)
    except (NotJson, UnicodeDecodeError):
        return False

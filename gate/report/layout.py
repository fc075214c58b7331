"""Lines of text with styles, folded between words to a width: the only part that knows rich."""

from __future__ import annotations

import re
from io import StringIO
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_NARROWEST = 24
_RULE = 80  # columns of a line that parts two images, where no width is known
_LEAST_BESIDE = 20  # columns of prose beside columns; where there are fewer, it goes below them
_DEEPER = 4  # columns by which it is then indented
_WORD = re.compile("[^ ]+ *")
_TRAILING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


class Layout:
    """Lines that are written from top to bottom.

    Texts are taken as they are: nothing in them is markup. Escape untrusted text before. With a
    ``width``, prose is folded at its spaces; what has none, such as a name, a digest or a path,
    stays whole, however long it is. Without a width, nothing is folded.
    """

    def __init__(self, width: int | None, *, colour: bool) -> None:
        self._width = None if width is None else max(width, _NARROWEST)
        self._console = Console(
            file=StringIO(),
            color_system="standard" if colour else None,
            force_terminal=colour,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            _environ={},
        )
        self._lines: list[Text] = []

    def line(self, *parts: str | tuple[str, str], whole: bool = False) -> None:
        """Add a line of texts, or of texts with their styles; one that is whole isn't folded."""
        self._lines += self._folded(Text.assemble(*parts), 0, whole=whole)

    def rule(self, character: str) -> None:
        """Add a line across the page."""
        self._lines.append(Text(character * (self._width or _RULE)))

    def entry(
        self,
        label: str,
        *parts: str | tuple[str, str],
        indent: int = 0,
        room: int,
        style: str = "",
        whole: bool = False,
    ) -> None:
        """Add a label that takes ``room`` columns, and beside it texts that stay right of it."""
        start = Text(" " * indent).append(label, style)
        self._add(
            start, indent + room, self._folded(Text.assemble(*parts), indent + room, whole=whole)
        )

    def pair(self, label: str, one: str, other: str, *, room: int) -> None:
        """Add two texts that stay whole, on one line or, where they have no room, on two."""
        together = f"{one} {other}"
        if self._width is not None and room + cell_len(together) > self._width:
            self.entry(label, one, room=room, whole=True)
            self.entry("", other, room=room, whole=True)
        else:
            self.entry(label, together, room=room, whole=True)

    def table(
        self,
        rows: Sequence[Sequence[str | tuple[str, str]]],
        *,
        indent: int,
        numbers: Collection[int] = (),
    ) -> None:
        """Add rows of equally many columns, two spaces apart; only the last one is folded.

        ``numbers`` are the columns that are aligned on their right side.
        """
        texts = [[Text.assemble(cell) for cell in row] for row in rows]
        rooms = [max(_room(cell) for cell in column) for column in zip(*texts, strict=True)]
        left = indent + sum(rooms[:-1]) + 2 * (len(rooms) - 1) if rooms else 0
        below = self._width is not None and self._width - left < min(_LEAST_BESIDE, *rooms[-1:])
        for row in texts:
            start = Text(" " * indent)
            for number, (cell, room) in enumerate(zip(row, rooms, strict=True)):
                space = " " * (room - _room(cell))
                if number == len(row) - 1:
                    start.append(space if number in numbers else "")
                    self._beside(start, cell, below=below)
                elif number in numbers:
                    start.append(space).append_text(cell).append("  ")
                else:
                    start.append_text(cell).append(f"{space}  ")

    def gap(self) -> None:
        """Add an empty line, unless there is one or nothing stands above."""
        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def written(self) -> str:
        """Return all lines, each ended and without spaces before its end."""
        with self._console.capture() as capture:
            for line in self._lines:
                self._console.print(line, soft_wrap=True)
        return _TRAILING.sub(r"\1", capture.get())

    def _beside(self, start: Text, body: Text, *, below: bool) -> None:
        """Add the columns of a row, and prose right of them or, where it has no room, below."""
        left = _room(start)
        if below:
            self._lines.append(start)
            start, left = Text(), _DEEPER
        self._add(start, left, self._folded(body, left))

    def _add(self, start: Text, left: int, lines: Sequence[Text]) -> None:
        for line in lines:
            start.append(" " * (left - _room(start)))
            self._lines.append(start.append_text(line))
            start = Text()

    def _folded(self, text: Text, left: int, *, whole: bool = False) -> list[Text]:
        """Return the lines of a text that begins after ``left`` columns; never none."""
        if self._width is None or whole:
            return [text]
        return list(text.divide(_breaks(text.plain, self._width - left)))


def _room(text: Text) -> int:
    return cell_len(text.plain)


def _breaks(text: str, width: int) -> list[int]:
    """Return where the lines of a text begin, but for the first: each at the start of a word."""
    breaks = []
    used = 0
    for word in _WORD.finditer(text):
        if used and used + cell_len(word[0].rstrip(" ")) > width:
            breaks.append(word.start())
            used = 0
        used += cell_len(word[0])
    return breaks

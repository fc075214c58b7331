"""Lines of text with styles, wrapped to a width: the only part that knows rich."""

from __future__ import annotations

import re
from io import StringIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_NARROWEST = 24
_FULL_STOP = re.compile(r"\.(?: |$)")
_TRAILING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


class Layout:
    """Lines that are written from top to bottom.

    Texts are taken as they are: nothing in them is markup. Escape untrusted text before.
    """

    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = max(width, _NARROWEST)
        self._console = Console(
            file=StringIO(),
            width=self.width,
            color_system="standard" if colour else None,
            force_terminal=colour,
            legacy_windows=False,
            markup=False,
            emoji=False,
            highlight=False,
            _environ={},
        )
        self._lines: list[Text] = []

    def line(self, *parts: str | tuple[str, str], wrap: bool = True) -> None:
        """Add a line of texts, or of texts with their styles."""
        text = Text.assemble(*parts)
        self._lines += self._wrapped(text, self.width) if wrap else [text]

    def entry(
        self, label: str, *parts: str | tuple[str, str], indent: int = 0, room: int, style: str = ""
    ) -> None:
        """Add a label that takes ``room`` columns, and beside it texts that stay right of it."""
        left = indent + room
        for number, body in enumerate(self._wrapped(Text.assemble(*parts), self.width - left)):
            start = Text(" " * indent)
            if number == 0:
                start.append(label, style)
            start.append(" " * (left - cell_len(start.plain)))
            self._lines.append(start.append_text(body))

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

    def _wrapped(self, text: Text, width: int) -> list[Text]:
        first, *others = text.wrap(self._console, width, overflow="fold") or [Text()]
        trimmed = map(_without_full_stop, others)
        return [first, *(line for line in trimmed if line.plain)]


def _without_full_stop(line: Text) -> Text:
    """Return the line without a full stop for which a digest left no room on the line before.

    The end of that line says the same.
    """
    stop = _FULL_STOP.match(line.plain)
    return line[stop.end() :] if stop else line

"""Find which of many patterns stand for a name without trying all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.policy.globs import Glob, Globs


class Index:
    """The entries of a list, each with its patterns, by what their patterns begin with.

    An entry without patterns is about every name.
    """

    def __init__(self, entries: Iterable[Globs | None]) -> None:
        self._always: list[int] = []
        self._literals: dict[str, list[int]] = {}
        self._wild: dict[int, dict[str, list[tuple[int, Glob]]]] = {}
        for number, globs in enumerate(entries):
            if globs is None:
                self._always.append(number)
            else:
                self._add(number, globs)

    def _add(self, number: int, globs: Globs) -> None:
        for glob in globs.patterns:
            if glob.is_literal:
                self._literals.setdefault(glob.text, []).append(number)
            else:
                same_length = self._wild.setdefault(len(glob.prefix), {})
                same_length.setdefault(glob.prefix, []).append((number, glob))

    def about(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return the numbers of the entries that are about one of the names, in order."""
        found = set(self._always)
        for name in names:
            found.update(self._literals.get(name, ()))
            for length, by_prefix in self._wild.items():
                for number, glob in by_prefix.get(name[:length], ()):
                    if number not in found and glob.matches(name):
                        found.add(number)
        return tuple(sorted(found))

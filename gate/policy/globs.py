"""Patterns on the names of images and on the keys of risks.

``*`` stands for any characters but ``/`` and ``:``, ``**`` for any characters, ``?`` for one
character but ``/`` and ``:``; all else stands for itself, upper and lower case differ.

A pattern is matched by walking all its positions at once, one bit each, so that the time is at most
the product of both lengths, whatever the pattern.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.reference import meant_host

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOKEN = re.compile(r"\*+|\?|.", re.DOTALL)
_WILDCARDS = re.compile(r"[*?]")
_SEPARATORS = frozenset("/:")
_STAR, _STARS, _ONE = "*", "**", "?"
_WILD = frozenset({_STAR, _STARS, _ONE})


def _tokens(text: str) -> list[str]:
    """Split a pattern; stars that stand side by side become one, the widest."""
    return [token if len(token) == 1 else _STARS for token in _TOKEN.findall(text)]


def _literal_run(tokens: Sequence[str]) -> str:
    """Return the literal characters before the first wildcard."""
    wildcard = next((at for at, token in enumerate(tokens) if token in _WILD), len(tokens))
    return "".join(tokens[:wildcard])


class Glob:
    """One pattern."""

    __slots__ = (
        "_all_stars",
        "_end",
        "_inside",
        "_literals",
        "_ones",
        "_stars",
        "_suffix",
        "is_literal",
        "prefix",
        "text",
    )

    def __init__(self, text: str) -> None:
        self.text = text
        tokens = _tokens(text)
        self._end = 1 << len(tokens)
        self._literals: dict[str, int] = {}
        self._ones = self._stars = self._all_stars = 0
        for position, token in enumerate(tokens):
            bit = 1 << position
            if token == _ONE:
                self._ones |= bit
            elif token in _WILD:
                self._all_stars |= bit
                self._stars |= bit if token == _STARS else 0
            else:
                self._literals[token] = self._literals.get(token, 0) | bit
        self.prefix = _literal_run(tokens)
        """What every text that it stands for begins with."""
        self._suffix = _literal_run(tokens[::-1])[::-1]
        self.is_literal = not self._ones and not self._all_stars
        """Whether it stands for exactly one text."""
        self._inside = max(_WILDCARDS.split(text), key=len)

    def __repr__(self) -> str:
        return f"Glob({self.text!r})"

    @property
    def names_something(self) -> bool:
        """Whether it holds a character that is neither a wildcard nor a separator."""
        return bool(self._literals.keys() - _SEPARATORS)

    def matches(self, name: str) -> bool:
        """Tell whether it stands for a text."""
        if self.is_literal:
            return name == self.text
        # Most patterns are ruled out by their ends, or by their longest literal part.
        return (
            name.startswith(self.prefix)
            and name.endswith(self._suffix)
            and self._inside in name
            and self._walk(name)
        )

    def covers(self, other: Glob) -> bool:
        """Tell whether it stands for all that the other one stands for, as far as is easily seen.

        A wildcard of the other is read as a character that only a wildcard at least as wide can
        take. ``True`` is certain, ``False`` is not.
        """
        if self.is_literal:
            return self.text == other.text
        # Most are told apart by what they begin with.
        return other.prefix.startswith(self.prefix) and self._walk(_tokens(other.text), wild=True)

    def _walk(self, symbols: Iterable[str], *, wild: bool = False) -> bool:
        """Tell whether all symbols can be walked: characters, or, if ``wild``, tokens."""
        positions = self._past_stars(1)
        for symbol in symbols:
            if symbol in _SEPARATORS or (wild and symbol == _STARS):
                stay, step = positions & self._stars, 0
            elif wild and symbol == _STAR:
                stay, step = positions & self._all_stars, 0
            else:
                stay, step = positions & self._all_stars, positions & self._ones
            step |= positions & self._literals.get(symbol, 0)
            positions = self._past_stars(stay | step << 1)
            if not positions:
                return False
        return bool(positions & self._end)

    def _past_stars(self, positions: int) -> int:
        """Add the positions after stars, which may stand for nothing; no two are neighbours."""
        return positions | (positions & self._all_stars) << 1


class Globs:
    """Several patterns as one set: of the texts that at least one of them stands for."""

    __slots__ = ("is_everything", "literals", "patterns", "wild")

    def __init__(self, texts: Iterable[str]) -> None:
        self.patterns = tuple(map(Glob, dict.fromkeys(texts)))
        self.literals = frozenset(glob.text for glob in self.patterns if glob.is_literal)
        """The patterns that stand for exactly one text."""
        self.is_everything = any(glob.text == _STARS for glob in self.patterns)
        self.wild = tuple(glob for glob in self.patterns if not glob.is_literal)

    def __str__(self) -> str:
        return ", ".join(glob.text for glob in self.patterns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Globs) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash(self._texts)

    @property
    def _texts(self) -> frozenset[str]:
        """The patterns, in whatever order they are written."""
        return frozenset(glob.text for glob in self.patterns)

    def __contains__(self, text: str) -> bool:
        return (
            self.is_everything
            or text in self.literals
            or any(glob.matches(text) for glob in self.wild)
        )

    def __ge__(self, other: Globs) -> bool:
        """Tell whether all that the other stands for is covered; ``False`` is not certain."""
        return all(any(mine.covers(one) for mine in self.patterns) for one in other.patterns)

    @property
    def name_something(self) -> bool:
        """Whether each pattern holds a character that is neither a wildcard nor a separator."""
        return all(glob.names_something for glob in self.patterns)

    @property
    def heeding_tags(self) -> Globs:
        """Those that may match a name with a tag and not the same name without it."""
        return Globs(
            glob.text for glob in self.patterns if ":" in glob.text or _STARS in glob.text[:-2]
        )

    @property
    def as_meant(self) -> Globs:
        """The same, and its patterns with the names of hosts that those in them mean."""
        texts = [glob.text for glob in self.patterns]
        parted = (text.partition("/") for text in texts)
        return Globs(
            [
                *texts,
                *(
                    meant_host(host) + slash + path
                    for host, slash, path in parted
                    if host == host.lower()  # in a pattern, upper case stays what it is
                ),
            ]
        )


EVERYTHING = Globs([_STARS])


class GlobIndex:
    """Many ``Globs`` by what their patterns begin with, so that not all are tried on a name."""

    def __init__(self, entries: Iterable[Globs]) -> None:
        self._literals: dict[str, list[int]] = {}
        self._wild: dict[int, dict[str, list[tuple[int, Glob]]]] = {}
        always = []
        for number, globs in enumerate(entries):
            if globs.is_everything:
                always.append(number)
                continue
            for text in globs.literals:
                self._literals.setdefault(text, []).append(number)
            for glob in globs.wild:
                same_length = self._wild.setdefault(len(glob.prefix), {})
                same_length.setdefault(glob.prefix, []).append((number, glob))
        self._always = tuple(always)

    def __bool__(self) -> bool:
        return bool(self._literals or self._wild or self._always)

    def about(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return the numbers of those that hold one of the names, or everything, in order."""
        if not (self._literals or self._wild):
            return self._always
        numbers = set(self._always)
        for name in names:
            numbers.update(self._literals.get(name, ()))
            for length, by_prefix in self._wild.items():
                for number, glob in by_prefix.get(name[:length], ()):
                    if number not in numbers and glob.matches(name):
                        numbers.add(number)
        return tuple(sorted(numbers))

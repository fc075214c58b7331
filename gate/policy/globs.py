"""Patterns on the names of images and on the keys of risks.

``*`` stands for any characters but ``/`` and ``:``, ``**`` for any characters, ``?`` for one
character but ``/`` and ``:``; all else stands for itself, upper and lower case differ.

A pattern is matched by walking all its positions at once, one bit each, so that the time is at most
the product of both lengths, whatever the pattern.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOKEN = re.compile(r"\*+|\?|.", re.DOTALL)
_WILDCARDS = re.compile(r"[*?]")
_SEPARATORS = frozenset("/:")
_STAR, _STARS, _ONE = "*", "**", "?"
_WILD = frozenset({_STAR, _STARS, _ONE})


class Glob:
    """One pattern."""

    __slots__ = (
        "_all_stars",
        "_end",
        "_inside",
        "_literals",
        "_ones",
        "_prefix",
        "_stars",
        "_suffix",
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
        self._prefix = _literal_run(tokens)
        self._suffix = _literal_run(tokens[::-1])[::-1]
        self._inside = max(_WILDCARDS.split(text), key=len)

    def __repr__(self) -> str:
        return f"Glob({self.text!r})"

    @property
    def is_literal(self) -> bool:
        """Whether it stands for exactly one text."""
        return not self._ones and not self._all_stars

    @property
    def prefix(self) -> str:
        """What every text that it stands for begins with."""
        return self._prefix

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
            name.startswith(self._prefix)
            and name.endswith(self._suffix)
            and self._inside in name
            and self._walk(name)
        )

    def covers(self, other: Glob) -> bool:
        """Tell whether it stands for all that the other one stands for, as far as is easily seen.

        A wildcard of the other is read as a character that only a wildcard at least as wide can
        take. ``True`` is certain, ``False`` is not.
        """
        return self._walk(_tokens(other.text), wild=True)

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
    """Several patterns, of which one must match."""

    __slots__ = ("_literals", "_wild", "patterns")

    def __init__(self, texts: Iterable[str]) -> None:
        self.patterns = tuple(_compiled(text) for text in dict.fromkeys(texts))
        self._literals = frozenset(glob.text for glob in self.patterns if glob.is_literal)
        self._wild = tuple(glob for glob in self.patterns if not glob.is_literal)

    def __str__(self) -> str:
        return ", ".join(glob.text for glob in self.patterns)

    @property
    def literals(self) -> frozenset[str]:
        """The patterns that stand for exactly one text."""
        return self._literals

    @property
    def name_something(self) -> bool:
        """Whether each pattern holds a character that is no wildcard and no separator."""
        return all(glob.names_something for glob in self.patterns)

    def match(self, name: str) -> bool:
        """Tell whether a pattern stands for the text."""
        return name in self._literals or any(glob.matches(name) for glob in self._wild)

    def match_any(self, names: Sequence[str]) -> bool:
        """Tell whether a pattern stands for one of the texts."""
        return any(self.match(name) for name in names)

    def cover(self, others: Globs) -> bool:
        """Tell whether all that the others stand for is covered; ``False`` is not certain."""
        return all(any(mine.covers(other) for mine in self.patterns) for other in others.patterns)


def _tokens(text: str) -> list[str]:
    """Split a pattern; stars that stand side by side become one, the widest."""
    return [token if len(token) == 1 else _STARS for token in _TOKEN.findall(text)]


def _literal_run(tokens: Sequence[str]) -> str:
    """Return the literal characters before the first wildcard."""
    wildcard = next((at for at, token in enumerate(tokens) if token in _WILD), len(tokens))
    return "".join(tokens[:wildcard])


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Glob:
    return Glob(text)

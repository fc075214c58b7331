"""Secrets of this run: values that hold one and don't show it."""

from __future__ import annotations

from msgspec import Struct


class Secret(Struct, frozen=True):
    """A value that holds a secret: its ``repr`` shows nothing but its kind."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

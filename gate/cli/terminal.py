"""What a run is given of the machine that it runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gate.clock import Clock


class Machine(Struct, frozen=True, kw_only=True):
    """Clock, environment and diagnostics, read by the command line alone.

    ``say`` writes a line of diagnostics, ``write`` raw text beside it; ``live`` tells whether a
    person watches them on a terminal of ``width()`` columns.
    """

    clock: Clock
    environment: Mapping[str, str]
    say: Callable[[str], None]
    write: Callable[[str], None]
    live: bool
    width: Callable[[], int]

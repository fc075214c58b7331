"""What a client has counted."""

from __future__ import annotations

from msgspec import Struct


class Tally(Struct, kw_only=True):
    """How many requests were sent, and how many answers said that they come too fast."""

    requests: int = 0
    throttled: int = 0

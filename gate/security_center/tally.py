"""What a client has counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Tally:
    """How many requests were sent, and how many answers said that they come too fast."""

    requests: int = 0
    throttled: int = 0

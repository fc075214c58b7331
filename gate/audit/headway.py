"""How far an audit is."""

from __future__ import annotations

from msgspec import Struct

_BAR = 20


class Headway(Struct):
    """Counts that grow while an audit runs; what is expected grows with what becomes known."""

    records: int = 0
    records_expected: int = 0
    rows: int = 0
    rows_expected: int = 0
    looks: int = 0
    looks_expected: int = 0

    @property
    def share(self) -> float:
        """How much of what is known to be read was read, from 0 to 1."""
        done = self.records + self.rows + self.looks
        expected = self.records_expected + self.rows_expected + self.looks_expected
        return min(1.0, done / expected) if expected else 0.0

    def bar(self) -> str:
        """Draw that share, for a terminal of any encoding."""
        filled = round(self.share * _BAR)
        return f"[{'#' * filled}{'-' * (_BAR - filled)}] {self.share:4.0%}"

    def __str__(self) -> str:
        parts = [
            f"{self.records:,} of {self.records_expected:,} records",
            f"{self.rows:,} of {self.rows_expected:,} rows of risks",
        ]
        if self.looks_expected:
            parts.append(f"{self.looks:,} of {self.looks_expected:,} images one by one")
        return ", ".join(parts)

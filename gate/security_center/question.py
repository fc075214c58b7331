"""What is asked of the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Question:
    """An operation with its parameters; ``product`` is the prefix of its RAM action."""

    operation: str
    parameters: Mapping[str, str]
    version: str = "2018-12-03"
    product: str = "yundun-sas"

    @property
    def action(self) -> str:
        """The RAM action that it needs."""
        return f"{self.product}:{self.operation}"

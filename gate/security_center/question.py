"""What is asked of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping


class Question(Struct, frozen=True):
    """An operation with its parameters; ``product`` is the prefix of its RAM action."""

    operation: str
    parameters: Mapping[str, str]
    version: str = "2018-12-03"
    product: str = "yundun-sas"

    @property
    def action(self) -> str:
        """The RAM action that it needs."""
        return f"{self.product}:{self.operation}"

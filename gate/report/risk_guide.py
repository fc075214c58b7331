"""What build risks are, why they matter, and how to fix them: for those whose keys are known.

``risks.json`` holds the texts; ``docs/risks.md`` shows the same, with an anchor for each key.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gate import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE = Path(__file__).with_name("risks.json")
_PAGE = f"{ADDRESS}/blob/main/docs/risks.md"


class RiskGuide(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one risk; ``before`` and ``after`` are lines of a Dockerfile."""

    risk: str
    title: str
    what: str
    why: str
    fix: str
    before: str
    after: str


class _Guides(msgspec.Struct, frozen=True):
    risks: tuple[RiskGuide, ...]


@cache
def risk_guides() -> Mapping[str, RiskGuide]:
    """Return all that is said, by the key of the risk."""
    guides = msgspec.json.decode(_FILE.read_bytes(), type=_Guides)
    return {guide.risk: guide for guide in guides.risks}


def risk_address(risk: str) -> str:
    """Return the address of the page that explains a risk, at its place if it has one there."""
    return f"{_PAGE}#{risk}" if risk in risk_guides() else _PAGE

"""A local Security Center with sample data, for demos, tests and offline work.

    async with Sandbox(sample_world()) as sandbox:
        …  # ask sandbox.endpoint with sandbox.access_key_id and sandbox.access_key_secret

It shares no code with the client that asks it, so that a mistake of one can't hide in the other.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gate.sandbox.call import Readings
from gate.sandbox.fault_injection import Fault, FaultKind, Faults
from gate.sandbox.sample_images import DAY, HOUR, SampleFinding, SampleImage, SampleIndex, State
from gate.sandbox.world import (
    Bilingual,
    RiskClass,
    SampleCheck,
    WhitelistRule,
    World,
    load_world,
    sample_world,
)

if TYPE_CHECKING:
    from gate.sandbox.service import LoggedRequest, Sandbox, serve

__all__ = [
    "DAY",
    "HOUR",
    "Bilingual",
    "Fault",
    "FaultKind",
    "Faults",
    "LoggedRequest",
    "Readings",
    "RiskClass",
    "SampleCheck",
    "SampleFinding",
    "SampleImage",
    "SampleIndex",
    "Sandbox",
    "State",
    "WhitelistRule",
    "World",
    "load_world",
    "sample_world",
    "serve",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and a function
    # The server is heavy to import, and data alone doesn't need it.
    if name not in {"LoggedRequest", "Sandbox", "serve"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.service"), name)

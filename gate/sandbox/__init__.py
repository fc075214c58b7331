"""A local Security Center with sample data, for demos, tests and offline work.

    async with Sandbox(sample_world()) as sandbox:
        …  # ask sandbox.endpoint with sandbox.access_key_id and sandbox.access_key_secret

It shares no code with the client that asks it, so that a mistake of one can't hide in the other.
"""

from __future__ import annotations

from gate.sandbox.call import Readings
from gate.sandbox.fault_injection import Fault, FaultKind, Faults
from gate.sandbox.sample_images import DAY, HOUR, SampleFinding, SampleImage, SampleIndex, State
from gate.sandbox.service import LoggedRequest, Sandbox, serve
from gate.sandbox.world import (
    Bilingual,
    RiskClass,
    SampleCheck,
    WhitelistRule,
    World,
    load_world,
    sample_world,
)

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

"""A local Security Center with sample data, for demos, tests and offline work.

    async with Sandbox(sample_world()) as sandbox:
        …  # ask sandbox.endpoint with sandbox.access_key_id and sandbox.access_key_secret

It shares no code with the client that asks it, so that a mistake of one can't hide in the other.
"""

from __future__ import annotations

from gate.sandbox.checks import Check, RiskClass, Text
from gate.sandbox.faults import Fault, Faults, Kind
from gate.sandbox.images import DAY, HOUR, SampleFinding, SampleImage, SampleIndex, State
from gate.sandbox.load import load_world
from gate.sandbox.readings import Readings
from gate.sandbox.sample import sample_world
from gate.sandbox.serve import serve
from gate.sandbox.service import Request, Sandbox
from gate.sandbox.world import WhitelistRule, World

__all__ = [
    "DAY",
    "HOUR",
    "Check",
    "Fault",
    "Faults",
    "Kind",
    "Readings",
    "Request",
    "RiskClass",
    "SampleFinding",
    "SampleImage",
    "SampleIndex",
    "Sandbox",
    "State",
    "Text",
    "WhitelistRule",
    "World",
    "load_world",
    "sample_world",
    "serve",
]

"""Policy files: load them, judge findings by them.

text ─▶ parse (data with places) ─▶ schema ─▶ meaning ─▶ Policy ─▶ Policies.judge

A finding becomes a decision in ``judge``: each policy walks its entries, the strictest wins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.policy.discovery import DEFAULT_FILE
    from gate.policy.globs import Glob, GlobIndex, Globs
    from gate.policy.loading import BUILT_IN, load_policies, read_policy, ready_made_files
    from gate.policy.model import Entry, Match, Policy, Tolerance, Waiver, Whose
    from gate.policy.policies import Policies
    from gate.policy.schema import policy_schema

__all__ = [
    "BUILT_IN",
    "DEFAULT_FILE",
    "Entry",
    "Glob",
    "GlobIndex",
    "Globs",
    "Match",
    "Policies",
    "Policy",
    "Tolerance",
    "Waiver",
    "Whose",
    "load_policies",
    "policy_schema",
    "read_policy",
    "ready_made_files",
]

# What holds a file against its schema takes longer to import than all of this package.
_LAZY = {
    **dict.fromkeys(("BUILT_IN", "load_policies", "read_policy", "ready_made_files"), "loading"),
    "DEFAULT_FILE": "discovery",
    **dict.fromkeys(("Entry", "Match", "Policy", "Tolerance", "Waiver", "Whose"), "model"),
    **dict.fromkeys(("Glob", "GlobIndex", "Globs"), "globs"),
    "Policies": "policies",
    "policy_schema": "schema",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)

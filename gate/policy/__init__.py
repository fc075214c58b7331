"""Policy files: load them, judge findings by them.

text ─▶ parse (data with places) ─▶ schema ─▶ meaning ─▶ Policy ─▶ Policies.judge

A finding becomes a decision in ``judge``: each policy walks its entries, the strictest wins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.policy.discovery import DEFAULT_FILE, folders_of_checkout
    from gate.policy.explaining import Explanation, Step
    from gate.policy.globs import Glob, GlobIndex, Globs
    from gate.policy.loading import BUILT_IN, load_policies, read_policy, ready_made_files
    from gate.policy.model import Entry, Match, Policy, Tolerance, Waiver, Whose
    from gate.policy.policies import Policies
    from gate.policy.problem import MOST_PROBLEMS, Problem
    from gate.policy.schema import policy_schema, schema_problems

__all__ = [
    "BUILT_IN",
    "DEFAULT_FILE",
    "MOST_PROBLEMS",
    "Entry",
    "Explanation",
    "Glob",
    "GlobIndex",
    "Globs",
    "Match",
    "Policies",
    "Policy",
    "Problem",
    "Step",
    "Tolerance",
    "Waiver",
    "Whose",
    "folders_of_checkout",
    "load_policies",
    "policy_schema",
    "read_policy",
    "ready_made_files",
    "schema_problems",
]

# What holds a file against its schema takes longer to import than all of this package.
_LAZY = {
    **dict.fromkeys(("BUILT_IN", "load_policies", "read_policy", "ready_made_files"), "loading"),
    **dict.fromkeys(("DEFAULT_FILE", "folders_of_checkout"), "discovery"),
    **dict.fromkeys(("Entry", "Match", "Policy", "Tolerance", "Waiver", "Whose"), "model"),
    **dict.fromkeys(("Glob", "GlobIndex", "Globs"), "globs"),
    **dict.fromkeys(("MOST_PROBLEMS", "Problem"), "problem"),
    "Policies": "policies",
    **dict.fromkeys(("policy_schema", "schema_problems"), "schema"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)

"""How much these tests try; more by hand, with variables of the environment."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("STEADINESS_EXAMPLES", "8"))
"""Of each test in which a whole command meets trouble that is drawn by lot."""

CHECKS = int(os.environ.get("STEADINESS_CHECKS", "300"))
"""Checks in one process, over which memory and sockets must stay flat."""

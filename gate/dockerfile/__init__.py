"""Match findings to the instructions of the Dockerfile that they come from."""

from __future__ import annotations

from gate.dockerfile.instructions import parse
from gate.dockerfile.locating import locate_commands
from gate.dockerfile.stages import base_images

__all__ = ["base_images", "locate_commands", "parse"]

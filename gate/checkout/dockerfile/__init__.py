"""Match findings to the instructions of the Dockerfile that they come from."""

from __future__ import annotations

from gate.checkout.dockerfile.locating import locate_commands
from gate.checkout.dockerfile.stages import base_images

__all__ = ["base_images", "locate_commands"]

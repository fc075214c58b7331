"""Read a Dockerfile: its instructions, its base images, and the lines that findings come from."""

from gate.checkout.dockerfile.instructions import Instruction, parse
from gate.checkout.dockerfile.locating import locate_commands
from gate.checkout.dockerfile.stages import base_images, expand

__all__ = ["Instruction", "base_images", "expand", "locate_commands", "parse"]

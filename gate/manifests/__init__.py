"""Find the images that deployment files name, choose those to judge, point findings at them."""

from __future__ import annotations

from gate.manifests.choice import Chosen, Undecidable, choose
from gate.manifests.files import find_images
from gate.manifests.found import Found, NamedImage
from gate.manifests.locations import locate

__all__ = ["Chosen", "Found", "NamedImage", "Undecidable", "choose", "find_images", "locate"]

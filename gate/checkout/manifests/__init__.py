"""Find the images that deployment files name, choose those to judge, point findings at them."""

from __future__ import annotations

from gate.checkout.manifests.choice import Choice, Undecidable, choose, locate_images
from gate.checkout.manifests.contents import find_images
from gate.checkout.manifests.named import FileImages, NamedImage

__all__ = [
    "Choice",
    "FileImages",
    "NamedImage",
    "Undecidable",
    "choose",
    "find_images",
    "locate_images",
]

"""Find the images that deployment files name, choose those to judge, point findings at them."""

from __future__ import annotations

from gate.checkout.manifests.choice import Choice, Undecidable, choose, locate_images
from gate.checkout.manifests.named import FileImages, NamedImage, Unread
from gate.checkout.manifests.sources import LARGEST, Source, Surroundings, find_images

__all__ = [
    "LARGEST",
    "Choice",
    "FileImages",
    "NamedImage",
    "Source",
    "Surroundings",
    "Undecidable",
    "Unread",
    "choose",
    "find_images",
    "locate_images",
]

"""What the files of a checkout say: which images they name, where findings come from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gate.checkout.paths import path_in_checkout

if TYPE_CHECKING:
    from gate.checkout.dockerfile import locate_commands
    from gate.checkout.manifests import Choice, Undecidable, choose, find_images, locate_images

__all__ = [
    "Choice",
    "Undecidable",
    "choose",
    "find_images",
    "locate_commands",
    "locate_images",
    "path_in_checkout",
]

# A command reads one kind of file.
_LAZY = {
    "locate_commands": "dockerfile",
    **dict.fromkeys(
        ("Choice", "Undecidable", "choose", "find_images", "locate_images"), "manifests"
    ),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - classes and functions
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)

"""What a registry can tell of one image, and why it told nothing."""

from __future__ import annotations

from msgspec import Struct


class Platform(Struct, frozen=True):
    """One image of an index.

    ``name`` is ``os/architecture[/variant]`` in its normal form, ``unknown/unknown`` if the index
    doesn't say; such an image can run anywhere. ``digest`` is ``sha256:<hex>``.
    """

    name: str
    digest: str


class Resolved(Struct, frozen=True):
    """The digest that a reference has now.

    ``platforms`` are the images of an index, nested ones included, attestations left out, in the
    index's order; empty for a single image.
    """

    digest: str
    is_index: bool = False
    platforms: tuple[Platform, ...] = ()


class Unresolved(Struct, frozen=True):
    """Why the registry could not tell, and what to do: two texts that hold no secret.

    Both are made of whole sentences.
    """

    cause: str
    remedy: str

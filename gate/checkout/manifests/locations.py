"""Point the findings of a verdict at the files that name their images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.checkout.manifests.choice import Choice
    from gate.findings import Location
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST_SHOWN = 5  # further places in a note


def locate_images(verdict: Verdict, chosen: Choice) -> Verdict:
    """Return the verdict with each finding at the first place that names its image.

    A finding that points somewhere already stays there. Notes of the image name the places that no
    finding points at.
    """
    places = {str(reference): named for reference, named in chosen.references.items()}
    images = (_located(image, places.get(image.reference, ())) for image in verdict.images)
    return replace(verdict, images=tuple(images))


def _located(image: ImageVerdict, places: Sequence[Location]) -> ImageVerdict:
    if not places:
        return image
    decisions = tuple(_at(decision, places[0]) for decision in image.decisions)
    pointed_at = {decision.finding.location for decision in decisions}
    others = [place for place in places if place not in pointed_at]
    if not others:
        return replace(image, decisions=decisions)
    too = "also " if len(others) < len(places) else ""
    note = f"{image.reference} is {too}named in {_listed(others)}."
    return replace(image, decisions=decisions, notes=(*image.notes, note))


def _at(decision: Decision, place: Location) -> Decision:
    if decision.finding.location:
        return decision
    return replace(decision, finding=replace(decision.finding, location=place))


def _listed(places: Sequence[Location]) -> str:
    shown = [f"{place.path}:{place.line}" for place in places[:_MOST_SHOWN]]
    if more := len(places) - len(shown):
        shown.append(f"{more} more")
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last

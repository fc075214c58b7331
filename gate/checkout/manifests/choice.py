"""Choose the images to judge, those of known registries, and point findings at their files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.checkout.manifests.named import concealed, shown
from gate.errors import InvalidReference
from gate.findings import Location
from gate.reference import ImageReference, is_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.checkout.manifests.named import FileImages, NamedImage
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST_NOTES = 200  # of a run; nobody reads more
_MOST_SHOWN = 5  # further places in a note
_DOCKER_HUB = "docker.io"
_UNRESOLVED = re.compile(r"[${}<>%]")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?")


class Undecidable(Struct, frozen=True):
    """An image that should be judged and can't be: its name as shown, where it is, and why.

    ``why`` completes ``FILE:LINE names`` and says what to do.
    """

    name: str
    place: Location
    why: str


class Choice(Struct, frozen=True):
    """The images to judge, each with all places that name it, in the order of the files.

    ``undecidable`` are images of such a registry whose name is not whole or not valid: they can't
    be judged, and must not be passed over. ``notes`` tell what was left out of the files, and
    which of their images are of other registries.
    """

    references: dict[ImageReference, tuple[Location, ...]]
    undecidable: tuple[Undecidable, ...] = ()
    notes: tuple[str, ...] = ()


class _Refused(Struct, frozen=True):
    """Why an image isn't judged, for a note; and for one that should be judged, see above."""

    note: str
    why: str = ""


def choose(files: Iterable[FileImages], hosts: Sequence[str]) -> Choice:
    """Choose images by their registry's host: those of Container Registry, and of ``hosts``.

    ``hosts`` are names or patterns (``*.example.com``), with the port where it isn't 443. What
    can't be judged is listed once for each image.
    """
    places: dict[ImageReference, list[Location]] = {}
    refused: dict[str, tuple[str, list[NamedImage]]] = {}
    undecidable: dict[str, Undecidable] = {}
    notes: list[str] = []
    for file in files:
        notes += file.notes
        for image in file.images:
            answer = _reference(image.text, hosts)
            place = Location(image.path, image.line)
            if isinstance(answer, ImageReference):
                places.setdefault(answer, []).append(place)
            elif _is_known(_host_and_path(image.text)[0], hosts):
                undecidable.setdefault(
                    image.text, Undecidable(concealed(image.text), place, answer.why)
                )
            else:
                refused.setdefault(image.text, (answer.note, []))[1].append(image)
    notes += [_note(text, why, images) for text, (why, images) in refused.items()]
    return Choice(
        {reference: tuple(dict.fromkeys(named)) for reference, named in places.items()},
        tuple(undecidable.values()),
        _bounded(tuple(dict.fromkeys(notes))),
    )


def _reference(text: str, hosts: Sequence[str]) -> ImageReference | _Refused:
    """Return the reference of an image to judge, or why it isn't judged."""
    host, path = _host_and_path(text)
    if _HOST.fullmatch(host) and not _is_known(host, hosts):
        return _Refused(
            f"{host} is not a registry that Security Center knows; name it with --registry-host"
        )
    if _UNRESOLVED.search(text):
        why = "a variable in it has no value here"
        return _Refused(
            why,
            f"{concealed(text)}, and {why}. Give the whole name there, or judge the rendered file.",
        )
    try:
        return ImageReference.parse(f"{host}/{path}")
    except InvalidReference as error:
        return _Refused(f"not an image's name: {error.message.rstrip('.')}", f"no image: {error}")


def _host_and_path(text: str) -> tuple[str, str]:
    """Split a name; where it has no host, it gets the one that Docker takes.

    A host that a variable may stand in stays as it is written.
    """
    first, slash, path = text.partition("/")
    if _UNRESOLVED.search(first if slash else first.partition(":")[0]):
        return first, path
    if slash and (first.lower() == "localhost" or any(mark in first for mark in ".:[")):
        return first.lower(), path
    return _DOCKER_HUB, text if slash else f"library/{text}"


def _is_known(host: str, hosts: Sequence[str]) -> bool:
    return ImageReference(host, "", "", "").region is not None or is_named(host, hosts)


def _note(text: str, why: str, images: Sequence[NamedImage]) -> str:
    first = images[0]
    more = f" and {len(images) - 1} more" if len(images) > 1 else ""
    return f"{concealed(text)} ({first.path}:{first.line}{more}): skipped, {shown(why)}"


def _bounded(notes: tuple[str, ...]) -> tuple[str, ...]:
    if len(notes) <= _MOST_NOTES:
        return notes
    return (*notes[:_MOST_NOTES], f"{len(notes) - _MOST_NOTES} more are skipped, not listed here.")


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

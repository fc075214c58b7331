"""Choose the images to judge, those of known registries, and point findings at their files."""

from __future__ import annotations

import re
from itertools import compress
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.checkout.manifests.named import Unread, concealed, shown
from gate.checkout.manifests.net import Net, plain_host
from gate.errors import InvalidReference
from gate.findings import Location, Reason
from gate.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.checkout.manifests.named import FileImages, NamedImage
    from gate.verdict import Decision, ImageVerdict, Verdict

_MOST_NOTES = 200  # of a run; nobody reads more
_MOST_SHOWN = 5  # further places in a note
_LATE = "begins a file that was not read before the end of --timeout. Give it more time."
_DOCKER_HUB = "docker.io"
_UNRESOLVED = re.compile(r"[${}<>%]")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?")


class Undecidable(Struct, frozen=True):
    """An image that should be judged and can't be: its name as shown, where it is, and why.

    ``why`` completes ``FILE:LINE`` and says what to do.
    """

    name: str
    place: Location
    why: str
    reason: Reason = Reason.UNREAD

    @property
    def message(self) -> str:
        """The sentences of the verdict."""
        return f"{self.place.path}:{self.place.line} {self.why}"


class Choice(Struct, frozen=True):
    """The images to judge, each with all places that name it, in the order of the files.

    ``undecidable`` are those that can't be judged and must not be passed over. ``notes`` tell what
    was left out of the files, and which of their images are of other registries.
    """

    references: dict[ImageReference, tuple[Location, ...]]
    undecidable: tuple[Undecidable, ...] = ()
    notes: tuple[str, ...] = ()

    def without_unread(self) -> Choice:
        """Return the choice with what is only unread among the notes."""
        is_unread = [each.reason is Reason.UNREAD for each in self.undecidable]
        unread = list(compress(self.undecidable, is_unread))
        notes = (f"{each.message} Not judged, as --allow-unread says." for each in unread)
        return replace(
            self,
            undecidable=tuple(each for each in self.undecidable if each not in unread),
            notes=_bounded((*self.notes, *notes)),
        )


def choose(files: Iterable[FileImages], hosts: Sequence[str]) -> Choice:
    """Choose images by their registry's host: those of Container Registry, and of ``hosts``.

    ``hosts`` are names or patterns (``*.example.com``), with the port where it isn't 443. What
    can't be judged is listed once for each image. A name whose host is whole and not known is left
    out, whatever else of it isn't whole.
    """
    net = Net(hosts)
    places: dict[ImageReference, list[Location]] = {}
    left_out: dict[str, tuple[str, list[Location]]] = {}
    undecidable: dict[tuple[str, Reason], Undecidable] = {}
    notes: list[str] = []
    for file in files:
        notes += file.notes
        if not file.is_finished:
            late = Undecidable(file.path, Location(file.path, 1), _LATE, Reason.INCOMPLETE)
            undecidable.setdefault((late.name, late.reason), late)
        named: tuple[NamedImage | Unread, ...] = (*file.images, *file.unread)
        for image in named:
            place = Location(image.path, image.line)
            answer = _answer(image, place, net)
            if isinstance(answer, ImageReference):
                places.setdefault(answer, []).append(place)
            elif isinstance(answer, Undecidable):
                undecidable.setdefault((answer.name, answer.reason), answer)
            else:
                left_out.setdefault(image.text, (answer, []))[1].append(place)
    notes += [_note(text, why, located) for text, (why, located) in left_out.items()]
    return Choice(
        {reference: tuple(dict.fromkeys(where)) for reference, where in places.items()},
        tuple(undecidable.values()),
        _bounded(tuple(dict.fromkeys(notes))),
    )


def _answer(
    image: NamedImage | Unread, place: Location, net: Net
) -> ImageReference | Undecidable | str:
    """Return the reference of an image to judge, or why it can't be, or why it needn't be."""
    text = image.text
    host, path = _host_and_path(text)
    if text and _HOST.fullmatch(host) and not net.knows(host):
        return f"{host} is not a registry that Security Center knows; name it with --registry-host"
    name = concealed(text) or f"{place.path}:{place.line}"
    if isinstance(image, Unread):
        subject = f"names {name}, which {image.why}" if text else image.why
        return Undecidable(name, place, f"{subject.rstrip('.')}. {image.remedy}".rstrip())
    if _UNRESOLVED.search(text):
        why = f"names {name}, and a variable in it has no value here. {image.remedy}"
        return Undecidable(name, place, why.rstrip())
    try:
        return ImageReference.parse(f"{plain_host(host)}/{path}")
    except InvalidReference as error:
        if net.knows(host):
            return Undecidable(name, place, f"names no image: {error}", Reason.UNIDENTIFIED)
        return f"not an image's name: {error.message.rstrip('.')}"


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


def _note(text: str, why: str, places: Sequence[Location]) -> str:
    first = places[0]
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
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

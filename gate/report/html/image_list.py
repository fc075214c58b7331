"""What was judged: each image with the evidence about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report import wording
from gate.report.html.marks import icon
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    entry,
    joined,
    language,
    prose,
    section,
    word,
)
from gate.report.naming import by_digest
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.findings import Scan
    from gate.verdict import ImageVerdict

# So many are shown unfolded, whatever their verdict is.
_MOST_UNFOLDED = 3


def images_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return all images in the given order; of many, those that passed are folded."""
    if not images:
        return NOTHING
    few = len(images) <= _MOST_UNFOLDED
    heading = "Image" if len(images) == 1 else f"{len(images)} images"
    return section(
        "images",
        heading,
        *(
            _image(
                image,
                unfolded=few or image.outcome is not Outcome.PASS,
                # The head of the page says it already.
                with_message=len(images) > 1,
            )
            for image in images
        ),
    )


def row_names(images: Sequence[ImageVerdict]) -> list[str]:
    """Return a name for each image that fits into a row: without its host where that is clear."""
    full = [wording.full_name(image) for image in images]
    brief = [wording.short(name) for name in full]
    return brief if len(set(brief)) == len(set(full)) else full


def _image(image: ImageVerdict, *, unfolded: bool, with_message: bool) -> Markup:
    outcome = image.outcome.value.upper() + wording.let_through(image)
    brief = wording.counts_in_brief(image) or image.reason
    return element(
        "details",
        element(
            "summary",
            icon(image.outcome),
            element("strong", word(outcome), class_="outcome"),
            element("code", prose(wording.full_name(image)), class_="reference"),
            element("span", word(brief), class_="brief"),
        ),
        _message(image) if with_message else NOTHING,
        element("dl", *(entry(*fact) for fact in _facts(image))),
        class_=f"image {image.outcome.value}",
        open=unfolded,
    )


def _message(image: ImageVerdict) -> Markup:
    return element("p", prose(image.message), class_="message", lang=language(image.message))


def _facts(image: ImageVerdict) -> Iterator[tuple[str, Markup] | tuple[str, Markup, str | None]]:
    name = by_digest(image)
    yield "Reason", word(image.reason)
    record = image.image
    if record is None:
        yield "Record", word("None of Security Center's was identified as this image.")
    else:
        if not (name and record.digest and name.endswith(record.digest)):
            yield "Digest", code(record.digest) if record.digest else word("unknown")
        yield "Identified by", word(wording.identification(image) or "nothing for certain")
    if name:
        yield "By digest", code(name)
    yield from _scan_facts(image.scan)
    if record is not None:
        yield "Record", joined(*map(code, wording.record_in_parts(record)), by=", ")
    for note in image.notes:
        yield "Note", prose(note), language(note)


def _scan_facts(scan: Scan) -> Iterator[tuple[str, Markup]]:
    yield "Scan", word(wording.scan_in_full(scan))
    if scan.checks_off:
        yield "Not checked", joined(*map(code, scan.checks_off), by=", ")

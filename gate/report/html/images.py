"""What was judged: each image with the evidence about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import IdentifiedBy, ScanState
from gate.report.deployable import by_digest
from gate.report.html.facts import entry
from gate.report.html.icons import icon
from gate.report.html.markup import NOTHING, Markup, element, joined, language, prose, word
from gate.report.wording import age, counted, counts_in_brief, is_let_through, moment, short
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.findings import Image, Scan
    from gate.verdict import ImageVerdict

# So many are shown unfolded, whatever their verdict is.
_MOST_UNFOLDED = 3


def images_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return all images in the given order; of many, those that passed are folded."""
    if not images:
        return NOTHING
    few = len(images) <= _MOST_UNFOLDED
    heading = "Image" if len(images) == 1 else f"{len(images)} images"
    return element(
        "section",
        element("h2", word(heading), id="images"),
        *(
            _image(
                image,
                unfolded=few or image.outcome is not Outcome.PASS,
                # The head of the page says it already.
                with_message=len(images) > 1,
            )
            for image in images
        ),
        aria_labelledby="images",
    )


def full_name(image: ImageVerdict) -> str:
    """Return the reference as the caller gave it, and the platform where one was judged."""
    platform = image.image.platform if image.image else None
    return image.reference + (f" ({platform})" if platform else "")


def row_names(images: Sequence[ImageVerdict]) -> list[str]:
    """Return a name for each image that fits into a row: without its host where that is clear."""
    full = [full_name(image) for image in images]
    brief = [short(name) for name in full]
    return brief if len(set(brief)) == len(set(full)) else full


def _image(image: ImageVerdict, *, unfolded: bool, with_message: bool) -> Markup:
    outcome = image.outcome.value.upper() + (", let through by policy" * is_let_through(image))
    brief = counts_in_brief(image) or image.reason
    return element(
        "details",
        element(
            "summary",
            icon(image.outcome),
            element("strong", word(outcome), class_="outcome"),
            element("code", prose(full_name(image)), class_="reference"),
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
            yield "Digest", _code(record.digest) if record.digest else word("unknown")
        yield "Identified by", word(_identified(image))
    if name:
        yield "By digest", _code(name)
    yield from _scan_facts(image.scan)
    if record is not None:
        yield "Record", _record(record)
    for note in image.notes:
        yield "Note", prose(note), language(note)


def _identified(image: ImageVerdict) -> str:
    if image.identified_by is IdentifiedBy.TAG:
        return "its tag only: a later push may have moved it"
    return f"its {image.identified_by.value}" if image.identified_by else "nothing for certain"


def _scan_facts(scan: Scan) -> Iterator[tuple[str, Markup]]:
    parts = [scan.state.value]
    last = "" if scan.state is ScanState.FINISHED else "the last one finished "
    if scan.age is not None:
        parts.append(f"{last}{age(scan.age)} ago")
    if scan.finished_at is not None:
        parts.append(f"{last if scan.age is None else ''}at {moment(scan.finished_at)}")
    yield "Scan", word(", ".join(parts))
    if scan.checks_on is not None:
        yield "Checks", word(f"{counted(scan.checks_on, 'check')} on")
    if scan.checks_off:
        yield "Not checked", joined(*map(_code, scan.checks_off), by=", ")


def _record(record: Image) -> Markup:
    name = f"{record.namespace}/{record.repository}:{record.tag}"
    texts = (record.uuid, name, record.region, record.instance)
    return joined(*(_code(text) for text in texts if text), by=", ")


def _code(text: str) -> Markup:
    return element("code", prose(text))

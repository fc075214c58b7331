"""Images with their findings and the evidence: one by itself, or each in a card that folds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.report import wording
from gate.report.html.controls import controls
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    entry,
    icon,
    joined,
    language,
    name,
    prose,
    section,
    word,
)
from gate.report.html.risk_groups import STATUSES, risk_groups
from gate.report.naming import by_digest
from gate.verdict import STRICTEST_FIRST, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gate.findings import Image
    from gate.verdict import ImageVerdict

# So many images are shown unfolded, whatever their verdict is.
_MOST_UNFOLDED = 3
# Fewer are seen at a glance and need no filter.
_MOST_FINDINGS, _MOST_IMAGES = 10, 5
_LEAVES = ".places > li, .image:not(:has(.places))"
_PROVES_NOTHING = "No findings are known, which proves nothing: the evidence is incomplete."
_BY_DIGEST = "digest, so exactly this content was judged"
_NO_RECORD = "has no record that was identified as this image"


def filtered(images: Sequence[ImageVerdict]) -> bool:
    """Tell whether there is so much to show that filters are of use."""
    findings = sum(len(image.decisions) for image in images)
    return findings > _MOST_FINDINGS or len(images) > _MOST_IMAGES


def images_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return the findings of the only image, or all images in the given order."""
    risks = sorted({each.finding.risk for image in images for each in image.decisions})
    numbers = {risk: number for number, risk in enumerate(risks)}
    filters = _controls(images, risks) if filtered(images) else NOTHING
    if len(images) != 1:
        few = len(images) <= _MOST_UNFOLDED
        cards = (
            _card(image, numbers, unfolded=few or image.outcome is not Outcome.PASS)
            for image in images
        )
        heading = wording.counted(len(images), "image")
        return section("findings", heading, filters, *cards)
    (image,) = images
    heading = wording.counted(len(image.decisions), "finding")
    return section("findings", heading, filters, risk_groups(image.decisions, numbers, "h3"))


def evidence_section(images: Sequence[ImageVerdict]) -> Markup:
    """Return what is known of the only image; nothing of several, whose cards have it."""
    if len(images) != 1:
        return NOTHING
    return section("evidence", "Evidence", _why_none(images[0]), _evidence(images[0]))


def _controls(images: Sequence[ImageVerdict], risks: Sequence[str]) -> Markup:
    leaves = sum(len(image.decisions) or 1 for image in images)
    choices = {
        "action": (
            "Decision",
            [wording.DECIDED[action].capitalize() for action in STRICTEST_FIRST],
        ),
        "level": ("Level", [level.value for level in wording.LEVELS_WORST_FIRST]),
        "risk": ("Risk", risks),
        "status": ("Status in the console", [*map(wording.status_in_words, STATUSES)]),
    }
    return controls(_LEAVES, leaves, choices, foldable=True)


def _card(image: ImageVerdict, risks: Mapping[str, int], *, unfolded: bool) -> Markup:
    outcome = image.outcome.value.upper() + wording.let_through(image)
    brief = wording.counts_in_brief(image) or image.reason
    return element(
        "details",
        element(
            "summary",
            icon(image.outcome),
            element("strong", word(outcome), class_="outcome"),
            element("h3", name(wording.full_name(image)), class_="head"),
            element("span", word(brief), class_="brief"),
        ),
        element("p", prose(image.message), class_="message", lang=language(image.message)),
        _why_none(image),
        risk_groups(image.decisions, risks, "h4"),
        element("details", element("summary", word("Evidence")), _evidence(image)),
        class_=f"image {image.outcome.value}",
        open=unfolded,
    )


def _why_none(image: ImageVerdict) -> Markup:
    if image.decisions or image.outcome is Outcome.PASS:
        return NOTHING
    return element("p", word(_PROVES_NOTHING), class_="panel")


def _evidence(image: ImageVerdict) -> Markup:
    return element("dl", *(entry(*fact) for fact in _facts(image)))


def _facts(image: ImageVerdict) -> Iterator[tuple[str, Markup] | tuple[str, Markup, str | None]]:
    if image.outcome is Outcome.UNDECIDED:
        yield "Undecided because", word(image.reason)
    yield "Scan", word(wording.scan_in_full(image.scan))
    off = ", ".join(image.scan.checks_off)
    if off:
        yield "Not checked", joined(*map(code, image.scan.checks_off), by=", ")
    for note in image.notes:
        if not (off and off in note):
            yield "Note", prose(note), language(note)
    exact = by_digest(image)
    if exact:
        yield "Exact name", name(exact)
    record = image.image
    if record is None:
        yield "Security Center", word(_NO_RECORD)
        return
    if not (exact and record.digest and exact.endswith(record.digest)):
        yield "Digest judged", code(record.digest) if record.digest else word("unknown")
    how = wording.identification(image)
    yield "Identified by", word(_BY_DIGEST if how == "digest" else how or "nothing for certain")
    yield "Security Center", _record(record)


def _record(record: Image) -> Markup:
    """Return how the console names an image, each part with the word for it."""
    parts = {
        "": f"{record.namespace}/{record.repository}:{record.tag}",
        "region ": record.region,
        "instance ": record.instance,
        "UUID ": record.uuid,
    }
    shown = (joined(word(label), code(text)) for label, text in parts.items() if text)
    return joined(*shown, by=", ")

"""The verdict, unmistakable; each image with the evidence; at the end how it all came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate import __version__
from gate.report import wording
from gate.report.html.markup import (
    NOTHING,
    Markup,
    code,
    element,
    entry,
    icon,
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
    from gate.verdict import ImageVerdict, PolicySource, Service, Verdict

# So many images are shown unfolded, whatever their verdict is.
_MOST_UNFOLDED = 3
_BADGE = "Let through by policy"


def title(verdict: Verdict) -> str:
    """Return the page's title, the verdict first, for it may be cut in a tab."""
    if len(verdict.images) == 1:
        about = wording.short(verdict.images[0].reference)
    else:
        about = wording.counted(len(verdict.images), "image")
    sandbox = f"{wording.SANDBOX}: " if verdict.service.sandbox else ""
    return f"{verdict.outcome.value.upper()}: {sandbox}{about}"


def head(verdict: Verdict) -> Markup:
    """Return the verdict in a word, a shape and a sentence, below the sandbox's banner."""
    let_through = verdict.outcome is Outcome.UNDECIDED and not verdict.exit_code
    badge = element("span", word(_BADGE), class_="let-through") if let_through else NOTHING
    sentence = _sentence(verdict)
    return element(
        "header",
        _sandbox(verdict),
        element(
            "div",
            icon(verdict.outcome),
            element(
                "div",
                element("h1", word(verdict.outcome.value.upper()), badge),
                _only_image(verdict),
                element("p", prose(sentence), class_="sentence", lang=language(sentence)),
                element("p", word(f"Exit code {int(verdict.exit_code)}"), class_="code"),
            ),
            class_=f"verdict {verdict.outcome.value}",
        ),
    )


def _sandbox(verdict: Verdict) -> Markup:
    if not verdict.service.sandbox:
        return NOTHING
    return element(
        "p",
        element("strong", word(wording.SANDBOX)),
        word(f": {wording.ABOUT_SAMPLE_DATA}"),
        class_="sandbox",
    )


def _only_image(verdict: Verdict) -> Markup:
    """Return the image's name where the verdict is about one."""
    if len(verdict.images) != 1:
        return NOTHING
    return element("p", code(wording.full_name(verdict.images[0])), class_="of")


def _sentence(verdict: Verdict) -> str:
    images = verdict.images
    if not images:
        return f"{wording.NOTHING_JUDGED} Nothing judged is not a pass."
    if len(images) == 1:
        return images[0].message
    if verdict.outcome is Outcome.PASS:
        return f"All {len(images)} images passed, with evidence."
    numbers = {
        "blocked": sum(image.outcome is Outcome.BLOCK for image in images),
        "undecided": sum(
            image.outcome is Outcome.UNDECIDED and not wording.is_let_through(image)
            for image in images
        ),
        "undecided and let through by policy": sum(map(wording.is_let_through, images)),
        "passed": sum(image.outcome is Outcome.PASS for image in images),
    }
    parts = ", ".join(f"{number} {what}" for what, number in numbers.items() if number)
    return f"Of {len(images)} images: {parts}."


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
        element("dl", *(entry(*fact) for fact in _image_facts(image))),
        class_=f"image {image.outcome.value}",
        open=unfolded,
    )


def _message(image: ImageVerdict) -> Markup:
    return element("p", prose(image.message), class_="message", lang=language(image.message))


def _image_facts(
    image: ImageVerdict,
) -> Iterator[tuple[str, Markup] | tuple[str, Markup, str | None]]:
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


def notes_section(verdict: Verdict) -> Markup:
    """Return the run's notes, nothing if there are none."""
    if not verdict.notes:
        return NOTHING
    notes = (element("li", prose(note), lang=language(note)) for note in verdict.notes)
    heading = wording.counted(len(verdict.notes), "note")
    return section("notes", heading, element("ul", *notes, class_="notes"))


def about_section(verdict: Verdict) -> Markup:
    """Return what somebody needs who wants to know how this verdict came about."""
    facts = (entry(*fact) for fact in _facts(verdict))
    return section("about", "About this run", element("dl", *facts), tag="footer")


def _facts(verdict: Verdict) -> Iterator[tuple[str, Markup]]:
    for policy in verdict.policies:
        yield "Policy", _policy(policy)
    yield "Asked", _service(verdict.service)
    at = wording.moment(verdict.generated_at)
    machine_readable = verdict.generated_at.isoformat(timespec="seconds")
    yield "Generated at", element("time", word(at), datetime=machine_readable)
    yield "Tool", word(f"buildrisk-gate {__version__}")


def _service(service: Service) -> Markup:
    if not service.endpoint:
        return word(wording.service_in_words(service))
    region = word(f" ({service.region})") if service.region else NOTHING
    return joined(code(service.endpoint), region)


def _policy(policy: PolicySource) -> Markup:
    return joined(code(policy.path), code(f"sha256:{policy.sha256}"), by=" ")

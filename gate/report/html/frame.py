"""What surrounds the evidence: the verdict, unmistakable, and at the end how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate import __version__
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
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.verdict import PolicySource, Service, Verdict

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

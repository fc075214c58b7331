"""The verdict, unmistakable, and by what it was made; notes; at the end how it all came about."""

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
    name,
    prose,
    section,
    word,
)
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from gate.verdict import PolicySource, Service, Verdict

_MOST_POLICIES = 3  # that are named beside the verdict
_MOST_NOTES, _LONGEST_NOTE = 100, 2000  # of an audit
_BADGE = "Let through by policy"


def title(verdict: Verdict) -> str:
    """Return the page's title, the verdict first, for it may be cut in a tab."""
    if verdict.audited:
        about = f"audit, {wording.counted(len(verdict.images), 'image')}"
    elif len(verdict.images) == 1:
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
                _subject(verdict),
                element("p", prose(sentence), class_="sentence", lang=language(sentence)),
                element("p", *_basis(verdict), class_="basis"),
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


def _subject(verdict: Verdict) -> Markup:
    """Return what was audited, or the image's name where the verdict is about one."""
    audited = verdict.audited
    if audited:
        scope = (audited.namespace, audited.repository)
        names = code("/".join(filter(None, scope))) if any(scope) else word("all images")
        return element("p", word("Audit of "), names, class_="of")
    if len(verdict.images) != 1:
        return NOTHING
    return element("p", name(wording.full_name(verdict.images[0])), class_="of")


def _basis(verdict: Verdict) -> Iterator[Markup]:
    """Yield by which policies and when it was judged, and the exit code."""
    paths = [policy.path for policy in verdict.policies]
    more = len(paths) - _MOST_POLICIES
    shown = joined(*map(code, paths[:_MOST_POLICIES]), by=", ")
    if paths:
        yield element("span", word("Policy "), shown, word(f" and {more} more" if more > 0 else ""))
    yield element("span", _time(verdict.generated_at))
    yield element("span", word(f"Exit code {int(verdict.exit_code)}"))


def _sentence(verdict: Verdict) -> str:
    images = verdict.images
    if not images:
        return f"{wording.NOTHING_JUDGED} Nothing judged is not a pass."
    if len(images) == 1 and not verdict.audited:
        return images[0].message
    if verdict.outcome is Outcome.PASS:
        return f"All {len(images):,} images passed, with evidence."
    numbers = {
        "blocked": sum(image.outcome is Outcome.BLOCK for image in images),
        "undecided": sum(
            image.outcome is Outcome.UNDECIDED and not wording.is_let_through(image)
            for image in images
        ),
        "undecided and let through by policy": sum(map(wording.is_let_through, images)),
        "passed": sum(image.outcome is Outcome.PASS for image in images),
    }
    parts = ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number)
    return f"Of {wording.counted(len(images), 'image')}: {parts}."


def notes_section(verdict: Verdict) -> Markup:
    """Return the run's notes; an audit's page has a bound, and shows elsewhere what changed."""
    notes: Sequence[str] = verdict.notes
    number, audited = len(notes), verdict.audited
    if audited:
        shown = [note for note in notes if not audited.changes or note not in audited.changes.notes]
        number = len(shown)
        notes = [wording.cut(note, _LONGEST_NOTE) for note in shown[:_MOST_NOTES]]
    items = (element("li", prose(note), lang=language(note)) for note in notes)
    listed = element("ul", *items, class_="panel") if notes else NOTHING
    return section("notes", wording.counted(number, "note"), listed)


def about_section(verdict: Verdict) -> Markup:
    """Return what somebody needs who wants to know how this verdict came about."""
    facts = (entry(*fact) for fact in _facts(verdict))
    return section("about", "About this run", element("dl", *facts))


def _facts(verdict: Verdict) -> Iterator[tuple[str, Markup]]:
    for policy in verdict.policies:
        yield "Policy", _policy(policy)
    yield "Asked", _service(verdict.service)
    yield "Generated at", _time(verdict.generated_at)
    yield "Tool", word(f"buildrisk-gate {__version__}")


def _time(moment: datetime) -> Markup:
    machine_readable = moment.isoformat(timespec="seconds")
    return element("time", word(wording.moment(moment)), datetime=machine_readable)


def _service(service: Service) -> Markup:
    if not service.endpoint:
        return word(wording.service_in_words(service))
    region = word(f" ({service.region})") if service.region else NOTHING
    return joined(code(service.endpoint), region)


def _policy(policy: PolicySource) -> Markup:
    return joined(code(policy.path), code(f"sha256:{policy.sha256}"), by=" ")

"""What holds for the whole run: its notes, the policies, who was asked, when, by which tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate import __version__
from gate.report.html.facts import entry
from gate.report.html.markup import NOTHING, Markup, element, joined, language, prose, word
from gate.report.wording import asked, counted, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.verdict import PolicySource, Service, Verdict


def notes_section(verdict: Verdict) -> Markup:
    """Return the run's notes, nothing if there are none."""
    if not verdict.notes:
        return NOTHING
    return element(
        "section",
        element("h2", word(counted(len(verdict.notes), "note")), id="notes"),
        element(
            "ul",
            *(element("li", prose(note), lang=language(note)) for note in verdict.notes),
            class_="notes",
        ),
        aria_labelledby="notes",
    )


def about_section(verdict: Verdict) -> Markup:
    """Return what somebody needs who wants to know how this verdict came about."""
    return element(
        "footer",
        element("h2", word("About this run"), id="about"),
        element("dl", *(entry(*fact) for fact in _facts(verdict))),
        aria_labelledby="about",
    )


def _facts(verdict: Verdict) -> Iterator[tuple[str, Markup]]:
    for policy in verdict.policies:
        yield "Policy", _policy(policy)
    yield "Asked", _asked(verdict.service)
    at = moment(verdict.generated_at)
    machine_readable = verdict.generated_at.isoformat(timespec="seconds")
    yield "Generated at", element("time", word(at), datetime=machine_readable)
    yield "Tool", word(f"buildrisk-gate {__version__}")


def _asked(service: Service) -> Markup:
    if not service.endpoint:
        return word(asked(service))
    region = word(f" ({service.region})") if service.region else NOTHING
    return joined(element("code", prose(service.endpoint)), region)


def _policy(policy: PolicySource) -> Markup:
    sha256 = policy.sha256.removeprefix("sha256:")
    return joined(
        element("code", prose(policy.path)), element("code", word(f"sha256:{sha256}")), by=" "
    )

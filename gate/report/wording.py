"""The words that reports share: sentences, numbers, times, orders, and the facts of a finding.

Texts of images, findings and policies are untrusted. What is made of them here is escaped only
where a function says so; the others leave that to the format, which knows where the text ends up.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING

from gate.findings import Fact, IdentifiedBy, Level, ScanState, Shown
from gate.untrusted import for_json, for_terminal, visible
from gate.verdict import STRICTEST_FIRST, Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, timedelta

    from gate.findings import Finding, Image, Scan, Status
    from gate.verdict import Decision, ImageVerdict, PolicySource, Service, Verdict, WaiverUse

SANDBOX = "SANDBOX"
ABOUT_SAMPLE_DATA = "this verdict is about sample data, and says nothing about a real image."
SANDBOX_SENTENCE = f"{SANDBOX}: {ABOUT_SAMPLE_DATA}"
NOTHING_JUDGED = "No image was judged."
REST_IS_IN_JSON = "The JSON report has all of them."
DECIDED = {
    Action.BLOCK: "blocked",
    Action.WARN: "warned",
    Action.WAIVED: "waived",
    Action.ALLOW: "allowed",
}

OUTCOMES_WORST_FIRST = (Outcome.BLOCK, Outcome.UNDECIDED, Outcome.PASS)
# A level that the gate doesn't know is blocked like a high one.
LEVELS_WORST_FIRST = (Level.UNKNOWN, Level.HIGH, Level.MEDIUM, Level.LOW)

_CODE_FIRST = {Shown.CODE: 0, Shown.PLACE: 1, Shown.PROSE: 2}
_LET_THROUGH = ", LET THROUGH by policy"
_MOST_NAMES = 3
_LEVEL_WORD = 40
_UNITS = ((2 * 86400, 86400, "days"), (2 * 3600, 3600, "h"), (120, 60, "min"), (0, 1, "s"))
_DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")


def folded(text: str) -> str:
    """Return the text with its white space, line ends too, made one space; not escaped."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """Return the text, or its beginning and three dots, in ``most`` characters."""
    return text if len(text) <= most else text[: most - 3] + "..."


def one_line(text: str, most: int | None = None) -> str:
    """Return the text on one line where every character can be seen, cut to ``most`` of them."""
    if most is None:
        return visible(folded(text))
    # Cut twice: what is thrown away needs no escaping, and escaping makes a text longer.
    return cut(visible(folded(cut(text, most))), most)


def sentence(text: str) -> str:
    """Return the text on one line, escaped for a terminal or a log."""
    return for_terminal(folded(text))


def json_document(value: object) -> str:
    """Return a JSON document, its last line ended, that may be printed anywhere."""
    document = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    return for_json(document) + "\n"


def counted(number: int, noun: str) -> str:
    """Return ``1 finding``, ``2 findings``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def age(duration: timedelta) -> str:
    """Return about how long that is, as in ``2 h``; not less than nothing."""
    seconds = max(0, int(duration.total_seconds()))
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{seconds // unit} {name}"
    raise AssertionError("the last unit takes everything")


def moment(time: datetime) -> str:
    """Return a time in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def short(reference: str) -> str:
    """Return a reference without its host, and with the beginning of its digest only."""
    without_host = reference.partition("/")[2] or reference
    return _DIGEST.sub(r"\1", without_host)


def full_name(image: ImageVerdict) -> str:
    """Return the reference as the caller gave it, and the platform where one was judged."""
    return image.reference + (f" ({image.platform})" if image.platform else "")


def service_in_words(service: Service) -> str:
    """Return who was asked, for a reader; ``nobody`` where nothing had to be asked."""
    if service.asked is not None and ", ".join(service.asked) != service.endpoint:
        return ", ".join(service.asked) or "nobody"
    if not service.endpoint:
        return "nobody"
    return service.endpoint + (f" ({service.region})" if service.region else "")


def service_as_json(service: Service) -> dict[str, object]:
    """Return what reports for programs say of the service."""
    return {
        "endpoint": service.endpoint,
        "region": service.region,
        "sandbox": service.sandbox,
    }


def policies_as_json(policies: Sequence[PolicySource]) -> list[dict[str, str]]:
    """Return what reports for programs say of the policies."""
    return [{"path": policy.path, "sha256": policy.sha256} for policy in policies]


def policy_in_words(policy: PolicySource, digits: int | None = None) -> str:
    """Return the policy's path with its digest, or the first digits of it."""
    return f"{policy.path} sha256:{policy.sha256[:digits]}"


def every_note(verdict: Verdict) -> tuple[str, ...]:
    """Return the notes of the run, then those of its images, each once."""
    of_images = (note for image in verdict.images for note in image.notes)
    return tuple(dict.fromkeys((*verdict.notes, *of_images)))


def scan_in_brief(scan: Scan) -> str:
    """Return state and age of a scan and how many checks are on."""
    parts = []
    if scan.state is ScanState.FINISHED:
        parts.append("scan finished" if scan.age is None else f"scanned {age(scan.age)} ago")
    else:
        parts.append(f"scan {scan.state.value}")
    return ", ".join([*parts, *_checks(scan)])


def scan_in_full(scan: Scan) -> str:
    """Return state, age and end of a scan, and how many checks are on."""
    parts = [scan.state.value]
    last = "" if scan.state is ScanState.FINISHED else "the last one finished "
    if scan.age is not None:
        parts.append(f"{last}{age(scan.age)} ago")
    if scan.finished_at is not None:
        parts.append(f"{last if scan.age is None else ''}at {moment(scan.finished_at)}")
    return ", ".join([*parts, *_checks(scan)])


def _checks(scan: Scan) -> list[str]:
    return [] if scan.checks_on is None else [f"{counted(scan.checks_on, 'check')} on"]


def identification(image: ImageVerdict) -> str:
    """Return what tied the image to its record; empty if nothing did."""
    if image.identified_by is IdentifiedBy.TAG:
        return "tag only: a later push may have moved it"
    return image.identified_by.value if image.identified_by else ""


def record_in_parts(record: Image) -> tuple[str, ...]:
    """Return what finds a record again: its identifier, name, region and instance."""
    name = f"{record.namespace}/{record.repository}:{record.tag}"
    return tuple(filter(None, (record.uuid, name, record.region, record.instance)))


def counts_in_brief(image: ImageVerdict) -> str:
    """Return how many findings there are of each decision, as in ``2 blocked, 1 warned``."""
    counts = image.count().items()
    return ", ".join(f"{number} {DECIDED[action]}" for action, number in counts if number)


def totals(images: Iterable[ImageVerdict]) -> list[tuple[str, ...]]:
    """Return how many findings each decision and level has, as rows; none for no findings.

    The first row names the levels; the others have the word of a decision before the numbers.
    """
    counts = Counter(
        (decision.action, decision.finding.level)
        for image in images
        for decision in image.decisions
    )
    if not counts:
        return []
    present = {level for _, level in counts}
    levels = [
        level for level in LEVELS_WORST_FIRST if level is not Level.UNKNOWN or level in present
    ]
    rows = [
        (DECIDED[action], *(f"{counts[action, level]:,}" for level in levels))
        for action in STRICTEST_FIRST
        if any(counts[action, level] for level in levels)
    ]
    return [tuple(levels), *rows]


def is_let_through(image: ImageVerdict) -> bool:
    """Tell whether the image is undecided and yet, by the policy's ``warn_on``, not a failure."""
    return image.outcome is Outcome.UNDECIDED and not image.exit_code


def let_through(image: ImageVerdict) -> str:
    """Return what follows the word for an undecided image that doesn't fail the run."""
    return _LET_THROUGH if is_let_through(image) else ""


def undecided(image: ImageVerdict) -> str:
    """Return ``undecided`` with its reason, and whether the image is let through."""
    return f"undecided ({image.reason}){let_through(image)}"


def undecided_sentence(image: ImageVerdict) -> str:
    """Return which image is undecided, why, and what to do."""
    return f"{image.reference} is {undecided(image)}: {image.message}"


def outcome_weight(image: ImageVerdict) -> int:
    """Return what images are sorted by to have the worst first."""
    return OUTCOMES_WORST_FIRST.index(image.outcome)


def weight(decision: Decision) -> tuple[int, int]:
    """Return what decisions are sorted by to have the worst first: strictness, then level."""
    return (
        STRICTEST_FIRST.index(decision.action),
        LEVELS_WORST_FIRST.index(decision.finding.level),
    )


def level_in_words(finding: Finding) -> str:
    """Return the level, with the service's own word for one that the gate doesn't know."""
    return f"{finding.level.value} {own_level_word(finding)}".rstrip()


def own_level_word(finding: Finding) -> str:
    """Return the service's word for a level that the gate doesn't know, in brackets."""
    if finding.level is Level.UNKNOWN and finding.level_word:
        return f"({cut(finding.level_word, _LEVEL_WORD)})"
    return ""


def status_in_words(status: Status) -> str:
    """Return what somebody did about a finding in the console."""
    return status.value.replace("_", " ")


def place_of(finding: Finding) -> str:
    """Return file and line that the finding points at; empty if it points nowhere."""
    place = finding.location
    return f"{place.path}:{place.line}" if place else ""


def entry_in_words(decision: Decision) -> str:
    """Return where the entry that decided stands, and its name there; empty if none did."""
    place = decision.policy
    return ": ".join(filter(None, (f"{place.path}:{place.line}", decision.entry))) if place else ""


def waiver_in_words(waiver: WaiverUse) -> str:
    """Return until when the waiver holds, why, who answers for it, and where it stands."""
    until = f"{'EXPIRED on' if waiver.expired else 'until'} {waiver.expires.isoformat()}"
    place = f"{waiver.path}:{waiver.line}" if waiver.path else ""
    who = ", ".join(filter(None, (waiver.owner, waiver.ticket, place)))
    return f"{until}: {waiver.reason}" + (f" ({who})" if who else "")


def no_advice_on(name: str) -> str:
    """Return what stands where there is no advice on a risk."""
    return f"No advice is known for {name}."


def code_of(finding: Finding) -> str:
    """Return what the finding is in, such as a build command; empty if that isn't known."""
    return next((fact.text for fact in finding.facts if fact.shown is Shown.CODE), "")


def facts_of(decision: Decision, *, without: Sequence[str] = ()) -> list[Fact]:
    """Return all that is known of a finding and its decision: code, then places, then prose.

    ``without`` are the keys of what a format shows elsewhere, or not at all.
    """
    finding, waiver = decision.finding, decision.waiver
    classes = {each.casefold(): each for each in (finding.risk_class, finding.class_name) if each}
    facts = (
        *finding.facts,
        Fact("place", "Place", place_of(finding), Shown.PLACE),
        Fact("why", "Why", decision.because),
        Fact("policy", "Policy", entry_in_words(decision)),
        Fact("rule", "Rule", decision.rule or ""),
        Fact("waiver", "Waiver", waiver_in_words(waiver) if waiver else ""),
        Fact("level", "Level", level_in_words(finding)),
        Fact("status", "Status", status_in_words(finding.status)),
        Fact("class", "Class", ", ".join(reversed(classes.values()))),
    )
    shown = [fact for fact in facts if fact.key not in without and fact.text.strip()]
    shown.sort(key=lambda fact: _CODE_FIRST[fact.shown])
    return shown


def verdict_line(
    verdict: Verdict,
    *,
    name: Callable[[ImageVerdict], str] = full_name,
    full: bool = False,
    policies: bool = False,
) -> str:
    """Return the verdict in one line with the images' names and its exit code, for a terminal.

    ``name`` names an image. ``full`` adds what to do, and ``policies`` which policies judged, where
    nothing else says it.
    """
    if len(verdict.images) == 1:
        about = _about_one(verdict.images[0], name, full=full)
    else:
        about = _about_several(verdict, name)
    sandbox = f"{SANDBOX}  " if verdict.service.sandbox else ""
    judges = f" [{policies_in_brief(verdict.policies)}]" if policies and verdict.policies else ""
    return for_terminal(
        f"{verdict.outcome.value.upper()}  {sandbox}{about}{judges} (exit {int(verdict.exit_code)})"
    )


def policies_in_brief(policies: Sequence[PolicySource]) -> str:
    """Return which policies judged, and which of them could not block anything."""
    names = [
        folded(policy.path) + (" (blocks nothing)" if policy.blocks_nothing else "")
        for policy in policies
    ]
    return f"{'policy' if len(names) == 1 else 'policies'} {', '.join(names)}"


def _about_one(image: ImageVerdict, name: Callable[[ImageVerdict], str], *, full: bool) -> str:
    findings = counted(len(image.decisions), "finding")
    if image.outcome is Outcome.BLOCK:
        words = f"{image.count()[Action.BLOCK]} of {findings} blocked"
    elif image.outcome is Outcome.PASS:
        counts = counts_in_brief(image)
        words = f"{scan_in_brief(image.scan)}, {findings}" + (f" ({counts})" if counts else "")
    else:
        words = image.reason + let_through(image)
        words += f": {sentence(image.message)}" if full else ""
    return f"{name(image)}: {words}"


def _about_several(verdict: Verdict, name: Callable[[ImageVerdict], str]) -> str:
    total = len(verdict.images)
    if not total:
        return "no image was judged"
    if verdict.outcome is Outcome.PASS:
        findings = sum(len(image.decisions) for image in verdict.images)
        return f"all {total} images: {counted(findings, 'finding')}, none blocked"
    those = [image for image in verdict.images if image.outcome is verdict.outcome]
    if not those:
        return f"{counted(total, 'image')} passed, and others may be missing"
    words = f"{len(those)} of {counted(total, 'image')}: {_names(those, name)}"
    if verdict.outcome is Outcome.BLOCK:
        number = sum(image.outcome is Outcome.UNDECIDED for image in verdict.images)
        return words + (f"; {number} undecided" if number else "")
    return words + (_LET_THROUGH if not verdict.exit_code else "")


def _names(images: Sequence[ImageVerdict], name: Callable[[ImageVerdict], str]) -> str:
    """Name the first images; those that are named and those that aren't are all of them."""
    more = len(images) - _MOST_NAMES
    shown = ", ".join(map(name, images[:_MOST_NAMES]))
    return shown + (f" and {more} more" if more > 0 else "")

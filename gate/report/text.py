"""The report for people, on a terminal or in a log; its last line is the verdict.

Findings are grouped by risk, the worst first. What the findings of a group have in common, such as
advice, stands below them once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gate.findings import Shown, Status
from gate.report import wording
from gate.report.layout import Layout
from gate.untrusted import for_terminal
from gate.verdict import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gate.findings import Fact
    from gate.report import Style
    from gate.verdict import Decision, ImageVerdict, Verdict

_STYLES = {
    "pass": "bold green",
    "block": "bold red",
    "undecided": "bold yellow",
    "blocked": "bold red",
    "warn": "yellow",
    "warned": "yellow",
    "waived": "cyan",
    "allow": "green",
    "allowed": "green",
    "unknown": "red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
}
"""How the words of outcomes, decisions and levels are coloured."""

_IN_FIRST_LINE = ("level", "status")  # facts that the line above them shows
_DECISIONS = 8
_DETAILS = 9
_ALL_DETAILS = 13
# A build command can be a whole script.
_LONGEST_CODE = 400
_LABELS = 8
_LEVELS = 6
_SUMMARY = 11
_NUMBER = re.compile(r"([0-9]{1,18})")


def render(verdict: Verdict, style: Style) -> str:
    """Return the report; only prose is folded, and only to a width that the style has."""
    page = TextPage(style.width, colour=style.colour)
    if not style.quiet:
        page.sandbox(verdict)
        _Images(page, style).write(verdict.images)
        page.gap()
        page.levels(verdict.images)
        page.run(verdict)
        page.gap()
        if len(verdict.images) > 1:
            _write_summary(verdict, page)
            page.gap()
    page.verdict(verdict, style)
    return page.written()


def coloured(word: str, text: str = "") -> tuple[str, str]:
    """Return the word of an outcome, a decision or a level, or another text, with its colour."""
    return text or word, _STYLES.get(word.lower(), "")


def _coloured_row(word: str, *numbers: str) -> tuple[str | tuple[str, str], ...]:
    return coloured(word, f"  {word}"), *numbers


class TextPage(Layout):
    """What texts about a run have in common."""

    def sandbox(self, verdict: Verdict) -> None:
        """Say that the verdict is about sample data, if it is."""
        if verdict.service.sandbox:
            self.line((wording.SANDBOX, "bold magenta"), f": {wording.ABOUT_SAMPLE_DATA}")
            self.gap()

    def levels(self, images: Iterable[ImageVerdict]) -> None:
        """Write how many findings each decision and level has, in a table; nothing for none."""
        totals = wording.totals(images)
        if totals:
            heading, *rows = totals
            first: tuple[str | tuple[str, str], ...] = ("findings", *map(coloured, heading))
            table = [first, *(_coloured_row(*row) for row in rows)]
            self.table(table, indent=0, numbers=range(1, len(heading) + 1))
            self.gap()

    def run(self, verdict: Verdict) -> None:
        """Write what holds for the whole run: notes, policies, and who was asked."""
        for note in verdict.notes:
            self.entry("note", wording.sentence(note), room=_LABELS, style="yellow")
        for policy in verdict.policies:
            path, digest = wording.sentence(policy.path), f"sha256:{policy.sha256}"
            self.pair("policy", path, digest, room=_LABELS)
        self.entry("asked", for_terminal(wording.service_in_words(verdict.service)), room=_LABELS)

    def verdict(
        self,
        verdict: Verdict,
        style: Style,
        name: Callable[[ImageVerdict], str] = wording.full_name,
    ) -> None:
        """Write the verdict on one line; a quiet one has what stands above it otherwise."""
        line = wording.verdict_line(verdict, name=name, full=style.quiet, policies=style.quiet)
        word, rest = line.split(" ", 1)
        self.line(coloured(word), f" {rest}", whole=True)


class _Images:
    """Writes images, one below the other; advice that stands there already is only pointed at."""

    def __init__(self, page: TextPage, style: Style) -> None:
        self._page = page
        self._style = style
        self._risk_of_advice: dict[str, str] = {}

    def write(self, images: Iterable[ImageVerdict]) -> None:
        for number, image in enumerate(images):
            if number:
                self._page.gap()
                self._page.rule("-" if self._style.ascii else "\u2500")
            self._write_image(image)

    def _write_image(self, image: ImageVerdict) -> None:
        """Write the image, its scan, the verdict on it, and the findings, the worst first."""
        page = self._page
        page.line((for_terminal(wording.full_name(image)), "bold"), whole=True)
        page.entry(
            "verdict",
            coloured(image.outcome, f"{image.outcome.value.upper()}{wording.let_through(image)}"),
            f"{_reason(image)}: {wording.sentence(image.message)}",
            indent=1,
            room=_LABELS,
        )
        for label, text in _evidence(image, self._style):
            page.entry(label, text, indent=1, room=_LABELS)
        for note in image.notes:
            page.entry("note", wording.sentence(note), indent=1, room=_LABELS, style="yellow")
        if image.decisions:
            page.gap()
        hidden = 0
        for group in _groups(image.decisions):
            if self._style.verbose or group[0].action is not Action.ALLOW:
                self._write_group(group)
            else:
                hidden += len(group)
        if hidden:
            page.line(f"  {hidden} allowed (-v shows {'it' if hidden == 1 else 'them'})")

    def _write_group(self, group: Sequence[Decision]) -> None:
        """Write one risk: what each finding of it has for itself, then what all have in common."""
        first = group[0]
        level = wording.sentence(wording.level_in_words(first.finding))
        self._page.entry(
            first.action.value.upper(),
            coloured(first.finding.level, level),
            f"{' ' * (_LEVELS - len(level))}  {_risk(first)}{_number(group)}",
            indent=2,
            room=_DECISIONS,
            style=_STYLES[first.action],
        )
        facts = [tuple(self._shown(decision)) for decision in group]
        common = [fact for fact in facts[0] if all(fact in others for others in facts)]
        for own in dict.fromkeys(facts):
            self._write_facts((fact for fact in own if fact not in common), first)
        self._write_facts(common, first)

    def _shown(self, decision: Decision) -> list[Fact]:
        """Return what is to be said of a finding; without ``-v`` only what is acted on."""
        facts = wording.facts_of(decision, without=_IN_FIRST_LINE)
        if self._style.verbose:
            return facts
        if decision.action is Action.WAIVED:
            return [fact for fact in facts if fact.key == "waiver"]
        keys = {"place"}
        if decision.action is Action.BLOCK:
            keys.add("advice")
        if decision.waiver and decision.waiver.expired:
            keys.add("waiver")
        return [fact for fact in facts if fact.shown is Shown.CODE or fact.key in keys]

    def _write_facts(self, facts: Iterable[Fact], decision: Decision) -> None:
        for fact in facts:
            text = _text(fact, verbose=self._style.verbose)
            if fact.key == "advice":
                text = self._once(fact.text, decision.finding.risk) or text
            self._page.entry(
                fact.key,
                text,
                indent=2 + _DECISIONS,
                room=_ALL_DETAILS if self._style.verbose else _DETAILS,
                whole=fact.shown is Shown.PLACE,
            )

    def _once(self, advice: str, risk: str) -> str:
        """Return where an advice stands already; empty the first time."""
        before = self._risk_of_advice.get(advice)
        if before is None:
            self._risk_of_advice[advice] = risk
            return ""
        return "as above" if before == risk else f"as for {wording.sentence(before)} above"


def _groups(decisions: Iterable[Decision]) -> list[list[Decision]]:
    """Return findings of one risk that are decided alike, the worst first.

    Those of a group are in the order of their code, whose numbers count as numbers.
    """
    groups: dict[tuple[object, ...], list[Decision]] = {}
    for decision in decisions:
        groups.setdefault(_kind(decision), []).append(decision)
    for group in groups.values():
        group.sort(key=_by_code)
    return sorted(groups.values(), key=lambda group: (wording.weight(group[0]), _kind(group[0])))


def _kind(decision: Decision) -> tuple[str, ...]:
    finding = decision.finding
    words = (finding.kind, finding.risk, finding.name, finding.status, finding.level)
    return (*words, finding.level_word, decision.action)


def _by_code(decision: Decision) -> tuple[list[tuple[int, str]], int]:
    parts = _NUMBER.split(wording.code_of(decision.finding))
    place = decision.finding.location
    # Every other part is a number.
    code = [(int(part), "") if at % 2 else (0, part) for at, part in enumerate(parts)]
    return code, place.line if place else 0


def _risk(decision: Decision) -> str:
    finding = decision.finding
    name = f"{finding.risk}: {finding.name}" if finding.name else finding.risk
    unhandled = finding.status is Status.UNHANDLED
    status = "" if unhandled else f" [{wording.status_in_words(finding.status)}]"
    return f"{wording.sentence(name)}{status}"


def _number(group: Sequence[Decision]) -> str:
    return "" if len(group) == 1 else f" ({len(group)} findings)"


def _reason(image: ImageVerdict) -> str:
    return "" if image.outcome is Outcome.BLOCK else f" ({image.reason})"


def _evidence(image: ImageVerdict, style: Style) -> Iterator[tuple[str, str]]:
    record = image.image
    if record is None:
        yield "record", "none of Security Center's was identified as this image"
    else:
        ties = wording.identification(image)
        how = f"identified by {ties}" if ties else "not identified"
        if style.verbose:
            uuid, *where = wording.record_in_parts(record)
            how += f"; {uuid}, {', '.join(where)}"
        yield "digest", for_terminal(record.digest) or "unknown"
        yield "record", for_terminal(how)
    yield "scan", wording.scan_in_full(image.scan)
    if image.scan.checks_off:
        yield "off", for_terminal(f"{', '.join(image.scan.checks_off)} (not checked)")


def _text(fact: Fact, *, verbose: bool) -> str:
    if fact.shown is not Shown.CODE:
        return wording.sentence(fact.text)
    if verbose or len(fact.text) <= _LONGEST_CODE:
        return for_terminal(fact.text)
    # Between two words: half a path or half a digest would look like another one.
    beginning = fact.text[:_LONGEST_CODE].rpartition(" ")[0] or fact.text[:_LONGEST_CODE]
    more = len(fact.text) - len(beginning)
    return f"{for_terminal(beginning)} ... ({more} more characters: -v)"


def _write_summary(verdict: Verdict, page: TextPage) -> None:
    for image in verdict.images:
        undecided = image.outcome is Outcome.UNDECIDED
        counts = wording.counts_in_brief(image)
        brief = ", ".join(filter(None, (image.reason if undecided or not counts else "", counts)))
        page.entry(
            image.outcome.value.upper(),
            for_terminal(f"{wording.full_name(image)}: {brief}{wording.let_through(image)}"),
            room=_SUMMARY,
            style=_STYLES[image.outcome],
            whole=True,
        )

"""``gate policy waive``: print a policy file with waivers for what blocks today."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cases import (
    BaselineCollection,
    Criteria,
    WaiverTexts,
    baseline_as_policy,
    open_cases,
    record_in_words,
    short_names,
)
from gate.cli import groups
from gate.cli.terminal import now, say, show
from gate.clock import parse_day, say_duration
from gate.errors import ExitCode, UsageError
from gate.findings import Status
from gate.policy import BUILT_IN, Globs
from gate.report import counted, json_document
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from gate.cases import Baseline
    from gate.cli.groups import PolicyFiles
    from gate.policy import Policies
    from gate.reference import ImageReference

_LONGEST_GLOB = 512  # characters, as the policy's schema says
_STATUSES = [status.value for status in Status if status is not Status.UNKNOWN]

_NOT_A_PATTERN = "{0!r} is not a pattern of 1 to 512 characters without white space."
_BACKWARDS = "{0} is before {1}: write the first day, two dots, and the last day."
_PASSED = "--expires says {0}, which is before the day that is judged, {1}."
_TOO_LATE = "--expires says {0}, but max_waiver of {1} is {2}: its latest day is {3}."
_COUNTS_ITS_OWN = (
    "{0}:{1} counts its own waivers only: put these into that file, or let it say waivers: any"
)
_TO_A_FILE = "note: `gate policy init` writes the built-in policy to a file."
_PASSING = (
    "note: {0} of these statuses don't block by these policies, so nothing waives them. To block "
    "them, list the status in `block`."
)
_STUBS = 'note: fill in each "" before the gate reads the file: {0}'
_NO_IMAGE = "error: of no image it can be told what blocks it, so nothing is printed."
_NO_IMAGE_REMEDY = "       Give a record with finished scans, and an --image that it holds."


class Days(click.ParamType):  # type: ignore[type-arg]
    """A day, ``YYYY-MM-DD``, or the first and the last one of a plan, ``A..B``."""

    name = "days"

    def convert(
        self,
        value: str | tuple[date, date],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[date, date]:
        """Return the first and the last day."""
        if isinstance(value, tuple):
            return value
        begin, dots, end = value.partition("..")
        try:
            first = parse_day(begin)
            last = parse_day(end) if dots else first
        except ValueError as problem:
            self.fail(str(problem), param, ctx)
        if last < first:
            self.fail(_BACKWARDS.format(end, begin), param, ctx)
        return first, last


def _globs(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Globs | None:
    """Return patterns as one set; ``None`` for none."""
    for pattern in value:
        if not 0 < len(pattern) <= _LONGEST_GLOB or any(map(str.isspace, pattern)):
            raise click.BadParameter(_NOT_A_PATTERN.format(pattern), ctx, param)
    return Globs(value) if value else None


@click.command("waive")
@groups.records
@groups.offline_policies
@click.option(
    "--expires",
    "days",
    metavar="DATE[..DATE]",
    type=Days(),
    required=True,
    help="The last day of all waivers, or of the first and the last one: then they end one by one, "
    "the worst first.",
)
@click.option("--reason", metavar="TEXT", default="", help="Why this is bearable for now.")
@click.option("--owner", metavar="TEXT", default="", help="Who answers for it.")
@click.option("--ticket", metavar="TEXT", default="", help="Where its end is tracked.")
@click.option(
    "--image", "images", metavar="GLOB", multiple=True, callback=_globs, help="Only these images."
)
@click.option(
    "--risk", "risks", metavar="GLOB", multiple=True, callback=_globs, help="Only these risks."
)
@click.option(
    "--status",
    "statuses",
    type=click.Choice(_STATUSES),
    multiple=True,
    help="Only findings with this status.",
)
@groups.at
@groups.text_or_json
@click.option("-v", "--verbose", is_flag=True, help="Say what was read, too.")
def command(  # noqa: PLR0913 - one for each option
    *,
    records: tuple[str, ...],
    policies: PolicyFiles,
    days: tuple[date, date],
    reason: str,
    owner: str,
    ticket: str,
    images: Globs | None,
    risks: Globs | None,
    statuses: tuple[str, ...],
    at: date | None,
    format_: str,
    verbose: bool,
) -> ExitCode:
    """Print a policy file that waives what blocks today.

    So an account with many old findings begins: they are waived until a day, and new ones block.
    The file has one waiver for each repository; `gate policy prune` takes out of it what was fixed.
    What isn't waived is named on standard error.
    """
    real = now().date()
    today = at or real
    loaded = policies.load(today)
    first, last = days
    if first < today:
        raise UsageError(_PASSED.format(first, today), "Give a day that is still to come.")
    _check_limits(loaded, last, max(real, today))
    wanted = frozenset(map(Status, statuses)) or None
    collection = BaselineCollection(
        loaded.on(today), Criteria(images=images, risks=risks, statuses=wanted)
    )
    for spec in records:
        cases = open_cases(spec, directory=Path.cwd())
        count = collection.read(cases)
        if verbose:
            say(f"on  {for_terminal(record_in_words(cases, count))}")
    baseline = collection.baseline(first, last)
    names = short_names(each.image for each in baseline.unwaived)
    needs = frozenset[str]().union(*(policy.waiver_needs for policy in loaded.policies))
    texts = _texts(reason, owner, ticket, needs)
    if baseline.decided:
        text = baseline_as_policy(baseline.waivers, texts, today=max(real, today))
    for line in _remarks(baseline, names, texts, statuses):
        say(for_terminal(line))
    if not baseline.decided:
        say(_NO_IMAGE)
        say(_NO_IMAGE_REMEDY)
        return ExitCode.UNDECIDED
    show(text.rstrip("\n") if format_ == "text" else _as_json(baseline, names, text))
    return ExitCode.PASSED


def _check_limits(policies: Policies, last: date, today: date) -> None:
    """Refuse an end that a policy's ``max_waiver`` doesn't allow."""
    for policy in policies.policies:
        limit = policy.max_waiver
        if limit is not None and not policy.allows_until(last, today):
            raise UsageError(
                _TOO_LATE.format(last, policy.path, say_duration(limit), today + limit),
                "Give an earlier day.",
            )


def _texts(reason: str, owner: str, ticket: str, needs: frozenset[str]) -> WaiverTexts:
    """Return what stands in each waiver; what is needed and wasn't given, is a stub."""
    owner, ticket = owner.strip(), ticket.strip()
    return WaiverTexts(
        reason=reason.strip(),
        owner=owner if owner or "owner" in needs else None,
        ticket=ticket if ticket or "ticket" in needs else None,
        only_ascii="utf" not in (sys.stdout.encoding or "").lower(),
    )


def _remarks(
    baseline: Baseline,
    names: Mapping[ImageReference, str],
    texts: WaiverTexts,
    statuses: tuple[str, ...],
) -> Iterator[str]:
    """Yield what a person should know beside the file."""
    for each in baseline.unwaived:
        risk = f" {each.risk}" if each.risk else ""
        yield f"not waived: {names[each.image]}{risk}: {each.why}"
    for place in baseline.own_only:
        yield _COUNTS_ITS_OWN.format(place.path, place.line)
        if place.path == BUILT_IN:
            yield _TO_A_FILE
    if statuses and baseline.passing:
        yield _PASSING.format(counted(baseline.passing, "finding"))
    if baseline.waivers and texts.stubs:
        yield _STUBS.format(", ".join(texts.stubs))


def _as_json(baseline: Baseline, names: Mapping[ImageReference, str], text: str) -> str:
    document = {
        "kind": "policy-waive",
        "exit_code": int(ExitCode.PASSED),
        "items": [
            {
                "images": [waiver.repository],
                "kind": waiver.kind,
                "risks": list(waiver.risks),
                "level": waiver.level.value,
                "expires": waiver.expires.isoformat(),
            }
            for waiver in baseline.waivers
        ],
        "not_waived": [
            {"reference": names[each.image], "risk": each.risk or None, "reason": each.why}
            for each in baseline.unwaived
        ],
        "own_waivers_only": [
            {"path": place.path, "line": place.line} for place in baseline.own_only
        ],
        "file": text,
    }
    return json_document(document).rstrip("\n")

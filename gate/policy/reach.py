"""Which entries and waivers of a policy a finding reaches: what tests of policies count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import Level, Status
from gate.verdict import Action

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.findings import Finding
    from gate.policy.judge import PolicyJudge
    from gate.policy.model import Entry, Waiver


def reached_by(finding: Finding, judge: PolicyJudge) -> Iterator[Entry | Waiver]:
    """Yield what decides on a finding within one policy, whatever other policies say.

    That is the first rule that matches, else all ``block`` selectors that do, else the first such
    ``warn`` selector; and each waiver that covers the finding and counts for one of these, ended or
    not. One of them may stand twice.
    """
    for entry in _deciding(finding, judge):
        yield entry
        if entry.action is not Action.ALLOW:
            yield from (
                waiver for waiver in judge.waivers[entry.waivers] if waiver.match.takes(finding)
            )


def _deciding(finding: Finding, judge: PolicyJudge) -> Iterator[Entry]:
    """Yield the entries; one that isn't certain to be about the image lets the next count, too."""
    if finding.level is Level.UNKNOWN or finding.status is Status.UNKNOWN:
        return
    blocking = False
    for entry, certain in judge.entries:
        if blocking and entry.action is not Action.BLOCK:
            return
        if entry.is_ahead(judge.today) or not entry.match.takes(finding):
            continue
        if not certain and entry.action is Action.ALLOW:
            continue
        yield entry
        if entry.rule is not None or entry.action is Action.WARN:
            if certain:
                return
        else:
            blocking = blocking or certain

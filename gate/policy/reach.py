"""Which entries and waivers of a policy a finding reaches: what tests of policies count."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    not. One of them may stand twice. A rule that isn't certain lets the next count, too.
    """
    recorder = judge.recorder((), (), judge.today)
    recorder.ended(judge.rule_on(finding, recorder).decision.action, finding)
    for entry in recorder.taken:
        yield entry
        if entry.action is not Action.ALLOW:
            yield from (
                waiver for waiver in judge.waivers[entry.waivers] if waiver.match.takes(finding)
            )

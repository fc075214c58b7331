"""Judge the findings of one image by one policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Level, Status
from gate.policy.model import Rule, Waiver, Whose
from gate.verdict import Action, Decision, WaiverUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from gate.findings import Finding
    from gate.policy.because import Wording
    from gate.policy.model import Match, Policy, Selector


class Ruling(Struct, frozen=True):
    """What one policy says of a kind of finding; ``used`` are all waivers that cover it."""

    action: Action
    because: str
    rule: str | None = None
    waiver: WaiverUse | None = None
    used: tuple[Waiver, ...] = ()

    def on(self, finding: Finding) -> Decision:
        """Return the decision about a finding of that kind."""
        return Decision(
            finding=finding,
            action=self.action,
            because=self.because,
            rule=self.rule,
            waiver=self.waiver,
        )


class ImageJudge:
    """One policy's judgement of images that the same rules and waivers are about.

    ``waivers`` are those that count for each kind of ``Whose``. Each kind of finding is judged
    once: images have many findings of few kinds.
    """

    def __init__(
        self,
        policy: Policy,
        rules: Sequence[Rule],
        waivers: Mapping[Whose, Sequence[Waiver]],
        today: date,
        wording: Wording,
    ) -> None:
        self._policy = policy
        self._today = today
        self._wording = wording
        self._rules = rules
        self._waivers = waivers
        self._rulings: dict[tuple[str, str, Level, str, Status], Ruling] = {}

    def rule_on(self, finding: Finding) -> Ruling:
        """Return what the policy says of a finding."""
        kind = (
            finding.risk,
            finding.risk_class,
            finding.level,
            finding.level_word,
            finding.status,
        )
        ruling = self._rulings.get(kind)
        if ruling is None:
            ruling = self._rulings[kind] = self._decide(finding)
        return ruling

    def _decide(self, finding: Finding) -> Ruling:
        if finding.level is Level.UNKNOWN or finding.status is Status.UNKNOWN:
            return Ruling(Action.BLOCK, self._wording.unknown(finding))
        for rule in self._rules:
            if _matches(rule.match, finding):
                return self._by_rule(rule, finding)
        blocking = list(_selecting(self._policy.block, finding))
        if blocking:
            rulings = [
                self._waivable(
                    Action.BLOCK, self._wording.listed(finding, "block"), finding, selector.waivers
                )
                for selector in blocking
            ]
            # Each selector of the list stands for itself: a waiver must count for all that match.
            return min(rulings, key=lambda ruling: ruling.action is not Action.BLOCK)
        if any(_selecting(self._policy.warn, finding)):
            because = self._wording.listed(finding, "warn")
            return self._waivable(Action.WARN, because, finding, Whose.OWN)
        return Ruling(Action.ALLOW, self._wording.unlisted(finding))

    def _by_rule(self, rule: Rule, finding: Finding) -> Ruling:
        because = self._wording.ruled(rule)
        if rule.action is Action.ALLOW:
            return Ruling(Action.ALLOW, because, rule.label)
        return self._waivable(rule.action, because, finding, rule.waivers, rule.label)

    def _waivable(
        self,
        action: Action,
        because: str,
        finding: Finding,
        whose: Whose,
        label: str | None = None,
    ) -> Ruling:
        covering = [w for w in self._waivers[whose] if w.risks.match(finding.risk)]
        used = tuple(covering)
        holding = next((w for w in covering if w.expires >= self._today), None)
        if holding is not None:
            waived = self._wording.waived(because, holding)
            return Ruling(Action.WAIVED, waived, label, _use(holding), used)
        if not covering:
            return Ruling(action, because, label)
        ended = max(covering, key=lambda waiver: waiver.expires)
        expired = self._wording.expired(because, ended)
        return Ruling(action, expired, label, _use(ended, expired=True), used)


def _matches(match: Match, finding: Finding) -> bool:
    """Tell whether a rule matches a finding of an image that it is about."""
    return (
        finding.level in match.levels
        and finding.status in match.statuses
        and (match.classes is None or finding.risk_class in match.classes)
        and (match.risks is None or match.risks.match(finding.risk))
    )


def _selecting(selectors: Sequence[Selector], finding: Finding) -> Iterator[Selector]:
    return (s for s in selectors if s.selects(finding.level, finding.status))


def _use(waiver: Waiver, *, expired: bool = False) -> WaiverUse:
    return WaiverUse(
        reason=waiver.reason,
        expires=waiver.expires,
        expired=expired,
        owner=waiver.owner,
        ticket=waiver.ticket,
    )

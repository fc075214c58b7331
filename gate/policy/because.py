"""The sentences that say why a finding was decided so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Level
from gate.policy.problem import shown

if TYPE_CHECKING:
    from gate.findings import Finding
    from gate.policy.model import Rule, Waiver


class Wording(Struct, frozen=True):
    """How one policy gives its reasons; ``path`` is given where there are several policies."""

    path: str = ""

    def unknown(self, finding: Finding) -> str:
        """Say that a word of Security Center is not known."""
        if finding.level is not Level.UNKNOWN:
            what = "Its status can't be told"
        elif finding.level_word:
            what = f"Its level is a word that this gate doesn't know, {shown(finding.level_word)}"
        else:
            what = "Security Center tells no level for it"
        return f"{what}, so it blocks: no rule and no waiver can match it."

    def ruled(self, rule: Rule) -> str:
        """Say that a rule decided."""
        because = f"The rule {shown(rule.label)}{self._of()} says {rule.action}"
        return f"{because}: {_end(rule.reason)}" if rule.reason else f"{because}."

    def listed(self, finding: Finding, key: str) -> str:
        """Say that a selector of the block or warn list decided."""
        verb = {"block": "blocks", "warn": "warns of"}[key]
        return f"The policy{self._named()} {verb} findings that are {_kind(finding)}."

    def unlisted(self, finding: Finding) -> str:
        """Say that nothing is against a finding."""
        return (
            f"No rule matches, and the policy{self._named()} neither blocks nor warns of findings "
            f"that are {_kind(finding)}."
        )

    def waived(self, because: str, waiver: Waiver) -> str:
        """Say that a waiver holds."""
        return f"{because} Waived until {waiver.expires}{self._from(waiver)}: {_end(waiver.reason)}"

    def expired(self, because: str, waiver: Waiver) -> str:
        """Say that a waiver held."""
        return (
            f"{because} It was waived until {waiver.expires}{self._from(waiver)}, which has "
            f"passed: {_end(waiver.reason)}"
        )

    def _of(self) -> str:
        return f" of {self.path}" if self.path else ""

    def _named(self) -> str:
        return f" {self.path}" if self.path else ""

    def _from(self, waiver: Waiver) -> str:
        return f" by {waiver.path}" if self.path else ""


def _kind(finding: Finding) -> str:
    return f"{finding.level} and {finding.status}"


def _end(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."

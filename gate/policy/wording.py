"""The sentences that say why a finding was decided so.

``path`` is the policy's file where there are several policies, else empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.findings import Level
from gate.policy.problem import shown
from gate.verdict import Action

if TYPE_CHECKING:
    from gate.findings import Finding
    from gate.policy.model import Entry
    from gate.verdict import WaiverUse

_VERBS = {Action.BLOCK: "blocks", Action.WARN: "warns of"}


def unknown(finding: Finding) -> str:
    """Say that a word of Security Center is not known."""
    if finding.level is not Level.UNKNOWN:
        what = "Its status can't be told"
    elif finding.level_word:
        what = f"Its level is a word that this gate doesn't know, {shown(finding.level_word)}"
    else:
        what = "Security Center tells no level for it"
    return f"{what}, so it blocks: no rule and no waiver can match it."


def matched(entry: Entry, finding: Finding, path: str) -> str:
    """Say that a rule, or a selector of the block or warn list, matches."""
    if entry.rule is None:
        verb = _VERBS[entry.action]
        return f"The policy{_after(' ', path)} {verb} findings that are {_kind(finding)}."
    because = f"The rule {shown(entry.rule)}{_after(' of ', path)} says {entry.action}"
    return f"{because}: {_ended(entry.reason)}" if entry.reason else f"{because}."


def unmatched(finding: Finding, path: str) -> str:
    """Say that nothing is against a finding."""
    return (
        f"No rule matches, and the policy{_after(' ', path)} neither blocks nor warns of findings "
        f"that are {_kind(finding)}."
    )


def waived(because: str, use: WaiverUse, path: str) -> str:
    """Add that a waiver, of the file ``path``, holds or held."""
    until = f"until {use.expires}{_after(' by ', path)}"
    if use.expired:
        return f"{because} It was waived {until}, which has passed: {_ended(use.reason)}"
    return f"{because} Waived {until}: {_ended(use.reason)}"


def _after(word: str, path: str) -> str:
    return f"{word}{path}" if path else ""


def _kind(finding: Finding) -> str:
    return f"{finding.level} and {finding.status}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."

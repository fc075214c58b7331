"""How a finding becomes a decision.

Each policy walks its entries in order, and the one that decides, with a waiver if one counts, makes
its ruling. Of several policies' rulings the strictest is the decision. The sentences that say why
name a policy's file (``path``) only where there are several policies.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gate.findings import Level, Status
from gate.policy.explaining import Explanation, Recorder, Step
from gate.policy.model import ATTRIBUTES
from gate.policy.problem import shown
from gate.policy.reach import reached_by
from gate.verdict import STRICTEST_FIRST, Action, Decision, WaiverUse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from gate.findings import Finding, Requirements
    from gate.policy.model import Entry, Policy, Waiver, Whose

_STRICTNESS = {action: rank for rank, action in enumerate(STRICTEST_FIRST)}
_VERBS = {Action.BLOCK: "blocks", Action.WARN: "warns of"}

# All of a finding that a ruling depends on; an unknown level's word stands in its sentence.
_kind = attrgetter("level_word", *ATTRIBUTES.values())


class Ruling(Struct, frozen=True):
    """A decision, and all waivers that cover its finding, ended ones too."""

    decision: Decision
    waivers: tuple[Waiver, ...] = ()


class Applied(NamedTuple):
    """An entry whose globs match a name of the image, and whether it is certain that they do."""

    entry: Entry
    certain: bool


class PolicyJudge(Struct, frozen=True):
    """One policy, as far as it is about an image: its entries, and the waivers that count in them.

    ``path`` is what sentences call it, empty where there is no other policy.
    """

    policy: Policy
    entries: Sequence[Applied]
    waivers: Mapping[Whose, Sequence[Waiver]]
    today: date
    path: str

    def rule_on(self, finding: Finding, recorder: Recorder | None = None) -> Ruling:
        """Walk the entries (rules, then ``block``, then ``warn``) to the first that decides.

        One that isn't certain to be about the image doesn't: what it and the entries after it say
        both count, and the strictest holds. So the less is certain, the stricter is the ruling.

        A selector of ``block`` that is waived doesn't yet: each of them stands for itself, so a
        waiver must count for all that match. One whose day is still to come is passed over, and
        what it would block is at least warned of. ``recorder`` is told of each step.
        """
        if finding.level is Level.UNKNOWN or finding.status is Status.UNKNOWN:
            because = _because_unknown(finding)
            if recorder:
                recorder.unknown(finding)
            return Ruling(Decision(finding=finding, action=Action.BLOCK, because=because))
        ahead: list[tuple[Entry, Ruling]] = []
        ruling = min(self._walk(finding, ahead, recorder), key=_rank)
        return self._with_warning(ruling, ahead) if ahead else ruling

    def _walk(
        self, finding: Finding, ahead: list[tuple[Entry, Ruling]], recorder: Recorder | None
    ) -> list[Ruling]:
        """Return the rulings that count; those of entries that are to come go to ``ahead``."""
        rulings: list[Ruling] = []
        waived = False
        for entry, certain in self.entries:
            if waived and entry.action is not Action.BLOCK:
                return rulings
            takes = entry.match.takes(finding)
            if recorder:
                recorder.tried(entry, finding, takes=takes, certain=certain)
            if not takes:
                continue
            ruling = self._apply(entry, finding)
            if entry.begins is not None and entry.is_ahead(self.today):
                ahead.append((entry, ruling))
                continue
            if certain or entry.action is not Action.ALLOW:
                rulings.append(ruling)
            if certain:
                waived = entry.rule is None and ruling.decision.action is Action.WAIVED
                if not waived:
                    return rulings
        return rulings if waived else [*rulings, self._unmatched(finding)]

    def recorder(
        self, waivers: Sequence[Waiver], doubtful: Sequence[Waiver], waivers_from: date
    ) -> Recorder:
        """Return what records one walk; the waivers are those of all files about the image."""
        entries = (entry for entry, _ in self.entries)
        return Recorder(self.policy, entries, waivers, doubtful, (self.today, waivers_from))

    def _with_warning(self, ruling: Ruling, ahead: Sequence[tuple[Entry, Ruling]]) -> Ruling:
        """Make it a warning at least where an entry would block, and say from when on it does."""
        waivers = (*ruling.waivers, *(waiver for _, each in ahead for waiver in each.waivers))
        blocking = [entry for entry, each in ahead if each.decision.action is Action.BLOCK]
        decision = ruling.decision
        if not blocking or decision.action is Action.BLOCK:
            return Ruling(decision, waivers)
        entry = min(blocking, key=lambda each: each.begins or self.today)
        because = _because_ahead(entry, decision.finding, self.path)
        if decision.action is Action.WARN:
            warned = replace(decision, because=f"{decision.because} {because}")
        else:
            warned = Decision(
                finding=decision.finding,
                action=Action.WARN,
                because=because,
                rule=entry.rule,
                policy=self.policy.place(entry),
                entry=entry.label,
            )
        return Ruling(warned, waivers)

    def _unmatched(self, finding: Finding) -> Ruling:
        because = _because_unmatched(finding, self.path)
        return Ruling(Decision(finding=finding, action=Action.ALLOW, because=because))

    def _apply(self, entry: Entry, finding: Finding) -> Ruling:
        """Return what an entry that matches says, with the first waiver that holds or held."""
        decision = Decision(
            finding=finding,
            action=entry.action,
            because=_because_matched(entry, finding, self.path),
            rule=entry.rule,
            policy=self.policy.place(entry),
            entry=entry.label,
        )
        if entry.action is Action.ALLOW:
            return Ruling(decision)
        covering = tuple(w for w in self.waivers[entry.waivers] if w.match.takes(finding))
        if not covering:
            return Ruling(decision)
        holding = next((waiver for waiver in covering if waiver.expires >= self.today), None)
        waiver = holding or max(covering, key=lambda ended: ended.expires)
        use = WaiverUse(
            reason=waiver.reason,
            expires=waiver.expires,
            expired=holding is None,
            owner=waiver.owner,
            ticket=waiver.ticket,
            path=waiver.path,
            line=waiver.line,
        )
        waived = replace(
            decision,
            action=entry.action if holding is None else Action.WAIVED,
            because=_because_waived(decision.because, use, waiver.path if self.path else ""),
            waiver=use,
        )
        return Ruling(waived, covering)


class ImageJudge:
    """All policies, as far as they are about an image; ``waivers`` are all that surely name it.

    ``doubtful`` are those that only a tag which isn't certain makes name it: they count nowhere.
    Each kind of finding is judged once: images have many findings of few kinds.
    """

    def __init__(
        self,
        judges: Sequence[PolicyJudge],
        waivers: Sequence[Waiver],
        requirements: Requirements,
        doubtful: Sequence[Waiver] = (),
    ) -> None:
        self.waivers = waivers
        self._doubtful = doubtful
        self.requirements = requirements
        self._judges = judges
        self._rulings: dict[tuple[str, ...], Ruling] = {}

    def decide(self, finding: Finding) -> Decision:
        """Return the strictest policy's decision; the images of an audit share many of them."""
        decision = self._rule_on(finding).decision
        return decision if decision.finding is finding else replace(decision, finding=finding)

    def explain(self, finding: Finding, waivers_from: date) -> Explanation:
        """Decide on a finding as ``decide`` does, and keep each step."""
        rulings: list[Ruling] = []
        steps: list[Step] = []
        for judge in self._judges:
            recorder = judge.recorder(self.waivers, self._doubtful, waivers_from)
            ruling = judge.rule_on(finding, recorder)
            rulings.append(ruling)
            steps += recorder.ended(ruling.decision.action, finding)
        decision = min(rulings, key=_rank).decision
        return Explanation(today=self._judges[0].today, decision=decision, steps=tuple(steps))

    def reached_by(self, finding: Finding) -> Iterator[tuple[Policy, Entry | Waiver]]:
        """Yield what a finding reaches in each policy, as ``gate.policy.reach`` says."""
        for judge in self._judges:
            for part in reached_by(finding, judge):
                yield judge.policy, part

    def waivers_on(self, finding: Finding) -> tuple[Waiver, ...]:
        """Return the waivers of all policies that cover a finding, ended ones too."""
        return self._rule_on(finding).waivers

    def _rule_on(self, finding: Finding) -> Ruling:
        kind = _kind(finding)
        ruling = self._rulings.get(kind)
        if ruling is None:
            rulings = [judge.rule_on(finding) for judge in self._judges]
            decision = min(rulings, key=_rank).decision
            waivers = tuple(waiver for each in rulings for waiver in each.waivers)
            ruling = self._rulings[kind] = Ruling(decision, waivers)
        return ruling


def _rank(ruling: Ruling) -> tuple[int, bool]:
    """Of decisions as strict as each other, one that names a waiver tells the reader more."""
    return _STRICTNESS[ruling.decision.action], ruling.decision.waiver is None


def _because_unknown(finding: Finding) -> str:
    """Say that a word of Security Center is not known."""
    if finding.level is not Level.UNKNOWN:
        what = "Its status can't be told"
    elif finding.level_word:
        what = f"Its level is a word that this gate doesn't know, {shown(finding.level_word)}"
    else:
        what = "Security Center tells no level for it"
    return f"{what}, so it blocks: no rule and no waiver can match it."


def _because_matched(entry: Entry, finding: Finding, path: str) -> str:
    """Say that a rule, or a selector of the block or warn list, matches."""
    if entry.rule is None:
        verb = _VERBS[entry.action]
        return (
            f"The policy{_after(' ', path)} {verb} findings that are {_level_and_status(finding)}."
        )
    because = f"The rule {shown(entry.rule)}{_after(' of ', path)} says {entry.action}"
    return f"{because}: {_ended(entry.reason)}" if entry.reason else f"{because}."


def _because_ahead(entry: Entry, finding: Finding, path: str) -> str:
    """Say from when on a rule, or a selector of the block list, blocks."""
    if entry.rule is None:
        return (
            f"The policy{_after(' ', path)} blocks from {entry.begins} findings that are "
            f"{_level_and_status(finding)}."
        )
    because = f"The rule {shown(entry.rule)}{_after(' of ', path)} blocks from {entry.begins}"
    return f"{because}: {_ended(entry.reason)}" if entry.reason else f"{because}."


def _because_unmatched(finding: Finding, path: str) -> str:
    """Say that nothing is against a finding."""
    return (
        f"No rule matches, and the policy{_after(' ', path)} neither blocks nor warns of findings "
        f"that are {_level_and_status(finding)}."
    )


def _because_waived(because: str, use: WaiverUse, path: str) -> str:
    """Add that a waiver, of the file ``path``, holds or held."""
    until = f"until {use.expires}{_after(' by ', path)}"
    if use.expired:
        return f"{because} It was waived {until}, which has passed: {_ended(use.reason)}"
    return f"{because} Waived {until}: {_ended(use.reason)}"


def _after(word: str, path: str) -> str:
    return f"{word}{path}" if path else ""


def _level_and_status(finding: Finding) -> str:
    return f"{finding.level} and {finding.status}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."

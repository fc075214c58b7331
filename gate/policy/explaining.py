"""What a policy did with one finding, step by step, in the order of evaluation.

The judge tells a recorder on its walk what it tries, so that there is one judge only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.findings import Level
from gate.policy.model import Whose
from gate.verdict import Action, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gate.findings import Finding
    from gate.policy.model import Entry, Policy, Waiver

_YES = "yes"
_DOUBTFUL = "yes, by a tag that is not certain: what comes after it counts, too"
_IN_VAIN = "doesn't count: only a tag that is not certain matches"
_NOTHING = "nothing matches"


class Step(Struct, frozen=True, kw_only=True):
    """One line of an explanation: what an entry, a waiver or the whole policy says.

    ``entry`` is ``block[0]``, ``rules[1] "NAME"``, ``waiver``, or empty for the whole policy, which
    has no line either. ``in_full`` ``True`` is shown only where everything is, ``False`` only where
    not everything is.
    """

    path: str
    line: int | None = None
    entry: str = ""
    says: str
    in_full: bool | None = None


class Explanation(Struct, frozen=True, kw_only=True):
    """How policies came to a decision on one day."""

    today: date
    decision: Decision
    steps: tuple[Step, ...]

    def shown(self, *, in_full: bool) -> list[Step]:
        """Return the steps; unless in full, what is about other images is one for each policy."""
        return [step for step in self.steps if step.in_full in {None, in_full}]


class Recorder:
    """The steps of one policy on one finding.

    ``about`` are the entries that are about the image, ``waivers`` those of all files that surely
    are, ``doubtful`` those that only a tag which isn't certain makes so.
    """

    def __init__(
        self,
        policy: Policy,
        about: Iterable[Entry],
        waivers: Sequence[Waiver],
        doubtful: Sequence[Waiver],
        days: tuple[date, date],
    ) -> None:
        self._policy = policy
        self._about = frozenset(entry.key for entry in about)
        self._waivers = (*waivers, *doubtful)
        self._doubtful = frozenset(doubtful)
        self._today, self._waivers_from = days
        self._steps: list[Step] = []
        self.taken: list[Entry] = []
        """The entries that had a say, in their order; none whose day is still to come."""
        self._others = 0
        self._entries = iter(policy.entries)
        self._matched = self._decided = False

    def unknown(self, finding: Finding) -> None:
        """Record that no entry is tried, because a word of the finding isn't known."""
        word = "level" if finding.level is Level.UNKNOWN else "status"
        self._whole(f"nothing can match: its {word} is unknown")
        self._decided = self._matched = True

    def tried(self, entry: Entry, finding: Finding, *, takes: bool, certain: bool) -> None:
        """Record an entry: whether it matches, and what waivers on the finding are worth in it."""
        for other in self._entries:
            if other.key == entry.key:
                break
            self._record_other(other, finding)
        if not takes:
            self._record_passed(entry, finding)
            return
        self._decided = certain and entry.rule is not None and not entry.is_ahead(self._today)
        if entry.action is not Action.ALLOW:
            self._record_taken(entry, finding, _YES if certain else _DOUBTFUL)
            return
        if certain:
            self._matched = True
            self.taken.append(entry)
        self._at(entry, _YES if certain else _IN_VAIN)

    def _record_passed(self, entry: Entry, finding: Finding) -> None:
        self._at(entry, f"no ({', '.join(entry.match.missed(finding))})")

    def _record_taken(self, entry: Entry, finding: Finding, says: str) -> None:
        self._matched = True
        if entry.is_ahead(self._today):
            says += f", but blocks from {entry.begins}"
        else:
            self.taken.append(entry)
        self._at(entry, says)
        own = [waiver for waiver in self._waivers if waiver.path == self._policy.path]
        others = [waiver for waiver in self._waivers if waiver.path != self._policy.path]
        for waiver in (*own, *others):
            missed = waiver.match.missed(finding)
            says = f"no ({', '.join(missed)})" if missed else self._worth(waiver, entry)
            self._steps.append(
                Step(
                    path=waiver.path,
                    line=waiver.line,
                    entry="waiver",
                    says=says,
                    in_full=True if missed else None,
                )
            )

    def ended(self, action: Action, finding: Finding) -> tuple[Step, ...]:
        """Return all steps, to what the policy says; first, as one, the rules on other images.

        Of the selectors of ``block`` all are tried for a reader, also after the one that decides.
        """
        for entry in () if self._decided else self._entries:
            if entry.key not in self._about:
                self._record_other(entry, finding)
            elif entry.action is Action.BLOCK and entry.match.takes(finding):
                self._record_taken(entry, finding, _YES)
            elif entry.action is Action.BLOCK:
                self._record_passed(entry, finding)
        if not self._matched:
            self._whole(_NOTHING)
        self._whole(action.upper())
        return (*self._summary(), *self._steps)

    def _summary(self) -> Iterator[Step]:
        if self._others:
            are = "1 rule is" if self._others == 1 else f"{self._others} rules are"
            says = f"{are} about other images"
            yield Step(path=self._policy.path, says=says, in_full=False)

    def _record_other(self, entry: Entry, finding: Finding) -> None:
        self._others += 1
        missed = ("images", *entry.match.missed(finding))
        self._at(entry, f"no ({', '.join(missed)})", in_full=True)

    def _worth(self, waiver: Waiver, entry: Entry) -> str:
        """Say what a waiver that covers the finding is worth in an entry."""
        own = waiver.path == self._policy.path
        place = f"{self._policy.path}:{entry.line}"
        if entry.waivers is Whose.NONE or (entry.waivers is Whose.OWN and not own):
            return f"doesn't count: {place} says waivers: {entry.waivers}"
        if waiver in self._doubtful:
            return _IN_VAIN
        if not self._policy.allows_until(waiver.expires, self._waivers_from):
            return f"void: longer than max_waiver of {self._policy.path}"
        if missing := self._policy.missing_in(waiver):
            return f"void: has no {' and no '.join(missing)} (waiver_needs of {self._policy.path})"
        if waiver.expires < self._today:
            return f"ended on {waiver.expires}"
        return f"holds until {waiver.expires}"

    def _at(self, entry: Entry, says: str, *, in_full: bool | None = None) -> None:
        hidden = True if entry.match.is_empty else in_full
        path, line, label = self._policy.path, entry.line, entry.label
        self._steps.append(Step(path=path, line=line, entry=label, says=says, in_full=hidden))

    def _whole(self, says: str) -> None:
        self._steps.append(Step(path=self._policy.path, says=says))

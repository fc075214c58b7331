"""Find what can never match, because an earlier rule matches all that it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.policy.globs import Globs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.policy.model import Match, Rule

_EVERYTHING = Globs(["**"])  # what an absent key matches


def never_matching(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is covered by an earlier one, and that one."""
    for number, later in enumerate(rules):
        earlier = covering(later.match, rules[:number])
        if earlier is not None:
            yield later, earlier


def covering(match: Match, rules: Sequence[Rule]) -> Rule | None:
    """Return the first rule that matches all that ``match`` does.

    What is returned is certain; what only several rules cover together is not found.
    """
    return next((rule for rule in rules if _covers(rule.match, match)), None)


def _covers(earlier: Match, later: Match) -> bool:
    return (
        earlier.levels >= later.levels
        and earlier.statuses >= later.statuses
        and _covers_words(earlier.classes, later.classes)
        and _covers_globs(earlier.risks, later.risks)
        and _covers_globs(earlier.images, later.images)
    )


def _covers_words(earlier: frozenset[str] | None, later: frozenset[str] | None) -> bool:
    return earlier is None or (later is not None and earlier >= later)


def _covers_globs(earlier: Globs | None, later: Globs | None) -> bool:
    return earlier is None or earlier.cover(later or _EVERYTHING)

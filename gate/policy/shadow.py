"""Find rules that can never match, because an earlier one matches all that they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.policy.globs import Globs
    from gate.policy.model import Match, Rule


def never_matching(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is covered by an earlier one, and that one.

    What is yielded is certain; a rule that only several others cover together is not found.
    """
    for number, later in enumerate(rules):
        for earlier in rules[:number]:
            if _covers(earlier.match, later.match):
                yield later, earlier
                break


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
    return earlier is None or (later is not None and earlier.cover(later))

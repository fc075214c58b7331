"""What was tried, how that ended, and what it all adds up to."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.errors import ExitCode, InvalidPolicy
from gate.verdict import worst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gate.errors import GateError


class Result(StrEnum):
    """How a trial ended."""

    OK = "ok"
    NOTE = "note"
    TROUBLE = "TROUBLE"


class Trial(Struct, frozen=True):
    """One thing that was tried, how that ended, in a word and in a sentence, and what to do.

    ``more`` are further sentences, each for a line of its own. All texts are untrusted.
    """

    tried: str
    result: Result
    sentence: str
    remedy: str = ""
    exit_code: ExitCode = ExitCode.PASSED
    more: tuple[str, ...] = ()

    def eased(self, remedy: str) -> Trial:
        """Return trouble as a note, whose remedy says why it is not more."""
        return replace(self, result=Result.NOTE, remedy=remedy, exit_code=ExitCode.PASSED)


def trouble(tried: str, error: GateError) -> Trial:
    """Return what ended in an error."""
    # An invalid policy's problems are one a line; a line end in other messages is not ours.
    lines = error.message.splitlines() if isinstance(error, InvalidPolicy) else [error.message]
    return Trial(
        tried, Result.TROUBLE, lines[0], error.remedy, error.exit_code, more=tuple(lines[1:])
    )


def gravest(troubles: Iterable[Trial]) -> Trial | None:
    """Return the trouble that decides the exit code, of equals the first; ``None`` without any."""
    by_code: dict[ExitCode, Trial] = {}
    for trial in troubles:
        by_code.setdefault(trial.exit_code, trial)
    if not by_code:
        return None
    return by_code.get(ExitCode.USAGE) or by_code[worst(by_code)]

"""A baseline as the text of a policy file, read back before anybody sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gate.cases.cutting import comment_on
from gate.errors import InvalidPolicy, UsageError
from gate.findings import Status
from gate.policy import read_policy
from gate.untrusted import for_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from gate.cases.baseline import NewWaiver
    from gate.policy import Waiver

_HEAD = """\
# Written by `gate policy waive`. These findings were there when the gate came; new ones block.
# `gate policy prune` takes out what was fixed. Nothing is ever added here without a review.
version: 1
block: {levels: [], statuses: []}
"""
_NAME = "the printed file"
_FILLED = "to be filled in"
_NOT_READ_BACK = "The gate would not read back what it would print, so nothing is printed."
_DIFFERENT = "It would mean something else."
_REMEDY = (
    "Use --image and write a file for each namespace. A text may have 1,000 characters and needs "
    "one that is not white space."
)


class WaiverTexts(Struct, frozen=True, kw_only=True):
    """What people say of all waivers; an empty text is to be filled in, ``None`` isn't asked for.

    ``only_ascii`` is for a stream that takes no more.
    """

    reason: str
    owner: str | None
    ticket: str | None
    only_ascii: bool = False

    @property
    def stubs(self) -> list[str]:
        """The keys that somebody has to fill in."""
        texts = {"reason": self.reason, "owner": self.owner, "ticket": self.ticket}
        return [key for key, text in texts.items() if text == ""]

    def filled(self) -> WaiverTexts:
        """Return them as if somebody had filled them in."""
        owner, ticket = (
            text if text is None else text or _FILLED for text in (self.owner, self.ticket)
        )
        return replace(self, reason=self.reason or _FILLED, owner=owner, ticket=ticket)


def baseline_as_policy(waivers: Sequence[NewWaiver], texts: WaiverTexts, *, today: date) -> str:
    """Return a policy file with these waivers.

    Raises ``UsageError`` if the gate would not read it back, once all texts are filled in.
    """
    filled = texts.filled()
    try:
        read = read_policy(_text(waivers, filled).encode(), _NAME, today=today).waivers
    except InvalidPolicy as invalid:
        raise UsageError(f"{_NOT_READ_BACK}\n{invalid.message}", _REMEDY) from None
    if [_content(waiver) for waiver in read] != [_meant(waiver, filled) for waiver in waivers]:
        raise UsageError(f"{_NOT_READ_BACK}\n{_DIFFERENT}", _REMEDY)
    return _text(waivers, texts)


def _text(waivers: Sequence[NewWaiver], texts: WaiverTexts) -> str:
    lines = [line for waiver in waivers for line in _lines(waiver, texts)]
    return _HEAD + "\n".join(["waivers:" if lines else "waivers: []", *lines, ""])


def _lines(waiver: NewWaiver, texts: WaiverTexts) -> Iterator[str]:
    def scalar(text: str, *, in_flow: bool = False) -> str:
        return for_yaml(text, in_flow=in_flow, only_ascii=texts.only_ascii)

    for risk, statuses in waiver.risks.items():
        if words := _clicked(statuses):
            yield f"  {comment_on(risk, words)}"
    yield f"  - risks: [{', '.join(scalar(risk, in_flow=True) for risk in waiver.risks)}]"
    yield f"    images: [{scalar(waiver.repository, in_flow=True)}]"
    yield f"    reason: {scalar(texts.reason)}"
    yield f"    expires: {waiver.expires.isoformat()}"
    for key, text in (("owner", texts.owner), ("ticket", texts.ticket)):
        if text is not None:
            yield f"    {key}: {scalar(text)}"


def _clicked(statuses: frozenset[Status]) -> str:
    """Say what somebody clicked in the console; nothing if nobody did."""
    clicked = sorted(status.value for status in statuses if status is not Status.UNHANDLED)
    if not clicked:
        return ""
    partly = "partly " if Status.UNHANDLED in statuses else ""
    return f"{partly}{' and '.join(clicked)} in the console"


def _content(waiver: Waiver) -> tuple[object, ...]:
    match = waiver.match
    return (
        [risk.text for risk in match.risks.patterns],
        [image.text for image in match.images.patterns],
        waiver.reason,
        waiver.expires,
        waiver.owner,
        waiver.ticket,
    )


def _meant(waiver: NewWaiver, texts: WaiverTexts) -> tuple[object, ...]:
    reason, owner, ticket = (
        " ".join((text or "").split()) for text in (texts.reason, texts.owner, texts.ticket)
    )
    return [*waiver.risks], [waiver.repository], reason, waiver.expires, owner, ticket

"""Read what GitHub's token service answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gate.errors import AnswerUnreadable, NoCredentials
from gate.keyless.answer import is_page, passing, strangers, unreadable
from gate.keyless.web_token import checked_token

if TYPE_CHECKING:
    from gate.keyless.answer import Answer
    from gate.security_center.faults import Trouble

_REFUSED = 400


class GivenToken(msgspec.Struct):
    """A token, on its way; ``repr`` doesn't show it."""

    value: str

    def __repr__(self) -> str:
        return "GivenToken(<a token>)"


def read_github_token(answer: Answer) -> str | Trouble:
    """Return the token, or the trouble; raises ``NoCredentials`` for a refusal."""
    trouble = passing(answer)
    if trouble is not None:
        return trouble
    if is_page(answer):
        return strangers(answer)
    if answer.status >= _REFUSED:
        raise NoCredentials(
            f"GitHub gave this job no OIDC token (status {answer.status}).",
            "Check that the job has `permissions: id-token: write` and is still running; pull "
            "requests from forks never get a token.",
        )
    try:
        given = msgspec.json.decode(answer.body, type=GivenToken, strict=True)
        return checked_token(given.value, AnswerUnreadable("No token.", ""))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AnswerUnreadable):
        return unreadable(answer.name, "it holds no token")

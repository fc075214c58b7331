"""The parameters of a request, read as the published reference types them, and its refusal."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DEFAULT_PAGE_SIZE = 20

_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


class Refusal(Exception):
    """A request that is refused, with the status and code of the published reference.

    It never leaves the package: the server turns it into an answer. ``headers`` go with it.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class Parameters(Struct, frozen=True):
    """A request's parameters; each method raises ``Refusal`` for a value that isn't allowed.

    An empty value counts as left out.
    """

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a text, empty where it is left out."""
        return self.values.get(name, "")

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if not value:
            raise Refusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        """Return one of the allowed words, empty where it is left out."""
        value = self.text(name)
        if value and value not in allowed:
            raise _illegal(name, f"must be one of {', '.join(sorted(allowed))}")
        return value

    def integer(self, name: str, least: int = 0) -> int | None:
        """Return a whole number from ``least`` on, ``None`` where it is left out."""
        value = self.text(name)
        if not value:
            return None
        if not _WHOLE_NUMBER.fullmatch(value) or int(value) < least:
            raise _illegal(name, f"must be a whole number from {least} on")
        return int(value)

    def boolean(self, name: str) -> bool | None:
        """Return a truth value, ``None`` where it is left out.

        The official SDK for Python writes ``True`` and ``False``.
        """
        value = self.choice(name, {"true", "false", "True", "False"})
        return None if not value else value.lower() == "true"

    def json_list(self, name: str) -> list[dict[str, object]]:
        """Return a JSON array of objects, empty where it is left out."""
        text = self.text(name)
        if not text:
            return []
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise _illegal(name, "must be JSON") from None
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise _illegal(name, "must be a JSON array of objects")
        return value

    def words(self, name: str) -> frozenset[str]:
        """Return the words of a comma-separated list."""
        return frozenset(word.strip() for word in self.text(name).split(",") if word.strip())

    @property
    def lang(self) -> str:
        """The language of texts for people: ``zh`` where it is left out."""
        return self.choice("Lang", {"zh", "en"}) or "zh"


def _illegal(name: str, what: str) -> Refusal:
    return Refusal(400, "IllegalParam", f"The parameter {name} {what}.")

"""JSON bytes to rows, and requests to parameters; no network.

Decoding forgives what can't mislead (a null for an absent field, a number in a string) and
nothing else: what isn't as the reference describes is ``AnswerUnreadable``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from msgspec import Struct

from gate.errors import AnswerUnreadable, UsageError
from gate.security_center.rows import PageInfo, Row, ScanTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T", bound=Row)
R = TypeVar("R")
S = TypeVar("S")
Answer = dict[str, object]

_REMEDY = (
    "Try again later; if it stays so, something between here and Security Center changes its "
    "answers, or its API has changed: report it."
)
_MOST_ROWS = 10_000_000  # more is nonsense, and reading would not end
# The kinds of errors of msgspec, of text that isn't UTF-8, and of numbers and depths beyond reason.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class Page(Struct, Generic[R], frozen=True):
    """A page of a list: its rows, and what the answer says which page it is.

    ``page_size`` may be less than was asked for. ``total_count`` counts the rows of all pages.
    Making one raises ``AnswerUnreadable`` for numbers that no list has.
    """

    rows: tuple[R, ...]
    current_page: int
    page_size: int
    total_count: int

    def __post_init__(self) -> None:
        total, size = self.total_count, self.page_size
        if not 0 <= total <= _MOST_ROWS or size < 0 or (total and not size):
            raise AnswerUnreadable(
                f"The answer claims that its list has {total} rows in pages of {size}.", _REMEDY
            )

    def mapped(self, change: Callable[[R], S]) -> Page[S]:
        """Return the same page with each row changed."""
        rows = tuple(change(row) for row in self.rows)
        return Page(rows, self.current_page, self.page_size, self.total_count)


def read_answer(body: bytes) -> Answer:
    """Decode an answer's bytes to an object without its nulls and empty texts.

    Raises ``AnswerUnreadable``.
    """
    try:
        answer = msgspec.json.decode(body)
        if b"null" in body or b'""' in body:  # most answers hold neither, and are long
            answer = _without_blanks(answer)
    except _UNREADABLE:
        raise AnswerUnreadable("The answer is not JSON.", _REMEDY) from None
    if not isinstance(answer, dict):
        raise AnswerUnreadable("The answer is not a JSON object.", _REMEDY)
    return answer


def read_page(
    answer: Answer, row: type[T], *, rows_in: str = "List", page_in: str | None = "Data"
) -> Page[T]:
    """Read a page of a list; ``page_in`` ``None`` is the answer itself.

    Raises ``AnswerUnreadable``.
    """
    found = answer if page_in is None else _converted(answer.get(page_in), dict[str, object])
    info = read_object(found.get("PageInfo"), PageInfo)
    rows = read_rows(found, row, rows_in)
    return Page(rows, info.current_page, info.page_size, info.total_count)


def read_data(answer: Answer, row: type[T]) -> T:
    """Read the one object that ``Data`` of an answer is.

    Raises ``AnswerUnreadable``.
    """
    return read_object(answer.get("Data"), row)


def read_rows(holder: Answer, row: type[T], rows_in: str) -> tuple[T, ...]:
    """Read a list of objects; one that is absent is empty.

    Raises ``AnswerUnreadable``.
    """
    return _converted(holder.get(rows_in, []), tuple[row, ...])  # type: ignore[valid-type]


def read_object(found: object, row: type[T]) -> T:
    """Read one object.

    Raises ``AnswerUnreadable``.
    """
    return _converted(found, row)


def _converted(found: object, wanted: type[R]) -> R:
    try:
        return msgspec.convert(found, wanted, strict=False)
    except _UNREADABLE as error:
        # Such an error names a field and the types, never a value of the answer.
        what = str(error) if isinstance(error, msgspec.ValidationError) else "A value is too large"
        raise AnswerUnreadable(
            f"The answer is not what the reference describes: {what}.", _REMEDY
        ) from None


def _without_blanks(found: object) -> object:
    if isinstance(found, dict):
        return {
            name: _without_blanks(value) for name, value in found.items() if value not in (None, "")
        }
    if isinstance(found, list):
        return [_without_blanks(value) for value in found]
    return found


def parameters(**told: str | int | bool | None) -> dict[str, str]:
    """Return a query's parameters in the API's own names; ``None`` is left out."""
    return {
        "".join(word.capitalize() for word in name.split("_")): _text(value)
        for name, value in told.items()
        if value is not None
    }


def _text(value: str | int | bool) -> str:  # noqa: FBT001 - one of several types
    return str(value).lower() if isinstance(value, bool) else str(value)


def conditions(
    criteria: Mapping[str, str] | str | None, logical_exp: str | None
) -> dict[str, str | None]:
    """Return the two parameters that say what rows must fulfil.

    A text is sent as it is; a mapping as the JSON array that the API takes, joined by ``AND``
    unless ``logical_exp`` says otherwise, and an empty one not at all.
    """
    if criteria is None or isinstance(criteria, str):
        return {"criteria": criteria, "logical_exp": logical_exp}
    if not criteria:
        return {}
    joined = logical_exp or "AND"
    told = [
        {"name": name, "value": value, "logicalExp": joined} for name, value in criteria.items()
    ]
    return {"criteria": msgspec.json.encode(told).decode(), "logical_exp": joined}


def targets_json(images: Sequence[ScanTarget]) -> str:
    """Return images as the JSON array of PublicSyncAndCreateImageScanTask."""
    return msgspec.json.encode(images).decode()


def targets_lists(images: Sequence[ScanTarget]) -> dict[str, str]:
    """Return images as the comma-separated lists of the other scan operations.

    Raises ``UsageError`` for a value that holds a comma.
    """
    return {
        "RegistryTypes": _joined(image.registry_type for image in images),
        "RepoIds": _joined(image.repo_id for image in images),
        "InstanceIds": _joined(image.instance_id for image in images),
        "RepoNamespaces": _joined(image.repo_namespace for image in images),
        "RegionIds": _joined(image.region_id for image in images),
        "RepoNames": _joined(image.repo_name for image in images),
        "Digests": _joined(image.digest for image in images),
        "Tags": _joined(image.tag for image in images),
    }


def _joined(values: Iterable[str]) -> str:
    told = tuple(values)
    if any("," in value for value in told):
        raise UsageError(
            "A scan can't be asked for where an image's name holds a comma.",
            "Ask with PublicSyncAndCreateImageScanTask.",
        )
    return ",".join(told)

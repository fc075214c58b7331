"""JSON bytes to rows, and requests to parameters; no network.

Decoding forgives what can't mislead (a null for an absent field, a number in a string) and
nothing else: what isn't as the reference describes is ``AnswerUnreadable``.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Struct, defstruct

from gate.errors import AnswerUnreadable, UsageError
from gate.security_center.rows import PageInfo, ScanTarget, WireObject

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

T = TypeVar("T", bound=WireObject)
R = TypeVar("R")
S = TypeVar("S")

_REMEDY = (
    "Try again later; if it stays so, something between here and Security Center changes its "
    "answers, or its API has changed: report it."
)
_MOST_ROWS = 10_000_000  # more is nonsense, and reading would not end
_FIRST = 1_420_070_400_000  # 2015-01-01, in milliseconds
_AHEAD = timedelta(days=1)
_TARGET_LISTS = (
    *("registry_type", "repo_id", "instance_id", "repo_namespace"),
    *("region_id", "repo_name", "digest", "tag"),
)
# The kinds of errors of msgspec, of text that isn't UTF-8, and of numbers and depths beyond reason.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class Head(Struct, frozen=True, rename="pascal"):
    """What says whether an answer is a success, be it what it may."""

    code: object = None
    success: object = None
    message: object = None
    request_id: object = None


class Answer(Struct, frozen=True):
    """A JSON object that came; of it, only the head is decoded."""

    body: bytes
    head: Head


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
    """Read of an answer's bytes what says whether it is a success.

    Raises ``AnswerUnreadable``.
    """
    try:
        return Answer(body, msgspec.json.decode(body, type=Head))
    except msgspec.ValidationError:
        raise AnswerUnreadable("The answer is not a JSON object.", _REMEDY) from None
    except _UNREADABLE:
        raise AnswerUnreadable("The answer is not JSON.", _REMEDY) from None


def read_page(answer: Answer, row: type[T], *, rows_in: str = "") -> Page[T]:
    """Read a page of a list: that of ``Data``, or, with ``rows_in``, of the answer itself.

    Raises ``AnswerUnreadable``.
    """
    whole = _read(answer, _page_shape(row, rows_in))
    page = whole if rows_in else whole.Data
    info, rows = page.PageInfo, getattr(page, rows_in or "List")
    return Page(rows, info.current_page, info.page_size, info.total_count)


def read_data(answer: Answer, row: type[T]) -> T:
    """Read the one object that ``Data`` of an answer is.

    Raises ``AnswerUnreadable``.
    """
    data: T = _read(answer, _data_shape(row)).Data
    return data


def read_rows(answer: Answer, row: type[T], rows_in: str) -> tuple[T, ...]:
    """Read a list of objects; one that is absent is empty.

    Raises ``AnswerUnreadable``.
    """
    rows: tuple[T, ...] = getattr(_read(answer, _rows_shape(row, rows_in)), rows_in)
    return rows


def read_object(answer: Answer, row: type[T]) -> T:
    """Read the object that an answer is.

    Raises ``AnswerUnreadable``.
    """
    whole: T = _read(answer, row)
    return whole


def check_times(decoded: object, now: datetime) -> None:
    """Raise ``AnswerUnreadable`` where something is told to have happened at no possible time.

    That is before there was such a service, or more than a day from ``now``: a scan with such a
    time would count as settled, or as fresh. Zero is a time that is absent.
    """
    rows = decoded.rows if isinstance(decoded, Page) else decoded
    latest = int((now + _AHEAD).timestamp() * 1000)
    for row in rows if isinstance(rows, tuple) else (rows,):
        for name in row.events if isinstance(row, WireObject) else ():
            time = getattr(row, name)
            if time and not _FIRST <= time <= latest:
                raise AnswerUnreadable(
                    f"A {name.replace('_', ' ')} in it is not between 2015 and tomorrow, in "
                    "milliseconds.",
                    _REMEDY,
                )


@cache
def _page_shape(row: type[WireObject], rows_in: str) -> type[Struct]:
    page = defstruct("Page", [("PageInfo", PageInfo), _rows_field(row, rows_in or "List")])
    return page if rows_in else defstruct("Paged", [("Data", page)])


@cache
def _data_shape(row: type[WireObject]) -> type[Struct]:
    return defstruct("WithData", [("Data", row)])


@cache
def _rows_shape(row: type[WireObject], rows_in: str) -> type[Struct]:
    return defstruct("WithRows", [_rows_field(row, rows_in)])


def _rows_field(row: type[WireObject], rows_in: str) -> tuple[str, Any, Any]:
    return rows_in, tuple[row, ...], ()  # type: ignore[valid-type]


def _read(answer: Answer, shape: type[Struct]) -> Any:  # noqa: ANN401 - it has the shape
    """Decode an answer, its nulls and empty texts taken for absent, to a shape."""
    try:
        if b"null" in answer.body or b'""' in answer.body:  # most answers hold neither
            filled = _without_blanks(msgspec.json.decode(answer.body))
            return msgspec.convert(filled, shape, strict=False)
        return msgspec.json.decode(answer.body, type=shape, strict=False)
    except _UNREADABLE as error:
        # Such an error names a field and the types, never a value of the answer.
        what = str(error) if isinstance(error, msgspec.ValidationError) else "A value is too large"
        raise AnswerUnreadable(
            f"The answer is not what the reference describes: {what}.", _REMEDY
        ) from None


def _without_blanks(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: _without_blanks(inner) for name, inner in value.items() if inner not in (None, "")
        }
    if isinstance(value, list):
        return [_without_blanks(inner) for inner in value]
    return value


def parameters(**values: str | int | None) -> dict[str, str]:
    """Return a query's parameters in the API's own names; ``None`` is left out."""
    return {
        "".join(word.capitalize() for word in name.split("_")): str(value)
        for name, value in values.items()
        if value is not None
    }


def conditions(criteria: Mapping[str, str]) -> dict[str, str]:
    """Return the two parameters that say what rows must fulfil; none of them where that is nothing.

    The API takes a JSON array, and the word that joins its conditions.
    """
    if not criteria:
        return {}
    array = [
        {"name": name, "value": value, "logicalExp": "AND"} for name, value in criteria.items()
    ]
    return {"criteria": msgspec.json.encode(array).decode(), "logical_exp": "AND"}


def targets_json(images: Sequence[ScanTarget]) -> str:
    """Return images as the JSON array of PublicSyncAndCreateImageScanTask."""
    return msgspec.json.encode(images).decode()


def targets_lists(images: Sequence[ScanTarget]) -> dict[str, str]:
    """Return images as the comma-separated lists of the other scan operations.

    Raises ``UsageError`` for a value that holds a comma.
    """
    lists = {name: [str(getattr(image, name)) for image in images] for name in _TARGET_LISTS}
    if any("," in text for texts in lists.values() for text in texts):
        raise UsageError(
            "A scan can't be asked for where an image's name holds a comma.",
            "Ask with PublicSyncAndCreateImageScanTask.",
        )
    return {f"{name}s": ",".join(texts) for name, texts in lists.items()}

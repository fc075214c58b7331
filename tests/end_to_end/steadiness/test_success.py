"""An answer that doesn't say success in every way is never an empty list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.steadiness.meddler import meddling
from tests.end_to_end.steadiness.test_chaos import BAD
from tests.rigs.command import reference

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

POLICY = "version: 1\nblock: {levels: [high, medium, low], statuses: [unhandled]}\n"
EMPTY = {"List": [], "PageInfo": {"CurrentPage": 1, "PageSize": 100, "TotalCount": 0}}


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"Success": True},
        {"Code": "200"},
        {"Success": "true", "Code": "200"},
        {"Success": "false", "Code": "200"},
        {"Success": True, "Code": "NoPermission"},
        {"Success": True, "Code": "ServerError"},
        {"Success": True, "Code": "201"},
        {"Success": None, "Code": "200"},
    ],
    ids=str,
)
def test_an_empty_list_without_a_clear_success_passes_nothing(
    gate: Gate, serve: Serve, tmp_path: Any, head: dict[str, Any]
) -> None:
    (tmp_path / ".buildrisk-gate.yaml").write_text(POLICY, encoding="utf-8")

    def emptied(_: int, answer: Any) -> Any:
        return {"Data": EMPTY, **head} if "List" in answer.get("Data", {}) else answer

    arguments = ("check", "--wait", "0", "--timeout", "3s")
    with serve(BAD["web"]) as sandbox:
        assert 10 == gate(*arguments, "--endpoint", sandbox.url, reference(BAD["web"])).code
        with meddling(sandbox, emptied) as url:
            result = gate(*arguments, "--endpoint", url, reference(BAD["web"]))
    assert result.code in {4, 5}

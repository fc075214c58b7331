"""The walk through the lists of an account, whoever reads their pages."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Read = Callable[..., Awaitable[tuple[list[Any], Any]]]

PAGE_SIZE = 100
STATUSES = range(3)
RECORDS, RISKS = "DescribeImageInstances", "DescribeImageBuildRiskList"
ROWS, DETAILS = "DescribeImageListByBuildRisk", "DescribeImageBuildRiskByKey"


async def read_account(read: Read, at_once: int) -> None:
    """Read the records, each risk's rows by status, and the records again; print their numbers.

    ``read`` takes an operation, a page and the parameters ``risk_key`` and ``status``, and returns
    the page's rows and its ``PageInfo``.
    """
    slots = asyncio.Semaphore(at_once)

    async def page_of(operation: str, page: int, **parameters: Any) -> tuple[list[Any], Any]:
        async with slots:
            return await read(operation, page, **parameters)

    async def every(operation: str, **parameters: Any) -> list[Any]:
        rows, info = await page_of(operation, 1, **parameters)
        last = -(-info.total_count // info.page_size)
        pages = (page_of(operation, page, **parameters) for page in range(2, last + 1))
        return list(rows) + [row for of, _ in await asyncio.gather(*pages) for row in of]

    records = await every(RECORDS)
    rows = 0
    for risk in sorted({row.risk_key for row in await every(RISKS)}):
        lists = (every(ROWS, risk_key=risk, status=status) for status in STATUSES)
        rows += sum(map(len, await asyncio.gather(*lists)))
    print(len(records), rows, len(await every(RECORDS)))

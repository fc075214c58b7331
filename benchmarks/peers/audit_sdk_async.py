"""The pages of an audit with the SDK's methods for asyncio, and nothing made of them.

Arguments: endpoint, requests at a time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

from alibabacloud_sas20181203 import models  # type: ignore[import-untyped]
from alibabacloud_sas20181203.client import Client  # type: ignore[import-untyped]
from alibabacloud_tea_openapi.models import Config  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PAGE_SIZE = 100


async def main(endpoint: str, at_once: int) -> None:
    """Read all lists."""
    protocol, _, host = endpoint.partition("://")
    client = Client(
        Config(
            access_key_id=os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"],
            access_key_secret=os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"],
            endpoint=host,
            protocol=protocol,
        )
    )
    slots = asyncio.Semaphore(at_once)

    async def records(page: int) -> tuple[list[Any], Any]:
        request = models.DescribeImageInstancesRequest(current_page=page, page_size=PAGE_SIZE)
        body = (await client.describe_image_instances_async(request)).body
        return body.image_instance_list, body.page_info

    async def risks(page: int) -> tuple[list[Any], Any]:
        request = models.DescribeImageBuildRiskListRequest(
            lang="en", current_page=page, page_size=PAGE_SIZE
        )
        data = (await client.describe_image_build_risk_list_async(request)).body.data
        return data.list, data.page_info

    def images(key: str, status: int) -> Callable[[int], Awaitable[tuple[list[Any], Any]]]:
        async def read(page: int) -> tuple[list[Any], Any]:
            request = models.DescribeImageListByBuildRiskRequest(
                lang="en", risk_key=key, status=status, current_page=page, page_size=PAGE_SIZE
            )
            data = (await client.describe_image_list_by_build_risk_async(request)).body.data
            return data.list, data.page_info

        return read

    async def every(read: Callable[[int], Awaitable[tuple[list[Any], Any]]]) -> list[Any]:
        async def one(page: int) -> tuple[list[Any], Any]:
            async with slots:
                return await read(page)

        rows, info = await one(1)
        last = -(-info.total_count // info.page_size)
        others = await asyncio.gather(*(one(page) for page in range(2, last + 1)))
        return list(rows) + [row for of, _ in others for row in of]

    found = await every(records)
    rows = 0
    for key in sorted({risk.risk_key for risk in await every(risks)}):
        lists = await asyncio.gather(*(every(images(key, status)) for status in range(3)))
        rows += sum(map(len, lists))
    print(len(found), rows, len(await every(records)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

"""The bare limit of an audit: the same pages, signed, read and decoded, and nothing made of them.

Arguments: endpoint, requests at a time.
"""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from datetime import UTC, datetime

import aiohttp
import msgspec
from yarl import URL

from gate.credentials import Credentials
from gate.security_center.signing import authorization, canonical_query, request_headers

PAGE_SIZE = 100


class Info(msgspec.Struct):
    """Of it, only this is needed."""

    TotalCount: int
    PageSize: int


class Row(msgspec.Struct):
    """A row of any list."""

    Uuid: str = ""
    RiskKey: str = ""
    RiskLevel: str = ""
    Status: int | str | None = None


class Data(msgspec.Struct):
    """A page of the newer operations."""

    PageInfo: Info
    List: list[Row]


class Wrapped(msgspec.Struct):
    """Its envelope."""

    Data: Data


class Images(msgspec.Struct):
    """A page of records."""

    PageInfo: Info
    ImageInstanceList: list[Row]


class Reader:
    """Reads pages."""

    def __init__(self, session: aiohttp.ClientSession, endpoint: str, at_once: int) -> None:
        self._session = session
        self._endpoint = endpoint
        self._keys = Credentials(
            os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
        )
        self._slots = asyncio.Semaphore(at_once)

    async def page(self, operation: str, page: int, **asked: str) -> tuple[list[Row], Info]:
        """Return the rows of a page."""
        query = canonical_query(
            {**asked, "CurrentPage": str(page), "PageSize": str(PAGE_SIZE), "Lang": "en"}
        )
        headers = request_headers(
            host=URL(self._endpoint).authority,
            action=operation,
            version="2018-12-03",
            date=datetime.now(UTC),
            nonce=uuid.uuid4().hex,
        )
        headers["Authorization"] = authorization(query, headers, self._keys)
        url = URL(f"{self._endpoint}/?{query}", encoded=True)
        async with self._slots, self._session.post(url, headers=headers) as answer:
            body = await answer.read()
        if operation == "DescribeImageInstances":
            images = msgspec.json.decode(body, type=Images)
            return images.ImageInstanceList, images.PageInfo
        data = msgspec.json.decode(body, type=Wrapped).Data
        return data.List, data.PageInfo

    async def all(self, operation: str, **asked: str) -> list[Row]:
        """Return the rows of all pages."""
        rows, info = await self.page(operation, 1, **asked)
        last = -(-info.TotalCount // info.PageSize)
        others = await asyncio.gather(
            *(self.page(operation, number, **asked) for number in range(2, last + 1))
        )
        return rows + [row for of, _ in others for row in of]


async def main(endpoint: str, at_once: int) -> None:
    """Read all lists."""
    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        reader = Reader(session, endpoint, at_once)
        records = await reader.all("DescribeImageInstances")
        risks = {row.RiskKey for row in await reader.all("DescribeImageBuildRiskList")}
        rows = 0
        for risk in sorted(risks):
            lists = await asyncio.gather(
                *(
                    reader.all("DescribeImageListByBuildRisk", RiskKey=risk, Status=str(status))
                    for status in range(3)
                )
            )
            rows += sum(map(len, lists))
        again = await reader.all("DescribeImageInstances")
    print(len(records), rows, len(again))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

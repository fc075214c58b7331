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

from benchmarks.peers.walking import PAGE_SIZE, RECORDS, read_account
from gate.credentials import Credentials
from gate.security_center.signing import authorization, canonical_query, request_headers


class Info(msgspec.Struct, rename="pascal"):
    """Of it, only this is needed."""

    total_count: int
    page_size: int


class Row(msgspec.Struct, rename="pascal"):
    """A row of any list."""

    uuid: str = ""
    risk_key: str = ""
    risk_level: str = ""
    status: int | str | None = None


class Data(msgspec.Struct, rename="pascal"):
    """A page of the newer operations."""

    page_info: Info
    rows: list[Row] = msgspec.field(name="List")


class Wrapped(msgspec.Struct, rename="pascal"):
    """Its envelope."""

    data: Data


class Images(msgspec.Struct, rename="pascal"):
    """A page of records."""

    page_info: Info
    image_instance_list: list[Row]


async def main(endpoint: str, at_once: int) -> None:
    """Read all lists."""
    keys = Credentials(
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"], os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    )

    async def read(
        operation: str, page: int, risk_key: str = "", status: int | None = None
    ) -> tuple[list[Row], Info]:
        parameters = {"CurrentPage": str(page), "PageSize": str(PAGE_SIZE), "Lang": "en"}
        if risk_key:
            parameters |= {"RiskKey": risk_key, "Status": str(status)}
        query = canonical_query(parameters)
        headers = request_headers(
            host=URL(endpoint).authority,
            action=operation,
            version="2018-12-03",
            date=datetime.now(UTC),
            nonce=uuid.uuid4().hex,
        )
        headers["Authorization"] = authorization(query, headers, keys)
        url = URL(f"{endpoint}/?{query}", encoded=True)
        async with session.post(url, headers=headers) as answer:
            body = await answer.read()
        if operation == RECORDS:
            images = msgspec.json.decode(body, type=Images)
            return images.image_instance_list, images.page_info
        data = msgspec.json.decode(body, type=Wrapped).data
        return data.rows, data.page_info

    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        await read_account(read, at_once)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

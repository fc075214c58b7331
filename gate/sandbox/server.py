"""The HTTP server of a sandbox: moves bytes between aiohttp and the functions that answer.

A request goes through, in this order: what strikes the connection (latency, silence, reset), the
signature, what the service refuses, the operation, what strikes the answer's bytes.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING
from uuid import UUID

import anyio
import msgspec
from aiohttp import web
from msgspec import Struct

from gate.errors import UsageError
from gate.sandbox import registry
from gate.sandbox.call import Call
from gate.sandbox.fault_injection import PAGE, Fault, FaultKind, garbled, refuse
from gate.sandbox.operations import OPERATIONS
from gate.sandbox.parameters import Parameters, Refusal
from gate.sandbox.scan_records import RecordCache
from gate.sandbox.signature import Authenticator, Keys, WireRequest, decoded_pairs
from gate.sandbox.tasks import Tasks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gate.sandbox.service import Sandbox

_JSON = "application/json;charset=utf-8"
_HTML = "text/html; charset=utf-8"
_FORM = "application/x-www-form-urlencoded"
_REGISTRY = "Registry"
_BACKLOG = 1024  # a fleet connects at once; what finds no place here is lost for a second


class Running(Struct, frozen=True):
    """A server that listens on ``port``."""

    port: int
    runner: web.ServerRunner
    stopping: anyio.Event

    async def stop(self) -> None:
        """Stop listening, and end requests that are still being answered; within some seconds.

        It finishes when cancelled, too: a server that is half stopped would keep its port.
        """
        self.stopping.set()
        with anyio.CancelScope(shield=True):
            await self.runner.cleanup()


async def start(service: Sandbox) -> Running:
    """Listen on 127.0.0.1; raises ``UsageError`` if the service's port can't be used."""
    stopping = anyio.Event()
    runner = web.ServerRunner(
        web.Server(_Handler(service, stopping).handle, access_log=None), shutdown_timeout=1
    )
    await runner.setup()
    try:
        site = web.TCPSite(
            runner, "127.0.0.1", service.port, ssl_context=service.ssl_context, backlog=_BACKLOG
        )
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise UsageError(
            f"Port {service.port} of 127.0.0.1 can't be used: {error.strerror}.",
            "Choose another one with --port, or 0 for any that is free.",
        ) from None
    return Running(int(runner.addresses[0][1]), runner, stopping)


class _Handler:
    """Answers requests about one service."""

    def __init__(self, service: Sandbox, stopping: anyio.Event) -> None:
        self._service = service
        self._stopping = stopping
        self._authenticator = Authenticator()
        self._records = RecordCache()
        self._tasks = Tasks()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.path.startswith("/v2/"):
            return await self._registry(request)
        arrived = WireRequest(
            request.method,
            request.raw_path,
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        operation = arrived.headers.get("x-acs-action", "")
        values = _values(arrived)
        struck = self._service.strike(operation, values)
        if await self._connection_is_lost(request, struck):
            return web.Response()
        if FaultKind.HTML_403 in struck:
            return self._bytes(403, PAGE, _HTML)
        request_id = str(UUID(int=self._service.random.getrandbits(128), version=4)).upper()
        try:
            answer = self._answer(arrived, operation, values, struck)
        except Refusal as refusal:
            content = msgspec.json.encode(_refusal(refusal, request_id, request.host))
            return self._bytes(refusal.status, content, _JSON, refusal.headers)
        return await self._send(request, {**answer, "RequestId": request_id}, struck)

    async def _connection_is_lost(
        self, request: web.BaseRequest, struck: Mapping[FaultKind, Fault]
    ) -> bool:
        """Delay, and tell whether nobody is left to answer."""
        latency = struck.get(FaultKind.LATENCY)
        if latency is not None:
            with anyio.move_on_after(latency.seconds):
                await self._stopping.wait()
        if FaultKind.SILENT in struck:
            await self._stopping.wait()
        lost = FaultKind.SILENT in struck or FaultKind.RESET in struck
        if lost and request.transport is not None:
            request.transport.abort()
        return lost

    def _answer(
        self,
        arrived: WireRequest,
        operation: str,
        values: Mapping[str, str],
        struck: Mapping[FaultKind, Fault],
    ) -> dict[str, object]:
        service = self._service
        keys = Keys(service.access_key_id, service.access_key_secret, service.security_token)
        self._authenticator.admit(arrived, keys, service.clock)
        answer = OPERATIONS.get((arrived.headers["x-acs-version"], operation))
        if answer is None:
            raise Refusal(404, "InvalidAction.NotFound", "Specified api is not found.")
        refuse(operation, struck)
        elapsed = service.elapsed
        return answer(
            Call(
                parameters=Parameters(values),
                world=service.world,
                records=self._records.at(service.world, elapsed),
                memory=self._records.memory,
                tasks=self._tasks,
                readings=service.readings,
                struck=struck,
                random=service.random,
                elapsed=elapsed,
                origin=service.origin.timestamp(),
            )
        )

    async def _send(
        self, request: web.BaseRequest, answer: dict[str, object], struck: Mapping[FaultKind, Fault]
    ) -> web.StreamResponse:
        content = msgspec.json.encode(answer)
        if FaultKind.CUT in struck:
            return await self._cut(request, content)
        media_type = _HTML if FaultKind.HTML in struck else _JSON
        return self._bytes(200, garbled(content, struck), media_type)

    async def _cut(self, request: web.BaseRequest, content: bytes) -> web.StreamResponse:
        """Promise all of the answer, send half of it, and close the connection."""
        response = web.StreamResponse(headers={**self._standing(), "Content-Type": _JSON})
        response.content_length = len(content)
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        if request.transport is not None:
            request.transport.close()
        return response

    async def _registry(self, request: web.BaseRequest) -> web.StreamResponse:
        struck = self._service.strike(_REGISTRY, {"method": request.method, "path": request.path})
        if await self._connection_is_lost(request, struck):
            return web.Response()
        service = self._service
        try:
            refuse(_REGISTRY, struck)
            reply = registry.answer(service.world, request.method, request.path, service.elapsed)
        except Refusal as refusal:
            code = refusal.code.upper()
            reply = registry.error(refusal.status, code, refusal.message, refusal.headers)
        return self._bytes(reply.status, reply.body, reply.media_type, reply.headers)

    def _bytes(
        self, status: int, content: bytes, media_type: str, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        return web.Response(
            status=status,
            body=content,
            headers={**(headers or {}), **self._standing(), "Content-Type": media_type},
        )

    def _standing(self) -> dict[str, str]:
        """Return the headers of each answer."""
        label = {"Buildrisk-Gate-Sandbox": "sample data"} if self._service.labelled else {}
        date = format_datetime(self._service.clock.astimezone(UTC), usegmt=True)
        return {"Date": date, **label}


def _values(arrived: WireRequest) -> dict[str, str]:
    """Return the parameters of a request, from its query and, if it is a form, from its body."""
    pairs = decoded_pairs(arrived.target.partition("?")[2])
    if arrived.headers.get("content-type", "").startswith(_FORM):
        pairs += decoded_pairs(arrived.body.decode("latin-1"))
    return {name.decode(errors="replace"): value.decode(errors="replace") for name, value in pairs}


def _refusal(refusal: Refusal, request_id: str, host: str) -> dict[str, object]:
    """Return the body of an answer that refuses a request."""
    return {
        "RequestId": request_id,
        "HostId": host,
        "Code": refusal.code,
        "Message": refusal.message,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={refusal.code}&product=Sas",
    }

"""The programs of docs/library.md run, and it names every method that reads a list."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from anyio.from_thread import start_blocking_portal

from gate.sandbox import Sandbox, sample_world
from gate.security_center import SecurityCenter
from tests.project.markdown import Page, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PAGE = Page.read("docs/library.md")
OPERATIONS = ("describe_", "get_", "list_", "public_")
FOREIGN = ("ALIBABA_CLOUD_", "BUILDRISK_GATE_", "HTTP", "PYTHON", "http")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Sandbox(sample_world())) as sandbox,
    ):
        yield sandbox


def output_of(program: str, variables: Mapping[str, str]) -> list[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    text = subprocess.check_output(
        [sys.executable, "-c", program], env={**kept, **variables}, encoding="utf-8"
    )
    return text.splitlines()


def test_the_program_with_the_client_lists_images_and_their_risks(sandbox: Sandbox) -> None:
    program = PAGE.section("The client").snippet("python")
    endpoint = 'endpoint_for("cn-hangzhou")'
    assert 1 == program.count(endpoint)
    key = {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
    }

    first, *images = output_of(program.replace(endpoint, repr(sandbox.url)), key)

    assert first == f"True {len(images)}"
    assert "web 1.4 6" in images


def test_the_program_with_the_sandbox_serves_one() -> None:
    (address, *_), requests = (
        line.split() for line in output_of(PAGE.section("The sandbox").snippet("python"), {})
    )

    assert address.startswith("http://127.0.0.1:")
    assert ["0", "requests"] == requests


def test_every_method_beside_the_operations_is_described() -> None:
    methods = {
        name
        for name, _ in inspect.getmembers(SecurityCenter, inspect.iscoroutinefunction)
        if not name.startswith(("_", *OPERATIONS))
    }

    assert methods
    assert methods == {words(row[0])[0] for row in PAGE.section("The client").rows}

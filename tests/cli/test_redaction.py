"""A service that repeats what it was asked with: no output of the gate does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from gate.report import FORMATS
from gate.sandbox import SampleFinding, SampleImage
from tests.end_to_end.steadiness.meddler import meddling
from tests.rigs.command import reference
from tests.rigs.serving import in_thread
from tests.security_center.scripted import listening

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

KEY_ID = "LTAI5tSesameSampleKeyId1"
KEY = "SesameSecret0123456789/+x"
TOKEN = "CAISsesame+/" + "q6Ft5B2y/" * 60 + "==sesame"  # longer than what is kept of a message
HIGH = SampleFinding(risk="no_user", level="high", command="USER root")
BAD = SampleImage(namespace="shop", repository="web", tag="1", findings=(HIGH,))


def written(result: Result) -> str:
    """Return all that a run wrote anywhere."""
    files = [path for path in Path().rglob("*") if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in files]
    return "\n".join([result.out, result.err, *texts])


def everywhere() -> list[str]:
    return [word for name in FORMATS for word in ("--report", f"{name}=out/{name}")]


@pytest.fixture(autouse=True)
def _in_github(monkeypatch: pytest.MonkeyPatch, _workdir: None) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "output")
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", KEY)
    monkeypatch.setenv("ALIBABA_CLOUD_SECURITY_TOKEN", TOKEN)


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    """Refuse a request with all that it holds as the message."""
    message = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    answer = {"Code": "InvalidParameter", "RequestId": "R", "Message": f"{KEY} {message}"}
    return web.json_response(answer, status=400)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_message_that_repeats_credentials_is_not_repeated(gate: Gate, format_: str) -> None:
    with in_thread(listening(echo)) as url:
        arguments = ("check", "-v", "--endpoint", url, "--wait", "0", "--format", format_)
        result = gate(*arguments, *everywhere(), reference(BAD))
    assert 5 == result.code
    text = written(result)
    assert "InvalidParameter" in text
    assert "***" in text
    assert "sesame" not in text.lower()


@pytest.mark.parametrize("command", [("doctor",), ("risks",), ("audit",)])
def test_other_commands_do_not_repeat_it_either(gate: Gate, command: tuple[str, ...]) -> None:
    with in_thread(listening(echo)) as url:
        result = gate(*command, "-v", "--region", "cn-hangzhou", "--endpoint", url)
    assert 5 == result.code
    assert "sesame" not in written(result).lower()


@pytest.mark.parametrize("format_", FORMATS)
def test_findings_that_repeat_credentials_do_not_show_them(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    def echoing(_: int, answer: Any) -> Any:
        data = answer.get("Data", {})
        for row in data.get("List", []) if isinstance(data, dict) else ():
            if "LayerCmd" in row:
                texts = ("LayerCmd", "Advice", "Description", "RiskKeyName", "RiskClassName")
                text = f"RUN echo {KEY_ID} {sandbox.access_key_secret * 99}"
                row.update(dict.fromkeys(texts, text))
        return answer

    with serve(BAD) as sandbox, meddling(sandbox, echoing) as url:
        monkeypatch.delenv("ALIBABA_CLOUD_SECURITY_TOKEN")
        arguments = ("check", "-v", "--endpoint", url, "--wait", "0", "--format", format_)
        result = gate(*arguments, *everywhere(), reference(BAD))
    assert 10 == result.code
    assert KEY_ID in written(result)  # somebody else's here: the texts are shown
    assert sandbox.access_key_secret[:8] not in written(result)

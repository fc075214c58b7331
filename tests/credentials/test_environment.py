from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from gate.credentials import Credentials, StaticCredentials, find_credentials
from gate.credentials.chain import ChainCredentials
from gate.errors import NoCredentials

ROOT = Path(__file__).parents[2]
KEY = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id-1", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret-1"}
TOKEN = {"ALIBABA_CLOUD_SECURITY_TOKEN": "token-1"}


class FakeGiven:
    """What a provider of the official package returns."""

    def __init__(self, key_id: str | None, secret: str | None, token: str | None) -> None:
        self._parts = (key_id, secret, token)

    def get_access_key_id(self) -> str | None:
        return self._parts[0]

    def get_access_key_secret(self) -> str | None:
        return self._parts[1]

    def get_security_token(self) -> str | None:
        return self._parts[2]

    def get_provider_name(self) -> str:
        return "default/cli_profile/static_ak"


class FakeProvider:
    """A chain that answers, fails or hangs, and counts how many ask it at once."""

    def __init__(self, answer: FakeGiven | Exception | None) -> None:
        self.answer = answer
        self.asking = 0
        self.asked = 0
        self.most = 0

    async def get_credentials_async(self) -> FakeGiven:
        self.asking += 1
        self.asked += 1
        self.most = max(self.most, self.asking)
        await anyio.sleep(0.001 if self.answer else 60)
        self.asking -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        assert self.answer is not None
        return self.answer


def chain(answer: FakeGiven | Exception | None, *, seconds: float = 10) -> ChainCredentials:
    return ChainCredentials(lambda: FakeProvider(answer), seconds=seconds)


@pytest.mark.anyio
async def test_the_environments_key_is_used() -> None:
    source = find_credentials(KEY)
    assert Credentials("id-1", "secret-1") == await source.get()
    assert (
        source.origin == "environment variables "
        "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET"
    )


@pytest.mark.anyio
async def test_the_environments_token_goes_with_its_key() -> None:
    source = find_credentials(KEY | TOKEN)
    assert Credentials("id-1", "secret-1", "token-1") == await source.get()
    assert "ALIBABA_CLOUD_SECURITY_TOKEN" in source.origin


@pytest.mark.parametrize("missing", KEY)
@pytest.mark.parametrize("blank", [{}, {"value": ""}], ids=["absent", "empty"])
def test_half_a_key_names_the_missing_half(missing: str, blank: dict[str, str]) -> None:
    environment = dict(KEY)
    del environment[missing]
    environment |= dict.fromkeys([missing] if blank else [], "")
    with pytest.raises(NoCredentials, match=f"{missing} is missing"):
        find_credentials(environment)


@pytest.mark.parametrize("name", [*KEY, *TOKEN])
@pytest.mark.parametrize("bad", ["sesame\n", " sesame", "ses ame", "sesam\xe9", "ses\x00ame"])
def test_a_key_that_can_be_none_is_refused_without_showing_it(name: str, bad: str) -> None:
    with pytest.raises(NoCredentials, match="line break") as caught:
        find_credentials(KEY | TOKEN | {name: bad})
    assert "sesam" not in str(caught.value)


def test_credentials_show_nothing_of_themselves() -> None:
    credentials = Credentials("id-1", "secret-1", "token-1")
    shown = f"{credentials!r} {credentials} {StaticCredentials(credentials, 'a test')!r}"
    assert not any(word in shown for word in ("id-1", "secret-1", "token-1"))
    assert "temporary" in shown
    assert "permanent" in repr(Credentials("id-1", "secret-1"))


def test_without_a_key_the_official_chain_is_asked() -> None:
    assert isinstance(find_credentials(TOKEN), ChainCredentials)


@pytest.mark.anyio
async def test_the_chain_says_which_source_it_used() -> None:
    source = chain(FakeGiven("id-2", "secret-2", ""))
    assert source.origin == "the default credential chain of Alibaba Cloud"
    assert Credentials("id-2", "secret-2", None) == await source.get()
    assert source.origin == "the default credential chain of Alibaba Cloud (cli_profile/static_ak)"


@pytest.mark.anyio
async def test_the_chain_is_made_once_and_asked_by_one_at_a_time() -> None:
    made: list[FakeProvider] = []

    def make() -> FakeProvider:
        made.append(FakeProvider(FakeGiven("id-2", "secret-2", "token-2")))
        return made[-1]

    source = ChainCredentials(make)
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(source.get)
    assert [provider.most for provider in made] == [1]


@pytest.mark.anyio
@pytest.mark.parametrize("given", [FakeGiven(None, None, None), FakeGiven("id", "se cret", None)])
async def test_what_the_chain_gives_is_checked_too(given: FakeGiven) -> None:
    with pytest.raises(NoCredentials):
        await chain(given).get()


@pytest.mark.anyio
async def test_a_chain_that_hangs_is_given_up() -> None:
    with pytest.raises(NoCredentials, match=r"within 0\.01 seconds"):
        await chain(None, seconds=0.01).get()


@pytest.mark.anyio
@pytest.mark.parametrize("answer", [None, OSError()], ids=["hangs", "fails"])
async def test_a_chain_that_never_gave_any_is_asked_once(answer: Exception | None) -> None:
    made: list[FakeProvider] = []

    def make() -> FakeProvider:
        made.append(FakeProvider(answer))
        return made[-1]

    source = ChainCredentials(make, seconds=0.01)
    told = []
    for _ in range(3):
        with pytest.raises(NoCredentials) as caught:
            await source.get()
        told.append((caught.value.message, caught.value.remedy))
    assert [provider.asked for provider in made] == [1]
    assert len(set(told)) == 1


@pytest.mark.anyio
async def test_a_chain_that_fails_to_renew_is_asked_again() -> None:
    provider = FakeProvider(FakeGiven("id-2", "secret-2", "token-2"))
    source = ChainCredentials(lambda: provider)
    await source.get()
    provider.answer = OSError()
    with pytest.raises(NoCredentials):
        await source.get()
    provider.answer = FakeGiven("id-3", "secret-3", "token-3")
    assert Credentials("id-3", "secret-3", "token-3") == await source.get()


@pytest.mark.anyio
async def test_a_failing_chain_says_why_and_how_to_give_credentials() -> None:
    text = (
        "unable to load credentials from any of the providers in the chain: "
        "['EnvironmentVariableCredentialsProvider: Environment variable accessKeyId cannot be "
        "empty', 'OIDCRoleArnCredentialsProvider: error refreshing credentials from oidc_role_arn, "
        'http_code: 400, result: {"Code":"AuthenticationFail.OIDCToken.Expired","Secret":"sesame"}'
        "', 'URLCredentialsProvider: error retrieving credentials from http://sesame/x result: "
        "sesame', 'CLIProfileCredentialsProvider: failed to execute external command: exit status "
        "1\\nstderr: sesame']"
    )
    with pytest.raises(NoCredentials) as caught:
        await chain(RuntimeError(text)).get()
    assert "OIDCRoleArn: error refreshing credentials from oidc_role_arn" in caught.value.message
    assert "AuthenticationFail.OIDCToken.Expired" in caught.value.message
    assert "CLIProfile: failed to execute external command: exit status 1" in caught.value.message
    assert "sesame" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in caught.value.remedy


@pytest.mark.anyio
@pytest.mark.parametrize(
    "error",
    [ValueError("sesame"), KeyError("sesame"), OSError(2, "sesame"), TimeoutError("sesame")],
)
async def test_any_error_of_the_chain_is_no_credentials(error: Exception) -> None:
    with pytest.raises(NoCredentials, match=type(error).__name__) as caught:
        await chain(error).get()
    assert "sesame" not in str(caught.value)


ASK = """
import anyio
from gate.credentials import find_credentials
from gate.errors import NoCredentials
async def main():
    source = find_credentials({})
    try:
        print((await source.get()).access_key_id, source.origin)
    except NoCredentials as error:
        print(error)
anyio.run(main)
"""


def run(program: str, home: Path) -> str:
    return ran(program, home)[0]


def ran(program: str, home: Path) -> tuple[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=kept | {"HOME": str(home), "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true"},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout, done.stderr


def test_a_profile_of_the_command_line_is_found(tmp_path: Path) -> None:
    profile = {
        "name": "ci",
        "mode": "AK",
        "access_key_id": "id-3",
        "access_key_secret": "secret-3",
    }
    folder = tmp_path / ".aliyun"
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"current": "ci", "profiles": [profile]}), encoding="utf-8"
    )
    printed = run(ASK, tmp_path)
    assert printed.startswith("id-3 the default credential chain of Alibaba Cloud (cli_profile")


def test_nothing_at_all_is_told_with_how_to_give_credentials(tmp_path: Path) -> None:
    printed = run(ASK, tmp_path)
    assert "CLIProfile: " in printed
    assert "Set ALIBABA_CLOUD_ACCESS_KEY_ID" in printed
    assert printed.startswith(
        "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET are not set, "
    )
    assert (
        f"Profile: No such file or directory: {tmp_path}/.alibabacloud/credentials.ini" in printed
    )
    assert "Errno" not in printed


def test_a_broken_answer_with_keys_is_written_nowhere(tmp_path: Path) -> None:
    program = f"""
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answering(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{{"Code": "Success", "AccessKeySecret": "sesame-4711"}}')
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", 0), Answering)
threading.Thread(target=server.serve_forever, daemon=True).start()
import os
os.environ["ALIBABA_CLOUD_CREDENTIALS_URI"] = f"http://127.0.0.1:{{server.server_port}}/"
{ASK}
"""
    printed, logged = ran(program, tmp_path)
    assert "URL: " in printed
    assert "sesame" not in printed + logged
    assert logged == ""


def test_a_key_from_the_environment_imports_nothing_heavy(tmp_path: Path) -> None:
    program = f"""
import sys
from gate.credentials import find_credentials
find_credentials({KEY})
print([name for name in ("aiohttp", "anyio", "alibabacloud_credentials") if name in sys.modules])
"""
    assert run(program, tmp_path).strip() == "[]"

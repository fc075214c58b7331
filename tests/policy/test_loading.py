from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import InvalidPolicy
from gate.policy import BUILT_IN, DEFAULT_FILE, Policies, load_policies
from gate.policy.loading import built_in_file
from gate.verdict import PolicySource
from tests.policy.making import BLOCK, TODAY, refused, written

ROOT = Path(__file__).parents[2]
VALID = f"version: 1\n{BLOCK}".encode()
DIGEST = hashlib.sha256(VALID).hexdigest()
_WORDS = """\
version block levels statuses rules waivers scan max_age 7d 1 0 x high null true
: - [ ] { } , " ' & * ! | > #
"""
WORDS = ["\n", "\t", *_WORDS.split()]


def load(folder: Path, *specs: str) -> Policies:
    return load_policies(specs, directory=folder, today=TODAY)


def problems(folder: Path, *specs: str) -> list[str]:
    with pytest.raises(InvalidPolicy) as caught:
        load(folder, *specs)
    return caught.value.message.split("\n")


def test_without_a_name_the_default_file_is_read(tmp_path: Path) -> None:
    (tmp_path / DEFAULT_FILE).write_bytes(VALID)
    assert (PolicySource(".buildrisk-gate.yaml", DIGEST),) == load(tmp_path).sources


def test_without_a_default_file_the_built_in_policy_is_read(tmp_path: Path) -> None:
    [source] = load(tmp_path).sources
    assert source.path == BUILT_IN
    built_in = ROOT / "policies" / "default.yaml"
    assert hashlib.sha256(built_in.read_bytes()).hexdigest() == source.sha256
    assert load(tmp_path / "no such folder").sources == load(built_in / "no folder").sources


def test_a_name_replaces_the_default_file(tmp_path: Path) -> None:
    (tmp_path / DEFAULT_FILE).write_text("broken", encoding="utf-8")
    (tmp_path / "own.yaml").write_bytes(VALID)
    assert load(tmp_path, "own.yaml").sources[0].path == "own.yaml"
    absolute = str(tmp_path / "own.yaml")
    assert absolute == load(Path("elsewhere"), absolute).sources[0].path


def test_a_default_file_that_is_a_broken_link_is_told(tmp_path: Path) -> None:
    try:
        (tmp_path / DEFAULT_FILE).symlink_to(tmp_path / "gone")
    except OSError:
        pytest.skip("this system makes no links")
    assert problems(tmp_path)[0].startswith(f"{DEFAULT_FILE}:1:1: The file can't be read: ")


def test_a_default_file_that_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    [line] = problems(tmp_path / ("x" * 5000))
    assert line.startswith(f"{DEFAULT_FILE}:1:1: The file can't be read: ")


def linked(folder: Path, target: Path) -> None:
    try:
        (folder / DEFAULT_FILE).symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")


def test_a_default_file_may_be_a_link_inside_the_checkout(tmp_path: Path) -> None:
    below = tmp_path / "deploy" / "web"
    below.mkdir(parents=True)
    (tmp_path / "policy.yaml").write_bytes(VALID)
    linked(below, tmp_path / "policy.yaml")
    [line] = problems(below)
    assert "out of the checkout" in line
    (tmp_path / ".git").mkdir()
    assert (PolicySource(DEFAULT_FILE, DIGEST),) == load(below).sources


@pytest.mark.parametrize("content", [VALID, b"hunter2", b"password: hunter2\n", b"\xff"])
def test_a_default_file_that_leads_out_of_the_checkout_is_refused(
    tmp_path: Path, content: bytes
) -> None:
    inside = tmp_path / "checkout"
    (inside / ".git").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(content)
    linked(inside, tmp_path / "secret")
    [line] = problems(inside)
    assert line.startswith(f"{DEFAULT_FILE}:1:1: The file is a link that leads out of the checkout")


def test_a_default_file_that_is_a_device_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / DEFAULT_FILE).mkdir()
    [line] = problems(tmp_path)
    assert "can't be read" in line


SECRETS = [
    "{0}",
    "- {0}",
    "TOKEN={0}\nOTHER={0}",
    "token: {0}",
    "{0}: {0}",
    "token: {0}\ntoken: {0}",
    "key: &{0} 1",
    "key: *{0}",
    "key: !{0} 1",
    '{{"auths": {{"host": {{"auth": "{0}"}}}}, "{0}": 1}}',
    "-----BEGIN KEY-----\n{0}\n{0}==\n-----END KEY-----",
    "root:{0}:19000:0:99999:7:::",
    "machine host login me password {0}",
    "[default]\nsecret = {0}",
    "%{0} 1\n---\na: 1",
    "'{0}",
    '"\\q{0}"',
    "a: b: {0}",
    "? [{0}]\n: 1",
    "{0}: 1\n  {0}: 2",
    "apiVersion: v1\nkind: Secret\ndata: {{password: {0}}}",
    "---\n{0}\n---\n{0}\n",
]


@given(st.sampled_from(SECRETS), st.from_regex("[A-Za-z0-9]{8,30}", fullmatch=True))
def test_nothing_of_a_file_that_is_not_a_policy_is_repeated(form: str, secret: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.yaml").write_text(form.format(secret), encoding="utf-8")
        message = "\n".join(problems(Path(folder), "a.yaml"))
    assert secret[:8] not in message


def test_the_built_in_policy_is_found_in_a_wheel_and_in_a_checkout(tmp_path: Path) -> None:
    package = tmp_path / "gate" / "policy"
    (package / "files").mkdir(parents=True)
    assert tmp_path / "policies" / "default.yaml" == built_in_file(package)
    (package / "files" / "default.yaml").write_bytes(VALID)
    assert package / "files" / "default.yaml" == built_in_file(package)


@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper()])
def test_a_pinned_file_is_read(tmp_path: Path, digest: str) -> None:
    (tmp_path / "a#b.yaml").write_bytes(VALID)
    loaded = load(tmp_path, f"a#b.yaml#sha256={digest}")
    assert (PolicySource("a#b.yaml", DIGEST),) == loaded.sources


def test_another_content_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(VALID)
    [line] = problems(tmp_path, f"a.yaml#sha256={'0' * 64}")
    assert f"a.yaml: The file was changed: it has sha256={DIGEST}, not {'0' * 64}." == line


@pytest.mark.parametrize("digest", ["", DIGEST[1:], "g" * 64, f"{DIGEST}0"])
def test_a_pin_that_is_not_a_digest_is_refused(tmp_path: Path, digest: str) -> None:
    (tmp_path / "a.yaml").write_bytes(VALID)
    [line] = problems(tmp_path, f"a.yaml#sha256={digest}")
    assert line == "a.yaml: After #sha256= must stand 64 hexadecimal digits."


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("missing.yaml", "missing.yaml: No such file or directory; looked in {0}."),
        ("strikt.yaml", "looked in {0}. Did you mean strict.yaml?"),
        ("gone/a.yaml", "gone/a.yaml: No such file or directory; looked in {0}/gone."),
        (".", ".: This is a folder"),
        ("", "(empty): An empty name"),
        (" ", " : An empty name"),
        ("-", "-: Policies aren't read from standard input"),
        ("https://example.com/p.yaml", "p.yaml: Policies by URL aren't read"),
        ("git::https://example.com/p.yaml", "p.yaml: Policies by URL aren't read"),
        ("a\0b", "looked in {0}"),
    ],
)
def test_an_argument_that_names_no_file_is_told_as_one(tmp_path: Path, spec: str, why: str) -> None:
    (tmp_path / "strict.yaml").write_bytes(VALID)
    with pytest.raises(InvalidPolicy) as caught:
        load(tmp_path, spec)
    assert why.format(tmp_path) in caught.value.message.replace("\\", "/")
    assert ":1:1" not in caught.value.message
    assert caught.value.message.isprintable()
    assert "Correct the file" not in caught.value.remedy


def test_a_file_that_is_wrong_beside_one_that_is_missing_is_to_be_corrected(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text("version: 2\n", encoding="utf-8")
    with pytest.raises(InvalidPolicy) as caught:
        load(tmp_path, "a.yaml", "missing.yaml")
    assert caught.value.remedy.startswith("Correct the file")


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_empty_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    assert problems(tmp_path, "a.yaml") == [
        "a.yaml:1:1: The file is empty. A policy starts with: version: 1"
    ]


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_bytes(VALID + b"#" * 1024 * 1024)
    assert problems(tmp_path, "large.yaml") == ["large.yaml:1:1: The file is larger than 1024 KiB."]


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + VALID,
        VALID.replace(b"\n", b"\r\n"),
        b'{"version": 1,\n\t"block": {"levels": ["high"], "statuses": ["unhandled"]}}',
        b"%YAML 1.2\n---\n" + VALID + b"...\n",
    ],
    ids=["byte order mark", "line ends of Windows", "JSON with tabs", "directive"],
)
def test_other_spellings_are_read(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    assert hashlib.sha256(raw).hexdigest() == load(tmp_path, "a.yaml").sources[0].sha256


@pytest.mark.parametrize(
    ("where", "raw"),
    [
        ("2:5", b"version: 1\nnam\xe9: x\n"),
        ("1:1", "version: 1".encode("utf-16")),
    ],
)
def test_what_is_not_utf_8_is_told_with_its_place(tmp_path: Path, where: str, raw: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(raw.replace(b"nam", b"name"))
    assert problems(tmp_path, "a.yaml")[0].startswith(
        f"a.yaml:{where}: The file is not UTF-8 text from line {where[0]} on."
    )


def test_the_problems_of_all_files_are_told_in_the_order_of_places(tmp_path: Path) -> None:
    waivers = """\
waivers:
  - {risks: [a], images: [b], reason: r, expires: 2027-02-30}
  - {risks: ["**"], images: ["**"], reason: r, expires: 2027-01-01}
  - {risks: [a], images: [b], reason: r, expires: 2027-01-01, owners: x}
  - {risks: [a], images: [b], reason: r, expires: 2028-01-01}
max_waiver: 180d
scan: {max_age: 0s, settle: 9999d}
undecided: {warn_on: [missing], until: 2027-13-01}
"""
    names = [*written(tmp_path, waivers), "missing.yaml"]
    lines = problems(tmp_path, *names)
    expected = """\
a.yaml:4:51: expires is 2027-02-30, a day that no calendar has.
a.yaml:5:5: A waiver for all risks (**) of all images (**) would switch the gate off. Name the
a.yaml:6:63: "owners" is not a key in waivers. Did you mean owner? Allowed: risks, images, reason,
a.yaml:7:51: expires is 2028-01-01, more than max_waiver (180d) from today. The latest day is
a.yaml:9:17: max_age is 0, which makes every scan too old.
a.yaml:9:29: settle: '9999d' is more than 3650d, the longest duration.
a.yaml:10:40: until is 2027-13-01, a day that no calendar has.
missing.yaml: No such file or directory; looked in
""".splitlines()
    assert expected == [line[: len(begin)] for line, begin in zip(lines, expected, strict=True)]


def test_the_last_day_that_max_waiver_allows_is_allowed(tmp_path: Path) -> None:
    def waiver(day: str) -> str:
        return (
            f"max_waiver: 7d\nwaivers: [{{risks: [a], images: [b], reason: r, expires: {day}}}]\n"
        )

    load(tmp_path, *written(tmp_path, waiver("2026-12-01")))
    assert refused(tmp_path, waiver("2026-12-02"))
    assert refused(tmp_path, waiver("9999-12-31"))


@pytest.mark.parametrize("risks", ["*", "**", "?*", "a, '*'"])
@pytest.mark.parametrize("images", ["**", "*/**", "b, '**:*'"])
def test_a_waiver_for_everything_is_refused(tmp_path: Path, risks: str, images: str) -> None:
    def lists(text: str) -> str:
        return ", ".join(f"'{part.strip(chr(39) + ' ')}'" for part in text.split(","))

    waiver = (
        f"{{risks: [{lists(risks)}], images: [{lists(images)}], reason: r, expires: 2027-01-01}}"
    )
    [line] = refused(tmp_path, f"waivers: [{waiver}]")
    assert "would switch the gate off" in line


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary(max_size=60)
    | st.tuples(st.integers(0, len(VALID)), st.binary(max_size=6)).map(
        lambda cut: VALID[: cut[0]] + cut[1] + VALID[cut[0] :]
    )
    | st.lists(st.sampled_from(WORDS)).map(lambda words: " ".join(words).encode())
)
def test_any_bytes_are_a_policy_or_an_invalid_one(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    try:
        loaded = load(tmp_path, "a.yaml")
    except InvalidPolicy as invalid:
        lines = invalid.message.splitlines()
    else:
        lines = [f"a.yaml:1:1: {loaded}"]
    assert all(line.startswith("a.yaml:") and line.isprintable() for line in lines)


def test_many_rules_and_waivers_load_quickly(tmp_path: Path) -> None:
    rule = "  - {name: r%d, match: {images: ['a%d/**'], risks: [x*]}, action: warn}\n"
    waiver = """\
  - risks: [no_user, x%d]
    images: ["legacy%d/*"]
    reason: replaced in Q1
    expires: 2027-01-31
"""
    text = "rules:\n" + "".join(rule % (n, n) for n in range(50))
    text += "waivers:\n" + "".join(waiver % (n, n) for n in range(200))
    names = written(tmp_path, text)
    started = time.perf_counter()
    load(tmp_path, *names)
    assert time.perf_counter() - started < 2


def test_importing_policies_imports_no_network_and_no_schema() -> None:
    program = "import sys, gate.policy, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert '"gate.policy"' in done.stdout
    for module in ("aiohttp", "anyio", "asyncio", "jsonschema", "ruamel.yaml", "ssl"):
        assert f'"{module}"' not in done.stdout


def test_a_waiver_without_what_its_file_asks_for_is_told_at_its_place(tmp_path: Path) -> None:
    text = """\
waiver_needs: [ticket, owner]
waivers:
  - {risks: [a], images: [b], reason: r, expires: 2027-01-01, owner: me, ticket: T-1}
  - {risks: [a], images: [b], reason: r, expires: 2027-01-01, owner: me}
  - risks: [a]
    images: [b]
    reason: r
    expires: 2027-01-01
"""
    missing = "is missing in this waiver. waiver_needs asks for it in each of them."
    assert [
        f"a.yaml:6:5: ticket {missing}",
        f"a.yaml:7:5: owner {missing}",
        f"a.yaml:7:5: ticket {missing}",
    ] == refused(tmp_path, text)
    broken = refused(tmp_path, text.replace("[ticket, owner]", "[tickets]"))
    assert len(broken) == 1


def test_a_day_that_no_calendar_has_is_told_of_from(tmp_path: Path) -> None:
    says = "from is 2027-02-30, a day that no calendar has."
    selector = "{levels: [low], statuses: [unhandled], from: 2027-02-30}"
    rules = "rules: [{match: {levels: [low]}, action: block, from: 2027-02-30}]\n"
    for text, places in (
        (f"block: {selector}\n", ["2:53"]),
        (f"block: [{selector}]\n", ["2:54"]),
        (rules, ["3:55"]),
        (rules.replace("block,", "blok,"), []),
        (f"block: {selector}\n".replace("[low]", "low"), []),
        (f"block: [{selector}]\n".replace("[low]", "low"), []),
    ):
        days = [line for line in refused(tmp_path, text) if "from is" in line]
        assert [f"a.yaml:{place}: {says}" for place in places] == days

"""``gate policy prune`` takes out what records prove to cover nothing, and only that."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cases.recording import HOST, image, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

FILE = Path("baseline.yaml")
HEAD = "version: 1\nblock: {levels: [], statuses: []}\nwaivers:\n"
BEYOND = "reaches beyond the record"


def waiver(risks: str, images: str, expires: str = "2099-01-01") -> str:
    return f"  - risks: [{risks}]\n    images: [{images}]\n    reason: r\n    expires: {expires}\n"


def write(*waivers: str) -> str:
    text = HEAD + "".join(waivers)
    FILE.write_bytes(text.encode())
    return text


def pruned(gate: Gate, *images: dict[str, Any], **recorded: Any) -> list[str]:
    """Return what is said of the file, less the last line, which is another one without --write."""
    record(Path("a.cases"), images, **recorded)
    result = gate("policy", "prune", str(FILE), "--on", "a.cases")
    assert 0 == result.code, result.err
    *lines, last = result.out.splitlines()
    assert last.startswith("PRUNABLE  ")
    return lines


def test_what_was_fixed_goes_and_the_rest_stays(gate: Gate) -> None:
    before = write(
        "  # about api\n",
        "  # sudo: ignored in the console\n",
        waiver("no_user, sudo", "shop/api"),
        "\n  # no_user: ignored in the console\n",
        waiver("no_user", "shop/web"),
    )
    record(Path("a.cases"), [image("shop/api:1", "no_user"), image("shop/web:1")])
    command = ("policy", "prune", str(FILE), "--on", "a.cases")
    lines = [
        "baseline.yaml:6: sudo for shop/api covers nothing any more",
        "baseline.yaml:12: no_user for shop/web covers nothing any more",
    ]

    named = gate(*command)
    assert (0, [*lines, "PRUNABLE  2 of 3 risks in 2 waivers (exit 0)"]) == (
        named.code,
        named.out.splitlines(),
    )
    assert before.encode() == FILE.read_bytes()

    written = gate(*command, "--write")
    assert (0, [*lines, "PRUNED  2 of 3 risks in 2 waivers (exit 0)"]) == (
        written.code,
        written.out.splitlines(),
    )
    after = HEAD + "  # about api\n" + waiver("no_user", "shop/api") + "\n"
    assert after.encode() == FILE.read_bytes()
    assert [FILE, Path("a.cases")] == sorted(
        Path().iterdir(), key=lambda path: path.name != FILE.name
    )

    again = gate(*command, "--write")
    assert "PRUNED  0 of 1 risks in 1 waivers (exit 0)\n" == again.out


def test_the_last_waiver_leaves_an_empty_list(gate: Gate) -> None:
    write("  # about api\n", waiver("no_user", "shop/api"))
    record(Path("a.cases"), [image("shop/api:1")])

    assert 0 == gate("policy", "prune", str(FILE), "--on", "a.cases", "--write").code
    assert HEAD.replace("waivers:", "waivers: []") == FILE.read_text()
    assert 0 == gate("policy", "validate", str(FILE)).code


def test_the_regions_and_scopes_that_were_read_are_said(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    one = record(Path("a.cases"), [image("shop/api:1")])
    other = record(Path("b.cases"), [image("pay/api:1")], namespace="pay", region="cn-shanghai")
    result = gate("policy", "prune", str(FILE), "--on", one, "--on", other)

    recorded = "1 image, recorded 2026-11-24 19:11:19 UTC"
    assert [
        f"on  a.cases: {recorded}, audit of cn-hangzhou, SANDBOX",
        f"on  b.cases: {recorded}, audit of cn-shanghai, namespace pay, SANDBOX",
    ] == result.err.splitlines()


def test_what_has_ended_goes_though_it_is_used(gate: Gate) -> None:
    write(waiver("no_user, sudo", "shop/api", "2020-02-29"))

    assert [
        "baseline.yaml:4: no_user for shop/api ended on 2020-02-29",
        "baseline.yaml:4: sudo for shop/api ended on 2020-02-29",
    ] == pruned(gate, image("shop/api:1", "no_user"))


@pytest.mark.parametrize(
    ("images", "recorded", "why"),
    [
        ([image("shop/api:1")], {}, ""),
        ([image("shop/api:1", host="")], {}, ""),
        ([image("shop/api:1"), image("shop/api:2", evidence="failed")], {}, "shop/api:2: failed"),
        ([image("shop/api:1", evidence="stale")], {}, "shop/api:1: stale"),
        ([image("shop/api:1", kinds=[])], {}, "shop/api:1: incomplete"),
        ([image("shop/api:1", checks={"off": ["no_user"]})], {}, "shop/api:1: checks_off"),
        ([image("shop/api:1", checks={"on": ["sudo"]})], {}, "shop/api:1: checks_off"),
        ([image("shop/api:1", checks={"off": ["sudo"]})], {}, ""),
        ([image("shop/api:1", checks=None)], {}, ""),
        ([image("shop/web:1")], {}, "no image in the record"),
        ([image("shop/api:1")], {"command": "check"}, BEYOND),
        ([image("shop/api:1")], {"namespace": "shop"}, ""),
        ([image("shop/api:1")], {"namespace": "shop", "repository": "api"}, ""),
        ([image("shop/api:1")], {"repository": "api"}, ""),
        ([image("shop/api:1")], {"namespace": "shop", "repository": "web"}, BEYOND),
        ([image("shop/api:1")], {"namespace": "pay"}, BEYOND),
    ],
    ids=str,
)  # fmt: skip
def test_a_risk_goes_only_where_it_is_proven(
    gate: Gate, images: list[dict[str, Any]], recorded: dict[str, Any], why: str
) -> None:
    write(waiver("no_user", "shop/api"))
    others = [image("other/one:1")]  # told, so that the rest is not for nothing
    words = f"stays: {why}" if why else "covers nothing any more"

    assert [f"baseline.yaml:4: no_user for shop/api {words}"] == pruned(
        gate, *images, *others, **recorded
    )


@pytest.mark.parametrize(
    ("pattern", "recorded", "why"),
    [
        ('"shop/*"', {"namespace": "shop"}, ""),
        ('"shop/**"', {"namespace": "shop"}, ""),
        ('"*/api"', {"namespace": "shop"}, BEYOND),
        ('"**"', {}, ""),
        ('"**"', {"namespace": "shop"}, BEYOND),
        ('"shop/api:*"', {"namespace": "shop", "repository": "api"}, ""),
        ('"shop/ap?"', {"namespace": "shop", "repository": "api"}, BEYOND),
        (f'"{HOST}/shop/*"', {"namespace": "shop"}, ""),
        (f'"{HOST}/shop/*"', {"region": "cn-shanghai"}, BEYOND),
        (f'"{HOST}/**"', {"region": "cn-shanghai"}, BEYOND),
    ],
)
def test_a_pattern_must_not_reach_beyond_what_was_audited(
    gate: Gate, pattern: str, recorded: dict[str, Any], why: str
) -> None:
    write(waiver("no_user", pattern))
    [line] = pruned(gate, image("shop/api:1"), **recorded)

    assert line.endswith(f"stays: {why}" if why else "covers nothing any more")


def test_each_region_that_was_recorded_must_hold_a_pattern(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    one = record(Path("a.cases"), [image("shop/api:1")])
    other = record(Path("b.cases"), [image("pay/a:1")], namespace="pay", region="cn-shanghai")
    result = gate("policy", "prune", str(FILE), "--on", one, "--on", other)
    assert "stays: reaches beyond the record" in result.out

    record(Path("b.cases"), [image("pay/a:1")], region="cn-shanghai")
    assert (
        "covers nothing any more"
        in gate("policy", "prune", str(FILE), "--on", one, "--on", other).out
    )

    record(Path("b.cases"), [image("shop/api:1", "no_user")], region="cn-shanghai")
    result = gate("policy", "prune", str(FILE), "--on", one, "--on", other)
    assert "PRUNABLE  0 of 1 risks in 1 waivers (exit 0)\n" == result.out


def test_each_pattern_needs_an_image(gate: Gate) -> None:
    write(waiver("no_user", "shop/api, shop/old"))

    assert [
        "baseline.yaml:4: no_user for shop/api, shop/old stays: no image in the record for shop/old"
    ] == pruned(gate, image("shop/api:1"))


def test_an_image_whose_host_is_not_known_may_be_any(gate: Gate) -> None:
    write(waiver("no_user", '"*.aliyuncs.com/shop/api"'))

    assert [] == pruned(
        gate, image("shop/api:1"), image("shop/api:2", "no_user", host="", number=1)
    )


def test_a_pattern_of_risks_goes_only_whole(gate: Gate) -> None:
    write(waiver('"no_*", "s*"', "shop/api"))

    assert ["baseline.yaml:4: s* for shop/api covers nothing any more"] == pruned(
        gate, image("shop/api:1", "no_user")
    )


def test_what_is_still_used_is_named_where_all_is_wanted(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    record(Path("a.cases"), [image("shop/api:1", "no_user")])
    result = gate("policy", "prune", str(FILE), "--on", "a.cases", "-v")

    assert "baseline.yaml:4: no_user for shop/api is still used" == result.out.splitlines()[0]


def test_two_images_of_one_name_are_told_apart(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"), waiver("no_user", '"shop/api:*"'))
    first = image("shop/api:1", evidence="failed", number=1)
    second = image("shop/api:1", evidence="running", number=2)

    assert [
        "baseline.yaml:4: no_user for shop/api stays: shop/api:1: failed",
        "baseline.yaml:8: no_user for shop/api:* stays: shop/api:1: failed",
    ] == pruned(gate, first, second, image("a/b:1"))


def test_json_says_the_same(gate: Gate) -> None:
    write(waiver("no_user, sudo", "shop/api"))
    record(Path("a.cases"), [image("shop/api:1"), image("shop/api:2", evidence="failed")])
    document = json.loads(
        gate("policy", "prune", str(FILE), "--on", "a.cases", "--format", "json").out
    )

    assert ("policy-prune", 0, False) == tuple(
        document[key] for key in ("kind", "exit_code", "written")
    )
    assert "verdict" not in document
    assert [("baseline.yaml", 4, "none", "shop/api:2: failed")] * 2 == [
        tuple(item[key] for key in ("path", "line", "change", "reason"))
        for item in document["items"]
    ]


def test_nothing_told_is_no_success(gate: Gate) -> None:
    before = write(waiver("no_user", "shop/api", "2020-01-01"))
    record(Path("a.cases"), [image("shop/api:1", evidence="running")])
    result = gate("policy", "prune", str(FILE), "--on", "a.cases", "--write")

    assert (3, "", before) == (result.code, result.out, FILE.read_text())
    assert "no image" in result.err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"version": 1, "block": {"levels": [], "statuses": []}, "waivers": [WAIVER]}', "JSON"),
        ("version: 1\nblock: {levels: [], statuses: []}\nwaivers: [WAIVER, WAIVER]\n", "same line"),
    ],
)
def test_what_cant_be_cut_is_left_to_a_person(gate: Gate, text: str, why: str) -> None:
    own = '{"risks": ["no_user"], "images": ["shop/api"], "reason": "r", "expires": "2099-01-01"}'
    FILE.write_text(text.replace("WAIVER", own))
    before = FILE.read_bytes()
    record(Path("a.cases"), [image("shop/api:1")])

    for options in ((), ("--write",)):
        result = gate("policy", "prune", str(FILE), "--on", "a.cases", *options)
        assert (2, "", before) == (result.code, result.out, FILE.read_bytes())
        assert why in result.err
        assert "Take out by hand: line 1, no_user for shop/api" in result.err.replace(
            "line 3", "line 1"
        )


def test_a_link_is_left_to_a_person(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    link = Path("link.yaml")
    try:
        link.symlink_to(FILE)
    except OSError:
        pytest.skip("this system makes no links")
    record(Path("a.cases"), [image("shop/api:1")])
    result = gate("policy", "prune", str(link), "--on", "a.cases", "--write")

    assert 2 == result.code
    assert "it is a link" in result.err
    assert link.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such mode")
def test_the_mode_stays(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    FILE.chmod(0o640)
    record(Path("a.cases"), [image("shop/api:1")])

    assert 0 == gate("policy", "prune", str(FILE), "--on", "a.cases", "--write").code
    assert 0o640 == stat.S_IMODE(FILE.stat().st_mode)


@pytest.mark.parametrize(
    ("trouble", "code"), [(OSError(30, "Read-only file system"), 5), (KeyboardInterrupt(), 130)]
)
def test_what_ends_the_writing_leaves_the_file_as_it_was(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, trouble: BaseException, code: int
) -> None:
    before = write(waiver("no_user", "shop/api"))
    record(Path("a.cases"), [image("shop/api:1")])

    def fail(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(Path, "replace", fail)
    result = gate("policy", "prune", str(FILE), "--on", "a.cases", "--write")

    assert (code, "", before) == (result.code, result.out, FILE.read_text())
    assert {"a.cases", FILE.name} == {path.name for path in Path().iterdir()}


def test_wrong_files_are_wrong_usage(gate: Gate) -> None:
    write(waiver("no_user", "shop/api"))
    record(Path("a.cases"), [image("shop/api:1")])
    Path("not.yaml").write_text("secret: hunter2")

    assert 2 == gate("policy", "prune", str(FILE)).code
    assert 2 == gate("policy", "prune", "none.yaml", "--on", "a.cases").code
    assert 2 == gate("policy", "prune", str(FILE), "--on", "none.cases").code
    assert 2 == gate("policy", "prune", str(FILE), "--on", str(FILE)).code
    result = gate("policy", "prune", "not.yaml", "--on", "a.cases")
    assert 2 == result.code
    assert "hunter2" not in result.err


def test_untrusted_names_do_nothing_to_a_terminal(gate: Gate) -> None:
    write(waiver('"::set-output name=x::y\\x1b"'.replace(" ", ""), '"shop/\\u202eapi"'))
    result = pruned(gate, image("shop/web:1"))

    assert not any("::" in line or "\x1b" in line or "\u202e" in line for line in result)

from __future__ import annotations

import time
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.rigs.command import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]


def pod(*images: str) -> None:
    containers = "".join(f"    - {{name: c{n}, image: '{one}'}}\n" for n, one in enumerate(images))
    Path("pod.yaml").write_text(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n{containers}"
    )


def judge(gate: Gate, *arguments: str) -> Result:
    return gate("manifests", "--sandbox", "--format", "json", *arguments, "pod.yaml")


def test_images_that_a_file_names_are_judged_and_findings_point_there(gate: Gate) -> None:
    pod(f"{HOST}/shop/api:2.0", f"{HOST}/shop/web:1.4")
    result = judge(gate)
    assert 10 == result.code
    api, web = result.report["images"]
    assert ("pass", "block") == (api["verdict"], web["verdict"])
    assert {("pod.yaml", 7)} == {
        (one["location"]["path"], one["location"]["line"]) for one in web["findings"]
    }


def test_images_of_other_registries_are_named_as_skipped(gate: Gate) -> None:
    pod(f"{HOST}/shop/api:2.0", "nginx:1.27")
    result = judge(gate)
    assert 0 == result.code
    assert any("nginx:1.27" in note and "skipped" in note for note in result.report["notes"])


def test_a_registry_that_is_named_is_judged_too(gate: Gate) -> None:
    pod("harbor.example.com/shop/api:2.0")
    result = judge(gate, "--registry-host", "*.example.com", "--region", "cn-hangzhou")
    assert 1 == len(result.report["images"])


@pytest.mark.parametrize("others", [(), (f"{HOST}/shop/api:2.0",)])
def test_a_name_that_is_not_whole_is_undecided(gate: Gate, others: tuple[str, ...]) -> None:
    pod(*others, f"{HOST}/shop/web:$TAG")
    result = judge(gate, "--allow-none")
    assert 3 == result.code
    assert "unread" == result.report["images"][-1]["reason"]
    place = f"pod.yaml:{6 + len(others)}"
    said = f"{place} names {HOST}/shop/web:$TAG, and a variable in it has no value here. "
    assert result.report["images"][-1]["message"].startswith(said)


def test_what_is_no_name_is_undecided_and_says_what_to_do(gate: Gate) -> None:
    pod(f"{HOST}/shop/Web:1")
    (image,) = judge(gate).report["images"]
    assert "unidentified" == image["reason"]
    assert (
        f"pod.yaml:6 names no image: '{HOST}/shop/Web:1' has upper-case letters in its repository."
        " Write it in lower case."
    ) == image["message"]


def test_where_nothing_is_left_to_judge_the_report_says_that_nobody_was_asked(gate: Gate) -> None:
    pod("nginx:1.27")
    arguments = ("--endpoint", "https://tds.aliyuncs.com", "--region", "cn-hangzhou", "pod.yaml")
    result = gate("manifests", *arguments)
    assert 3 == result.code
    assert "\nasked   nobody\n" in result.out


def test_nothing_to_judge_is_no_pass_unless_allowed(gate: Gate) -> None:
    pod("nginx:1.27")
    assert (3, "undecided") == (judge(gate).code, judge(gate).report["verdict"])
    allowed = judge(gate, "--allow-none")
    assert (0, "undecided") == (allowed.code, allowed.report["verdict"])
    assert "nothing was judged" in allowed.report["notes"][0]


def test_a_file_that_cannot_be_read_is_usage(gate: Gate) -> None:
    result = gate("manifests", "--sandbox", "gone.yaml")
    assert 2 == result.code
    assert "gone.yaml can't be read" in result.err


@pytest.mark.parametrize("option", ["--dockerfile", "--images-from", "--metadata-file"])
def test_what_is_not_a_regular_file_is_usage(gate: Gate, option: str) -> None:
    result = gate("check", "--sandbox", f"{HOST}/shop/web:1.4", option, "/dev/zero")
    assert 2 == result.code
    assert "/dev/zero can't be read: it is not a regular file" in result.err


def test_a_dockerfile_gives_findings_their_lines(gate: Gate) -> None:
    Path("Dockerfile").write_text("FROM alpine\nENV DB_PASSWORD=hunter2\n\nUSER root\n")
    arguments = ("check", "--sandbox", "--format", "json", "--dockerfile", "Dockerfile")
    result = gate(*arguments, f"{HOST}/shop/web:1.4")
    places = {
        one["risk"]: one["location"] and one["location"]["line"] for one in result.image["findings"]
    }
    assert (2, 4, None) == (places["env_secret"], places["no_user"], places["curl_pipe"])
    assert "hunter2" not in result.out


def test_a_dockerfile_that_is_not_there_is_usage(gate: Gate) -> None:
    result = gate("check", "--sandbox", "--dockerfile", "gone", f"{HOST}/shop/web:1.4")
    assert 2 == result.code


def test_an_image_anywhere_in_a_file_is_judged(gate: Gate) -> None:
    Path("app.yaml").write_text(f"env: [{{name: RELATED_IMAGE_WEB, value: '{HOST}/shop/web:1.4'}}]")
    assert 10 == gate("manifests", "--sandbox", "app.yaml").code


def test_unread_places_are_undecided_or_notes_if_that_is_allowed(gate: Gate) -> None:
    pod(f"{HOST}/shop/api:2.0", "${REGISTRY}/shop/web:1")
    result = judge(gate)
    assert 3 == result.code
    [_, unread] = result.report["images"]
    assert ("${REGISTRY}/shop/web:1", "unread") == (unread["reference"], unread["reason"])
    assert "or judge what your tool renders by `gate manifests -`." in unread["message"]
    allowed = judge(gate, "--allow-unread")
    assert 0 == allowed.code
    assert 1 == len(allowed.report["images"])
    assert any("${REGISTRY}/shop/web:1" in note for note in allowed.report["notes"])


def test_a_name_that_could_be_judged_is_never_only_noted(gate: Gate) -> None:
    pod(f"{HOST}/shop/web:1.4", f"{HOST}/shop/Web:1", "${REGISTRY}/shop/web:1")
    result = judge(gate, "--allow-unread")
    assert 10 == result.code
    assert ["unidentified", "blocked"] == sorted(
        (image["reason"] for image in result.report["images"]), reverse=True
    )


def test_a_place_without_a_text_is_named_by_its_line(gate: Gate) -> None:
    Path("pod.yaml").write_text("a: 1\n---\n{{- if .x }}\nimage: {{ .y }}\n")
    [image] = judge(gate).report["images"]
    assert "pod.yaml:3" == image["reference"]
    assert "helm template CHART | gate manifests -" in image["message"]


def test_what_allows_unread_places_does_not_come_from_the_environment(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILDRISK_GATE_ALLOW_UNREAD", "1")
    pod("${REGISTRY}/shop/web:1")
    assert 0 != judge(gate).code


def test_standard_input_is_read_for_a_dash(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{HOST}/shop/web:1.4'}}]}}\n"
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text.encode())))
    result = gate("manifests", "--sandbox", "--format", "json", "-")
    assert 10 == result.code
    assert {"stdin"} == {one["location"]["path"] for one in result.image["findings"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a" * (16 * 1024 * 1024 + 1), "Standard input is larger than 16384 KiB."),
        (b"\xff", "Standard input is not UTF-8 text"),
    ],
)
def test_standard_input_is_bounded_text(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(content)))
    result = gate("manifests", "--sandbox", "-")
    assert 2 == result.code
    assert message in result.err


def test_a_file_of_more_than_a_mebibyte_is_usage(gate: Gate) -> None:
    Path("big.yaml").write_text("a" * (1024 * 1024 + 1))
    result = gate("manifests", "--sandbox", "big.yaml")
    assert 2 == result.code
    assert "big.yaml is larger than 1024 KiB" in result.err


def test_the_limit_of_the_run_reaches_the_reading_of_files(gate: Gate) -> None:
    Path("pod.yaml").write_text("image: [" + "a, " * 300_000 + "a]\n")
    begin = time.monotonic()
    result = judge(gate, "--timeout", "1s", "--allow-unread")
    assert time.monotonic() - begin < 5
    assert (3, "incomplete") == (result.code, result.image["reason"])

"""Case files as worlds: what becomes of each fact, and which are refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gate.cli.sandbox import read_world
from gate.errors import UsageError
from gate.sandbox import DAY, HOUR, sample_world

if TYPE_CHECKING:
    from pathlib import Path

    from gate.sandbox import SampleImage, World

HEX = "ab" * 32
HEAD = "version: 1\nat: 2027-01-31\n"


def world(folder: Path, *images: str, head: str = HEAD) -> World:
    """Return the world of images, each the fields behind its reference."""
    path = folder / "a.test.yaml"
    listed = "".join(f"  - {{reference: {image}}}\n" for image in images)
    path.write_text(f"{head}images:\n{listed}", encoding="utf-8")
    return read_world(path)


def only(folder: Path, image: str, head: str = HEAD) -> SampleImage:
    [record] = world(folder, image, head=head).images
    return record


def refused(folder: Path, *images: str, head: str = HEAD) -> str:
    with pytest.raises(UsageError) as caught:
        world(folder, *images, head=head)
    assert caught.value.remedy
    return caught.value.message.removeprefix(f"{folder}/a.test.yaml:")


def test_each_image_is_a_record_with_a_scan_that_ended_so_long_ago(tmp_path: Path) -> None:
    image = only(
        tmp_path,
        "shop/web:1, scan: {age: 3d}, findings: [{risk: no_user, level: low, status: ignored}]",
    )

    assert ("shop", "web", "1") == (image.namespace, image.repository, image.tag)
    assert [(-3 * DAY, "SUCCESS")] == [(state.after, state.scan) for state in image.timeline]
    assert image.pushed < -3 * DAY
    [finding] = image.findings
    assert ("no_user", "low", "ignored", "") == (
        finding.risk, finding.level, finding.status, finding.command
    )  # fmt: skip
    assert image.served


@pytest.mark.parametrize(
    ("reference", "host", "region", "namespace", "tag", "digest"),
    [
        ("shop/web", "", "cn-hangzhou", "shop", "latest", None),
        (f"'shop/web@sha256:{HEX}'", "", "cn-hangzhou", "shop", "", f"sha256:{HEX}"),
        ("/my.shop/web:1", "", "cn-hangzhou", "my.shop", "1", None),
        ("registry.cn-beijing.aliyuncs.com/shop/web:1", ..., "cn-beijing", "shop", "1", None),
        ("registry-vpc.cn-beijing.aliyuncs.com/shop/web:1", ..., "cn-beijing", "shop", "1", None),
        ("a-registry.eu-central-1.cr.aliyuncs.com/a/b/c:1", ..., "eu-central-1", "a", "1", None),
        ("crpi-x.cn-hangzhou.personal.cr.aliyuncs.com/a/b:1", ..., "cn-hangzhou", "a", "1", None),
        ("registry.example.com:5000/shop/web:1", ..., "cn-hangzhou", "shop", "1", None),
    ],
)
def test_a_reference_says_where_an_image_is(  # noqa: PLR0913, PLR0917 - its parts
    reference: str,
    host: object,
    region: str,
    namespace: str,
    tag: str,
    digest: str | None,
    tmp_path: Path,
) -> None:
    image = only(tmp_path, reference)

    expected = reference.partition("/")[0] if host is ... else host
    assert (expected, region) == (image.host, image.region)
    assert (namespace, tag) == (image.namespace, image.tag)
    assert digest in {None, image.digest}


def test_other_tags_of_a_digest_are_records_of_their_own(tmp_path: Path) -> None:
    images = world(
        tmp_path,
        f"'shop/web:1@sha256:{HEX}', tags: ['1', '2', 3]",
        f"'shop/web:2@sha256:{HEX}', tags: ['1', '2', 3]",
    ).images

    assert ["1", "3", "2"] == [image.tag for image in images]
    assert {f"sha256:{HEX}"} == {image.digest for image in images}
    assert 3 == len({image.uuid for image in images})


def test_a_tag_that_no_record_carries_is_in_the_registry_alone(tmp_path: Path) -> None:
    made = world(tmp_path, "shop/web:1, tags: [dev]")

    assert ["dev"] == [image.tag for image in made.images]
    assert {"shop/web:1": made.images[0].digest} == made.tags


@pytest.mark.parametrize(
    ("fields", "states"),
    [
        ("evidence: running", ["CVE_ANALYZER"]),
        ("evidence: running, scan: {age: 2h}", ["SUCCESS", "CVE_ANALYZER"]),
        ("evidence: failed, findings: [{risk: apk, level: low}]", ["SUCCESS", "FAIL"]),
        ("evidence: unsupported", ["INIT"]),
        ("evidence: missing", [""]),
        ("evidence: incomplete", ["UNDOCUMENTED"]),
        ("evidence: stale", ["SUCCESS"]),
        ("verdict: pass, reason: clean, exit_code: 0, kinds: [build_risk]", ["SUCCESS"]),
    ],
)
def test_what_keeps_a_scan_from_counting_is_its_state(
    fields: str, states: list[str], tmp_path: Path
) -> None:
    image = only(tmp_path, f"shop/web:1, {fields}")

    assert states == [state.scan for state in image.timeline]
    assert ("stale" in fields) == (image.pushed > image.timeline[0].after)


def test_the_checks_are_those_of_the_file(tmp_path: Path) -> None:
    finding = "findings: [{risk: own_check, level: low, class: mine}]"
    made = world(tmp_path, f"shop/web:1, {finding}", head=f"{HEAD}checks: {{off: [apk]}}\n")
    checks = {check.key: check for check in made.checks}

    assert ["apk"] == [key for key, check in checks.items() if not check.selected]
    assert "mine" == checks["own_check"].risk_class
    assert "mine" in {each.key for each in made.classes}

    made = world(tmp_path, "shop/web:1", head=f"{HEAD}checks: {{on: [apk, new]}}\n")
    assert ["apk", "new"] == [check.key for check in made.checks if check.selected]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("evidence: disagreeing", "4:39: This can't be played: no service can be made to show"),
        (
            "evidence: missing, findings: [{risk: a, level: low}]",
            "4:39: This can't be played: what was found by",
        ),
        ("kinds: []", "4:36: This can't be played: build_risk is always read"),
        ("kinds: [malicious]", "4:36: This can't be played: build_risk is always read"),
        ("checks: null", "4:37: This can't be played: which checks are on is always known"),
        ("findings: [{risk: a, level: low, status: handled}]", "4:70: This can't be played: no li"),
        (
            "findings: [{risk: a, level: low}, {risk: a, level: low, class: b}]",
            "4:63: This can't be played: a had the class '' before",
        ),
        ("tags: [dev], identified_by: tag", "4:57: This can't be played: no record carries"),
        (
            "identified_by: tag, evidence: failed, findings: [{risk: a, level: low}]",
            "4:77: This can't be played: without a scan that counts",
        ),
        ("evidenze: stale", "4:5: Object contains unknown field `evidenze` (at images[0])."),
        ("scan: {age: 3 days}", "4:41: This can't be played: '3 days' is no duration"),
        ("tags: [1.10]", "4:36: Expected `int | str`, got `float`"),
        ("findings: [{risk: a, level: severe}]", "4:57: Invalid enum value 'severe'"),
        ("findings: [{risk: a, level: low, kind: other}]", "4:68: Invalid enum value 'other'"),
    ],
)
def test_a_fact_that_can_not_be_played_is_refused_with_its_place(
    fields: str, message: str, tmp_path: Path
) -> None:
    assert message in refused(tmp_path, f"shop/web:1, {fields}")


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (["shop/web:1", "shop"], "5:17: This can't be played: 'shop' names no image"),
        (
            [f"'shop/web:1@sha256:{HEX}'"] * 2,
            "5:17: This can't be played: an image with this digest and tag was there before",
        ),
        (
            [f"'shop/web:1@sha256:{HEX}', identified_by: tag"],
            "4:118: This can't be played: an image whose digest is known",
        ),
        (
            ["shop/web:1, identified_by: tag", "shop/web:2, tags: ['1', '2']"],
            "4:44: This can't be played: another image has a record with this tag",
        ),
        (
            ["shop/web:1, checks: {off: [apk]}", "shop/web:2"],
            "5:5: This can't be played: the checks are the same",
        ),
    ],
)
def test_images_that_can_not_be_there_together_are_refused(
    images: list[str], message: str, tmp_path: Path
) -> None:
    assert message in refused(tmp_path, *images)


def test_images_without_any_tag_are_told_apart_by_their_digests(tmp_path: Path) -> None:
    made = world(tmp_path, "shop/web:1, tags: []", "shop/web:2, tags: []")

    assert ["", ""] == [image.tag for image in made.images]
    assert 2 == len({image.digest for image in made.images})
    assert [image.digest for image in made.images] == list(made.tags.values())


def test_cases_of_one_name_are_images_of_their_own(tmp_path: Path) -> None:
    """As in a test that asks the same on several days: here it is today."""
    images = world(tmp_path, "shop/web:1, at: 2026-01-01", "shop/web:1, verdict: block").images

    assert 2 == len({image.uuid for image in images})
    assert {"1"} == {image.tag for image in images}


def test_a_record_that_lacks_keys_says_less(tmp_path: Path) -> None:
    path = tmp_path / "old.cases"
    images = [
        {"reference": "shop/web:1", "tags": ["1"]},
        {"reference": "shop/api:1", "evidence": "complete", "kinds": ["build_risk"]},
    ]
    recorded = {"at": "2026-11-24T00:00:00Z", "region": "cn-beijing"}
    path.write_text(json.dumps({"version": 1, "recorded": recorded, "images": images[:1]}))
    [image] = read_world(path).images

    assert (False, "cn-beijing") == (image.in_registry, image.region)
    assert "SUCCESS" not in {state.scan for state in image.timeline}

    path.write_text(json.dumps({"version": 1, "recorded": recorded, "images": images}))
    with pytest.raises(UsageError, match="no record carries the tag"):
        read_world(path)


def test_a_world_of_samples_is_read_as_before(tmp_path: Path) -> None:
    path = tmp_path / "world.yaml"
    path.write_text("images: [{namespace: shop, repository: web, timeline: []}]\n")
    made = read_world(path)

    assert [()] == [image.timeline for image in made.images]
    assert sample_world().checks == made.checks
    assert None is made.images[0].host
    assert -3 * HOUR == made.images[0].pushed

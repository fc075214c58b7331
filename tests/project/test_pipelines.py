"""The project's own pipelines try what it supports, and name things as they are."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from ruamel.yaml import YAML

import dev
from gate.sandbox import Sandbox, sample_world

WORKFLOWS = dev.ROOT / ".github" / "workflows"


def read(name: str) -> Any:
    return YAML(typ="safe").load((dev.ROOT / name).read_text(encoding="utf-8"))


def test_every_supported_python_is_tried_on_both_homes() -> None:
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    github = read(".github/workflows/test.yml")["jobs"]["linux"]["strategy"]["matrix"]["python"]
    (gitlab,) = read(".gitlab-ci.yml")["test"]["parallel"]["matrix"]

    assert named == github
    assert named == gitlab["PYTHON_VERSION"]


def test_all_three_systems_are_tried() -> None:
    jobs = read(".github/workflows/test.yml")["jobs"]
    elsewhere = {entry["os"] for entry in jobs["elsewhere"]["strategy"]["matrix"]["include"]}

    assert {"macos-latest", "windows-latest"} == elsewhere
    assert {"ubuntu-latest", *elsewhere} == set(jobs["action"]["strategy"]["matrix"]["os"])


def test_tests_that_are_left_out_elsewhere_carry_a_registered_marker() -> None:
    text = (WORKFLOWS / "test.yml").read_text(encoding="utf-8")
    project = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    registered = project["tool"]["pytest"]["ini_options"]["markers"]
    left_out = re.findall(r'-m "not (\w+)"', text)

    assert left_out
    assert set(left_out) == {marker.partition(":")[0] for marker in registered}
    assert "--ignore" not in text


def test_end_to_end_tests_that_run_elsewhere_exist() -> None:
    text = (WORKFLOWS / "test.yml").read_text(encoding="utf-8")
    folders = re.findall(r"^ +(tests/\S+)$", text, re.MULTILINE)

    assert folders
    assert not [folder for folder in folders if not list((dev.ROOT / folder).glob("test_*.py"))]


def test_the_action_is_tried_with_images_and_keys_of_the_sandbox() -> None:
    world = sample_world()
    sandbox = Sandbox(world)
    job = read(".github/workflows/test.yml")["jobs"]["action"]
    (use,) = (step for step in job["steps"] if step.get("id") == "gate")
    known = {f"{image.name}:{image.tag}@{image.digest}" for image in world.images}

    assert not [line for line in use["with"]["image"].split() if line.split("/", 1)[1] not in known]
    assert {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": sandbox.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": sandbox.access_key_secret,
    } == job["env"]


def test_the_lock_pins_what_publishes_a_release() -> None:
    lock = (dev.REQUIREMENTS / "test.txt").read_text(encoding="utf-8")

    assert re.search(r"^uv==\S+ \\\n    --hash=sha256:", lock, re.MULTILINE)


def test_pre_commit_runs_what_a_contributor_runs() -> None:
    (local,) = read(".pre-commit-config.yaml")["repos"]

    assert {"local"} == {local["repo"]}
    assert {
        "python3 dev.py tool ruff check --fix --force-exclude",
        "python3 dev.py tool ruff format --force-exclude",
        "python3 dev.py lint",
        "python3 dev.py gate policy validate",
        "python3 dev.py gate policy test --coverage policies",
        "python3 dev.py test",
    } == {hook["entry"] for hook in local["hooks"]}


def test_a_release_attests_the_image_that_it_has_tried_and_pushed() -> None:
    jobs = read(".github/workflows/release.yml")["jobs"]
    names = [step.get("name", step.get("uses")) for step in jobs["image"]["steps"][1:]]
    (use,) = (step for step in jobs["attest-image"]["steps"] if "uses" in step)

    assert [
        "Build on a base that is named by its digest",
        "Try it where it may do nothing",
        "Push it",
    ] == names
    assert "${{ needs.image.outputs.digest }}" == use["with"]["subject-digest"]
    assert {"image", "attest-image"} == set(jobs["announce"]["needs"])
    assert "publish" == jobs["image"]["needs"]


def test_only_the_jobs_that_push_an_image_may() -> None:
    jobs = read(".github/workflows/release.yml")["jobs"]

    assert {"image", "attest-image"} == {
        name for name, job in jobs.items() if "packages" in job.get("permissions", {})
    }

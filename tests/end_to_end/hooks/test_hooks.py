"""The hooks as pre-commit reads, installs and runs them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from gate import __version__, cli
from tests.project.markdown import Page
from tests.rigs.repository import Done, Repository
from tests.rigs.shipped import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
HOOKS = {hook["id"]: hook for hook in YAML(typ="safe").load(MANIFEST.read_text(encoding="utf-8"))}

ENDINGS = st.sampled_from(("", ".yaml", "/Dockerfile", "/web.dockerfile", "/.buildrisk-gate.yaml"))
POLICY = ".buildrisk-gate.yaml"
GOOD = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"
BAD = "version: 1\nblock: {levels: [hihg], statuses: [unhandled]}\n"
LAX = "version: 1\nblock: {levels: [], statuses: []}\n"


@pytest.fixture
def consumer(tmp_path: Path, pre_commit_home: str) -> Repository:
    """Return an empty repository of somebody who uses the hooks."""
    return Repository.make(tmp_path / "consumer", PRE_COMMIT_HOME=pre_commit_home)


def recipe() -> str:
    """Return the configuration that the recipes show."""
    return Page.read("docs/recipes.md").section("pre-commit").snippet("yaml")


def recipe_of(released: Repository) -> str:
    """Return that configuration with the hooks of a repository on this machine."""
    return re.sub(r"repo: \S+", lambda _: f"repo: {released.folder.as_posix()}", recipe())


# What a policy that blocks what is high makes of an image with such a finding.
CASES = """\
version: 1
at: 2026-11-24
images:
  - reference: shop/web:1
    findings: [{risk: no_user, level: high}]
    verdict: block
"""
CASE_FILE = ".buildrisk-gate.test.yaml"


def pod(image: str) -> str:
    """Return a manifest that names one image."""
    return f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: {image}\n"


def in_process(hook: dict[str, Any], *arguments: str) -> int:
    """Run the entry of a hook as the command that the package installs would."""
    program, *words = shlex.split(hook["entry"])
    assert "gate.__main__:main" == PROJECT["project"]["scripts"][program]
    return cli.run([*words, *arguments])


def passes_names(hook: Mapping[str, Any]) -> bool:
    return bool(hook.get("pass_filenames", True))


@pytest.mark.parametrize("hook", [hook for hook in HOOKS.values() if passes_names(hook)])
@given(rest=st.text(st.characters(codec="utf-8", exclude_characters="\0")), ending=ENDINGS)
def test_a_file_name_is_never_an_option(hook: Mapping[str, Any], rest: str, ending: str) -> None:
    assert ["--"] == hook["args"]
    assert not re.search(hook["files"], f"-{rest}{ending}")


def test_the_manifest_is_valid(consumer: Repository) -> None:
    assert Done(0, "") == consumer.pre_commit("validate-manifest", MANIFEST)


def test_the_recipe_shows_every_hook_at_this_version() -> None:
    (repository,) = YAML(typ="safe").load(recipe())["repos"]
    assert list(HOOKS) == [hook["id"] for hook in repository["hooks"]]
    assert f"v{__version__}" == repository["rev"]


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (BAD, 2), ("", 2), ("version: 2\n", 2)])
def test_the_policy_hook_tells_good_files_from_bad_ones(
    tmp_path: Path, text: str, code: int
) -> None:
    file = tmp_path / POLICY
    file.write_text(text, encoding="utf-8")
    assert code == in_process(HOOKS["gate-policy"], str(file))


def test_the_policy_hook_judges_all_files_that_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"{name}.yaml" for name in ("good", "bad", "worse")]
    for file, text in zip(files, (GOOD, BAD, "{"), strict=True):
        file.write_text(text, encoding="utf-8")
    assert 2 == in_process(HOOKS["gate-policy"], *map(str, files))
    complaints = capsys.readouterr().err
    assert [False, True, True] == [f"{file}:" in complaints for file in files]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (".buildrisk-gate.yaml", True),
        (".buildrisk-gate.yml", True),
        ("deploy/.buildrisk-gate.yaml", True),
        ("x.buildrisk-gate.yaml", False),
        (".buildrisk-gate.yaml.orig", False),
        ("-buildrisk-gate.yaml", False),
    ],
)
def test_the_policy_hook_takes_policy_files_only(path: str, *, wanted: bool) -> None:
    assert wanted == bool(re.search(HOOKS["gate-policy"]["files"], path))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        *[(path, True) for path in (POLICY, CASE_FILE, "a/.buildrisk-gate.yml", "a/b.test.yaml")],
        *[(path, True) for path in ("b.test.json", "policies/org.yaml", "a/policies/b/team.yml")],
        *[(path, False) for path in ("deploy.yaml", "test.yaml", "test.py", "policies/README.md")],
    ],
)
def test_the_test_hook_runs_when_a_policy_or_a_case_file_changes(
    path: str, *, wanted: bool
) -> None:
    assert wanted == bool(re.search(HOOKS["gate-policy-test"]["files"], path))


def test_a_commit_is_refused_until_the_policy_decides_as_expected(
    consumer: Repository, released: Repository
) -> None:
    repository = {
        "repo": released.folder.as_posix(),
        "rev": f"v{__version__}",
        "hooks": [{"id": "gate-policy-test"}],
    }
    consumer.write(".pre-commit-config.yaml", json.dumps({"repos": [repository]}))
    consumer.write(CASE_FILE, CASES)
    consumer.write(POLICY, LAX)
    consumer.commit()
    consumer.pre_commit("install")
    consumer.write(POLICY, LAX + "# nothing blocks\n")
    consumer.git("add", ".")

    code, output = consumer.run("git", "commit", "--message", "Block nothing")

    assert 1 == code, output
    assert "- exit code: 10" in output
    assert f"{CASE_FILE}:6: shop/web:1: verdict is pass, expected block" in output

    consumer.write(POLICY, GOOD)
    consumer.git("add", ".")
    code, output = consumer.run("git", "commit", "--message", "Block what is high")

    assert 0 == code, output
    assert re.search(r"gate policy test\.+Passed", output), output


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        *[(path, True) for path in ("deploy.yaml", "k8s/web.yml", "charts/web/values.YAML")],
        *[(path, True) for path in ("Dockerfile", "a/Dockerfile.prod", "web.dockerfile")],
        *[(path, True) for path in ("Containerfile", "a/web.Containerfile", "Dockerfile-prod")],
        *[(path, False) for path in ("charts/web/templates/pod.yaml", "templates/pod.yaml")],
        *[(path, False) for path in (POLICY, ".github/workflows/ci.yml", "a/.b/c.yaml")],
        *[(path, False) for path in ("README.md", "yaml", "Dockerfiles/a", "a.yaml.orig")],
        *[(path, False) for path in ("Dockerfile.dockerignore", "package.json", "dockerfile/a.py")],
    ],
)
def test_the_manifests_hook_takes_manifests_and_dockerfiles(path: str, *, wanted: bool) -> None:
    hook = HOOKS["gate-manifests"]
    excluded = re.search(hook["exclude"], path)
    assert wanted == bool(re.search(hook["files"], path) and not excluded)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (pod("registry.cn-hangzhou.aliyuncs.com/shop/web:1.4"), 10),
        (pod("registry.cn-hangzhou.aliyuncs.com/shop/api:2.0"), 0),
        (pod("registry.cn-hangzhou.aliyuncs.com/shop/api:$TAG"), 3),
        (pod("nginx:1.27"), 0),
        ("a: 1\n", 0),
    ],
)
def test_the_manifests_hook_exits_as_the_gate_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("deploy.yaml", text), (POLICY, GOOD), ("p.yaml", GOOD)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    options = ("--sandbox", "-p", "p.yaml", "--registry-host", "harbor.example.com")
    assert code == in_process(HOOKS["gate-manifests"], *options, "deploy.yaml")


@pytest.mark.parametrize(("image", "code"), [("web:1.4", 10), ("api:2.0", 0)])
def test_the_check_hook_exits_as_the_gate_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    reference = f"registry.cn-hangzhou.aliyuncs.com/shop/{image}"
    assert code == in_process(HOOKS["gate-check"], "--sandbox", reference)


def test_a_bad_policy_file_is_named_when_the_hook_is_tried(
    consumer: Repository, released: Repository
) -> None:
    consumer.write(POLICY, GOOD)
    consumer.write(f"team/{POLICY}", BAD)
    consumer.write("team/other.yaml", BAD)
    consumer.commit()

    code, output = consumer.pre_commit(
        "try-repo", released.folder, "gate-policy", "--all-files", "--verbose"
    )

    assert 1 == code, output
    assert "- exit code: 2" in output
    assert [f"team/{POLICY}:2:"] == re.findall(r"^error: (\S+?:\d+:)", output, re.MULTILINE)


OPTIONS = ("--policy=lax.yaml", "--report=json=report.yaml")


@pytest.mark.parametrize(
    "settings",
    [
        "args: [--sandbox]",
        "{args: [--sandbox, --], files: '.*', exclude: '^$'}",
    ],
    ids=["as shipped", "with files of one's own"],
)
def test_a_file_that_is_named_like_an_option_is_none(
    consumer: Repository, released: Repository, settings: str
) -> None:
    repository = {
        "repo": released.folder.as_posix(),
        "rev": f"v{__version__}",
        "hooks": [{"id": "gate-manifests", **YAML(typ="safe").load(settings)}],
    }
    consumer.write(".pre-commit-config.yaml", json.dumps({"repos": [repository]}))
    consumer.write("lax.yaml", LAX)
    consumer.write("report.yaml", "a: 1\n")
    for name in OPTIONS:
        consumer.write(name, "a: 1\n")
    consumer.write("web.yaml", pod("registry.cn-hangzhou.aliyuncs.com/shop/web:1.4"))
    consumer.commit()

    code, output = consumer.pre_commit("run", "--hook-stage", "manual", "--all-files", "--verbose")

    assert 1 == code, output
    assert "- exit code: 10" in output
    assert "BLOCK  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4" in output
    assert "(built-in)" in output
    assert "a: 1\n" == (consumer.folder / "report.yaml").read_text(encoding="utf-8")


def test_a_policy_file_is_checked_beside_one_that_is_named_like_an_option(
    consumer: Repository, released: Repository
) -> None:
    repository = {
        "repo": released.folder.as_posix(),
        "rev": f"v{__version__}",
        "hooks": [{"id": "gate-policy", "files": ".*", "types": ["file"]}],
    }
    consumer.write(".pre-commit-config.yaml", json.dumps({"repos": [repository]}))
    consumer.write("--help", BAD)
    consumer.commit()

    code, output = consumer.pre_commit("run", "--all-files", "--verbose", "gate-policy")

    assert 1 == code, output
    assert "- exit code: 2" in output
    assert "error: --help:2:" in output


def test_a_push_is_refused_until_the_image_passes(
    tmp_path: Path, consumer: Repository, released: Repository
) -> None:
    remote = tmp_path / "remote.git"
    consumer.git("init", "--quiet", "--bare", remote)
    consumer.git("remote", "add", "origin", str(remote))
    configuration = recipe_of(released)
    configuration = configuration.replace("args: [", "args: [--sandbox, ")
    consumer.write(".pre-commit-config.yaml", configuration)
    consumer.write(POLICY, GOOD)
    consumer.write(CASE_FILE, CASES)
    consumer.commit()
    code, output = consumer.pre_commit("install", "--hook-type", "pre-push")
    assert 0 == code, output

    code, output = consumer.run("git", "push", "origin", "main")

    assert 1 == code, output
    assert re.search(r"gate policy validate\.+Passed", output), output
    assert re.search(r"gate policy test\.+Passed", output), output
    assert re.search(r"gate check\.+Failed", output), output
    assert "- exit code: 10" in output
    assert "BLOCK  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4" in output
    assert "" == consumer.git("ls-remote", "origin")
    assert 1 == consumer.pre_commit("run", "--hook-stage", "manual", "gate-check").code

    consumer.write(".pre-commit-config.yaml", configuration.replace("web:1.4", "api:2.0"))
    consumer.commit()
    code, output = consumer.run("git", "push", "origin", "main")

    assert 0 == code, output
    assert re.search(r"gate check\.+Passed", output), output
    assert 0 == consumer.pre_commit("run", "--hook-stage", "manual", "gate-check").code
    assert "PASS  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/api:2.0" in output
    assert consumer.git("rev-parse", "main").strip() in consumer.git("ls-remote", "origin")


def test_a_push_is_refused_until_the_images_of_changed_manifests_pass(
    tmp_path: Path, consumer: Repository, released: Repository
) -> None:
    remote = tmp_path / "remote.git"
    consumer.git("init", "--quiet", "--bare", remote)
    consumer.git("remote", "add", "origin", str(remote))
    configuration = recipe_of(released).replace(
        "- id: gate-manifests\n", "- id: gate-manifests\n        args: [--sandbox]\n"
    )
    consumer.write(".pre-commit-config.yaml", configuration)
    consumer.write("k8s/web.yaml", "#\n" + pod("registry.cn-hangzhou.aliyuncs.com/shop/web:1.4"))
    consumer.commit()
    consumer.pre_commit("install", "--hook-type", "pre-push")
    skipping = consumer.but_with(SKIP="gate-check")

    code, output = skipping.run("git", "push", "origin", "main")

    assert 1 == code, output
    assert re.search(r"gate manifests\.+Failed", output), output
    assert "- exit code: 10" in output
    assert "BLOCK  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4" in output

    consumer.write("k8s/web.yaml", pod("registry.cn-hangzhou.aliyuncs.com/shop/api:2.0"))
    consumer.commit()
    code, output = skipping.run("git", "push", "origin", "main")

    assert 0 == code, output
    assert re.search(r"gate manifests\.+Passed", output), output
    assert "PASS  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/api:2.0" in output

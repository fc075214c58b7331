"""The recipe for pre-commit, in a real push, as it stands in docs/recipes.md.

The hooks come from a repository with what this project ships, and ask the embedded Security Center.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.recipes.documents import ENGLISH, replaced
from tests.rigs.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = "registry.cn-hangzhou.aliyuncs.com/shop"
POLICY = "version: 1\nblock: {levels: [high, medium], statuses: [unhandled]}\n"
CASES = """\
version: 1
policies: [.buildrisk-gate.yaml]
at: 2026-11-24
images:
  - reference: shop/web:1
    findings:
      - {risk: no_user, level: high, decision: block}
"""
COMPOSE = f"services:\n  api:\n    image: {IMAGES}/api:2.0\n"


def recipe(hooks: Path) -> str:
    text = ENGLISH.snippet(ENGLISH.pre_commit)
    text = replaced(text, "https://github.com/owner/buildrisk-gate", hooks.as_posix())
    manifests = "      - id: gate-manifests\n"
    text = replaced(text, manifests, f"{manifests}        args: [--sandbox]\n")
    return replaced(text, "args: [registry", "args: [--sandbox, registry")


def test_a_push_goes_through_when_all_hooks_pass(
    tmp_path: Path, released: Repository, pre_commit_home: str
) -> None:
    configuration = recipe(released.folder)
    consumer = Repository.make(tmp_path / "shop", PRE_COMMIT_HOME=pre_commit_home)
    remote = str(tmp_path / "remote.git")
    consumer.git("init", "--quiet", "--bare", remote)
    consumer.write(".pre-commit-config.yaml", configuration)
    consumer.write(".buildrisk-gate.yaml", POLICY)
    consumer.write(".buildrisk-gate.test.yaml", CASES)
    consumer.write("compose.yaml", COMPOSE)
    consumer.commit()
    assert 0 == consumer.pre_commit("install", "--hook-type", "pre-push").code

    code, refused = consumer.run("git", "push", remote, "main")

    assert 1 == code, refused
    assert {
        "gate policy validate": "Passed",
        "gate policy test": "Passed",
        "gate manifests": "Passed",
        "gate check": "Failed",
    } == dict(re.findall(r"^(gate [a-z ]+?)\.+(\w+)$", refused, re.MULTILINE))
    assert "BLOCK  SANDBOX  registry.cn-hangzhou.aliyuncs.com/shop/web:1.4" in refused
    assert not consumer.git("ls-remote", remote)

    consumer.write(".pre-commit-config.yaml", configuration.replace("shop/web:1.4", "shop/api:2.0"))
    commit = consumer.commit()
    consumer.git("push", remote, "main")

    assert commit in consumer.git("ls-remote", remote)

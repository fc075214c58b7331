"""Policy files that are none: nothing of them is shown, and nothing is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.rigs.command import Result

    Gate = Callable[..., Result]

COMMANDS = [("check", "registry.cn-hangzhou.aliyuncs.com/a/b"), ("audit",), ("policy", "validate")]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("secret", ["hunter2hunter2", "password: hunter2hunter2", "version: 1"])
def test_a_link_to_a_secret_shows_nothing_of_it(
    gate: Gate, tmp_path_factory: pytest.TempPathFactory, command: tuple[str, ...], secret: str
) -> None:
    target = tmp_path_factory.mktemp("elsewhere") / "secret"
    target.write_text(secret)
    Path(".git").mkdir()
    try:
        Path(".buildrisk-gate.yaml").symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")
    result = gate(*command)
    assert 2 == result.code
    assert "out of the checkout" in result.err + result.out
    assert "hunter2" not in result.err + result.out


def test_a_named_file_that_is_no_policy_shows_nothing_of_it(gate: Gate) -> None:
    Path("secret").write_text("hunter2hunter2")
    result = gate("policy", "validate", "secret")
    assert 2 == result.code
    assert "hunter2" not in result.err + result.out

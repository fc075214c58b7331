from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gate.sandbox import Fault, Faults, Sandbox, WhitelistRule, World, sample_world

if TYPE_CHECKING:
    from tests.sandbox.conftest import Asker

pytestmark = pytest.mark.anyio


async def _configuration(ask: Asker, sandbox: Sandbox) -> Any:
    return (await ask(sandbox, "GetBuildRiskDefineRuleConfig", Lang="en")).json["Data"]


async def test_the_tree_holds_every_check_once(ask: Asker) -> None:
    async with Sandbox(World()) as sandbox:
        data = await _configuration(ask, sandbox)
    rules = [rule for of in data["RuleTree"] for rule in of["RuleList"]]
    assert (len(rules), sum(rule["Selected"] for rule in rules)) == (
        data["RuleCount"],
        data["SelectedCount"],
    )
    off = {rule["RuleKey"] for rule in rules if not rule["Selected"]}
    assert off == {"yum_cache", "maintainer"}


async def test_exactly_the_chosen_checks_are_on(ask: Asker) -> None:
    config = json.dumps([{"classKey": "package", "ruleList": ["apk", "yum_cache"]}])
    async with Sandbox(World()) as sandbox:
        assert (await ask(sandbox, "SetBuildRiskDefineRuleConfig", Config=config)).status == 200
        data = await _configuration(ask, sandbox)
    on = {rule["RuleKey"] for of in data["RuleTree"] for rule in of["RuleList"] if rule["Selected"]}
    assert on == {"apk", "yum_cache"}


async def test_all_checks_can_be_off(ask: Asker) -> None:
    async with Sandbox(World(), faults=Faults(Fault("config_off"))) as sandbox:
        data = await _configuration(ask, sandbox)
    assert data["SelectedCount"] == 0
    assert not any(rule["Selected"] for of in data["RuleTree"] for rule in of["RuleList"])


async def test_whitelist_rules_are_filtered(ask: Asker) -> None:
    world = sample_world()
    world.whitelist += (WhitelistRule(id=2, event_type="sensitiveFile", event_name="Key"),)
    async with Sandbox(world) as sandbox:
        for parameters, ids in (
            ({}, [49616, 2]),
            ({"EventType": "sensitiveFile"}, [2]),
            ({"EventKey": "maintainer"}, [49616]),
            ({"EventName": "MAINT"}, [49616]),
            ({"Id": 2}, [2]),
            ({"Source": "agentless"}, []),
        ):
            answer = await ask(sandbox, "DescribeImageEventOperationPage", **parameters)
            assert ids == [row["Id"] for row in answer.json["Data"]["List"]]
            for row in answer.json["Data"]["List"]:
                assert isinstance(json.loads(row["Conditions"]), list)
                assert json.loads(row["Scenarios"])["type"]

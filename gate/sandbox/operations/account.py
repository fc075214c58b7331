"""The account: who is asking, which checks are switched on, which alerts are whitelisted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gate.sandbox.call import plain_result
from gate.sandbox.fault_injection import FaultKind
from gate.sandbox.parameters import Refusal

if TYPE_CHECKING:
    from gate.sandbox.call import Answer, Call
    from gate.sandbox.world import WhitelistRule

_CONFIGURATION_ID = 273698001
_USER = "200000000000000001"


def caller(call: Call) -> Answer:
    """Answer GetCallerIdentity, the one operation of STS."""
    return {
        "AccountId": call.world.account,
        "Arn": f"acs:ram::{call.world.account}:user/sandbox",
        "UserId": _USER,
        "PrincipalId": _USER,
        "IdentityType": "RAMUser",
    }


def checks(call: Call) -> Answer:
    """Answer GetBuildRiskDefineRuleConfig."""
    lang = call.parameters.lang
    all_off = FaultKind.CONFIG_OFF in call.struck
    tree = [
        {
            "ClassKey": of.key,
            "ClassName": of.name.of(lang) or of.key,
            "RuleList": [
                {
                    "RuleKey": check.key,
                    "RuleName": check.name.of(lang) or check.key,
                    "Selected": check.selected and not all_off,
                }
                for check in call.world.checks
                if check.risk_class == of.key
            ],
        }
        for of in call.world.classes
    ]
    selected = 0 if all_off else sum(check.selected for check in call.world.checks)
    return plain_result(
        {
            "Id": _CONFIGURATION_ID,
            "RuleCount": len(call.world.checks),
            "SelectedCount": selected,
            "RuleTree": tree,
        }
    )


def select_checks(call: Call) -> Answer:
    """Answer SetBuildRiskDefineRuleConfig: exactly the named checks are on from now on.

    ``Config`` is a JSON array of ``{"classKey", "ruleList": [key…]}``.
    """
    call.parameters.required("Config")
    wanted = set()
    for of in call.parameters.json_list("Config"):
        rules = of.get("ruleList")
        if not isinstance(rules, list):
            raise Refusal(400, "IllegalParam", "Each class in Config needs a ruleList.")
        wanted |= {(of.get("classKey"), rule) for rule in rules}
    unknown = wanted - {(check.risk_class, check.key) for check in call.world.checks}
    if unknown:
        raise Refusal(
            400, "IllegalParam", f"Config names unknown rules: {sorted(map(str, unknown))}."
        )
    call.world.checks = tuple(
        msgspec.structs.replace(check, selected=(check.risk_class, check.key) in wanted)
        for check in call.world.checks
    )
    return plain_result({"Id": _CONFIGURATION_ID})


def classes(call: Call) -> Answer:
    """Answer ListImageBuildRiskItem."""
    lang = call.parameters.lang
    return {
        "Data": [
            {"ItemKey": of.key, "ItemName": of.name.of(lang) or of.key} for of in call.world.classes
        ]
    }


def whitelist_rules(call: Call) -> Answer:
    """Answer DescribeImageEventOperationPage."""
    rows, info = call.page([rule for rule in call.world.whitelist if _asked_for(call, rule)])
    return plain_result({"List": [_rule(rule) for rule in rows], "PageInfo": info})


def _asked_for(call: Call, rule: WhitelistRule) -> bool:
    parameters = call.parameters
    exact = {"EventType": rule.event_type, "EventKey": rule.event_key, "Source": rule.source}
    return (
        all(parameters.text(name) in {"", value} for name, value in exact.items())
        and call.matches(parameters.text("EventName") or rule.event_name, rule.event_name)
        and parameters.integer("Id") in {None, rule.id}
    )


def _rule(rule: WhitelistRule) -> dict[str, object]:
    fields = msgspec.structs.asdict(rule)
    row = {name.title().replace("_", ""): value for name, value in fields.items()}
    return {**row, "OperationCode": "whitelist"}

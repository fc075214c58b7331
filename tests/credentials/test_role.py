from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

from gate.credentials.role import Role, assume_role, session_policy
from gate.doctor import ram_policy
from gate.security_center import OPERATIONS
from tests.rigs.cloud import PROVIDER, ROLE

ACTIONS = tuple(operation.action for operation in OPERATIONS)
ASKED = Role(
    arn=ROLE,
    provider_arn=PROVIDER,
    session_name="gate",
    host="sts.aliyuncs.com",
    actions=ACTIONS,
)


def test_a_session_may_do_what_the_gate_does_and_nothing_else() -> None:
    assert json.loads(ram_policy(scans=True)) == json.loads(session_policy(ACTIONS))


def test_the_policy_is_as_short_as_the_service_wants_it() -> None:
    assert len(session_policy(ACTIONS)) <= 1024


def test_the_token_is_sent_in_the_body_and_shown_nowhere() -> None:
    request = assume_role("https://sts.aliyuncs.com", ASKED, "sesame", 900)
    assert "sesame" not in f"{request.url} {request!r}"
    query = {"Action": ["AssumeRoleWithOIDC"], "Version": ["2015-04-01"], "Format": ["JSON"]}
    assert query == parse_qs(urlsplit(request.url).query)
    assert {
        "RoleArn": ROLE,
        "OIDCProviderArn": PROVIDER,
        "RoleSessionName": "gate",
        "OIDCToken": "sesame",
        "DurationSeconds": "900",
        "Policy": session_policy(ACTIONS),
    } == request.form

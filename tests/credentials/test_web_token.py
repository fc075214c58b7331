from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.credentials.job_token import checked_token, claims_of
from gate.errors import NoCredentials
from tests.rigs.cloud import web_token


def test_the_claims_of_a_trust_policy_are_told_and_no_others() -> None:
    token = web_token(iss="https://ci.example", sub="repo:a/b:ref:refs/heads/x", jti="sesame")
    assert (
        "oidc:iss https://ci.example, oidc:aud sts.aliyuncs.com, oidc:sub repo:a/b:ref:refs/heads/x"
        == claims_of(token)
    )


def test_claims_that_are_no_text_are_left_out_and_long_ones_are_cut() -> None:
    told = claims_of(web_token(iss=7, aud=["a", "b"], sub="x" * 999))
    assert f"oidc:sub {'x' * 200}" == told


@pytest.mark.parametrize("payload", ["W10", "e30", "_w", "a", "eyJhIjo", ""])
def test_claims_that_can_not_be_read_are_not_told(payload: str) -> None:
    assert "" == claims_of(f"e30.{payload}.c2ln")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[\w-]+\.[\w-]+\.[\w-]+", fullmatch=True))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    try:
        token = checked_token(text, NoCredentials("No token.", ""))
    except NoCredentials:
        return
    assert text == token
    assert isinstance(claims_of(token), str)

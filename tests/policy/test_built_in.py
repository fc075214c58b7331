from __future__ import annotations

import hashlib
from pathlib import Path

from gate.policy.built_in import SHA256, built_in
from gate.policy.parse import parse

TEXT = (Path(__file__).parents[2] / "policies" / "default.yaml").read_text(encoding="utf-8")


def test_the_built_in_data_are_those_of_the_file() -> None:
    assert hashlib.sha256(TEXT.encode()).hexdigest() == SHA256
    content = built_in(SHA256)
    assert content is not None
    assert parse(TEXT).data == content.data


def test_another_file_is_not_the_built_in_policy() -> None:
    assert built_in(hashlib.sha256(b"version: 1").hexdigest()) is None

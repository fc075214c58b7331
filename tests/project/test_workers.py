"""Tests that share what takes long to make run on one worker."""

from __future__ import annotations

from tests.rigs.workers import FOLDER, TOGETHER


def test_every_file_that_stays_on_one_worker_exists() -> None:
    assert not [name for name in TOGETHER if not (FOLDER / name).is_file()]

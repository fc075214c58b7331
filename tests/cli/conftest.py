from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(_workdir: None) -> None:
    """Run each command in an empty folder."""

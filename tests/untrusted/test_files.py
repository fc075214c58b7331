from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gate.untrusted.files import Place, Unreadable, decoded, read_file

if TYPE_CHECKING:
    from pathlib import Path


def refusal(path: Path, limit: int = 10) -> str:
    with pytest.raises(Unreadable) as caught:
        read_file(path, limit)
    return caught.value.text


def test_a_file_may_have_as_many_bytes_as_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 2048)
    assert b"x" * 2048 == read_file(file, 2048)
    assert "The file is larger than 1 KiB." == refusal(file, 1024)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("missing", "No such file or directory"),
        (".", "Is a directory"),
        ("nul\0", "embedded null byte"),
        ("/dev/zero", "it is not a regular file"),
    ],
)
def test_what_is_not_a_file_is_refused(tmp_path: Path, path: str, why: str) -> None:
    assert f"The file can't be read: {why}." == refusal(tmp_path / path)


def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "The file can't be read: it is not a regular file." == refusal(tmp_path / "pipe")


def test_a_file_that_grows_is_read_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"x" * 11)
    assert "larger" in refusal(file)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert "a\ufeff" == decoded("\ufeffa\ufeff".encode())


def test_all_systems_ends_of_lines_are_one() -> None:
    assert "a\nb\n\nc\n" == decoded(b"a\r\nb\r\rc\n")


def test_bytes_that_are_not_utf_8_have_their_place() -> None:
    with pytest.raises(Unreadable, match="not UTF-8 text from line 2 on") as caught:
        decoded(b"\xef\xbb\xbfa: 1\nb: \xff")
    assert Place(2, 4) == caught.value.place

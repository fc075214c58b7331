"""The table of formats, and files that reports are written to."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from gate.errors import ExitCode, ReportUnwritable
from gate.report import FORMATS, Style, render, write_report, writing
from gate.report import text as text_report
from gate.verdict import Service
from tests.report import verdicts as made

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gate.verdict import Verdict


@contextmanager
def no_room_in_files() -> Iterator[None]:
    import resource  # noqa: PLC0415 - Windows has none

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


VERDICT = made.run(made.scanned(made.decision(name="镜像 \ud800")), sandbox=True)
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same_twice_and_ends_its_last_line(name: str) -> None:
    text = render(name, VERDICT)

    assert text == render(name, VERDICT, Style())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    if "SANDBOX" not in text:
        document = json.loads(text)
        assert (document.get("service") or document["recorded"])["sandbox"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("text", "\nasked   nobody\n"),
        ("markdown", "\n- Asked nobody\n"),
        ("html", "<dt>Asked</dt><dd>nobody</dd>"),
        ("junit", '<property name="service" value="nobody"/>'),
        ("json", '"endpoint": ""'),
    ],
)
def test_where_nothing_had_to_be_asked_a_report_says_so(name: str, said: str) -> None:
    nobody = Service("", "cn-hangzhou", sandbox=False)

    assert said in render(name, made.run(made.unscanned(), service=nobody))


def test_the_table_imports_no_format() -> None:
    program = "import sys, gate.report; print(*{'rich', 'jsonschema'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )

    assert "" == done.stdout.strip()


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_written_as_it_is_rendered(name: str, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "report"
    write_report(name, path, VERDICT)

    assert render(name, VERDICT).encode("utf-8", "backslashreplace") == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


def test_a_report_of_many_parts_is_written_while_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So only one part of it stands in memory, whatever it is written to."""
    sizes: list[int] = []

    def parts(_verdict: Verdict, _style: Style) -> Iterator[str]:
        for number in range(100):
            written = next(tmp_path.glob(".report*"), None)
            sizes.append(written.stat().st_size if written else -1)
            yield f"{number} {'long ' * 2000}\n"

    monkeypatch.setattr(text_report, "render", parts)
    write_report("text", tmp_path / "report", VERDICT)

    assert sizes[-1] > 900_000
    assert "".join(parts(VERDICT, Style())) == (tmp_path / "report").read_text()
    assert render("text", VERDICT) == (tmp_path / "report").read_text()


def test_a_report_that_can_not_be_made_to_its_end_replaces_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parts(_verdict: Verdict, _style: Style) -> Iterator[str]:
        yield "new\n"
        raise ReportUnwritable("There is no more of it.", "")

    monkeypatch.setattr(text_report, "render", parts)
    path = tmp_path / "report"
    path.write_text("old")
    with pytest.raises(ReportUnwritable, match="There is no more of it"):
        write_report("text", path, VERDICT)

    assert "old" == path.read_text()
    assert [path] == list(tmp_path.iterdir())


def test_a_report_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old" * 10_000)
    write_report("json", path, VERDICT)

    assert 1 == json.loads(path.read_text(encoding="utf-8"))["version"]


@POSIX
def test_permissions_are_those_of_any_new_file_or_of_the_file_before(tmp_path: Path) -> None:
    other, new, old = tmp_path / "other", tmp_path / "new", tmp_path / "old"
    other.touch()
    old.touch(mode=0o600)
    for path in (new, old):
        write_report("json", path, VERDICT)

    assert other.stat().st_mode == new.stat().st_mode
    assert 0o600 == stat.S_IMODE(old.stat().st_mode)


@POSIX
def test_a_link_goes_on_pointing_to_its_file(tmp_path: Path) -> None:
    link, target = tmp_path / "link", tmp_path / "folder" / "target"
    link.symlink_to(target)
    write_report("json", link, VERDICT)

    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == render("json", VERDICT)


@POSIX
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_report("json", pipe, VERDICT)
    reader.join(10)

    assert [render("json", VERDICT).encode("utf-8")] == read
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@POSIX
@pytest.mark.parametrize("readers", [0, 1])
def test_a_pipe_that_nobody_reads_is_an_error_and_holds_nobody_up(
    tmp_path: Path, readers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at its end it can't be opened; with somebody asleep it is full at some point."""
    monkeypatch.setattr(writing, "PATIENCE", 0.2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ends = [os.open(pipe, os.O_RDONLY | os.O_NONBLOCK) for _ in range(readers)]
    with pytest.raises(ReportUnwritable) as caught:
        write_report("json", pipe, made.run(made.scanned(*[made.decision()] * 1000)))

    assert "nobody reads it" in caught.value.message
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    for end in ends:
        os.close(end)


@POSIX
def test_standard_output_is_written_to(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from gate.report import write_report;"
        "from tests.report import verdicts as made;"
        "write_report('text', Path('/dev/stdout'), made.run())"
    )
    out = tmp_path / "out"
    with out.open("wb") as file:
        subprocess.run([sys.executable, "-c", program], check=True, stdout=file)

    assert render("text", made.run()) == out.read_text(encoding="utf-8")


def test_a_folder_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportUnwritable) as caught:
        write_report("json", tmp_path, VERDICT)

    assert ExitCode.SERVICE == caught.value.exit_code
    assert str(tmp_path) in caught.value.message
    assert "--report" in caught.value.remedy


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportUnwritable):
        write_report("json", tmp_path / "file" / "report", VERDICT)


def test_a_path_that_no_system_has_is_an_error_too(tmp_path: Path) -> None:
    with pytest.raises(ReportUnwritable):
        write_report("json", tmp_path / "nul\0", VERDICT)


@POSIX
def test_half_a_report_is_never_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_text("old")
    with no_room_in_files(), pytest.raises(ReportUnwritable):
        write_report("json", path, VERDICT)

    assert [path] == list(tmp_path.iterdir())
    assert "old" == path.read_text()

from __future__ import annotations

from gate.check import Awaited, Progress
from gate.cli.progress import WaitProgress
from gate.cli.terminal import Terminal


def progress(doing: str, seconds: float = 0.0, images: int = 1) -> Progress:
    named = tuple(Awaited(f"shop/web:{number}", doing) for number in range(images))
    return Progress(named, seconds, 600.0 - seconds)


def shown(lines: list[str], *, live: bool = False) -> WaitProgress:
    return WaitProgress(Terminal(write=lines.append, live=live, width=lambda: 40))


def test_a_log_gets_a_line_for_each_new_state_and_every_29_seconds() -> None:
    lines: list[str] = []
    log = shown(lines)
    for seconds, state in enumerate(["new"] * 5 + ["scanning"] * 31):
        log.show(progress(state, seconds))
    assert [
        "waiting for shop/web:0: new; 0s so far, gives up in 10m\n",
        "waiting for shop/web:0: scanning; 5s so far, gives up in 9m 55s\n",
        "waiting for shop/web:0: scanning; 34s so far, gives up in 9m 26s\n",
    ] == lines


def test_a_terminal_has_one_line_that_is_cut_and_removed() -> None:
    written: list[str] = []
    with shown(written, live=True):
        pass
    assert [] == written
    with shown(written, live=True) as live:
        live.show(progress("scanning, CVE_ANALYZER 40 %"))
    assert 2 == len(written)
    assert written[0].startswith("\r\x1b[2Kwaiting for shop/web:0")
    assert 39 == len(written[0].removeprefix("\r\x1b[2K"))
    assert "\r\x1b[2K" == written[1]


def test_many_images_are_counted_and_their_names_cannot_write_to_the_terminal() -> None:
    lines: list[str] = []
    shown(lines).show(progress("\x1b[31mnew\n", images=5))
    assert "and 2 more" in lines[0]
    assert "\x1b" not in lines[0]
    assert 1 == lines[0].count("\n")

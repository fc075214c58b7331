from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from gate.check import Awaited, Progress
from gate.cli.progress import WaitProgress
from gate.cli.terminal import Terminal

START = "\r\x1b[2K"
names = st.from_regex(r"[a-z]{1,12}/[a-z0-9-]{1,30}:[0-9a-f]{1,40}", fullmatch=True)
doings = st.sampled_from(
    [
        "not known to Security Center yet",
        "scanning, CVE_ANALYZER 70 %",
        "disagreeing; reading again",
    ]
)


def progress(doing: str, seconds: float = 0.0, images: int = 1) -> Progress:
    named = tuple(Awaited(f"shop/web:{number}", doing) for number in range(images))
    return Progress(named, seconds, 600.0 - seconds)


def shown(lines: list[str], *, live: bool = False, width: int = 60) -> WaitProgress:
    return WaitProgress(Terminal(write=lines.append, live=live, width=lambda: width))


def live(progress: Progress, width: int = 60) -> str:
    lines: list[str] = []
    shown(lines, live=True, width=width).show(progress)
    return lines[0].removeprefix(START)


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


def test_a_terminal_has_one_line_that_is_removed() -> None:
    written: list[str] = []
    with shown(written, live=True):
        pass
    assert [] == written
    with shown(written, live=True) as line:
        line.show(progress("scanning, CVE_ANALYZER 40 %"))
    assert [f"{START}shop/web:0: scanning, CVE_ANALYZER 40 %; 10m left", START] == written


def test_many_images_are_counted_and_their_names_cannot_write_to_the_terminal() -> None:
    lines: list[str] = []
    shown(lines).show(progress("\x1b[31mnew\n", images=5))
    assert "and 2 more" in lines[0]
    assert "\x1b" not in lines[0]
    assert 1 == lines[0].count("\n")


def test_the_less_room_the_less_is_said_but_never_half_a_name() -> None:
    name = f"payments-platform/checkout-service:{'3f' * 20}"
    two = (Awaited(name, "scanning, DOWNLOAD 20 %"), Awaited("shop/api:2", "not known yet"))
    waiting = Progress(two, 9.0, 51.0, blocked=("shop/web:1.4",))
    assert (
        (
            f"BLOCK shop/web:1.4; waiting for {name}: scanning, DOWNLOAD 20 %, shop/api:2: not "
            "known yet; 9s so far, gives up in 51s"
        ),
        f"BLOCK shop/web:1.4; {name}: scanning, DOWNLOAD 20 %, and 1 more; 51s left",
        "BLOCK shop/web:1.4; 1 scanning, DOWNLOAD 20 %, 1 not known yet; 51s left",
        "1 blocked; 1 scanning, DOWNLOAD 20 %, 1 not known yet; 51s left",
        "1 blocked; waiting for 2; 51s left",
    ) == tuple(live(waiting, width) for width in (200, 150, 80, 70, 60))


def test_a_scan_that_settles_says_when_it_is_read_again() -> None:
    def settling(seconds: float) -> Progress:
        image = Awaited("shop/new:1", "finished; findings may still arrive", 15.0 - seconds)
        return Progress((image,), seconds, 60.0 - seconds)

    assert "shop/new:1: finished, reads again in 15s; 1m left" == live(settling(0))
    lines: list[str] = []
    log = shown(lines)
    for seconds in range(15):
        log.show(settling(seconds))
    assert 1 == len(lines)
    assert lines[0].startswith("waiting for shop/new:1: finished, reads again in 15s; ")


@given(
    st.lists(st.tuples(names, doings), min_size=1, max_size=6),
    st.lists(names, max_size=4),
    st.integers(60, 200),
    st.floats(0, 4000),
)
def test_60_columns_are_enough_for_what_is_awaited_and_how_long(
    images: list[tuple[str, str]], blocked: list[str], width: int, seconds: float
) -> None:
    awaited = tuple(Awaited(*image) for image in images)
    line = live(Progress(awaited, 3.0, seconds, tuple(blocked)), width)
    assert len(line) < width
    assert re.search(r"(gives up in [0-9smhd ]+|; [0-9smhd ]+ left)$", line)
    for word in re.findall(r"[a-z]+/[^:; ]+:[0-9a-f]+", line):
        assert word in {name for name, _ in images} | set(blocked)

"""The page in a real browser: what it shows, and that it stays what it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from gate.findings import Level, Location, Status
from gate.report import render
from gate.verdict import Action, PolicySource, Service
from tests.end_to_end.report.browser import running_browser
from tests.report import verdicts as made

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gate.verdict import Verdict
    from tests.end_to_end.report.browser import Page

    Saved = Callable[[Verdict], str]

pytestmark = pytest.mark.anyio

PHONE = 375
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\"'`><svg/onload=pwned=1>"
    "</td></table></select></style></script></title><!-- ]]> javascript:pwned=1 \u202e\x1b[31m"
    "\n::error::x ##[y] {{7*7}} Z\u0301\u0302 &lt;b&gt; " + "A" * 400
)
SHOWN = "Array.from(document.querySelectorAll('#table tbody tr')).filter(r => !r.hidden)"
# How much the least readable text differs from what it stands on, as WCAG 2.2 defines it.
LEAST_CONTRAST = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3)
    .map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest('script')) continue;
    const [one, two] = [light(getComputedStyle(element).color), light(ground(element))];
    const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    found.push([contrast, walker.currentNode.data]);
  }
  return [found.length, ...found.sort((a, b) => a[0] - b[0])[0]];
})()"""


@pytest.fixture(scope="module")
async def page(anyio_backend: str) -> AsyncIterator[Page]:  # noqa: ARG001 - it makes the loop
    async with running_browser() as page:
        yield page


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """Write the page of a verdict to a file and return its address."""

    def save(verdict: Verdict) -> str:
        file = tmp_path / "report.html"
        file.write_text(render("html", verdict), encoding="utf-8")
        return file.as_uri()

    return save


def mixed() -> Verdict:
    """Return a verdict with something of everything that has a colour of its own."""
    decided = [
        made.decision(
            action,
            level=level,
            risk=f"{level.value}_{action.value}",
            name="镜像以 root 用户运行",
            command=f"RUN {action.value} {level.value}",
            location=Location("Dockerfile", 3),
            status=Status.IGNORED if action is Action.ALLOW else Status.UNHANDLED,
        )
        for action in Action
        for level in Level
    ]
    images = (made.scanned(*decided), made.unscanned(tolerated=True), made.scanned())
    return made.run(*images, notes=["A note."], sandbox=True)


def hostile() -> Verdict:
    decided = [
        made.decision(
            action, risk=HOSTILE, name=HOSTILE, command=HOSTILE, description=HOSTILE,
            advice=HOSTILE, because=HOSTILE, rule=HOSTILE, layer=HOSTILE, risk_class=HOSTILE,
            level=Level.UNKNOWN, level_word=HOSTILE, location=Location(HOSTILE, 3),
            waiver=made.waiver(reason=HOSTILE, owner=HOSTILE, ticket=HOSTILE),
        )
        for action in Action
    ]  # fmt: skip
    record = made.image(platform=HOSTILE, tag=HOSTILE, uuid=HOSTILE, region=HOSTILE)
    return made.run(
        made.scanned(
            *decided,
            reference=HOSTILE,
            image=record,
            notes=(HOSTILE,),
            scan=made.scan(checks_off=(HOSTILE,)),
        ),
        made.unscanned(reference=HOSTILE, message=HOSTILE),
        notes=[HOSTILE],
        service=Service(HOSTILE, HOSTILE, sandbox=True),
        policies=(PolicySource(HOSTILE, made.HEX),),
    )


async def widths(page: Page) -> tuple[int, int]:
    """Return the width that the page takes, and the one that it has."""
    width = await page.run("[document.documentElement.scrollWidth, innerWidth]")
    return width[0], width[1]


async def press(page: Page, key: str, text: str = "") -> None:
    for kind in ("keyDown", "keyUp"):
        await page.call(
            "Input.dispatchKeyEvent", type=kind, key=key, text=text if kind == "keyDown" else "",
            windowsVirtualKeyCode={"Enter": 13, "Tab": 9}.get(key, 0),
        )  # fmt: skip


async def type_into(page: Page, selector: str, text: str) -> None:
    await page.run(f"document.querySelector({json.dumps(selector)}).focus()")
    await page.call("Input.insertText", text=text)


async def choose(page: Page, name: str, label: str) -> None:
    await page.run(
        f"""(() => {{
          const select = document.querySelector('[data-filter={name}]');
          const labels = Array.from(select.options).map((option) => option.text);
          select.selectedIndex = labels.indexOf({json.dumps(label)});
          select.dispatchEvent(new Event('change'));
        }})()"""
    )


async def rows(page: Page) -> list[list[str]]:
    found: list[list[str]] = await page.run(
        f"{SHOWN}.map(r => [r.cells[0], r.cells[1], r.querySelector('.key')])"
        ".map(cells => cells.map(cell => cell.textContent))"
    )
    return found


async def test_it_opens_without_trouble_and_asks_for_nothing_but_itself(page: Page) -> None:
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text=render("html", mixed()), content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        await page.open(f"http://127.0.0.1:{port}/report.html")
        assert 16 == len(await rows(page))
    finally:
        await page.open("about:blank")
        await runner.cleanup()
    assert ["/report.html"] == asked
    assert [] == page.trouble


async def test_the_filter_narrows_the_rows_and_says_how_many_are_left(
    page: Page, saved: Saved
) -> None:
    await page.open(saved(mixed()))
    shown = "document.getElementById('shown').textContent"
    assert "16 of 16 shown" == await page.run(shown)

    await choose(page, "action", "Blocked")
    assert {"Blocked"} == {row[0] for row in await rows(page)}
    await choose(page, "level", "high")
    assert [["Blocked", "high", "high_block"]] == await rows(page)
    assert "1 of 16 shown" == await page.run(shown)
    await type_into(page, "#search", "NOTHING")
    assert [] == await rows(page)
    assert await page.run("document.getElementById('no-match').checkVisibility()")
    assert not await page.run("document.getElementById('table').checkVisibility()")

    await page.run("document.getElementById('clear').click()")
    assert 16 == len(await rows(page))
    await type_into(page, "#search", "run WAIVED  ignored")
    assert [] == await rows(page)
    await page.run("document.getElementById('clear').click()")
    await type_into(page, "#search", "Medium DOCKERFILE:3 镜像")
    assert ["medium"] * 4 == [row[1] for row in await rows(page)]


async def test_a_number_of_the_chart_leads_to_its_findings(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    await page.run("document.querySelector('.chart tbody tr:nth-child(3) a').click()")
    assert [["Blocked", "medium", "medium_block"]] == await rows(page)
    await page.run("document.querySelector('.chart tfoot a').click()")
    assert {"Blocked"} == {row[0] for row in await rows(page)}
    await page.run("document.querySelector('.chart tfoot td:last-child a').click()")
    assert 16 == len(await rows(page))


async def test_headings_sort_the_rows_and_can_be_reached_by_keyboard(
    page: Page, saved: Saved
) -> None:
    await page.open(saved(mixed()))
    sorting = "Array.from(document.querySelectorAll('#table th')).map(h => h.ariaSort)"
    assert ["ascending", None, None, None, None] == await page.run(sorting)

    await page.run("document.querySelector('[data-sort=action] button').focus()")
    await press(page, "Tab")
    await press(page, "Enter", "\r")
    levels = ["unknown"] * 4 + ["high"] * 4 + ["medium"] * 4 + ["low"] * 4
    assert levels == [row[1] for row in await rows(page)]
    assert [None, "ascending", None, None, None] == await page.run(sorting)
    assert ["Blocked", "Warned", "Waived", "Allowed"] == [r[0] for r in (await rows(page))[:4]]

    await press(page, "Enter", "\r")
    assert levels[::-1] == [row[1] for row in await rows(page)]
    assert [None, "descending", None, None, None] == await page.run(sorting)
    await page.run("document.querySelector('[data-sort=risk] button').click()")
    keys = [row[2] for row in await rows(page)]
    assert sorted(keys) == keys


async def test_details_open_one_by_one_and_all_at_once(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    seen = (
        "Array.from(document.querySelectorAll('#table dl')).filter(d => d.checkVisibility()).length"
    )
    assert 0 == await page.run(seen)
    await page.run("document.querySelector('#table summary').click()")
    assert 1 == await page.run(seen)
    await page.run("document.getElementById('fold').click()")
    assert 16 == await page.run(seen)
    await page.run("document.getElementById('fold').click()")
    assert 0 == await page.run(seen)


@pytest.mark.parametrize("width", [1200, PHONE])
async def test_hostile_texts_are_only_shown(page: Page, saved: Saved, width: int) -> None:
    await page.open(saved(hostile()), width=width)
    await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    assert "undefined" == await page.run("typeof window.pwned")
    counted = (
        "['script','style','img','iframe','title'].map(t => document.querySelectorAll(t).length)"
    )
    assert [1, 1, 0, 0, 1] == await page.run(counted)
    assert 4 == await page.run("document.querySelectorAll('#table tbody tr').length")
    name = await page.run("document.querySelector('#table .name').textContent")
    assert name.startswith("<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>")
    handlers = "Array.from(document.querySelectorAll('*')).flatMap(e => e.getAttributeNames())"
    assert not [a for a in await page.run(handlers) if a.startswith("on") or a == "style"]
    assert [] == page.trouble
    taken, given = await widths(page)
    assert taken <= given


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", ["block", "pass", "undecided"])
async def test_every_text_can_be_read_in_both_colour_schemes(
    page: Page, saved: Saved, scheme: str, outcome: str
) -> None:
    verdict = {
        "block": mixed(),
        "pass": made.run(made.scanned(made.decision(Action.WAIVED))),
        "undecided": made.run(made.unscanned(tolerated=True)),
    }[outcome]
    await page.open(saved(verdict), scheme=scheme, height=4000)
    await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    texts, contrast, where = await page.run(LEAST_CONTRAST)
    assert texts > 15
    assert contrast >= 4.5, where
    ground = await page.run("getComputedStyle(document.body).backgroundColor")
    assert (scheme == "light") == (sum(map(int, re.findall(r"\d+", ground))) > 380)


@pytest.mark.parametrize("decided", [0, 1])
async def test_it_fits_a_phone(page: Page, saved: Saved, decided: int) -> None:
    verdicts: list[Any] = [mixed(), made.run(made.scanned(*[made.decision()] * decided))]
    for verdict in verdicts:
        await page.open(saved(verdict), width=PHONE, height=800)
        await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        taken, given = await widths(page)
        assert taken <= given == PHONE
        assert await page.run("document.querySelector('h1').getBoundingClientRect().top < 200")


async def test_it_prints_without_controls_on_white(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()), scheme="dark", media="print", width=800)
    assert not await page.run("document.getElementById('filters').checkVisibility()")
    assert "rgb(255, 255, 255)" == await page.run("getComputedStyle(document.body).backgroundColor")
    _, contrast, where = await page.run(LEAST_CONTRAST)
    assert contrast >= 4.5, where


async def test_it_can_be_read_without_its_script(page: Page, saved: Saved) -> None:
    await page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        await page.open(saved(mixed()))
    finally:
        await page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert not await page.run("document.getElementById('filters').checkVisibility()")
    assert 0 == await page.run("document.querySelectorAll('#table button').length")
    assert 16 == len(await rows(page))
    assert await page.run("document.querySelector('h1').innerText") == "BLOCK"


async def test_five_thousand_findings_open_and_filter_quickly(page: Page, saved: Saved) -> None:
    many = [
        made.decision(list(Action)[n % 4], risk=f"risk_{n % 14}", command=f"RUN install p-{n:04}")
        for n in range(5000)
    ]
    await page.open(saved(made.run(made.scanned(*many))))
    assert "5,000 of 5,000 shown" == await page.run("document.getElementById('shown').textContent")

    spent = await page.run(
        """(() => {
          const start = performance.now();
          const search = document.getElementById('search');
          search.value = 'p-123';
          search.dispatchEvent(new Event('input'));
          document.body.offsetHeight;
          return performance.now() - start;
        })()"""
    )
    assert 10 == len(await rows(page))
    # A third of a second where nothing else runs.
    assert spent < 3000
    await page.run("document.querySelector('[data-sort=level] button').click()")
    assert 5000 == await page.run("document.querySelector('#table tbody').rows.length")

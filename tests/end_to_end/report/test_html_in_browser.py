"""The page in a real browser: what it shows, and that it stays what it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from msgspec.structs import replace

from gate.findings import Level, Location, Status
from gate.report import render
from gate.verdict import Action, Audited, Changes, PolicySource, Service
from tests.end_to_end.report.browser import running_browser
from tests.report import verdicts as made
from tests.report.test_html import AUDITED
from tests.tools import bring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gate.verdict import Verdict
    from tests.end_to_end.report.browser import Page

    Saved = Callable[[Verdict], str]

pytestmark = pytest.mark.anyio

PHONE = 390
HOSTILE = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\"'`><svg/onload=pwned=1>"
    "</td></table></select></style></script></title><!-- ]]> javascript:pwned=1 \u202e\x1b[31m"
    "\n::error::x ##[y] {{7*7}} Z\u0301\u0302 &lt;b&gt; " + "A" * 400
)
SHOWN = (
    "Array.from(document.querySelectorAll('.places > li'))"
    ".filter(item => !item.closest('[hidden]'))"
)
AXE = bring.TOOLS / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# How much the least readable text differs from what it stands on, as WCAG 2.2 defines it.
LEAST_CONTRAST = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g)
    .map((n, at) => Number(n) * (colour.startsWith('color(') && at < 3 ? 255 : 1));
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


def one() -> Verdict:
    """Return a verdict on one image that is blocked, with a usual number of findings."""
    decided = [
        made.decision(action, risk=f"risk_{n}", command=f"RUN make step-{n}")
        for n, action in enumerate((Action.BLOCK, Action.BLOCK, Action.WARN, Action.ALLOW))
    ]
    return made.run(made.scanned(*decided), sandbox=True)


def audit(number: int = 40) -> Verdict:
    """Return an audit of so many images, of all outcomes."""
    images = []
    for n in range(number):
        host = f"registry.cn-hangzhou.aliyuncs.com/team-{n % 7}/service-{n}"
        place = made.image(namespace=f"team-{n % 7}", repository=f"service-{n}")
        found = [
            made.decision(
                list(Action)[(n + step) % 4],
                risk=f"risk_{step}",
                level=list(Level)[step % 4],
                command="USER root" if n % 9 == 0 else "",
            )
            for step in range(n % 5)
        ]
        judged = made.unscanned if n % 6 == 5 else made.scanned
        given = {"reference": f"{host}:1.{n}", "image": place}
        images.append(judged(*(() if n % 6 == 5 else found), **given))  # type: ignore[operator]
    changes = Changes(
        since="2026-02-28T12:00:00Z",
        images={"newly blocked": tuple(f"team-1/service-{n}:1" for n in range(30)), "new": ("a",)},
        risks={"risk_1": 4, "risk_2": -1},
        notes=(),
    )
    return made.run(*images, notes=["A note."], sandbox=True, audited=Audited(changes=changes))


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
    """Return decision, level and risk of each finding that the filter lets through."""
    found: list[list[str]] = await page.run(
        f"{SHOWN}.map(item => item.closest('.risk'))"
        ".map(group => ['.mark', '.level', '.key'].map(one => group.querySelector(one)))"
        ".map(parts => parts.map(part => part.textContent))"
    )
    return found


async def unfolded(page: Page) -> int:
    """Return how many lists of facts can be seen."""
    number: int = await page.run(
        "Array.from(document.querySelectorAll('.risk dl')).filter(d => d.checkVisibility()).length"
    )
    return number


async def violations(page: Page) -> list[str]:
    """Return what axe-core has against the page as it is."""
    await page.run(f"{AXE.read_text(encoding='utf-8')};0")
    found: list[str] = await page.run(
        f"axe.run(document, {{runOnly: {RULES}}}).then(result => result.violations.map("
        "each => each.id + ': ' + each.nodes.slice(0, 3).map(node => node.html).join(' ')))"
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


async def test_the_filter_narrows_the_findings_and_says_how_many_are_left(
    page: Page, saved: Saved
) -> None:
    await page.open(saved(mixed()))
    shown = "document.getElementById('shown').textContent"
    assert "18 of 18 shown" == await page.run(shown)

    await choose(page, "action", "Blocked")
    assert {"Blocked"} == {row[0] for row in await rows(page)}
    await choose(page, "level", "high")
    assert [["Blocked", "high", "high_block"]] == await rows(page)
    assert "1 of 18 shown" == await page.run(shown)
    await type_into(page, "#search", "NOTHING")
    assert [] == await rows(page)
    assert await page.run("document.getElementById('no-match').checkVisibility()")
    assert not await page.run("document.querySelector('.image').checkVisibility()")

    await page.run("document.getElementById('clear').click()")
    assert 16 == len(await rows(page))
    await type_into(page, "#search", "run WAIVED  ignored")
    assert [] == await rows(page)
    await page.run("document.getElementById('clear').click()")
    await type_into(page, "#search", "Medium DOCKERFILE:3 镜像 shop/web")
    assert ["medium"] * 4 == [row[1] for row in await rows(page)]


async def test_an_image_without_findings_is_found_by_its_words(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    await type_into(page, "#search", "undecided let through missing")
    assert "1 of 18 shown" == await page.run("document.getElementById('shown').textContent")
    visible = "Array.from(document.querySelectorAll('.image')).map(i => i.checkVisibility())"
    assert [False, True, False] == await page.run(visible)


async def test_a_number_of_the_chart_leads_to_its_findings(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    await page.run("document.querySelector('.chart tbody tr:nth-child(3) a').click()")
    assert [["Blocked", "medium", "medium_block"]] == await rows(page)
    await page.run("document.querySelector('.chart tfoot a').click()")
    assert {"Blocked"} == {row[0] for row in await rows(page)}
    await page.run("document.querySelector('.chart tfoot td:last-child a').click()")
    assert 16 == len(await rows(page))


async def test_all_can_be_reached_by_keyboard(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    await page.run("document.getElementById('search').focus()")
    reached = []
    for _ in range(6):
        await press(page, "Tab")
        reached.append(await page.run("document.activeElement.textContent.trim()"))
    assert ["Filter", "Clear", "Open all details"] == reached[:3]
    assert "BLOCK" in reached[3]
    folded = await unfolded(page)
    await press(page, "Enter", "\r")
    assert folded < await unfolded(page)


async def test_details_open_one_by_one_and_all_at_once(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    # Advice on what blocks, and nothing else.
    assert 4 == await unfolded(page)
    await page.run("document.querySelector('.risk summary').click()")
    assert 5 == await unfolded(page)
    await page.run("document.getElementById('fold').click()")
    assert 20 == await unfolded(page)
    await page.run("document.getElementById('fold').click()")
    assert 4 == await unfolded(page)


async def test_a_group_shows_a_few_and_all_that_a_filter_finds(page: Page, saved: Saved) -> None:
    many = [made.decision(command=f"RUN step-{n}") for n in range(44)]
    await page.open(saved(made.run(made.scanned(*many))))
    seen = f"{SHOWN}.filter(item => item.checkVisibility()).length"
    assert 5 == await page.run(seen)
    await type_into(page, "#search", "step-4")
    assert 5 == await page.run(seen)
    assert "step-43" in await page.run("document.querySelector('.rest').innerText")


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (PHONE, 844)])
async def test_findings_and_their_advice_begin_on_the_first_screen(
    page: Page, saved: Saved, width: int, height: int
) -> None:
    await page.open(saved(one()), width=width, height=height)
    bottom = "document.querySelector('.risk').getBoundingClientRect().bottom"
    assert await page.run(bottom) <= height
    assert "Add a USER." in await page.run("document.querySelector('.risk').innerText")


@pytest.mark.parametrize("name", ["mixed", "one", "audit", "hostile", "pass", "undecided"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_nothing_against_it(page: Page, saved: Saved, name: str, scheme: str) -> None:
    verdicts = {"mixed": mixed, "one": one, "audit": audit, "hostile": hostile}
    verdicts["pass"] = lambda: made.run(made.scanned())
    verdicts["undecided"] = lambda: made.run(made.unscanned())
    for width in (1280, PHONE):
        await page.open(saved(verdicts[name]()), width=width, scheme=scheme)
        assert [] == await violations(page)
        await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert [] == await violations(page)


async def test_an_audit_is_searched_and_its_links_lead_to_images(page: Page, saved: Saved) -> None:
    await page.open(saved(audit()))
    shown = "document.getElementById('shown').textContent"
    assert "40 of 40 shown" == await page.run(shown)
    await type_into(page, "#search", "TEAM-3 risk_1")
    visible = "document.querySelectorAll('.rows .image:not([hidden]) .name')"
    names = f"Array.from({visible}, name => name.textContent)"
    found = await page.run(names)
    assert found
    assert all("team-3" in name for name in found)

    await page.run("document.querySelector('.heat tbody a').click()")
    repository = await page.run("document.querySelector('.heat tbody a').textContent")
    assert all(f"{repository}:" in name for name in await page.run(names))
    await page.run("document.querySelectorAll('.tiles a')[1].click()")
    assert "6 of 40 shown" == await page.run(shown)
    reason = (
        "Array.from(document.querySelectorAll('section[aria-labelledby=reasons] a'))[0].click()"
    )
    await page.run(reason)
    assert "6 of 40 shown" == await page.run(shown)
    await page.run("document.getElementById('clear').click()")
    assert "40 of 40 shown" == await page.run(shown)


async def test_an_audit_of_very_many_images_opens_and_filters_quickly(
    page: Page, saved: Saved
) -> None:
    await page.open(saved(audit(12_000)))
    opened = await page.run("performance.getEntriesByType('navigation')[0].loadEventEnd")
    spent = await page.run(
        """(() => {
          const start = performance.now();
          const search = document.getElementById('search');
          search.value = 'team-3/service-3';
          search.dispatchEvent(new Event('input'));
          document.body.offsetHeight;
          return performance.now() - start;
        })()"""
    )
    # Half a second and a tenth of one where nothing else runs.
    assert opened < 5000
    assert spent < 3000


@pytest.mark.parametrize("width", [1200, PHONE, 320])
@pytest.mark.parametrize("audited", [None, AUDITED])
async def test_hostile_texts_are_only_shown(
    page: Page, saved: Saved, width: int, audited: Audited | None
) -> None:
    await page.open(saved(replace(hostile(), audited=audited)), width=width)
    await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    assert "undefined" == await page.run("typeof window.pwned")
    counted = (
        "['script','style','img','iframe','title'].map(t => document.querySelectorAll(t).length)"
    )
    assert [1, 1, 0, 0, 1] == await page.run(counted)
    assert 4 == await page.run("document.querySelectorAll('.places > li').length")
    name = await page.run("document.querySelector('.risk .title').textContent")
    assert name.startswith("<script>window.pwned=1</script><img src=x onerror='window.pwned=1'>")
    handlers = "Array.from(document.querySelectorAll('*')).flatMap(e => e.getAttributeNames())"
    assert not [a for a in await page.run(handlers) if a.startswith("on") or a == "style"]
    assert [] == page.trouble
    taken, given = await widths(page)
    assert taken <= given


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("outcome", ["block", "pass", "undecided", "audit"])
async def test_every_text_can_be_read_in_both_colour_schemes(
    page: Page, saved: Saved, scheme: str, outcome: str
) -> None:
    verdict = {
        "block": mixed(),
        "pass": made.run(made.scanned(made.decision(Action.WAIVED))),
        "undecided": made.run(made.unscanned(tolerated=True)),
        "audit": audit(),
    }[outcome]
    await page.open(saved(verdict), scheme=scheme, height=4000)
    await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")

    texts, contrast, where = await page.run(LEAST_CONTRAST)
    assert texts > 15
    assert contrast >= 4.5, where
    ground = await page.run("getComputedStyle(document.body).backgroundColor")
    assert (scheme == "light") == (sum(map(int, re.findall(r"\d+", ground))) > 380)


@pytest.mark.parametrize("width", [PHONE, 320])
async def test_it_fits_a_phone(page: Page, saved: Saved, width: int) -> None:
    few = [made.run(made.scanned(*[made.decision()] * decided)) for decided in (0, 1)]
    for verdict in (mixed(), one(), audit(), *few):
        await page.open(saved(verdict), width=width, height=800)
        await page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        taken, given = await widths(page)
        assert taken <= given == width
        assert await page.run("document.querySelector('h1').getBoundingClientRect().top < 200")


@pytest.mark.parametrize("verdict", [mixed, audit])
async def test_it_prints_without_controls_on_white_and_with_nothing_folded(
    page: Page, saved: Saved, verdict: Callable[[], Verdict]
) -> None:
    await page.open(saved(verdict()), scheme="dark", media="print", width=800)
    assert not await page.run("document.getElementById('filters').checkVisibility()")
    assert "rgb(255, 255, 255)" == await page.run("getComputedStyle(document.body).backgroundColor")
    _, contrast, where = await page.run(LEAST_CONTRAST)
    assert contrast >= 4.5, where
    folded = (
        "Array.from(document.querySelectorAll('main details:not([open]) > :not(summary)'))"
        ".filter(e => !e.closest('.filters'))"
    )
    assert await page.run(f"{folded}.every(e => e.getBoundingClientRect().height > 0)")
    assert await page.run(f"{folded}.length") > 2


async def test_older_browsers_print_with_nothing_folded_too(page: Page, saved: Saved) -> None:
    await page.open(saved(mixed()))
    closed = "document.querySelectorAll('details:not([open])').length"
    before = await page.run(closed)
    await page.run("dispatchEvent(new Event('beforeprint'))")
    assert 0 == await page.run(closed) < before
    await page.run("dispatchEvent(new Event('afterprint'))")
    assert before == await page.run(closed)


async def test_it_can_be_read_without_its_script(page: Page, saved: Saved) -> None:
    await page.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        await page.open(saved(mixed()))
    finally:
        await page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert not await page.run("document.getElementById('filters').checkVisibility()")
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

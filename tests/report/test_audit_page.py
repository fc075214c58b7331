"""An audit's page: totals and rankings first, then as many images as have room, the worst first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gate.findings import Level, Reason
from gate.report import render
from gate.verdict import Action, Audited, Changes, PolicySource
from tests.report import verdicts as made
from tests.report.test_html import AUDITED, in_order, plain

if TYPE_CHECKING:
    from gate.verdict import Decision, ImageVerdict

LARGEST = 5_000_000
HOSTILE = "<b>\u202e&\"'`" * 2000


def image(repository: str, *decisions: Decision, **given: str) -> ImageVerdict:
    reference = f"registry.example/{repository}:1"
    namespace, _, name = repository.partition("/")
    record = made.image(namespace=namespace, repository=name, tag="1", **given)
    return made.scanned(*decisions, reference=reference, image=record)


def undecided(repository: str, reason: Reason) -> ImageVerdict:
    return made.unscanned(reason, reference=f"registry.example/{repository}:1")


def page(*images: ImageVerdict, audited: Audited = AUDITED, **given: object) -> str:
    return render("html", made.run(*images, audited=audited, **given))  # type: ignore[arg-type]


def listed(decisions: int) -> list[Decision]:
    """Return findings as an audit's lists tell them: without commands."""
    return [made.decision(command="", risk=f"risk_{n}") for n in range(decisions)]


def names(html: str) -> list[str]:
    """Return the names of the images in their order."""
    rows = html.partition('class="rows"')[2]
    return [name.replace("<wbr>", "") for name in re.findall(r'"name">(.*?)</code>', rows)]


def test_totals_rankings_changes_and_reasons_stand_above_the_images() -> None:
    root, sudo = made.decision(), made.decision(Action.WARN, risk="sudo", level=Level.LOW)
    html = page(
        image("shop/api"),
        image("shop/web", root, root, sudo),
        image("shop/job", root),
        undecided("shop/old", Reason.FAILED),
        undecided("shop/new", Reason.FAILED),
        notes=(*AUDITED.changes.notes, "A note."),  # type: ignore[union-attr]
    )

    assert "<title>BLOCK: audit, 5 images</title>" in html
    in_order(
        plain(html),
        "BLOCK Audit of shop Of 5 images: 2 blocked, 2 undecided, 1 passed. Policy (built-in)",
        "Verdicts 2 block 2 undecided 1 pass",
        "Since the report of 2026-02-28T12:00:00Z 1 newly blocked shop/web:1.4 1 gone shop/old:1",
        "Findings that block no_user +2 sudo -1",
        "Findings by level and decision",
        "high 3 0 0 0 3 medium 0 0 0 0 0 low 0 1 0 0 1 All 3 1 0 0 4",
        "Repositories by level",
        "Repository high medium low Images block undecided",
        "shop/web 2 0 1 1 1 0 shop/job 1 0 0 1 1 0",
        "Repositories that block shop/web 2 findings blocked in 1 image",
        "shop/job 1 finding blocked in 1 image",
        "Risks high no_user The image runs as root 3 blocked in 2 images Add a USER.",
        "low sudo The image runs as root 1 warned in 1 image",
        "Undecided, by reason failed 2 images Security Center has not seen it.",
        "5 images",
        "block registry.example/shop/web:1 scanned 2 h ago, 14 checks on",
        "Blocked no_user (high) \u00d72 Warned sudo (low) Details",
        "undecided registry.example/shop/new:1 scan missing failed: Security Center has not seen",
        "pass registry.example/shop/api:1",
        "1 note A note.",
        "About this run",
    )


def test_the_worst_images_stand_first() -> None:
    high, low = made.decision(command=""), made.decision(command="", level=Level.LOW)
    html = page(
        image("shop/clean"),
        image("shop/low", *[low] * 5),
        undecided("shop/unread", Reason.MISSING),
        image("shop/two", high, high),
        image("shop/one", high),
    )

    order = ("two", "one", "low", "unread", "clean")
    assert [f"registry.example/shop/{name}:1" for name in order] == names(html)


def test_repositories_of_the_same_name_are_told_apart_by_their_instances() -> None:
    html = page(
        image("shop/web", made.decision(), instance="cri-1"),
        image("shop/web", made.decision(), instance="cri-2"),
    )

    text = plain(html)
    assert "shop/web (cn-hangzhou, cri-1)" in text
    assert "shop/web (cn-hangzhou, cri-2)" in text


def test_findings_without_their_commands_need_no_details() -> None:
    assert "Details" not in page(image("shop/web", *listed(3)))
    assert "Details" in page(image("shop/web", made.decision(command="USER root")))


def test_nothing_changed_is_said() -> None:
    changes = Changes(since="2026-02-28", images={}, risks={}, notes=("nothing",))

    assert "No image changed its verdict." in page(
        image("shop/web"), audited=Audited(changes=changes)
    )
    assert "Since the report" not in page(image("shop/web"), audited=Audited())


def test_an_audit_of_nothing_is_not_taken_for_a_pass() -> None:
    text = plain(page(audited=Audited()))

    assert text.startswith("UNDECIDED Audit of all images No image was judged. Nothing judged is")


def test_it_holds_as_many_images_as_fit_and_says_of_how_many() -> None:
    many = [image(f"shop/r{n % 9}", *listed(4)) for n in range(18_000)]
    html = page(*many)
    shown = html.count('<li class="image ')

    assert 0.99 * LARGEST < len(html.encode()) <= LARGEST
    assert f"The page holds the {shown:,} worst of 18,000 images." in html
    assert f"{shown:,} of {shown:,} shown" in html
    assert "worst of" not in page(*many[:5000])


@pytest.mark.parametrize("number", [1, 300])
def test_hostile_texts_leave_it_within_its_bound(number: int) -> None:
    decisions = [
        made.decision(risk=f"{n}{HOSTILE}", name=HOSTILE, command=HOSTILE, advice=HOSTILE)
        for n in range(3)
    ]
    images = [
        each
        for n in range(number)
        for each in (
            image(f"{n}{HOSTILE}/{HOSTILE}", *decisions),
            made.unscanned(reference=HOSTILE, message=f"{n}{HOSTILE}"),
        )
    ]
    changes = Changes(
        since=HOSTILE,
        images=dict.fromkeys(("new", "gone"), tuple(f"{n}{HOSTILE}" for n in range(300))),
        risks={f"{n}{HOSTILE}": n for n in range(300)},
        notes=(),
    )
    html = page(
        *images,
        notes=[f"{n}{HOSTILE}" for n in range(300)],
        audited=Audited(changes=changes),
        policies=(PolicySource("p.yaml", made.HEX),),
    )

    assert len(html.encode()) <= LARGEST
    assert "<b>" not in html

"""The catalogue of build risks: what Security Center looks for, and what it found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from gate.errors import AnswerUnreadable, PermissionMissing
from gate.evidence import level_of
from gate.report import TextPage, coloured, counted, risk_address, risk_guides, sentence
from gate.untrusted import for_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gate.report import RiskGuide, Style
    from gate.security_center import CatalogueRow, CheckConfiguration, SecurityCenter

_LABEL = 8  # columns
_UNEXPLAINED = (
    "Security Center checks for this; the gate has no text on it. Its advice stands beside each "
    "finding, in reports and in the console."
)
_SWITCH = {True: "on", False: "off", None: "?"}
_HEADING = ("CHECK", "LEVEL", "CLASS", "RISK", "IMAGES", "OPEN", "NAME")


class CatalogueEntry(Struct, frozen=True, kw_only=True):
    """A build risk: its key and class, its level, and how many images have it.

    ``on`` tells whether its check is switched on, ``None`` if that is not known; a risk that no
    image has may have no level, since only the configuration names it.
    """

    risk: str
    name: str
    risk_class: str
    class_name: str
    level: str | None = None
    images: int = 0
    unhandled: int = 0
    on: bool | None


class Catalogue(Struct, frozen=True):
    """All build risks, by class and key; ``notes`` say what could not be told."""

    risks: tuple[CatalogueEntry, ...]
    notes: tuple[str, ...] = ()


async def read_catalogue(client: SecurityCenter) -> Catalogue:
    """Join the risks of the account with the checks that are switched on.

    Raises ``AnswerUnreadable`` if the list could not be read to its end. A missing permission for
    the configuration is a note.
    """
    listing = await client.build_risks()
    if not listing.complete:
        raise AnswerUnreadable(
            f"The catalogue of build risks could not all be read: {listing.problem}",
            "Run the command again.",
        )
    try:
        configuration = await client.check_configuration()
    except PermissionMissing as missing:
        return Catalogue(_joined(listing.rows, None), (f"Which checks are on: {missing}",))
    return Catalogue(_joined(listing.rows, configuration))


def _joined(
    rows: Iterable[CatalogueRow], configuration: CheckConfiguration | None
) -> tuple[CatalogueEntry, ...]:
    on = None if configuration is None else configuration.on
    risks = {
        row.risk_key: CatalogueEntry(
            risk=row.risk_key,
            name=row.risk_key_name,
            risk_class=row.risk_class,
            class_name=row.risk_class_name,
            level=row.risk_level or None,
            images=row.count or 0,
            unhandled=row.unprocessed_num or 0,
            on=None if on is None else row.risk_key in on,
        )
        for row in rows
    }
    for group in configuration.rule_tree if configuration is not None else ():
        for check in group.rule_list:
            entry = CatalogueEntry(
                risk=check.rule_key,
                name=check.rule_name,
                risk_class=group.class_key,
                class_name=group.class_name,
                on=check.selected,
            )
            risks.setdefault(entry.risk, entry)
    return tuple(sorted(risks.values(), key=lambda risk: (risk.risk_class, risk.risk)))


def chosen(
    catalogue: Catalogue, levels: Sequence[str], classes: Sequence[str]
) -> tuple[CatalogueEntry, ...]:
    """Filter by level and class; none given means all."""
    return tuple(
        risk
        for risk in catalogue.risks
        if (not levels or (risk.level is not None and level_of(risk.level) in levels))
        and (not classes or risk.risk_class in classes)
    )


def classes_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the classes that there are."""
    return tuple(sorted({risk.risk_class for risk in catalogue.risks}))


def as_json(risks: Iterable[CatalogueEntry], notes: Sequence[str], _style: Style) -> str:
    """Write risks as JSON: ``{version, risks[{risk, name, class, …}], notes[]}``."""
    entries = [_entry(risk) for risk in risks]
    return json.dumps(
        {"version": 1, "risks": entries, "notes": list(notes)}, indent=2, ensure_ascii=False
    )


def _entry(risk: CatalogueEntry) -> dict[str, object]:
    entry: dict[str, object] = asdict(risk)
    entry["class"] = entry.pop("risk_class")
    return entry


def explained_as_json(
    risk: str, entry: CatalogueEntry | None, notes: Sequence[str], _style: Style
) -> str:
    """Write one risk as JSON, as in the list; ``explanation`` has what, why, fix, and an example.

    What is not known is ``null``.
    """
    guide = risk_guides().get(risk)
    known: dict[str, object] = _entry(entry) if entry else {"risk": risk}
    known["explanation"] = asdict(guide) if guide else None
    known["page"] = risk_address(risk)
    document = {"version": 1, "risks": [known], "notes": list(notes)}
    return json.dumps(document, indent=2, ensure_ascii=False)


def explained_as_text(
    risk: str, entry: CatalogueEntry | None, notes: Sequence[str], style: Style
) -> str:
    """Write what is known of one risk, ``entry`` by the account, and what to do about it."""
    guide = risk_guides().get(risk)
    page = TextPage(style.width, colour=style.colour)
    title = (guide and guide.title) or (entry and entry.name) or ""
    page.line(f"{for_terminal(risk)}: {for_terminal(title)}" if title else for_terminal(risk))
    page.line("")
    for label, text in _explanation(guide):
        page.entry(label, for_terminal(text), room=_LABEL)
    for label, lines in (("before", guide.before), ("after", guide.after)) if guide else ():
        for number, line in enumerate(lines.splitlines()):
            page.entry("" if number else label, for_terminal(line), room=_LABEL, whole=True)
    for label, text in _in_the_account(entry):
        page.entry(label, for_terminal(text), room=_LABEL)
    page.entry("page", risk_address(risk), room=_LABEL, whole=True)
    for note in notes:
        page.entry("note", sentence(note), room=_LABEL, style="yellow")
    return page.written().rstrip("\n")


def _explanation(guide: RiskGuide | None) -> tuple[tuple[str, str], ...]:
    if guide is None:
        return (("what", _UNEXPLAINED),)
    return (("what", guide.what), ("why", guide.why), ("fix", guide.fix))


def _in_the_account(entry: CatalogueEntry | None) -> tuple[tuple[str, str], ...]:
    if entry is None:
        return ()
    named = f"{entry.risk_class} ({entry.class_name})" if entry.class_name else entry.risk_class
    return (
        ("level", entry.level or "not known: no image has it"),
        ("class", named),
        ("check", {True: "on", False: "off", None: "not known"}[entry.on]),
        ("images", f"{counted(entry.images, 'image')} with it; {entry.unhandled} findings open"),
    )


def as_text(risks: Iterable[CatalogueEntry], notes: Sequence[str], style: Style) -> str:
    """Write risks as a table, and how many checks are on on its last line."""
    shown = list(risks)
    page = TextPage(style.width, colour=style.colour)
    page.table([_HEADING, *map(_row, shown)], indent=0, numbers=(4, 5))
    for note in notes:
        page.entry("note: ", sentence(note), room=0, style="yellow")
    on = sum(risk.on is True for risk in shown)
    page.line(f"{counted(len(shown), 'build risk')}, {on} of their checks are switched on.")
    return page.written().rstrip("\n")


def _row(risk: CatalogueEntry) -> Sequence[str | tuple[str, str]]:
    level = risk.level or ""
    return (
        _SWITCH[risk.on],
        coloured(level_of(level), for_terminal(level)) if level else "-",
        for_terminal(risk.risk_class),
        for_terminal(risk.risk),
        f"{risk.images}",
        f"{risk.unhandled}",
        for_terminal(risk.name),
    )


FORMATS: dict[str, Callable[[Iterable[CatalogueEntry], Sequence[str], Style], str]] = {
    "text": as_text,
    "json": as_json,
}
EXPLAINED: dict[str, Callable[[str, CatalogueEntry | None, Sequence[str], Style], str]] = {
    "text": explained_as_text,
    "json": explained_as_json,
}

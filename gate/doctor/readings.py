"""Which way each question turned out on an account that the API's reference leaves open.

Each answer is a word that ``gate sandbox --reading`` takes, with the observation behind it in
numbers. Nothing here repeats a name, a digest or an id of the account.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gate.doctor.account_sample import PAGE_SIZE, STATUSES, AccountSample
from gate.doctor.diagnosis import is_about_build_risks
from gate.errors import GateError, PermissionMissing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from gate.security_center import EventRule, ImageRecord, ImageRiskRow, Page, SecurityCenter

_ENOUGH = 3  # observations of one kind; more would say the same
_MOST_TRIES = 50  # images that are looked at for one observation
_MANY, _VERY_MANY = 1000, 1_000_000  # rows a page, more than any page is thought to hold
_NO_UUID = "0" * 32
_HANDLED = STATUSES[1:]


class Reading(Struct, frozen=True):
    """An answer: its name, its value (``None`` if nothing tells), and the observation."""

    name: str
    value: str | None
    observation: str

    def __str__(self) -> str:
        return f"{self.name}={self.value or '?'}"


async def observe_readings(client: SecurityCenter) -> AsyncIterator[Reading]:
    """Yield an answer to each open question; only operations that read are asked.

    Raises ``GateError`` if the account can't be asked at all; what can't be asked for one question
    leaves that one open.
    """
    with suppress(PermissionMissing):  # other questions may do without
        await client.describe_image_instances(page_size=1)
    sample = AccountSample(client)
    for name, observe in _QUESTIONS.items():
        try:
            value, observation = await observe(sample)
        except PermissionMissing as missing:
            value, observation = None, f"not granted: {missing.action}"
        except GateError as error:
            value, observation = None, f"could not be asked (exit code {error.exit_code:d})"
        yield Reading(name, value, observation)


_Answer = tuple[str | None, str]


async def _rows(sample: AccountSample) -> _Answer:
    """Compare how many findings and how many rows images with several findings have."""
    for status in (None, *STATUSES):
        pairs = await _findings_and_rows(sample, status)
        if not pairs:
            continue
        value = None
        if all(rows == findings for findings, rows in pairs):
            value = "finding"
        elif all(rows == 1 for _, rows in pairs):
            value = "image"
        findings, rows = (", ".join(map(str, each)) for each in zip(*pairs, strict=True))
        return value, f"{_images(pairs)} with {findings} findings: {rows} rows in the list by risk"
    return None, "no image with several findings was found"


async def _findings_and_rows(sample: AccountSample, status: int | None) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for image in _distinct((await sample.rows(status)).rows)[:_MOST_TRIES]:
        findings = await sample.count_details(image.uuid, status)
        if findings is None or findings < 2:  # noqa: PLR2004 - several
            continue
        rows = await sample.count_rows(image, status)
        if rows is not None:
            pairs.append((findings, rows))
        if len(pairs) == _ENOUGH:
            break
    return pairs


async def _list_without_status(sample: AccountSample) -> _Answer:
    """See whether what isn't asked for a status holds the handled findings of an image."""
    handled = [row for status in _HANDLED for row in (await sample.rows(status)).rows]
    rows_are, _ = await _rows(sample)
    votes: Counter[str] = Counter()
    sentences = []
    for image in _distinct(handled)[:_ENOUGH]:
        counts = [await sample.count_details(image.uuid, each) for each in (None, *STATUSES)]
        whole, *by_status = (-1 if count is None else count for count in counts)
        if -1 in {whole, *by_status} or not sum(by_status[1:]):
            continue
        votes.update(["unhandled"] if whole == by_status[0] else [])
        votes.update(["all"] if whole >= sum(by_status) else [])
        sentences.append(
            f"unhandled {by_status[0]}, handled {sum(by_status[1:])}, listed without a status "
            f"{whole}"
        )
        listed = await sample.count_rows(image, None)
        unhandled = await sample.count_rows(image, STATUSES[0])
        if listed is None or unhandled is None:
            continue
        sentences[-1] += f", and in the list by risk {listed} (unhandled {unhandled})"
        if listed > unhandled:
            votes["all"] += 1
        elif unhandled == 0 or rows_are == "finding":
            votes["unhandled"] += 1
    if not sentences:
        return None, "no finding that somebody ignored or called a false positive was found"
    return _unanimous(votes), f"findings of {_images(sentences)}: {'; '.join(sentences)}"


async def _criteria(sample: AccountSample) -> _Answer:
    """Ask for names without their first or last letter, in both operations that take names."""
    records = await sample.records()
    listings = [await sample.rows(status) for status in (None, *STATUSES)]
    status, risky = next(
        (
            (status, each.rows)
            for status, each in zip((None, *STATUSES), listings, strict=True)
            if each.rows
        ),
        (None, ()),
    )

    async def of_records(field: str, part: str) -> Page[ImageRecord]:
        criteria = {field[0].lower() + field[1:]: part}
        return await sample.client.describe_image_instances(criteria=criteria, page_size=PAGE_SIZE)

    async def of_rows(field: str, part: str) -> Page[ImageRiskRow]:
        return await sample.client.describe_image_list_by_build_risk(
            status=status, criteria_type=field, criteria=part, page_size=PAGE_SIZE
        )

    votes: Counter[str] = Counter()
    for ask, rows in ((of_records, records), (of_rows, risky)):
        for field, name in _names(rows)[:_ENOUGH]:
            matches = [
                _matches_part(await ask(field, part), field, part) for part in (name[:-1], name[1:])
            ]
            if None not in matches:
                vote = {2: "contains", 1: "one end only", 0: "exact"}[sum(map(bool, matches))]
                votes[vote] += 1
    if not votes:
        return None, "no name that could be shortened was found"
    counts = ", ".join(f"{vote} {count}" for vote, count in sorted(votes.items()))
    asked = "names asked for without their first and without their last letter: "
    value = _unanimous(votes)
    return (None if value == "one end only" else value), f"{asked}{counts}"


def _names(rows: Iterable[ImageRecord | ImageRiskRow]) -> list[tuple[str, str]]:
    """Return names of repositories, then of namespaces, the longest first."""
    rows = tuple(rows)
    of = {
        "RepoName": {row.repo_name for row in rows},
        "RepoNamespace": {row.repo_namespace for row in rows},
    }
    return [
        (field, name)
        for field, names in of.items()
        for name in sorted(names, key=lambda name: (-len(name), name))
        if len(name) > 1
    ]


def _matches_part(
    page: Page[ImageRecord] | Page[ImageRiskRow], field: str, part: str
) -> bool | None:
    """Tell whether part of a name selects longer names; ``None`` if the page doesn't show it."""
    names = {row.repo_name if field == "RepoName" else row.repo_namespace for row in page.rows}
    if names - {part}:
        return True
    return False if page.total_count == len(page.rows) else None


async def _page_cap(sample: AccountSample) -> _Answer:
    """Ask for more rows a page than any list is thought to give."""
    client = sample.client
    pages: dict[str, Page[ImageRecord] | Page[ImageRiskRow]] = {
        "images": await client.describe_image_instances(page_size=_MANY),
        "images by risk": await client.describe_image_list_by_build_risk(page_size=_MANY),
    }
    caps = {name: _cap_of(page, _MANY) for name, page in pages.items()}
    page = await client.describe_image_build_risk_by_key(image_uuid=_NO_UUID, page_size=_MANY)
    caps["findings"] = page.page_size if page.page_size < _MANY else None
    if not any(caps.values()):
        page = await client.describe_image_build_risk_by_key(
            image_uuid=_NO_UUID, page_size=_VERY_MANY
        )
        cap = page.page_size if page.page_size < _VERY_MANY else None
        asked = f"not less than {_MANY} rows a page; asked for {_VERY_MANY}: {page.page_size}"
        return str(cap) if cap else None, asked
    shown = ", ".join(f"{cap or 'no less'} ({name})" for name, cap in caps.items())
    return str(min(filter(None, caps.values()))), f"asked for {_MANY} rows a page: {shown}"


def _cap_of(page: Page[ImageRecord] | Page[ImageRiskRow], wanted: int) -> int | None:
    """Return how many rows a page holds at most; ``None`` if it shows no bound.

    What came counts, where the page only repeats the number that was asked for.
    """
    if page.page_size < wanted:
        return page.page_size
    return len(page.rows) if len(page.rows) < min(wanted, page.total_count) else None


async def _prefixed_digest(sample: AccountSample) -> _Answer:
    digests = [record.digest for record in await sample.records() if record.digest]
    prefixed = sum(digest.startswith("sha256:") for digest in digests)
    if not digests:
        return None, "no record with a digest was found"
    value = {0: "false", len(digests): "true"}.get(prefixed)
    return value, f"{prefixed} of {len(digests)} records begin their digest with sha256:"


async def _digest_criterion(sample: AccountSample) -> _Answer:
    """Ask for digests of records both with and without ``sha256:``."""
    records = await sample.records()
    digests = dict.fromkeys(record.digest.removeprefix("sha256:") for record in records)
    wanted = [digest for digest in digests if digest][:_ENOUGH]
    if not wanted:
        return None, "no record with a digest was found"
    answers = Counter[str]()
    for digest in wanted:
        for way, text in (("bare", digest), ("prefixed", f"sha256:{digest}")):
            page = await sample.client.describe_image_instances(
                criteria={"digest": text}, page_size=PAGE_SIZE
            )
            answers[way] += any(row.digest.removeprefix("sha256:") == digest for row in page.rows)
    bare, prefixed = answers["bare"], answers["prefixed"]
    value = "bare" if bare == len(wanted) else None
    if not bare and prefixed == len(wanted):
        value = "prefixed"
    return value, f"of {len(wanted)} digests, {bare} are found bare and {prefixed} with sha256:"


async def _tasks(sample: AccountSample) -> _Answer:
    """Ask for the scan task of images whose scan succeeded; nobody need have asked for a scan."""
    records = [record for record in await sample.records() if record.sca_status == "SUCCESS"]
    digests = dict.fromkeys(record.digest.removeprefix("sha256:") for record in records)
    scanned = [digest for digest in digests if digest][:_ENOUGH]
    if not scanned:
        return None, "no record with a digest and a scan that succeeded was found"
    shown = sum([bool(await sample.client.latest_scan_tasks(digest)) for digest in scanned])
    value = "all" if shown == len(scanned) else "requested"
    return value, f"of {len(scanned)} images whose scan succeeded, {shown} have a task"


async def _whitelisted(sample: AccountSample) -> _Answer:
    """Look for findings that a whitelist rule covers, and for images that miss theirs."""
    configuration = await sample.client.check_configuration()
    checks = configuration.on | set(configuration.off)
    rules = [
        rule
        for rule in await sample.rules()
        if is_about_build_risks(rule) and rule.event_key in checks
    ]
    if not rules:
        return None, "no whitelist rule names a build risk"
    listed = sum([await _listed_rows(sample, rule) for rule in rules])
    missing = await _images_without_their_findings(sample, rules)
    votes = Counter({"listed": listed, "hidden": missing})
    return _unanimous(votes), (
        f"rules that whitelist build risks: {len(rules)}; rows that are listed although a rule "
        f"covers them: {listed}; images that are said to have risks and list none: {missing}"
    )


async def _listed_rows(sample: AccountSample, rule: EventRule) -> int:
    """Count rows of the risk and the images that a rule covers."""
    count = 0
    for status in STATUSES:
        page = await sample.client.describe_image_list_by_build_risk(
            risk_key=rule.event_key, status=status, page_size=PAGE_SIZE
        )
        count += sum(_covers(rule, row) for row in page.rows)
    return count


async def _images_without_their_findings(sample: AccountSample, rules: Sequence[EventRule]) -> int:
    """Count images that rules cover, that are said to have risks, and for which none is listed.

    ``RiskStatus`` is about all kinds of risks, so only those count that have none of the others.
    """
    count = tries = 0
    for record in await sample.records():
        others = (record.vul_count, record.alarm_count, record.hc_count)
        if (
            record.risk_status != "YES"
            or others != (0, 0, 0)
            or not any(_covers(rule, record) for rule in rules)
        ):
            continue
        tries += 1
        if tries > _MOST_TRIES:
            break
        counts = {await sample.count_details(record.uuid, each) for each in (None, *STATUSES)}
        count += counts == {0}
    return count


class _Condition(Struct, frozen=True):
    condition: str = ""
    type: str = ""
    value: str = ""


class _Scenario(Struct, frozen=True):
    type: str = "default"
    value: str = ""


def _covers(rule: EventRule, image: ImageRecord | ImageRiskRow) -> bool:
    """Tell whether a rule is certainly about an image; what isn't understood covers nothing."""
    name = f"{image.repo_namespace}/{image.repo_name}"
    try:
        conditions = msgspec.json.decode(rule.conditions or "[]", type=tuple[_Condition, ...])
        scenario = msgspec.json.decode(rule.scenarios or "{}", type=_Scenario)
    except msgspec.MsgspecError:
        return False
    if scenario.type != "default" and (scenario.type, scenario.value) != ("repo", name):
        return False
    return all(
        (each.condition, each.type) == ("image", "contains") and each.value in f"{name}:{image.tag}"
        for each in conditions
    )


def _distinct(rows: Iterable[ImageRiskRow]) -> list[ImageRiskRow]:
    """Return a row of each image, of those with most rows first."""
    rows = tuple(rows)
    counts = Counter(row.uuid for row in rows)
    images = {row.uuid: row for row in rows}
    return [images[uuid] for uuid, _ in counts.most_common()]


def _unanimous(votes: Mapping[str, int]) -> str | None:
    """Return the one word that was voted for; ``None`` where there are several or none."""
    words = [word for word, count in votes.items() if count]
    return words[0] if len(words) == 1 else None


def _images(of: Sequence[object]) -> str:
    return "1 image" if len(of) == 1 else f"{len(of)} images"


_QUESTIONS: Mapping[str, Callable[[AccountSample], Awaitable[_Answer]]] = {
    "rows": _rows,
    "list_without_status": _list_without_status,
    "criteria": _criteria,
    "page_cap": _page_cap,
    "prefixed_digest": _prefixed_digest,
    "digest_criterion": _digest_criterion,
    "tasks": _tasks,
    "whitelisted": _whitelisted,
}

"""Verdicts for tests of reports: made by hand, and generated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from msgspec.structs import replace

from gate.errors import ExitCode
from gate.findings import (
    Fact,
    Finding,
    IdentifiedBy,
    Image,
    Level,
    Location,
    Reason,
    Scan,
    Scanned,
    ScanState,
    Shown,
    Status,
    Unscanned,
)
from gate.verdict import (
    Action,
    Decision,
    ImageVerdict,
    PolicyPlace,
    PolicySource,
    Service,
    Verdict,
    WaiverUse,
    judge_image,
    judge_run,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
NAME = "registry.cn-hangzhou.aliyuncs.com/shop/web:1.4"


def image(**given: Any) -> Image:
    known: dict[str, Any] = {
        "uuid": "uuid-1",
        "region": "cn-hangzhou",
        "instance": "",
        "namespace": "shop",
        "repository": "web",
        "tag": "1.4",
        "digest": DIGEST,
    }
    return Image(**(known | given))


def scan(**given: Any) -> Scan:
    known: dict[str, Any] = {
        "state": ScanState.FINISHED,
        "finished_at": NOW - timedelta(hours=2),
        "age": timedelta(hours=2),
        "checks_on": 14,
    }
    return Scan(**(known | given))


FACTS = {
    "command": ("Build command", Shown.CODE),
    "layer": ("Layer", Shown.PLACE),
    "description": ("Description", Shown.PROSE),
    "advice": ("Advice", Shown.PROSE),
}


def facts(**by_key: str) -> tuple[Fact, ...]:
    """Describe a build risk; an empty text is not a fact."""
    return tuple(
        Fact(key, label, by_key[key], shown)
        for key, (label, shown) in FACTS.items()
        if by_key.get(key)
    )


def decision(action: Action = Action.BLOCK, **given: Any) -> Decision:
    """Decide so; ``given`` are about the finding, or ``rule``, ``policy`` and so on."""
    about: dict[str, Any] = {
        key: given.pop(key) for key in ("rule", "policy", "waiver", "because") if key in given
    }
    known: dict[str, Any] = {
        "risk": "no_user",
        "name": "The image runs as root",
        "risk_class": "other",
        "level": Level.HIGH,
        "status": Status.UNHANDLED,
    }
    about_risk = {"command": "CMD web", "advice": "Add a USER."}
    about_risk |= {key: given.pop(key) for key in FACTS if key in given}
    known["facts"] = facts(**about_risk)
    return Decision(
        finding=Finding(**(known | given)),
        action=action,
        **({"because": "The policy's block says so."} | about),
    )


def waiver(**given: Any) -> WaiverUse:
    known: dict[str, Any] = {"reason": "vendor image", "expires": date(2027, 1, 31)}
    return WaiverUse(**(known | given))


def scanned(*decisions: Decision, reference: str = NAME, **given: Any) -> ImageVerdict:
    known: dict[str, Any] = {
        "image": image(),
        "identified_by": IdentifiedBy.DIGEST,
        "scan": scan(),
        "findings": tuple(each.finding for each in decisions),
    }
    return judge_image(reference, Scanned(**(known | given)), decisions, tolerated=False)


def unscanned(
    reason: Reason = Reason.MISSING,
    *decisions: Decision,
    reference: str = NAME,
    tolerated: bool = False,
    **given: Any,
) -> ImageVerdict:
    known: dict[str, Any] = {
        "message": "Security Center has not seen it. Ask for a scan (--scan missing).",
        "scan": Scan(state=ScanState.MISSING),
    }
    evidence = Unscanned(reason=reason, **(known | given))
    return judge_image(reference, evidence, decisions, tolerated=tolerated)


def run(
    *images: ImageVerdict, notes: Sequence[str] = (), sandbox: bool = False, **given: Any
) -> Verdict:
    known: dict[str, Any] = {
        "generated_at": NOW,
        "service": Service("https://tds.aliyuncs.com", "cn-hangzhou", sandbox=sandbox),
        "policies": (PolicySource("(built-in)", HEX),),
    }
    return judge_run(images, notes=notes, **(known | given))


def everything() -> Verdict:
    """Return a run with every outcome, action, level and status, and waivers of both kinds."""
    host = NAME.partition("/")[0]
    blocked = scanned(
        decision(
            location=Location("Dockerfile", 7),
            rule="root",
            description="Whoever breaks out of the container is root on the host.",
        ),
        decision(
            Action.WARN,
            risk="recommended_dockerfile_add",
            name="ADD where COPY would do",
            level=Level.MEDIUM,
            command="ADD https://example.com/tool.tar.gz /opt",
        ),
        decision(
            Action.WAIVED,
            risk="alpine_apk_password",
            name="A password in a build command",
            waiver=waiver(owner="team-a", ticket="SEC-17"),
            because="Waived until 2027-01-31.",
        ),
        decision(
            Action.BLOCK,
            risk="sudo",
            name="sudo is installed",
            waiver=waiver(expires=date(2026, 2, 28), expired=True),
            because="The waiver expired on 2026-02-28.",
        ),
        decision(
            Action.ALLOW,
            risk="no_healthcheck",
            name="No HEALTHCHECK",
            level=Level.LOW,
            status=Status.IGNORED,
            command="",
            advice="",
        ),
        decision(
            Action.ALLOW,
            risk="new_kind",
            name="A check that is newer than this gate",
            level=Level.UNKNOWN,
            level_word="critical",
            status=Status.FALSE_POSITIVE,
        ),
        decision(Action.WARN, risk="odd_status", name="", status=Status.UNKNOWN),
        notes=("Checks that are switched off: sudo.",),
        scan=scan(checks_off=("sudo",)),
    )
    return run(
        replace(blocked, digest=DIGEST),
        replace(
            scanned(reference=f"{host}/shop/api:2.0", image=image(repository="api", tag="2.0")),
            digest=DIGEST,
        ),
        unscanned(Reason.RUNNING, decision(Action.WARN), reference=f"{host}/shop/legacy:0.9"),
        unscanned(reference=f"{host}/shop/new:1", tolerated=True),
        notes=("2 images were asked about at once.",),
    )


# Text as hostile people write it: controls, directions, markup, commands of CI systems.
HOSTILE = (
    "\x1b[31m", "\x1b]8;;http://h.example\x07", "\n", "\r", "\t", "\u202e", "\u200b", "\u2028",
    "\x85", "\x9b31m", "\ud800", "[red]", "[/]", "[link=x]", ":smile:", "::set-output name=v::pass",
    "##[set-output]", "##vso[task]", "::", ":", "#", "##", " ", "PASS", "\U000e0041", "镜像", "é",
)  # fmt: skip
texts = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), max_size=8).map("".join)
words = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
times = st.datetimes(
    datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - bounds
)  # fmt: skip
scans = st.builds(
    lambda **told: Scan(**told),  # noqa: PLW0108 - builds() can't look up the types of its fields
    state=st.sampled_from(ScanState),
    finished_at=st.none() | times,
    age=st.none() | st.timedeltas(timedelta(seconds=-5), timedelta(days=4000)),
    checks_on=st.none() | st.integers(0, 60),
    checks_off=st.lists(texts, max_size=3).map(tuple),
)
images = st.builds(
    Image,
    uuid=texts,
    region=texts,
    instance=texts,
    namespace=texts,
    repository=texts,
    tag=texts,
    digest=st.sampled_from(["", DIGEST]),
    platform=st.none() | texts,
)
decisions = st.builds(
    Decision,
    finding=st.builds(
        Finding,
        risk=texts,
        name=texts,
        risk_class=texts,
        level=st.sampled_from(Level),
        level_word=texts,
        status=st.sampled_from(Status),
        facts=st.builds(facts, command=texts, layer=texts, description=texts, advice=texts),
        location=st.none() | st.builds(Location, path=texts, line=st.integers(1, 999)),
    ),
    action=st.sampled_from(Action),
    because=texts,
    rule=st.none() | texts,
    policy=st.none() | st.builds(PolicyPlace, path=texts, line=st.integers(1, 999)),
    waiver=st.none()
    | st.builds(
        lambda **told: WaiverUse(**told),  # noqa: PLW0108 - the same
        reason=texts,
        expires=st.dates(),
        expired=st.booleans(),
        owner=texts,
        ticket=texts,
        path=texts,
        line=st.integers(1, 999),
    ),
)  # fmt: skip


@st.composite
def image_verdicts(draw: st.DrawFn) -> ImageVerdict:
    decided = draw(st.lists(decisions, max_size=4))
    known = {
        "identified_by": draw(st.sampled_from(IdentifiedBy)),
        "image": draw(images),
        "scan": draw(scans),
        "notes": tuple(draw(st.lists(texts, max_size=1))),
    }
    if draw(st.booleans()):
        return scanned(*decided, reference=draw(texts), **known)
    return unscanned(
        draw(st.sampled_from(Reason)),
        *decided,
        reference=draw(texts),
        tolerated=draw(st.booleans()),
        message=draw(texts),
        **(known if draw(st.booleans()) else {}),
    )


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    made = run(
        *draw(st.lists(image_verdicts(), max_size=3)),
        notes=draw(st.lists(texts, max_size=2)),
        generated_at=draw(times),
        service=Service(draw(texts), draw(texts), sandbox=draw(st.booleans())),
        policies=draw(st.lists(st.builds(PolicySource, texts, st.just(HEX)), max_size=2)),
    )
    assert made.exit_code in ExitCode
    return made

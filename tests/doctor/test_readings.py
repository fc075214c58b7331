"""What the doctor reads of a sandbox is what the sandbox was told, or `?` where nothing tells."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import anyio
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.clock import Clock, Run
from gate.credentials import Credentials, StaticCredentials
from gate.doctor import observe_readings
from gate.errors import ServiceUnreachable
from gate.sandbox import (
    Fault,
    Faults,
    Readings,
    SampleFinding,
    SampleImage,
    Sandbox,
    State,
    World,
    sample_world,
)
from gate.sandbox.world import WhitelistRule
from gate.security_center import (
    OPERATIONS,
    CheckConfiguration,
    ImageRecord,
    Listing,
    Page,
    SecurityCenter,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gate.security_center import BuildRiskDetail, EventRule, ImageRiskRow

pytestmark = pytest.mark.anyio

CLOCK = Clock(lambda: datetime.now(UTC), time.monotonic, anyio.sleep)
PAGE_CAPS = (1, 7, 20, 99, 1000, 5000)
DEFAULTS = msgspec.structs.asdict(Readings())


def values(name: str) -> Sequence[Any]:
    """Return the values of a reading other than the default."""
    kind = get_type_hints(Readings)[name]
    every = PAGE_CAPS if kind is int else (False, True) if kind is bool else get_args(kind)
    return [value for value in every if value != DEFAULTS[name]]


ALONE = [{name: value} for name in DEFAULTS for value in values(name)]
PAIRS = [
    {one: values(one)[-1 if one == "page_cap" else 0], two: values(two)[0]}
    for one, two in combinations(sorted(DEFAULTS, reverse=True), 2)
]


def image(repository: str, *findings: SampleFinding, tag: str = "1") -> SampleImage:
    return SampleImage(namespace="team", repository=repository, tag=tag, findings=findings)


def finding(risk: str, status: str = "unhandled") -> SampleFinding:
    return SampleFinding(risk=risk, status=status, command=f"RUN {risk}")


def telling_world() -> World:
    """Make a world that answers every question."""
    world = World.of(
        image("alpha", finding("no_user"), finding("chmod_777"), finding("curl_pipe", "ignored")),
        image("alpha", finding("no_user"), finding("add", "false_positive"), tag="2"),
        image("alphabet", finding("apk"), finding("apk")),
        image("covered", finding("sudo")),
        image("clean"),
    )
    world.whitelist = (
        WhitelistRule(id=1, event_key="sudo"),
        WhitelistRule(id=2, event_key="apk", event_type="somethingElse"),
        WhitelistRule(id=3, event_key="apk", conditions="not JSON"),
        WhitelistRule(id=4, event_key="apk", scenarios='{"type":"repo","value":"team/other"}'),
    )
    return world


async def observed(
    world: World, told: Mapping[str, Any], *faults: Fault
) -> tuple[dict[str, str], list[str], set[str]]:
    """Return the readings as text, what was observed, and the operations that were asked."""
    run = Run(clock=CLOCK, deadline=time.monotonic() + 60, environment={})
    async with Sandbox(world, readings=Readings(**told), faults=Faults(*faults)) as sandbox:
        keys = Credentials(sandbox.access_key_id, sandbox.access_key_secret)
        source = StaticCredentials(keys, "a test")
        async with SecurityCenter(sandbox.url, source, run) as client:
            readings = [reading async for reading in observe_readings(client)]
        asked = {request.operation for request in sandbox.requests}
    shown = dict(str(reading).split("=", 1) for reading in readings)
    return shown, [reading.observation for reading in readings], asked


def as_text(told: Mapping[str, Any]) -> dict[str, str]:
    """Return all readings of a sandbox, as `gate sandbox --reading` takes them."""
    every = {**DEFAULTS, **told}
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in every.items()
    }


@pytest.mark.parametrize("told", [{}, *ALONE, *PAIRS], ids=str)
async def test_a_world_that_tells_is_read_as_it_is(told: Mapping[str, Any]) -> None:
    readings, _, _ = await observed(telling_world(), told)
    assert as_text(told) == readings


@pytest.mark.parametrize("told", [{}, *ALONE, *PAIRS], ids=str)
async def test_the_sample_world_tells_all_but_whitelists(told: Mapping[str, Any]) -> None:
    readings, _, _ = await observed(sample_world(), told)
    assert {**as_text(told), "whitelisted": "?"} == readings


ANY_FINDING = st.builds(
    SampleFinding,
    risk=st.sampled_from(["no_user", "apk", "sudo"]),
    status=st.sampled_from(["unhandled", "ignored", "false_positive"]),
)
ANY_IMAGE = st.builds(
    SampleImage,
    namespace=st.sampled_from(["a", "team", "teams"]),
    repository=st.sampled_from(["x", "we", "web", "webs", "aa", "aaa"]),
    tag=st.sampled_from(["1", "2"]),
    findings=st.lists(ANY_FINDING, max_size=4).map(tuple),
    timeline=st.sampled_from([(State(),), (State(scan="FAIL"),)]),
)
ANY_RULE = st.builds(
    WhitelistRule,
    id=st.integers(1, 9),
    event_key=st.sampled_from(["apk", "sudo", "", "unheard_of"]),
    conditions=st.sampled_from(["[]", '[{"condition":"image","type":"contains","value":"web"}]']),
)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_answer_is_ever_wrong(data: st.DataObject) -> None:
    """An answer is what the sandbox was told, or `?`, whatever the account holds."""
    world = World.of(*data.draw(st.lists(ANY_IMAGE, max_size=5)))
    world.whitelist = tuple(data.draw(st.lists(ANY_RULE, max_size=2)))
    told = {name: data.draw(st.sampled_from([DEFAULTS[name], *values(name)])) for name in DEFAULTS}
    readings, _, _ = anyio.run(observed, world, told)
    assert [] == [
        (name, value) for name, value in readings.items() if value not in {"?", as_text(told)[name]}
    ]


async def test_an_empty_account_tells_how_long_a_page_is_and_nothing_else() -> None:
    readings, observations, _ = await observed(World(), {})
    assert {**dict.fromkeys(DEFAULTS, "?"), "page_cap": "100"} == readings
    assert all(observations)


async def test_the_questions_are_those_that_the_sandbox_can_be_told() -> None:
    readings, _, _ = await observed(World(), {})
    assert DEFAULTS.keys() == readings.keys()


async def test_only_what_reads_is_asked_and_nothing_names_the_account() -> None:
    world = sample_world()
    world.whitelist += (WhitelistRule(id=77001, event_key="no_user", event_name="root-is-fine"),)
    _, observations, operations = await observed(world, {})
    assert operations <= {each.name for each in OPERATIONS if not each.asks_for_scans}
    records = list(world.records())
    names = {getattr(one, field) for one in records for field in FIELDS}
    text = " ".join(observations)
    words = set(text.replace(",", " ").replace(":", " ").split())
    assert set() == words & (names - {"all"})
    assert not [one for one in records if one.bare_digest[:12] in text or one.uuid in text]
    assert "77001" not in text
    assert "root-is-fine" not in text


FIELDS = ("namespace", "repository", "tag", "instance", "region", "repo_id", "digest", "uuid")


async def test_what_is_not_granted_leaves_only_its_own_questions_open() -> None:
    denied = Fault("denied", operations={"DescribeImageListByBuildRisk"})
    readings, observations, _ = await observed(telling_world(), {}, denied)
    assert "false" == readings["prefixed_digest"]
    assert "bare" == readings["digest_criterion"]
    assert "?" == readings["rows"]
    assert "not granted: yundun-sas:DescribeImageListByBuildRisk" in observations


async def test_an_account_that_cannot_be_asked_is_an_error() -> None:
    with pytest.raises(ServiceUnreachable):
        await observed(World(), {}, Fault("html_403"))


class Odd(SecurityCenter):
    """A Security Center that behaves as no sandbox does: one image, in many records.

    Its pages claim the size that was asked for and hold 30 rows; names are compared from their
    beginning; every second digest has a prefix, and both ways of asking for one work.
    """

    name, bare = "repository", "a" * 64

    async def describe_image_instances(
        self,
        *,
        criteria: Mapping[str, str] = MappingProxyType({}),
        current_page: int | None = None,
        page_size: int | None = None,
    ) -> Page[ImageRecord]:
        """Return a page of equal records."""
        wanted = criteria.get("repoName", "")
        count = 130 if self.name.startswith(wanted) else 0
        begin = 30 * ((current_page or 1) - 1)
        rows = tuple(map(self.record, range(count)))[begin : begin + 30]
        return Page(rows, current_page or 1, page_size or 20, count)

    def record(self, number: int) -> ImageRecord:
        digest = f"sha256:{self.bare}" if number % 2 else self.bare
        return ImageRecord(uuid=f"{number:032}", repo_name=self.name, digest=digest)

    async def describe_image_list_by_build_risk(self, **_: Any) -> Page[ImageRiskRow]:
        """Return an empty page that claims any size."""
        return Page((), 1, 1_000_000, 0)

    async def describe_image_build_risk_by_key(self, **_: Any) -> Page[BuildRiskDetail]:
        """Return an empty page that claims any size."""
        return Page((), 1, 1_000_000, 0)

    async def check_configuration(self) -> CheckConfiguration:
        """Return a configuration without checks."""
        return CheckConfiguration(rule_tree=())

    async def event_rules(self) -> Listing[EventRule]:
        """Return no rule."""
        return Listing(rows=(), total=0, complete=True)


async def test_what_no_sandbox_does_is_told_as_it_is() -> None:
    run = Run(clock=CLOCK, deadline=time.monotonic() + 60, environment={})
    source = StaticCredentials(Credentials("id", "secret"), "a test")
    odd = Odd("http://127.0.0.1:9", source, run)
    readings = {reading.name: reading async for reading in observe_readings(odd)}
    values = {name: reading.value for name, reading in readings.items()}
    assert {
        "rows": None,
        "list_without_status": None,
        "criteria": None,
        "page_cap": "30",
        "prefixed_digest": None,
        "tasks": None,
        "digest_criterion": "bare",
        "whitelisted": None,
    } == values
    assert "one end only 1" in readings["criteria"].observation
    assert "30 of 60 records" in readings["prefixed_digest"].observation
    assert "1 are found bare and 1 with sha256:" in readings["digest_criterion"].observation

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gate.audit import auditing
from gate.audit.collecting import Collector
from gate.check import Stop
from gate.cli import audit as audit_command
from gate.cli import progress
from gate.cli.terminal import terminal
from gate.errors import ExitCode
from gate.sandbox import (
    Fault,
    FaultKind,
    Faults,
    Readings,
    SampleFinding,
    SampleImage,
    State,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gate.sandbox import Sandbox
    from tests.rigs.command import Result

    Gate = Callable[..., Result]
    Serve = Callable[..., AbstractContextManager[Sandbox]]

OLD = (State(after=-7200),)
ROOT = SampleFinding(risk="no_user", command="USER root")
SUDO = SampleFinding(risk="sudo", status="ignored", command="RUN sudo make")
APK = SampleFinding(risk="apk", command="RUN apk add curl")


def image(repository: str, *findings: SampleFinding, **given: object) -> SampleImage:
    known = {"namespace": "shop", "repository": repository, "tag": "1", "timeline": OLD} | given
    return SampleImage(findings=findings, **known)  # type: ignore[arg-type]


def audit(gate: Gate, sandbox: Sandbox, *arguments: str) -> Result:
    return gate("audit", "--endpoint", sandbox.url, "--format", "json", *arguments)


def verdicts(result: Result) -> dict[str, tuple[str, str, int]]:
    return {
        f"{one['image']['namespace']}/{one['image']['repository']}:{one['image']['tag']}": (
            one["verdict"],
            one["reason"],
            len(one["findings"]),
        )
        for one in result.report["images"]
    }


def test_every_image_is_judged_by_the_policy(gate: Gate, serve: Serve) -> None:
    images = (
        image("web", ROOT, SUDO),
        image("api"),
        image("worker", APK, SUDO),
        image("batch", timeline=(State(after=-60, scan="CVE_ANALYZER", progress=40),)),
        image("old", ROOT, timeline=(State(after=-7200), State(after=-5, scan="START"))),
    )
    with serve(*images) as sandbox:
        result = audit(gate, sandbox)
    assert 10 == result.code
    assert {
        "shop/web:1": ("block", "blocked", 2),
        "shop/api:1": ("pass", "clean", 0),
        "shop/worker:1": ("pass", "allowed", 2),
        "shop/batch:1": ("undecided", "running", 0),
        "shop/old:1": ("block", "blocked", 1),
    } == verdicts(result)


findings = st.builds(
    SampleFinding,
    risk=st.sampled_from(["no_user", "sudo", "apk"]),
    level=st.sampled_from(["", "high", "low", "odd"]),
    status=st.sampled_from(["unhandled", "ignored", "false_positive", 7]),
    command=st.sampled_from(["USER root", "RUN sudo make", "RUN apk add curl"]),
)


def told_apart(found: list[SampleFinding]) -> list[SampleFinding]:
    """Leave out what no list tells: an unheard-of status beside another of the same risk."""
    risks = [one.risk for one in found]
    return [one for one in found if one.status != 7 or risks.count(one.risk) == 1]


worlds = st.lists(
    st.tuples(
        st.sampled_from(["web", "api", "web-admin", "worker"]),
        st.sampled_from(["1", "2"]),
        st.lists(findings, max_size=4).map(told_apart),
        st.sampled_from([OLD, (State(after=-60, scan="FAIL"),), ()]),
    ).map(lambda made: image(made[0], *made[2], tag=made[1], timeline=made[3])),
    max_size=5,
)
readings = st.builds(
    Readings,
    rows=st.sampled_from(["finding", "image"]),
    list_without_status=st.sampled_from(["all", "unhandled"]),
    criteria=st.sampled_from(["contains", "exact"]),
    page_cap=st.sampled_from([2, 100]),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(worlds, readings)
def test_an_audit_never_passes_what_a_check_does_not(
    gate: Gate, serve: Serve, images: list[SampleImage], taken: Readings
) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 0s}\n"
    )
    with serve(*images, readings=taken) as sandbox:
        audited = audit(gate, sandbox)
        known = [one for one in sandbox.world.images if one.timeline]
        named = [
            f"registry.cn-hangzhou.aliyuncs.com/{one.name}:{one.tag}@{one.digest}" for one in known
        ]
        url = ("--endpoint", sandbox.url, "--wait", "0", "--format", "json")
        checked = gate("check", *named, *url) if named else None
    told = verdicts(audited)
    assert len(known) == len(told)
    if checked is not None:
        assert {name: said[:2] for name, said in verdicts(checked).items()} == {
            name: said[:2] for name, said in told.items()
        }


def test_findings_are_complete_over_many_pages(gate: Gate, serve: Serve) -> None:
    images = [image(f"r{number}", ROOT, APK, SUDO, APK) for number in range(60)]
    with serve(*images, readings=Readings(page_cap=7)) as sandbox:
        result = audit(gate, sandbox)
    assert 60 * 4 == sum(len(one["findings"]) for one in result.report["images"])


def test_findings_are_complete_while_rows_move(gate: Gate, serve: Serve) -> None:
    images = [image(f"r{number}", ROOT, APK) for number in range(40)]
    moving = Faults(Fault(kind=FaultKind.MOVING_ROWS, operations=["DescribeImageListByBuildRisk"]))
    with serve(*images, readings=Readings(page_cap=10), faults=moving) as sandbox:
        result = audit(gate, sandbox)
    assert 10 == result.code
    assert {("block", "blocked", 2)} == set(verdicts(result).values())


@pytest.mark.parametrize(
    "kind", [FaultKind.DROPPED_ROWS, FaultKind.LYING_TOTAL, FaultKind.REPEATED_PAGE]
)
def test_lists_that_lie_never_make_a_pass(gate: Gate, serve: Serve, kind: FaultKind) -> None:
    images = [image(f"r{number}", ROOT) for number in range(30)]
    fault = Fault(kind=kind, operations=["DescribeImageListByBuildRisk"], delta=1)
    with serve(*images, readings=Readings(page_cap=10), faults=Faults(fault)) as sandbox:
        result = audit(gate, sandbox)
    assert "pass" not in {said[0] for said in verdicts(result).values()}


def test_the_scope_is_exact(gate: Gate, serve: Serve) -> None:
    images = (
        image("web", ROOT),
        image("web-admin", ROOT),
        image("web", namespace="webshop"),
        image("web", region="cn-beijing", tag="2"),
        image("job", registry_type="CI/CD"),
    )
    with serve(*images) as sandbox:
        every = {"shop/web:1", "shop/web:2", "shop/web-admin:1", "webshop/web:1"}
        assert every == set(verdicts(audit(gate, sandbox)))
        for arguments, expected in (
            (("--namespace", "shop"), {"shop/web:1", "shop/web:2", "shop/web-admin:1"}),
            (("--repository", "shop/web"), {"shop/web:1", "shop/web:2"}),
            (("--repository", "web"), {"shop/web:1", "shop/web:2", "webshop/web:1"}),
            (("--namespace", "shop", "--region", "cn-beijing"), {"shop/web:2"}),
        ):
            assert expected == set(verdicts(audit(gate, sandbox, *arguments)))


def test_nothing_to_audit_is_no_pass(gate: Gate, serve: Serve) -> None:
    with serve() as sandbox:
        assert 3 == audit(gate, sandbox).code


def test_blocked_images_are_read_in_full_for_reports(gate: Gate, serve: Serve) -> None:
    with serve(image("web", ROOT)) as sandbox:
        (one,) = audit(gate, sandbox).report["images"]
    assert "USER root" == one["findings"][0]["command"]


def test_a_young_scan_is_looked_at_by_itself(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\nscan: {settle: 1s}\n"
    )
    young = image("web", ROOT, timeline=(State(after=0),), findings_after=0.4)
    with serve(young) as sandbox:
        assert 10 == audit(gate, sandbox).code


def test_no_check_switched_on_is_no_pass(gate: Gate, serve: Serve) -> None:
    off = Faults(Fault(kind=FaultKind.CONFIG_OFF))
    with serve(image("web"), faults=off) as sandbox:
        assert {"shop/web:1": ("undecided", "checks_off", 0)} == verdicts(audit(gate, sandbox))


def test_refused_access_is_reported_with_its_code(gate: Gate, serve: Serve) -> None:
    denied = Faults(Fault(kind=FaultKind.DENIED, operations=["DescribeImageListByBuildRisk"]))
    with serve(image("web"), faults=denied) as sandbox:
        result = audit(gate, sandbox)
    assert 4 == result.code
    assert "access" == result.report["images"][0]["reason"]


def test_trouble_before_any_image_is_known_is_told(gate: Gate, serve: Serve) -> None:
    denied = Faults(Fault(kind=FaultKind.DENIED, operations=["DescribeImageInstances"]))
    with serve(image("web"), faults=denied) as sandbox:
        result = audit(gate, sandbox)
    assert 4 == result.code
    assert "DescribeImageInstances" in result.report["notes"][0]


def test_the_summary_ranks_repositories_and_risks(gate: Gate, serve: Serve) -> None:
    images = (image("web", ROOT, APK), image("api", ROOT, ROOT), image("ok"))
    with serve(*images) as sandbox:
        out = gate("audit", "--endpoint", sandbox.url).out
        quiet = gate("audit", "--endpoint", sandbox.url, "-q").out
    assert "images    3: 1 pass, 2 block, 0 undecided" in out
    assert out.index("shop/api") < out.index("shop/web")
    assert "no_user (high)  3 block in 2 images" in out
    assert 1 == len(quiet.splitlines())


def test_an_earlier_report_is_compared_with(gate: Gate, serve: Serve) -> None:
    with serve(image("web"), image("api", ROOT), image("gone")) as sandbox:
        Path("before.json").write_text(json.dumps(audit(gate, sandbox).report))
        sandbox.world.put(image("web", ROOT))
        sandbox.world.put(image("api"))
        sandbox.world.remove(image("gone"))
        notes = "\n".join(audit(gate, sandbox, "--compare", "before.json").report["notes"])
    assert "1 newly blocked (shop/web:1); 1 no longer blocked (shop/api:1)" in notes
    assert "1 gone (shop/gone:1)" in notes


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"version": 2, "generated_at": "", "images": []}']
)
def test_what_is_no_report_is_not_compared_with(gate: Gate, content: str) -> None:
    Path("before.json").write_text(content)
    result = gate("audit", "--sandbox", "--compare", "before.json")
    assert 2 == result.code
    assert "before.json is" in result.err


def test_an_audit_that_is_stopped_says_so_and_passes_nothing(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(stop: Stop) -> None:
        await anyio.sleep(0.4)
        stop.end(ExitCode.INTERRUPTED)

    monkeypatch.setattr(Stop, "heed", interrupted)
    hangs = Faults(Fault(kind=FaultKind.SILENT, operations=["DescribeImageListByBuildRisk"]))
    with serve(image("web"), faults=hangs) as sandbox:
        result = audit(gate, sandbox)
    assert 130 == result.code
    assert {"shop/web:1": ("undecided", "incomplete", 0)} == verdicts(result)


@pytest.mark.parametrize("live", [False, True])
def test_a_long_audit_shows_how_far_it_is(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch, *, live: bool
) -> None:
    monkeypatch.setattr(progress, "PLAIN", 0.1)
    monkeypatch.setattr(progress, "LIVE", 0.1)
    made = replace(terminal(quiet=False), live=live)  # tests have no terminal
    monkeypatch.setattr(audit_command, "terminal", lambda **_: made)
    slow = Faults(Fault(kind=FaultKind.LATENCY, seconds=0.1))
    with serve(image("web", ROOT), faults=slow) as sandbox:
        err = audit(gate, sandbox).err
    assert ("[####" in err or "[----" in err) == live
    assert ("auditing: " in err) != live
    assert "1 of 1 records" in err


def test_a_second_scan_counts_where_the_policy_accepts_the_last(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "scan: {settle: 0s, accept_previous: true}\n"
    )
    again = image("web", timeline=(State(after=-7200), State(after=-30, scan="START")))
    with serve(again) as sandbox:
        assert {"shop/web:1": ("pass", "clean", 0)} == verdicts(audit(gate, sandbox))


def test_a_record_that_changes_meanwhile_is_looked_at_by_itself(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = image("web")
    with serve(before, image("api")) as sandbox:

        class Meanwhile(Collector):
            async def run(self) -> None:
                await super().run()
                scan = (*OLD, State(after=-5, scan="START"))
                sandbox.world.put(msgspec.structs.replace(before, timeline=scan))

        monkeypatch.setattr(auditing, "Collector", Meanwhile)
        told = verdicts(audit(gate, sandbox))
    assert {"shop/api:1": ("pass", "clean", 0), "shop/web:1": ("undecided", "running", 0)} == told


def lying(*operations: str) -> Faults:
    return Faults(Fault(kind=FaultKind.LYING_TOTAL, operations=operations, delta=1))


def test_records_that_could_not_all_be_read_are_no_pass(gate: Gate, serve: Serve) -> None:
    with serve(image("web"), faults=lying("DescribeImageInstances")) as sandbox:
        result = audit(gate, sandbox)
    assert (3, "undecided") == (result.code, result.report["verdict"])
    assert any("images may be missing here" in note for note in result.report["notes"])


def test_a_catalogue_that_could_not_be_read_leaves_images_to_single_looks(
    gate: Gate, serve: Serve
) -> None:
    with serve(image("web"), faults=lying("DescribeImageBuildRiskList")) as sandbox:
        result = audit(gate, sandbox)
    assert {"shop/web:1": ("pass", "clean", 0)} == verdicts(result)
    assert any("list of build risks could not" in note for note in result.report["notes"])


def test_no_more_images_are_looked_at_one_by_one_than_is_sensible(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "MOST_LOOKS", 1)
    images = (image("api"), image("web"))
    with serve(*images, faults=lying("DescribeImageBuildRiskList")) as sandbox:
        result = audit(gate, sandbox)
    assert [("pass", "clean", 0), ("undecided", "incomplete", 0)] == list(verdicts(result).values())
    assert any("the first 1 were looked at" in note for note in result.report["notes"])


def test_rows_of_images_without_a_record_are_told(gate: Gate, serve: Serve) -> None:
    dropped = Faults(
        Fault(kind=FaultKind.DROPPED_ROWS, operations=["DescribeImageInstances"], delta=1)
    )
    with serve(image("web", ROOT), image("api"), faults=dropped) as sandbox:
        for scope in ((), ("--namespace", "shop"), ("--repository", "shop/web")):
            result = audit(gate, sandbox, *scope)
            (note,) = (note for note in result.report["notes"] if "no record" in note)
            assert f"are not judged: 1, such as shop/web ({image('web').uuid})" in note
            assert (3, "undecided") == (result.code, result.report["verdict"])


RECORDS = ["DescribeImageInstances"]


def sliding(**when: int) -> Faults:
    return Faults(Fault(kind=FaultKind.SLIDING_ROWS, operations=RECORDS, **when))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "code"),
    [(image("z", ROOT), 10), (image("z", timeline=(State(scan="CVE_ANALYZER"),)), 3)],
    ids=["blocked", "running"],
)
def test_a_record_that_slid_past_one_reading_is_judged(
    gate: Gate, serve: Serve, last: SampleImage, code: int
) -> None:
    images = [*(image(f"r{number}") for number in range(9)), last]
    for when in ({"first": 2}, {"skip": 2, "first": 2}):  # the first reading, or another
        with serve(*images, faults=sliding(**when), readings=Readings(page_cap=5)) as sandbox:
            result = audit(gate, sandbox)
        assert code == result.code
        assert 10 == len(result.report["images"])


def test_a_record_that_always_slides_past_is_no_pass(gate: Gate, serve: Serve) -> None:
    images = [image(f"r{number}") for number in range(10)]
    with serve(*images, faults=sliding(), readings=Readings(page_cap=5)) as sandbox:
        result = audit(gate, sandbox)
        readings = sum(one.operation == RECORDS[0] for one in sandbox.requests)
    assert (3, "undecided") == (result.code, result.report["verdict"])
    assert 10 == readings  # five readings of two pages
    assert any("A record came twice" in note for note in result.report["notes"])


def test_readings_go_on_while_one_adds_an_older_record(gate: Gate, serve: Serve) -> None:
    hides = [
        Fault(kind=FaultKind.DROPPED_ROWS, operations=RECORDS, delta=delta, skip=at, first=1)
        for at, delta in enumerate([3, 2, 1])
    ]
    images = [image("a", ROOT), *(image(f"r{number}") for number in range(9))]
    with serve(*images, faults=Faults(*hides)) as sandbox:
        result = audit(gate, sandbox)
    assert (10, 10) == (result.code, len(result.report["images"]))


def test_a_record_that_came_meanwhile_does_not_matter(
    gate: Gate, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(image("web")) as sandbox:

        class Meanwhile(Collector):
            async def run(self) -> None:
                sandbox.world.put(image("api", pushed=sandbox.elapsed + 1, timeline=OLD))
                await super().run()

        monkeypatch.setattr(auditing, "Collector", Meanwhile)
        result = audit(gate, sandbox)
    assert (0, ["shop/web:1"]) == (result.code, list(verdicts(result)))


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([FaultKind.SLIDING_ROWS, FaultKind.DROPPED_ROWS]),
            st.integers(1, 2),
            st.integers(0, 8),
            st.integers(1, 4),
        ),
        max_size=3,
    ),
    st.integers(0, 5),
)
def test_a_bad_image_never_passes_for_want_of_its_record(
    gate: Gate, serve: Serve, drawn: list[tuple[FaultKind, int, int, int]], at: int
) -> None:
    """Faults that end leave a reading that shows what the others lack, or an undecided audit."""
    faults = [
        Fault(kind=kind, operations=RECORDS, delta=delta, skip=skip, first=first)
        for kind, delta, skip, first in drawn
    ]
    images = [image(f"r{number}") for number in range(5)]
    images.insert(at, image("bad", ROOT))
    with serve(*images, faults=Faults(*faults), readings=Readings(page_cap=3)) as sandbox:
        assert audit(gate, sandbox).code in {10, 3}


def test_records_of_one_digest_that_differ_are_looked_at(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
    )
    good = image("web")
    twin = image("web", ROOT, tag="2", digest=good.digest)
    with serve(good, twin) as sandbox:
        told = verdicts(audit(gate, sandbox))
    assert ("undecided", "disagreeing", 0) == told["shop/web:1"]
    assert "block" == told["shop/web:2"][0]


def test_a_record_whose_digest_makes_no_sense_is_not_identified(gate: Gate, serve: Serve) -> None:
    with serve(image("web", digest="sha256:odd")) as sandbox:
        (one,) = audit(gate, sandbox).report["images"]
    assert ("undecided", "unidentified") == (one["verdict"], one["reason"])


def test_long_rankings_are_cut_unless_all_is_asked_for(gate: Gate, serve: Serve) -> None:
    with serve(*(image(f"r{number}", ROOT) for number in range(12))) as sandbox:
        assert "and 2 more (-v shows them)" in gate("audit", "--endpoint", sandbox.url).out
        assert "shop/r9" in gate("audit", "--endpoint", sandbox.url, "-v").out


def summary_of(gate: Gate, serve: Serve, *images: SampleImage) -> list[str]:
    with serve(*images) as sandbox:
        return gate("audit", "--endpoint", sandbox.url).out.splitlines()


def test_a_repository_that_two_instances_hold_is_named_with_each(gate: Gate, serve: Serve) -> None:
    lines = summary_of(
        gate, serve, image("web", ROOT), image("web", ROOT, instance="cri-2"), image("api", ROOT)
    )
    assert {
        "  shop/web (instance 39010001)  1 finding blocked in 1 image",
        "  shop/web (instance cri-2)     1 finding blocked in 1 image",
        "  shop/api                      1 finding blocked in 1 image",
    } <= set(lines)
    host = "registry.cn-hangzhou.aliyuncs.com"
    assert (
        f"BLOCK  3 of 3 images: {host}/shop/api:1, {host}/shop/web:1 (instance 39010001), "
        f"{host}/shop/web:1 (instance cri-2) (exit 10)"
    ) == lines[-1]


def test_a_repository_that_two_regions_hold_is_named_with_each(gate: Gate, serve: Serve) -> None:
    lines = summary_of(gate, serve, image("web", ROOT), image("web", ROOT, region="cn-beijing"))
    assert "  shop/web (region cn-beijing)   1 finding blocked in 1 image" in lines
    assert "  shop/web (region cn-hangzhou)  1 finding blocked in 1 image" in lines


def test_images_of_one_tag_are_told_apart_by_their_digests(gate: Gate, serve: Serve) -> None:
    one, two = image("web", ROOT), image("web", ROOT, build="again")
    line = summary_of(gate, serve, one, two)[-1]
    assert f"/shop/web:1@{one.digest}, " in line or f"/shop/web:1@{one.digest} (exit" in line
    assert two.digest in line


def test_waivers_that_an_audit_rests_on_are_named(gate: Gate, serve: Serve) -> None:
    Path(".buildrisk-gate.yaml").write_text(
        "version: 1\nblock: {levels: [high], statuses: [unhandled]}\n"
        "waivers:\n  - {risks: [no_user], images: ['shop/*'], reason: old, expires: 2099-01-01}\n"
    )
    lines = summary_of(gate, serve, image("web", ROOT), image("api", ROOT))
    at = lines.index("waivers:")
    assert "  no_user  2 findings in 2 images  until 2099-01-01: old" == lines[at + 1]
    assert lines[-1].startswith("PASS  all 2 images: ")


@pytest.mark.parametrize("number", [1, 2, 3, 4, 9])
def test_the_numbers_of_the_last_line_add_up(gate: Gate, serve: Serve, number: int) -> None:
    line = summary_of(gate, serve, *(image(f"r{each}", ROOT) for each in range(number)))[-1]
    more = re.search(r" and (\d+) more", line)
    assert number == line.count(":1") + (int(more[1]) if more else 0)


def test_columns_of_a_ranking_are_aligned(gate: Gate, serve: Serve) -> None:
    lines = summary_of(gate, serve, image("web", ROOT, APK), image("a-much-longer-name", ROOT))
    at = lines.index("repositories that block:")
    assert 1 == len({line.index("1 finding") for line in lines[at + 1 : at + 3]})
    at = lines.index("risks:")
    counts = [re.search(r"\)  +(\d)", line) for line in lines[at + 1 : at + 3]]
    assert 1 == len({match and match.start(1) for match in counts})

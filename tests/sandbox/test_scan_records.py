from __future__ import annotations

from gate.sandbox import SampleFinding, SampleImage, State, World
from gate.sandbox.scan_records import RecordCache, record_of

BATCH = SampleImage(
    namespace="shop",
    repository="batch",
    findings=(SampleFinding(), SampleFinding(risk="sudo", after=4)),
    findings_after=2,
    timeline=(
        State(after=8, scan="FAIL"),
        State(after=1, scan="START", progress=10),
        State(after=5),
    ),
)


def test_a_record_lives_along_its_timeline() -> None:
    assert record_of(BATCH, 0.9) is None
    course = []
    for elapsed in (1, 5, 7, 8, 11):
        record = record_of(BATCH, elapsed)
        assert record is not None
        course.append((record.state.scan, record.running, record.last_scan, len(record.findings)))
    assert course == [
        ("START", True, None, 0),
        ("SUCCESS", False, 5, 0),
        ("SUCCESS", False, 5, 1),
        ("FAIL", False, 5, 1),
        ("FAIL", False, 5, 2),
    ]


def test_a_refused_scan_is_not_running() -> None:
    refused = State(after=0, scan="INIT", result="TASK_NOT_SUPPORT_REGION")
    record = record_of(SampleImage(namespace="a", repository="b", timeline=(refused,)), 0)
    assert record is not None
    assert not record.running


def test_a_scan_that_was_asked_for_twice_is_running() -> None:
    repeated = State(after=0, scan="DOWNLOAD", result="forbid_create_repeat_task")
    record = record_of(SampleImage(namespace="a", repository="b", timeline=(repeated,)), 0)
    assert record is not None
    assert record.running


def test_records_are_made_anew_only_when_something_changed() -> None:
    world, records = World.of(BATCH), RecordCache()
    assert records.at(world, 0) == ()
    first = records.at(world, 5)
    records.memory["derived"] = first
    assert records.at(world, 6.9) is first
    assert records.memory
    assert len(records.at(world, 7)[0].findings) == 1
    assert not records.memory
    world.put(SampleImage(namespace="shop", repository="new"))
    assert len(records.at(world, 7)) == 2
    assert len(records.at(world, 0)) == 1
    world.remove(BATCH)
    assert [record.image.repository for record in records.at(world, 7)] == ["new"]

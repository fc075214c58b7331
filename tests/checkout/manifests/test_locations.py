from __future__ import annotations

from typing import TYPE_CHECKING

from gate.checkout.manifests import Choice, locate_images
from gate.findings import Location
from gate.reference import ImageReference
from tests.report import verdicts as made

if TYPE_CHECKING:
    from gate.verdict import Verdict

PLACES = tuple(Location("k8s/web.yaml", line) for line in (3, 9, 12))


def chosen(*places: Location, name: str = made.NAME) -> Choice:
    return Choice({ImageReference.parse(name): places})


def run(*locations: Location | None) -> Verdict:
    decisions = [made.decision(location=location) for location in locations]
    return made.run(made.scanned(*decisions))


def of_findings(verdict: Verdict) -> list[Location | None]:
    return [decision.finding.location for image in verdict.images for decision in image.decisions]


def notes_of(verdict: Verdict) -> list[str]:
    return [note for image in verdict.images for note in image.notes]


def test_findings_point_at_the_first_place_unless_they_point_somewhere() -> None:
    own = Location("Dockerfile", 7)
    located = locate_images(run(None, own, None), chosen(PLACES[0]))
    assert [PLACES[0], own, PLACES[0]] == of_findings(located)
    assert [] == notes_of(located)


def test_further_places_are_told() -> None:
    located = locate_images(run(None), chosen(*PLACES))
    note = f"{made.NAME} is also named in k8s/web.yaml:9 and k8s/web.yaml:12."
    assert [PLACES[0]] == of_findings(located)
    assert (note,) == located.images[0].notes
    assert () == located.notes


def test_places_that_no_finding_points_at_are_told() -> None:
    [note] = locate_images(run(), chosen(PLACES[0])).images[0].notes
    assert f"{made.NAME} is named in k8s/web.yaml:3." == note
    [note] = locate_images(run(Location("Dockerfile", 7)), chosen(*PLACES[:2])).images[0].notes
    assert f"{made.NAME} is named in k8s/web.yaml:3 and k8s/web.yaml:9." == note


def test_a_few_places_stand_for_many() -> None:
    places = (Location("a.yaml", line) for line in range(1, 21))
    [note] = locate_images(run(None), chosen(*places)).images[0].notes
    assert note.endswith("a.yaml:5, a.yaml:6 and 14 more.")


def test_other_images_stay_as_they_are() -> None:
    verdict = run(None)
    other = made.NAME.replace("web", "api")
    assert verdict == locate_images(verdict, chosen(*PLACES, name=other))


def test_notes_stay_where_they_are() -> None:
    verdict = made.run(made.scanned(notes=("odd",)), notes=("run",))
    assert verdict == locate_images(verdict, chosen())

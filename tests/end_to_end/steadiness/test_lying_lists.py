"""Lists that lie at random never make a pass, as long as a row names the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.sandbox import Fault, Faults, Readings
from tests.cli.test_witnesses import HIGH, LISTS, LOW, NO_DETAILS, ORPHANED, image, judge

if TYPE_CHECKING:
    from tests.cli.test_witnesses import Gate, Serve

lies = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 3), st.integers(0, 2)).map(
            lambda drawn: Fault("lying_total", operations=LISTS, delta=drawn[0], skip=drawn[1])
        ),
        st.sampled_from([Fault("repeated_page", operations=LISTS), ORPHANED]),
    ),
    max_size=3,
)
readings = st.tuples(st.sampled_from(["finding", "image"]), st.integers(1, 3)).map(
    lambda drawn: Readings(rows=drawn[0], page_cap=drawn[1])  # type: ignore[arg-type]
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lies, readings)
def test_while_a_row_names_the_digest_lies_never_make_a_pass(
    gate: Gate, serve: Serve, faults: list[Fault], taken: Readings
) -> None:
    """No details at all, and at least one row of the image that an honest list would hold."""
    bad, crowd = image(HIGH, LOW), image(*[LOW] * 4, tag="crowd")
    with serve(bad, crowd, faults=Faults(NO_DETAILS, *faults), readings=taken) as sandbox:
        assert 3 == judge(gate, sandbox, bad).code

"""A case file that the sandbox plays is judged by a check as it is judged by itself."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gate.cases import judge_again, open_cases
from gate.cli.sandbox import read_world
from gate.errors import UsageError
from tests.cases.living import HOST, Living, told
from tests.cases.test_records_judged_again import policy_files
from tests.policy import drawn
from tests.policy.making import TODAY

if TYPE_CHECKING:
    from gate.sandbox import World

DIGEST = f"sha256:{'7' * 64}"
CLASSES = {"no_user": "other", "apk": "secret", "no_label": ""}

findings = st.builds(
    lambda risk, level, status: {
        "risk": risk,
        "level": level,
        "status": status,
        "class": CLASSES[risk],
    },
    risk=st.sampled_from(drawn.RISKS),
    level=st.sampled_from(drawn.LEVELS) | st.just("unknown"),
    status=st.sampled_from(drawn.STATUSES) | st.just("unknown"),
)
evidence = st.sampled_from(("complete", "complete", "running", "failed", "unsupported", "stale"))
facts = st.fixed_dictionaries(
    {"evidence": evidence, "findings": st.lists(findings, max_size=3)},
    optional={
        "scan": st.sampled_from(("0s", "2h", "3d")).map(lambda age: {"age": age}),
        "tags": st.lists(st.sampled_from(("1.4", "1.5", "2")), unique=True),
    },
)
# With `off`, checks are on that no service has.
checks = st.sampled_from(({"on": list(CLASSES)}, {"on": ["no_user", "no_label"]}, {"on": []}))


@st.composite
def case_files(draw: st.DrawFn) -> dict[str, Any]:
    images = []
    for repository in ("web", "api"):
        for tag in draw(st.lists(st.sampled_from(("1.4", "2")), unique=True)):
            image: dict[str, Any] = {"reference": f"shop/{repository}:{tag}", **draw(facts)}
            may_be_by_tag = tag in image.get("tags", [tag]) and not image["findings"]
            if may_be_by_tag and draw(st.booleans()):
                image["identified_by"] = "tag"
            elif draw(st.booleans()):
                image["reference"] += f"@sha256:{repository.encode().hex() + tag[0]:5<64}"
            images.append(image)
    images.append({"reference": f"other/gone:1@{DIGEST}", "evidence": "missing", "findings": []})
    return {"version": 1, "at": str(TODAY), "checks": draw(checks), "images": images}


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(case_files(), policy_files())
def test_the_sandbox_shows_what_a_case_file_says(
    content: dict[str, Any], files: list[dict[str, Any]]
) -> None:
    policies = drawn.load(*files)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.cases"
        file.write_text(json.dumps(content), encoding="utf-8")
        cases = list(open_cases(file.name, directory=file.parent).images())
        world = played(file)
    if world is None:
        return
    # The records of other tags come behind the one whose digest they have.
    digests = list(dict.fromkeys(image.digest for image in world.images))
    named = [
        f"{HOST}/{case.reference}"
        + ("" if case.identified_by == "tag" or case.digest else f"@{digest}")
        for case, digest in zip(cases, digests, strict=True)
    ]
    live = Living(world).check(policies, named)

    assert told(judge_again(case, policies.on(TODAY)) for case in cases) == told(live.images)


def played(file: Path) -> World | None:
    """Return the world of a file, ``None`` where two of its images can't be there at once."""
    try:
        return read_world(file)
    except UsageError as refused:
        if "another image has a record with this tag" in refused.message:
            return None
        raise

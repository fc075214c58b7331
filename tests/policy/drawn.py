"""Policies, names and findings as chance has them."""

from __future__ import annotations

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from gate.findings import Finding, Level, Status
from gate.policy import Policies, load_policies
from gate.reference import Names
from tests.policy.making import TODAY

LEVELS = ("high", "medium", "low")
STATUSES = ("unhandled", "ignored", "false_positive")
RISKS = ("no_user", "apk", "no_label")
IMAGES = ("shop/*", "shop/web:1.*", "shop/web:2", "**", "other/*", "shop/w?b", "**:1.4")
DAYS = (-30, -1, 0, 1, 30)  # from today

whose = st.sampled_from(("own", "any", "none"))
days = st.sampled_from(DAYS).map(lambda days: str(TODAY + timedelta(days=days)))


def some(*choices: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=len(choices), unique=True)


def _with(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


selectors = _with({"levels": some(*LEVELS), "statuses": some(*STATUSES)})
block_selectors = _with(
    {"levels": some(*LEVELS), "statuses": some(*STATUSES)}, **{"waivers": whose, "from": days}
)
matches = _with(
    {},
    images=some(*IMAGES),
    risks=some(*RISKS, "no_*", "**"),
    classes=some("other", "secret"),
    levels=some(*LEVELS),
    statuses=some(*STATUSES),
).filter(bool)
rules = (
    _with({"match": matches, "action": st.just("block")}, **{"waivers": whose, "from": days})
    | _with({"match": matches, "action": st.just("warn")}, waivers=whose, name=st.just("a name"))
    | _with({"match": matches, "action": st.just("allow"), "reason": st.just("fine")})
)
waivers = _with(
    {
        "risks": some(*RISKS),
        "images": some(*IMAGES),
        "reason": st.just("r"),
        "expires": days,
        "owner": st.just("me"),
    },
    ticket=st.just("T-1"),
)
policies = _with(
    {"version": st.just(1), "block": st.lists(block_selectors, min_size=1, max_size=3)},
    warn=st.lists(selectors, max_size=2),
    rules=st.lists(rules, max_size=4),
    waivers=st.lists(waivers, max_size=4),
    max_waiver=st.just("30d"),
    waiver_needs=st.just(["owner"]),
)
asking_for_tickets = policies.map(
    lambda policy: {**policy, "waivers": [], "waiver_needs": ["ticket"], "max_waiver": "1d"}
)
several = st.lists(policies | asking_for_tickets, min_size=1, max_size=3)
"""Files that are valid together on ``TODAY``."""

findings = st.builds(
    Finding,
    risk=st.sampled_from(RISKS),
    risk_class=st.sampled_from(("other", "secret", "")),
    level=st.sampled_from(Level),
    status=st.sampled_from(Status),
)


@st.composite
def names(draw: st.DrawFn) -> Names:
    """Return names of an image, of which some tags are certain."""
    tags = draw(st.lists(st.sampled_from(("1.4", "1.5", "2")), unique=True))
    certain = draw(st.lists(st.sampled_from(tags), unique=True)) if tags else []
    return Names(("shop/web", "registry.example.com/shop/web"), tuple(tags), tuple(certain))


def load(*contents: dict[str, Any]) -> Policies:
    """Load what files would say, named a.yaml, b.yaml and so on."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{letter}.yaml" for letter, _ in zip("abcdef", contents, strict=False)]
        for file, content in zip(files, contents, strict=True):
            (Path(folder) / file).write_text(json.dumps(content, indent=1), encoding="utf-8")
        return load_policies(files, directory=Path(folder), today=TODAY)

"""docs/risks.md says what `gate risks KEY` says: both come from gate/report/risks.json.

`RISKS=write python3 dev.py pytest tests/project/test_risks_page.py` writes the page anew.
"""

from __future__ import annotations

import os
import textwrap

import dev
from gate.report import RiskGuide, risk_address, risk_guides
from gate.sandbox import sample_world
from tests.project.markdown import Page

NAME = "docs/risks.md"
WIDTH = 100
HEAD = """\
# Build risks

What each build risk is, why it matters, and how to fix it. `gate risks` lists those that Security
Center checks for, with how many of your images have them; `gate risks KEY` shows the text of this
page and what your account says. A policy names risks by these keys. SARIF reports lead here.
"""
FOOT = """\
## Other risks

Security Center may check for more than this page has: its catalogue grows, and is read anew each
time. For such a risk, its own advice stands beside each finding, in all reports and in the console.
"""


def prose(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def section(guide: RiskGuide) -> str:
    """Return what the page has of one risk; the key is the heading, so that links can name it."""
    return "\n".join(
        [
            f"## {guide.risk}",
            "",
            prose(f"**{guide.title}.** {guide.what}"),
            "",
            prose(f"*Why:* {guide.why}"),
            "",
            prose(f"*Fix:* {guide.fix}"),
            "",
            "```dockerfile",
            "# before",
            guide.before,
            "",
            "# after",
            guide.after,
            "```",
            "",
        ]
    )


def page() -> str:
    index = " · ".join(f"[{risk}](#{risk})" for risk in risk_guides())
    return "\n".join([HEAD, prose(index), "", *map(section, risk_guides().values()), FOOT])


def test_the_page_says_what_the_command_says() -> None:
    if os.environ.get("RISKS") == "write":
        (dev.ROOT / NAME).write_text(page(), encoding="utf-8", newline="\n")

    assert page() == Page.read(NAME).text


def test_every_risk_of_the_sandbox_is_explained() -> None:
    assert {check.key for check in sample_world().checks} == risk_guides().keys()


def test_addresses_name_a_place_of_the_page() -> None:
    anchors = Page.read(NAME).anchors
    for risk in risk_guides():
        address, _, anchor = risk_address(risk).partition("#")
        assert address.endswith(f"/{NAME}")
        assert anchor in anchors
    assert risk_address('<"\n').endswith(NAME)


def test_no_text_is_the_services_own() -> None:
    """What Security Center says of a risk is its text, and stands beside each finding anyway."""
    for check in sample_world().checks:
        guide = risk_guides()[check.key]
        own = (guide.title, guide.what, guide.why, guide.fix)
        assert not {check.name.en, check.description.en, check.advice.en} & set(own)

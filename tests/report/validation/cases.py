"""Verdicts of every kind, by what they are."""

from __future__ import annotations

from msgspec.structs import replace

from gate.findings import IdentifiedBy, Level, Location, Reason, Scan, ScanState, Status
from gate.verdict import Action, ImageVerdict, PolicySource, Service
from tests.report import verdicts as made

OTHER = f"sha256:{'c' * 64}"
NASTY = (
    "]]> --> </testcase>&amp;<!-- ' \" \\ ](x) \x00\x1b[31m\ufffe\U0010ffff\udc80"
    "\r\n::error::x\u202e"
)


def known(image: ImageVerdict, digest: str = made.DIGEST) -> ImageVerdict:
    """Let the digest be known, as after a push."""
    return replace(image, digest=digest)


def _many() -> ImageVerdict:
    actions = (Action.BLOCK, Action.WARN, Action.WAIVED, Action.ALLOW, Action.BLOCK)
    return known(
        made.scanned(
            *(
                made.decision(
                    actions[number % 5],
                    risk=f"risk_{number % 40}",
                    command=f"RUN step {number // 2}",
                    location=Location("Dockerfile", number) if number % 3 else None,
                    waiver=made.waiver() if number % 5 == 2 else None,
                )
                for number in range(5000)
            )
        )
    )


_WAIVED = known(
    made.scanned(
        made.decision(Action.WAIVED, waiver=made.waiver(owner="team-a", ticket="T-1")),
        made.decision(Action.BLOCK, waiver=made.waiver(expired=True), risk="sudo"),
        made.decision(Action.ALLOW, rule="rules[0]", level=Level.LOW, status=Status.IGNORED),
    )
)
_UNDECIDED = known(made.unscanned(Reason.RUNNING, made.decision(Action.WARN)))
_PLATFORMS = [
    known(
        made.scanned(
            made.decision(), image=made.image(platform=platform, digest=digest, uuid=platform)
        ),
        OTHER,
    )
    for platform, digest in (("linux/amd64", made.DIGEST), ("linux/arm64/v8", f"sha256:{'d' * 64}"))
]
_API = "registry.cn-hangzhou.aliyuncs.com/shop/api:2.0"

CASES = {
    "one": made.run(known(made.scanned(made.decision()))),
    "none": made.run(known(made.scanned())),
    "no image": made.run(notes=["No image is named."], service=Service("", "", sandbox=False)),
    "five thousand": made.run(_many()),
    "several images": made.run(
        *_PLATFORMS,
        known(made.scanned(reference=_API, image=made.image(repository="api"))),
        known(made.scanned(made.decision(Action.WARN)), OTHER),
        _UNDECIDED,
        policies=(PolicySource("a b.yaml", made.HEX), PolicySource("(built-in)", "f" * 64)),
        notes=["a note of the run"],
    ),
    "every reason": made.run(*(known(made.unscanned(reason)) for reason in Reason)),
    "undecided": made.run(_UNDECIDED),
    "let through": made.run(known(made.unscanned(Reason.MISSING, tolerated=True))),
    "unknown": made.run(
        known(
            made.scanned(
                made.decision(level=Level.UNKNOWN, level_word="severe", status=Status.UNKNOWN),
                scan=Scan(state=ScanState.UNKNOWN, checks_off=("sudo",)),
                identified_by=IdentifiedBy.TAG,
                image=made.image(digest=""),
            )
        )
    ),
    "bare": made.run(
        known(made.scanned(made.decision(risk="", name="", risk_class="", command="", advice="")))
    ),
    "waived": made.run(_WAIVED),
    "located": made.run(
        known(
            made.scanned(
                *(
                    made.decision(location=Location(path, line), risk=f"risk_{line}")
                    for line, path in enumerate(
                        ("Dockerfile", "./a b/Dockerfile", "../outside", "C:\\x", "\u955c\u50cf"), 1
                    )
                )
            )
        )
    ),
    "sandbox": made.run(_WAIVED, sandbox=True),
    "nasty": made.run(
        known(
            made.scanned(
                made.decision(
                    risk=NASTY,
                    name=NASTY,
                    command=NASTY * 50,
                    advice=NASTY,
                    description=NASTY * 200,
                    layer=NASTY,
                    location=Location(NASTY, 1),
                    because=NASTY,
                    rule=NASTY,
                    waiver=made.waiver(reason=NASTY, owner=NASTY, ticket=NASTY, expired=True),
                ),
                reference=NASTY,
                image=made.image(namespace=NASTY, repository=NASTY, tag=NASTY, platform=NASTY),
                notes=(NASTY,),
            )
        ),
        notes=[NASTY],
        service=Service(NASTY, NASTY, sandbox=False),
        policies=(PolicySource(NASTY, made.HEX),),
    ),
}

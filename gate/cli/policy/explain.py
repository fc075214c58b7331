"""``gate policy explain``: say step by step how policies come to a decision on a finding."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, to_builtins

from gate.cases import KINDS, judge_again, open_cases
from gate.cli import groups
from gate.cli.terminal import now, say, show
from gate.errors import ExitCode, UsageError
from gate.findings import Finding, Level, Reason, Status
from gate.reference import ImageReference
from gate.report import json_document
from gate.untrusted import for_terminal
from gate.verdict import STRICTEST_FIRST, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from gate.cases import Case
    from gate.cli.groups import PolicyFiles
    from gate.policy import Explanation, Policies, Step
    from gate.verdict import ImageVerdict

# What no line here may begin with; the names of a record may be anything.
_NEVER_FIRST = "PASS"
_DIGITS = len("sha256:") + 12
_NOTHING = "no findings"
_NO_IMAGE = "{0} has no image {1}."
_NO_FINDING = "{0} has no finding {2} of {1}."
_ONE_FINDING = "Without --on, one finding is explained: give --risk and --level."
_OF_THE_FILE = "With --on, findings are those of the file, so {0} has nothing to say."
# What a policy's `scan` asks for, by the reason for which an image lacks it.
_DEMANDS = {
    Reason.STALE: "max_age",
    Reason.UNIDENTIFIED: "require_digest",
    Reason.ACCESS: "require_checks",
}


class _ExplainedImage(Struct, frozen=True, kw_only=True):
    """An image, its findings with how each was decided, the strictest last, and what it ends in.

    ``reason`` is set where the image is undecided, and ``says`` is a sentence for it.
    """

    called: str
    day: date
    findings: tuple[Explanation, ...]
    reason: str | None = None
    says: str = ""


@click.command("explain")
@click.argument("image", metavar="IMAGE")
@groups.offline_policies
@click.option("--risk", metavar="KEY", help="The finding's risk; with --on, only findings of it.")
@click.option(
    "--level", type=click.Choice([each.value for each in Level]), help="The finding's level."
)
@click.option(
    "--status",
    type=click.Choice([each.value for each in Status]),
    help="The finding's status.  [default: unhandled]",
)
@click.option("--class", "risk_class", metavar="CLASS", help="The class of the finding's risk.")
@click.option(
    "--kind", type=click.Choice(sorted(KINDS)), help="The finding's kind.  [default: build_risk]"
)
@click.option(
    "--on",
    metavar="FILE[#sha256=HEX]",
    help="Explain the findings that this case file has of IMAGE.",
)
@groups.at
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="What standard output shows.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show what is about other images, too.")
def command(  # noqa: PLR0913 - one for each option
    image: str,
    *,
    policies: PolicyFiles,
    risk: str | None,
    on: str | None,
    at: date | None,
    format_: str,
    verbose: bool,
    **about: str | None,
) -> ExitCode:
    """Say step by step how policies come to a decision.

    IMAGE is [HOST/]NAMESPACE/REPOSITORY[:TAG][@DIGEST]. Nothing is asked and nothing is decided.
    """
    given = {key: value for key, value in about.items() if value is not None}
    code = ExitCode.PASSED
    if on is None:
        images = [_one_finding(image, risk, given, policies, at or now().date())]
    else:
        if given:
            option = next(iter(given)).replace("risk_class", "class")
            raise UsageError(_OF_THE_FILE.format(f"--{option}"), "Leave it out, or --on.")
        images, lacking = _of_file(image, on, risk, policies, at)
        if lacking:
            say(for_terminal(f"error: {lacking}"))
            code = ExitCode.UNDECIDED
    if format_ == "json":
        show(json_document(_as_json(images, code, in_full=verbose)).rstrip("\n"))
    elif images:
        show("\n\n".join("\n".join(_lines(each, in_full=verbose)) for each in images))
    return code


def _one_finding(
    image: str, risk: str | None, given: dict[str, Any], files: PolicyFiles, day: date
) -> _ExplainedImage:
    """Explain one finding of an image whose name counts as proven."""
    if risk is None or "level" not in given:
        raise UsageError(_ONE_FINDING, "Or name a case file with --on FILE.")
    reference = ImageReference.parse(image, host_needed=False)
    finding = Finding(
        kind=given.get("kind", "build_risk"),
        risk=risk,
        risk_class=given.get("risk_class", ""),
        level=Level(given["level"]),
        status=Status(given.get("status", Status.UNHANDLED)),
    )
    names = reference.names((reference.tag,) if reference.tag else ())
    explanation = files.load(day).on(day).explain(finding, names)
    return _ExplainedImage(called=image, day=day, findings=(explanation,))


def _of_file(
    image: str, spec: str, risk: str | None, files: PolicyFiles, at: date | None
) -> tuple[list[_ExplainedImage], str]:
    """Explain the findings that a case file has of an image; say what the file lacks."""
    file = open_cases(spec, directory=Path.cwd())
    cases = [case for case in file.images() if _is_named(case, image)]
    days = [at or case.day or now().date() for case in cases]
    policies = files.load(max(days, default=None))
    if not cases:
        return [], _NO_IMAGE.format(file.path, image)
    if risk is not None and not any(each.risk == risk for case in cases for each in case.findings):
        return [], _NO_FINDING.format(file.path, image, risk)
    twice = Counter(case.image.in_short for case in cases)
    return [
        _explained(case, policies.on(day), risk, in_digits=twice[case.image.in_short] > 1)
        for case, day in zip(cases, days, strict=True)
    ], ""


def _is_named(case: Case, image: str) -> bool:
    names = case.names
    return image in {case.reference, *names.untagged, *names.with_tags(names.tags)}


def _explained(
    case: Case, policies: Policies, risk: str | None, *, in_digits: bool
) -> _ExplainedImage:
    verdict = judge_again(case, policies)
    explained = [
        policies.explain(finding, case.names)
        for finding in verdict.findings
        if risk in {None, finding.risk}
    ]
    explained.sort(key=lambda each: -STRICTEST_FIRST.index(each.decision.action))
    digest = f"@{case.digest[:_DIGITS]}" if in_digits and case.digest and case.tag else ""
    slash = "/" if case.image.path.startswith(_NEVER_FIRST) else ""
    undecided = verdict.outcome is Outcome.UNDECIDED
    return _ExplainedImage(
        called=slash + case.image.in_short + digest,
        day=policies.today,
        findings=tuple(explained),
        reason=verdict.reason if undecided else None,
        says=_undecided(case, verdict, policies) if undecided else "",
    )


def _undecided(case: Case, verdict: ImageVerdict, policies: Policies) -> str:
    """Say why an image is undecided, and which key of a policy asks for more or lets it through."""
    places = []
    reason = Reason(verdict.reason)
    if reason in _DEMANDS and case.evidence is not reason:
        places.append(_demand(policies, _DEMANDS[reason]))
    if verdict.exit_code is ExitCode.PASSED:
        places += (
            f"let through by {policy.path}:{policy.lines['undecided.warn_on']}: undecided.warn_on"
            for policy in policies.policies
        )
    return verdict.message + (f" ({'; '.join(places)})" if places else "")


def _demand(policies: Policies, key: str) -> str:
    policy, line = policies.demanding(key)
    if line is None:
        return f"{policy.path}: scan.{key} by default"
    return f"{policy.path}:{line}: scan.{key}"


def _lines(image: _ExplainedImage, *, in_full: bool) -> Iterator[str]:
    for number, explanation in enumerate(image.findings):
        if number:
            yield ""
        finding, decision = explanation.decision.finding, explanation.decision
        about = f"{finding.risk} ({finding.level}, {finding.status})"
        yield for_terminal(f"{image.called} {about} on {image.day}")
        for step in explanation.shown(in_full=in_full):
            yield for_terminal(f"  {_in_words(step)}")
        yield for_terminal(f"{decision.action.upper()}  {decision.because}")
    if not image.findings:
        yield for_terminal(f"{image.called} on {image.day}")
    if image.reason is not None:
        yield for_terminal(f"UNDECIDED  {image.reason}: {image.says}")
    elif not image.findings:
        yield f"NOTHING  {_NOTHING}"


def _in_words(step: Step) -> str:
    place = step.path if step.line is None else f"{step.path}:{step.line}"
    return ": ".join(filter(None, (place, step.entry, step.says)))


def _as_json(images: Sequence[_ExplainedImage], code: ExitCode, *, in_full: bool) -> dict[str, Any]:
    return {
        "kind": "policy-explain",
        "exit_code": int(code),
        "images": [
            {
                "reference": image.called,
                "at": image.day.isoformat(),
                "reason": image.reason,
                "message": image.says,
                "findings": [_finding(each, in_full=in_full) for each in image.findings],
            }
            for image in images
        ],
    }


def _finding(explanation: Explanation, *, in_full: bool) -> dict[str, Any]:
    decision = explanation.decision
    finding = decision.finding
    return {
        "kind": finding.kind,
        "risk": finding.risk,
        "class": finding.risk_class,
        "level": finding.level.value,
        "status": finding.status.value,
        "decision": decision.action.value,
        "because": decision.because,
        "rule": decision.rule,
        "policy": to_builtins(decision.policy),
        "waiver": to_builtins(decision.waiver),
        "steps": [
            {"path": step.path, "line": step.line, "entry": step.entry, "says": step.says}
            for step in explanation.shown(in_full=in_full)
        ],
    }

"""The report that can be signed: an in-toto Statement v1 with a SLSA Verification Summary v1.

One statement speaks of the whole run. It says ``PASSED`` only if every image passed with evidence;
an undecided image that a policy lets through makes it ``FAILED``, whatever the exit code. Signing
is the caller's.

    subject              the images by digest; of an index, its own digest and the platforms'
    verifier.id          ``pkg:generic/buildrisk-gate``
    resourceUri          ``oci://host/namespace/repository``; of several repositories the names
                         of all, sorted and joined by commas: it never equals that of one alone
    policy               ``file:path`` and its digest, ``buildrisk-gate:default-policy`` for the
                         built-in one; of several ``buildrisk-gate:policies``, and the digest of
                         their sorted digests, each in hexadecimal digits and ended by a line feed
    verifiedLevels       ``BUILDRISK_GATE_PASSED``, or ``FAILED``

A run of the sandbox is about sample data, so nothing in its statement can be taken for that of a
real run: the verifier is another, the resource has another scheme, the level is ``SANDBOX``.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gate import __version__
from gate.errors import ExitCode, ReportUnwritable
from gate.report.naming import digests_of, full_repository_of, percent_encoded
from gate.report.wording import json_document
from gate.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gate.report import Style
    from gate.verdict import PolicySource, Verdict

# SLSA, "Verification Summary Attestation", version 1: what isn't a level of SLSA must not begin
# with SLSA_, and FAILED stands for the levels of what failed.
_PREDICATE = "https://slsa.dev/verification_summary/v1"
_PASSED_LEVEL, _FAILED_LEVEL, _SANDBOX_LEVEL = "BUILDRISK_GATE_PASSED", "FAILED", "SANDBOX"
_VERIFIER = "pkg:generic/buildrisk-gate"
_BUILT_IN = "(built-in)"


def render(verdict: Verdict, _style: Style) -> str:
    """Return the statement.

    Raises ``ReportUnwritable`` if no digest is known: a statement needs a subject.
    """
    return json_document(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": _subjects(verdict),
            "predicateType": _PREDICATE,
            "predicate": _predicate(verdict),
        }
    )


def render_predicate(verdict: Verdict, _style: Style) -> str:
    """Return the predicate alone, for tools that make the statement themselves.

    Raises ``ReportUnwritable`` where there would be no statement.
    """
    _subjects(verdict)
    return json_document(_predicate(verdict))


def _predicate(verdict: Verdict) -> dict[str, Any]:
    passed = _is_passed(verdict)
    sandbox = verdict.service.sandbox
    resource = _resource(map(full_repository_of, verdict.images))
    levels = [_SANDBOX_LEVEL] if sandbox else []
    if not passed:
        levels.append(_FAILED_LEVEL)
    elif not sandbox:
        levels.append(_PASSED_LEVEL)
    return {
        "verifier": {
            "id": f"{_VERIFIER}/sandbox" if sandbox else _VERIFIER,
            "version": {"buildrisk-gate": __version__},
        },
        "timeVerified": f"{verdict.generated_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "resourceUri": f"sandbox+{resource}" if sandbox else resource,
        "policy": _policy(verdict.policies),
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": levels,
    }


def _is_passed(verdict: Verdict) -> bool:
    return (
        verdict.exit_code == ExitCode.PASSED
        and verdict.outcome is Outcome.PASS
        and all(image.outcome is Outcome.PASS for image in verdict.images)
    )


def _subjects(verdict: Verdict) -> list[dict[str, Any]]:
    named = [
        (full_repository_of(image), digest)
        for image in verdict.images
        for digest in digests_of(image)
    ]
    if not named:
        raise ReportUnwritable(
            "No statement can be made about this run: no image's digest is known.",
            "Give the digest of what was pushed (--digest, or IMAGE@sha256:…), or let the registry "
            "resolve it (--resolve).",
        )
    return [
        {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
        for name, digest in dict.fromkeys(named)
    ]


def _resource(names: Iterable[str]) -> str:
    first, *others = sorted(set(names))
    # An IPv6 address has its brackets in the place of the host only.
    host, _, path = first.partition("/")
    rest = [percent_encoded(path), *map(percent_encoded, others)]
    return f"oci://{quote(host, safe='[]:', errors='replace')}/{','.join(rest)}"


def _policy(policies: Sequence[PolicySource]) -> dict[str, Any]:
    if len(policies) == 1:
        return {"uri": _file(policies[0].path), "digest": {"sha256": policies[0].sha256}}
    together = "".join(f"{digest}\n" for digest in sorted(policy.sha256 for policy in policies))
    return {
        "uri": "buildrisk-gate:policies",
        "digest": {"sha256": hashlib.sha256(together.encode("ascii")).hexdigest()},
    }


def _file(path: str) -> str:
    if path == _BUILT_IN:
        return "buildrisk-gate:default-policy"
    before = "/" if PureWindowsPath(path).drive[1:] == ":" else ""
    return f"file:{before}{quote(path.replace(chr(92), '/'), safe='/:', errors='replace')}"

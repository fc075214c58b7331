"""What the consumer's pipeline uses the component for: one job for each outcome."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.end_to_end.gitlab.consumer import Use, digest_of, named
from tests.rigs.command import HOST

if TYPE_CHECKING:
    from pathlib import Path

LENIENT = "version: 1\nblock: {levels: [], statuses: [unhandled]}\n"
_LENIENT_SHA256 = hashlib.sha256(LENIENT.encode()).hexdigest()

# A team that starts in report-only mode.
_WARNS = {"allow_failure": {"exit_codes": [10]}}

EVIL = "x\"; touch pwned; $(touch pwned)' `touch pwned`"

COMPLETE = {
    "image": [f"{HOST}/shop/web:1.4"],
    "digest": "sha256:" + "1" * 64,
    "policy": ["one policy.yaml", "two.yaml#sha256=" + "2" * 64],
    "region": "cn-beijing",
    "scan": "missing",
    "wait": "90s",
    "dockerfile": "docker files/Dockerfile",
    "metadata-file": "built files/ü.json",
    "reports": ["sarif=gate.sarif"],
    "options": ["--timeout=5m", "--registry-host=*.example.com"],
    "endpoint": "https://tds.cn-beijing.aliyuncs.com",
    "role-arn": "acs:ram::1:role/gate",
    "oidc-provider-arn": "acs:ram::1:oidc-provider/gitlab",
    "container-image": "registry.example.com/python:3.11",
    "pip-spec": "",
    "pip-index": "https://pypi.example.com/simple",
}

# What somebody who starts a pipeline may set, to have another image judged by another policy,
# another Security Center asked, or another package installed.
HOSTILE_VARIABLES = {
    "BUILDRISK_GATE_DIGEST": "sha256:" + "3" * 64,
    "BUILDRISK_GATE_ENDPOINT": "https://tds.cn-shanghai.aliyuncs.com",
    "BUILDRISK_GATE_IMAGES_FROM": "images.txt",
    "BUILDRISK_GATE_NO_CI": "true",
    "BUILDRISK_GATE_POLICY": "lenient.yaml",
    "BUILDRISK_GATE_REPORT": "json=Dockerfile",
    "BUILDRISK_GATE_SURPRISE": "1",
    "BUILDRISK_GATE_TIMEOUT": "0",
    "GATE_INPUT_DIGEST": "sha256:" + "3" * 64,
    "GATE_INPUT_LISTS": '{"image": [], "policy": ["lenient.yaml"], "reports": []}',
    "GATE_INPUT_ROLE_ARN": "acs:ram::6:role/other",
    "INPUTS": "{}",
    "PIP_CONFIG_FILE": "pip.conf",
    "PIP_EXTRA_INDEX_URL": "https://pypi.example.org/simple",
    "PIP_INDEX_URL": "https://pypi.example.org/simple",
    "PIP_REQUIREMENT": "lenient.yaml",
    "XDG_CONFIG_DIRS": ".",
    "code": "0",
    "endpoint": "https://tds.cn-shanghai.aliyuncs.com",
    "package": "surprise",
}

VARIABLES = {
    **HOSTILE_VARIABLES,
    "BUILDRISK_GATE_OIDC_TOKEN": "the job's token",
    "GITLAB_CI": "true",
    "MORE": f"{named('shop/api:2.0')}\n# no image\n{named('shop/stale:1.0')}",
    "QUOTED": 'x"',
    "REPOSITORY": f"shop/worker@{digest_of('shop/worker:1.0')}",
}

DEPLOY = {
    "stage": "deploy",
    "needs": ["passes"],
    "script": ['printf "%s\\n" "$GATE_VERDICT" "$GATE_IMAGE" >deployed.txt'],
    "artifacts": {"paths": ["deployed.txt"]},
}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def uses_of(endpoint: str, wheel: Path) -> dict[str, Use]:
    """Return the jobs that ask the Security Center at this endpoint."""
    web, api, legacy = map(named, ("shop/web:1.4", "shop/api:2.0", "shop/legacy:0.9"))
    ready = {"pip-spec": "", "endpoint": endpoint}
    return {
        "passes": Use({**ready, "image": [api], "pip-spec": str(wheel)}),
        "blocks": Use({**ready, "image": [web], "dockerfile": "Dockerfile"}),
        "warns": Use({**ready, "image": [web]}, _WARNS),
        "undecided": Use({**ready, "image": [legacy], "wait": "0"}, _WARNS),
        "unreachable": Use(
            {
                **ready,
                "image": [api],
                "endpoint": "http://127.0.0.1:9",
                "options": ["--timeout=1s"],
            },
            _WARNS,
        ),
        "evil": Use({**ready, "image": [EVIL]}, _WARNS),
        "listed": Use(
            {
                **ready,
                "image": [f"{HOST}/$REPOSITORY", web, "$MORE"],
                "policy": [f"lenient.yaml#sha256={_LENIENT_SHA256}", ""],
                "reports": ["sarif=buildrisk-gate/gate.sarif"],
            }
        ),
        "quoted": Use({**ready, "image": ["$QUOTED"]}, _WARNS),
        "unset": Use({**ready, "image": [api], "digest": "${ABSENT}"}, _WARNS),
        "hashed": Use(
            {**ready, "image": [api], "pip-spec": f"{wheel} --hash=sha256:{_sha256(wheel)}"}
        ),
        "another": Use({**ready, "image": [api], "pip-spec": f"{wheel} --hash=sha256:{'0' * 64}"}),
        "uninstallable": Use({**ready, "image": [api], "pip-spec": "./missing.whl"}, _WARNS),
    }

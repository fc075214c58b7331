"""Prepare what a benchmark needs, in a process of its own, so that the one that measures is small.

Arguments: ``image`` prints how the gate is asked about the sample image; ``modules`` prints what a
check imports; ``certificates FOLDER`` makes ``server.pem`` and ``authority.pem``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "registry.cn-hangzhou.aliyuncs.com"
NAMESPACE, REPOSITORY, TAG = "shop", "api", "2.0"


def in_child(*arguments: str) -> str:
    """Run a part of this module, and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.preparing", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout.strip()


def image() -> str:
    """Return the sample image's name with its digest."""
    from gate.sandbox import sample_world

    digest = sample_world().find(f"{NAMESPACE}/{REPOSITORY}:{TAG}").digest
    return f"{HOST}/{NAMESPACE}/{REPOSITORY}:{TAG}@{digest}"


def modules() -> str:
    """Return the names of the modules that a check imports, in their order."""
    # Nobody listens on port 9 of loopback, so this check imports all and ends without an answer.
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "gate", "check", "--no-ci"),
            *("--endpoint", "http://127.0.0.1:9", "--timeout", "2s"),
            image(),
        ],
        env={
            **os.environ,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": "made-up",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "made-up",
        },
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    names = [line.rpartition("|")[2].strip() for line in lines[1:]]  # the first is a heading
    return ",".join(names)


def certificates(folder: str) -> str:
    """Write a certificate for loopback with its key, and its authority's."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(Path(folder) / "authority.pem"))
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_and_cert_chain_pem.write_to_path(str(Path(folder) / "server.pem"))
    return ""


if __name__ == "__main__":
    name, *given = sys.argv[1:]
    parts: dict[str, Callable[..., str]] = {
        "image": image,
        "modules": modules,
        "certificates": certificates,
    }
    print(parts[name](*given))

"""Prepare what a benchmark needs, in a process of its own, so that the one that measures is small.

Arguments: ``digest`` prints the sample image's; ``modules`` prints what a check imports;
``certificates FOLDER`` makes ``server.pem`` and ``authority.pem``.
"""

from __future__ import annotations

import sys
from pathlib import Path


def digest() -> str:
    """Return the digest of the sample image, bare."""
    from gate.sandbox import sample_world  # noqa: PLC0415 - each part imports its own

    return sample_world().find("shop/api:2.0").bare_digest


def modules() -> str:
    """Return the names of the modules that a check imports, in their order."""
    import os  # noqa: PLC0415 - see above
    import subprocess  # noqa: PLC0415 - see above

    # Nobody listens on port 9 of loopback, so this check imports all and ends without an answer.
    done = subprocess.run(  # noqa: S603 - the gate
        [
            *(sys.executable, "-X", "importtime", "-m", "gate", "check", "--no-ci"),
            *("--endpoint", "http://127.0.0.1:9", "--timeout", "2s"),
            f"registry.cn-hangzhou.aliyuncs.com/shop/api:2.0@sha256:{digest()}",
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
    names = [line.rpartition("|")[2].strip() for line in lines]
    return ",".join(
        name for name in names if name.startswith(("gate.", "aiohttp", "anyio", "rich"))
    )


def certificates(folder: str) -> str:
    """Write a certificate for loopback with its key, and its authority's."""
    import trustme  # noqa: PLC0415 - see above

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(Path(folder) / "authority.pem"))
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_and_cert_chain_pem.write_to_path(str(Path(folder) / "server.pem"))
    return ""


if __name__ == "__main__":
    part = {"digest": digest, "modules": modules, "certificates": certificates}[sys.argv[1]]
    print(part(*sys.argv[2:]))  # type: ignore[operator]

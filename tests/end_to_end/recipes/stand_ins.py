"""What the recipes call and no test has: programs that note how they were called.

`docker` pushes nothing, but writes the metadata that buildx would.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_DOCKER = """\
#!/bin/sh
echo "docker $*" >>"$CALLS"
if [ "$1" = login ]; then
  cat >/dev/null
fi
while [ $# -gt 0 ]; do
  if [ "$1" = --metadata-file ]; then cp "$METADATA" "$2"; fi
  shift
done
"""
_KUBECTL = """\
#!/bin/sh
echo "kubectl $*" >>"$CALLS"
"""
# Only for machines without jq: the one question that the recipe has for it.
_JQ = """\
#!{python} -I
import json, sys
print(json.load(open(sys.argv[-1], encoding="utf-8"))["containerimage.digest"])
"""


@dataclass(frozen=True)
class StandIns:
    """Programs to stand first on PATH, and what they note."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> StandIns:
        programs = {"docker": _DOCKER, "kubectl": _KUBECTL}
        if shutil.which("jq") is None:
            programs["jq"] = _JQ.format(python=sys.executable)
        (folder / "bin").mkdir(parents=True)
        for name, text in programs.items():
            file = folder / "bin" / name
            file.write_text(text, encoding="utf-8")
            file.chmod(0o755)
        return cls(folder)

    @property
    def programs(self) -> Path:
        return self.folder / "bin"

    @property
    def calls(self) -> list[str]:
        noted = self.folder / "calls"
        return noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []

    def environment(self, digest: str) -> Mapping[str, str]:
        """Return the variables that the programs read; the next push has this digest."""
        metadata = self.folder / "metadata.json"
        metadata.write_text(json.dumps(_metadata(digest), indent=2), encoding="utf-8")
        return {"CALLS": str(self.folder / "calls"), "METADATA": str(metadata)}


def _metadata(digest: str) -> dict[str, object]:
    """Return what `docker buildx build --metadata-file` writes after a push."""
    return {
        "buildx.build.provenance": {"buildType": "https://mobyproject.org/buildkit@v1"},
        "buildx.build.ref": "builder/builder0/5cq2xv0sh3mzx4c3w8u4yqjfd",
        "containerimage.config.digest": "sha256:" + "c" * 64,
        "containerimage.descriptor": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest,
            "size": 1609,
        },
        "containerimage.digest": digest,
        "image.name": "registry.cn-hangzhou.aliyuncs.com/shop/web",
    }

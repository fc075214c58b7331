"""The gate's command, run in this process: what a caller sees of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gate.sandbox import SampleImage

HOST = "registry.cn-hangzhou.aliyuncs.com"


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Any:
        return json.loads(self.out)

    @property
    def image(self) -> Any:
        (image,) = self.report["images"]
        return image


def reference(image: SampleImage) -> str:
    """Name an image by tag and digest."""
    return f"{HOST}/{image.name}:{image.tag}@{image.digest}"

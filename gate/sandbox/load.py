"""Read a sample world from a file."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import TYPE_CHECKING

import msgspec

from gate.errors import UsageError
from gate.sandbox.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from ruamel.yaml.nodes import Node

_STEP = re.compile(r"\.(?P<key>\w+)|\[(?P<index>\d+)\]")
_REMEDY = "Correct the file: its keys are the fields of gate.sandbox.World."


def load_world(path: Path) -> World:
    """Read a world from a YAML 1.2 or JSON file, strictly.

    The file holds the fields of ``World``, all optional, by their names; so do the objects in it:

        images:                          # SampleImage
          - namespace: shop
            repository: web
            tag: "1.4"
            timeline:                    # State; seconds from the sandbox's start
              - {after: -30, scan: DOWNLOAD, progress: 20}
              - {after: 5, scan: SUCCESS}
            findings:                    # SampleFinding
              - {risk: no_user, status: ignored, command: USER root}
              - {risk: env_secret, level: high, after: 3}
        indexes:                         # SampleIndex, whose images are SampleImages
          - namespace: shop
            repository: multi
            images:
              - {namespace: shop, repository: multi, platform: linux/arm64}
        checks:                          # Check; left out: the standard ones
          - {key: no_user, level: high, name: {en: Runs as root, zh: …}, selected: true}
        classes: [{key: other, name: {en: Other}}]
        whitelist: [{id: 1, event_key: no_user}]
        host: registry.cn-hangzhou.aliyuncs.com
        scan_seconds: 3                  # how long a scan on request takes

    ``sample.py`` beside this file shows each kind of image, and
    ``msgspec.json.encode(sample_world())`` is a file to start from. Raises ``UsageError``, which
    names the file and the place, for a file that can't be read, an unknown or repeated key, or a
    wrong type.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {_reason(error)}.", _REMEDY) from None
    content = _parsed(path, text)
    try:
        return msgspec.convert(content, World)
    except UnicodeEncodeError:
        raise UsageError(
            f"{path} holds the escape of half a character (\\ud800 to \\udfff).",
            "Write the character itself.",
        ) from None
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`").removeprefix(".")
        line = _line(_tree(text), f".{where}")
        raise UsageError(f"{path}:{line}: {what} (at {where or 'the top'}).", _REMEDY) from None


def _parsed(path: Path, text: str) -> object:
    # Imported here because only `--data` needs a YAML parser.
    from ruamel.yaml import YAML  # noqa: PLC0415 - see above
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - see above

    try:
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_without_repeats)
        return YAML(typ="safe", pure=True).load(StringIO(text))
    except (YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is neither YAML nor JSON: {_reason(error)}.", _REMEDY) from None


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object holds the same key twice")
    return found


def _tree(text: str) -> Node | None:
    """Return the nodes of a file with their lines, ``None`` for JSON that YAML can't read."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - as above
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    try:
        found: Node | None = YAML(typ="safe", pure=True).compose(StringIO(text))
    except YAMLError:
        return None
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _line(node: Node | None, where: str) -> int:
    """Return the line, from 1, of a place such as ``.images[0].tag``; of its parent at worst."""
    line = 1
    for step in _STEP.finditer(where):
        following = _child(node, step)
        if following is None:
            break
        node = following
        line = node.start_mark.line + 1
    return line


def _child(node: Node | None, step: re.Match[str]) -> Node | None:
    entries = node.value if node is not None else None
    if not isinstance(entries, list):
        return None
    if step["index"] is not None:
        found: Node = entries[int(step["index"])]
        return found
    return next((value for key, value in entries if key.value == step["key"]), None)

"""From what the caller names to policies, or to all that is wrong with all of their files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jsonschema import Draft202012Validator

from gate.errors import InvalidPolicy
from gate.policy.meaning import contradictions, policy_of
from gate.policy.policies import Policies
from gate.policy.problem import MOST_PROBLEMS, Problem
from gate.policy.schema import policy_schema, schema_problems
from gate.untrusted import START, Unreadable, decoded, parse_yaml, read_file
from gate.verdict import PolicySource

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gate.policy.model import Policy

DEFAULT_FILE = ".buildrisk-gate.yaml"
BUILT_IN = "(built-in)"

_LARGEST = 1024 * 1024  # bytes
_PIN = "#sha256="
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_REMEDY = (
    "Correct the file; `gate policy validate FILE` checks it, `gate schema policy` says what every "
    "key means."
)


class _Named(NamedTuple):
    """A file: how it is called in reports, where it is, and the digest that it must have."""

    path: str
    file: Path
    digest: str | None = None


def load_policies(specs: Sequence[str], *, directory: Path, today: date) -> Policies:
    """Load policy files, ``FILE`` or ``FILE#sha256=HEX``, relative to ``directory``.

    With none given: ``DEFAULT_FILE`` in ``directory`` if there is one, else the built-in policy.
    They judge as on ``today``, and keep it.
    Raises ``InvalidPolicy``, whose message lists the problems of all files, one a line.
    """
    policies, problems = [], []
    for spec in specs or (None,):
        named = _default(directory) if spec is None else _named(spec, directory)
        loaded = _load(named, today)
        if isinstance(loaded, list):
            problems += [problem.at(named.path) for problem in _shown(loaded)]
        else:
            policies.append(loaded)
    if problems:
        raise InvalidPolicy("\n".join(problems), _REMEDY)
    return Policies(policies, today)


def built_in_file(package: Path) -> Path:
    """Return where the built-in policy is: inside the installed package, or in the checkout."""
    packaged = package / "files" / "default.yaml"
    return packaged if packaged.exists() else package.parents[1] / "policies" / "default.yaml"


def ready_made_files() -> dict[str, Path]:
    """Return the policy files that the package ships, by name."""
    folder = built_in_file(Path(__file__).parent).parent
    return {file.stem: file for file in folder.glob("*.yaml")}


def _default(directory: Path) -> _Named:
    file = directory / DEFAULT_FILE
    try:
        file.lstat()  # a link that leads nowhere is a mistake to report, not "no file"
    except (FileNotFoundError, NotADirectoryError):
        return _Named(BUILT_IN, built_in_file(Path(__file__).parent))
    except OSError:
        pass  # reading it will say why
    return _Named(DEFAULT_FILE, file)


def _shown(problems: list[Problem]) -> list[Problem]:
    """Sort problems by their places, and leave some of very many out."""
    ordered = sorted(problems)
    if len(ordered) <= MOST_PROBLEMS:
        return ordered
    more = Problem(ordered[MOST_PROBLEMS].place, "There are more problems. Correct these first.")
    return [*ordered[:MOST_PROBLEMS], more]


def _named(spec: str, directory: Path) -> _Named:
    path, pinned, digest = spec.rpartition(_PIN)
    return _Named(path, directory / path, digest) if pinned else _Named(spec, directory / spec)


def _load(named: _Named, today: date) -> Policy | list[Problem]:
    try:
        raw = _read(named)
        content = parse_yaml(decoded(raw))
    except Unreadable as unreadable:
        return [Problem(unreadable.place, unreadable.text)]
    if content.root is None:
        return [Problem(START, "The file is empty. A policy starts with: version: 1")]
    errors = Draft202012Validator(policy_schema()).iter_errors(content.data)
    problems, broken = schema_problems(content, errors)
    if () not in broken:
        problems += contradictions(content, today, broken)
    if problems:
        return problems
    source = PolicySource(named.path, hashlib.sha256(raw).hexdigest())
    return policy_of(content, source)


def _read(named: _Named) -> bytes:
    if named.digest is not None and not _DIGEST.fullmatch(named.digest):
        raise Unreadable("After #sha256= must stand 64 hexadecimal digits.")
    raw = read_file(named.file, _LARGEST)
    digest = hashlib.sha256(raw).hexdigest()
    if named.digest is not None and named.digest.lower() != digest:
        raise Unreadable(f"The file was changed: it has sha256={digest}, not {named.digest}.")
    return raw

"""From what the caller names to policies, or to all that is wrong with all of their files."""

from __future__ import annotations

import hashlib
import re
import stat
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jsonschema import Draft202012Validator

from gate.errors import InvalidPolicy
from gate.policy.discovery import find_policy, folders_of_checkout
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
    from gate.untrusted import Tree

BUILT_IN = "(built-in)"

_LARGEST = 1024 * 1024  # bytes
_TEST = ".test"  # what the names of case files end in, which lie beside the policies
_PIN = "#sha256="
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_REMEDY = (
    "Correct the file; `gate policy validate FILE` checks it, `gate schema policy` says what every "
    "key means."
)
_NAME_A_FILE = (
    "Name a file of this machine, FILE or FILE#sha256=HEX; `gate policy init` writes one to begin "
    "with."
)

# What isn't a policy may be a file with a secret.
_KEYS = (
    "version",
    "block",
    "warn",
    "rules",
    "waivers",
    "max_waiver",
    "waiver_needs",
    "scan",
    "undecided",
)
_POLICY_LINE = re.compile(rf"^[ \t{{]*[\"']?(?:{'|'.join(_KEYS)})[\"']?[ \t]*:", re.MULTILINE)
_NO_POLICY = f"The file is not a policy: it has none of the keys {', '.join(_KEYS)}."
_NEITHER = "This is neither YAML nor JSON from here on, and no line of it looks like a policy."
_OUTSIDE = (
    "The file is a link that leads out of the checkout. A policy that is found by its name must be "
    "inside of it: put a copy there, or name the file with --policy."
)
_TOO_LARGE = f"The file is larger than {_LARGEST // 1024} KiB."
_NO_FILES = {
    "-": "Policies aren't read from standard input.",
    "": "An empty name is not a file's: perhaps a variable is not set.",
}
_NO_URL = "Policies by URL aren't read: fetch the file first, and pin it with #sha256=HEX."
_CHANGED = "The file was changed: it has sha256={}, not {}."
_FOLDER = "This is a folder, not a policy file."
_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]*://")
_REPLACES = "The policy {0} replaces {1}, which is further up and does not count here."


class _Named(NamedTuple):
    """A file: how it is called in reports, where it is, and the digest that it must have.

    One that was ``found`` in a folder, by its name, must be in that folder's checkout.
    """

    path: str
    file: Path
    digest: str | None = None
    found: Path | None = None


def load_policies(
    specs: Sequence[str], *, directory: Path, today: date, latest: date | None = None
) -> Policies:
    """Load policy files, ``FILE`` or ``FILE#sha256=HEX``, relative to ``directory``.

    ``(built-in)`` is the built-in one.
    With none given: the one that is found by its name (see ``discovery``), else the built-in one.
    They judge as on ``today``, and keep it. ``latest`` is the last day on which they will judge, if
    that is another: the files have to be valid on it.
    Raises ``InvalidPolicy``, whose message lists the problems of all files, one a line.
    """
    policies: list[Policy] = []
    problems: list[str] = []
    remedy = _NAME_A_FILE
    files = [_named(spec, directory) for spec in specs]
    notes: tuple[str, ...] = ()
    if not files:
        default, notes = _default(directory)
        files = [default]
    for named in files:
        loaded = _load(named, max(today, latest or today))
        if isinstance(loaded, list):
            problems += [problem.at(named.path) for problem in _shown(loaded)]
            remedy = remedy if all(problem.of_name for problem in loaded) else _REMEDY
        else:
            policies.append(loaded)
    if problems:
        raise InvalidPolicy("\n".join(problems), remedy)
    return Policies(policies, today, notes=notes)


def built_in_file(package: Path) -> Path:
    """Return where the built-in policy is: inside the installed package, or in the checkout."""
    packaged = package / "files" / "default.yaml"
    return packaged if packaged.exists() else package.parents[1] / "policies" / "default.yaml"


def _built_in() -> Path:
    return built_in_file(Path(__file__).parent)


def ready_made_files() -> dict[str, Path]:
    """Return the policy files that the package ships, by name."""
    folder = _built_in().parent
    return {file.stem: file for file in folder.glob("*.yaml") if not file.stem.endswith(_TEST)}


def _default(directory: Path) -> tuple[_Named, tuple[str, ...]]:
    """Return the policy that is found by its name, else the built-in one, and what to note."""
    policy = find_policy(directory)
    if policy is None:
        return _Named(BUILT_IN, _built_in()), ()
    notes = (_REPLACES.format(policy.path, policy.replaced),) if policy.replaced else ()
    return _Named(policy.path, policy.file, found=policy.file.parent), notes


def _shown(problems: list[Problem]) -> list[Problem]:
    """Sort problems by their places, and leave some of very many out."""
    ordered = sorted(problems)
    if len(ordered) <= MOST_PROBLEMS:
        return ordered
    more = Problem(ordered[MOST_PROBLEMS].place, "There are more problems. Correct these first.")
    return [*ordered[:MOST_PROBLEMS], more]


def _named(spec: str, directory: Path) -> _Named:
    path, pinned, digest = spec.rpartition(_PIN) if _PIN in spec else (spec, "", "")
    file = _built_in() if path == BUILT_IN else directory / path
    return _Named(path, file, digest if pinned else None)


def read_policy(raw: bytes, path: str, *, today: date) -> Policy:
    """Return what a file of this name means that holds these bytes.

    Raises ``InvalidPolicy`` where ``load_policies`` would.
    """
    too_large = len(raw) > _LARGEST
    loaded = [Problem(START, _TOO_LARGE)] if too_large else _understood(raw, path, today)
    if isinstance(loaded, list):
        raise InvalidPolicy("\n".join(problem.at(path) for problem in _shown(loaded)), _REMEDY)
    return loaded


def _load(named: _Named, today: date) -> Policy | list[Problem]:
    if trouble := _wrong_name(named):
        return [Problem(START, trouble, of_name=True)]
    try:
        raw = _read(named)
        if named.digest is not None:
            sha256 = hashlib.sha256(raw).hexdigest()
            if named.digest.lower() != sha256:
                return [Problem(START, _CHANGED.format(sha256, named.digest), of_name=True)]
    except Unreadable as unreadable:
        return [Problem(unreadable.place, unreadable.text)]
    return _understood(raw, named.path, today)


def _understood(raw: bytes, path: str, today: date) -> Policy | list[Problem]:
    try:
        content = _parsed(decoded(raw))
    except Unreadable as unreadable:
        return [Problem(unreadable.place, unreadable.text)]
    errors = Draft202012Validator(policy_schema()).iter_errors(content.data)
    problems, broken = schema_problems(content, errors)
    if () not in broken:
        problems += contradictions(content, today, broken)
    if problems:
        return problems
    return policy_of(content, PolicySource(path, hashlib.sha256(raw).hexdigest()))


def _parsed(text: str) -> Tree:
    """Return a mapping with a policy's keys; of what else it may be, nothing is repeated."""
    try:
        content = parse_yaml(text)
    except Unreadable as unreadable:
        if _POLICY_LINE.search(text):
            raise
        raise Unreadable(_NEITHER, unreadable.place) from None
    if content.root is None:
        raise Unreadable("The file is empty. A policy starts with: version: 1")
    if not isinstance(content.data, dict):
        kind = "a list" if isinstance(content.data, list) else "a single value"
        raise Unreadable(f"The file is {kind}, but must be a mapping of keys to values.")
    if content.data.keys().isdisjoint(_KEYS):
        raise Unreadable(_NO_POLICY)
    return content


def _read(named: _Named) -> bytes:
    if named.found is not None and not _is_in_checkout(named.file, named.found):
        raise Unreadable(_OUTSIDE)
    return read_file(named.file, _LARGEST)


def _wrong_name(named: _Named) -> str:
    """Say why a name that the caller gave is not one of a file; empty if it is."""
    if named.digest is not None and not _DIGEST.fullmatch(named.digest):
        return "After #sha256= must stand 64 hexadecimal digits."
    if named.found is not None or named.path == BUILT_IN:
        return ""
    if sentence := _NO_URL if _URL.match(named.path) else _NO_FILES.get(named.path.strip()):
        return sentence
    try:
        return _FOLDER if stat.S_ISDIR(named.file.stat().st_mode) else ""
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return _missing(named)
    except OSError:
        return ""  # reading it says why


def _missing(named: _Named) -> str:
    """Say where a file was looked for, and which one beside it was probably meant."""
    try:
        beside = [file.name for file in named.file.parent.iterdir() if file.suffix in _SUFFIXES]
    except (OSError, ValueError):
        beside = []
    near = get_close_matches(named.file.name, beside, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"No such file or directory; looked in {named.file.parent.absolute()}.{hint}"


def _is_in_checkout(file: Path, directory: Path) -> bool:
    """Tell whether a file is in a folder's checkout once links are followed.

    Without a checkout, it is the folder alone. What can't be followed can't be read either.
    """
    try:
        return file.resolve().is_relative_to(folders_of_checkout(directory.resolve())[-1])
    except (OSError, RuntimeError):
        return True

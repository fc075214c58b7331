"""What errors.py draws is what the package raises."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re

import gate
from gate import errors

# No caller of the gate meets these: answers that the sandbox's server writes to the wire, and what
# ends the reading of a file: `load_policies` collects it into an InvalidPolicy, `open_cases` into
# InvalidCases, of a manifest it becomes a note. Why a policy can't be cut becomes a UsageError.
INTERNAL = {
    "gate.cases.cutting.Miscut",
    "gate.cases.cutting.NotCuttable",
    "gate.cases.heads.Wrong",
    "gate.cases.strict_json.NotJson",
    "gate.sandbox.parameters.Refusal",
    "gate.untrusted.files.Unreadable",
}

_ENTRY = re.compile(r"^(?P<rule>[│ ]*[├└]── )?(?P<name>[A-Z]\w+) *(?P<code>\d+)?")


def defined_exceptions() -> set[str]:
    names = set()
    for module in pkgutil.walk_packages(gate.__path__, "gate."):
        for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(member, BaseException) and member.__module__.startswith("gate."):
                names.add(f"{member.__module__}.{member.__qualname__}")
    return names


def drawn_tree() -> dict[str, tuple[str | None, int | None]]:
    """Return for each drawn class its parent, and the exit code where one stands beside it."""
    tree: dict[str, tuple[str | None, int | None]] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        entry = _ENTRY.match(line)
        if entry is None or not hasattr(errors, entry["name"]):
            continue
        depth = len(entry["rule"] or "") // 4
        path[depth:] = [entry["name"]]
        tree[entry["name"]] = (
            path[depth - 1] if depth else None,
            int(entry["code"]) if entry["code"] else None,
        )
    return tree


def test_every_exception_of_the_package_stands_in_the_tree() -> None:
    outside = {name for name in defined_exceptions() if not name.startswith("gate.errors.")}

    assert outside <= INTERNAL


def test_every_exception_is_drawn() -> None:
    defined = {name.rpartition(".")[2] for name in defined_exceptions() if ".errors." in name}

    assert defined == drawn_tree().keys()


def test_the_drawing_shows_parents_and_exit_codes() -> None:
    for name, (parent, code) in drawn_tree().items():
        error = getattr(errors, name)

        assert parent is None or error.__base__ is getattr(errors, parent), name
        assert code in {None, error.exit_code}, name

"""Measure how the package is laid out, and hold the numbers to their bounds.

`python3 dev.py house` prints them; lint fails where one is over its bound. Everything is read from
the syntax trees, so nothing of the package is imported or run.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PACKAGE = "gate"
SHOWN = 30  # of what is over a bound
CACHES = {"cache", "cached_property", "lru_cache", "WeakKeyDictionary", "WeakValueDictionary"}
PROXY_CALLS = {"getproxies", "getproxies_environment"}
PROXY_VARIABLE = re.compile(r"(?:https?|all|no)_proxy", re.IGNORECASE)


class Module(NamedTuple):
    """A module: its path under the package's folder, its text, and its syntax tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The entry of the package's top that it belongs to."""
        return self.path.parts[0].removesuffix(".py")

    @property
    def parents(self) -> tuple[str, ...]:
        """The packages that it lies in, from the outermost one."""
        return (PACKAGE, *self.path.parent.parts)


class Import(NamedTuple):
    """A module that is imported, by its dotted name, and the importing one."""

    by: Module
    name: str


class House:
    """The package in a checkout, read once."""

    def __init__(self, root: Path) -> None:
        self.folder = root / PACKAGE
        self.modules = [self._read(file) for file in sorted(self.folder.rglob("*.py"))]

    def _read(self, file: Path) -> Module:
        text = file.read_text(encoding="utf-8")
        return Module(
            PurePosixPath(file.relative_to(self.folder).as_posix()), text, ast.parse(text)
        )

    def within(self, *rooms: str) -> list[Module]:
        """Return the modules of some rooms; a room inside another is named by its path."""
        return [
            module
            for module in self.modules
            if any(module.path.with_suffix("").is_relative_to(room) for room in rooms)
        ]

    def outside(self, *rooms: str) -> list[Module]:
        within = self.within(*rooms)
        return [module for module in self.modules if module not in within]

    @cached_property
    def names(self) -> set[str]:
        """The dotted names of all modules and packages."""
        return {
            ".".join((PACKAGE, *module.path.with_suffix("").parts)).removesuffix(".__init__")
            for module in self.modules
        }

    @cached_property
    def imports(self) -> list[Import]:
        return [Import(module, name) for module in self.modules for name in self._imported(module)]

    def _imported(self, module: Module) -> Iterator[str]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                above = module.parents[: len(module.parents) - node.level + 1] if node.level else ()
                source = ".".join((*above, *filter(None, [node.module])))
                submodules = [f"{source}.{alias.name}" for alias in node.names]
                # `from package import module` is an import of that module.
                yield from [name for name in submodules if name in self.names] or [source]


def entries(house: House) -> list[str]:
    """Return what `ls` shows of the package, without caches and folders of nothing else."""
    files = (file.relative_to(house.folder) for file in house.folder.rglob("*") if file.is_file())
    kept = (file for file in files if "__pycache__" not in file.parts)
    return sorted({file.parts[0] for file in kept if not file.parts[0].startswith(".")})


def modules(house: House) -> list[str]:
    return [str(module.path) for module in house.modules]


def lines(house: House) -> int:
    return sum(len(module.text.splitlines()) for module in house.modules)


def repeated_classes(house: House) -> list[str]:
    """Return the names of classes that stand in two places or more, private and nested ones too."""
    return _repeated(_classes(house))


def confusable_classes(house: House) -> list[str]:
    """Return the same, where `_Text` and `Text` are one name."""
    return _repeated(name.lstrip("_") for name in _classes(house))


def repeated_files(house: House) -> list[str]:
    return _repeated(
        module.path.name for module in house.modules if module.path.name != "__init__.py"
    )


def past_faces(house: House) -> list[str]:
    """Return the imports of what lies inside another package at the top."""
    return [
        f"{module.path}: {name}"
        for module, name in house.imports
        if name.startswith(f"{PACKAGE}.") and name.count(".") > 1
        if name.split(".")[1] != module.room
    ]


def http_senders(house: House) -> list[str]:
    return _importing("aiohttp", house, house.outside("http", "sandbox"))


def proxy_lookups(house: House) -> list[str]:
    """Return the modules that read where a proxy is."""
    return [str(module.path) for module in house.outside("sandbox") if _looks_up_proxies(module)]


def yaml_readers(house: House) -> list[str]:
    return _importing("ruamel", house, house.modules)


def click_users(house: House) -> list[str]:
    return _importing("click", house, house.outside("cli"))


def local_imports(house: House) -> list[str]:
    """Return the imports inside functions."""
    places = {
        f"{module.path}:{node.lineno}": None
        for module in house.modules
        for function in ast.walk(module.tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return list(places)


def policy_caches(house: House) -> list[str]:
    """Return what `policy` remembers: functools' caches, and dictionaries that look-ups fill."""
    return [
        f"{module.path}: {name}"
        for module in house.within("policy")
        for name in sorted({*_functools_caches(module.tree), *_filled_dictionaries(module.tree)})
    ]


def identities(house: House) -> list[str]:
    """Return the calls of `id` in `policy`: keys that say nothing of what they stand for."""
    return [
        f"{module.path}:{node.lineno}"
        for module in house.within("policy")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _name(node.func) == "id"
    ]


def dockerfile_lines(house: House) -> int:
    return sum(len(module.text.splitlines()) for module in _dockerfile(house))


def dockerfile_files(house: House) -> list[str]:
    return [str(module.path) for module in _dockerfile(house)]


def scattered_commands(house: House) -> list[str]:
    """Return the commands that share a file of `cli` with another, or run in a second one.

    A group and its own commands are one command.
    """
    found = {module: _commands(module) for module in house.within("cli")}
    shared = [
        f"{module.path}: {name}"
        for module, names in found.items()
        for name in names
        if len(names) > 1
    ]
    return shared + [
        str(module.path) for module in house.modules if module.path.stem.endswith("_run")
    ]


class Bound(NamedTuple):
    """One row: what it is called, what it was, what it may be at most, and how it is measured."""

    title: str
    was: int
    most: int | None
    measure: Callable[[House], int | list[str]]


# `was` is what this file measured before the rooms were laid out.
BOUNDS = (
    # 25 and 170 before policy as code, which is a room of its own with a file for each command.
    Bound("entries at the top of gate/", 44, 26, entries),
    # And help and errors of the command line (command, mistakes), explanations of risks, and advice
    # that fits the command.
    Bound("modules", 209, 222, modules),
    # Features will come, so lines are shown and not enforced; the aim is 20,000 with what there is.
    Bound("lines", 23039, None, lines),
    Bound("class names used twice", 26, 0, repeated_classes),
    Bound("the same, underscores aside", 38, None, confusable_classes),
    Bound("file names used twice", 20, 8, repeated_files),
    Bound("imports past a package's face", 30, 0, past_faces),
    Bound("aiohttp outside http/ and sandbox/", 6, 0, http_senders),
    Bound("click outside cli/", 2, 0, click_users),
    Bound("proxy look-ups", 2, 1, proxy_lookups),
    Bound("YAML readers", 3, 1, yaml_readers),
    Bound("imports inside functions", 51, 15, local_imports),
    Bound("caches in policy/", 9, 2, policy_caches),
    Bound("keys by id() in policy/", 6, 0, identities),
    Bound("lines of dockerfile/", 1289, 600, dockerfile_lines),
    Bound("files of dockerfile/", 15, 6, dockerfile_files),
    Bound("commands without one file of their own", 14, 0, scattered_commands),
)


class Row(NamedTuple):
    """A measured bound, and what was counted where it is too much."""

    bound: Bound
    now: int
    counted: list[str]

    @property
    def is_over(self) -> bool:
        return self.bound.most is not None and self.now > self.bound.most


def measure(root: Path) -> list[Row]:
    house = House(root)
    rows = []
    for bound in BOUNDS:
        measured = bound.measure(house)
        counted = measured if isinstance(measured, list) else []
        rows.append(Row(bound, measured if isinstance(measured, int) else len(measured), counted))
    return rows


def check(root: Path) -> bool:
    """Print all numbers, and what makes those that are over their bound; return whether none is."""
    rows = measure(root)
    print(f"{'':42}{'was':>7}{'bound':>7}{'now':>7}")
    for row in rows:
        bound = "" if row.bound.most is None else row.bound.most
        mark = "  over" if row.is_over else ""
        print(f"{row.bound.title:42}{row.bound.was:7}{bound:>7}{row.now:7}{mark}")
    for row in rows:
        if row.is_over and row.counted:
            print(f"\n{row.bound.title}:")
            print("\n".join(f"  {line}" for line in row.counted[:SHOWN]))
            if len(row.counted) > SHOWN:
                print(f"  … and {len(row.counted) - SHOWN} more")
    return not any(row.is_over for row in rows)


def _classes(house: House) -> Iterator[str]:
    for module in house.modules:
        yield from (node.name for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef))


def _repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _importing(library: str, house: House, candidates: list[Module]) -> list[str]:
    importers = {str(by.path) for by, name in house.imports if name.split(".")[0] == library}
    return [str(module.path) for module in candidates if str(module.path) in importers]


def _looks_up_proxies(module: Module) -> bool:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.alias) and node.name in PROXY_CALLS:
            return True
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and PROXY_VARIABLE.fullmatch(node.value)
        ):
            return True
    return False


def _functools_caches(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if any(_name(_called(mark)) in CACHES for mark in node.decorator_list):
                yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign) and _makes_cache(node.value):
            yield ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)


def _makes_cache(value: ast.expr | None) -> bool:
    # `lru_cache(maxsize=9)(function)` is a call of what a call returns.
    return isinstance(value, ast.Call) and _name(_called(value.func)) in CACHES


def _filled_dictionaries(tree: ast.Module) -> Iterator[str]:
    """Yield the private attributes whose items methods set, `self._known[key] = …`.

    What only `__init__` fills is whole from the start, an index and no cache.
    """
    makers = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
    making = {id(node) for maker in makers for node in ast.walk(maker)}
    for node in ast.walk(tree):
        if id(node) in making:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else []
        places = [target.value for target in targets if isinstance(target, ast.Subscript)]
        if isinstance(node, ast.Call) and _name(node.func) == "setdefault":
            assert isinstance(node.func, ast.Attribute)
            places.append(node.func.value)
        for place in places:
            if isinstance(place, ast.Attribute) and place.attr.startswith("_"):
                yield ast.unparse(place)


def _dockerfile(house: House) -> list[Module]:
    return house.within("dockerfile", "checkout/dockerfile")


def _commands(module: Module) -> list[str]:
    """Return the names of the functions that are commands, or groups instead of their commands."""
    found: dict[str, str] = {}
    for node in module.tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            called = _called(mark)
            if _name(called) in {"command", "group"}:
                parent = _name(called.value) if isinstance(called, ast.Attribute) else ""
                found[node.name] = parent
    return [name for name, parent in found.items() if parent not in found or _is_root(parent)]


def _is_root(group: str) -> bool:
    return group == "cli"


def _called(node: ast.expr) -> ast.expr:
    """Return what is called if this is a call, else the expression itself."""
    return node.func if isinstance(node, ast.Call) else node


def _name(node: ast.expr) -> str:
    """Return the last part of a dotted name, empty if it isn't one."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""

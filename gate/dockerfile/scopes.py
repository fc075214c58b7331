"""Tell what a Dockerfile says of variables, shell and working directory at each instruction."""

from __future__ import annotations

import posixpath
from collections import ChainMap
from typing import TYPE_CHECKING

from msgspec import Struct

from gate.dockerfile.arguments import pairs, strings, unquoted
from gate.dockerfile.variables import FROM_ARGUMENT, UNKNOWN, expand, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.dockerfile.instructions import Instruction
    from gate.dockerfile.stages import Stages

# How far down a variable is looked for among stages that are based on one another.
_MOST_STAGES = 30
_MOST_PATH = 1000


class Variables:
    """The values of ENV and ARG; ENV, also that of the stages below, wins.

    A stage inherits no arguments of those that it is based on.
    """

    def __init__(self, base: Variables | None = None) -> None:
        below = base.environments[:_MOST_STAGES] if base else []
        self.environments: list[dict[str, str]] = [{}, *below]
        self.arguments: dict[str, str] = {}
        self.all = ChainMap(*self.environments, self.arguments)


class Scope(Struct):
    """What holds at an instruction, as far as the file tells.

    ``default`` has the defaults of build arguments; in ``open``, they may have any value. ``shell``
    is what runs shell forms, ``directory`` the working directory; empty if the file doesn't tell.
    """

    escape: str
    default: Variables
    open: Variables
    shell: str = ""
    directory: str = ""

    @classmethod
    def above(cls, base: Scope | None, escape: str) -> Scope:
        """Begin a stage that is based on another one."""
        if base is None:
            return cls(escape, Variables(), Variables())
        default, open_ = Variables(base.default), Variables(base.open)
        return cls(escape, default, open_, base.shell, base.directory)

    def path(self, directory: str) -> str:
        """Return the path that WORKDIR means; empty if the file doesn't tell."""
        if not directory.startswith("/") and not self.directory:
            return ""
        path = posixpath.normpath(posixpath.join(self.directory, directory))
        return path if len(path) <= _MOST_PATH else ""

    def take(self, instruction: Instruction, before: dict[str, str]) -> None:
        """Take over what an instruction changes; ``before`` are the arguments of the whole file."""
        match instruction.keyword:
            case "ENV":
                self._set(instruction)
            case "ARG":
                self._declare(instruction, before)
            case "SHELL":
                self.shell = " ".join(strings(instruction.arguments) or [])
            case "WORKDIR":
                written = unquoted(instruction.arguments)
                self.directory = self.path(expand(written, self.default.all, escape=self.escape))

    def _set(self, instruction: Instruction) -> None:
        for variables in (self.default, self.open):
            told = {
                name: value_of(value or "", variables.all, self.escape)
                for name, value in pairs(instruction.arguments, legacy=True)
            }
            variables.environments[0].update(told)

    def _declare(self, instruction: Instruction, before: dict[str, str]) -> None:
        for name, value in pairs(instruction.arguments):
            if value is not None:
                told = value_of(value, self.default.all, self.escape)
            else:
                told = before.get(name, FROM_ARGUMENT)
            self.default.arguments[name] = told
            self.open.arguments[name] = FROM_ARGUMENT if told == FROM_ARGUMENT else UNKNOWN


def scopes(stages: Stages, escape: str) -> Iterator[tuple[int | None, Instruction, Scope]]:
    """Walk through a file: number of the stage, instruction, what holds there.

    The number is ``None`` before the first stage. The scope changes with the next step.
    """
    outside = Scope.above(None, escape)
    yield from _walk(None, stages.before, outside, {})
    finished: list[Scope] = []
    for number, stage in enumerate(stages.stages):
        scope = Scope.above(None if stage.base is None else finished[stage.base], escape)
        yield from _walk(number, (stage.origin,), outside, {})
        yield from _walk(number, stage.instructions, scope, stages.arguments)
        finished.append(scope)


def _walk(
    number: int | None,
    instructions: tuple[Instruction, ...],
    scope: Scope,
    before: dict[str, str],
) -> Iterator[tuple[int | None, Instruction, Scope]]:
    for instruction in instructions:
        yield number, instruction, scope
        scope.take(instruction, before)

"""Write an instruction in the ways in which a history may show its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.dockerfile.arguments import flags, pairs, strings, unquoted
from gate.dockerfile.variables import FROM_ARGUMENT, expand, is_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gate.dockerfile.instructions import Instruction
    from gate.dockerfile.scopes import Scope

# A shell runs these, so that no builder replaces the variables in them.
_NOT_EXPANDED = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "ONBUILD"})
_WITH_SHELL = frozenset({"RUN", "CMD", "ENTRYPOINT"})
# A longer one would be repeated with each command.
_MOST_SHELL = 300


class Budget:
    """How much more text may be made of a file, so that the time grows with its size only."""

    def __init__(self, size: int) -> None:
        self._left = size

    def allows(self, size: int) -> bool:
        """Tell whether that much may be made, and count it."""
        self._left -= size
        return self._left >= 0


def writings(instruction: Instruction, scope: Scope, budget: Budget) -> Iterator[str]:
    """Write the arguments as they are, with the shell before them, and with variables replaced.

    What the file does not tell stays a character of variables.py in them.
    """
    written = _with_documents(instruction)
    yield written
    if instruction.keyword in _WITH_SHELL and 0 < len(scope.shell) <= _MOST_SHELL:
        given, command = flags(written)
        if strings(command) is None and budget.allows(len(scope.shell)):
            yield " ".join((*given, scope.shell, command))
    if instruction.keyword == "ARG":
        yield " ".join(
            f"{name}={FROM_ARGUMENT if value is None else value}" for name, value in pairs(written)
        )
    if "$" not in written:
        yield from _absolute(instruction, written, scope)
        return
    for variables in (scope.default, scope.open):
        unknown = {"unknown": None} if instruction.keyword in _NOT_EXPANDED else {}
        text = expand(written, variables.all, escape=scope.escape, **unknown)
        if not budget.allows(len(text)):
            return
        if is_told(text) or instruction.keyword not in _NOT_EXPANDED:
            yield text
            yield from _absolute(instruction, text, scope)


def _absolute(instruction: Instruction, written: str, scope: Scope) -> Iterator[str]:
    """Write the whole path of WORKDIR, as BuildKit does."""
    if instruction.keyword == "WORKDIR" and is_told(written):
        path = scope.path(unquoted(written))
        if path:
            yield path


def _with_documents(instruction: Instruction) -> str:
    """Return the arguments of RUN with its here-documents as BuildKit hands them to the shell.

    One that stands alone is the command, or a file that is run if it names its interpreter.
    """
    if instruction.keyword != "RUN" or not instruction.documents:
        return instruction.arguments
    given, command = flags(instruction.arguments)
    first = instruction.documents[0]
    if command.startswith("<<") and " " not in command.strip():
        script = first.content
        command = f"/dev/pipes/{first.name}" if script.startswith("#!") else script
    else:
        whole = "".join(f"\n{each.content}{each.name}" for each in instruction.documents)
        command += whole
    return " ".join((*given, command))

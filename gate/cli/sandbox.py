"""``gate sandbox``: serve a local Security Center, with its readings and faults as texts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

import anyio
import click
from msgspec.structs import asdict

from gate.cli.terminal import read_text, show
from gate.errors import ExitCode, UsageError
from gate.sandbox import (
    Fault,
    FaultKind,
    Faults,
    Readings,
    Sandbox,
    load_world,
    sample_world,
    serve,
)
from gate.untrusted import Grammar, Unreadable, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.sandbox import World

_QUOTAS = frozenset({FaultKind.QUOTA, FaultKind.ACCOUNT_QUOTA})
# As strict as policies, but an account may have many images.
_SAMPLE_DATA = Grammar(extras=False, repeated_keys=False, depth=20, values=2_000_000)
_REMEDY = "Give a file in YAML or JSON; its keys are the fields of gate.sandbox.World."


_HELP = f"""\
Kinds of faults: {", ".join(FaultKind)}. NUMBER is a probability from 0 to 1; of a quota, requests a
second.

Readings: {", ".join(f"{name}={value}".lower() for name, value in asdict(Readings()).items())}.
These are what is taken without --reading.
"""


@click.command("sandbox", epilog=_HELP)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes any that is free.",
)
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Sample data to serve instead of the built-in.",
)
@click.option(
    "--reading",
    "readings",
    metavar="NAME=VALUE",
    multiple=True,
    help="How to take what the API's reference leaves open, such as rows=image.",
)
@click.option(
    "--fault",
    "faults",
    metavar="KIND[=NUMBER][@OPERATION]",
    multiple=True,
    help="Misbehave so, such as throttling=0.2 or account_quota=20; may be repeated.",
)
def command(
    port: int, data: Path | None, readings: tuple[str, ...], faults: tuple[str, ...]
) -> ExitCode:
    """Serve a local Security Center with sample data.

    It runs until it is interrupted.
    """
    sandbox = Sandbox(
        sample_world() if data is None else read_world(data),
        readings=readings_of(readings),
        faults=Faults(*map(_fault, faults)),
        port=port,
    )
    anyio.run(partial(serve, sandbox, show))
    return ExitCode.PASSED


def read_world(file: Path) -> World:
    """Read sample data from a YAML 1.2 or JSON file; raises ``UsageError`` with the place."""
    try:
        tree = parse_yaml(read_text(str(file)), _SAMPLE_DATA)
    except Unreadable as error:
        line, column = error.place
        raise UsageError(f"{file}:{line}:{column}: {error.text}", _REMEDY) from None

    def place(path: tuple[str | int, ...]) -> str:
        line, column = tree.place(path)
        return f"{file}:{line}:{column}"

    return load_world(tree.data, place)


def readings_of(texts: Sequence[str]) -> Readings:
    """Parse ``NAME=VALUE``; the names and values are the fields of ``Readings``."""
    chosen: dict[str, object] = {}
    for text in texts:
        name, _, value = text.partition("=")
        chosen[name] = _value(name, value)
    return Readings(**chosen)  # type: ignore[arg-type]


def _value(name: str, text: str) -> object:
    kinds = get_type_hints(Readings)
    if kinds.get(name) is int and text.isdecimal() and int(text):
        return int(text)
    allowed = ("false", "true") if kinds.get(name) is bool else get_args(kinds.get(name))
    if text in allowed:
        return text == "true" if kinds[name] is bool else text
    words = ", ".join(allowed) or f"NAME=VALUE with a NAME of: {', '.join(kinds)}"
    raise UsageError(f"--reading {name}={text} is not understood.", f"Allowed: {words}.")


def _fault(text: str) -> Fault:
    """Parse ``KIND[=PROBABILITY][@OPERATION]``; of a quota, the number is requests a second."""
    rest, _, operation = text.partition("@")
    kind, _, number = rest.partition("=")
    operations = (operation,) if operation else None
    try:
        if number and kind in _QUOTAS:
            return Fault(kind=kind, per_second=int(number), operations=operations)
        return Fault(kind=FaultKind(kind), probability=_probability(number), operations=operations)
    except ValueError:
        kinds = ", ".join(FaultKind)
        raise UsageError(
            f"--fault {text} is not understood.",
            f"Write KIND[=PROBABILITY][@OPERATION] with a KIND of: {kinds}. With a quota, write "
            "requests a second for PROBABILITY.",
        ) from None


def _probability(number: str) -> float:
    probability = float(number or 1)
    if not 0 <= probability <= 1:
        raise ValueError(number)
    return probability

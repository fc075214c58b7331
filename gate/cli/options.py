"""The command line's own types: durations, lines, reports, and where values come from."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import click

from gate.cli.mistakes import meant
from gate.clock import parse_day, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, timedelta

    from click.decorators import FC

PREFIX = "BUILDRISK_GATE_"
# The hosts that the reference names. Others below aliyuncs.com are given out to customers, such as
# tds.oss-cn-hangzhou.aliyuncs.com for a bucket; no region begins as they do.
_OWN = re.compile(
    r"(?:https://)?(?:tds|sas)(?:\.[a-z]{2}(?:-[a-z0-9]{1,32}){1,4})?\.aliyuncs\.com/?",
    re.ASCII | re.IGNORECASE,
)


class Duration(click.ParamType):  # type: ignore[type-arg]
    """A length of time, such as ``90s``, ``10m``, ``1h`` or ``0``."""

    name = "duration"

    def convert(
        self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the duration of a text."""
        if not isinstance(value, str):
            return value
        try:
            return parse_duration(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


class Day(click.ParamType):  # type: ignore[type-arg]
    """A day of the calendar, ``YYYY-MM-DD``."""

    name = "date"

    def convert(
        self, value: str | date, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """Return the day of a text."""
        if not isinstance(value, str):
            return value
        try:
            return parse_day(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


class Text(click.ParamType):  # type: ignore[type-arg]
    """A text of which several stand one a line in an environment variable."""

    def __init__(self, name: str) -> None:
        self.name = name

    def split_envvar_value(self, rv: str) -> list[str]:
        """Return the lines of a variable that aren't empty."""
        return [line.strip() for line in rv.splitlines() if line.strip()]


class Report(Text):
    """``NAME=PATH``: a report's format, and the file that it is written to."""

    def __init__(self, formats: list[str]) -> None:
        super().__init__("name=path")
        self._formats = formats

    def convert(
        self,
        value: str | tuple[str, str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, str]:
        """Return the format and the path."""
        if isinstance(value, tuple):
            return value
        name, _, path = str(value).partition("=")
        if name not in self._formats or not path:
            names = ", ".join(self._formats)
            hint = meant(name, self._formats)
            self.fail(f"{value!r} is not NAME=PATH with a NAME of: {names}.{hint}", param, ctx)
        if path == "-":
            self.fail(f"{value!r}: a report goes to a file; --format {name} shows it.", param, ctx)
        return name, path


def different_files(
    _ctx: click.Context, _param: click.Parameter, value: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    """Refuse two reports that would be written to one file."""
    taken: dict[str, str] = {}
    for name, path in value:
        other = taken.setdefault(os.path.realpath(path), name)
        if other != name:
            raise click.BadParameter(f"{other} and {name} would both be written to {path}.")
    return value


def option(*names: str, **settings: Any) -> Callable[[FC], FC]:  # noqa: ANN401 - click's own settings
    """Declare an option that has its environment variable, ``BUILDRISK_GATE_<OPTION>``."""
    long = next(name for name in names if name.startswith("--"))
    word = long.split("/")[0].strip("-").replace("-", "_").upper()
    return click.option(*names, envvar=PREFIX + word, show_envvar=True, **settings)


def trusted_endpoint(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse an endpoint from the environment that is not one of Security Center's own.

    Whoever can set a variable in a pipeline must not be able to forge a pass. The text isn't
    repeated: it may hold a password.
    """
    source = ctx.get_parameter_source(param.name or "")
    if value and source is click.core.ParameterSource.ENVIRONMENT and not _OWN.fullmatch(value):
        raise click.UsageError(
            f"{PREFIX}ENDPOINT holds no host of Security Center, and from the environment nothing "
            "else is taken. Set it to tds.REGION.aliyuncs.com or sas.REGION.aliyuncs.com, or give "
            "another endpoint with --endpoint.",
            ctx,
        )
    return value

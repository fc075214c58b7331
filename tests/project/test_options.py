"""docs/options.md says of every command what its `--help` says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest

import dev
from gate.report import FORMATS
from tests.project.markdown import Page, words

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Page.read("docs/options.md")
# `gate policy validate [FILE…]`: small letters are the command, what follows its arguments.
COMMANDS = [
    " ".join(re.findall(r"(?<=\s)[a-z]+(?=\s|$)", words(row[0])[0].partition(" policy|")[0]))
    for row in PAGE.section("Commands").rows
]
GROUPS = ("policy",)
ALWAYS = {"-h", "--help", "--version"}
BY_HAND = "command line only"


@dataclass(frozen=True)
class Option:
    """What help or the page says of one option; ``default`` is empty where help has none."""

    names: frozenset[str]
    choices: frozenset[str]
    default: str
    variable: bool


@cache
def help_of(*command: str) -> str:
    arguments = [sys.executable, "-m", "gate", *command, "--help"]
    wide = {**os.environ, "COLUMNS": "100"}
    return subprocess.check_output(arguments, cwd=dev.ROOT, env=wide, encoding="utf-8")


def listed(text: str) -> list[str]:
    """Return the commands that the help of a group lists."""
    commands = text.partition("\nCommands:\n")[2]
    return re.findall(r"^  ([a-z]+) ", commands, re.MULTILINE)


def commands() -> Iterator[str]:
    for name in listed(help_of()):
        if name in GROUPS:
            yield from (f"{name} {inner}" for inner in listed(help_of(name)))
        else:
            yield name


def option_names(head: str) -> frozenset[str]:
    return frozenset(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", head))


def options_in_help(command: str) -> list[Option]:
    text = help_of(*command.split()).partition("\nOptions:\n")[2]
    options = []
    for entry in re.split(r"^  (?=-)", text, flags=re.MULTILINE)[1:]:
        head = re.split(r"  +|\n", entry.strip())[0]
        flat = " ".join(re.sub(r"(?<=\w-)\n +", "", entry).split())
        default = re.search(r"default: (.*?)(?:; \d+<=x<=\d+)?\]", flat)
        choices = re.search(r"\[([\w-]+(?:\|[\w-]+)+)\]", head)
        options.append(
            Option(
                names=option_names(head),
                choices=frozenset(choices[1].split("|") if choices else ()),
                default=default[1] if default else "",
                variable="env var: BUILDRISK_GATE_" in flat,
            )
        )
    return [option for option in options if not option.names <= ALWAYS]


def options_on_page(command: str) -> list[Option]:
    options = []
    for head, meaning, default, named in (row for row in PAGE.rows if len(row) == 4):
        if command not in named.split(", "):
            continue
        choices = re.search(r"[\w-]+(?:\|[\w-]+)+", head)
        options.append(
            Option(
                names=option_names(" ".join(words(head))),
                choices=frozenset(choices[0].split("|") if choices else ()),
                default=default.replace("`", ""),
                variable=BY_HAND not in meaning.lower(),
            )
        )
    return options


def named(options: list[Option]) -> dict[frozenset[str], Option]:
    return {option.names: option for option in options}


def test_the_page_has_every_command() -> None:
    assert sorted(commands()) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_has_the_options_of_help(command: str) -> None:
    page, shown = named(options_on_page(command)), named(options_in_help(command))

    assert sorted(map(sorted, shown)) == sorted(map(sorted, page))
    for names, option in shown.items():
        assert option.variable == page[names].variable, names
        if option.default:
            assert option.default == page[names].default, names
        if option.choices != set(FORMATS):
            assert option.choices == page[names].choices, names


def test_the_page_names_no_command_that_there_is_not() -> None:
    described = {name for row in PAGE.rows if len(row) == 4 for name in row[3].split(", ")}

    assert described <= set(COMMANDS)


def test_every_format_is_described() -> None:
    assert sorted(FORMATS) == sorted(words(row[0])[0] for row in PAGE.section("Formats").rows)

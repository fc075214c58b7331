"""``gate policy prune``: take out of a policy file what its waivers no longer cover."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gate.cases import (
    Doubt,
    Miscut,
    NotCuttable,
    Pruner,
    Use,
    open_cases,
    record_in_words,
    short_names,
    without,
)
from gate.cli import groups
from gate.cli.terminal import now, say, show
from gate.errors import ExitCode, PolicyUnwritable, UsageError
from gate.policy import load_policies
from gate.report import json_document, replace_file
from gate.untrusted import Unreadable, for_terminal, read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gate.cases import WaivedRisk
    from gate.policy import Policy
    from gate.reference import ImageReference

_NOTHING_ANY_MORE = "covers nothing any more"
_ENDED = "ended on {0}"
_STAYS = "stays: {0}"
_STILL_USED = "is still used"

_CANT_CUT = "{0} can't be cut: {1}. Nothing was written."
_A_LINK = "it is a link"
_BY_HAND = "Take out by hand: {0}."
_CHANGED = "{0} was changed while it was read."
_MISCUT = "{0} would not be the same policy after the cut, so nothing was written. {1}"
_CANT_WRITE = "{0} can't be written: {1}. It is as it was."
_NOTHING_READ = "error: no image of these records was read to its end, so nothing can be told."
_NOTHING_READ_REMEDY = "       Give the record of an audit: gate audit --report cases=FILE."


@click.command("prune")
@click.argument("file", metavar="FILE")
@groups.records
@click.option("--write", is_flag=True, help="Take it out of FILE.")
@groups.text_or_json
@click.option("-v", "--verbose", is_flag=True, help="Name what is still used, too.")
def command(
    *, file: str, records: tuple[str, ...], write: bool, format_: str, verbose: bool
) -> ExitCode:
    """Name the risks in FILE's waivers that cover nothing any more.

    A risk is named only if audits prove it: they hold all images that its waiver can be about, each
    of these was read to its end, and none has it. Waivers that have ended are named, too. Nothing
    is ever added, widened or prolonged.
    """
    today = now().date()
    [policy] = load_policies([file], directory=Path.cwd(), today=today).policies
    raw = _read(policy)
    pruner = Pruner(policy)
    read = []
    for spec in records:
        cases = open_cases(spec, directory=Path.cwd())
        read.append(record_in_words(cases, pruner.read(cases)))
        say(f"on  {for_terminal(read[-1])}")
    if not pruner.complete:
        say(_NOTHING_READ)
        say(_NOTHING_READ_REMEDY)
        return ExitCode.UNDECIDED
    risks = list(pruner.risks(today))
    cut = _cut(policy, raw, [risk for risk in risks if risk.goes])
    if write and cut != raw:
        _write(policy, cut)
    shown = [risk for risk in risks if verbose or risk.use is not Use.USED]
    if format_ == "text":
        show(_as_text(policy, risks, shown, written=write))
    else:
        show(_as_json(policy, risks, shown, read, written=write))
    return ExitCode.PASSED


def _read(policy: Policy) -> bytes:
    """Return what the file holds that the policy was loaded from."""
    try:
        raw = read_file(Path(policy.path), name=policy.path)
    except Unreadable as unreadable:
        raise UsageError(unreadable.text, "Give another file.") from None
    if hashlib.sha256(raw).hexdigest() != policy.source.sha256:
        raise UsageError(_CHANGED.format(policy.path), "Run the command again.")
    return raw


def _cut(policy: Policy, raw: bytes, gone: Sequence[WaivedRisk]) -> bytes:
    """Return the file less what may go, read back.

    Raises ``UsageError`` where a person has to do it, and ``PolicyUnwritable``.
    """
    if not gone:
        return raw
    removed = defaultdict(set)
    for each in gone:
        removed[each.number].add(each.risk)
    by_hand = _BY_HAND.format("; ".join(f"line {e.waiver.line}, {_named(e)}" for e in gone))
    if Path(policy.path).is_symlink():
        raise UsageError(_CANT_CUT.format(policy.path, _A_LINK), by_hand)
    try:
        return without(raw, removed)
    except NotCuttable as why:
        raise UsageError(_CANT_CUT.format(policy.path, why), by_hand) from None
    except Miscut as miscut:
        raise PolicyUnwritable(_MISCUT.format(policy.path, miscut), by_hand) from None


def _write(policy: Policy, content: bytes) -> None:
    try:
        replace_file(Path(policy.path), [content])
    except OSError as error:
        raise PolicyUnwritable(
            _CANT_WRITE.format(policy.path, error.strerror or error),
            "Make the file and its folder writable.",
        ) from None


def _as_text(
    policy: Policy, risks: Sequence[WaivedRisk], shown: Sequence[WaivedRisk], *, written: bool
) -> str:
    names = _names_of(shown)
    lines = [
        for_terminal(f"{policy.path}:{each.waiver.line}: {_named(each)} {_in_words(each, names)}")
        for each in shown
    ]
    word = "PRUNED" if written else "PRUNABLE"
    gone = sum(risk.goes for risk in risks)
    counts = f"{gone} of {len(risks)} risks in {len(policy.waivers)} waivers"
    return "\n".join([*lines, f"{word}  {counts} (exit {int(ExitCode.PASSED)})"])


def _as_json(
    policy: Policy,
    risks: Sequence[WaivedRisk],
    shown: Sequence[WaivedRisk],
    read: Sequence[str],
    *,
    written: bool,
) -> str:
    names = _names_of(shown)
    document = {
        "kind": "policy-prune",
        "exit_code": int(ExitCode.PASSED),
        "written": written,
        "on": read,
        "risks": len(risks),
        "waivers": len(policy.waivers),
        "items": [
            {
                "path": policy.path,
                "line": each.waiver.line,
                "risk": each.risk,
                "images": [pattern.text for pattern in each.waiver.match.images.patterns],
                "change": _change(each, written=written),
                "reason": _in_words(each, names).removeprefix(_STAYS.format("")),
            }
            for each in shown
        ],
    }
    return json_document(document).rstrip("\n")


def _change(risk: WaivedRisk, *, written: bool) -> str:
    if not risk.goes:
        return "none"
    return "pruned" if written else "prunable"


def _names_of(risks: Iterable[WaivedRisk]) -> Mapping[ImageReference, str]:
    return short_names(each.why.image for each in risks if isinstance(each.why, Doubt))


def _named(risk: WaivedRisk) -> str:
    return f"{risk.risk} for {risk.waiver.match.images}"


def _in_words(risk: WaivedRisk, names: Mapping[ImageReference, str]) -> str:
    """Say what becomes of a risk."""
    if risk.use is Use.USED:
        return _STILL_USED
    if risk.use is Use.ENDED:
        return _ENDED.format(risk.waiver.expires)
    if isinstance(risk.why, Doubt):
        return _STAYS.format(f"{names[risk.why.image]}: {risk.why.word}")
    return _STAYS.format(risk.why) if risk.why else _NOTHING_ANY_MORE

"""What testing found, for people and for programs: text, JSON, JUnit XML, workflow commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003 - msgspec reads types
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gate.errors import ExitCode
from gate.policy import BUILT_IN
from gate.report import json_document
from gate.untrusted import (
    for_terminal,
    for_workflow_data,
    for_workflow_property,
    for_xml,
    visible,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gate.cases.testing import PolicyPart, Results, TriedCase, Unmet

_MOST_ANNOTATED = 9  # GitHub shows ten of each type; the tenth says how many more there are
_COVERAGE = "rules and selectors"


class ResultStyle(Struct, frozen=True):
    """How results are to look; ``page_path`` names a file as the pages of the CI system do."""

    verbose: bool = False
    page_path: Callable[[str], str] = str


def _text(results: Results, style: ResultStyle) -> str:
    lines: list[str] = []
    if style.verbose:
        sources = (*results.files, *results.policies)
        lines += [f"{source.path}: sha256={source.sha256}" for source in sources]
    for unmet in results.unmet:
        lines.append(_unmet_line(unmet))
        if style.verbose and unmet.because:
            lines.append(f"  {unmet.because}")
    idle = (*results.idle, *(results.idle_waivers if style.verbose else ()))
    lines += [f"{part.path}:{part.line}: {_idle(part)}" for part in idle]
    return "\n".join(map(for_terminal, (*lines, _last_line(results)))) + "\n"


def _last_line(results: Results) -> str:
    word = "OK" if results.exit_code is ExitCode.PASSED else "FAILED"
    reached = ", ".join(f"{some} of {every} {sort}" for sort, some, every in results.reached())
    return (
        f"{word}  {results.as_expected} of {len(results.cases)} images as expected; reached: "
        f"{reached} (exit {int(results.exit_code)})"
    )


def _unmet_line(unmet: Unmet) -> str:
    return f"{unmet.path}:{unmet.line}: {_unmet(unmet)}"


def _unmet(unmet: Unmet) -> str:
    place = f" ({unmet.policy.path}:{unmet.policy.line})" if unmet.policy else ""
    return (
        f"{_image(unmet)}: {unmet.what} is {_word(unmet.actual)}{place}, "
        f"expected {_word(unmet.expected)}"
    )


def _image(case: TriedCase | Unmet) -> str:
    return f'{case.reference} "{case.name}"' if case.name else case.reference


def _word(value: str | int | None) -> str:
    return "null" if value is None else str(value)


def _idle(part: PolicyPart) -> str:
    return f"{part.label} decided nothing here"


def _json(results: Results, _style: ResultStyle) -> str:
    """Return one object; it has no verdict, because nothing was decided about an image."""
    return json_document(
        {
            "kind": "policy-test",
            "exit_code": int(results.exit_code),
            "files": [_named(file.path, sha256=file.sha256) for file in results.files],
            "policies": [_named(each.path, sha256=each.sha256) for each in results.policies],
            "images": len(results.cases),
            "as_expected": results.as_expected,
            "unmet": [_unmet_as_json(unmet) for unmet in results.unmet],
            "reached": {
                sort: {"reached": some, "of": every} for sort, some, every in results.reached()
            },
            "idle": [
                _named(part.path, line=part.line, sort=part.sort, entry=part.label)
                for part in (*results.idle, *results.idle_waivers)
            ],
        }
    )


def _named(path: str, **more: str | int) -> dict[str, Any]:
    return {"path": path, **more}


def _unmet_as_json(unmet: Unmet) -> dict[str, Any]:
    place = unmet.policy
    return {
        "path": unmet.path,
        "line": unmet.line,
        "reference": unmet.reference,
        "name": unmet.name,
        "what": unmet.what,
        "actual": unmet.actual,
        "expected": unmet.expected,
        "because": unmet.because,
        "policy": _named(place.path, line=place.line) if place else None,
    }


def _junit(results: Results, _style: ResultStyle) -> str:
    """Return a suite for each case file; of rules and selectors, one if they are demanded."""
    suites = [
        (path, [(_image(case), list(map(_unmet_line, case.unmet))) for case in cases])
        for path, cases in groupby(results.cases, key=lambda case: case.path)
    ]
    if results.coverage:
        parts = [part for part in results.parts if part.sort != "waivers"]
        tried = [
            (f"{part.path}:{part.line}: {part.label}", [] if part.reached else [_idle(part)])
            for part in parts
        ]
        suites.append((_COVERAGE, tried))
    every = [case for _, cases in suites for case in cases]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="gate policy test" {_counts(every)} time="0">',
    ]
    for name, cases in suites:
        lines.append(f'  <testsuite name="{_xml(name)}" {_counts(cases)} time="0">')
        lines += [line for case in cases for line in _junit_case(name, *case)]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(cases: Sequence[tuple[str, list[str]]]) -> str:
    failed = sum(bool(failures) for _, failures in cases)
    return f'tests="{len(cases)}" failures="{failed}" errors="0" skipped="0"'


def _junit_case(suite: str, name: str, failures: Sequence[str]) -> Iterator[str]:
    head = f'    <testcase classname="{_xml(suite)}" name="{_xml(name)}" time="0"'
    if not failures:
        yield f"{head}/>"
        return
    yield f"{head}>"
    text = "\n".join(map(_xml, failures))
    yield f'      <failure message="{_xml(failures[0])}" type="expectation">{text}</failure>'
    yield "    </testcase>"


def _xml(text: str) -> str:
    return for_xml(visible(text))


def _github(results: Results, style: ResultStyle) -> str:
    """Return annotations of what is not as expected, and of what decided nothing."""
    failures = [(unmet.path, unmet.line, _unmet(unmet)) for unmet in results.unmet]
    idle = [(part.path, part.line, _idle(part)) for part in results.idle]
    if results.coverage:
        failures, idle = failures + idle, []
    lines = [*_annotations("error", failures, style), *_annotations("notice", idle, style)]
    return "\n".join((*lines, for_terminal(_last_line(results)))) + "\n"


def _annotations(
    kind: str, sentences: Sequence[tuple[str, int, str]], style: ResultStyle
) -> Iterator[str]:
    title = for_workflow_property("gate policy test")
    for path, line, sentence in sentences[:_MOST_ANNOTATED]:
        place = f"file={for_workflow_property(style.page_path(path))},line={line},"
        place = "" if path == BUILT_IN else place
        yield f"::{kind} {place}title={title}::{for_workflow_data(sentence)}"
    more = len(sentences) - _MOST_ANNOTATED
    if more > 0:
        yield f"::{kind} title={title}::and {more} more; --format text shows all of them"


TEST_FORMATS: Mapping[str, Callable[[Results, ResultStyle], str]] = MappingProxyType(
    {"text": _text, "json": _json, "junit": _junit, "github": _github}
)

"""Stages, and the images that they are based on."""

from __future__ import annotations

import pytest

from gate.checkout.dockerfile import base_images
from gate.checkout.dockerfile.instructions import parse
from gate.checkout.dockerfile.stages import image_stages, stages_of


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ((), ""),
        ((), "FROM\n"),
        ((), "FROM scratch\nCOPY . /\n"),
        ((("alpine:3.20", 1),), "FROM alpine:3.20"),
        ((("alpine", 1),), "\ufefffrom alpine as web\r\nRUN true\r\n"),
        ((("alpine", 3),), "# syntax=docker/dockerfile:1\n\nFROM --platform=$BUILDPLATFORM alpine"),
        ((("alpine", 1),), "FROM \\\n  # which\n  alpine \\\n AS build\nFROM build\nFROM BUILD"),
        ((("golang:1", 1), ("alpine", 2)), "FROM golang:1 AS build\nFROM alpine\n"),
        ((("r.io/a:7-x", 3),), "ARG V=7\nARG TAG=${V}-x OTHER=1\nFROM r.io/a:${TAG}\n"),
        ((("r.io/a:7", 2),), "ARG V='7'\nFROM \"r.io/a:$V\"\n"),
        ((("a:latest", 2),), "ARG V\nFROM a:${V:-latest}\n"),
        ((("a:${V}", 2),), "ARG V\nFROM a:${V}\n"),
        ((("a:${V%.*}", 2),), "ARG V=1.2\nFROM a:${V%.*}\n"),
        ((("a:", 2),), "ARG V\nFROM a:${V:+x}\n"),
        ((("$V", 2),), "ARG V=\nFROM $V\n"),
        ((("a:$V", 3),), "ARG V=1\nARG V=$U\nFROM a:$V\n"),
        ((("a:1", 3),), "ARG V=1\nARG V\nFROM a:$V\n"),
        ((("a:$W", 3),), f"ARG V={'x' * 600}\nARG W=$V$V\nFROM a:$W\n"),
        ((("a", 1), ("b:$V", 3)), "FROM a\nARG V=1\nFROM b:$V\n"),
        ((("a", 2),), "ARG BASE=build\nFROM a AS build\nFROM $BASE\n"),
        ((("web", 1),), "FROM web AS web\n"),
        ((("a", 1),), "FROM a\nRUN <<EOF\nFROM b\nEOF\n"),
        ((("a", 2),), "# escape=`\nFROM `\na\n"),
    ],
)
def test_base_images_are_what_from_names(expected: tuple[tuple[str, int], ...], text: str) -> None:
    assert expected == base_images(text)


def test_the_image_is_made_by_the_last_stage_and_those_below_it() -> None:
    text = "FROM a AS one\nFROM one AS two\nFROM b AS three\nFROM two\n"

    assert {0, 1, 3} == image_stages(stages_of(parse(text)))
    assert set() == image_stages(stages_of(parse("RUN true")))

from __future__ import annotations

from textwrap import dedent

from gate.checkout.manifests import FileImages, Source, find_images

HOST = "registry.cn-hangzhou.aliyuncs.com"
HEX = "0123456789abcdef" * 4


def read_text(text: str, path: str = "app.yaml") -> FileImages:
    (file,) = find_images([Source(path, dedent(text).lstrip("\n"))], [])
    return file


def images(text: str, path: str = "app.yaml") -> list[tuple[str, int, str]]:
    """Return text, line and user of each image, where nothing was left out or unread."""
    result = read_text(text, path)
    assert ((), ()) == (result.notes, result.unread)
    return [(image.text, image.line, image.where) for image in result.images]


def names(text: str, path: str = "app.yaml") -> list[str]:
    return [name for name, _, _ in images(text, path)]

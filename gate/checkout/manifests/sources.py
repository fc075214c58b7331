"""Read the files of a run, and those of the checkout that they say more stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gate.checkout.manifests.compose import values_of
from gate.checkout.manifests.contents import Contents
from gate.checkout.manifests.named import (
    Elsewhere,
    FileImages,
    LeftOut,
    Named,
    NamedImage,
    Partial,
    Unread,
    shown,
    without_tag,
)
from gate.checkout.manifests.net import Net
from gate.untrusted import Unreadable, decoded, read_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

LARGEST = 1024 * 1024  # bytes of a file
_MOST_FILES = 5_000
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")


class Source(NamedTuple):
    """A file to read: what reports call it, its text, and where it is; standard input is nowhere.

    Of its containers, those whose images have a name in ``replaced`` get others.
    """

    path: str
    text: str
    file: Path | None = None
    replaced: frozenset[str] = frozenset()


class Surroundings(NamedTuple):
    """Where files of a run are: within ``root``; ``name_of`` is what reports call a file."""

    root: Path
    name_of: Callable[[Path], str]

    def read(self, source: Source, path: str) -> tuple[Path, str] | None:
        """Return where a file is that a source names, and its text; ``None`` if it can't be read.

        Of a folder it is the Kustomization. What isn't a file of the checkout isn't read.
        """
        if source.file is None:
            return None
        try:
            file = (source.file.parent / path).resolve()
            inside = [file.joinpath(name) for name in _KUSTOMIZATIONS] if file.is_dir() else [file]
            file = next(each for each in inside if each.is_file())
            if file.is_relative_to(self.root):
                return file, decoded(read_file(file, LARGEST))
        except (OSError, ValueError, RuntimeError, StopIteration, Unreadable):
            pass
        return None


class _Queue:
    """The files to read; more are put behind them while they are read."""

    def __init__(self, sources: Iterable[Source], surroundings: Surroundings | None) -> None:
        self.sources = list(sources)
        self._surroundings = surroundings
        self._files = {source.file for source in self.sources}

    def settings(self, source: Source) -> dict[str, str]:
        """Return the settings of the ``.env`` beside a file."""
        there = self._surroundings.read(source, ".env") if self._surroundings else None
        return values_of(there[1]) if there else {}

    def follows(self, source: Source, part: Elsewhere) -> bool:
        """Tell whether the file that a source says more stands in is one of those to read."""
        there = self._surroundings.read(source, part.path) if self._surroundings else None
        if there is None or self._surroundings is None:
            return False
        file, text = there
        if file not in self._files:
            if len(self.sources) >= _MOST_FILES:
                return False
            self._files.add(file)
            name = self._surroundings.name_of(file)
            self.sources.append(Source(name, text, file, source.replaced | part.replaced))
        return True


def find_images(
    sources: Iterable[Source],
    hosts: Sequence[str],
    surroundings: Surroundings | None = None,
    *,
    is_late: Callable[[], bool] = lambda: False,
) -> tuple[FileImages, ...]:
    """Find the images that files name, and those of the files that they name; it never fails.

    ``hosts`` are registries that are known beside Container Registry. What couldn't be read in
    time isn't finished.
    """

    def check() -> None:
        if is_late():
            raise TimeoutError

    contents = Contents(Net(hosts), check)
    queue = _Queue(sources, surroundings)
    # The queue may grow on the way.
    return tuple(_of_source(source, contents, queue) for source in queue.sources)


def _of_source(source: Source, contents: Contents, queue: _Queue) -> FileImages:
    try:
        remedied = list(contents.read(source.path, source.text, queue.settings(source)))
    except TimeoutError:
        return FileImages(source.path, is_finished=False)
    unread: list[Unread] = []
    for part, remedy in remedied:
        if isinstance(part, Partial):
            unread.append(Unread(part.text, source.path, part.line, part.why, remedy))
        elif isinstance(part, Elsewhere) and not queue.follows(source, part):
            why = f"{part.what} {shown(part.path)}, which can't be read here"
            unread.append(Unread("", source.path, part.line, why, remedy))
    return FileImages(
        source.path,
        tuple(
            NamedImage(part.text, source.path, part.line, part.where, remedy)
            for part, remedy in remedied
            if isinstance(part, Named)
            and not (part.in_container and without_tag(part.text) in source.replaced)
        ),
        tuple(
            f"{source.path}:{part.line}: {shown(part.why)}"
            for part, _ in remedied
            if isinstance(part, LeftOut)
        ),
        tuple(unread),
    )

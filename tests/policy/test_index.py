from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gate.policy.globs import EVERYTHING, GlobIndex, Globs

_PATTERNS = st.lists(st.text("ab/:*?", min_size=1, max_size=6), min_size=1, max_size=3)
_NAMES = st.lists(st.text("ab/:", max_size=6), max_size=3)


@given(st.lists(st.just(EVERYTHING) | _PATTERNS.map(Globs), max_size=6), _NAMES)
@settings(max_examples=100, deadline=None)
def test_an_index_finds_what_trying_all_patterns_finds(
    entries: list[Globs], names: list[str]
) -> None:
    expected = [
        number
        for number, globs in enumerate(entries)
        if globs.is_everything or any(name in globs for name in names)
    ]
    assert tuple(expected) == GlobIndex(entries).about(names)


def test_the_numbers_are_those_of_the_entries_in_their_order() -> None:
    entries = [Globs(["shop/*"]), Globs(["pay/web"]), EVERYTHING, Globs(["**/web", "shop/web"])]
    assert (0, 2, 3) == GlobIndex(entries).about(["shop/web", "registry.example.com/shop/web"])
    assert (1, 2, 3) == GlobIndex(entries).about(["pay/web"])
    assert (2,) == GlobIndex(entries).about([])

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.policy.globs import EVERYTHING, Glob, GlobIndex, Globs

quick = settings(max_examples=100, deadline=None)
patterns = st.text("ab/:*?", max_size=7)
names = st.text("ab/:", max_size=7)
several = st.lists(st.text("ab/:*?", min_size=1, max_size=6), min_size=1, max_size=3).map(Globs)


def oracle(pattern: str, name: str) -> bool:
    """Match by the definition, trying everything."""
    if not pattern:
        return not name
    if pattern.startswith("**"):
        rest = pattern.lstrip("*")
        return any(oracle(rest, name[at:]) for at in range(len(name) + 1))
    if pattern[0] == "*":
        for at in range(len(name) + 1):
            if oracle(pattern[1:], name[at:]):
                return True
            if at < len(name) and name[at] in "/:":
                return False
        return False
    fits = bool(name) and (name[0] == pattern[0] or (pattern[0] == "?" and name[0] not in "/:"))
    return fits and oracle(pattern[1:], name[1:])


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("legacy/*", "legacy/app"),
        ("legacy/**", "legacy/team/app:1.0"),
        ("**", "a/b:c"),
        ("***", "a/b:c"),
        ("**", ""),
        ("*", ""),
        ("no_user", "no_user"),
        ("no_*", "no_user"),
        ("no_????", "no_user"),
        ("*/web:1.*", "shop/web:1.4"),
        ("**/web", "host/shop/web"),
        ("shop/**web", "shop/web"),
        ("a*a", "aa"),
        ("[ab]{c}\\d", "[ab]{c}\\d"),
        ("商店/*", "商店/网站"),
    ],
)
def test_a_pattern_matches(pattern: str, name: str) -> None:
    assert Glob(pattern).matches(name)
    assert name in Globs(["another", pattern])


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("legacy/*", "legacy/app:1.0"),
        ("legacy/*", "legacy/team/app"),
        ("legacy/*", "legacy"),
        ("Legacy/*", "legacy/app"),
        ("no_user", "no_users"),
        ("no_user", "No_user"),
        ("a?b", "a/b"),
        ("a?b", "a:b"),
        ("?", ""),
        ("a*a", "a"),
        ("[ab]", "a"),
        ("{a,b}", "a"),
        ("web", "shop/web"),
        ("", "a"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, name: str) -> None:
    assert not Glob(pattern).matches(name)
    assert name not in Globs([pattern, "another"])


@quick
@given(patterns, names)
def test_matching_is_what_the_definition_says(pattern: str, name: str) -> None:
    assert oracle(pattern, name) == Glob(pattern).matches(name)


@quick
@given(st.text(max_size=20))
def test_a_text_without_wildcards_matches_itself_alone(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert Glob(plain).is_literal
    assert Glob(plain).matches(plain)
    assert not Glob(plain).matches(plain + "x")


@quick
@given(patterns, patterns, st.lists(names, min_size=5, max_size=20))
def test_a_pattern_that_covers_another_matches_all_that_it_does(
    wide: str, narrow: str, tried: list[str]
) -> None:
    if Glob(wide).covers(Glob(narrow)):
        for name in (*tried, narrow.replace("*", "a").replace("?", "b")):
            assert Glob(wide).matches(name) or not Glob(narrow).matches(name)


@pytest.mark.parametrize(
    ("expected", "wide", "narrow"),
    [
        (True, "**", "shop/*"),
        (True, "shop/*", "shop/web"),
        (True, "shop/**", "shop/*:1"),
        (True, "shop/?*", "shop/a?*"),
        (True, "a*", "a*"),
        (True, "no_*", "no_user"),
        (False, "*", "**"),
        (False, "shop/*", "shop/**"),
        (False, "?", "*"),
        (False, "shop/web", "shop/*"),
        (False, "?", "/"),
    ],
)
def test_covering_is_seen(expected: bool, wide: str, narrow: str) -> None:  # noqa: FBT001
    assert expected == Glob(wide).covers(Glob(narrow))


@pytest.mark.parametrize("text", ["*", "**", "*/**", "?*", "**:*", "/", "???"])
def test_wildcards_alone_name_nothing(text: str) -> None:
    assert not Globs(["x", text]).name_something


def test_literals_are_those_without_wildcards() -> None:
    assert frozenset({"a", "b/c"}) == Globs(["a", "b/c", "d*", "e?"]).literals
    assert str(Globs(["a", "d*", "a"])) == "a, d*"
    assert repr(Glob("d*")) == "Glob('d*')"


@pytest.mark.parametrize("pattern", ["*a" * 256, "**a" * 170, "a*" * 200 + "b", "?*" * 256])
def test_no_pattern_takes_long(pattern: str) -> None:
    started = time.perf_counter()
    Glob(pattern).matches("a" * 2000)
    Glob(pattern).covers(Glob(pattern))
    assert time.perf_counter() - started < 0.5


@given(st.lists(st.just(EVERYTHING) | several, max_size=6), st.lists(names, max_size=3))
@quick
def test_an_index_finds_what_trying_all_patterns_finds(
    entries: list[Globs], tried: list[str]
) -> None:
    expected = [
        number
        for number, globs in enumerate(entries)
        if globs.is_everything or any(name in globs for name in tried)
    ]
    assert tuple(expected) == GlobIndex(entries).about(tried)


def test_the_numbers_are_those_of_the_entries_in_their_order() -> None:
    entries = [Globs(["shop/*"]), Globs(["pay/web"]), EVERYTHING, Globs(["**/web", "shop/web"])]
    assert (0, 2, 3) == GlobIndex(entries).about(["shop/web", "registry.example.com/shop/web"])
    assert (1, 2, 3) == GlobIndex(entries).about(["pay/web"])
    assert (2,) == GlobIndex(entries).about([])

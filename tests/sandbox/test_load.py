from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.cli.sandbox import read_world
from gate.errors import UsageError
from gate.sandbox import load_world, sample_world

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLE = """
images:
  - namespace: shop
    repository: web
    tag: "1.4"
    timeline:
      - {after: -30, scan: DOWNLOAD, progress: 20}
      - {after: 5, scan: SUCCESS}
    findings:
      - {risk: no_user, status: ignored, command: USER root}
      - {risk: env_secret, level: high, after: 3}
indexes:
  - namespace: shop
    repository: multi
    images:
      - {namespace: shop, repository: multi, platform: linux/arm64}
checks:
  - {key: no_user, level: high, name: {en: Runs as root, zh: 根}, selected: true}
classes: [{key: other, name: {en: Other}}]
whitelist: [{id: 1, event_key: no_user}]
host: registry.cn-hangzhou.aliyuncs.com
scan_seconds: 3
"""


def _written(folder: Path, text: str, name: str = "world.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    world = read_world(_written(tmp_path, _EXAMPLE))
    web, arm = world.records()
    assert [state.scan for state in web.timeline] == ["DOWNLOAD", "SUCCESS"]
    assert [finding.status_code for finding in web.findings] == [1, 0]
    assert arm.platform == "linux/arm64"
    assert world.checks[0].name.zh == "根"


def test_every_line_of_the_example_stands_in_the_documentation() -> None:
    documented = [line.split("  #")[0].strip() for line in (load_world.__doc__ or "").splitlines()]
    for line in _EXAMPLE.replace("根", "…").splitlines():
        assert line.strip() in documented


def test_the_sample_world_can_be_written_and_read_again(tmp_path: Path) -> None:
    text = msgspec.json.encode(sample_world()).decode()
    for name in ("world.json", "world.yaml"):
        assert read_world(_written(tmp_path, text, name)) == sample_world()


def test_an_account_may_be_large(tmp_path: Path) -> None:
    image = '{"namespace": "a", "repository": "b"}'
    text = f'{{"images": [{", ".join([image] * 15_000)}]}}'
    assert len(read_world(_written(tmp_path, text, "world.json")).images) == 15_000


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("images:\n  - namespace: a\n    repository: b\n    tga: c\n", "2:5: ", "`tga`"),
        ("images:\n  - namespace: a\n    repository: 7\n", "3:17: ", "(at images[0].repository)"),
        ("images:\n  - namespace: a\n", "2:5: ", "`repository`"),
        ("colour: red\n", "1:1: ", "(at the top)"),
        ("[]\n", "1:1: ", "(at the top)"),
        (
            "images:\n- namespace: a\n  repository: b\n  findings:\n  - status: done\n",
            "5:5: ",
            "status must be",
        ),
    ],
)
def test_an_error_names_file_line_and_place(
    tmp_path: Path, text: str, place: str, what: str
) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_world(path)
    assert refused.value.message.startswith(f"{path}:{place}")
    assert what in refused.value.message


@pytest.mark.parametrize(
    ("text", "name", "problem"),
    [
        ("host: a\nhost: b\n", "world.yaml", "2:1: host stands twice"),
        ('{"host": "a", "host": "b"}', "world.json", "1:15: host stands twice"),
        ("{", "world.json", "1:2: This is neither YAML nor JSON"),
        ("a: [", "world.yaml", "1:5: This is neither YAML nor JSON"),
        ("a: 1\n---\nb: 2\n", "world.yaml", "2:1: A second document"),
        ("!!python/object:os.system x\n", "world.yaml", "1:1: Tags"),
    ],
)
def test_what_is_not_one_document_with_distinct_keys_is_refused(
    tmp_path: Path, text: str, name: str, problem: str
) -> None:
    path = _written(tmp_path, text, name)
    with pytest.raises(UsageError) as refused:
        read_world(path)
    assert refused.value.message.startswith(f"{path}:{problem}")


def test_an_absurdly_long_key_is_refused_in_its_place(tmp_path: Path) -> None:
    path = _written(tmp_path, json.dumps({"images": [{"x" * 2000: 1}]}, indent=1), "world.json")
    with pytest.raises(UsageError, match=r"world\.json:4:4: A text of 2,000 char"):
        read_world(path)


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="half a character"):
        read_world(_written(tmp_path, r'"\ud800"'))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="absent"):
        read_world(tmp_path / "absent.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"host: \xff")
    with pytest.raises(UsageError, match="is not UTF-8 text from line 1"):
        read_world(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["images", "namespace", "findings", "tag", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_content_is_a_world_or_wrong_usage(tmp_path: Path, content: object) -> None:
    path = _written(tmp_path, json.dumps(content))
    try:
        read_world(path)
    except UsageError as error:
        assert str(path) in error.message  # noqa: PT017 - most contents are refused, some are not

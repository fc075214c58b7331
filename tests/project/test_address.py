"""The project's address and version stand in many places, and are the same in all of them."""

from __future__ import annotations

import re
import tomllib

import pytest
from ruamel.yaml import YAML

import dev
from gate import ADDRESS, __version__
from tests.project.markdown import Page

PROJECT = tomllib.loads((dev.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NAME = PROJECT["project"]["name"]
URLS = PROJECT["project"]["urls"]
OWNER = URLS["Source"].split("/")[-2]
PINNED = f"{OWNER}/{NAME}@0123456789abcdef0123456789abcdef01234567 # v{__version__}"


def addresses(text: str) -> set[str]:
    """Return each OWNER of an address of this project: on a forge, in an action, in a component."""
    return set(re.findall(rf"(?<![\w:-])([\w-]+)/{NAME}(?=[@/.\s\"')]|$)", text, re.MULTILINE))


TEXTS = {
    path.relative_to(dev.ROOT).as_posix(): path.read_text(encoding="utf-8")
    for pattern in ("*.md", "*.yml", "docs/*.md", ".github/**/*.*")
    for path in sorted(dev.ROOT.glob(pattern))
    if path.name != "CHANGELOG.md"
}
HOLDERS = [name for name, text in TEXTS.items() if addresses(text)]
USERS = [name for name, text in TEXTS.items() if f"/{NAME}@" in text]


def test_the_files_with_an_address_are_read() -> None:
    assert {"README.md", "docs/recipes.md", ".github/ISSUE_TEMPLATE/config.yml"} <= set(HOLDERS)
    assert {"README.md", "docs/recipes.zh-CN.md"} <= set(USERS)


def test_the_source_is_named_after_the_project() -> None:
    assert URLS["Source"] == f"https://github.com/{OWNER}/{NAME}" == ADDRESS


@pytest.mark.parametrize("name", URLS)
def test_every_url_is_below_the_source(name: str) -> None:
    assert URLS[name].startswith(URLS["Source"])


def test_every_url_that_names_a_file_names_one_of_the_project() -> None:
    paths = [re.search(r"/(?:tree|blob)/main/(.+)", url) for url in URLS.values()]
    files = [path[1] for path in paths if path]

    assert files
    assert not [file for file in files if not (dev.ROOT / file).exists()]


@pytest.mark.parametrize("name", HOLDERS)
def test_every_file_names_the_same_owner(name: str) -> None:
    assert {OWNER} == addresses(TEXTS[name])


@pytest.mark.parametrize("name", USERS)
def test_every_use_names_this_version(name: str) -> None:
    text = TEXTS[name]

    assert {PINNED} == set(re.findall(r"uses: (.*buildrisk-gate@.*)", text))
    assert {__version__} == set(re.findall(r"\bgate@v([\d.]+)", text))
    assert {f"v{__version__}"} == set(re.findall(r"rev: (\S+)", text))
    assert {__version__} >= set(re.findall(rf"{NAME}==([\d.]+)", text))


def test_the_steps_of_the_readme_have_inputs_of_the_action_and_the_component() -> None:
    load = YAML(typ="safe").load
    section = Page.read("README.md").section("In your pipeline")
    (step,) = load(section.snippet("yaml", "uses:"))["steps"]
    (include,) = load(section.snippet("yaml", "component:"))["include"]
    (repository,) = load(section.snippet("yaml", "repo:"))["repos"]
    (component, _) = YAML(typ="safe").load_all(dev.ROOT / "templates" / "gate.yml")
    hooks = [hook["id"] for hook in load(dev.ROOT / ".pre-commit-hooks.yaml")]

    assert step["with"].keys() <= load(dev.ROOT / "action.yml")["inputs"].keys()
    assert include["inputs"].keys() <= component["spec"]["inputs"].keys()
    assert {hook["id"] for hook in repository["hooks"]} <= set(hooks)

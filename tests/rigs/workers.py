"""Which tests stay together on one worker: those that share what takes long to make."""

from __future__ import annotations

from pathlib import Path

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

FOLDER = Path(__file__).parents[1] / "end_to_end"
TOGETHER = {
    "action/test_action.py": "action",  # one job of act
    "action/test_lint.py": "linters",  # GitHub's parser, bundled
    "container/test_image.py": "container",  # one image, built
    "gitlab/test_component.py": "component",  # one pipeline
    "hooks/test_hooks.py": "pre-commit",  # hooks that pre-commit has installed
    "recipes/test_pre_commit.py": "pre-commit",
    "recipes/test_anywhere.py": "anywhere",  # one workspace
    "recipes/test_github.py": "recipe for GitHub",  # two jobs of act
    "recipes/test_policies.py": "recipes for policies",  # jobs of act
    "recipes/test_policies_gitlab.py": "policies on GitLab",  # four pipelines
    "report/test_html_in_browser.py": "browser",
    "steadiness/test_reaching.py": "reaching",  # all ways to fail, at once
}


# xdist's own `loadgroup` changes names of tests in a way that pytest doesn't support any more.
class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Hand out the groups first, the largest one before all, and then test by test."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return TOGETHER.get(file.partition("/end_to_end/")[2], nodeid)

"""The workflows for policies do what docs/policy-as-code.md says of them, run by act."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import dev
from tests.cases.recording import image, record
from tests.end_to_end.action.test_lint import said_by
from tests.end_to_end.gitlab.consumer import gate_environment
from tests.end_to_end.recipes.policies import (
    INSTALL,
    POLICY,
    TESTS,
    WORKFLOWS,
    Installed,
    Job,
    Ran,
    baseline,
    package,
)
from tests.recipes.documents import replaced
from tests.rigs.cloud import BEARER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gate.sandbox import Sandbox
    from tests.rigs.cloud import Services

    Jobs = dict[str, Callable[[Path], Ran]]

on_unix = pytest.mark.skipif(os.name == "nt", reason="act's own shell is that of Unix")

NEVER = "2099-01-01"
SOON = (datetime.now(UTC).date() + timedelta(days=10)).isoformat()
ACCEPTED = ("no_user", "shop/web", NEVER)
FILES = {
    ".buildrisk-gate.yaml": POLICY,
    ".buildrisk-gate.test.yaml": TESTS,
    "baseline.yaml": baseline(ACCEPTED),
}
# Looser than POLICY, though no looser than the built-in policy.
BUILT_IN = (dev.ROOT / "policies" / "default.yaml").read_text(encoding="utf-8")
HOSTILE = (
    "-p x",
    "blank and\nnewline\n",
    "$(touch $CALLS.hijacked)",
    "'; touch \"$CALLS.hijacked\"; '",
    "\n::set-output name=x::y",
)


class Runs:
    """Everything that the jobs need; each job is a method, so that all can run side by side."""

    def __init__(self, folder: Path, endpoint: str, services: Services) -> None:
        self._endpoint = endpoint
        token = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{services.token_url}/token?job=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
        }
        self._cloud = {**token, **services.way}
        self.installed = Installed(gate_environment(folder / "environment").parent)
        self.package = Installed(folder, package(folder))

    def jobs(self) -> Jobs:
        web, fixed = image("shop/web:1", "no_user"), image("shop/web:1")
        new = {"baseline.yaml": baseline(ACCEPTED, ("no_user", "shop/none", NEVER))}
        wrong = {".buildrisk-gate.yaml": "version: 1\nblocks: {levels: [high]}\n"}
        unmet = {".buildrisk-gate.test.yaml": replaced(TESTS, "verdict: pass", "verdict: block")}
        stricter = {".buildrisk-gate.yaml": f"{POLICY}scan: {{max_age: 7d}}\n"}
        nearer = {f"{folder}/.buildrisk-gate.yml": BUILT_IN for folder in HOSTILE}
        return {
            "blocked": lambda folder: self.audit(folder, installed=self.package),
            "undecided": lambda folder: self.audit(folder, waived="'shop/**', 'webshop/**'"),
            "access": lambda folder: self.audit(folder, role="acs:ram::1234567890123456:role/no"),
            "service": lambda folder: self.audit(folder, endpoint="http://127.0.0.1:9"),
            "looser": lambda folder: self.policy(folder, new),
            "broken": lambda folder: self.policy(folder, wrong),
            "unmet": lambda folder: self.policy(folder, unmet),
            "stricter": lambda folder: self.policy(folder, stricter),
            "nearer": lambda folder: self.policy(folder, nearer),
            "due": lambda folder: self.weekly(folder, "forecast", web, ends=SOON),
            "quiet": lambda folder: self.weekly(folder, "forecast", web),
            "no audit": lambda folder: self.weekly(folder, "forecast", web, LAST_AUDIT=""),
            "fixed": lambda folder: self.weekly(folder, "prune", fixed),
            "fixed again": lambda folder: self.weekly(folder, "prune", fixed, CREATED="1"),
            "not fixed": lambda folder: self.weekly(folder, "prune", web),
        }

    def audit(
        self,
        folder: Path,
        *,
        installed: Installed | None = None,
        waived: str = "shop/none",
        role: str = "acs:ram::1234567890123456:role/gate",
        endpoint: str = "",
    ) -> Ran:
        """Run the audit for a role, asking another Security Center with more variables."""
        workflow = (installed or self.installed).put_into(WORKFLOWS["audit"])
        there = (
            f"--endpoint {endpoint} --timeout 2s" if endpoint else f"--endpoint {self._endpoint}"
        )
        workflow = replaced(workflow, "-m gate audit ", f"-m gate audit {there} ")
        own = "          ALIBABA_CLOUD_ROLE_ARN: "
        more = "".join(f"          {name}: {json.dumps(v)}\n" for name, v in self._cloud.items())
        workflow = replaced(workflow, own, more + own)
        workflow = replaced(workflow, "acs:ram::1234567890123456:role/gate", role)
        files = {**FILES, "baseline.yaml": baseline(("'*'", waived, NEVER))}
        return Job.make(folder, workflow, files).run()

    def policy(self, folder: Path, change: Mapping[str, str]) -> Ran:
        """Run the job for a pull request with this change."""
        job = Job.make(folder, self.installed.put_into(WORKFLOWS["policy"]), FILES)
        record(job.record, [image("shop/web:1", "no_user"), image("shop/api:1")])
        return job.run("pull_request", *job.propose(change))

    def weekly(
        self,
        folder: Path,
        name: str,
        recorded: dict[str, Any],
        *,
        ends: str = NEVER,
        **variables: str,
    ) -> Ran:
        """Run a job on a record of one image, whose risk is waived until a day."""
        files = {**FILES, "baseline.yaml": baseline(("no_user", "shop/web", ends))}
        job = Job.make(folder, self.installed.put_into(WORKFLOWS[name]), files)
        record(job.record, [recorded])
        return job.run("workflow_dispatch", **variables)


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox, services: Services
) -> dict[str, Ran]:
    """Run all jobs, side by side to save time."""
    folder = tmp_path_factory.mktemp("policies")
    jobs = Runs(folder, sandbox.url, services).jobs()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {}
        for number, (name, job) in enumerate(jobs.items()):
            (folder / f"{number}").mkdir()
            running[name] = pool.submit(job, folder / f"{number}")
        return {name: job.result() for name, job in running.items()}


def test_the_jobs_install_the_gate_in_the_same_way() -> None:
    """So that it is enough to do it once."""
    assert ["audit", "policy", "forecast", "prune"] == list(WORKFLOWS)
    assert {1} == {workflow.count(INSTALL) for workflow in WORKFLOWS.values()}


@on_unix
@pytest.mark.parametrize(
    ("name", "verdicts"),
    [("blocked", {"pass", "block", "undecided"}), ("undecided", {"pass", "undecided"})],
)
def test_an_audit_keeps_its_record_whatever_the_images_are(
    ran: dict[str, Ran], name: str, verdicts: set[str]
) -> None:
    job = ran[name]

    assert 0 == job.code, job.log
    assert {"audit.cases", "audit.html"} == job.kept.keys()
    kept = json.loads(job.kept["audit.cases"])
    assert "audit" == kept["recorded"]["scope"]["command"]
    assert verdicts == {each["verdict"] for each in kept["images"]}
    assert "password" not in job.kept["audit.cases"].lower()


@on_unix
@pytest.mark.parametrize(("name", "code"), [("access", 4), ("service", 5)])
def test_an_audit_that_could_not_read_the_account_is_red(
    ran: dict[str, Ran], name: str, code: int
) -> None:
    job = ran[name]

    assert 1 == job.code
    assert code == job.ended["Audit"]
    assert not job.kept


@on_unix
def test_a_waiver_for_images_that_do_not_exist_yet_makes_a_pull_request_red(
    ran: dict[str, Ran],
) -> None:
    job = ran["looser"]

    assert 1 == job.code
    assert (0, 10) == (job.ended["Test"], job.ended["Compare"])
    assert job.summary.startswith("## CHANGED  SANDBOX  0 stricter, 0 looser, 0 untold of 2 images")
    assert "| **looser** | baseline.yaml:8 | waiver: no\\_user for shop/none until" in job.summary
    assert job.calls[1].startswith("gh run download 7 --name audit --dir ")


@on_unix
def test_a_broken_policy_makes_a_pull_request_red(ran: dict[str, Ran]) -> None:
    job = ran["broken"]

    assert 1 == job.code
    assert (2, 2) == (job.ended["Test"], job.ended["Compare"])


@on_unix
def test_a_failing_test_makes_a_pull_request_red_and_the_comparison_is_shown(
    ran: dict[str, Ran],
) -> None:
    job = ran["unmet"]

    assert 1 == job.code
    assert (10, 0) == (job.ended["Test"], job.ended["Compare"])
    assert job.summary.startswith("## SAME  ")


@on_unix
def test_a_stricter_policy_is_green_and_shown(ran: dict[str, Ran]) -> None:
    job = ran["stricter"]

    assert 0 == job.code, job.log
    assert "files: 1 stricter, 0 looser (exit 0)" in job.summary.splitlines()[0]


@on_unix
def test_a_nearer_policy_is_compared_with_the_one_that_held_in_its_folder(
    ran: dict[str, Ran],
) -> None:
    job = ran["nearer"]

    assert 1 == job.code
    headings = [line for line in job.summary.splitlines() if line.startswith("## ")]
    looser = [line for line in headings if "(exit 10)" in line]
    assert "## SAME  " == headings[0][:9]
    assert len(HOSTILE) == len(looser) == len(headings) - 1, job.summary


@on_unix
def test_names_of_folders_are_names_and_nothing_else(ran: dict[str, Ran]) -> None:
    job = ran["nearer"]

    assert not list(job.repository.folder.parent.rglob("*.hijacked"))
    assert not [line for line in job.log.splitlines() if '"command":"set-output"' in line]
    assert (0, 10) == (job.ended["Test"], job.ended["Compare"])


@on_unix
def test_waivers_that_end_soon_open_an_issue_and_are_red(ran: dict[str, Ran]) -> None:
    job = ran["due"]

    assert 1 == job.code
    assert job.calls[-1].startswith("gh issue create --title Waivers end within 30 days --body")
    assert "1 waiver ends by" in job.issue
    assert "1 image then blocks (exit 10)" in job.issue
    assert f"| {SOON} | no\\_user for shop/web (baseline.yaml:4) |" in job.issue


@on_unix
def test_where_nothing_ends_no_issue_is_opened(ran: dict[str, Ran]) -> None:
    job = ran["quiet"]

    assert 0 == job.code, job.log
    assert ["run", "run"] == [call.split()[1] for call in job.calls]


@on_unix
def test_without_an_audit_of_this_branch_no_other_record_is_taken(ran: dict[str, Ran]) -> None:
    job = ran["no audit"]

    assert 1 == job.code
    assert 1 == job.ended["Record"]
    assert ["gh run list"] == [call[:11] for call in job.calls]


@on_unix
@pytest.mark.parametrize("name", ["fixed", "fixed again"])
def test_what_was_fixed_is_taken_out_in_a_pull_request(ran: dict[str, Ran], name: str) -> None:
    job = ran[name]
    branch = job.repository.git("-C", "../remote", "log", "--format=%an %s", "prune-baseline")
    change = job.repository.git("-C", "../remote", "show", "--format=", "prune-baseline")
    changed = [line for line in change.splitlines() if line[:1] in "+-" and line[1:2] != line[:1]]

    assert 0 == job.code, job.log
    assert ["prune Take out waivers that cover nothing any more", "Tester Change"] == (
        branch.splitlines()
    )
    assert [
        "-waivers:",
        "-  - risks: [no_user]",
        "-    images: [shop/web]",
        "-    reason: r",
        f"-    expires: {NEVER}",
        "+waivers: []",
    ] == changed
    asked = [call.split(" --")[0] for call in job.calls[2:]]
    shown = ["gh pr view prune-baseline"] if name == "fixed again" else []
    assert ["gh auth setup-git", "gh pr create", *shown] == asked


@on_unix
def test_where_nothing_was_fixed_there_is_no_pull_request(ran: dict[str, Ran]) -> None:
    job = ran["not fixed"]

    assert 0 == job.code, job.log
    assert ["run", "run"] == [call.split()[1] for call in job.calls]
    assert not job.repository.git("-C", "../remote", "branch", "--list")


def test_linters_find_nothing_in_the_workflows(tmp_path: Path) -> None:
    for name, workflow in WORKFLOWS.items():
        (tmp_path / f"{name}.yml").write_text(workflow, encoding="utf-8")
    files = sorted(tmp_path.iterdir())
    strictest = ["--offline", "--persona=auditor", "--no-progress", "--strict-collection"]

    assert not said_by("zizmor", *strictest, *files)
    assert not said_by("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *files)
    assert not said_by("actionlint", *files)

"""What Security Center's answers hold, in Python's names.

Field names are those of the reference pages in snake case; what the gate doesn't need is left
out. A text that is absent or null is an empty text. Times are milliseconds since the epoch,
``None`` where there is none. A field without a default identifies its row: an answer that lacks it
can't be read.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct
from msgspec.structs import force_setattr

from gate import untrusted


class WireObject(Struct, frozen=True, kw_only=True, rename="pascal"):
    """An object of an answer; ``events`` are its fields that tell when something happened here."""

    events: ClassVar[tuple[str, ...]] = ()


class PageInfo(WireObject, frozen=True, kw_only=True):
    """Which page an answer is, and of how many rows in all."""

    current_page: int
    page_size: int
    total_count: int


class ImageRiskRow(WireObject, frozen=True, kw_only=True):
    """A row of DescribeImageListByBuildRisk: an image that a build risk affects.

    ``status`` is 0 (unhandled), 1 (ignored) or 2 (false positive). ``digest`` is bare hex.
    """

    uuid: str
    region_id: str = ""
    instance_id: str = ""
    repo_namespace: str = ""
    repo_name: str = ""
    tag: str = ""
    digest: str = ""
    first_scan_time: int | None = None
    last_scan_time: int | None = None
    risk_level: str = ""
    status: int | None = None


class CatalogueRow(WireObject, frozen=True, kw_only=True):
    """A row of DescribeImageBuildRiskList: a build risk, and how many images have it."""

    risk_key: str
    risk_key_name: str = ""
    risk_class: str = ""
    risk_class_name: str = ""
    risk_level: str = ""
    count: int | None = None
    unprocessed_num: int | None = None


class BuildRiskDetail(WireObject, frozen=True, kw_only=True):
    """A row of DescribeImageBuildRiskByKey: a build risk of one image.

    ``layer_cmd`` never holds the secrets of the build command: they are masked when it is made.
    """

    risk_key: str
    risk_key_name: str = ""
    risk_class: str = ""
    risk_class_name: str = ""
    risk_level: str = ""
    layer_cmd: str = ""
    layer_digest: str = ""
    advice: str = ""
    description: str = ""
    promt: str = ""

    def __post_init__(self) -> None:
        force_setattr(self, "layer_cmd", untrusted.mask_secrets(self.layer_cmd))


class _InRegistry(WireObject, frozen=True, kw_only=True):
    """What rows about images and about repositories of registries have in common."""

    repo_id: str = ""
    instance_id: str = ""
    region_id: str = ""
    registry_type: str = ""
    repo_namespace: str = ""
    repo_name: str = ""
    endpoints: str = ""


class ImageRecord(_InRegistry, frozen=True, kw_only=True):
    """A row of DescribeImageInstances: what Security Center knows of an image.

    ``digest`` is bare hex; ``sca_status`` is the state of its scan, ``last_scan_time`` the end of
    the last one.
    """

    events: ClassVar[tuple[str, ...]] = ("last_scan_time",)
    uuid: str
    tag: str = ""
    digest: str = ""
    image_create: int | None = None
    image_update: int | None = None
    last_scan_time: int | None = None
    sca_status: str = ""
    sca_progress: int | None = None
    sca_result: str = ""


class ImageRepository(_InRegistry, frozen=True, kw_only=True):
    """A row of DescribeImageRepoDetailList: a repository that Security Center knows."""

    repo_id: str


class EventRule(WireObject, frozen=True, kw_only=True):
    """A row of DescribeImageEventOperationPage: a rule that whitelists alerts.

    ``conditions`` is a JSON text.
    """

    id: int
    event_type: str = ""
    event_key: str = ""
    event_name: str = ""
    operation_code: str = ""
    conditions: str = ""


class Check(WireObject, frozen=True, kw_only=True):
    """A check for one build risk, and whether it is switched on."""

    rule_key: str
    rule_name: str = ""
    selected: bool = False


class CheckClass(WireObject, frozen=True, kw_only=True):
    """A class of checks."""

    class_key: str = ""
    class_name: str = ""
    rule_list: tuple[Check, ...] = ()


class CheckConfiguration(WireObject, frozen=True, kw_only=True):
    """The account's configuration of checks, from GetBuildRiskDefineRuleConfig."""

    rule_tree: tuple[CheckClass, ...]

    @property
    def on(self) -> frozenset[str]:
        """The keys of the checks that are switched on."""
        return frozenset(check.rule_key for check in self._checks() if check.selected)

    @property
    def off(self) -> tuple[str, ...]:
        """The keys of the checks that are switched off, sorted."""
        return tuple(sorted({check.rule_key for check in self._checks()} - self.on))

    def _checks(self) -> list[Check]:
        return [check for group in self.rule_tree for check in group.rule_list]


class ScanTask(WireObject, frozen=True, kw_only=True):
    """A scan task, from DescribeImageLatestScanTask."""

    events: ClassVar[tuple[str, ...]] = ("start_time", "finish_time")
    task_id: str = ""
    status: str = ""
    start_time: int | None = None
    finish_time: int | None = None


class ScanTaskState(WireObject, frozen=True, kw_only=True):
    """What became of asking for a scan.

    ``can_create`` is false where too many tasks run already, ``None`` where the answer doesn't say.
    """

    task_id: str = ""
    status: str = ""
    result: str = ""
    can_create: bool | None = None


class ScanCost(WireObject, frozen=True, kw_only=True):
    """What a scan would cost, from PublicPreCheckImageScanTask."""

    need_auth_count: int | None = None
    scan_image_count: int | None = None


class CallerIdentity(WireObject, frozen=True, kw_only=True):
    """Whose the credentials are, from the token service's GetCallerIdentity."""

    account_id: str
    arn: str = ""


class ScanTarget(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An image that a scan is asked for.

    ``digest`` is bare hex; times are milliseconds since the epoch.
    """

    registry_type: str
    repo_id: str
    instance_id: str
    repo_namespace: str
    region_id: str
    repo_name: str
    digest: str
    tag: str
    create_time: int | None = None
    update_time: int | None = None

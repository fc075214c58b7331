"""Which images an audit is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from gate.evidence.records import is_in_registry

if TYPE_CHECKING:
    from gate.security_center import ImageRecord


class Scope(Struct, frozen=True):
    """The images of a namespace, a repository or a region; ``None`` is any."""

    namespace: str | None = None
    repository: str | None = None
    region: str | None = None

    @classmethod
    def of(cls, namespace: str | None, repository: str | None, region: str | None) -> Scope:
        """Take ``namespace/repository`` apart, unless the namespace is told by itself."""
        if repository and namespace is None and "/" in repository:
            namespace, _, repository = repository.partition("/")
        return cls(namespace or None, repository or None, region or None)

    def holds(self, record: ImageRecord) -> bool:
        """Tell whether an image is meant, exactly; the server may filter by containment."""
        return (
            is_in_registry(record)
            and self.namespace in {None, record.repo_namespace}
            and self.repository in {None, record.repo_name}
            and self.region in {None, record.region_id}
        )

    @property
    def of_records(self) -> dict[str, str]:
        """The criteria of DescribeImageInstances."""
        asked = {
            "repoNamespace": self.namespace,
            "repoName": self.repository,
            "regionId": self.region,
        }
        return {name: value for name, value in asked.items() if value}

    @property
    def of_rows(self) -> tuple[str | None, str | None]:
        """Type and value of the one criterion that DescribeImageListByBuildRisk takes."""
        if self.repository:
            return "RepoName", self.repository
        return ("RepoNamespace", self.namespace) if self.namespace else (None, None)

    @property
    def is_everything(self) -> bool:
        """Whether every image of the account is meant."""
        return self == Scope()

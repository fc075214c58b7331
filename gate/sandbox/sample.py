"""Sample images that tell a story: one for every way in which a gate can end."""

from __future__ import annotations

from gate.sandbox.sample_images import DAY, HOUR, SampleFinding, SampleImage, SampleIndex, State
from gate.sandbox.world import WhitelistRule, World


def sample_world() -> World:
    """Make the sample world; each call makes a new one, with the same digests.

    All of its images are at ``registry.cn-hangzhou.aliyuncs.com``, in ``shop`` or ``webshop``.
    """
    world = World.of(
        *_finished(), *_unfinished(), *_lookalikes(), *_cart(), *_other_registries(), _multi()
    )
    world.whitelist = (
        WhitelistRule(
            id=49616,
            event_key="maintainer",
            event_name="Deprecated MAINTAINER",
            conditions='[{"condition":"image","type":"contains","value":"legacy"}]',
            scenarios='{"type":"repo","value":"shop/legacy"}',
            note="old base images",
        ),
    )
    return world


def _shop(
    repository: str,
    tag: str,
    *findings: SampleFinding,
    timeline: tuple[State, ...] = (State(),),
    build: str = "",
    pushed: float = -3 * HOUR,
) -> SampleImage:
    return SampleImage(
        namespace="shop",
        repository=repository,
        tag=tag,
        findings=findings,
        timeline=timeline,
        build=build,
        pushed=pushed,
    )


def _root(status: str = "unhandled") -> SampleFinding:
    return SampleFinding(risk="no_user", status=status, command="USER root")


def _finished() -> list[SampleImage]:
    return [
        _shop(
            "web",
            "1.4",
            _root(),
            SampleFinding(risk="env_secret", command="ENV DB_PASSWORD=correct-horse-battery"),
            SampleFinding(
                risk="curl_pipe", command="RUN curl -fsSL https://example.com/setup.sh | sh"
            ),
            SampleFinding(risk="apk", command="RUN apk add curl"),
            SampleFinding(risk="sudo", status="ignored", command="RUN sudo make install"),
            SampleFinding(risk="add", status="false_positive", command="ADD site.tar.gz /srv"),
        ),
        _shop("api", "2.0"),
        _shop(
            "worker",
            "1.0",
            SampleFinding(risk="add", command="ADD worker.py /app/"),
            SampleFinding(risk="apk", command="RUN apk add tini"),
            SampleFinding(risk="chmod_777", status="ignored", command="RUN chmod 777 /tmp/spool"),
            SampleFinding(risk="expose_ssh", status="false_positive", command="EXPOSE 22"),
        ),
        _shop("bulk", "1.0", *_many(130)),
        _shop("stale", "1.0", timeline=(State(after=-40 * DAY),), pushed=-40 * DAY - HOUR),
    ]


def _many(count: int) -> list[SampleFinding]:
    risks = ("env_secret", "curl_pipe", "apk")
    return [
        SampleFinding(risk=risks[number % 3], command=f"RUN ./step-{number}.sh")
        for number in range(count)
    ]


def _unfinished() -> list[SampleImage]:
    refused = State(after=-1 * HOUR, scan="INIT", result="TASK_NOT_SUPPORT_REGION")
    unsupported = SampleImage(
        namespace="shop", repository="unsupported", tag="1.0", timeline=(refused,), supported=False
    )
    return [
        _shop(
            "batch",
            "3.1",
            timeline=(
                State(after=-20, scan="DOWNLOAD", progress=20),
                State(after=2, scan="CVE_ANALYZER", progress=70),
                State(after=5),
            ),
            pushed=-60,
        ),
        _shop("legacy", "0.9", timeline=(State(after=-1 * HOUR, scan="FAIL", progress=30),)),
        _shop("ghost", "1.0", timeline=()),
        unsupported,
    ]


def _lookalikes() -> list[SampleImage]:
    ssh = SampleFinding(risk="expose_ssh", command="EXPOSE 22")
    webshop = SampleImage(namespace="webshop", repository="web", tag="1.4", findings=(ssh,))
    return [
        _shop("web-admin", "1.0", SampleFinding(risk="sudo", command="RUN sudo ./configure")),
        _shop("myweb", "1.0", _root("ignored")),
        webshop,
    ]


def _cart() -> list[SampleImage]:
    older = State(after=-26 * HOUR)
    return [
        _shop("cart", "latest", _root(), timeline=(older,), build="older", pushed=-27 * HOUR),
        _shop("cart", "latest", build="newer"),
    ]


def _other_registries() -> list[SampleImage]:
    """Make records that share the name of a clean image and are other images elsewhere."""
    return [
        SampleImage(
            namespace="shop",
            repository="api",
            tag="2.0",
            findings=(_root(),),
            registry_type=registry_type,
            instance=instance,
            build=registry_type,
            in_registry=False,
        )
        for registry_type, instance in (("CI/CD", "jenkins-7"), ("harbor", "harbor-3"))
    ]


def _multi() -> SampleIndex:
    return SampleIndex(
        namespace="shop",
        repository="multi",
        tag="1.0",
        images=(_of_multi("linux/amd64"), _of_multi("linux/arm64", _root())),
    )


def _of_multi(platform: str, *findings: SampleFinding) -> SampleImage:
    return SampleImage(
        namespace="shop", repository="multi", tag="1.0", platform=platform, findings=findings
    )

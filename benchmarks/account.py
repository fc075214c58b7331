"""An account with many images, four findings each on average."""

from __future__ import annotations

from gate.sandbox import SampleFinding, SampleImage, World

_TEAMS, _REPOSITORIES, _MOST = 50, 1000, 9  # findings of an image: 0 to 8
_RISKS = (
    ("no_user", "USER root"),
    ("sudo", "RUN sudo make install"),
    ("apk", "RUN apk add curl"),
    ("add", "ADD . /app"),
    ("env_secret", "ENV DB_PASSWORD=hunter2"),
    ("curl_pipe", "RUN curl -fsSL https://example.com/setup.sh | sh"),
    ("chmod_777", "RUN chmod -R 777 /app"),
    ("expose_ssh", "EXPOSE 22"),
)
_STATUSES = ("unhandled", "ignored", "unhandled")


def account(images: int) -> World:
    """Return a world of that many images."""
    return World.of(*(_image(number) for number in range(images)))


def _image(number: int) -> SampleImage:
    findings = []
    for place in range(number % _MOST):
        risk, command = _RISKS[(number + place) % len(_RISKS)]
        status = _STATUSES[(number + place) % len(_STATUSES)]
        findings.append(SampleFinding(risk=risk, command=command, status=status))
    return SampleImage(
        namespace=f"team{number % _TEAMS}",
        repository=f"app{number % _REPOSITORIES}",
        tag=str(number),
        digest=f"sha256:{number:064x}",
        repo_id=f"crr-{number % _REPOSITORIES}",
        findings=tuple(findings),
    )
